"""The adapter over the genuine library over a simulated terminal, on a clock that moves when it is told to."""

from __future__ import annotations

import importlib.util
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from base_func import BEIJING, FeeRule
from desk.broker.paper import PaperExchange, SyntheticFeed
from desk.broker.xt import Timing, XtBroker
from desk.broker.xt_sim import Terminal, TerminalFaults, install, uninstall
from desk.core.config import AccountConfig
from desk.core.market import CancelAnswer, PlaceAnswer, PlaceRequest, Report, ReportKind, Snapshot
from desk.core.values import Side

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("xtquant") is None,
    reason="xtquant is not installed here; its Python layer is what these tests run",
)

ID = "88001234"
BANK = "600000.SH"
_numbers = itertools.count(1)  # threads of a test before this one may still hang in its terminal
MORNING = datetime(2026, 11, 20, 10, 0, tzinfo=BEIJING)


class StageClock:
    """Stands still; waits end when the bell rings or `advance` has moved it far enough."""

    def __init__(self, start: datetime = MORNING) -> None:
        self._start = start
        self._passed = 0.0
        self.jumped = timedelta(0)

    def now(self) -> datetime:
        return self._start + self.jumped + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return 5000.0 + self._passed

    def advance(self, seconds: float) -> None:
        self._passed += seconds

    def wait(self, bell: threading.Event, seconds: float) -> bool:
        until = self._passed + seconds
        while not bell.is_set():
            if self._passed >= until:
                return False
            bell.wait(0.002)
        return True


@dataclass
class Stage:
    """One account; `reports` holds what the sink was given, `alarms` what a person would be told."""

    tmp: Path
    faults: TerminalFaults = field(default_factory=TerminalFaults)
    timing: Timing = field(default_factory=Timing)
    clock: StageClock = field(default_factory=StageClock)
    sessions: list[int] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    alarms: list[tuple[str, str]] = field(default_factory=list)
    fees: FeeRule | None = None
    placed: int = 0
    name: str = ""

    def __post_init__(self) -> None:
        self.name = f"实盘{next(_numbers)}"
        self.exchange = PaperExchange(
            store=None,
            clock_now=self.clock.now(),
            config=AccountConfig(name="实盘", initial_cash=Decimal(1000000)),
            feed=SyntheticFeed(7),
            is_trading_day=lambda day: day.weekday() < 5,
        )
        self.terminal = Terminal(str(self.tmp), {ID: self.exchange}, self.clock, self.faults)
        self.pin(BANK, "10.00")
        install([self.terminal])
        self.broker = self.new_broker()

    def new_broker(self) -> XtBroker:
        return XtBroker(
            self.name,
            path=str(self.tmp),
            account_id=ID,
            clock=self.clock,
            fresh_session=self.fresh_session,
            fees=self.fees,
            alarm=lambda title, text: self.alarms.append((title, text)),
            timing=self.timing,
        )

    def fresh_session(self) -> int:
        self.sessions.append(100 + len(self.sessions))
        return self.sessions[-1]

    def pin(self, symbol: str, price: str, **scene: object) -> None:
        self.exchange.scene(symbol, price=Decimal(price), **scene)  # type: ignore[arg-type]

    # --- time and patience -------------------------------------------------------------------------------------------

    def until(self, true: Callable[[], object], *, flow: float = 0.0) -> None:
        """Wait for the threads; let `flow` seconds of the stage's time go by with every look."""
        for _ in range(5000):
            if true():
                return
            self.clock.advance(flow)
            threading.Event().wait(0.002)
        raise AssertionError(f"it never came; reports: {self.reports[-5:]}, trouble: {self.broker.trouble!r}")

    def settle(self, seconds: float = 0.0, step: float = 0.25) -> None:
        """Let time go by in steps that every thread sees."""
        passed = 0.0
        while passed < seconds:
            self.clock.advance(step)
            passed += step
            threading.Event().wait(0.006)
        threading.Event().wait(0.02)

    # --- acts --------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        self.broker.open(self.reports.append)
        self.until(lambda: self.broker.connected)
        self.until(lambda: self.of(ReportKind.CONNECTED))

    def close(self) -> None:
        done = threading.Event()

        def end() -> None:
            self.broker.close()
            done.set()

        threading.Thread(target=end, daemon=True).start()
        self.until(done.is_set, flow=0.1)

    def request(self, remark: str = "", *, side: str = "buy", shares: int = 100, price: str = "10.00") -> PlaceRequest:
        self.placed += 1
        return PlaceRequest(
            client_order_id=remark or f"gabcdefghijklmno-{self.placed}",
            symbol=BANK,
            side=Side(side),
            shares=shares,
            price=Decimal(price),
            strategy="试",
        )

    def buy(self, remark: str = "", *, shares: int = 100, price: str = "9.00") -> str:
        """Send a buy (at 9.00 it rests, at 10.10 it fills) and tell its remark."""
        request = self.request(remark, shares=shares, price=price)
        assert self.broker.place(request) is None
        return request.client_order_id

    def snapshot(self) -> Snapshot:
        """A picture begun from now on."""
        self.broker._poller.placing()
        found: list[Snapshot] = []

        def look() -> bool:
            picture = self.broker.snapshot()
            if picture is not None:
                found.append(picture)
            return bool(found)

        self.until(look, flow=0.05)
        return found[0]

    # --- what was told -----------------------------------------------------------------------------------------------

    def of(self, kind: ReportKind) -> list[Report]:
        return [report for report in list(self.reports) if report.kind is kind]

    def answers(self, remark: str) -> list[PlaceAnswer]:
        found = [r for r in self.of(ReportKind.PLACED) if r.client_order_id == remark]
        return [report.placed for report in found if report.placed is not None]

    def cancels(self, remark: str) -> list[CancelAnswer]:
        found = [r for r in self.of(ReportKind.CANCEL) if r.client_order_id == remark]
        return [report.cancelled for report in found if report.cancelled is not None]

    def statuses(self, remark: str) -> list[str]:
        found = [r.order for r in self.of(ReportKind.ORDER) if r.order is not None]
        return [order.status.value for order in found if order.client_order_id == remark]

    def number(self, remark: str) -> str:
        """The broker's number of an order, once it is known."""
        self.until(lambda: any(answer.broker_order_id for answer in self.answers(remark)))
        return next(answer.broker_order_id for answer in self.answers(remark) if answer.broker_order_id)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A stage with its terminal running and the channel not opened yet."""
    made = Stage(tmp_path)
    yield made
    made.terminal.hang(False)
    made.terminal.unstick()
    made.close()
    uninstall()
