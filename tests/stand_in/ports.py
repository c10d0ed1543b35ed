"""Ports that nobody else takes between the question and the bind."""

from __future__ import annotations

import itertools
import os
import socket
from contextlib import suppress

_FIRST, _BLOCK = 20_000, 3_000  # below what systems hand out by themselves; a block for each worker of pytest
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
_NEXT = itertools.count(os.getpid() * 7)  # two runs beside each other begin at different places


def free_port() -> int:
    """A free port; the same is not given again soon."""
    for number in itertools.islice(_NEXT, _BLOCK):
        port = _FIRST + _BLOCK * _WORKER + number % _BLOCK
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")
