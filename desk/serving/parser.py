"""Reads requests: what is too long is read, dropped and then refused, so that its sender sees the answer."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped]
from waitress.utilities import BadRequest, RequestEntityTooLarge  # type: ignore[import-untyped]

from desk.serving.limits import DoorLimits

# A chunk's size line and the trailer after the chunks have no bound of their own in waitress.
_CONTROL_BYTES = 1024


class _Nowhere:
    """A body buffer that only counts."""

    def __init__(self) -> None:
        self._length = 0

    def append(self, data: bytes) -> None:
        self._length += len(data)

    def __len__(self) -> int:
        return self._length

    def getfile(self) -> BytesIO:
        return BytesIO()

    def close(self) -> None:
        """Nothing is held."""


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """Reads one request; a body beyond the limit is dropped while it comes in, and only then refused."""

    completed: bool

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self._limits: DoorLimits = adj.door
        self._oversized = False

    def received(self, data: bytes) -> int:
        try:
            consumed: int = super().received(data)
        except ValueError as error:
            # A Content-Length of 5,000 digits, a URL like http://[: waitress would drop the connection unanswered.
            self.error, self.completed = BadRequest(str(error)), True
            return len(data)
        if self.error is None and self.headers_finished:
            if self.body_rcv is None:
                # Nothing to continue with; waitress would wait for more.
                self.expect_continue = False
            else:
                self._judge_body()
        return consumed

    def _judge_body(self) -> None:
        limits, body = self._limits, self.body_rcv
        if not self._oversized and max(self.content_length, len(body)) > limits.body_bytes:
            self._oversized = True
            body.buf = _Nowhere()
        if self.chunked and max(len(body.control_line), len(body.trailer)) > _CONTROL_BYTES:
            self.error = BadRequest("chunk control data too long")
        elif self.body_bytes_received >= limits.dropped_bytes or (self._oversized and self.completed):
            self.error = RequestEntityTooLarge("body too long")
        self.completed = self.completed or self.error is not None
