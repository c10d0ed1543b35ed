"""Turned time for a channel with threads of its own: they stand at the clock until the test lets them go."""

from __future__ import annotations

import random
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from datetime import datetime

from tests.world import OPENING, TurnedClock

_PATIENCE_S = 30.0  # real seconds that a thread may work before it counts as hanging
_LOOK_S = 0.0003


class LoopWaits(AssertionError):
    """The trading loop, or whoever is no thread of the channel, would have waited."""


@dataclass(slots=True, eq=False)
class _Standing:
    bell: threading.Event
    until: float  # monotonic
    gate: threading.Lock = field(default_factory=threading.Lock)


class DrivenClock(TurnedClock):
    """Time moves by `turn` alone; threads whose names begin with `prefix` stand in `wait` until `let_go`.

    With `chance` the next one to go is drawn, else they go by name: the same seed is the same run.
    """

    def __init__(self, now: datetime = OPENING, *, prefix: str = "xt-", chance: random.Random | None = None) -> None:
        super().__init__(now)
        self._prefix = prefix
        self._chance = chance
        self._strangers = set(threading.enumerate())
        self._standing: dict[threading.Thread, _Standing] = {}
        self._came = threading.Event()
        self.let_gone = 0

    def wait(self, bell: threading.Event, seconds: float) -> bool:
        me = threading.current_thread()
        if not me.name.startswith(self._prefix):
            raise LoopWaits(f"{me.name} would wait for {seconds} s")
        standing = _Standing(bell, self.monotonic() + seconds)
        standing.gate.acquire()
        self._standing[me] = standing
        self._came.set()
        standing.gate.acquire()
        return bell.is_set()

    def threads(self) -> list[threading.Thread]:
        """The channel's threads that have not ended."""
        return [t for t in threading.enumerate() if t.name.startswith(self._prefix) and t not in self._strangers]

    def let_go(self, most: int | None = None) -> int:
        """Let those go on whose bell rings or whose time has come, until none is left or `most` have gone."""
        gone = 0
        while True:
            self._all_stand()
            ready = sorted(
                (
                    thread
                    for thread, standing in list(self._standing.items())
                    if standing.bell.is_set() or self.monotonic() >= standing.until
                ),
                key=lambda thread: thread.name,
            )
            if not ready or gone == most:
                return gone
            thread = ready[0] if self._chance is None else self._chance.choice(ready)
            self._standing.pop(thread).gate.release()
            gone += 1
            self.let_gone += 1

    def _all_stand(self) -> None:
        """Wait until every thread of the channel stands at this clock or has ended."""
        begun = time.monotonic()
        while True:
            self._came.clear()
            running = [thread for thread in self.threads() if thread not in self._standing]
            if not running:
                return
            self._came.wait(_LOOK_S)
            if time.monotonic() - begun > _PATIENCE_S:
                raise AssertionError("these hang:\n" + "\n".join(_where(thread) for thread in running))


def _where(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)
    return thread.name + "\n" + "".join(traceback.format_stack(frame)[-6:] if frame is not None else [])
