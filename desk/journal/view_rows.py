"""Rows for files: the tables that `export` knows, each as flat objects, read in small steps so that nothing waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from desk.journal.journal import Journal
from desk.journal.values import day_bounds, iso, plain
from desk.journal.view_books import books
from desk.journal.views import View, fills, orders, signals

_STEP = 1000  # rows of one look at a long table
_ONE_DAY = timedelta(days=1)

EXPORTED = ("signals", "orders", "fills", "books", "book_changes", "events")


def rows(journal: Journal, table: str, day_from: date | None = None, day_to: date | None = None) -> Iterator[View]:
    """The rows of one of EXPORTED from `day_from` to `day_to`, the current day without both; raises KeyError.

    Books have no days: they are given as they stand.
    """
    if day_from is None and day_to is None:
        day_from = day_to = journal.clock.now().date()
    if table == "books":
        yield from books(journal)
    elif table in _BY_DAY:
        yield from _day_by_day(journal, table, day_from, day_to)
    else:
        yield from _by_number(journal, table, day_from, day_to)


_BY_DAY: dict[str, Callable[..., list[View]]] = {"signals": signals, "orders": orders, "fills": fills}
_FIRST_TIMES = {
    "signals": "SELECT MIN(received_at) FROM events",
    "orders": "SELECT MIN(created_at) FROM orders",
    "fills": "SELECT MIN(at) FROM fills",
}
_NUMBERED = {
    "book_changes": (
        "SELECT id, at, strategy, account, symbol, cause, ref, strategy_shares, counted_shares, entitled, own "
        "FROM book_changes WHERE id > ? AND at >= ? AND at < ? ORDER BY id LIMIT ?"
    ),
    "events": (
        "SELECT e.id, e.event_id, e.strategy, b.kid, e.kind, e.seq, b.wire, b.sent_at, e.received_at, b.clock_ahead, "
        "e.payload FROM events e JOIN bodies b ON b.id = e.body "
        "WHERE e.id > ? AND e.received_at >= ? AND e.received_at < ? ORDER BY e.id LIMIT ?"
    ),
}
_TIMES = ("at", "sent_at", "received_at")


def _day_by_day(journal: Journal, table: str, day_from: date | None, day_to: date | None) -> Iterator[View]:
    day = day_from or _first_day(journal, table)
    last = day_to or journal.clock.now().date()
    while day <= last:
        yield from _BY_DAY[table](journal, day_from=day, day_to=day)
        day += _ONE_DAY


def _first_day(journal: Journal, table: str) -> date:
    with journal.look() as look:
        row = look.one(_FIRST_TIMES[table])
    shown = iso(row[0]) if row else None
    return date.fromisoformat(shown[:10]) if shown else journal.clock.now().date()


def _by_number(journal: Journal, table: str, day_from: date | None, day_to: date | None) -> Iterator[View]:
    sql = _NUMBERED[table]
    bounds = day_bounds(day_from or date(1970, 1, 2), day_to or date(9990, 12, 31))
    after = 0
    while True:
        with journal.look() as look:
            found = look.dicts(sql, (after, *bounds, _STEP))
        for row in found:
            yield _flat(row)
        if len(found) < _STEP:
            return
        after = found[-1]["id"]


def _flat(row: dict[str, Any]) -> View:
    shown = dict(row)
    for name in _TIMES:
        if name in shown:
            shown[name] = iso(shown[name])
    if "entitled" in shown:
        shown["entitled"] = plain(Decimal(shown["entitled"]))
    if "clock_ahead" in shown:
        shown["clock_ahead"] = bool(shown["clock_ahead"])
    return shown
