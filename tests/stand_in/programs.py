"""The real program in a process of its own that tests may kill, an exchange that outlives it, and who sends to it."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from desk import logs
from desk.broker import Report
from desk.broker.paper.client import RemotePaperBroker
from desk.clock import SystemClock
from desk.journal import Journal
from tests.settings.homes import account, analysis, follow, write_home
from tests.stand_in.ports import free_port
from tests.stand_in.senders import Sender

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "甲"
PATIENCE_S = 60.0  # how long a test waits before it calls something missing; nothing is judged by time


def until(
    holds: Callable[[], bool], what: Callable[[], object] = lambda: "", *, patience_s: float = PATIENCE_S
) -> None:
    """Wait until something holds; fail after `patience_s`."""
    bell, end = threading.Event(), monotonic() + patience_s
    while not holds():
        assert monotonic() < end, f"waited in vain: {what()}"
        bell.wait(0.02)


def secret(number: int) -> str:
    """A secret of the right form, another one for each number."""
    return "gd2_" + base64.urlsafe_b64encode(hashlib.sha256(b"%d" % number).digest()).decode().rstrip("=")


def make_home(path: Path, *, ratios: tuple[str, ...] = ("1",), **chase: object) -> int:
    """Write a home with one paper account, always open, that paces nothing; tells its port.

    `ratios`: one strategy for each. `chase`: keys of 聚宽跟单设置.json.
    """
    port = free_port()
    limits = {"每秒委托数": None, "单笔金额": None, "单日委托数": None, "单日撤单数": None}
    rows = [
        {"名称": f"策略{n}", "标识": f"k{n}", "密钥": secret(n), "跟单比例": ratio}
        for n, ratio in enumerate(ratios, start=1)
    ]
    trading = account(ACCOUNT, 初始资金=100_000_000, 全天交易=True)
    write_home(path, follow(*rows, 端口=port, 限额=limits, **chase), analysis(trading, 微信token=[]))
    return port


def sender(number: int = 1) -> Sender:
    """Whoever sends for strategy `number` of a home made by `make_home`."""
    return Sender(f"k{number}", secret(number))


def bought(by: Sender, number: int, shares: int = 100) -> bytes:
    """A buy that JoinQuant has filled, of another symbol for each number up to 999."""
    now = SystemClock().now()
    content = {
        "y": "o", "q": number, "r": "s", "d": int(now.timestamp()), "o": str(number), "x": f"600{number:03d}.XSHG",
        "b": 1, "a": shares, "f": shares, "p": 10, "u": "h",
    }  # fmt: skip
    return by.body(content, at=now)


class Program:
    """`python main.py run --home …`; what it says is kept in a file, so that no pipe can fill.

    `only`: what is run; '' as a user runs it, with a console beside, which costs every start a second of a core.
    """

    def __init__(
        self, home: Path, *, port: int, env: Mapping[str, str] | None = None, only: str = "receiver,trader"
    ) -> None:
        self.home, self.port = home, port
        self.env = {**os.environ, "PYTHONUTF8": "1", **(env or {})}
        self.only = only
        self.said = home / "said.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def launch(
        self, before: Callable[[], None] | None = None, *, strike: tuple[str, int, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start the process and return at once; `before` runs in the child before the program does.

        `strike`: a point of `dying`, the pass of it that counts, and the signal that the program then sends itself.
        """
        script = [str(ROOT / "main.py")]
        if strike is not None:
            script = [str(ROOT / "tests" / "stand_in" / "dying.py"), *map(str, strike)]
        command = [sys.executable, *script, "run", "--home", str(self.home)]
        command += ["--only", self.only] if self.only else []
        with self.said.open("ab") as out:
            self.process = subprocess.Popen(
                command, cwd=self.home, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                preexec_fn=before,
            )  # fmt: skip
        return self.process

    def start(self, before: Callable[[], None] | None = None) -> None:
        """Start it and wait until it says that it has."""
        begun = len(self.text())
        process = self.launch(before)
        until(lambda: process.poll() is not None or "已启动" in self.text()[begun:], self.text)
        assert process.poll() is None, self.text()

    def kill(self) -> None:
        """Kill it without a word, as power or a task manager does."""
        assert self.process is not None
        self.process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        self.process.wait(PATIENCE_S)

    def stop(self) -> int:
        """Ask it to stop; tells its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def exit_code(self) -> int:
        """Wait for an end that it finds by itself."""
        assert self.process is not None
        return self.process.wait(PATIENCE_S)

    def text(self) -> str:
        return self.said.read_text(encoding="utf-8", errors="replace") if self.said.exists() else ""

    def journal(self) -> Journal:
        """The journal for reading, the program running or not."""
        return Journal.open(self.home / "data", clock=SystemClock(), read_only=True)

    def logged(self) -> str:
        files = sorted(path for path in (self.home / logs.FOLDER).iterdir() if path.is_file())
        return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()


@contextmanager
def exchange_of_its_own(folder: Path, *, seed: int = 1) -> Iterator[tuple[dict[str, str], RemotePaperBroker]]:
    """An exchange for ACCOUNT whose life is not the program's: the environment that points there, and a line to it."""
    folder.mkdir(parents=True, exist_ok=True)
    port_file = folder / "port.json"
    command = [sys.executable, "-m", "desk.broker.paper.server", "--store", str(folder / "exchange.db"),
               "--port-file", str(port_file), "--account", ACCOUNT, "--initial-cash", "100000000",
               "--always-open", "--seed", str(seed), "--follow-stdin"]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
    line = RemotePaperBroker(ACCOUNT, port_file, SystemClock().now)

    def hear(report: Report) -> None:
        """Nothing: tests look at snapshots."""

    try:
        until(lambda: port_file.exists() or process.poll() is not None)
        line.open(hear)
        yield {"GENDAN_PAPER_SERVER": json.dumps({ACCOUNT: str(port_file)})}, line
    finally:
        line.close()
        process.kill()
        process.communicate(timeout=PATIENCE_S)


class Postman:
    """Posts bodies of one sender in order, each again and again in the same bytes until a signed answer has come."""

    def __init__(
        self, port: int, sender: Sender, chance: random.Random | None = None, *, patience_s: float = PATIENCE_S
    ) -> None:
        self.port, self.sender, self.chance, self.patience_s = port, sender, chance or random.Random(0), patience_s
        self.acked: dict[str, list[str]] = {}  # event id -> the signed words it was answered with
        self.retries = 0
        self._line: http.client.HTTPConnection | None = None

    def deliver(self, body: bytes) -> None:
        bell, end = threading.Event(), monotonic() + self.patience_s
        while True:
            status, answer, _ = self.post(body)
            if status == 200:
                word, _ = self.sender.read_ack(body, answer)
                self.acked.setdefault(id_of(body), []).append(word)
                return
            assert status in (0, 503), (status, answer)
            assert monotonic() < end, "no signed answer"
            self.retries += 1
            bell.wait(self.chance.uniform(0.01, 0.05))

    def post(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        """One try: status (0: nobody answered), answer, headers in lower case."""
        try:
            if self._line is None:
                self._line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            self._line.request("POST", "/api/order", body)
            response = self._line.getresponse()
            answer = response.read()
            return response.status, answer, {key.lower(): value for key, value in response.getheaders()}
        except (OSError, http.client.HTTPException):
            self.close()
            return 0, b"", {}

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


def id_of(body: bytes) -> str:
    """The event id that a body of one event gets."""
    return base64.b64decode(json.loads(body)["i"]).hex()
