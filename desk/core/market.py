"""What a broker channel says and is told: the records that adapters, core and paper exchange share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

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
    RING = "ring"  # a snapshot that was asked for has come: ask again
    QUOTED = "quoted"  # a quote or an instrument that was asked for has come: ask again


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
