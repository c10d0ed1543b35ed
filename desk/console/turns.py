"""Pages one after the other, with a rest after each: whoever reloads pages shall not take the interpreter from trading.

Two pages at a time would be done no sooner, for there is one interpreter; the way of a signal, which gives it up and
asks for it again some dozen times, would wait each time for both.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from desk.clock import Clock

# So long another thread waits before it is given the interpreter. It holds for all threads, but those that are not busy
# give it up by themselves.
SWITCH_S = 0.0001
LONGEST_REST_S = 0.02
_AT_ONCE = ("/healthz", "/readyz", "/static/")

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class InTurn:
    """A WSGI app before another one. What changes something waits for no page: a halt is never behind a reload."""

    def __init__(self, app: App, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._turn = threading.Lock()
        self._rested_at = clock.monotonic()
        self._never = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or environ["PATH_INFO"].startswith(_AT_ONCE):
            return self._app(environ, start_response)
        with self._turn:
            rest = self._rested_at - self._clock.monotonic()
            if rest > 0:
                self._clock.wait(self._never, rest)
            begun, before = self._clock.monotonic(), sys.getswitchinterval()
            sys.setswitchinterval(SWITCH_S)
            try:
                return self._app(environ, start_response)
            finally:
                sys.setswitchinterval(before)
                now = self._clock.monotonic()
                self._rested_at = now + min(now - begun, LONGEST_REST_S)
