"""The native client of the trade line, as `xtquant.xttrader` binds it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor
from concurrent.futures import TimeoutError as Late
from typing import TYPE_CHECKING, Any

from desk.broker.xt_sim.natives import Request
from desk.broker.xt_sim.registry import terminal_at

if TYPE_CHECKING:
    from desk.broker.xt_sim.terminal import Terminal

Callback = Callable[..., Any]

_DRAIN_S = 10.0


class CallbacksStuck(RuntimeError):
    """A callback of the user has not come to its end; a driven terminal cannot go on."""


class XtQuantAsyncClient:
    """One connection to a terminal. The library calls it from any thread; its callbacks come on native threads."""

    def __init__(self, path: bytes, client: str, session: int) -> None:
        self.session = session
        self.path = path.decode("gb18030")
        self.terminal: Terminal | None = terminal_at(self.path)
        self.subscribed: set[str] = set()
        self.epoch = -1  # the terminal's life that it is connected to
        self.started = False
        self.stopped = False
        self.broken = False  # has noticed the terminal's death: answers -1 and [] for ever
        self.timeout_s = 0.0
        self._callbacks: dict[str, Callback] = {}
        self._seq = 0
        self._held: list[tuple[str, tuple[Any, ...]]] = []  # overtaken by the next message
        self._lock = threading.Lock()
        self._delivering = threading.RLock()
        self._fresh = False  # something was delivered since the last drain

    # --- what xttrader calls -----------------------------------------------------------------------------------------

    def init(self) -> None:
        pass

    def start(self) -> None:
        self.started = True

    def stop(self) -> None:
        with self._delivering:
            self.stopped = True
        if self.terminal is not None:
            self.terminal.leave(self)

    def connect(self) -> int:
        if self.terminal is None or not self.started or self.stopped or self.broken:
            return -1
        return self.terminal.join(self)

    def nextSeq(self) -> int:
        with self._lock:
            self._seq += 1
            return self._seq

    def setTimeout(self, timeout: float) -> None:
        """Take a timeout in seconds; this terminal invents no answers when it is over."""
        self.timeout_s = timeout

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("bindOn"):

            def bind(callback: Callback) -> None:
                self._callbacks[name.removeprefix("bind")] = callback

            return bind
        if name.endswith("WithSeq") and name in _ASKED:

            def ask(seq: int, request: Request) -> None:
                if self.terminal is not None:
                    self.terminal.ask(self, _ASKED[name], seq, request.taken())

            return ask
        raise AttributeError(name)

    # --- what the terminal calls, on a native thread -----------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether the terminal's messages still reach it."""
        alive = self.terminal is not None and self.terminal.alive and self.epoch == self.terminal.epoch
        return alive and self.started and not self.stopped and not self.broken

    def deliver(self, callback: str, *values: Any, overtaken: bool = False) -> None:
        """Hand a message over; `overtaken` lets the next one go before it."""
        if overtaken:
            self._held.append((callback, values))
            return
        held, self._held = self._held, []
        for name, told in ((callback, values), *held):
            with self._delivering:
                if not self.stopped and self.started:
                    self._fresh = True
                    self._callbacks[name](*told)

    def notice_death(self) -> None:
        """Learn that the terminal is gone; what was asked and not answered never will be."""
        if not self.broken and not self.stopped:
            self.broken = True
            self._held = []
            self.deliver("OnDisconnectedCallback")

    def drain(self) -> bool:
        """Wait until the library's workers have run every callback that was delivered; tell whether there was any."""
        if not self._fresh:
            return False
        self._fresh = False
        for executor in self._workers():
            if not self.stopped:
                try:
                    executor.submit(_nothing).result(_DRAIN_S)
                except Late as error:
                    raise CallbacksStuck(self.session) from error
        return True

    def _workers(self) -> list[Executor]:
        """Find the trader's executors through the closure of a callback that it has bound."""
        bound = self._callbacks.get("OnSubscribeRespCallback")
        code, cells = getattr(bound, "__code__", None), getattr(bound, "__closure__", None)
        if code is None or cells is None or "self" not in code.co_freevars:
            return []
        trader = cells[code.co_freevars.index("self")].cell_contents
        both = (getattr(trader, "executor", None), getattr(trader, "relaxed_resp_executor", None))
        return [executor for executor in both if executor is not None]


def _nothing() -> None:
    """Stand in the queue of a worker: when it is done, all before it is."""


# native method -> what the terminal is asked for
_ASKED = {
    "subscribeWithSeq": "subscribe",
    "unsubscribeWithSeq": "unsubscribe",
    "orderStockWithSeq": "order",
    "cancelOrderStockWithSeq": "cancel",
    "queryStockAssetWithSeq": "asset",
    "queryStockOrdersWithSeq": "orders",
    "queryStockTradesWithSeq": "trades",
    "queryStockPositionsWithSeq": "positions",
    "queryAccountInfosWithSeq": "infos",
    "queryAccountStatusWithSeq": "status",
}
