"""Plain records for the journal's tests; every helper takes what the test speaks of and fills in the rest."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from base_func import BEIJING
from desk.core.batch import Batch
from desk.core.values import (
    Book,
    BookChange,
    EventKind,
    EventOutcome,
    Fill,
    Intent,
    JqStatus,
    Message,
    Order,
    OrderFact,
    OrderSignal,
    OrderState,
    Origin,
    Side,
    Verdict,
    WireEvent,
)
from desk.core.wire import events_to_json
from desk.journal import NewBody, NewEvent

NOON = datetime(2024, 5, 20, 10, 0, 0, tzinfo=BEIJING)
TODAY = NOON.date()


class FixedClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def wait(self, bell: threading.Event, seconds: float) -> bool:
        return bell.is_set()

    def go(self, **delta: float) -> None:
        self._now += timedelta(**delta)


def signal(seq: int = 1, **changes: Any) -> WireEvent:
    values: dict[str, Any] = {
        "jq_order_id": f"jq{seq}",
        "security": "000001.XSHE",
        "side": Side.BUY,
        "amount": 1000,
        "filled": 1000,
        "avg_price": Decimal("10.5"),
        "status": JqStatus.HELD,
    }
    content = OrderSignal(**(values | changes))
    return WireEvent(kind=EventKind.ORDER, seq=seq, backtest=False, strategy_time=NOON, content=content)


def body(name: str, *wires: WireEvent, kid: str = "k1", strategy: str = "阿尔法", **changes: Any) -> NewBody:
    """A body called `name` with the events given (one order by default)."""
    wires = wires or (signal(),)
    body_id = hashlib.md5(name.encode()).hexdigest()
    events = tuple(
        NewEvent(
            event_id=body_id if len(wires) == 1 else f"{body_id}-{number}",
            strategy=strategy,
            kind=wire.kind,
            seq=wire.seq,
            payload=events_to_json(wire),
        )
        for number, wire in enumerate(wires, 1)
    )
    made = NewBody(
        kid=kid,
        strategy=strategy,
        body_id=body_id,
        digest=hashlib.sha256(name.encode()).digest(),
        wire=2,
        sent_at=NOON,
        received_at=NOON,
        clock_ahead=False,
        events=events,
    )
    return replace(made, **changes)


def intent(intent_id: str = "i1", **changes: Any) -> Intent:
    values: dict[str, Any] = {
        "intent_id": intent_id,
        "origin": Origin.SIGNAL,
        "event_id": None,
        "strategy": "阿尔法",
        "account": "主账户",
        "symbol": "000001.SZ",
        "side": Side.BUY,
        "decided": 500,
        "day": TODAY,
        "created_at": NOON,
        "received_at": NOON,
        "updated_at": NOON,
    }
    return Intent(**(values | changes))


def order(client_order_id: str = "i1-1", **changes: Any) -> Order:
    values: dict[str, Any] = {
        "client_order_id": client_order_id,
        "intent_id": client_order_id.rsplit("-", 1)[0],
        "event_id": None,
        "origin": Origin.SIGNAL,
        "strategy": "阿尔法",
        "account": "主账户",
        "symbol": "000001.SZ",
        "side": Side.BUY,
        "shares": 500,
        "price": Decimal("10.52"),
        "attempt": int(client_order_id.rsplit("-", 1)[1]),
        "state": OrderState.SENDING,
        "day": TODAY,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Order(**(values | changes))


def fill(fill_id: str = "t1", client_order_id: str = "i1-1", **changes: Any) -> Fill:
    values: dict[str, Any] = {
        "fill_id": fill_id,
        "client_order_id": client_order_id,
        "strategy": "阿尔法",
        "account": "主账户",
        "symbol": "000001.SZ",
        "side": Side.BUY,
        "shares": 300,
        "price": Decimal("10.51"),
        "fee": Decimal("5.03"),
        "day": TODAY,
        "at": NOON + timedelta(seconds=3),
    }
    return Fill(**(values | changes))


def fact(client_order_id: str, to_state: OrderState, **changes: Any) -> OrderFact:
    values: dict[str, Any] = {
        "client_order_id": client_order_id,
        "at": NOON,
        "fact": "claimed",
        "source": "trader",
        "from_state": None,
        "to_state": to_state,
    }
    return OrderFact(**(values | changes))


def outcome(event_id: str, verdict: Verdict = Verdict.WORKING, **changes: Any) -> EventOutcome:
    values: dict[str, Any] = {"event_id": event_id, "verdict": verdict, "reason": None, "reason_text": ""}
    return EventOutcome(**(values | changes))


def change(cause: str = "买入", **changes: Any) -> BookChange:
    values: dict[str, Any] = {
        "at": NOON,
        "strategy": "阿尔法",
        "account": "主账户",
        "symbol": "000001.SZ",
        "cause": cause,
        "ref": "i1",
    }
    return BookChange(**(values | changes))


def book(**changes: Any) -> Book:
    values: dict[str, Any] = {"strategy": "阿尔法", "account": "主账户", "symbol": "000001.SZ"}
    return Book(**(values | changes))


def message(text: str = "成交 300 股", **changes: Any) -> Message:
    values: dict[str, Any] = {"at": NOON, "kind": "fill", "title": "成交", "text": text}
    return Message(**(values | changes))


def batch(*records: Any, **flags: str | None) -> Batch:
    """A batch of any records, each put where it belongs."""
    made = Batch(flags=dict(flags))
    for record in records:
        match record:
            case Intent():
                made.intents[record.intent_id] = record
            case Order():
                made.orders[record.client_order_id] = record
            case OrderFact():
                made.order_facts.append(record)
            case Fill():
                made.fills.append(record)
            case EventOutcome():
                made.outcomes[record.event_id] = record
            case BookChange():
                made.book_changes.append(record)
            case Book():
                made.books[record.strategy, record.account, record.symbol] = record
            case Message():
                made.messages.append(record)
            case _:
                raise TypeError(type(record))
    return made
