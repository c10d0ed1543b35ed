"""Time and chance, handed in: the one room that asks the computer for them."""

from __future__ import annotations

import os
import random
import threading
import time
from dataclasses import dataclass
from typing import Protocol


class Outside(Protocol):
    def now_ms(self) -> int:
        """Wall clock, epoch milliseconds."""
        ...

    def monotonic(self) -> float:
        """Seconds, for durations."""
        ...

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait until `stop` is set or the seconds are over; say whether it is set."""
        ...

    def fresh_bytes(self, size: int) -> bytes: ...

    def chance(self) -> float:
        """0 to 1, evenly."""
        ...


class System:
    """This computer."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        return stop.wait(seconds)

    def fresh_bytes(self, size: int) -> bytes:
        return os.urandom(size)

    def chance(self) -> float:
        return random.random()


def new_id(outside: Outside) -> bytes:
    """16 bytes, never used twice; they rise with time, which keeps a long journal as quick as a short one."""
    return outside.now_ms().to_bytes(6, "big") + outside.fresh_bytes(10)


@dataclass(frozen=True)
class Backoff:
    """How long to wait after the n-th failure: doubling, capped, between half and all of it by chance."""

    first_s: float = 1.0
    cap_s: float = 60.0

    def delay_s(self, failures: int, outside: Outside, at_least_s: float = 0.0) -> float:
        """`failures`: 1 after the first. `at_least_s`: what the other side asked for; heard up to the cap."""
        whole = min(self.cap_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return max(whole * (0.5 + outside.chance() / 2), min(at_least_s, self.cap_s))
