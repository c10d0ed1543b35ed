"""What people and scripts look at: lists of plain objects, field for field as the contract names them.

Money, prices and ratios are strings with exact decimals, shares are integers, times are ISO-8601 with +08:00. Without
a bound a list holds the current Beijing day; `limit` alone gives the latest rows of any day; rows are oldest first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from base_func import UnsupportedSymbol, symbol_of
from desk.core.values import (
    CancelSignal,
    EventKind,
    OrderSignal,
    OrderState,
    Origin,
    Verdict,
    WireEvent,
)
from desk.core.wire import event_from_json
from desk.journal.columns import listing
from desk.journal.database import Row, Session, marks
from desk.journal.journal import Journal
from desk.journal.tables import NOT_FINAL
from desk.journal.values import day_bounds, iso, plain

View = dict[str, Any]

_FIRST, _LAST = date(1970, 1, 2), date(9990, 12, 31)
_UNSENT = listing((OrderState.PLANNED.value, OrderState.WITHDRAWN.value))


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """Which rows: days from `first` to `last`, both included, at most the latest `limit`."""

    first: date
    last: date
    limit: int | None

    @property
    def bounds(self) -> tuple[int, int]:
        return day_bounds(self.first, self.last)

    @property
    def any_day(self) -> bool:
        return (self.first, self.last) == (_FIRST, _LAST)

    @property
    def most(self) -> int:
        return 2**62 if self.limit is None else max(0, self.limit)


def period(now: datetime, day_from: date | None, day_to: date | None, limit: int | None) -> Period:
    if day_from is None and day_to is None:
        if limit is None:
            return Period(first=now.date(), last=now.date(), limit=None)
        return Period(first=_FIRST, last=_LAST, limit=limit)
    return Period(first=day_from or _FIRST, last=day_to or _LAST, limit=limit)


def signals(
    journal: Journal, *, day_from: date | None = None, day_to: date | None = None, limit: int | None = None
) -> list[View]:
    """The events by the time they were received, with what became of them."""
    wanted = period(journal.clock.now(), day_from, day_to, limit)
    with journal.look() as look:
        rows = look.rows(
            f"{_SIGNAL} WHERE e.received_at >= ? AND e.received_at < ? ORDER BY e.received_at DESC, e.id DESC LIMIT ?",
            (*wanted.bounds, wanted.most),
        )
        return signal_views(look, rows[::-1])


SIGNAL_COLUMNS = (
    "e.event_id, e.strategy, e.seq, e.received_at, e.payload, o.verdict, o.reason, o.reason_text, o.done_at"
)
SIGNAL_ROWS = "FROM events e LEFT JOIN outcomes o ON o.event_id = e.event_id"
_SIGNAL = f"SELECT {SIGNAL_COLUMNS} {SIGNAL_ROWS}"


def signal_of(look: Session, event_id: str) -> View | None:
    rows = look.rows(f"{_SIGNAL} WHERE e.event_id = ?", (event_id,))
    return signal_views(look, rows)[0] if rows else None


@dataclass(slots=True)
class _Done:
    """What was decided and traded for one event, over all its accounts."""

    ordered: int = 0
    filled: int = 0
    orders: list[str] | None = None
    accounts: list[str] | None = None
    first_order_at: int | None = None


def signal_views(look: Session, rows: Sequence[Row]) -> list[View]:
    done = _done_for(look, [row[0] for row in rows])
    return [_signal(row, done.get(row[0], _Done())) for row in rows]


def _signal(row: Row, done: _Done) -> View:
    event_id, strategy, seq, received_at, payload, verdict, reason, reason_text, done_at = row
    wire = event_from_json(payload)
    return {
        "id": event_id,
        "strategy": strategy,
        "kind": wire.kind.value,
        **_said(wire),
        "seq": seq,
        "verdict": verdict or Verdict.WORKING.value,
        "reason": reason,
        "reason_text": reason_text or "",
        "received_at": iso(received_at),
        "first_order_at": iso(done.first_order_at),
        "done_at": iso(done_at),
        "ordered_shares": done.ordered,
        "filled_shares": done.filled,
        "orders": done.orders or [],
        "trades_on": done.accounts or [],
    }


def _said(wire: WireEvent) -> View:
    """What JoinQuant said; fields that this kind of event has not are null."""
    content = wire.content
    said: View = dict.fromkeys(("symbol", "side", "amount", "filled", "jq_status", "jq_order_id"))
    if isinstance(content, OrderSignal | CancelSignal):
        said["symbol"] = shown_symbol(content.security)
        said["amount"] = content.amount
        said["filled"] = content.filled
        said["jq_status"] = content.status.value if content.status else None
        said["jq_order_id"] = content.jq_order_id
    if isinstance(content, OrderSignal):
        said["side"] = content.side.value
    return said


def shown_symbol(security: str) -> str:
    """Our spelling of a security, or JoinQuant's own where we have none (futures, funds off exchange)."""
    try:
        return symbol_of(security)
    except UnsupportedSymbol:
        return security


def _done_for(look: Session, event_ids: Sequence[str]) -> dict[str, _Done]:
    done: dict[str, _Done] = defaultdict(_Done)
    for some in _chunks(event_ids):
        for event_id, account, decided in look.rows(
            "SELECT event_id, account, decided FROM intents "
            f"WHERE origin = '{Origin.SIGNAL.value}' AND event_id IN ({marks(len(some))}) "
            "ORDER BY created_at, intent_id",
            some,
        ):
            mine = done[event_id]
            mine.ordered += decided
            mine.accounts = mine.accounts or []
            if account not in mine.accounts:
                mine.accounts.append(account)
        for event_id, order_id, filled, first in look.rows(
            "SELECT event_id, client_order_id, filled, "
            f"CASE WHEN state IN ({_UNSENT}) THEN NULL ELSE created_at END FROM orders "
            f"WHERE origin = '{Origin.SIGNAL.value}' AND event_id IN ({marks(len(some))}) "
            "ORDER BY created_at, client_order_id",
            some,
        ):
            mine = done[event_id]
            mine.filled += filled
            mine.orders = [*(mine.orders or []), order_id]
            if first is not None and (mine.first_order_at is None or first < mine.first_order_at):
                mine.first_order_at = first
    return done


def _chunks(items: Sequence[str], size: int = 500) -> Iterable[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))


ORDER_COLUMNS = (
    "client_order_id, event_id, origin, account, strategy, symbol, side, shares, price, filled, fills_sum, turnover, "
    "state, attempt, broker_order_id, broker_text, created_at, updated_at"
)


def orders(
    journal: Journal, *, day_from: date | None = None, day_to: date | None = None, limit: int | None = None
) -> list[View]:
    """Our orders by the time they were made."""
    wanted = period(journal.clock.now(), day_from, day_to, limit)
    with journal.look() as look:
        rows = look.rows(
            f"SELECT {ORDER_COLUMNS} FROM orders WHERE created_at >= ? AND created_at < ? "
            "ORDER BY created_at DESC, client_order_id DESC LIMIT ?",
            (*wanted.bounds, wanted.most),
        )
    return [order_view(row) for row in rows[::-1]]


def open_orders(journal: Journal) -> list[View]:
    """The orders that are not final, of whatever day."""
    with journal.look() as look:
        rows = look.rows(
            f"SELECT {ORDER_COLUMNS} FROM orders WHERE state IN ({listing(NOT_FINAL)}) "
            "ORDER BY created_at, client_order_id"
        )
    return [order_view(row) for row in rows]


def order_view(row: Row) -> View:
    (order_id, event_id, origin, account, strategy, symbol, side, shares, price, filled, fills_sum, turnover) = row[:12]
    state, attempt, broker_order_id, broker_text, created_at, updated_at = row[12:]
    return {
        "client_order_id": order_id,
        "signal_id": event_id if origin == Origin.SIGNAL.value else None,
        "origin": origin,
        "account": account,
        "strategy": strategy,
        "symbol": symbol,
        "side": side,
        "shares": shares,
        "price": plain(Decimal(price)),
        "filled_shares": filled,
        "avg_price": ratio_text(Decimal(turnover), Decimal(fills_sum)),
        "state": state,
        "attempt": attempt,
        "broker_order_id": broker_order_id,
        "broker_text": broker_text,
        "created_at": iso(created_at),
        "updated_at": iso(updated_at),
    }


FILL_COLUMNS = "fill_id, client_order_id, account, symbol, side, shares, price, fee, at"


def fills(
    journal: Journal, *, day_from: date | None = None, day_to: date | None = None, limit: int | None = None
) -> list[View]:
    """Our fills by the trading day they count for."""
    wanted = period(journal.clock.now(), day_from, day_to, limit)
    # Any day at all must not be asked by day: the latest few would be found by sorting every fill there is.
    days = () if wanted.any_day else (wanted.first.isoformat(), wanted.last.isoformat())
    with journal.look() as look:
        rows = look.rows(
            f"SELECT {FILL_COLUMNS} FROM fills "
            f"{'WHERE day >= ? AND day <= ? ' if days else ''}"
            "ORDER BY at DESC, account DESC, fill_id DESC LIMIT ?",
            (*days, wanted.most),
        )
    return [fill_view(row) for row in rows[::-1]]


def fill_view(row: Row) -> View:
    fill_id, order_id, account, symbol, side, shares, price, fee, at = row
    return {
        "fill_id": fill_id,
        "client_order_id": order_id,
        "account": account,
        "symbol": symbol,
        "side": side,
        "shares": shares,
        "price": plain(Decimal(price)),
        "fee": plain(Decimal(fee)),
        "at": iso(at),
    }


def positions(journal: Journal, *, account: str | None = None) -> list[View]:
    """The accounts' positions as last seen; `held_days` counts calendar days since the first day held."""
    today = journal.clock.now().date()
    with journal.look() as look:
        rows = look.rows(
            "SELECT account, symbol, name, shares, sellable, cost_price, price, first_held_day, at FROM positions "
            "WHERE account = ? OR ? = '' ORDER BY account, symbol",
            (account or "", account or ""),
        )
    return [_position(row, today) for row in rows]


def _position(row: Row, today: date) -> View:
    account, symbol, name, shares, sellable, cost_text, price_text, since, at = row
    cost, price = Decimal(cost_text), Decimal(price_text)
    return {
        "account": account,
        "symbol": symbol,
        "name": name,
        "shares": shares,
        "sellable": sellable,
        "cost_price": plain(cost),
        "price": plain(price),
        "value": plain(price * shares),
        "profit": plain((price - cost) * shares),
        "profit_ratio": ratio_text(price - cost, cost),
        "held_days": (today - date.fromisoformat(since)).days,
        "at": iso(at),
    }


_SIX_PLACES = Decimal("0.000001")


def ratio_text(part: Decimal, whole: Decimal) -> str:
    """`part / whole` to six places; 0 where there is nothing to divide by."""
    return plain((part / whole).quantize(_SIX_PLACES)) if whole else "0"


def is_order_like(kind: str) -> bool:
    """Kinds that ask for shares."""
    return kind in (EventKind.ORDER.value, EventKind.TEST.value)
