"""The exchange's own record of an order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from base_func import round_to_tick
from desk.core.market import BrokerOrder
from desk.core.matching import Level
from desk.core.values import BrokerStatus, Side

_AVERAGE_STEP = Decimal("0.0001")  # yuan: average prices are told to four decimals


@dataclass(kw_only=True, slots=True)
class PaperOrder:
    """An order at the exchange; `number` is its place in time."""

    number: int
    client_order_id: str  # '' for orders made by hand
    symbol: str
    side: Side
    shares: int
    price: Decimal
    day: date
    at: datetime
    status: BrokerStatus
    text: str = ""
    filled: int = 0
    turnover: Decimal = Decimal(0)  # yuan, sum of fills, each rounded to the fen
    fees: Decimal = Decimal(0)  # yuan, charged so far
    frozen: Decimal = Decimal(0)  # yuan held by an open buy
    arrival: tuple[Level, ...] | None = None  # the opposite side it met; None once that is matched
    taker: bool = False  # has been marketable without a break since it came
    _told: BrokerOrder | None = field(default=None, repr=False)

    @property
    def broker_order_id(self) -> str:
        return str(self.number)

    @property
    def is_buy(self) -> bool:
        return self.side is Side.BUY

    @property
    def remaining(self) -> int:
        return 0 if self.status.final else self.shares - self.filled

    def touch(self) -> None:
        """Forget the record that was handed out, because something has changed."""
        self._told = None

    def told(self) -> BrokerOrder:
        """Tell the order as the broker's record; the same object until it changes."""
        if self._told is None:
            average = self.turnover / self.filled if self.filled else Decimal(0)
            self._told = BrokerOrder(
                client_order_id=self.client_order_id,
                broker_order_id=self.broker_order_id,
                symbol=self.symbol,
                side=self.side,
                shares=self.shares,
                price=self.price,
                filled=self.filled,
                avg_price=average.quantize(_AVERAGE_STEP, ROUND_HALF_UP),
                status=self.status,
                text=self.text,
                at=self.at,
            )
        return self._told


def value_of(price: Decimal, shares: int) -> Decimal:
    """Tell price x shares in yuan, rounded half up to the fen."""
    return round_to_tick(price * shares, Decimal("0.01"))
