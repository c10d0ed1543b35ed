"""Money and shares of one account at the exchange: what is free, what is frozen, what a fill costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from base_func import FeeRule, commission_due, is_t0, trade_taxes
from desk.broker.paper.orders import PaperOrder, value_of
from desk.core.market import BrokerPosition
from desk.texts import paper as words

_COST_STEP = Decimal("0.0001")


@dataclass(kw_only=True, slots=True)
class Position:
    symbol: str
    shares: int
    bought_today: int
    cost: Decimal  # yuan for all shares, buy fees included
    _told: tuple[Decimal, Decimal | None, BrokerPosition, Decimal] | None = field(
        default=None, init=False, compare=False, repr=False
    )

    @property
    def cost_price(self) -> Decimal:
        if not self.shares:
            return Decimal(0)
        return (self.cost / self.shares).quantize(_COST_STEP, ROUND_HALF_UP)

    @property
    def unlocked(self) -> int:
        """Shares that T+1 does not hold back; open sells are not taken off."""
        return self.shares if not self.bought_today or is_t0(self.symbol) else self.shares - self.bought_today

    def told(self, frozen: int, price: Decimal | None) -> tuple[BrokerPosition, Decimal]:
        """Tell the position as the broker's record, and its value in yuan; the same objects while nothing changes.

        `frozen`: shares that open sells hold; without a price it is worth what it cost.
        """
        sellable = self.unlocked - frozen
        if self._told is not None:
            cost, shown_at, record, value = self._told
            if (cost, shown_at) == (self.cost, price) and (record.shares, record.sellable) == (self.shares, sellable):
                return record, value
        shown = self.cost_price if price is None else price
        record = BrokerPosition(
            symbol=self.symbol,
            name=words.instrument_name(self.symbol),
            shares=self.shares,
            sellable=sellable,
            cost_price=self.cost_price,
            price=shown,
        )
        value = value_of(shown, self.shares)
        self._told = (self.cost, price, record, value)
        return record, value


def fees_of(rule: FeeRule, symbol: str, is_buy: bool, turnover: Decimal) -> Decimal:
    """Tell all fees of an order that has traded `turnover` yuan.

    Taxes are taken of the order's turnover, not fill by fill, so the fees of an order do not depend on how it was cut.
    """
    return commission_due(rule, Decimal(0), turnover) + trade_taxes(symbol, is_buy, turnover)


def frozen_shares(open_orders: Iterable[PaperOrder]) -> Counter[str]:
    """Tell what open sells hold, by symbol."""
    frozen = Counter[str]()
    for order in open_orders:
        if not order.is_buy:
            frozen[order.symbol] += order.remaining
    return frozen


class Account:
    """Cash and positions; `cash` includes what open buys freeze."""

    def __init__(self, cash: Decimal, fees: FeeRule, positions: Iterable[Position] = ()) -> None:
        self.cash = cash
        self.fees = fees
        self.positions = {position.symbol: position for position in positions}
        self.frozen = Decimal(0)

    @property
    def free(self) -> Decimal:
        return self.cash - self.frozen

    def freeze(self, order: PaperOrder) -> None:
        """Bring what the order holds back up to date; called after every change of an order."""
        held = self.frozen_by(order)
        self.frozen += held - order.frozen
        order.frozen = held

    def frozen_by(self, order: PaperOrder) -> Decimal:
        """Tell the yuan that an open buy holds: its remainder at the limit and the fees still to come."""
        if not order.is_buy or not order.remaining:
            return Decimal(0)
        value = value_of(order.price, order.remaining)
        return value + fees_of(self.fees, order.symbol, True, order.turnover + value) - order.fees

    def needed_for(self, symbol: str, price: Decimal, shares: int) -> Decimal:
        """Tell the yuan that a new buy would freeze."""
        value = value_of(price, shares)
        return value + fees_of(self.fees, symbol, True, value)

    def sellable(self, symbol: str, open_orders: Iterable[PaperOrder]) -> int:
        position = self.positions.get(symbol)
        return 0 if position is None else position.unlocked - frozen_shares(open_orders)[symbol]

    def book_fill(self, order: PaperOrder, shares: int, price: Decimal) -> Decimal:
        """Book a fill into the order, the cash and the position; tell the fee it is charged."""
        value = value_of(price, shares)
        total = fees_of(self.fees, order.symbol, order.is_buy, order.turnover + value)
        fee = total - order.fees
        order.filled += shares
        order.turnover += value
        order.fees = total
        if order.is_buy:
            self.cash -= value + fee
            self.add_shares(order.symbol, shares, value + fee, bought_today=True)
        else:
            self.cash += value - fee
            self.take_shares(order.symbol, shares)
        return fee

    def add_shares(self, symbol: str, shares: int, cost: Decimal, *, bought_today: bool) -> None:
        position = self.positions.get(symbol)
        if position is None:
            position = self.positions[symbol] = Position(symbol=symbol, shares=0, bought_today=0, cost=Decimal(0))
        position.shares += shares
        position.cost += cost
        if bought_today:
            position.bought_today += shares

    def take_shares(self, symbol: str, shares: int) -> None:
        """Take shares out at their average cost; raise ValueError when the account has not got them."""
        position = self.positions.get(symbol)
        if position is None or position.shares < shares:
            raise ValueError(f"{symbol}: the account does not hold {shares} shares")
        rest = position.shares - shares
        position.cost = position.cost * rest / position.shares
        position.shares = rest
        position.bought_today = min(position.bought_today, rest)
        if not rest:
            del self.positions[symbol]

    def pay_rights(self, symbol: str, factor: Decimal, cash_per_share: Decimal) -> None:
        """Apply an ex-day (除权除息): shares x `factor` rounded down, the dividend into the cash and off the cost."""
        position = self.positions.get(symbol)
        if position is None:
            return
        dividend = value_of(cash_per_share, position.shares)
        self.cash += dividend
        position.cost -= dividend
        position.shares = int(position.shares * factor)
        if not position.shares:
            del self.positions[symbol]

    def new_day(self) -> None:
        for position in self.positions.values():
            position.bought_today = 0
