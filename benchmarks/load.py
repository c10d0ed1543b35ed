"""A light HTTP client: one thread, raw sockets, requests made before the clock starts, answers checked after it."""

from __future__ import annotations

import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Load:
    """What came of one volley; all by the number of the request."""

    seconds: float
    latencies: list[float]  # seconds, from connecting or sending to the last byte of the answer
    answers: list[bytes]  # bodies
    finished_at: float  # perf_counter


@dataclass(slots=True)
class _Line:
    sock: socket.socket
    number: int = 0
    begun: float = 0.0
    got: bytearray = field(default_factory=bytearray)


def request(body: bytes, path: str = "/api/order", headers: Sequence[str] = ()) -> bytes:
    """The bytes of one POST."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def body_of(got: bytes | bytearray) -> bytes | None:
    """The answer's body when it is there wholly; an answer that is not 200 raises."""
    head, end, rest = bytes(got).partition(b"\r\n\r\n")
    if not end:
        return None
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"answered {bytes(got)!r}")
    at = head.lower().index(b"content-length:") + 15
    return rest if len(rest) >= int(head[at:].split(b"\r\n", 1)[0]) else None


def volley(port: int, requests: Sequence[bytes], *, clients: int, keep: bool) -> Load:
    """Send all requests over `clients` connections at once, each waiting for its answer before the next.

    `keep`: the connections stay open; otherwise every request opens one of its own.
    """
    waiting = deque(enumerate(requests))
    latencies, answers = [0.0] * len(requests), [b""] * len(requests)
    selector = selectors.DefaultSelector()

    def connect() -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def send(line: _Line) -> None:
        line.number, content = waiting.popleft()
        line.got.clear()
        line.sock.sendall(content)

    lines = [_Line(connect()) for _ in range(min(clients, len(requests)))] if keep else []
    busy = min(clients, len(requests))
    begun = time.perf_counter()
    for place in range(busy):
        start = time.perf_counter()
        line = lines[place] if keep else _Line(connect())
        line.begun = start
        send(line)
        selector.register(line.sock, selectors.EVENT_READ, line)
    while busy:
        for key, _ in selector.select(30):
            line = key.data
            piece = line.sock.recv(65536)
            line.got += piece
            body = body_of(line.got)
            if body is None:
                if not piece:
                    raise RuntimeError("the server hung up without an answer")
                continue
            now = time.perf_counter()
            latencies[line.number], answers[line.number] = now - line.begun, body
            if not keep or not waiting:
                selector.unregister(line.sock)
                line.sock.close()
                if not waiting:
                    busy -= 1
                    continue
            line.begun = time.perf_counter()
            if not keep:
                line = _Line(connect(), begun=line.begun)
                selector.register(line.sock, selectors.EVENT_READ, line)
            send(line)
    ended = time.perf_counter()
    selector.close()
    return Load(ended - begun, latencies, answers, ended)
