"""A JoinQuant strategy that behaves like one: it holds what it bought, its orders live and end as JoinQuant's do."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from base_func import symbol_of
from desk.core.values import JqStatus, Side, SnapshotOrder, WireEvent
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
    at: datetime  # its add_time
    fillable: bool = True  # False: its limit is out of the market's reach, so that a calm JoinQuant never fills it

    @property
    def left(self) -> int:
        return self.amount - self.filled

    @property
    def final(self) -> str:
        return "canceled" if self.left else "held"


@dataclass(slots=True)
class JoinQuant:
    """Acts by chance; what it says is always consistent with what it holds.

    `calm`: it fills only what the market of the same prices would fill, and the final of an order that was cancelled
    without a status comes before anything else is said of that security.
    """

    world: World
    chance: random.Random
    kid: str
    calm: bool = False
    held: dict[str, int] = field(default_factory=dict)
    live: list[Live] = field(default_factory=list)
    dying: list[Live] = field(default_factory=list)  # cancelled without a status; their finals are still to come
    numbered: int = 0
    wanted: dict[str, int] = field(default_factory=dict)  # shares of its buy orders, filled or not
    sold: dict[str, int] = field(default_factory=dict)
    line: Callable[[tuple[WireEvent, ...]], None] | None = None  # what carries its bodies; none: nothing is lost

    def act(self) -> None:
        choice = self.chance.random()
        if self.dying and choice < 0.3:
            self._say_finals(self.chance.choice(self.dying).security)
        elif self.live and choice < 0.3:
            self._settle(self.chance.choice(self.live))
        elif self.live and choice < 0.4:
            self._cancel(self.chance.choice(self.live))
        elif self.live and choice < 0.5:
            self._target(self.chance.choice(self.live).security)
        elif choice < 0.6:
            self._rest()
        elif choice < 0.85 or not any(self.held.values()):
            self._buy()
        else:
            self._sell()

    def end_day(self) -> None:
        """JoinQuant cancels what is left at its close, and the snippet sends the finals."""
        for order in [*self.dying, *self.live]:
            self._fill_for_certain(order)
            self._say(self._event(order, order.final))
        self.dying, self.live = [], []

    def show(self) -> WireEvent:
        """Its snapshot: what it holds, and its live orders."""
        return self.world.snapshot_event(
            self.held,
            kid=self.kid,
            price=PRICES,
            live=[
                SnapshotOrder(
                    jq_order_id=order.jq_id,
                    security=order.security,
                    side=Side(order.side),
                    amount=order.amount,
                    filled=order.filled,
                    status=JqStatus.FILLED if order.filled else JqStatus.OPEN,
                    limit=order.limit,
                )
                for order in self.live
            ],
        )

    # --- what it does ------------------------------------------------------------------------------------------------

    def _buy(self) -> None:
        security = self._pick(list(PRICES), against="sell")
        if not security:
            return
        shares = self.chance.choice([100, 200, 300, 500, 700, 1000, 2000])
        if self.chance.random() < 0.1:
            self._say(self._market(security, "buy", shares, 0))
            return
        self._say(self._market(security, "buy", shares, shares))

    def _sell(self) -> None:
        security = self._pick([s for s, n in self.held.items() if n], against="buy")
        free = self._free(security)
        if not security or free <= 0:
            return
        shares = free if self.chance.random() < 0.5 else min(free, self.chance.choice([100, 200, 300]))
        self._say(self._market(security, "sell", shares, shares))

    def _rest(self) -> None:
        security = self._pick(list(PRICES), against="both")
        if not security:
            return
        free = self._free(security)
        side = "sell" if free > 0 and self.chance.random() < 0.5 else "buy"
        shares = free if side == "sell" else self.chance.choice([200, 500, 1000])
        far, near = ("0.995", "1.005") if side == "buy" else ("1.005", "0.995")
        away = self.chance.choice([far, near] if self.calm else [far, "1", near])
        limit = (PRICES[security] * Decimal(away)).quantize(Decimal("0.01"))
        order = Live(self._id(), security, side, shares, 0, limit, self.world.jq_now(), away == near)
        if side == "buy":
            self.wanted[security] = self.wanted.get(security, 0) + shares
        self.live.append(order)
        self._say(self._event(order, "open"))

    def _settle(self, order: Live) -> None:
        """Fill a part, or end the order held or canceled."""
        done = self.chance.choice(["part", "held", "canceled", "canceled"])
        if self.calm and not order.fillable:
            done = "canceled"
        if done == "part" and order.left > 100:
            self._fill(order, 100)
            self._say(self._event(order, "filled"))
            return
        if done == "held":
            self._fill(order, order.left)
        self._fill_for_certain(order)
        self.live.remove(order)
        self._say(self._event(order, order.final))

    def _cancel(self, order: Live) -> None:
        """cancel_order: what the snippet hears carries the order's state, or nothing but its number."""
        self._fill_for_certain(order)
        if not order.left:
            self._settle(order)
            return
        self.live.remove(order)
        if order.at.date() != self.world.jq_now().date():
            self._say(self._event(order, order.final))  # JoinQuant itself ends an order with its day
            return
        if self.chance.random() < 0.5 and not (self.calm and order.filled):
            self.dying.append(order)
            event = self.world.cancel_event(order.jq_id, order.security, kid=self.kid)
        else:
            event = self.world.cancel_event(
                order.jq_id,
                order.security,
                kid=self.kid,
                amount=order.amount,
                filled=order.filled,
                status="canceled",
            )
        self._say(event)

    def _target(self, security: str) -> None:
        """order_target: the live orders of the security are cancelled and another one made, all in one body."""
        self._clear(security)
        gone = [order for order in self.live if order.security == security]
        for order in gone:
            self._fill_for_certain(order)
        self.live = [order for order in self.live if order.security != security]
        events = [self._event(order, order.final) for order in gone]
        difference = self.chance.choice([0, 0, 300, 1000, 1500]) - self.held.get(security, 0)
        if difference:
            events.append(self._market(security, "buy" if difference > 0 else "sell", abs(difference), abs(difference)))
        self._say(*events)

    # --- how it is said ----------------------------------------------------------------------------------------------

    def _id(self) -> str:
        self.numbered += 1
        return f"{self.kid}{self.numbered}"

    def _pick(self, securities: list[str], against: str) -> str:
        """A security to act on; '' when a calm one would act against its own live order (our books net the two)."""
        security = self.chance.choice(securities)
        self._clear(security)
        if self.calm and any(o.security == security and against in (o.side, "both") for o in self.live):
            return ""
        return security

    def _clear(self, security: str) -> None:
        if self.calm:
            self._say_finals(security)

    def _say_finals(self, security: str) -> None:
        for order in [order for order in self.dying if order.security == security]:
            self.dying.remove(order)
            self._say(self._event(order, order.final))

    def _free(self, security: str) -> int:
        locked = sum(o.left for o in self.live if o.security == security and o.side == "sell")
        return self.held.get(security, 0) - locked

    def _fill(self, order: Live, shares: int) -> None:
        order.filled += shares
        self._hold(order.security, order.side, shares)

    def _fill_for_certain(self, order: Live) -> None:
        """A calm JoinQuant sells what the market takes: cancelled after we have sold, it would be a shortfall."""
        if self.calm and order.fillable and order.side == "sell" and order in self.live:
            self._fill(order, order.left)

    def _hold(self, security: str, side: str, shares: int) -> None:
        self.held[security] = self.held.get(security, 0) + (shares if side == "buy" else -shares)
        if side == "sell":
            self.sold[security] = self.sold.get(security, 0) + shares

    def _market(self, security: str, side: str, shares: int, filled: int) -> WireEvent:
        self._hold(security, side, filled)
        if side == "buy":
            self.wanted[security] = self.wanted.get(security, 0) + filled
        order = Live(self._id(), security, side, shares, filled, Decimal(0), self.world.jq_now())
        return self._event(order, order.final)

    def _event(self, order: Live, status: str) -> WireEvent:
        return self.world.order_event(
            order.jq_id,
            order.security,
            order.side,
            order.amount,
            order.filled,
            status,
            PRICES[order.security],
            kid=self.kid,
            when=order.at,
            limit=order.limit or None,
            n=self.held.get(order.security, 0),
        )

    def _say(self, *events: WireEvent) -> None:
        if not events:
            return
        if self.line is not None:
            self.line(events)
        else:
            self.world.send(*events, kid=self.kid)
        if self.chance.random() < 0.7:
            self.world.settle()


def pin_prices(world: World) -> None:
    for exchange in world.exchanges.values():
        for security, price in PRICES.items():
            exchange.scene(symbol_of(security), price=price)
