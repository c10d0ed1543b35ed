"""A JoinQuant strategy that behaves like one: it holds what it bought, its orders live and end as JoinQuant's do."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal

from base_func import symbol_of
from tests.world import World

PRICES = {
    "000001.XSHE": Decimal("10.00"),
    "600000.XSHG": Decimal("8.50"),
    "300750.XSHE": Decimal("200.00"),
    "688981.XSHG": Decimal("88.00"),
    "510300.XSHG": Decimal("4.000"),
    "113050.XSHG": Decimal("120.000"),
}


@dataclass(slots=True)
class Live:
    jq_id: str
    security: str
    side: str
    amount: int
    filled: int
    limit: Decimal


@dataclass(slots=True)
class JoinQuant:
    """Acts by chance; what it says is always consistent with what it holds."""

    world: World
    chance: random.Random
    kid: str
    held: dict[str, int] = field(default_factory=dict)
    live: list[Live] = field(default_factory=list)
    numbered: int = 0

    def act(self) -> None:
        choice = self.chance.random()
        if self.live and choice < 0.3:
            self._settle(self.chance.choice(self.live))
        elif choice < 0.45:
            self._rest()
        elif choice < 0.8 or not any(self.held.values()):
            self._buy()
        else:
            self._sell()

    def _id(self) -> str:
        self.numbered += 1
        return f"{self.kid}{self.numbered}"

    def _buy(self) -> None:
        security = self.chance.choice(list(PRICES))
        shares = self.chance.choice([100, 200, 300, 500, 700, 1000, 2000])
        if self.chance.random() < 0.1:
            self._say(self._id(), security, "buy", shares, 0, "canceled")
            return
        self.held[security] = self.held.get(security, 0) + shares
        self._say(self._id(), security, "buy", shares, shares, "held")

    def _sell(self) -> None:
        security = self.chance.choice([s for s, n in self.held.items() if n])
        free = self.held[security] - sum(
            o.amount - o.filled for o in self.live if o.security == security and o.side == "sell"
        )
        if free <= 0:
            return
        shares = free if self.chance.random() < 0.5 else min(free, self.chance.choice([100, 200, 300]))
        self.held[security] -= shares
        self._say(self._id(), security, "sell", shares, shares, "held")

    def _rest(self) -> None:
        security = self.chance.choice(list(PRICES))
        side = "buy"
        free = self.held.get(security, 0) - sum(
            o.amount - o.filled for o in self.live if o.security == security and o.side == "sell"
        )
        if free > 0 and self.chance.random() < 0.5:
            side = "sell"
        shares = free if side == "sell" else self.chance.choice([200, 500, 1000])
        away = (
            self.chance.choice(["0.995", "1", "1.005"])
            if side == "buy"
            else self.chance.choice(["1.005", "1", "0.995"])
        )
        limit = (PRICES[security] * Decimal(away)).quantize(Decimal("0.01"))
        order = Live(self._id(), security, side, shares, 0, limit)
        self.live.append(order)
        self._say(order.jq_id, security, side, shares, 0, "open", limit)

    def _settle(self, order: Live) -> None:
        """Fill a part, or end the order held or canceled."""
        left = order.amount - order.filled
        done = self.chance.choice(["part", "held", "canceled", "canceled"])
        if done == "part" and left > 100:
            self._fill(order, 100)
            self._say(order.jq_id, order.security, order.side, order.amount, order.filled, "filled", order.limit)
            return
        if done == "held":
            self._fill(order, left)
        self.live.remove(order)
        status = "held" if order.filled == order.amount else "canceled"
        self._say(order.jq_id, order.security, order.side, order.amount, order.filled, status, order.limit)

    def _fill(self, order: Live, shares: int) -> None:
        order.filled += shares
        sign = 1 if order.side == "buy" else -1
        self.held[order.security] = self.held.get(order.security, 0) + sign * shares

    def end_day(self) -> None:
        """JoinQuant cancels what is left at its close, and the snippet sends the finals."""
        for order in list(self.live):
            self.live.remove(order)
            status = "held" if order.filled == order.amount else "canceled"
            self._say(order.jq_id, order.security, order.side, order.amount, order.filled, status, order.limit)

    def _say(
        self, jq_id: str, security: str, side: str, amount: int, filled: int, status: str, limit: Decimal | None = None
    ) -> None:
        price = PRICES[security] if filled else Decimal(0)
        self.world.order(
            jq_id,
            security,
            side,
            amount,
            filled,
            status,
            price,
            kid=self.kid,
            limit=limit,
            settle=self.chance.random() < 0.7,
        )


def pin_prices(world: World) -> None:
    for exchange in world.exchanges.values():
        for security, price in PRICES.items():
            exchange.scene(symbol_of(security), price=price)
