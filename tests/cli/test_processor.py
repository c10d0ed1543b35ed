"""Whose threads wait for the processor: told to the system, and harmless where it takes no such wish."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from desk.cli import processor

_TOLD = Path("/proc/self/sched")
_ASK = """
import os, threading
from desk.cli import processor
processor.{wish}()
def told():
    with open(f"/proc/self/task/{{threading.get_native_id()}}/sched", encoding="utf-8") as lines:
        turn = next(line.split(":")[1] for line in lines if line.startswith("se.slice "))
    print(int(turn), os.getpriority(os.PRIO_PROCESS, 0))
thread = threading.Thread(target=told)
thread.start()
thread.join()
"""


@pytest.mark.skipif(
    not (_TOLD.exists() and "se.slice" in _TOLD.read_text("utf-8") and platform.machine() in ("x86_64", "aarch64")),
    reason="this system does not tell of its turns",
)
@pytest.mark.parametrize(("wish", "turn_ns", "nicer_by"), [("for_orders", 100_000, 0), ("for_pages", 3_000_000, 10)])
def test_what_a_process_starts_takes_turns_of_that_length(wish: str, turn_ns: int, nicer_by: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ASK.format(wish=wish)], capture_output=True, encoding="utf-8", check=True
    )
    nice = min(os.getpriority(os.PRIO_PROCESS, 0) + nicer_by, 19)
    assert done.stdout.split() == [str(turn_ns), str(nice)]


@pytest.mark.parametrize(("system", "machine"), [("win32", "AMD64"), ("darwin", "arm64"), ("linux", "riscv64")])
def test_a_system_that_has_no_such_call_is_asked_for_nothing(
    system: str, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(processor.ctypes, "CDLL", lambda *_, **__: pytest.fail("a call of the system"))
    processor.for_orders()


def test_a_system_that_refuses_is_no_reason_to_stop(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Refusing:
        def syscall(self, *_: object) -> int:
            return -1

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(processor.ctypes, "CDLL", lambda *_, **__: Refusing())
    with caplog.at_level("INFO"):
        processor.for_orders()
    assert "stay as they are" in caplog.text
