"""A daemon with a long past: how much memory it holds, and how soon it is there."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.figures import Figure
from benchmarks.process import free_port, start
from benchmarks.signals import KID, NAME, write_home
from desk.clock import SystemClock, fresh_bytes
from desk.core.values import EventKind
from desk.journal import Journal, NewBody, NewEvent

EVENTS = 100_000
_IN_ONE_BODY = 50


def measure(folder: Path, *, runs: int, count: int = EVENTS, say: Callable[[str], None]) -> list[Figure]:
    """One daemon decides that many events; then it is started anew on them, `runs` times."""
    home, port = folder / "standing", free_port()
    write_home(home, port)
    begun = time.perf_counter()
    _fill(home, count)
    say(f"{count:,} events accepted in {time.perf_counter() - begun:.1f} s")
    daemon, _ = start_daemon(home, port)
    begun = time.perf_counter()
    while _undecided(home):
        time.sleep(0.2)
    took = time.perf_counter() - begun
    decided = psutil.Process(daemon.pid).memory_info().rss / 1e6
    say(f"decided in {took:.1f} s; memory {decided:.0f} MB")
    stop_daemon(daemon)
    starts, memory = [], []
    for run in range(runs):
        daemon, seconds = start_daemon(home, port)
        starts.append(seconds)
        time.sleep(min(1.0, count / 1000))  # until it has loaded everything
        memory.append(psutil.Process(daemon.pid).memory_info().rss / 1e6)
        stop_daemon(daemon)
        say(f"start {run + 1}: {seconds:.2f} s, {memory[-1]:.0f} MB")
    return [
        Figure(name=f"memory after deciding {count:,} events", unit="MB", ours=(decided,), at_most=150),
        Figure(name="  events decided", unit="1/s", ours=(count / took,)),
        Figure(name=f"start with {count:,} old events", unit="s", ours=tuple(starts), at_most=3),
        Figure(name="  memory then", unit="MB", ours=tuple(memory), at_most=150),
    ]


def _fill(home: Path, count: int) -> None:
    """Store events through the journal's own acceptance: half heartbeats, half orders that JoinQuant did not fill."""
    clock = SystemClock()
    (home / "data").mkdir()
    with Journal.open(home / "data", clock=clock) as journal:
        for first in range(1, count + 1, _IN_ONE_BODY):
            now = clock.now()
            body_id = fresh_bytes(16).hex()
            events = tuple(
                _event(f"{body_id}-{seq}", seq, int(now.timestamp()))
                for seq in range(first, min(first + _IN_ONE_BODY, count + 1))
            )
            journal.accept(
                NewBody(
                    kid=KID,
                    strategy=NAME,
                    body_id=body_id,
                    digest=fresh_bytes(32),
                    wire=2,
                    sent_at=now,
                    received_at=now,
                    clock_ahead=False,
                    events=events,
                )
            )


def _event(event_id: str, seq: int, at: int) -> NewEvent:
    head = f'"q":{seq},"r":"s","d":{at}'
    if seq % 2:
        return NewEvent(
            event_id=event_id, strategy=NAME, kind=EventKind.HEARTBEAT, seq=seq, payload=f'{{"y":"h",{head}}}'
        )
    order = f'"o":"{seq}","x":"{600000 + seq % 1000}.XSHG","b":1,"a":100,"f":0,"p":0,"u":"c"'
    return NewEvent(
        event_id=event_id, strategy=NAME, kind=EventKind.ORDER, seq=seq, payload=f'{{"y":"o",{head},{order}}}'
    )


def _undecided(home: Path) -> bool:
    with Journal.open(home / "data", clock=SystemClock(), read_only=True) as journal:
        return bool(journal.undecided_events(1))


def start_daemon(home: Path, port: int) -> tuple[subprocess.Popen[str], float]:
    """Start the program; give it with the seconds from its start until its port takes connections."""
    begun = time.perf_counter()
    process = start(["main.py", "--home", str(home), "run"], quiet=True)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.perf_counter() - begun > 60:
                process.kill()
                raise RuntimeError("the daemon did not start") from None
            time.sleep(0.01)
        else:
            return process, time.perf_counter() - begun


def stop_daemon(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.communicate(timeout=30)
