"""No question that is asked in daily use reads a table that grows for ever as a whole."""

from __future__ import annotations

import re
from typing import Any

import pytest

from desk.journal import Journal, views
from desk.journal.database import Session
from desk.journal.view_books import books
from desk.journal.view_counts import funnel, status_counts
from tests.journal.making import TODAY

GROWING = ("bodies", "events", "outcomes", "jq_orders", "jq_rates", "intents", "orders", "order_facts", "fills")
# Indexes of the few rows that are not done yet, or walked from the end for a limited number.
SHORT = ("_open", "_running", "_unsettled", "_not_final", "ix_fills_at")

ASKED = {
    "load": lambda journal: journal.load(),
    "undecided": lambda journal: journal.undecided_events(),
    "status": status_counts,
    "funnel": lambda journal: funnel(journal, TODAY),
    "signals": views.signals,
    "latest signals": lambda journal: views.signals(journal, limit=50),
    "orders": views.orders,
    "latest orders": lambda journal: views.orders(journal, limit=50),
    "open orders": views.open_orders,
    "fills": views.fills,
    "latest fills": lambda journal: views.fills(journal, limit=50),
    "books": books,
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.usefixtures("on_sqlite")
def test_no_table_that_grows_is_read_as_a_whole(journal: Journal, asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Session.run
    said: list[tuple[str, str]] = []

    def explained(session: Session, sql: str, params: Any = ()) -> Any:
        if sql.lstrip().startswith("SELECT"):
            said.extend((step[3], sql) for step in run(session, f"EXPLAIN QUERY PLAN {sql}", params).fetchall())
        return run(session, sql, params)

    monkeypatch.setattr(Session, "run", explained)
    ASKED[asked](journal)
    assert said
    assert [(step, sql) for step, sql in said if _reads_all(step, sql)] == []
    if asked.startswith("latest"):
        assert "USE TEMP B-TREE FOR ORDER BY" not in [step for step, _ in said], "everything is sorted for the last few"


def _reads_all(step: str, sql: str) -> bool:
    scanned = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step)
    if scanned is None:
        return False
    name, index = scanned.groups()
    aliased = re.search(rf"(?:FROM|JOIN) (\w+) {name}\b", sql) if len(name) == 1 else None
    table = aliased.group(1) if aliased else name
    return table in GROWING and not any(short in (index or "") for short in SHORT)
