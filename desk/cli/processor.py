"""Who waits for the processor where others want it too: pages, not orders.

What is shortened is the wait of a thread that has just been woken; a console beside a busy machine still gets its part,
because its halt button must work then too.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import subprocess
import sys

_left: list[int] = []  # the processor that this process keeps off
refused: list[str] = []  # why the system did not take a wish; for the log, which is not open yet when it is made

_NICE = 10
# A thread that wakes takes the processor at once from one whose turn was longer than its own would be; else it may wait
# out that turn, some 4 ms. Both lie within what Linux takes (0.1 to 100 ms).
_SHORT_TURN_S, _LONG_TURN_S = 0.0001, 0.003
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}  # Python has no function for this call of the system

# For `subprocess`, on Windows, where a process cannot be told so by a call of Python's own.
PAGES_ON_WINDOWS = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)


def for_orders(*, pages_beside: bool) -> None:
    """This thread, and what it starts from now on, is let in when it wakes; of use on Linux since 6.12.

    `pages_beside`: pages are made in another process of ours, so keep off the processor that is left to them. One
    interpreter needs hardly more than one processor, and handing it on between two is slower (docs/performance.md).
    """
    _take_turns_of(_SHORT_TURN_S)
    ours = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if pages_beside and len(ours) > 1:
        _left.append(max(ours))
        _stay_on(ours - {_left[-1]})


def left_to_pages() -> list[str]:
    """The option by which another process of ours is told."""
    return ["--processor", str(_left[-1])] if _left else []


def for_pages(number: int | None = None) -> None:
    """This thread, and what it starts from now on, comes after those that trade; `number`: the processor left to it."""
    if hasattr(os, "nice"):
        os.nice(_NICE)
    _take_turns_of(_LONG_TURN_S)
    if number is not None:
        _stay_on({number})


def _stay_on(processors: set[int]) -> None:
    if hasattr(os, "sched_setaffinity"):
        try:
            os.sched_setaffinity(0, processors)
        except OSError as error:  # not allowed, or taken from us meanwhile
            refused.append(str(error))


def _take_turns_of(seconds: float) -> None:
    number = _SCHED_SETATTR.get(platform.machine()) if sys.platform == "linux" and sys.maxsize > 2**32 else None
    try:
        if number is None or os.sched_getscheduler(0) != os.SCHED_OTHER:  # a person has chosen otherwise
            return
        nice = os.getpriority(os.PRIO_PROCESS, 0)  # is set anew by the call
    except OSError:  # musl has the function and no answer
        return
    layout = "=IIQiIQQQ"  # struct sched_attr: size, policy, flags, nice, priority, runtime, deadline, period
    wanted = struct.pack(layout, struct.calcsize(layout), os.SCHED_OTHER, 0, nice, 0, round(seconds * 1e9), 0, 0)
    system = ctypes.CDLL(None, use_errno=True)
    if system.syscall(ctypes.c_long(number), ctypes.c_long(0), wanted, ctypes.c_long(0)) != 0:
        refused.append(os.strerror(ctypes.get_errno()))
