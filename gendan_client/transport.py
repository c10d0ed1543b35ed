"""HTTP by the standard library: one request, one connection, a deadline over everything, no redirects, no proxies."""

from __future__ import annotations

import http.client
import socket
import threading
import urllib.parse
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Callable, Mapping

from gendan_client.errors import BadAnswer, NoAnswer, Unreachable

MAX_ANSWER_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    retry_after_s: float = 0.0


Transport = Callable[[Request], Answer]
"""Raises Unreachable when nothing has left, NoAnswer when nobody knows."""


def base_address(address: str) -> str:
    """`1.2.3.4:8888` -> `http://1.2.3.4:8888`, without a slash at its end. Raises ValueError."""
    parts = urllib.parse.urlsplit(address if "://" in address else "http://" + address)
    # `port` raises ValueError for what is none.
    if parts.scheme not in ("http", "https") or not parts.hostname or (parts.port is not None and parts.port < 1):
        raise ValueError(f"地址不对：{address}")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError(f"地址里只能有主机、端口和路径：{parts.hostname}")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


class HttpTransport:
    """Thread-safe. `seconds`: for connecting, and again for the whole exchange after that."""

    def __init__(self, seconds: float = 10.0) -> None:
        self._seconds = seconds

    def __call__(self, request: Request) -> Answer:
        parts = urllib.parse.urlsplit(request.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.netloc, timeout=self._seconds)
        try:
            self._connect(connection, parts.netloc)
            return self._exchange(connection, request, parts.path + ("?" + parts.query if parts.query else ""))
        finally:
            connection.close()

    def _connect(self, connection: http.client.HTTPConnection, place: str) -> None:
        try:
            connection.connect()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(f"连不上 {place}：{error}") from error

    def _exchange(self, connection: http.client.HTTPConnection, request: Request, path: str) -> Answer:
        # A socket's own timeout starts anew with every byte that drips in.
        guard = threading.Timer(self._seconds, _cut, [connection.sock])
        guard.daemon = True
        guard.start()
        try:
            connection.request(request.method, path, request.body or None, dict(request.headers))
            return _read(connection.getresponse())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(f"已经发出，没有得到回答：{type(error).__name__} {error}") from error
        finally:
            guard.cancel()


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):  # it may be closed already
        sock.shutdown(socket.SHUT_RDWR)


def _read(response: http.client.HTTPResponse) -> Answer:
    if response.length is not None and response.length > MAX_ANSWER_BYTES:
        raise BadAnswer(f"回答太大：{response.length} 字节")
    # Without an amount a body that ends too early is an error; with one it would pass for a whole body.
    body = response.read() if response.length is not None else response.read(MAX_ANSWER_BYTES + 1)
    if len(body) > MAX_ANSWER_BYTES:
        raise BadAnswer("回答太大")
    wish = response.getheader("Retry-After", "")
    return Answer(response.status, body, float(wish) if wish.isascii() and wish.isdigit() else 0.0)
