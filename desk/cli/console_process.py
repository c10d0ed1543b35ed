"""The console as a process of its own beside the one that trades: pages being made hold up no order.

Both ends: `ConsoleProcess` starts it and starts it again, `serve` is what runs in it.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from desk.cli import market_line, processor
from desk.cli.console import address_of
from desk.cli.daemon import Daemon
from desk.cli.home import CONSOLE, Home
from desk.cli.market_line import Market, MarketLine, OwnMarket
from desk.cli.options import PROJECT
from desk.clock import Clock
from desk.texts import cli as texts

log = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2.0, 30.0  # the halt button is there
_STOOD_S = 60.0  # who stood so long is started again as if for the first time
_ENDS_WITHIN_S = 3.0  # orders go on until it has ended; it holds nothing that a kill could lose
# Windows alone has the group: Ctrl-C is for the process that trades, which then closes the line.
_WINDOWS = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | processor.PAGES_ON_WINDOWS


def beside(daemon: Daemon) -> ConsoleProcess:
    """The console of a daemon that has started."""
    verb = ["console", "serve", "--home", str(daemon.home.path), *processor.left_to_pages()]
    return ConsoleProcess(
        [sys.executable, str(PROJECT / "main.py"), *verb],
        market=OwnMarket(lambda: daemon.trading.desks),
        version=lambda: daemon.config.version,
        clock=daemon.clock,
        tell=lambda: daemon.shout(texts.CONSOLE_FALLS, texts.CONSOLE_FALLS_TEXT),
    )


class ConsoleProcess:
    """Keeps a console running from `with` to its end; what goes wrong there is logged and stops nothing here."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        market: Market,
        version: Callable[[], str],
        clock: Clock,
        tell: Callable[[], None],
    ) -> None:
        """`version`: of the configuration in use. `tell`: told when it falls again and again."""
        self._command = command
        self._market = market
        self._version = version
        self._clock = clock
        self._tell = tell
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="console-process", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the line, which ends the console; kill it where it does not."""
        with self._lock:
            self._stop.set()
            process = self._process
        if process is not None:
            _close_line(process)
            _await_end(process)
        self._thread.join(_ENDS_WITHIN_S)

    def _keep(self) -> None:
        pause = _FIRST_PAUSE_S
        while not self._stop.is_set():
            begun = self._clock.monotonic()
            said = self._once()
            if self._stop.is_set():
                return
            stood = self._clock.monotonic() - begun
            pause = _FIRST_PAUSE_S if stood >= _STOOD_S else pause
            log.error("The console's process %s; it is started again in %.0f s", said, pause)
            if pause > _FIRST_PAUSE_S:
                self._tell()
            self._clock.wait(self._stop, pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _once(self) -> str:
        """Run it to its end; how it ended."""
        try:
            with self._lock:
                if self._stop.is_set():
                    return ""
                self._process = process = _started(self._command)
        except OSError as error:
            return f"could not be started: {error}"
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            market_line.serve(process.stdout, process.stdin, self._market, self._version)
        except Exception:  # whatever it sends: orders go on
            if not self._stop.is_set():
                log.exception("The line to the console's process broke")
        _close_line(process)
        code = _await_end(process)
        process.stdout.close()
        return f"ended with {code}"


def _started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """What it says to a person goes where our own words go: stderr is inherited."""
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, creationflags=_WINDOWS)


def _close_line(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with suppress(OSError, ValueError):  # it is gone already, or the other thread has just closed it
        process.stdin.close()


def _await_end(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(_ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        log.error("The console's process does not end; it is killed")
        process.kill()
        return process.wait()


def serve(home: Path, *, clock: Clock, say: Callable[[str], None], number: int | None = None) -> None:
    """Serve the console until the line on our standard streams ends. Raises Leave, ConfigProblems, JournalError.

    `number`: the processor that is left to it.
    """
    processor.for_pages(number)
    line = MarketLine(_lines(sys.stdin.fileno()), sys.stdout.buffer)
    daemon = Daemon(Home(home), clock=clock, roles=frozenset({CONSOLE}), trader=line)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: daemon.over.set())

    def listen() -> None:
        line.run()
        daemon.over.set()

    threading.Thread(target=listen, name="trading-process", daemon=True).start()
    daemon.open()
    try:
        for notice in daemon.notices:
            say(texts.notice(notice))
        daemon.start()
        if daemon.console is not None:
            say(texts.console_served(address_of(daemon.config)))
        daemon.wait()
    finally:
        daemon.close()


def _lines(stream: int) -> Iterator[bytes]:
    """Whole lines until its end; unlike a file of Python's, this one may still be read when the program ends."""
    rest = b""
    while got := os.read(stream, 65536):
        *whole, rest = (rest + got).split(b"\n")
        yield from whole
