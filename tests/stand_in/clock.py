"""A clock that moves only when it is told to."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from base_func import BEIJING

FRIDAY = datetime(2026, 11, 20, 9, 31, tzinfo=BEIJING)


class StandInClock:
    """Wall and monotonic time move together by `advance`; `jump` moves the wall alone, as a person does."""

    def __init__(self, start: datetime = FRIDAY) -> None:
        self._now = start
        self._mono = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._mono

    def wait(self, bell: threading.Event, seconds: float) -> bool:
        if bell.is_set():
            return True
        self.advance(seconds)
        return False

    def advance(self, seconds: float) -> None:
        self._mono += seconds
        self._now += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
