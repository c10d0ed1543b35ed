"""The console's own port, as a stranger finds it: the app behind its real server, with its real limits."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import Flask

from desk.clock import Clock
from desk.console.app import open_console

PATIENCE_S = 30.0


@contextmanager
def served(app: Flask, clock: Clock) -> Iterator[int]:
    """Serve the app on a free port."""
    stop = threading.Event()
    server = open_console(app, "127.0.0.1", 0, clock=clock)
    serving = threading.Thread(target=server.run, args=(stop,))
    serving.start()
    try:
        yield server.port
    finally:
        stop.set()
        serving.join(PATIENCE_S)


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def said(sock: socket.socket) -> bytes:
    """What comes until the server closes."""
    found = b""
    with suppress(ConnectionError):
        while piece := sock.recv(65536):
            found += piece
    return found


def asked(port: int, target: bytes, *headers: bytes, method: bytes = b"GET", host: bytes = b"localhost") -> bytes:
    """The whole answer to a request of these bytes."""
    lines = (b" ".join((method, target, b"HTTP/1.1")), b"Host: " + host, b"Connection: close", *headers)
    with connected(port) as sock:
        with suppress(OSError):  # refused midway
            sock.sendall(b"\r\n".join((*lines, b"", b"")))
        return said(sock)


def status(answer: bytes) -> int:
    """The status of the first answer; 0 for none."""
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.") else 0


def header(answer: bytes, name: bytes) -> bytes:
    for line in answer.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name.lower():
            return value.strip()
    return b""
