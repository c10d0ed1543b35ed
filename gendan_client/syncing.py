"""Upload a strategy's positions at an interval: read, vouch, upload; what is doubtful is told and never uploaded."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Callable

from gendan_client.errors import Busy, FailedReading, GendanError, Unsigned
from gendan_client.outside import Backoff, Outside, System
from gendan_client.positions import Reading

INTERVAL_S = 30.0
TRIES = 3


@dataclass(frozen=True)
class Round:
    """One round: `error` is None when the list was stored. `tries`: how often it was attempted."""

    tries: int
    reading: Reading | None = None
    error: GendanError | None = None

    @property
    def done(self) -> bool:
        return self.error is None


class IntervalSync:
    """Reads anew for every try, so that an old list never goes out late. One thread runs it.

    `read` returns a Reading, or raises: whatever it raises, and whatever else it returns, is a failed reading. The
    same list is uploaded again in every round: a server that was restored, or a person, sees that we live.
    """

    def __init__(
        self,
        read: Callable[[], Reading],
        upload: Callable[[Reading], object],
        *,
        interval_s: float = INTERVAL_S,
        tries: int = TRIES,
        backoff: Backoff | None = None,
        outside: Outside | None = None,
        tell: Callable[[Round], None] | None = None,
    ) -> None:
        """`tell` is called after every round, in the same thread. Raises ValueError."""
        if interval_s <= 0 or tries < 1:
            raise ValueError("interval_s 要大于 0，tries 至少 1")
        self._read, self._upload = read, upload
        self._interval_s, self._tries = interval_s, tries
        self._backoff = backoff or Backoff(cap_s=min(10.0, interval_s))
        self._outside = outside or System()
        self._tell = tell

    def once(self, stop: threading.Event | None = None) -> Round:
        """One round; an error is returned, not raised."""
        bell = stop or threading.Event()
        tries = 0
        while True:
            tries += 1
            try:
                reading = self._vouched()
                self._stored(reading)
                return Round(tries, reading)
            except GendanError as error:
                if not error.retry_safe or tries >= self._tries:
                    return Round(tries, error=error)
                wish = error.retry_after_s if isinstance(error, (Busy, Unsigned)) else 0.0
                delay = self._backoff.delay_s(tries, self._outside, wish)
                if self._outside.wait(bell, delay):
                    return Round(tries, error=error)

    def run(self, stop: threading.Event) -> None:
        """Round after round until `stop` is set; up to a tenth early or late, so that clients do not march in step."""
        while not stop.is_set():
            done = self.once(stop)
            if self._tell is not None:
                self._tell(done)
            self._outside.wait(stop, self._interval_s * (0.9 + self._outside.chance() / 5))

    def _stored(self, reading: Reading) -> None:
        try:
            self._upload(reading)
        except GendanError:
            raise
        except Exception as error:  # of the caller's own: nobody knows whether again would help, the next round tells
            raise GendanError(f"上传失败：{type(error).__name__} {error}") from error

    def _vouched(self) -> Reading:
        try:
            reading = self._read()
        except GendanError:
            raise
        except Exception as error:
            raise FailedReading(f"读取持仓失败：{type(error).__name__} {error}") from error
        if not isinstance(reading, Reading):
            raise FailedReading(f"读取持仓的函数没有返回 Reading，返回的是 {type(reading).__name__}")
        return reading
