"""The one thread that calls the terminal to place and to cancel; nothing old is ever sent late."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from desk.broker.xt.line import Line, Timing
from desk.broker.xt.tables import FIX_PRICE, MARKET_OF_SUFFIX, TYPE_OF_SIDE
from desk.broker.xt.translate import sysid_of
from desk.clock import Clock
from desk.core.market import PlaceRequest
from desk.texts import xt as texts

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Placing:
    request: PlaceRequest
    generation: int
    send_by: float  # monotonic

    @property
    def client_order_id(self) -> str:
        return self.request.client_order_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancelling:
    client_order_id: str
    broker_order_id: str
    symbol: str  # '' if it is not known; only needed where the counter's number names the order
    generation: int
    send_by: float


Errand = Placing | Cancelling


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """The vendor's call has returned; the answer comes by itself, or has come already."""

    errand: Errand
    seq: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsent:
    """The errand came to nothing that we know of: not tried, or the call failed. No proof that there is no order."""

    errand: Errand
    text: str


class Sender:
    """`put` is for the trading loop; `run` is its own thread."""

    def __init__(
        self,
        *,
        clock: Clock,
        timing: Timing,
        line: Callable[[], Line | None],
        note: Callable[[Sent | Unsent], None],
        alarm: Callable[[str, str], None],
        name: str,
    ) -> None:
        self._clock = clock
        self._timing = timing
        self._line = line
        self._note = note
        self._alarm = alarm
        self._name = name
        self._queue: deque[Errand] = deque()
        self._bell = threading.Event()
        self._closing = False
        self._in_call_since: float | None = None
        self._told = False

    def put(self, errand: Errand) -> None:
        self._queue.append(errand)
        self._bell.set()

    def stuck(self) -> bool:
        """A call into the vendor does not return: what it carries may still land, so no absence proves anything."""
        since = self._in_call_since
        if since is None or self._clock.monotonic() - since < self._timing.stuck_s:
            return False
        if not self._told and self._clock.monotonic() - since > self._timing.answer_s:
            self._told = True
            self._alarm(texts.SENDER_STUCK, texts.sender_stuck(self._name))
        return True

    def close(self) -> None:
        self._closing = True
        self._bell.set()

    def run(self) -> None:
        while not self._closing:
            self._clock.wait(self._bell, 60.0)
            self._bell.clear()
            while self._queue and not self._closing:
                self._note(self._send(self._queue.popleft()))

    def _send(self, errand: Errand) -> Sent | Unsent:
        line = self._line()
        if line is None or line.generation != errand.generation:
            return Unsent(errand=errand, text=texts.NOT_CONNECTED)
        if self._clock.monotonic() > errand.send_by:
            return Unsent(errand=errand, text=texts.TOO_LATE)
        self._in_call_since = self._clock.monotonic()
        try:
            seq = _place(line, errand) if isinstance(errand, Placing) else _cancel(line, errand)
        except Exception as error:
            log.exception("Sending %s failed", errand.client_order_id)
            return Unsent(errand=errand, text=repr(error))
        finally:
            self._in_call_since = None
            self._told = False
        if not isinstance(seq, int) or seq <= 0:
            return Unsent(errand=errand, text=texts.no_seq(seq))
        return Sent(errand=errand, seq=seq)


def _place(line: Line, errand: Placing) -> object:
    """The vendor is type-strict: str, int, float; shares that are no int would be cut to one without a word."""
    request = errand.request
    seq: object = line.trader.order_stock_async(
        line.account,
        request.symbol,
        TYPE_OF_SIDE[request.side],
        int(request.shares),
        FIX_PRICE,
        float(request.price),
        request.strategy,
        request.client_order_id,
    )
    return seq


def _cancel(line: Line, errand: Cancelling) -> object:
    seq: object
    sysid = sysid_of(errand.broker_order_id)
    if sysid is None:
        seq = line.trader.cancel_order_stock_async(line.account, int(errand.broker_order_id))
    else:
        market = MARKET_OF_SUFFIX[errand.symbol.rpartition(".")[2]]
        seq = line.trader.cancel_order_stock_sysid_async(line.account, market, sysid)
    return seq
