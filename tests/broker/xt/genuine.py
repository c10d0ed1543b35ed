"""The genuine xtquant over a simulated terminal: a market pinned at 10.00, a clock that the test turns, what came."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from desk.broker.xt_sim import Terminal, TerminalFaults, install, uninstall
from tests.broker.stage import Stage, pinned
from tests.world import TurnedClock

PATH = "C:/国金QMT/userdata_mini"
ACCOUNT = "8881234567"
BUY, SELL, LIMIT, MARKET = 23, 24, 11, 5

needs_xtquant = pytest.mark.skipif(
    importlib.util.find_spec("xtquant") is None,
    reason="xtquant is not installed here (its wheel declares Windows; its Python layer runs anywhere)",
)


@dataclass
class Told:
    """A callback object that keeps what it is told, as (name without `on_`, struct)."""

    heard: list[tuple[str, Any]] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if not name.startswith("on_"):
            raise AttributeError(name)

        def hear(said: Any = None) -> None:
            self.threads.add(threading.current_thread().name)
            self.heard.append((name.removeprefix("on_"), said))

        return hear

    def of(self, name: str) -> list[Any]:
        return [said for told, said in self.heard if told == name]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.heard]

    @property
    def responses(self) -> list[int]:
        return [said.order_id for said in self.of("order_stock_async_response")]

    @property
    def statuses(self) -> list[int]:
        return [said.order_status for said in self.of("stock_order")]

    @property
    def cancels(self) -> list[int]:
        return [said.cancel_result for said in self.of("cancel_order_stock_async_response")]


class Link:
    """One genuine XtQuantTrader with its callbacks and its account."""

    def __init__(self, session: int, path: str = PATH) -> None:
        self.told = Told()
        self.trader = genuine_trader(path, session, self.told)
        self.account = sys.modules["xtquant.xttype"].StockAccount(ACCOUNT)  # type: ignore[attr-defined]
        self.trader.start()
        self._stopped = False

    def join(self) -> int:
        return self.trader.connect() or self.trader.subscribe(self.account)

    def order(
        self,
        remark: str,
        side: int = BUY,
        shares: object = 1000,
        price: object = 10.05,
        *,
        symbol: str = "600000.SH",
        kind: int = LIMIT,
    ) -> int:
        return self.trader.order_stock_async(self.account, symbol, side, shares, kind, price, "试", remark)

    def cancel(self, order_id: int) -> int:
        return self.trader.cancel_order_stock_async(self.account, order_id)

    def stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self.trader.stop()
            self.trader.loop.close()


def genuine_trader(path: str, session: int, callback: object) -> Any:
    """Make a trader in a thread of its own, as its constructor touches the asyncio loop of the thread it runs in."""
    made: list[Any] = []
    xttrader = sys.modules["xtquant.xttrader"]
    thread = threading.Thread(target=lambda: made.append(xttrader.XtQuantTrader(path, session, callback)))
    thread.start()
    thread.join()
    made[0].oldloop = None  # its __del__ asks for it in the main thread
    return made[0]


class RunningClock(TurnedClock):
    """Goes on by itself from the stage's moment, for terminals that are not driven."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self._begun = time.monotonic()

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=time.monotonic() - self._begun)

    def wait(self, bell: threading.Event, seconds: float) -> bool:
        return bell.wait(seconds)


@dataclass
class House:
    stage: Stage
    clock: TurnedClock
    faults: TerminalFaults
    terminal: Terminal
    links: list[Link] = field(default_factory=list)

    def link(self, session: int = 1, *, path: str = PATH) -> Link:
        link = Link(session, path)
        self.links.append(link)
        return link

    def joined(self, session: int = 1) -> Link:
        link = self.link(session)
        assert link.join() == 0
        return link

    def pump(self, seconds: float = 0.0) -> None:
        self.clock.turn(seconds)
        self.terminal.pump(self.clock.now())

    def ask(self, link: Link, what: str, **more: object) -> Any:
        """Query asynchronously and pump; tell the answer, `...` if there is none."""
        got: list[Any] = []
        of = (link.account,) if what.startswith("stock") else ()
        getattr(link.trader, f"query_{what}_async")(*of, got.append, **more)
        self.pump()
        return got[0] if got else ...

    @property
    def at_exchange(self) -> list[tuple[str, int, str]]:
        """Tell (remark, shares, status) of the day's orders at the exchange."""
        picture = self.stage.exchange.picture()
        return [(o.client_order_id, o.shares, o.status.value) for o in picture.orders]

    @property
    def xtdata(self) -> Any:
        return sys.modules["xtquant.xtdata"]


@contextlib.contextmanager
def house(*, driven: bool = True, faults: TerminalFaults | None = None) -> Iterator[House]:
    """Build everything and take it down again; nothing of xtquant's state outlives it."""
    stage = pinned()
    clock = TurnedClock(stage.now) if driven else RunningClock(stage.now)
    faults = faults or TerminalFaults()
    terminal = Terminal(PATH, {ACCOUNT: stage.exchange}, clock, faults, driven=driven)
    install([terminal])
    built = House(stage, clock, faults, terminal)
    try:
        import_genuine()
        yield built
    finally:
        for link in built.links:
            link.stop()
        uninstall()


def import_genuine() -> None:
    """Import xtquant quietly: it asks the package index for its newest version when `requests` is there."""
    before = sys.modules.get("requests")
    sys.modules["requests"] = None  # type: ignore[assignment]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            import xtquant.xtdata
            import xtquant.xttrader  # noqa: F401
    finally:
        if before is None:
            del sys.modules["requests"]
        else:
            sys.modules["requests"] = before
    sys.modules["xtquant.xtdata"].enable_hello = False  # type: ignore[attr-defined]
