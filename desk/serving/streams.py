"""Answers that stay open: what comes later is sent by the server's own loop, so that no worker waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

KEY = "gendan.stay_open"  # in the environment of a request
_UNFETCHED_BYTES = 32 * 1024


class _Line(Protocol):
    connected: bool
    total_outbufs_len: int

    def wake(self) -> None: ...


class Stream:
    """The open end of an answer. Usable from any thread; nothing here waits."""

    def __init__(self, line: _Line, *, chunked: bool) -> None:
        self._line = line
        self._lock = threading.Lock()
        self._waiting = b""
        self._ended = False
        self._chunked = chunked

    @property
    def is_open(self) -> bool:
        return self._line.connected and not self._ended

    @property
    def wants_out(self) -> bool:
        return self._ended or bool(self._waiting)

    def send(self, data: bytes) -> None:
        """Send this soon; the stream ends for a peer that does not fetch what was sent before."""
        if not self.is_open:
            return
        with self._lock:
            fetched = self._line.total_outbufs_len + len(self._waiting) <= _UNFETCHED_BYTES
            if fetched:
                self._waiting += b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data
        if fetched:
            self._line.wake()
        else:
            self.end()

    def end(self) -> None:
        """Send what waits, then close the connection."""
        with self._lock:
            self._ended = True
        self._line.wake()

    def taken(self) -> tuple[bytes, bool]:
        """What waits, for the loop to send, and whether that is the end."""
        with self._lock:
            data, self._waiting = self._waiting, b""
            if self._ended and self._chunked:
                data += b"0\r\n\r\n"
            return data, self._ended


def stay_open(environ: Mapping[str, Any]) -> Stream | None:
    """Keep the answer to this request open after its first bytes; None where the server cannot."""
    ask: Callable[[], Stream] | None = environ.get(KEY)
    return None if ask is None else ask()
