"""Figures for pages and monitoring: what waits, how much of the limits is used, how long each hop took, the curves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from desk.core.manual import taken
from desk.core.plans import PREFIX as PLANS
from desk.core.values import EventKind, Fact, Intent, OrderState, Side
from desk.journal.columns import listing
from desk.journal.database import Session, marks
from desk.journal.journal import Journal
from desk.journal.records import INTENT
from desk.journal.tables import NOT_FINAL
from desk.journal.values import day_bounds, iso, plain
from desk.journal.views import ORDER_COLUMNS, View, order_view

HOPS = ("delivery", "decision", "sending", "broker", "whole")
SAMPLE = 500  # the latest order events that percentiles are made of
_PERCENTS = (50, 90, 99)
_ANSWERS = listing((Fact.ACCEPTED.value, Fact.REFUSED.value, Fact.NO_ANSWER.value))
_NEVER_SENT = listing((OrderState.PLANNED.value, OrderState.WITHDRAWN.value))


# --- what waits -------------------------------------------------------------------------------------------------------


def waiting(journal: Journal) -> list[View]:
    """The orders that a person must approve, oldest first."""
    with journal.look() as look:
        rows = look.rows(f"{INTENT.select} WHERE ended = 0 AND approved = 0 ORDER BY created_at, intent_id")
    return [intent_view(INTENT.read(row)) for row in rows]


def manual_order(journal: Journal, key: str) -> View | None:
    """What became of the manual order of an idempotency key; None when no order bears it."""
    with journal.look() as look:
        flags: dict[str, str] = dict(look.rows("SELECT key, value FROM flags"))
        known = taken(flags, key)
        row = look.one(f"{INTENT.select} WHERE intent_id = ?", (known["intent"],)) if known else None
        if row is None:
            return None
        orders = look.rows(
            f"SELECT {ORDER_COLUMNS} FROM orders WHERE intent_id = ? ORDER BY created_at, client_order_id", (row[0],)
        )
    return {**intent_view(INTENT.read(row)), "key": key, "orders": [order_view(order) for order in orders]}


def intent_view(intent: Intent) -> View:
    return {
        "id": intent.intent_id,
        "signal_id": intent.event_id,
        "origin": intent.origin.value,
        "account": intent.account,
        "strategy": intent.strategy,
        "symbol": intent.symbol,
        "side": intent.side.value,
        "shares": intent.decided,
        "filled_shares": intent.filled,
        "limit": plain(intent.limit) if intent.limit is not None else None,
        "waiting": intent.waiting.value if intent.waiting else None,
        "ended": intent.ended,
        "parts": [{"shares": part.shares, "reason": part.reason.value, "text": part.text} for part in intent.parts],
        "created_at": intent.created_at.isoformat(),
    }


# --- limits -----------------------------------------------------------------------------------------------------------


def usage(journal: Journal, day: date) -> dict[str, View]:
    """By account: the day's orders and cancels, and what its buys have traded or may still trade, in yuan."""
    found: dict[str, View] = defaultdict(lambda: {"orders": 0, "cancels": 0, "buy_turnover": Decimal(0)})
    with journal.look() as look:
        rows = look.rows(
            "SELECT account, side, shares, filled, price, cancel_wished, state FROM orders WHERE day = ? "
            f"AND state NOT IN ({_NEVER_SENT})",
            (day.isoformat(),),
        )
    for account, side, shares, filled, price, cancelled, state in rows:
        mine = found[account]
        mine["orders"] += 1
        mine["cancels"] += cancelled
        if side == Side.BUY.value:
            mine["buy_turnover"] += Decimal(price) * (filled if OrderState(state).final else shares)
    return dict(found)


# --- latency ----------------------------------------------------------------------------------------------------------


def hops(journal: Journal) -> View:
    """Milliseconds of each hop of the latest order signals: percentiles and how many were measured.

    delivery: made at JoinQuant → received (two clocks); decision: received → decided; sending: decided → written for
    the broker; broker: written → answered; whole: received → the broker's first answer.
    """
    with journal.look() as look:
        measured = _measured(look)
    return {
        "signals": len(measured["delivery"]),
        "hops": [{"hop": hop, "count": len(measured[hop]), **percentiles(measured[hop])} for hop in HOPS],
    }


def _measured(look: Session) -> dict[str, list[float]]:
    events = look.rows(
        "SELECT e.event_id, b.sent_at, e.received_at, o.decided_at FROM events e JOIN bodies b ON b.id = e.body "
        "LEFT JOIN outcomes o ON o.event_id = e.event_id "
        f"WHERE e.id IN (SELECT id FROM events WHERE kind = '{EventKind.ORDER.value}' ORDER BY id DESC LIMIT {SAMPLE})"
    )
    times: dict[str, list[float]] = {hop: [] for hop in HOPS}
    firsts = _first_orders(look, [row[0] for row in events])
    for event_id, sent_at, received_at, decided_at in events:
        times["delivery"].append((received_at - sent_at) / 1000)
        if decided_at is not None:
            times["decision"].append((decided_at - received_at) / 1000)
        claimed, answered = firsts.get(event_id, (None, None))
        if claimed is not None and decided_at is not None:
            times["sending"].append((claimed - decided_at) / 1000)
        if claimed is not None and answered is not None:
            times["broker"].append((answered - claimed) / 1000)
            times["whole"].append((answered - received_at) / 1000)
    return times


def _first_orders(look: Session, event_ids: Sequence[str]) -> dict[str, tuple[int | None, int | None]]:
    """By event: when its first order was written for the broker, and when that order was answered."""
    found: dict[str, tuple[int | None, int | None]] = {}
    if not event_ids:
        return found
    for event_id, claimed, answered in look.rows(
        "SELECT o.event_id, "
        f"MIN(CASE WHEN f.fact = '{Fact.CLAIMED.value}' THEN f.at END), "
        f"MIN(CASE WHEN f.fact IN ({_ANSWERS}) THEN f.at END) "
        "FROM orders o JOIN order_facts f ON f.client_order_id = o.client_order_id "
        f"WHERE o.attempt = 1 AND o.event_id IN ({marks(len(event_ids))}) "
        "GROUP BY o.client_order_id, o.event_id",
        event_ids,
    ):
        found.setdefault(event_id, (claimed, answered))
    return found


def percentiles(values: Iterable[float]) -> dict[str, float | None]:
    """The nearest-rank percentiles, to a thousandth; None of each without values."""
    ranked = sorted(values)
    if not ranked:
        return {f"p{percent}": None for percent in _PERCENTS}
    return {f"p{percent}": round(ranked[-(-percent * len(ranked) // 100) - 1], 3) for percent in _PERCENTS}


# --- curves -----------------------------------------------------------------------------------------------------------


def account_days(journal: Journal, first: date, last: date) -> list[View]:
    """What each account was worth at the end of each day that it was seen, and that day's profit, in yuan.

    The profit is the day's last total less that of the day before it, or less the day's own first total on the first
    day; money paid in or out is in it.
    """
    with journal.look() as look:
        rows = look.rows(
            "SELECT account, day, first_asset, total_asset, cash, market_value, at FROM account_days "
            "WHERE day <= ? ORDER BY account, day",
            (last.isoformat(),),
        )
    views: list[View] = []
    before: dict[str, Decimal] = {}
    for account, day, first_asset, total_text, cash, market_value, at in rows:
        total = Decimal(total_text)
        start = before.get(account, Decimal(first_asset))
        before[account] = total
        if day < first.isoformat():
            continue
        views.append(
            {
                "account": account,
                "day": day,
                "total_asset": plain(total),
                "cash": plain(Decimal(cash)),
                "market_value": plain(Decimal(market_value)),
                "profit": plain(total - start),
                "at": iso(at),
            }
        )
    return views


# --- monitoring -------------------------------------------------------------------------------------------------------


def monitored(journal: Journal, day: date) -> View:
    """The few counts that monitoring asks for, in one look."""
    with journal.look() as look:
        verdicts = look.rows(
            "SELECT COALESCE(o.verdict, 'undecided'), COUNT(*) FROM events e "
            "LEFT JOIN outcomes o ON o.event_id = e.event_id WHERE e.received_at >= ? AND e.received_at < ? GROUP BY 1",
            day_bounds(day, day),
        )
        states: dict[str, int] = dict(
            look.rows("SELECT state, COUNT(*) FROM orders WHERE day = ? GROUP BY state", (day.isoformat(),))
        )
        unfinished: dict[str, int] = dict(
            look.rows(f"SELECT state, COUNT(*) FROM orders WHERE state IN ({listing(NOT_FINAL)}) GROUP BY state")
        )
        gaps = look.one("SELECT COUNT(*) FROM gaps WHERE closed_at IS NULL")
        plans = look.one(f"SELECT COUNT(*) FROM flags WHERE key LIKE '{PLANS}%'")
        accounts = look.rows("SELECT name, connected, at FROM accounts ORDER BY name")
        halted = look.one("SELECT value FROM flags WHERE key = 'halted'")
    return {
        "events": dict(verdicts),
        "orders": {**states, **unfinished},
        "gaps": gaps[0] if gaps else 0,
        "plans": plans[0] if plans else 0,
        "accounts": [{"name": name, "connected": bool(up), "at": iso(at)} for name, up, at in accounts],
        "halted": halted is not None,
    }


def newest(journal: Journal) -> tuple[int, int]:
    """The numbers of the newest event and of the newest order fact."""
    with journal.look() as look:
        return _count(look, "SELECT MAX(id) FROM events"), _count(look, "SELECT MAX(id) FROM order_facts")


def _count(look: Session, sql: str) -> int:
    row = look.one(sql)
    return int(row[0]) if row and row[0] is not None else 0


def news_since(journal: Journal, event: int, fact: int, limit: int) -> tuple[int, int, list[float], list[float]]:
    """What came after the given numbers, at most `limit` of each: the new numbers, the seconds that events took to
    arrive, and the seconds that the broker took to answer."""
    with journal.look() as look:
        arrived = look.rows(
            "SELECT e.id, e.received_at - b.sent_at FROM events e JOIN bodies b ON b.id = e.body WHERE e.id > ? "
            "ORDER BY e.id LIMIT ?",
            (event, limit),
        )
        facts = look.rows(
            "SELECT a.id, a.fact, a.at - c.at FROM order_facts a JOIN order_facts c "
            f"ON c.client_order_id = a.client_order_id AND c.fact = '{Fact.CLAIMED.value}' "
            f"WHERE a.id > ? AND a.fact IN ({_ANSWERS}) ORDER BY a.id LIMIT ?",
            (fact, limit),
        )
    return (
        arrived[-1][0] if arrived else event,
        facts[-1][0] if facts else fact,
        [max(0, took) / 1e6 for _, took in arrived],
        [max(0, took) / 1e6 for _, _, took in facts],
    )
