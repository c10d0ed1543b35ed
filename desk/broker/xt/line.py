"""One connection to the terminal: the vendor's object, whether it still holds, and questions with a deadline."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from desk.clock import Clock

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """Seconds; the channel's own deadlines, for the vendor has none."""

    build_s: float = 60.0  # loading the native modules
    connect_s: float = 10.0  # connect() waits up to 3 s by itself
    subscribe_s: float = 10.0
    stop_s: float = 5.0
    query_s: float = 5.0  # one question of a poll
    poll_s: float = 30.0  # all questions of a poll
    poll_age_s: float = 3.0  # since it was done; an older picture is not handed out
    ping_every_s: float = 5.0
    pings_missed: int = 2  # so many in a row and the line counts as lost
    send_s: float = 3.0  # an order that waited longer for its turn is not sent any more
    answer_s: float = 10.0
    stuck_s: float = 1.0  # a sending call that takes longer withholds all pictures
    first_backoff_s: float = 1.0
    longest_backoff_s: float = 60.0
    refresh_s: float = 0.3  # how often the ticks of wanted symbols are fetched
    wanted_s: float = 10.0  # a symbol stays wanted so long after it was asked for
    quote_fresh_s: float = 1.5  # since it was fetched
    tick_age_s: float = 120.0  # since the exchange made it, trading seconds
    pulse_age_s: float = 30.0  # the same of the newest tick of all: the line is alive, so a quiet stock's may be older
    quiet_tick_age_s: float = 1800.0
    detail_every_s: float = 30.0
    detail_fresh_s: float = 120.0
    quote_call_s: float = 10.0  # a call to xtdata that takes longer is left behind with its thread
    close_s: float = 2.0  # for each thread, real seconds


class NoAnswer(Exception):
    """A question was not answered in time, or its connection broke."""


@dataclass(slots=True, eq=False)
class Line:
    """Made by the session's thread; `lose` may be called from any."""

    generation: int
    session_id: int
    trader: Any
    account: Any
    up: bool = False  # our own flag: the library's `connected` stays True for ever
    lost: threading.Event = field(default_factory=threading.Event)
    why: str = ""
    told_of: bool = False  # whether losing it is told by the channel's own words too
    _asking: set[threading.Event] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def rise(self) -> bool:
        """Count it as up from now on; False if it has been lost already."""
        with self._lock:
            self.up = not self.lost.is_set()
            return self.up

    def lose(self, why: str, *, alarming: bool = True) -> None:
        """Mark the connection as lost; the first reason stays. Whoever waits for an answer on it is let go."""
        with self._lock:
            self.up = False
            if not self.lost.is_set():
                self.why, self.told_of = why, alarming
            self.lost.set()
            for waiting in self._asking:
                waiting.set()

    def ask(
        self, clock: Clock, start: Callable[[Callable[[Any], None]], object], read: Callable[[Any], T], within_s: float
    ) -> T:
        """Put an asynchronous question and wait for its answer, read where it is heard. Raises NoAnswer.

        `start` calls the vendor in this thread.
        """
        done = threading.Event()
        heard: list[T] = []

        def hear(said: Any) -> None:
            try:
                heard.append(read(said))
            finally:
                done.set()

        with self._lock:
            if self.lost.is_set():
                raise NoAnswer(self.why)
            self._asking.add(done)
        try:
            start(hear)
            clock.wait(done, within_s)
        finally:
            with self._lock:
                self._asking.discard(done)
        if not heard or self.lost.is_set():
            raise NoAnswer(self.why)
        return heard[0]
