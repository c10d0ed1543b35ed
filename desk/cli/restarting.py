"""`run --keep`: the daemon in a process of its own, started again when it ended by accident."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from desk.cli.exits import ALREADY_RUNNING, CONFIG, FINE, UNEXPECTED
from desk.clock import Clock
from desk.texts import autostart as texts

_PAUSE_S = 60.0
_LOOK_S = 0.5
_BY_INTENT = (FINE, CONFIG, ALREADY_RUNNING)  # starting again would end the same way, or was not wished


class Child(Protocol):
    def poll(self) -> int | None: ...
    def ask_to_end(self) -> None: ...


class Process:
    """A process started with this one's console."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(command)

    def poll(self) -> int | None:
        return self._process.poll()

    def ask_to_end(self) -> None:
        """Ask politely; on Windows Ctrl-C has reached every process of the console already, and `terminate` kills."""
        if sys.platform != "win32":
            self._process.send_signal(signal.SIGTERM)


def keep(
    start: Callable[[], Child],
    *,
    clock: Clock,
    over: threading.Event,
    say: Callable[[str], None],
) -> int:
    """Start the child, and again a minute after it ended by accident, until `over` is set; the last exit code."""
    while True:
        child = start()
        code = _wait(child, clock, over)
        if over.is_set() or code in _BY_INTENT:
            return code if code >= 0 else UNEXPECTED
        say(texts.restarting(code, _PAUSE_S))
        if clock.wait(over, _PAUSE_S):
            return code if code >= 0 else UNEXPECTED


def _wait(child: Child, clock: Clock, over: threading.Event) -> int:
    asked = False
    never = threading.Event()
    while (code := child.poll()) is None:
        if asked:
            clock.wait(never, _LOOK_S)
        elif clock.wait(over, _LOOK_S):
            child.ask_to_end()
            asked = True
    return code
