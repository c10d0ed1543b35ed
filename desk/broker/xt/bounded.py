"""Calls into the vendor that may hang: made in a thread of their own, waited for no longer than a deadline."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from desk.clock import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")


class Hung(Exception):
    """A call did not return in time; it goes on in its abandoned thread and may still have its effect."""


@dataclass(slots=True)
class _Call(Generic[T]):
    done: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    abandoned: bool = False
    result: list[T] = field(default_factory=list)
    error: BaseException | None = None


class Bounded:
    """Runs one call at a time for its owner; counts the threads it had to leave behind."""

    def __init__(self, prefix: str, clock: Clock) -> None:
        self._prefix = prefix
        self._clock = clock
        self._started = 0
        self.abandoned = 0

    def run(self, what: str, call: Callable[[], T], within_s: float, late: Callable[[T], None] | None = None) -> T:
        """Return the call's result or raise its exception; raise Hung after `within_s` seconds.

        `late` is handed what an abandoned call returns in the end, in its thread.
        """
        state: _Call[T] = _Call()
        self._started += 1
        name = f"{self._prefix}-{what}-{self._started}"
        threading.Thread(target=_perform, args=(state, call, late), name=name, daemon=True).start()
        if not self._clock.wait(state.done, within_s):
            with state.lock:
                if not state.done.is_set():
                    state.abandoned = True
                    self.abandoned += 1
                    log.error("%s did not return within %g s; %d abandoned so far", name, within_s, self.abandoned)
                    raise Hung(what)
        if state.error is not None:
            raise state.error
        return state.result[0]


def _perform(state: _Call[T], call: Callable[[], T], late: Callable[[T], None] | None) -> None:
    try:
        state.result.append(call())
    except Exception as error:  # noqa: BLE001 - carried to the caller, who waits in another thread
        state.error = error
    with state.lock:
        abandoned = state.abandoned
        state.done.set()
    if not abandoned:
        return
    try:
        if late is not None and state.result:
            late(state.result[0])
    except Exception:
        log.exception("Tidying up after an abandoned call failed")
