"""Why an account did otherwise than its strategies in a time, as far as the journal knows it, in yuan.

Four causes. delay: the same shares at our price instead of the strategy's. cost: what the broker took. rounding: shares
that came to less than a legal order or lay within the no-trade band. undone: shares not followed or not filled, by
reason. What was not traded has a value; what it has made or cost since is known only where a price of the symbol is.
Below zero is worse for us.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from desk.core.values import EventKind, OrderSignal, Origin, Part, Reason, Side
from desk.core.wire import event_from_json
from desk.journal.database import Session
from desk.journal.journal import Journal
from desk.journal.values import day_bounds, parts_of, plain
from desk.journal.views import View, shown_symbol

LATEST = 2000  # of a time's fills, and of its events: more are not read
_NOTHING = Decimal(0)
_ROUNDING = (Reason.BELOW_LOT, Reason.ODD_REMAINDER, Reason.BELOW_BAND)
_NO_DIFFERENCE = (Reason.ALREADY_FOLLOWED, Reason.IN_SNAPSHOT, Reason.DUPLICATE, Reason.BACKTEST, Reason.JQ_NOT_FILLED)


@dataclass(slots=True)
class _Missed:
    """Shares that were not traded."""

    times: int = 0
    shares: int = 0
    value: Decimal = _NOTHING  # yuan at the strategy's price
    since: Decimal = _NOTHING  # yuan that they would have made since, at the last price known
    unpriced: int = 0  # times without a price of the strategy or of now

    def add(self, shares: int, side: Side, price: Decimal | None, now: Decimal | None) -> None:
        self.times += 1
        self.shares += shares
        if price is None:
            self.unpriced += 1
            return
        self.value += shares * price
        if now is None:
            self.unpriced += 1
            return
        better = now - price if side is Side.SELL else price - now
        self.since += shares * better

    def view(self) -> View:
        return {
            "times": self.times,
            "shares": self.shares,
            "value": plain(self.value),
            "since": plain(self.since),
            "unpriced": self.unpriced,
        }


@dataclass(slots=True)
class _Causes:
    fills: int = 0
    turnover: Decimal = _NOTHING
    delay: Decimal = _NOTHING
    compared: int = 0  # fills whose signal carried a price
    cost: Decimal = _NOTHING
    rounding: _Missed = field(default_factory=_Missed)
    undone: dict[Reason, _Missed] = field(default_factory=lambda: defaultdict(_Missed))

    def view(self, strategy: str) -> View:
        reasons = sorted(self.undone.items(), key=lambda item: -item[1].value)
        return {
            "strategy": strategy,
            "fills": self.fills,
            "turnover": plain(self.turnover),
            "delay": plain(self.delay),
            "compared": self.compared,
            "cost": plain(self.cost),
            "rounding": self.rounding.view(),
            "undone": [{"reason": reason.value, **missed.view()} for reason, missed in reasons],
        }


def causes(journal: Journal, first: date, last: date) -> View:
    """By strategy, largest turnover first; `complete` is False when the time held more than is read."""
    bounds = day_bounds(first, last)
    found: dict[str, _Causes] = defaultdict(_Causes)
    with journal.look() as look:
        fills = _add_fills(look, bounds, found)
        events = _add_parts(look, bounds, found)
    rows = sorted(found.items(), key=lambda item: (-item[1].turnover, item[0]))
    return {"strategies": [row.view(strategy) for strategy, row in rows], "complete": max(fills, events) < LATEST}


def _add_fills(look: Session, bounds: tuple[int, int], found: Mapping[str, _Causes]) -> int:
    rows = look.rows(
        "SELECT f.strategy, f.side, f.shares, f.price, f.fee, i.origin, i.anchor "
        "FROM (SELECT * FROM fills WHERE at >= ? AND at < ? ORDER BY at DESC LIMIT ?) f "
        "JOIN orders o ON o.client_order_id = f.client_order_id JOIN intents i ON i.intent_id = o.intent_id",
        (*bounds, LATEST),
    )
    for strategy, side, shares, price_text, fee, origin, anchor in rows:
        mine, price = found[strategy], Decimal(price_text)
        mine.fills += 1
        mine.turnover += shares * price
        mine.cost -= Decimal(fee)
        if origin == Origin.SIGNAL.value and anchor is not None:
            mine.compared += 1
            better = price - Decimal(anchor) if side == Side.SELL.value else Decimal(anchor) - price
            mine.delay += shares * better
    return len(rows)


def _add_parts(look: Session, bounds: tuple[int, int], found: Mapping[str, _Causes]) -> int:
    rows = look.rows(
        "SELECT e.strategy, e.kind, e.payload, o.parts "
        "FROM (SELECT event_id, strategy, kind, payload FROM events WHERE received_at >= ? AND received_at < ? "
        "ORDER BY received_at DESC LIMIT ?) e LEFT JOIN outcomes o ON o.event_id = e.event_id",
        (*bounds, LATEST),
    )
    prices = {symbol: Decimal(price) for symbol, price in look.rows("SELECT symbol, price FROM positions")}
    for strategy, kind, payload, stored in rows:
        if kind != EventKind.ORDER.value or stored in (None, "[]"):
            continue
        content = event_from_json(payload).content
        if isinstance(content, OrderSignal):
            for part in parts_of(stored):
                _add_part(found[strategy], part, content, prices)
    return len(rows)


def _add_part(mine: _Causes, part: Part, signal: OrderSignal, prices: Mapping[str, Decimal]) -> None:
    if part.reason in _NO_DIFFERENCE or part.shares <= 0:
        return
    price: Any = signal.avg_price if signal.avg_price > 0 else signal.limit
    missed = mine.rounding if part.reason in _ROUNDING else mine.undone[part.reason]
    missed.add(part.shares, signal.side, price, prices.get(shown_symbol(signal.security)) or None)
