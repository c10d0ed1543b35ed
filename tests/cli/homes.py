"""Homes for the command line's tests: a paper account that is always open, a free port, nothing of the user's."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import main
from desk.clock import SystemClock, pause
from desk.core.wire import make_secret
from tests.stand_in.ports import free_port

ROOT = Path(main.__file__).resolve().parent
SECRET = make_secret(bytes(range(32)))
OTHER = make_secret(bytes(range(1, 33)))
TOKEN = "11112222-3333-4444-5555-666677778888"
PATIENCE_S = 60.0  # a loaded machine takes its time; nobody waits so long where all is well


def write_home(home: Path, **changes: Any) -> Path:
    """A home with the strategies 小市值 × 0.5 and 轮动 × 0.3; `changes` are keys of either file, None takes one out."""
    follow: dict[str, Any] = {
        "端口": free_port(),
        "公网地址": "",
        "委托等待秒数": 1,
        "策略": [
            {"名称": "小市值", "标识": "xsz", "密钥": SECRET, "跟单比例": 0.5, "账户": "模拟账户"},
            {"名称": "轮动", "标识": "etf", "密钥": OTHER, "跟单比例": 0.3, "账户": "模拟账户"},
        ],
    }
    analysis: dict[str, Any] = {
        "账户": [{"名称": "模拟账户", "全天交易": True}],
        "控制台端口": free_port(),
        "发送摘要时间": [],
        "程序自检通知": [],
    }
    for key, value in changes.items():
        (follow if key in ("端口", "公网地址", "委托等待秒数", "策略", "限额", "持仓上传") else analysis)[key] = value
    folder = home / "config"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("聚宽跟单设置.json", follow), ("分析配置.json", analysis)):
        (folder / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return home


def verb(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, str, str]:
    """Run a verb in this process: (exit code, stdout, stderr)."""
    code = main.main([*words, "--home", str(home)])
    said = capsys.readouterr()
    return code, said.out, said.err


def facts(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> Any:
    """The one JSON document of a verb that has to succeed."""
    code, out, err = verb(capsys, home, *words, "--json")
    assert code == 0, err
    return json.loads(out)


class Running:
    """A daemon in a process of its own."""

    def __init__(self, home: Path, *words: str) -> None:
        self.home = home
        self.lines: list[str] = []
        self._ready = threading.Event()
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "main.py"), "--home", str(home), "run", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=home,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.decode("utf-8"))
            if "已启动" in self.lines[-1]:
                self._ready.set()
        self._ready.set()

    def ready(self) -> None:
        assert self._ready.wait(PATIENCE_S)
        assert self.process.poll() is None, self.said

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def stop(self) -> int:
        """Ask it to end as a service would; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(PATIENCE_S)
        self._reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code


@contextmanager
def running(home: Path, *words: str) -> Iterator[Running]:
    daemon = Running(home, *words)
    try:
        daemon.ready()
        yield daemon
    finally:
        daemon.stop()


def until(true: Any) -> None:
    clock = SystemClock()
    end = clock.monotonic() + PATIENCE_S
    while not true():
        assert clock.monotonic() < end, "nothing came of it"
        pause(0.02)
