"""What a broker channel is: the Protocol that paper, MiniQMT and full QMT share, and the records it speaks.

Three outcomes of a placement, never two: accepted, refused, no answer. A failed query is `None`, never an empty list.
`place` and `cancel` never block longer than the channel's own bound; an answer that comes later arrives as a report.
Reports are handed to the sink in any order, more than once, late, also before `place` has returned; the sink only
appends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from desk.core.values import BrokerStatus, Side


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"  # certain: no order exists
    NO_ANSWER = "no_answer"  # unknown: an order may exist


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceRequest:
    client_order_id: str  # travels as the order's remark: at most 23 ASCII bytes
    symbol: str
    side: Side
    shares: int
    price: Decimal
    strategy: str  # a label for the terminal, never relied on


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceAnswer:
    outcome: Outcome
    broker_order_id: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelAnswer:
    """ACCEPTED means only that the request was sent; the cancel is done when the order says so."""

    outcome: Outcome
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerOrder:
    client_order_id: str  # the remark; '' for orders made by hand
    broker_order_id: str
    symbol: str
    side: Side
    shares: int
    price: Decimal
    filled: int
    avg_price: Decimal
    status: BrokerStatus
    text: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerTrade:
    trade_id: str
    broker_order_id: str
    client_order_id: str
    symbol: str
    side: Side
    shares: int
    price: Decimal
    fee: Decimal
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerPosition:
    symbol: str
    name: str
    shares: int
    sellable: int
    cost_price: Decimal
    price: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerAsset:
    cash: Decimal  # available
    frozen_cash: Decimal
    market_value: Decimal
    total_asset: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """A complete and trustworthy picture of today at the broker; orders and trades of `day` only."""

    generation: int  # of the connection it was taken in
    taken_at: datetime
    day: date
    asset: BrokerAsset
    positions: tuple[BrokerPosition, ...]
    orders: tuple[BrokerOrder, ...]
    trades: tuple[BrokerTrade, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    symbol: str
    at: datetime
    last: Decimal
    prev_close: Decimal
    asks: tuple[tuple[Decimal, int], ...]  # (price, shares), best first; empty: nothing offered
    bids: tuple[tuple[Decimal, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Instrument:
    symbol: str
    name: str
    day: date  # the trading day the figures are of
    prev_close: Decimal  # the exchange's reference price of today (ex-rights applied)
    up_limit: Decimal | None  # None: no limit today
    down_limit: Decimal | None
    tick: Decimal
    suspended: bool
    t0: bool  # bought today, sellable today
    share_factor: Decimal = Decimal(1)  # holdings are multiplied by it on this day (除权: 10 送 3 -> 1.3)


class ReportKind(StrEnum):
    ORDER = "order"
    TRADE = "trade"
    PLACED = "placed"  # a late answer to place
    CANCEL = "cancel"  # a late answer to cancel
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    kind: ReportKind
    generation: int
    at: datetime
    order: BrokerOrder | None = None
    trade: BrokerTrade | None = None
    client_order_id: str = ""  # PLACED and CANCEL
    placed: PlaceAnswer | None = None
    cancelled: CancelAnswer | None = None


Sink = Callable[[Report], None]


class Broker(Protocol):
    """One account at one channel. Called from the trading loop only."""

    account: str
    channel: str
    settle_s: float  # how long an order may be invisible at most; paper 0, MiniQMT >= 60
    answer_within_s: float  # no answer to `place` for this long counts as no_answer

    @property
    def connected(self) -> bool: ...

    @property
    def generation(self) -> int: ...

    def open(self, sink: Sink) -> None:
        """Connect; reports go to `sink` from now on. Raises BrokerUnavailable."""
        ...

    def close(self) -> None: ...

    def place(self, request: PlaceRequest) -> PlaceAnswer | None:
        """Submit an order; None means that the answer comes as a PLACED report."""
        ...

    def cancel(self, client_order_id: str, broker_order_id: str) -> CancelAnswer | None: ...

    def snapshot(self) -> Snapshot | None:
        """The day's orders, trades, positions and money, or None when that cannot be told just now."""
        ...

    def quote(self, symbol: str, anchor: Decimal | None = None) -> Quote | None:
        """The latest quote, None if there is none. `anchor` is a price hint that only a synthetic feed uses."""
        ...

    def instrument(self, symbol: str, anchor: Decimal | None = None) -> Instrument | None: ...


class BrokerUnavailable(Exception):
    """The broker cannot be reached; retrying later is safe, nothing was sent."""
