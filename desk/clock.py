"""The one place that knows the system's clock, sleep and randomness; everyone else is handed a `Clock`.

Wall time is for calendars and for what people read, monotonic time for durations: a wall clock may jump.
"""

from __future__ import annotations

import secrets
import threading
import time
from datetime import datetime
from typing import Protocol

from base_func import BEIJING


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall time, aware, in Beijing time."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards; only differences mean anything."""
        ...

    def wait(self, bell: threading.Event, seconds: float) -> bool:
        """Wait until the bell rings or `seconds` have passed; True if it rang."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(BEIJING)

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, bell: threading.Event, seconds: float) -> bool:
        return bell.wait(seconds)


def fresh_bytes(count: int) -> bytes:
    """Unpredictable bytes, for secrets and ids."""
    return secrets.token_bytes(count)


def pause(seconds: float) -> None:
    time.sleep(seconds)
