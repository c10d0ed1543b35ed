"""What a strategy says: orders, cancels, snapshots, heartbeats, tests. Wrong values are refused at birth.

The words are the wire's: `amount` is what the strategy ordered, in shares; `filled` what of it was traded so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Union

from gendan_client.codes import joinquant_code
from gendan_client.exact import money_of, plain, shares_of

BUY, SELL = "buy", "sell"
_SIDES = {BUY: 1, SELL: 0}
_STATUS = {"new": "n", "open": "o", "part_filled": "f", "canceled": "c", "rejected": "r", "held": "h"}
_STYLES = {"market": "", "limit": "l", "stop": "s", "stop_limit": "S"}
_MAX_ID = 64


@dataclass(frozen=True)
class Order:
    """An order in its present state; send it again whenever the state has changed, under the same `order_id`.

    `status`: new, open, part_filled (these live), canceled, rejected, held (all filled). `at`: when the order was made,
    with a time zone. `limit`: yuan, of limit orders, and of market orders with a protecting price. `holding_after`:
    what the strategy holds of it after this, locked shares included. `backtest`: is received and not followed.
    """

    order_id: str
    code: str
    side: str  # buy, sell
    amount: int
    status: str
    at: datetime
    filled: int = 0
    avg_price: Decimal = Decimal(0)
    style: str = "market"  # market, limit, stop, stop_limit
    limit: Decimal | None = None
    equity: Decimal | None = None
    holding_after: int | None = None
    backtest: bool = False

    def __post_init__(self) -> None:
        fields_of(self, 1)

    def fields(self) -> dict[str, Any]:
        amount, filled = _shares("amount", self.amount), _shares("filled", self.filled)
        if filled > amount:
            raise ValueError("filled 不能大于 amount")
        if self.limit is not None and money_of(self.limit) <= 0:
            raise ValueError("limit 要大于 0")
        style = _one_of("style", self.style, _STYLES)
        return {
            **_head("o", self.at, self.backtest),
            "o": _order_id(self.order_id),
            "x": joinquant_code(self.code),
            "b": _one_of("side", self.side, _SIDES),
            "a": amount,
            "f": filled,
            "p": _price("avg_price", self.avg_price),
            "l": _price("limit", self.limit),
            "u": _one_of("status", self.status, _STATUS),
            "k": style or None,
            "e": _money("equity", self.equity),
            "n": None if self.holding_after is None else _shares("holding_after", self.holding_after),
        }

    def words(self) -> str:
        return f"{'买入' if self.side == BUY else '卖出'} {self.code} {self.amount}股"


@dataclass(frozen=True)
class TestOrder:
    """A filled order that is booked to the pseudo-strategy 测试."""

    code: str
    side: str
    amount: int
    price: Decimal
    order_id: str
    at: datetime

    def __post_init__(self) -> None:
        fields_of(self, 0)

    def fields(self) -> dict[str, Any]:
        order = Order(
            order_id=self.order_id, code=self.code, side=self.side, amount=self.amount, filled=self.amount,
            status="held", at=self.at, avg_price=self.price,
        )  # fmt: skip
        return {**order.fields(), "y": "t"}

    def words(self) -> str:
        return f"测试 {self.code} {self.amount}股"


@dataclass(frozen=True)
class Cancel:
    """A wish to cancel; `amount`, `filled` and `status` as they are known after it."""

    order_id: str
    code: str
    at: datetime
    amount: int | None = None
    filled: int | None = None
    status: str | None = None
    backtest: bool = False

    def __post_init__(self) -> None:
        fields_of(self, 1)

    def fields(self) -> dict[str, Any]:
        amount = None if self.amount is None else _shares("amount", self.amount)
        filled = None if self.filled is None else _shares("filled", self.filled)
        if amount is not None and filled is not None and filled > amount:
            raise ValueError("filled 不能大于 amount")
        return {
            **_head("c", self.at, self.backtest),
            "o": _order_id(self.order_id),
            "x": joinquant_code(self.code),
            "a": amount,
            "f": filled,
            "u": None if self.status is None else _one_of("status", self.status, _STATUS),
        }

    def words(self) -> str:
        return f"撤单 {self.code}"


@dataclass(frozen=True)
class Held:
    """One line of a snapshot: all shares, those that may be sold, average cost and price in yuan."""

    code: str
    shares: int
    sellable: int
    cost: Decimal
    price: Decimal


@dataclass(frozen=True)
class LiveOrder:
    """An order that lives while a snapshot is taken."""

    order_id: str
    code: str
    side: str
    amount: int
    filled: int
    status: str
    limit: Decimal | None = None


@dataclass(frozen=True)
class Snapshot:
    """All that the strategy holds, and all its live orders.

    `complete_and_empty`: has to be said when it holds nothing; a snapshot without positions is refused otherwise.
    """

    positions: tuple[Held, ...]
    at: datetime
    cash: Decimal | None = None
    equity: Decimal | None = None
    orders: tuple[LiveOrder, ...] = ()
    complete_and_empty: bool = False
    backtest: bool = False

    def __post_init__(self) -> None:
        if bool(self.positions) == self.complete_and_empty:
            raise ValueError("空的快照要明确写 complete_and_empty=True，有持仓的不能写")
        fields_of(self, 1)

    def fields(self) -> dict[str, Any]:
        rows = [
            [joinquant_code(one.code), _shares("shares", one.shares), _shares("sellable", one.sellable),
             _money("cost", one.cost), _price("price", one.price)]
            for one in self.positions
        ]  # fmt: skip
        if len({row[0] for row in rows}) != len(rows):
            raise ValueError("同一个代码出现两次")
        live = [
            [_order_id(one.order_id), joinquant_code(one.code), _one_of("side", one.side, _SIDES),
             _shares("amount", one.amount), _shares("filled", one.filled), _one_of("status", one.status, _STATUS),
             _price("limit", one.limit)]
            for one in self.orders
        ]  # fmt: skip
        return {
            **_head("s", self.at, self.backtest),
            "P": rows,
            "C": _money("cash", self.cash),
            "E": _money("equity", self.equity),
            "O": live,
        }

    def words(self) -> str:
        return f"持仓快照（{len(self.positions)} 只）"


@dataclass(frozen=True)
class Heartbeat:
    at: datetime
    backtest: bool = False

    def __post_init__(self) -> None:
        fields_of(self, 1)

    def fields(self) -> dict[str, Any]:
        return _head("h", self.at, self.backtest)

    def words(self) -> str:
        return "心跳"


Event = Union[Order, TestOrder, Cancel, Snapshot, Heartbeat]


def fields_of(event: Event, seq: int) -> dict[str, Any]:
    """The event as the wire has it; keys that say nothing are absent. Raises ValueError (BadCode is one)."""
    fields = {key: value for key, value in event.fields().items() if value is not None}
    fields["q"] = 0 if isinstance(event, TestOrder) else seq
    return fields


def _head(kind: str, at: datetime, backtest: bool) -> dict[str, Any]:
    if at.tzinfo is None:
        raise ValueError("at 要带时区，例如 datetime.now(timezone.utc)")
    return {"y": kind, "q": 0, "r": "b" if backtest else "s", "d": int(at.timestamp())}


def _order_id(text: str) -> str:
    if not isinstance(text, str) or not 0 < len(text) <= _MAX_ID or not text.isprintable():
        raise ValueError(f"order_id 要是 1 到 {_MAX_ID} 个可见字符")
    return text


def _one_of(name: str, word: str, known: dict[str, Any]) -> Any:
    if word not in known:
        raise ValueError(f"{name} 只能是 {'、'.join(known)}")
    return known[word]


def _shares(name: str, value: Any) -> int:
    try:
        return shares_of(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def _money(name: str, value: Any) -> Any:
    if value is None:
        return None
    try:
        number = money_of(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None
    return Decimal(plain(number))


def _price(name: str, value: Any) -> Any:
    number = _money(name, value)
    if number is not None and number < 0:
        raise ValueError(f"{name} 不能小于 0")
    return number
