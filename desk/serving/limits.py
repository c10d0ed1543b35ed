"""How much of a peer the server bears."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class DoorLimits:
    threads: int = 16
    connections: int = 1000
    header_bytes: int = 16 * 1024
    body_bytes: int = 64 * 1024
    dropped_bytes: int = 4 * 1024 * 1024  # of an oversized body, read before it is answered
    request_s: float = 15.0  # from the first byte of a request to its last
    idle_s: float = 45.0  # a connection on which no request has begun, or whose answer is not fetched
    linger_s: float = 2.0  # after a refusal: time for the sender to stop sending and to read it
    drain_s: float = 5.0  # at the stop: time for the requests in work
