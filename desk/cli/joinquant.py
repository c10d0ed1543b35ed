"""A little JoinQuant for the demo and for test signals: its names, its orders, its context, and the pasted file in it.

A market order fills inside the call at the platform's price, a limit order rests, a stock at limit-up cannot be bought.
"""

from __future__ import annotations

import base64
import enum
import itertools
import json
import types
from collections.abc import Callable
from typing import Any

from desk.clock import Clock, fresh_bytes, pause
from desk.snippet import render


class OrderStatus(enum.Enum):
    """JoinQuant's own; its text is the bare name."""

    new = 8
    open = 0
    filled = 1
    canceled = 2
    rejected = 3
    held = 4

    def __str__(self) -> str:
        return self.name


class MarketOrderStyle:
    def __init__(self, limit_price: float | None = None) -> None:
        self.limit_price = limit_price


class LimitOrderStyle:
    def __init__(self, limit_price: float) -> None:
        self.limit_price = limit_price


class Bag(types.SimpleNamespace):
    """An object with the attributes it is given: context, portfolio, an order, a position, g."""


class Log:
    """Collects what the pasted file would write into the strategy's log."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, text: str) -> None:
        self.lines.append(text)

    warn = error = info


class Platform:
    """One simulated strategy's side of JoinQuant."""

    def __init__(self, clock: Clock, cash: float = 1_000_000.0) -> None:
        self._clock = clock
        self.log, self.g, self.messages = Log(), Bag(), list[str]()
        self.context = Bag(
            current_dt=None,
            run_params=Bag(type="sim_trade"),
            portfolio=Bag(positions={}, total_value=cash, available_cash=cash),
        )
        self.prices: dict[str, float] = {}
        self.limit_up: set[str] = set()
        self.book: dict[int, Bag] = {}
        self._ids = itertools.count(1_732_208_241)
        self.set_time()

    def set_time(self) -> None:
        """The strategy's time is Beijing's, without a zone."""
        self.context.current_dt = self._clock.now().replace(tzinfo=None)

    @property
    def positions(self) -> dict[str, Bag]:
        found: dict[str, Bag] = self.context.portfolio.positions
        return found

    def held(self, security: str) -> int:
        position = self.positions.get(security)
        return int(position.total_amount) if position else 0

    def hold(self, security: str, shares: int) -> None:
        """Let the strategy hold so many shares: a fill's result, or a bonus issue."""
        positions = self.positions
        positions.pop(security, None)
        if shares:
            price = self.prices[security]
            positions[security] = Bag(
                total_amount=shares, locked_amount=0, closeable_amount=shares, avg_cost=price, price=price
            )

    def fill(self, order: Bag) -> None:
        order.filled, order.price, order.status = order.amount, self.prices[order.security], OrderStatus.held
        self.hold(order.security, self.held(order.security) + (order.amount if order.is_buy else -order.amount))

    # --- JoinQuant's functions ----------------------------------------------------------------------------------------

    def order(self, security: str, amount: int, style: Any = None, *_: Any, **__: Any) -> Bag | None:
        if amount == 0:
            return None
        order = Bag(
            order_id=next(self._ids), security=security, is_buy=amount > 0, amount=abs(amount), filled=0, price=0.0,
            status=OrderStatus.open, side="long", add_time=self.context.current_dt, commission=5.0, avg_cost=0.0,
        )  # fmt: skip
        self.book[order.order_id] = order
        if not isinstance(style, LimitOrderStyle):
            if order.is_buy and security in self.limit_up:
                order.status = OrderStatus.canceled
            else:
                self.fill(order)
        return order

    def order_target(self, security: str, amount: int, style: Any = None, *_: Any, **__: Any) -> Bag | None:
        for order in self.get_open_orders().values():
            if order.security == security:
                order.status = OrderStatus.canceled
        return self.order(security, amount - self.held(security), style)

    def cancel_order(self, order: Bag) -> Bag | None:
        if order.status is not OrderStatus.open:
            return None
        order.status = OrderStatus.canceled
        return order

    def get_orders(self, *_: Any, **__: Any) -> dict[int, Bag]:
        return dict(self.book)

    def get_open_orders(self) -> dict[int, Bag]:
        return {key: order for key, order in self.book.items() if order.status is OrderStatus.open}

    def names(self) -> dict[str, Any]:
        """What JoinQuant puts into a strategy's globals."""
        functions = ("order", "order_target", "cancel_order", "get_orders", "get_open_orders")
        return {
            **{name: _plain(getattr(self, name)) for name in functions},
            "g": self.g,
            "log": self.log,
            "send_message": self.messages.append,
            "OrderStatus": OrderStatus,
            "MarketOrderStyle": MarketOrderStyle,
            "LimitOrderStyle": LimitOrderStyle,
        }


def _plain(method: Callable[..., Any]) -> Callable[..., Any]:
    """A function, as JoinQuant's are, not a bound method."""

    def function(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    return function


class Pasted:
    """The real header, address and secret filled in, run as JoinQuant would run it."""

    _numbers = itertools.count(1)

    def __init__(self, platform: Platform, clock: Clock, *, address: str, kid: str, secret: str, name: str) -> None:
        """Raises ValueError for an address, kid or secret that could not work."""
        self.platform = platform
        self.bodies: list[str] = []  # every body posted, retries included
        self._names = types.ModuleType(f"user_code_{next(self._numbers)}").__dict__
        self._names.update(platform.names())
        source = render(address, kid, secret, name)
        exec(compile(source, "gendan_header.py", "exec"), self._names)
        self._gendan = self._names["gendan_heartbeat"].gendan
        self._gendan.now = lambda: clock.now().timestamp()
        self._gendan.monotonic, self._gendan.sleep, self._gendan.random = clock.monotonic, pause, fresh_bytes
        if self._gendan.line is not None:
            self._post = self._gendan.line.post
            self._gendan.line.post = self._keep_and_post

    def _keep_and_post(self, body: str, deadline: float) -> Any:
        self.bodies.append(body)
        return self._post(body, deadline)

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call one of the strategy's names as the strategy would: below a function that was given the context."""
        self.platform.set_time()
        context = self.platform.context
        if name.startswith("gendan_") and name != "gendan_test":
            args = (context, *args)
        return self._names[name](*args, **kwargs)

    @property
    def undelivered(self) -> int:
        return len(self.platform.g.gendan["spool"])

    def close(self) -> None:
        if self._gendan.line is not None:
            self._gendan.line.close()

    def last_id(self) -> str:
        """The id of the event in the last body posted, '' if none was."""
        return base64.b64decode(json.loads(self.bodies[-1])["i"]).hex() if self.bodies else ""
