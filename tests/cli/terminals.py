"""Daemons whose accounts are at simulated terminals under the genuine xtquant, in the middle of a trading day.

Time runs ten times as fast as on the wall, so that a terminal's seconds are not a test's.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from base_func import BEIJING
from desk.broker.paper import PaperExchange, SyntheticFeed
from desk.broker.xt_sim import Terminal, TerminalFaults, install, uninstall
from desk.cli.daemon import Daemon
from desk.cli.home import TRADER, Home
from desk.clock import SystemClock, pause
from desk.core.config import AccountConfig
from desk.core.values import EventKind, JqStatus, OrderSignal, Side, WireEvent
from desk.core.wire import events_to_json
from desk.journal import NewBody, NewEvent
from tests.cli.homes import SECRET, write_home

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("xtquant") is None, reason="xtquant is not installed; its Python layer is what runs here"
)

MORNING = datetime(2026, 11, 20, 10, 0, tzinfo=BEIJING)
FAST = 10
PATIENCE_S = 60.0
ID = "88001234"


class FastClock(SystemClock):
    """Begins at a moment and runs fast."""

    def __init__(self, start: datetime = MORNING) -> None:
        self._start = start
        self._begun = super().monotonic()

    def monotonic(self) -> float:
        return (super().monotonic() - self._begun) * FAST

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def wait(self, bell: threading.Event, seconds: float) -> bool:
        return bell.wait(seconds / FAST)


def weekdays(day: date) -> bool:
    return day.weekday() < 5


class Room:
    """A machine with terminals and a home that trades on them."""

    def __init__(self, tmp: Path, *numbers: str, mode: str = "实盘", **changes: Any) -> None:
        self.tmp = tmp
        self.clock = FastClock()
        self.numbers = numbers or (ID,)
        self.exchanges = {number: self._exchange(number) for number in self.numbers}
        self.userdata = tmp / "qmt" / "userdata_mini"
        (self.userdata / "log").mkdir(parents=True)
        self.faults = TerminalFaults(notice_s=(1.0, 2.0))
        self.terminal = Terminal(str(self.userdata), self.exchanges, self.clock, self.faults, is_trading_day=weekdays)
        install([self.terminal])
        self.env = {"XDG_STATE_HOME": str(tmp / "state"), "LOCALAPPDATA": str(tmp / "state")}
        self.names = [f"账户{place}" for place, _ in enumerate(self.numbers, 1)]
        accounts = [self.account(name, number) for name, number in zip(self.names, self.numbers, strict=True)]
        followed = [{"账户": name, "跟单比例": 1} for name in self.names]
        one = {"名称": "小市值", "标识": "xsz", "密钥": SECRET, "账户": followed, "模式": mode}
        self.home = write_home(tmp / "home", **{"账户": accounts, "策略": [one], **changes})
        self._signals = 0

    def account(self, name: str, number: str) -> dict[str, Any]:
        return {"名称": name, "通道": "miniqmt", "qmt路径": str(self.userdata), "qmt账户": number}

    def _exchange(self, number: str) -> PaperExchange:
        exchange = PaperExchange(
            store=None,
            clock_now=self.clock.now(),
            config=AccountConfig(name=number, initial_cash=Decimal(1000000)),
            feed=SyntheticFeed(7),
            is_trading_day=weekdays,
        )
        exchange.scene("600000.SH", price=Decimal("12.34"))
        return exchange

    @contextmanager
    def daemon(self) -> Iterator[Daemon]:
        daemon = self.new_daemon()
        daemon.open()
        try:
            daemon.start()
            yield daemon
        finally:
            daemon.close()

    def new_daemon(self, home: Path | None = None) -> Daemon:
        return Daemon(
            Home(home or self.home), clock=self.clock, roles=frozenset({TRADER}), env=self.env, console_level=None
        )

    def signal(self, daemon: Daemon, side: Side, shares: int, security: str = "600000.XSHG") -> str:
        """What the receiver stores of a JoinQuant order that is filled there; the event's id."""
        self._signals += 1
        content = OrderSignal(
            jq_order_id=str(self._signals), security=security, side=side, amount=shares, filled=shares,
            avg_price=Decimal("12.34"), status=JqStatus.HELD,
        )  # fmt: skip
        now = self.clock.now()
        event = WireEvent(kind=EventKind.ORDER, seq=self._signals, backtest=False, strategy_time=now, content=content)
        body = f"{self._signals:032x}"
        stored = NewEvent(
            event_id=body, strategy="小市值", kind=EventKind.ORDER, seq=self._signals, payload=events_to_json(event)
        )
        daemon.journal.accept(
            NewBody(
                kid="xsz", strategy="小市值", body_id=body, digest=body.encode(), wire=2, sent_at=now,
                received_at=now, clock_ahead=False, events=(stored,),
            )
        )  # fmt: skip
        return body

    def held(self, number: str = ID, symbol: str = "600000.SH") -> int:
        picture = self.exchanges[number].picture(self.clock.now())
        return next((position.shares for position in picture.positions if position.symbol == symbol), 0)

    def sent(self, number: str = ID) -> int:
        """Orders that have reached the broker."""
        return len(self.exchanges[number].picture(self.clock.now()).orders)

    def close(self) -> None:
        uninstall()
        for exchange in self.exchanges.values():
            exchange.close()


def until(true: Any, what: Any = "it never came") -> None:
    clock = SystemClock()
    end = clock.monotonic() + PATIENCE_S
    while not true():
        assert clock.monotonic() < end, what() if callable(what) else what
        pause(0.01)
