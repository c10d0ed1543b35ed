"""What strategies were worth at JoinQuant by what they said; a past day is read once and kept in memory.

There is no index of snapshots: they are looked for among all that a strategy said. A past day gets no more of them.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import date
from weakref import WeakKeyDictionary

from desk.core.values import EventKind, SnapshotSignal
from desk.core.wire import event_from_json
from desk.journal.journal import Journal
from desk.journal.values import day_bounds, iso, plain
from desk.journal.views import View


@dataclass(frozen=True, slots=True)
class _Read:
    """All days from `first`; those before `until` are over."""

    first: date
    until: date
    rows: tuple[View, ...]


_kept: MutableMapping[Journal, dict[str, _Read]] = WeakKeyDictionary()


def strategy_days(journal: Journal, strategy: str, first: date, last: date) -> list[View]:
    """What a strategy was worth by the last snapshot of each day that told it, in yuan; from any thread."""
    kept = _kept.setdefault(journal, {})
    before, today = kept.get(strategy), journal.clock.now().date()
    if before is None or first < before.first or today < before.until:
        rows = _read(journal, strategy, first, max(first, today))
        before = _Read(first, first, ())
    else:
        rows = _read(journal, strategy, before.until, today)
    past = (row for row in before.rows if row["day"] < before.until.isoformat())
    kept[strategy] = now = _Read(before.first, today, (*past, *rows))
    return [dict(row) for row in now.rows if first.isoformat() <= row["day"] <= last.isoformat()]


def _read(journal: Journal, strategy: str, first: date, last: date) -> list[View]:
    start, end = day_bounds(first, last)
    with journal.look() as look:
        rows = look.rows(
            "SELECT received_at, payload FROM events WHERE id IN (SELECT MAX(id) FROM events WHERE strategy = ? AND "
            f"kind = '{EventKind.SNAPSHOT.value}' AND received_at >= ? AND received_at < ? "
            "GROUP BY (received_at - ?) / 86400000000) ORDER BY id",
            (strategy, start, end, start),
        )
    views: list[View] = []
    for received_at, payload in rows:
        content = event_from_json(payload).content
        at = iso(received_at)
        if isinstance(content, SnapshotSignal) and content.equity is not None and at is not None:
            views.append({"strategy": strategy, "day": at[:10], "equity": plain(content.equity), "at": at})
    return views
