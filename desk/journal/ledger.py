"""The trader's side of the book: what it must know at start, and the commit of what one turn wants written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

from desk.core.batch import Batch
from desk.core.values import (
    Book,
    Event,
    EventOutcome,
    Gap,
    Holding,
    Intent,
    JqOrder,
    JqRate,
    Order,
)
from desk.journal.columns import listing
from desk.journal.database import Row, Session
from desk.journal.inbox import events_by_id, strategies_seen
from desk.journal.outbox import put_message
from desk.journal.records import (
    BOOK,
    BOOK_CHANGE,
    COMMAND_RESULT,
    FILL,
    GAP,
    HOLDING,
    INTENT,
    JQ_ORDER,
    JQ_RATE,
    ORDER,
    ORDER_FACT,
    OUTCOME,
    REPORT,
    Codec,
)
from desk.journal.tables import NOT_FINAL, OPEN_JQ

R = TypeVar("R")

ORDERS_KEPT = timedelta(days=12)  # a terminal shows the last trading day's orders until the next begins
JQ_ORDERS_KEPT = timedelta(days=7)  # finals that come this late still find their order in memory


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """Everything a trader needs to go on where the last one stopped."""

    open_outcomes: tuple[tuple[Event, EventOutcome], ...] = ()  # decided, not ended
    jq_orders: tuple[JqOrder, ...] = ()  # not final, and those of the last 7 days
    jq_rates: tuple[JqRate, ...] = ()  # of those
    holdings: tuple[Holding, ...] = ()
    books: tuple[Book, ...] = ()
    intents: tuple[Intent, ...] = ()  # not ended, and today's
    orders: tuple[Order, ...] = ()  # not final, not settled, of intents not ended, and those of the last 12 days
    fill_ids: frozenset[tuple[str, date, str]] = frozenset()  # account, day and id of those days' fills
    open_gaps: tuple[Gap, ...] = ()
    flags: dict[str, str] = field(default_factory=dict)
    seq_state: dict[str, int] = field(default_factory=dict)  # per strategy the highest sequence number decided
    last_event_row: int = 0


def load(session: Session, today: date) -> Loaded:
    """Read the trader's state as of one moment."""
    day = today.isoformat()
    recent = (today - ORDERS_KEPT).isoformat()
    since = (today - JQ_ORDERS_KEPT).isoformat()
    open_jq = f"status IN ({listing(OPEN_JQ)})"
    outcomes = _any(session, OUTCOME, [("WHERE verdict = 'working'", ())])
    events = events_by_id(session, [outcome.event_id for outcome in outcomes])
    pairs = sorted(((events[outcome.event_id], outcome) for outcome in outcomes), key=lambda pair: pair[0].row)
    jq_orders = _any(session, JQ_ORDER, [("WHERE day >= ?", (since,)), (f"WHERE {open_jq}", ())])
    jq_rates = _any(
        session,
        JQ_RATE,
        [
            ("WHERE day >= ?", (since,)),
            (
                "WHERE (strategy, day, jq_order_id) IN "
                f"(SELECT strategy, day, jq_order_id FROM jq_orders WHERE {open_jq})",
                (),
            ),
        ],
    )
    intents = _any(
        session,
        INTENT,
        [("WHERE ended = 0", ()), ("WHERE day = ?", (day,)), ("WHERE given_up > 0 AND day >= ?", (recent,))],
    )
    orders = _any(
        session,
        ORDER,
        [
            ("WHERE settled = 0", ()),
            (f"WHERE state IN ({listing(NOT_FINAL)})", ()),
            ("WHERE day >= ?", (recent,)),
            ("WHERE intent_id IN (SELECT intent_id FROM intents WHERE ended = 0)", ()),
        ],
    )
    fills = session.rows("SELECT account, day, fill_id FROM fills WHERE day >= ?", (recent,))
    gaps = _any(session, GAP, [("WHERE closed_at IS NULL", ())])
    last = session.one("SELECT MAX(id) FROM events")
    return Loaded(
        open_outcomes=tuple(pairs),
        jq_orders=tuple(sorted(jq_orders, key=lambda order: (order.strategy, order.day, order.jq_order_id))),
        jq_rates=tuple(sorted(jq_rates, key=lambda rate: (rate.strategy, rate.day, rate.jq_order_id, rate.account))),
        holdings=tuple(_any(session, HOLDING, [("ORDER BY strategy, symbol", ())])),
        books=tuple(_any(session, BOOK, [("ORDER BY strategy, account, symbol", ())])),
        intents=tuple(sorted(intents, key=lambda intent: (intent.created_at, intent.intent_id))),
        orders=tuple(sorted(orders, key=lambda order: (order.created_at, order.client_order_id))),
        fill_ids=frozenset((account, date.fromisoformat(day), fill_id) for account, day, fill_id in fills),
        open_gaps=tuple(sorted(gaps, key=lambda gap: (gap.at, gap.key))),
        flags=dict(session.rows("SELECT key, value FROM flags")),
        seq_state=_top_decided(session),
        last_event_row=last[0] or 0 if last else 0,
    )


def _any(session: Session, codec: Codec[R], wheres: Sequence[tuple[str, tuple[Any, ...]]]) -> list[R]:
    """The records that fit any of the conditions, each asked for by itself so that each finds its own index."""
    found: dict[Row, None] = {}
    for where, params in wheres:
        found.update(dict.fromkeys(session.rows(f"{codec.select} {where}", params)))
    return [codec.read(row) for row in found]


def _top_decided(session: Session) -> dict[str, int]:
    top: dict[str, int] = {}
    for strategy in strategies_seen(session):
        row = session.one(
            "SELECT e.seq FROM events e WHERE e.strategy = ? "
            "AND EXISTS (SELECT 1 FROM outcomes o WHERE o.event_id = e.event_id) ORDER BY e.seq DESC LIMIT 1",
            (strategy,),
        )
        if row is not None:
            top[strategy] = row[0]
    return top


_FORGET_UNDECIDED = "DELETE FROM undecided WHERE event = (SELECT id FROM events WHERE event_id = ?)"
_SET_FLAG = "INSERT INTO flags (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


def write(session: Session, batch: Batch) -> None:
    """Write a batch: upserts by key, appends in their order. A fill that is already stored raises JournalRefused."""
    _upsert(session, INTENT, list(batch.intents.values()))
    for intent_id, shares in batch.late_fills.items():
        session.run("UPDATE intents SET filled = filled + ? WHERE intent_id = ?", (shares, intent_id))
    # Orders that close come before orders that open: the one-open-order index is looked at row by row.
    orders = sorted(batch.orders.values(), key=lambda order: order.state.live)
    _upsert(session, ORDER, orders)
    _append(session, ORDER_FACT, batch.order_facts)
    _append(session, FILL, batch.fills)
    _upsert(session, JQ_ORDER, list(batch.jq_orders.values()))
    _upsert(session, JQ_RATE, list(batch.jq_rates.values()))
    _upsert(session, HOLDING, list(batch.holdings.values()))
    _upsert(session, BOOK, list(batch.books.values()))
    _append(session, BOOK_CHANGE, batch.book_changes)
    if batch.outcomes:
        outcomes = list(batch.outcomes.values())
        _upsert(session, OUTCOME, outcomes)
        session.many(_FORGET_UNDECIDED, [(outcome.event_id,) for outcome in outcomes])
    _upsert(session, GAP, list(batch.gaps.values()))
    for message in batch.messages:
        put_message(session, message)
    _append(session, REPORT, batch.reports)
    _upsert(session, COMMAND_RESULT, batch.command_results)
    for key, value in batch.flags.items():
        if value is None:
            session.run("DELETE FROM flags WHERE key = ?", (key,))
        else:
            session.run(_SET_FLAG, (key, value))


def _upsert(session: Session, codec: Codec[R], records: list[R]) -> None:
    for record in records:
        session.run(codec.upsert, codec.row(record))


def _append(session: Session, codec: Codec[R], records: list[R]) -> None:
    for record in records:
        session.run(codec.insert, codec.row(record))
