"""The console in a process of its own: it comes and goes, and what trades does not notice."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from desk.access import FILE_NAME, AccessBook, Guard, Role, Scope
from desk.cli.console_process import ConsoleProcess
from desk.cli.home import CONSOLE, Home
from desk.clock import SystemClock
from tests.cli.homes import Running, facts, running, until, verb, write_home
from tests.cli.test_market_line import Told

PASSWORD = "ein langes Kennwort"
_ENDED = re.compile(r"ended with (-?\d+); it is started again in (\d+) s")


class Hours:
    """A clock whose pauses cost nothing; a console stands `stood` seconds before it ends."""

    def __init__(self, stood: float, then: Callable[[threading.Event], None]) -> None:
        self.paused: list[float] = []
        self.told = 0
        self._stood, self._then, self._now = stood, then, 0.0

    def monotonic(self) -> float:
        self._now += self._stood
        return self._now

    def wait(self, bell: threading.Event, seconds: float) -> bool:
        self.paused.append(seconds)
        self._then(bell)
        return bell.is_set()


def kept(command: list[str], *, stood: float, times: int) -> Hours:
    """A console that ends by itself is started `times` times; the clock that saw it."""
    over = threading.Event()

    def then(stop: threading.Event) -> None:
        if len(clock.paused) == times:
            over.set()
            stop.wait(60)  # what is beside it ends here

    def tell() -> None:
        clock.told += 1

    clock = Hours(stood, then)
    with ConsoleProcess(command, market=Told(), version=lambda: "v1", clock=clock, tell=tell):  # type: ignore[arg-type]
        assert over.wait(60)
    return clock


def test_a_console_that_falls_at_once_is_started_ever_more_slowly(caplog: pytest.LogCaptureFixture) -> None:
    clock = kept([sys.executable, "-c", "raise SystemExit(3)"], stood=0.1, times=6)
    assert clock.paused == [2, 4, 8, 16, 30, 30]
    assert [found[1] for found in _ENDED.finditer(caplog.text)] == ["3"] * 6
    assert clock.told == 5, "all but the first"


def test_a_console_that_stood_for_long_is_started_again_soon() -> None:
    clock = kept([sys.executable, "-c", ""], stood=3600, times=3)
    assert clock.paused == [2, 2, 2]
    assert clock.told == 0


def test_a_console_that_cannot_be_started_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    assert kept(["no such program at all"], stood=0.1, times=2).paused == [2, 4]
    assert "could not be started" in caplog.text


def test_a_console_that_talks_nonsense_is_ended_and_started_again(caplog: pytest.LogCaptureFixture) -> None:
    nonsense = "import sys; print('{', flush=True); sys.stdin.read()"
    assert kept([sys.executable, "-c", nonsense], stood=0.1, times=1).paused == [2]
    assert "The line to the console's process broke" in caplog.text


# --- the daemon as a user starts it ----------------------------------------------------------------------------------


def let_in(home: Path) -> str:
    """An owner, and the key of a program of his that may read."""
    (home / "data").mkdir(parents=True, exist_ok=True)
    book = AccessBook(home / "data" / FILE_NAME)
    guard = Guard(book, clock=SystemClock())
    key = guard.new_key(guard.add_user("店主", Role.ADMIN, PASSWORD), "表格", Scope.READ)[1]
    book.close()
    return key


def console_of(daemon: Running) -> int:
    """The process id of the console beside a daemon; 0 while there is none."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"serve" in words and str(daemon.home).encode() in words:
            return int(folder.name)
    return 0


@pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")
def test_the_console_beside_a_daemon_has_live_quotes_falls_alone_and_ends_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = write_home(tmp_path)
    key = let_in(home)
    settings = json.loads((home / "config" / "分析配置.json").read_text(encoding="utf-8"))
    root = f"http://127.0.0.1:{settings['控制台端口']}"

    def ask(path: str) -> requests.Response:
        return requests.get(root + path, headers={"Authorization": f"Bearer {key}"}, timeout=20)

    with running(home) as daemon:
        until(lambda: f"控制台：{root}" in daemon.said)
        first = console_of(daemon)
        assert first not in (0, daemon.process.pid)
        assert "提示：没有写微信token" in daemon.said
        assert daemon.said.count("没有写微信token") == 1, "two processes say it once"
        until(lambda: ask("/api/v2/quotes/模拟账户/000001.SZ").status_code == 200)  # the market opens when first asked

        assert verb(capsys, home, "strategy", "ratio", "小市值", "0.25")[0] == 0
        until(lambda: "0.25" in ask("/api/v2/strategies").text)  # what the trader has taken over

        os.kill(first, signal.SIGKILL)
        until(lambda: daemon.said.count(f"控制台：{root}") == 2)
        assert console_of(daemon) not in (0, first)
        words = ("test-signal", "小市值", "--security", "600000.XSHG", "--side", "buy", "--amount", "1000")
        assert facts(capsys, home, *words)["signal"]["filled_shares"] == 200
        assert daemon.process.poll() is None

        daemon.process.kill()
        daemon.process.wait()
        until(lambda: console_of(daemon) == 0)
        assert not Home(home).runs(CONSOLE)
    assert [path.name for path in (home / "data" / "日志").glob("*-console.log")]
