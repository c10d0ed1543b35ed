"""The pasted file's connection: a name that does not resolve, addresses that do not answer, within one deadline."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from tests.joinquant.pasted import Strategy


def line_of(address: str) -> Any:
    strategy = Strategy(address=address)
    line = strategy.real_line
    assert line is not None
    line.monotonic = strategy.time.monotonic
    return line


def test_a_name_that_stalls_holds_nobody_beyond_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: never.wait(30))
    line = line_of("http://frp.example.cn:8888")
    with pytest.raises(socket.timeout):
        line.addresses(line.monotonic())
    never.set()


def test_a_name_that_stalls_is_served_by_the_addresses_of_last_time(monkeypatch: pytest.MonkeyPatch) -> None:
    line = line_of("http://frp.example.cn:8888")
    known = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: known)
    assert line.addresses(line.monotonic() + 3) == known
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: never.wait(30))
    assert line.addresses(line.monotonic()) == known
    never.set()


def test_dead_addresses_share_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    line = line_of("http://frp.example.cn:8888")
    clock = [1000.0]
    line.monotonic = lambda: clock[0]

    class Hole(socket.socket):
        def connect(self, address: Any) -> None:
            clock[0] += self.gettimeout() or 0
            raise TimeoutError("timed out")

    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n}", 9)) for n in range(2, 6)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: rows)
    monkeypatch.setattr(socket, "socket", Hole)
    with pytest.raises(OSError, match="timed out"):
        line.connect(1003.0)
    assert clock[0] <= 1003.1
