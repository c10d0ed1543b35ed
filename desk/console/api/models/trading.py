"""Signals, and the orders and fills that they became."""

from __future__ import annotations

from typing import Any

from desk.console.api.models.base import Answer, Moment, Number


class Signal(Answer):
    """聚宽说的一件事,和它的结果。"""

    id: str
    strategy: str
    kind: str
    symbol: str | None
    side: str | None
    amount: int | None
    filled: int | None
    jq_status: str | None
    jq_order_id: str | None
    seq: int
    verdict: str
    reason: str | None
    reason_text: str
    received_at: Moment
    first_order_at: Moment | None
    done_at: Moment | None
    ordered_shares: int
    filled_shares: int
    orders: list[str]
    trades_on: list[str]


class SignalPage(Answer):
    items: list[Signal]
    next: str | None


class Part(Answer):
    """没有做的股数和原因。"""

    shares: int
    reason: str
    text: str


class Step(Answer):
    """一个信号的一步,和这一步的事实。"""

    at: Moment
    what: str
    facts: dict[str, Any]


class Why(Signal):
    """一个信号从收到到结束的每一步。"""

    steps: list[Step]
    parts: list[Part]


class Order(Answer):
    """我们的一张委托。"""

    client_order_id: str
    signal_id: str | None
    origin: str
    account: str
    strategy: str
    symbol: str
    side: str
    shares: int
    price: Number
    filled_shares: int
    avg_price: Number
    state: str
    attempt: int
    broker_order_id: str
    broker_text: str
    created_at: Moment
    updated_at: Moment


class Slippage(Answer):
    """每股比信号里的价格差多少(正数是更差);ratio 是它与信号价格的比。"""

    expected: Number
    worse: Number
    ratio: Number | None


class ListedOrder(Order):
    """一张委托;slippage 为 null 是没有成交,或者信号没有带价格。"""

    slippage: Slippage | None


class OrderPage(Answer):
    items: list[ListedOrder]
    next: str | None


class Fill(Answer):
    """一笔成交。"""

    fill_id: str
    client_order_id: str
    account: str
    symbol: str
    side: str
    shares: int
    price: Number
    fee: Number
    at: Moment


class FillPage(Answer):
    items: list[Fill]
    next: str | None


class Intent(Answer):
    """一个账户上要做的一件事:决定一次,可能分几次委托。"""

    id: str
    signal_id: str | None
    origin: str
    account: str
    strategy: str
    symbol: str
    side: str
    shares: int
    filled_shares: int
    limit: Number | None
    waiting: str | None
    ended: bool
    parts: list[Part]
    created_at: Moment


class ManualOrder(Intent):
    """一笔手动委托,和它的每一次委托。"""

    key: str
    orders: list[Order]
