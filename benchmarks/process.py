"""A child process of the benchmarks: started, asked, stopped."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class Child:
    """`python -m benchmarks.child ROLE FOLDER`, ready when constructed."""

    def __init__(self, role: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._process = start(["-m", "benchmarks.child", role, str(folder)])
        self.port: int = self._read()["port"]

    def ask(self, *words: object) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a benchmark's process ended with {self._process.wait()}")
        return json.loads(line)

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stop(self._process)


def start(arguments: Sequence[str], *, quiet: bool = False) -> subprocess.Popen[str]:
    """Start a Python process in the project's folder, its stdin and stdout ours; `quiet`: without its stderr."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else None,
        env={**os.environ, "PYTHONUTF8": "1"},
        encoding="utf-8",
    )


def stop(process: subprocess.Popen[str]) -> None:
    """Close its stdin, by which a child ends; one that does not is killed."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
