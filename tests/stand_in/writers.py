"""Strategies that send to the real program: each says only what fits its holdings, and repeats it until it is heard."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from base_func import is_t0, symbol_of
from desk.clock import SystemClock
from tests.stand_in.programs import Postman, id_of, sender

PRICES = {
    "000001.XSHE": Decimal("10.00"),
    "600000.XSHG": Decimal("8.50"),
    "000651.XSHE": Decimal("40.00"),
    "300750.XSHE": Decimal("200.00"),
    "688981.XSHG": Decimal("88.00"),
    "510300.XSHG": Decimal("4.000"),
    "113050.XSHG": Decimal("120.000"),  # T+0: may be sold on the day it was bought
    "127045.XSHE": Decimal("110.000"),
}
BELOW, ABOVE = Decimal("0.98"), Decimal("1.02")  # a limit that rests, one that trades at once


@dataclass
class Writer:
    """A strategy that says only what fits what it holds; its bodies are made when they are asked for."""

    number: int
    chance: random.Random
    seq: int = 0
    held: dict[str, int] = field(default_factory=dict)
    live: dict[str, tuple[str, int, Decimal]] = field(default_factory=dict)  # order id -> security, shares, limit
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sender = sender(self.number)

    def next(self) -> bytes:
        choice = self.chance.random()
        if self.live and choice < 0.3:
            return self.end(self.chance.choice(list(self.live)))
        if choice < 0.4:
            security = self.chance.choice(list(PRICES))
            order = (
                security,
                self.chance.choice([200, 500, 1000]),
                PRICES[security] * self.chance.choice([BELOW, ABOVE]),
            )
            self.live[f"{self.number}-{self.seq + 1}"] = order
            return self.say(security, 1, order[1], 0, "o", limit=order[2])
        sellable = [s for s, shares in self.held.items() if shares and is_t0(symbol_of(s))]
        if sellable and choice < 0.65:
            security = self.chance.choice(sellable)
            shares = self.chance.choice([self.held[security], 100])
            shares = min(shares, self.held[security])
            self.held[security] -= shares
            return self.say(security, 0, shares, shares, "h")
        security = self.chance.choice(list(PRICES))
        shares = self.chance.choice([100, 200, 300, 700, 1000, 2000])
        self.held[security] = self.held.get(security, 0) + shares
        return self.say(security, 1, shares, shares, "h")

    def end(self, order_id: str) -> bytes:
        """The final of a live order: filled whole, in part, or not at all."""
        security, shares, limit = self.live.pop(order_id)
        filled = self.chance.choice([0, 0, 0, 0, shares] if limit < PRICES[security] else [100, shares, shares])
        self.held[security] = self.held.get(security, 0) + filled
        return self.say(security, 1, shares, filled, "h" if filled == shares else "c", limit=limit, order_id=order_id)

    def say(
        self, security: str, buy: int, shares: int, filled: int, state: str, *,
        limit: Decimal | None = None, order_id: str = "",
    ) -> bytes:  # fmt: skip
        self.seq += 1
        now = SystemClock().now()
        price = float(PRICES[security]) if filled else 0
        content: dict[str, Any] = {
            "y": "o", "q": self.seq, "r": "s", "d": int(now.timestamp()), "o": order_id or f"{self.number}-{self.seq}",
            "x": security, "b": buy, "a": shares, "f": filled, "p": price, "u": state,
        }  # fmt: skip
        if limit is not None:
            content |= {"k": "l", "l": float(round(limit, 2))}
        body = self.sender.body(content, at=now)
        self.sent.append(id_of(body))
        return body


class Pen:
    """A strategy at work: one thread that posts one body after the other until it is told to stop.

    `pause_s`: the longest pause between two bodies.
    """

    def __init__(self, writer: Writer, port: int, news: threading.Semaphore, *, pause_s: float) -> None:
        self.writer, self.news, self.pause_s = writer, news, pause_s
        # A program that is killed again and again before it has come up answers nobody for a while.
        self.postman = Postman(port, writer.sender, random.Random(writer.number), patience_s=600)
        self.enough = threading.Event()
        self.trouble: BaseException | None = None
        self.thread = threading.Thread(target=self._write, daemon=True)
        self.thread.start()

    def _write(self) -> None:
        try:
            while not self.enough.is_set():
                self.postman.deliver(self.writer.next())
                self.news.release()
                self.enough.wait(self.writer.chance.uniform(0, self.pause_s))
            for order_id in list(self.writer.live):
                self.postman.deliver(self.writer.end(order_id))
        except BaseException as error:  # noqa: BLE001, it is raised by finish
            self.trouble = error
        finally:
            self.postman.close()

    def finish(self) -> None:
        self.enough.set()
        self.thread.join(120)
        assert not self.thread.is_alive()
        if self.trouble is not None:
            raise self.trouble
