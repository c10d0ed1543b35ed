"""Figures: how things stand now, and what a day came to."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

from desk.core.plans import PREFIX
from desk.core.values import EventKind, OrderState, Side, Verdict
from desk.journal import outbox
from desk.journal.columns import listing
from desk.journal.database import Session
from desk.journal.inbox import strategies_seen
from desk.journal.journal import Journal
from desk.journal.tables import LIVE_STATES
from desk.journal.values import day_bounds, iso, plain
from desk.journal.views import View

_ORDER_LIKE = listing((EventKind.ORDER.value, EventKind.TEST.value))
_SENT_STATES = [s.value for s in OrderState if s not in (OrderState.PLANNED, OrderState.WITHDRAWN)]
_SENT = listing(_SENT_STATES)


def status_counts(journal: Journal) -> View:
    """What `status` counts: signals that work, open orders, the accounts and strategies as the journal knows them."""
    with journal.look() as look:
        return {
            "pending_signals": _count(look, "SELECT COUNT(*) FROM undecided")
            + _count(look, "SELECT COUNT(*) FROM outcomes WHERE verdict = 'working'"),
            "open_orders": _count(look, f"SELECT COUNT(*) FROM orders WHERE state IN ({listing(LIVE_STATES)})"),
            "in_doubt_orders": _count(look, _IN_DOUBT),
            "waiting_approval": _count(look, "SELECT COUNT(*) FROM intents WHERE ended = 0 AND approved = 0")
            + _count(look, f"SELECT COUNT(*) FROM flags WHERE key LIKE '{PREFIX}%'"),
            "outbox_pending": outbox.pending(look),
            "accounts": [_account(row) for row in look.rows(_ACCOUNTS)],
            "strategies": _strategies(look),
            "flags": dict(look.rows("SELECT key, value FROM flags")),
        }


# The words of the open orders' index: with `state = …` alone every order would be read.
_IN_DOUBT = (
    f"SELECT COUNT(*) FROM orders WHERE state IN ({listing(LIVE_STATES)}) AND state = '{OrderState.IN_DOUBT.value}'"
)
_ACCOUNTS = "SELECT name, channel, connected, total_asset, cash, market_value, at FROM accounts ORDER BY name"


def _account(row: tuple[Any, ...]) -> View:
    name, channel, connected, total_asset, cash, market_value, at = row
    return {
        "name": name,
        "channel": channel,
        "connected": bool(connected),
        "total_asset": plain(Decimal(total_asset)),
        "cash": plain(Decimal(cash)),
        "market_value": plain(Decimal(market_value)),
        "at": iso(at),
    }


def _strategies(look: Session) -> dict[str, View]:
    """By name: when it was last heard of, its highest sequence number, its open gaps."""
    found: dict[str, View] = {}
    for name in strategies_seen(look):
        last_at = look.one("SELECT MAX(received_at) FROM events WHERE strategy = ?", (name,))
        last_seq = look.one("SELECT MAX(seq) FROM events WHERE strategy = ?", (name,))
        found[name] = {
            "last_signal_at": iso(last_at[0]) if last_at else None,
            "last_seq": last_seq[0] if last_seq else 0,
            "gaps": [],
        }
    for name, symbol, cause, text, at in look.rows(
        "SELECT strategy, symbol, cause, text, at FROM gaps WHERE closed_at IS NULL ORDER BY at, key"
    ):
        entry = found.setdefault(name, {"last_signal_at": None, "last_seq": 0, "gaps": []})
        entry["gaps"].append({"symbol": symbol, "cause": cause, "text": text, "at": iso(at)})
    return found


def _count(look: Session, sql: str, params: tuple[Any, ...] = ()) -> int:
    row = look.one(sql, params)
    return int(row[0]) if row else 0


def funnel(journal: Journal, day: date) -> View:
    """What became of a day's order and test events, by verdict and reason, and what the day's orders came to.

    `followed` events had shares decided for them, `ordered` ones an order sent, `filled` ones a fill. Money in yuan.
    """
    bounds = day_bounds(day, day)
    with journal.look() as look:
        events = look.rows(
            "SELECT e.event_id, o.verdict, o.reason FROM events e LEFT JOIN outcomes o ON o.event_id = e.event_id "
            f"WHERE e.received_at >= ? AND e.received_at < ? AND e.kind IN ({_ORDER_LIKE})",
            bounds,
        )
        today = "(SELECT event_id FROM events WHERE received_at >= ? AND received_at < ?)"
        followed = _events(look, f"SELECT event_id FROM intents WHERE decided > 0 AND event_id IN {today}", bounds)
        ordered = _events(look, f"SELECT event_id FROM orders WHERE state IN ({_SENT}) AND event_id IN {today}", bounds)
        traded = _events(look, f"SELECT event_id FROM orders WHERE filled > 0 AND event_id IN {today}", bounds)
        orders: dict[str, int] = dict(
            look.rows("SELECT state, COUNT(*) FROM orders WHERE day = ? GROUP BY state", (day.isoformat(),))
        )
        fills = look.rows("SELECT side, shares, price, fee FROM fills WHERE day = ?", (day.isoformat(),))
    verdicts = Counter(verdict or Verdict.WORKING.value for _, verdict, _ in events)
    reasons = Counter(reason for _, _, reason in events if reason)
    asked = {event_id for event_id, _, _ in events}
    turnover = {side: Decimal(0) for side in Side}
    for side, shares, price, _ in fills:
        turnover[Side(side)] += shares * Decimal(price)
    return {
        "day": day.isoformat(),
        "received": len(events),
        "followed": len(followed & asked),
        "ordered": len(ordered & asked),
        "filled": len(traded & asked),
        **{verdict.value: verdicts[verdict.value] for verdict in Verdict},
        "by_reason": dict(reasons.most_common()),
        "orders": sum(orders.get(state, 0) for state in _SENT_STATES),
        "orders_by_state": orders,
        "fills": len(fills),
        "bought": plain(turnover[Side.BUY]),
        "sold": plain(turnover[Side.SELL]),
        "fees": plain(sum((Decimal(fee) for *_, fee in fills), Decimal(0))),
    }


def _events(look: Session, sql: str, params: tuple[Any, ...]) -> set[str]:
    return {event_id for (event_id,) in look.rows(sql, params)}
