"""Whose threads wait for the processor: told to the system, and harmless where it takes no such wish."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from desk.cli import processor
from desk.cli.processor import _take_turns_of
from tests.cli.homes import ROOT

_TOLD = Path("/proc/self/sched")
_ASK = """
import os, threading
from desk.cli import processor
processor.{wish}
def told():
    with open(f"/proc/self/task/{{threading.get_native_id()}}/sched", encoding="utf-8") as lines:
        turn = next(line.split(":")[1] for line in lines if line.startswith("se.slice "))
    print(int(turn), os.getpriority(os.PRIO_PROCESS, 0))
thread = threading.Thread(target=told)
thread.start()
thread.join()
"""


@pytest.mark.skipif(
    not (_TOLD.exists() and "se.slice" in _TOLD.read_text("utf-8"))
    or platform.machine() not in ("x86_64", "aarch64")
    or tuple(map(int, platform.release().split(".")[:2])) < (6, 12)
    or os.sched_getscheduler(0) != os.SCHED_OTHER,
    reason="this system does not tell of its turns",
)
@pytest.mark.parametrize(
    ("wish", "turn_ns", "nicer_by"), [("for_orders(pages_beside=False)", 100_000, 0), ("for_pages()", 3_000_000, 10)]
)
def test_what_a_process_starts_takes_turns_of_that_length(wish: str, turn_ns: int, nicer_by: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ASK.format(wish=wish)], capture_output=True, encoding="utf-8", check=True, cwd=ROOT
    )
    nice = min(os.getpriority(os.PRIO_PROCESS, 0) + nicer_by, 19)
    assert done.stdout.split() == [str(turn_ns), str(nice)]


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A Linux of this kind, whatever this machine is; what it refuses is forgotten afterwards."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    for name, found in (("sched_getscheduler", lambda _: 0), ("getpriority", lambda *_: 0)):
        monkeypatch.setattr(os, name, found, raising=False)
    for name in ("SCHED_OTHER", "PRIO_PROCESS"):
        monkeypatch.setattr(os, name, 0, raising=False)
    monkeypatch.setattr(processor, "refused", [])
    monkeypatch.setattr(processor.ctypes, "CDLL", lambda *_, **__: pytest.fail("a call of the system"))
    return monkeypatch


@pytest.mark.parametrize(("system", "machine"), [("win32", "AMD64"), ("darwin", "arm64"), ("linux", "riscv64")])
def test_a_system_that_has_no_such_call_is_asked_for_nothing(
    system: str, machine: str, linux: pytest.MonkeyPatch
) -> None:
    linux.setattr(sys, "platform", system)
    linux.setattr(platform, "machine", lambda: machine)
    _take_turns_of(0.001)


def test_who_was_told_otherwise_by_a_person_stays_so(linux: pytest.MonkeyPatch) -> None:
    linux.setattr(os, "sched_getscheduler", lambda _: 3)
    _take_turns_of(0.001)


def test_a_c_library_without_the_question_is_asked_for_nothing(linux: pytest.MonkeyPatch) -> None:
    def unknown(_: int) -> int:
        raise OSError(38, "Function not implemented")

    linux.setattr(os, "sched_getscheduler", unknown)
    _take_turns_of(0.001)


def test_a_system_that_refuses_is_no_reason_to_stop(linux: pytest.MonkeyPatch) -> None:
    class Refusing:
        def syscall(self, *_: object) -> int:
            return -1

    linux.setattr(processor.ctypes, "CDLL", lambda *_, **__: Refusing())
    _take_turns_of(0.001)
    assert len(processor.refused) == 1


_APART = """
import os, subprocess, sys
from desk.cli import processor
if sys.argv[1:]:
    processor.for_pages(int(sys.argv[2]))
else:
    print(sorted(os.sched_getaffinity(0)), flush=True)
    processor.for_orders(pages_beside=True)
    subprocess.run([sys.executable, __file__, *processor.left_to_pages()], check=True)
print(sorted(os.sched_getaffinity(0)), flush=True)
"""


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="there is one processor to share"
)
def test_orders_keep_off_the_processor_where_pages_are_made(tmp_path: Path) -> None:
    program = tmp_path / "apart.py"
    program.write_text(_APART, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    before, pages, orders = (json.loads(line) for line in done.stdout.splitlines())
    assert pages == [max(before)] and sorted(orders + pages) == before


def test_a_processor_that_is_gone_is_no_reason_to_stop(linux: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise OSError(22, "Invalid argument")

    linux.setattr(os, "sched_setaffinity", gone, raising=False)
    linux.setattr(os, "nice", lambda _: 0, raising=False)
    linux.setattr(processor, "_take_turns_of", lambda _: None)
    processor.for_pages(7)
    assert len(processor.refused) == 1
