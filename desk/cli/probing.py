"""Asks a receiver over HTTP whether it is this home's: bounded in time and size, no redirect, no proxy."""

from __future__ import annotations

import http.client
import io
import json
import socket
import ssl
from enum import StrEnum
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

from desk.clock import Clock, fresh_bytes
from desk.core.probe import proves

ANSWER_S = 4.0
MAX_ANSWER_BYTES = 8 * 1024
_ORDER_PATH = "/api/order"


class Heard(StrEnum):
    """Who answered."""

    OURS = "ours"
    STRANGER = "stranger"  # another server, a captive portal, another home
    NOBODY = "nobody"


def probe(url: str, key: bytes, clock: Clock) -> Heard:
    """Ask the address for the proof of a fresh nonce. Blocks for ANSWER_S and the name's resolution; raises nothing."""
    nonce, deadline = fresh_bytes(16).hex(), clock.monotonic() + ANSWER_S
    try:
        raw = _get(urlsplit(url), nonce, clock, deadline)
    except (OSError, ValueError):
        return Heard.NOBODY
    if not raw:
        return Heard.NOBODY  # what a tunnel's server does while nobody is behind it
    return Heard.OURS if _is_proof(raw, key, nonce) else Heard.STRANGER


def _get(url: SplitResult, nonce: str, clock: Clock, deadline: float) -> bytes:
    """The raw answer up to its end or MAX_ANSWER_BYTES. Raises OSError, ValueError."""
    tls = url.scheme == "https"
    # Where the snippet posts to a path of its own, the health page stands beside it.
    path = f"{url.path.removesuffix(_ORDER_PATH)}/healthz?nonce={nonce}"
    host = url.netloc.rpartition("@")[2]
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("ascii")
    with _connect(url.hostname or "", url.port or (443 if tls else 80), clock, deadline) as plain:
        sock = ssl.create_default_context().wrap_socket(plain, server_hostname=url.hostname) if tls else plain
        with sock:
            sock.settimeout(_left(clock, deadline))
            sock.sendall(request)
            raw = b""
            while len(raw) < MAX_ANSWER_BYTES:
                sock.settimeout(_left(clock, deadline))
                part = sock.recv(4096)
                if not part:
                    break
                raw += part
            return raw


def _connect(host: str, port: int, clock: Clock, deadline: float) -> socket.socket:
    wrong: OSError | None = None
    for family, kind, proto, _, address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
        sock = socket.socket(family, kind, proto)
        try:
            sock.settimeout(_left(clock, deadline))
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            wrong = error
    raise wrong or OSError("the name has no address")


def _left(clock: Clock, deadline: float) -> float:
    """Seconds until the deadline: a peer that drips gets no more than the whole. Raises TimeoutError."""
    left = deadline - clock.monotonic()
    if left <= 0:
        raise TimeoutError("the answer took too long")
    return left


def _is_proof(raw: bytes, key: bytes, nonce: str) -> bool:
    try:
        response = http.client.HTTPResponse(cast(socket.socket, _Said(raw)))
        response.begin()
        content: Any = json.loads(response.read())
        return response.status == 200 and proves(key, nonce, content["proof"])
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError, RecursionError):
        return False


class _Said:
    """What was received, for the parser, which wants a socket."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._raw)
