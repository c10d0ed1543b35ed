"""Run the pasted file in the little JoinQuant, and the answering side that the tests put before it."""

from __future__ import annotations

import itertools
import json
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from desk.core import wire
from desk.snippet import render
from tests.joinquant.jq_stub import JoinQuant

KID = "xsz"
SECRET = "gd2_ZcuxSX7cFldMDx3uK1Sto5dwnO-CwhExmMg1v8S_U7I"
OTHER_SECRET = "gd2_00vutwzdzB-XOrRopPdGdVcGWi_BucEY5ygDWyXTivA"
WALL = 1795138500.123  # 2026-11-20 09:35:00 in Beijing


class Time:
    """A clock that only sleeping and the wire move."""

    def __init__(self) -> None:
        self.wall, self.slept = WALL, 0.0

    def now(self) -> float:
        return self.wall + self.slept

    def monotonic(self) -> float:
        return 1000.0 + self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


class Receiver:
    """Answers bodies as the real one does; `answers` are used up first, one for each request."""

    def __init__(self, secret: str = SECRET) -> None:
        self.keys = wire.derive_keys(KID, secret)
        self.bodies: list[bytes] = []
        self.seen: dict[bytes, bytes] = {}
        self.answers: list[Callable[[wire.Envelope], tuple[int, bytes]]] = []
        self.top = 0

    def honest(self, envelope: wire.Envelope, st: str | None = None) -> tuple[int, bytes]:
        known = envelope.body_id in self.seen
        events = wire.parse_events(wire.open_envelope(envelope, self.keys))
        self.seen[envelope.body_id] = envelope.mac
        self.top = max([self.top, *(event.seq for event in events)])
        return 200, wire.make_ack(envelope, self.keys, st or ("duplicate" if known else "accepted"), self.top + 1)

    def post(self, body: bytes) -> tuple[int, bytes]:
        self.bodies.append(body)
        envelope = wire.parse_envelope(body)
        try:
            return self.answers.pop(0)(envelope) if self.answers else self.honest(envelope)
        except wire.NotAuthentic:
            return 401, b'{"error":"unauthorized"}'

    def plain(self, at: int = -1) -> Any:
        return json.loads(wire.open_envelope(wire.parse_envelope(self.bodies[at]), self.keys))

    def events(self) -> list[Any]:
        """All events in the order of their first arrival."""
        seen, events = set(), []
        for at, body in enumerate(self.bodies):
            if body not in seen:
                seen.add(body)
                plain = self.plain(at)
                events += plain if isinstance(plain, list) else [plain]
        return events


class StubLine:
    """Stands for the snippet's connection."""

    def __init__(self, receiver: Receiver, time: Time) -> None:
        self.receiver, self.time = receiver, time
        self.down = False

    def post(self, body: str, deadline: float) -> tuple[int, bytes]:
        if self.down:
            self.time.slept += 0.3
            raise OSError("refused")
        return self.receiver.post(body.encode("ascii"))


class Strategy:
    """A strategy with the rendered header on top, over the stub line unless told otherwise."""

    _numbers = itertools.count()

    def __init__(
        self,
        jq: JoinQuant | None = None,
        receiver: Receiver | None = None,
        *,
        secret: str = SECRET,
        address: str = "http://127.0.0.1:9",
        settings: dict[str, Any] | None = None,
        names: dict[str, Any] | None = None,
    ) -> None:
        self.jq, self.receiver = jq or JoinQuant(), receiver or Receiver()
        self.time = Time()
        self.module = types.ModuleType(f"user_code_{next(self._numbers)}")
        self.names = self.module.__dict__
        self.names.update(self.jq.names() if names is None else names)
        source = render(address, KID, secret, "小市值")
        for key, value in (settings or {}).items():
            assert f"'{key}': " in source
            lines = [f"'{key}': {value!r}," if f"'{key}': " in line and "#" in line else line
                     for line in source.splitlines()]  # fmt: skip
            source = "\n".join(lines) + "\n"
        source += STRATEGY
        exec(compile(source, "user_code.py", "exec"), self.names)
        self.gendan = self.names["gendan_heartbeat"].gendan
        self.line, self.real_line = StubLine(self.receiver, self.time), self.gendan.line
        if self.real_line is not None:
            self.gendan.line = self.line
        self.ids = itertools.count(1)
        self.gendan.now, self.gendan.monotonic, self.gendan.sleep = self.time.now, self.time.monotonic, self.time.sleep
        self.gendan.random = lambda size: next(self.ids).to_bytes(size, "big")

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call one of the strategy's names as the strategy would, from a function that was given the context."""
        return self.names["run"](self.jq.context, name, args, kwargs)

    @property
    def spool(self) -> list[Any]:
        return list(self.jq.g.gendan["spool"])

    def said(self, level: str) -> str:
        return "\n".join(text for one, text in self.jq.log.lines if one == level)


STRATEGY = '''

def run(context, name, args, kwargs):
    return globals()[name](*args, **kwargs)
'''


@contextmanager
def http_receiver(receiver: Receiver) -> Iterator[str]:
    """The receiver behind a real socket; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            status, answer = receiver.post(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
