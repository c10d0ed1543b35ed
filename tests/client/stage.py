"""The client package before the real receiver and the real position server, with a clock to turn and a line to cut."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from desk.core.config import StrategyConfig
from gendan_client import Backoff, Order, Position, Reading, Sender
from gendan_client.transport import Answer, Request, Transport
from tests.positions.room import Room
from tests.stand_in.clock import StandInClock
from tests.stand_in.post import OTHER_SECRET, SECRET

BANK = Position(code="000001.SZ", shares=1000, cost=Decimal("12.5"), name="平安银行")
WINE = Position(code="600519.SH", shares=100, cost=Decimal("1450.0125"))
READING = Reading.whole([BANK, WINE])

Fault = Callable[[Request, Transport], Answer]


class Outside:
    """Time and chance of a test: waiting turns the clock, chance is what the test says."""

    def __init__(self, clock: StandInClock) -> None:
        self.clock = clock
        self.luck = 1.0
        self.waited: list[float] = []
        self.after_wait: Callable[[], None] = lambda: None
        self._made = itertools.count()

    def now_ms(self) -> int:
        return int(self.clock.now().timestamp() * 1000)

    def monotonic(self) -> float:
        return self.clock.monotonic()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        self.waited.append(seconds)
        self.after_wait()
        return self.clock.wait(stop, seconds)

    def fresh_bytes(self, size: int) -> bytes:
        return hashlib.sha256(b"%d" % next(self._made)).digest()[:size]

    def chance(self) -> float:
        return self.luck


class Line:
    """The way to the two ports, `http://door` and `http://local`; `faults` are used up first, one for each request."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.faults: list[Fault] = []
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Answer:
        self.requests.append(request)
        if self.faults:
            return self.faults.pop(0)(request, self.honest)
        return self.honest(request)

    def honest(self, request: Request) -> Answer:
        parts = urlsplit(request.url)
        port: FlaskClient = self._room.door if parts.netloc == "door" else self._room.local
        path = parts.path + ("?" + parts.query if parts.query else "")
        answer = port.application.test_client().open(
            path, method=request.method, headers=dict(request.headers), data=request.body or None
        )
        return Answer(answer.status_code, answer.data, float(answer.headers.get("Retry-After", 0)))


def raising(error: Exception) -> Fault:
    """Nothing arrives there."""

    def fault(request: Request, honest: Transport) -> Answer:
        raise error

    return fault


def losing(error: Exception) -> Fault:
    """It arrives, the answer is lost."""

    def fault(request: Request, honest: Transport) -> Answer:
        honest(request)
        raise error

    return fault


def answering(status: int, body: bytes = b"", retry_after_s: float = 0) -> Fault:
    """Somebody on the way answers; it never arrives."""
    return lambda request, honest: Answer(status, body, retry_after_s)


class Stage:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.room = Room(folder)
        self.room.switch(
            strategies=(
                StrategyConfig(name="小市值", kid="xsz", secret=SECRET, accounts=()),
                StrategyConfig(name="白马", kid="bm", secret=OTHER_SECRET, accounts=()),
            ),
            failed_per_minute=50,
        )
        self.clock = self.room.turned
        self.outside = Outside(self.clock)
        self.line = Line(self.room)
        self._senders: list[Sender] = []

    def close(self) -> None:
        for sender in self._senders:
            sender.close()
        self.room.journal.close()

    def sender(self, name: str = "spool", kid: str = "xsz", secret: str = SECRET) -> Sender:
        made = Sender(
            "http://door", kid, secret, self.folder / name, transport=self.line, outside=self.outside,
            backoff=Backoff(first_s=1, cap_s=60),
        )  # fmt: skip
        self._senders.append(made)
        return made

    def order(self, order_id: str = "1", **changes: Any) -> Order:
        fields = {
            "order_id": order_id, "code": "sz000001", "side": "buy", "amount": 1000, "filled": 1000, "status": "held",
            "avg_price": Decimal("10.51"), "at": self.clock.now(), **changes,
        }  # fmt: skip
        return Order(**fields)

    @property
    def events(self) -> list[Any]:
        """What the receiver's journal holds."""
        return list(self.room.journal.undecided_events())

    @property
    def order_ids(self) -> list[str]:
        return [event.body.content.jq_order_id for event in self.events]

    def target(self, strategy: str = "小市值") -> list[tuple[str, int, Decimal]]:
        found = self.room.book.target(strategy)
        assert found is not None
        return [(position.symbol, position.shares, position.cost) for position in found.positions]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.json"))
