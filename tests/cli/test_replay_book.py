"""A replay's notebook reads as the journal would, though it writes everything at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from desk.cli.replay_book import Notebook
from desk.core.batch import Batch
from desk.core.values import OrderState, Verdict
from desk.journal import Journal, NewBody, views
from desk.journal.view_books import books
from desk.journal.writer import DirectWriter
from tests.journal.making import (
    TODAY,
    FixedClock,
    batch,
    body,
    book,
    change,
    fact,
    fill,
    intent,
    order,
    outcome,
    signal,
)

FIRST, SECOND = body("a"), body("b", signal(2), signal(3))


def later_filled(intent_id: str, shares: int) -> Batch:
    return Batch(late_fills={intent_id: shares})


def two_turns(hear: Callable[[NewBody], object], commit: Callable[[Batch], None]) -> None:
    hear(FIRST)
    commit(batch(intent(), order(), fact("i1-1", OrderState.SENDING), outcome(FIRST.body_id), halted="因为"))
    filled = order(state=OrderState.FILLED, filled=500, fills_sum=500, turnover=Decimal("5255"))
    commit(batch(filled, fill(shares=500), book(own=500), change(own=500), halted=None))
    hear(SECOND)
    commit(batch(replace(intent(), ended=True), order("i1-2", state=OrderState.WORKING)))
    commit(later_filled("i1", 100))
    commit(later_filled("i1", 200))
    commit(batch(outcome(FIRST.body_id, Verdict.DONE), outcome(SECOND.events[0].event_id, Verdict.IGNORED)))


def test_what_is_written_at_once_reads_as_if_it_had_been_written_one_by_one(tmp_path: Path) -> None:
    clock = FixedClock()
    with (
        Journal.open(tmp_path / "one by one", clock=clock) as journal,
        Notebook.open(tmp_path / "at once", clock=clock, lasting=False, make_writer=DirectWriter) as notebook,
    ):
        two_turns(journal.accept, journal.commit)
        two_turns(notebook.hear, notebook.commit)
        for view in (views.signals, views.orders, views.fills):
            assert view(notebook, day_from=TODAY, day_to=TODAY) == view(journal, day_from=TODAY, day_to=TODAY)
        assert books(notebook) == books(journal)
        assert notebook.load() == journal.load()


def test_an_event_waits_until_it_has_an_outcome_and_rings_when_it_comes(tmp_path: Path) -> None:
    rung: list[str] = []
    with Notebook.open(tmp_path, clock=FixedClock(), lasting=False, make_writer=DirectWriter) as notebook:
        notebook.on_events(lambda: rung.append("events"))
        notebook.hear(FIRST)
        notebook.hear(SECOND)
        assert rung == ["events", "events"]
        ids = [FIRST.body_id, *(event.event_id for event in SECOND.events)]
        assert [event.event_id for event in notebook.undecided_events()] == ids
        assert [event.event_id for event in notebook.undecided_events(limit=2)] == ids[:2]
        notebook.commit(batch(outcome(ids[1], Verdict.IGNORED)))
        assert [event.event_id for event in notebook.undecided_events()] == [ids[0], ids[2]]
