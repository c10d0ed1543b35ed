"""Serve a WSGI app where strangers can reach it: waitress, made to bear slow, idle, oversized and malformed peers.

waitress reads requests in one loop and gives only complete ones to its workers, so a slow sender costs a socket and no
worker. What it lacks stands here: a total deadline for each request (a byte now and then does not extend it), room made
for newcomers when all sockets are taken, oversized bodies read and dropped so that their sender sees the 413, declared
JSON answers instead of its own texts, and a stop that finishes what is in work. Durations are monotonic throughout:
waitress' own housekeeping follows the wall clock and would stand still for hours after that was set back.
"""

from __future__ import annotations

import errno
import logging
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.adjustments import Adjustments  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.server import TcpWSGIServer  # type: ignore[import-untyped]
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask  # type: ignore[import-untyped]

from desk.clock import Clock
from desk.serving.limits import DoorLimits as DoorLimits
from desk.serving.parser import Parser
from desk.serving.sockets import Sockets
from desk.serving.streams import KEY, Stream

log = logging.getLogger(__name__)

# Asking the deadlines costs a walk over all channels, so it is not done in every turn of the loop.
_CHECK_EVERY_S = 0.25
# Python's select() on Windows takes 512 sockets and raises beyond; some are the listener's and the trigger's.
_WINDOWS_SOCKETS = 480


class CannotListen(Exception):
    """The address cannot be opened; another address or port has to be configured."""

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(f"{host}:{port}: {why}")
        self.host = host
        self.port = port
        self.why = why


class PortOccupied(CannotListen):
    """Another program listens on this port."""


def listen_on(host: str, port: int, backlog: int = 1024) -> socket.socket:
    """Open the listening socket. Raises PortOccupied, CannotListen."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotListen(host, port, str(error)) from error
    try:
        if sys.platform == "win32":
            # There SO_REUSEADDR would let a second process take the port over.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # Without it a restart after kill -9 cannot bind for a minute.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(backlog)
    except OSError as error:
        sock.close()
        # Windows says "access denied" for a port that somebody holds exclusively.
        taken = error.errno == errno.EADDRINUSE or getattr(error, "winerror", None) in (10013, 10048)
        raise (PortOccupied if taken else CannotListen)(host, port, str(error)) from error
    sock.setblocking(False)
    return sock


def _affordable(wanted: int) -> int:
    """Lower a number of connections to what the system's own limits bear: beyond them the loop itself would break."""
    if sys.platform == "win32":
        return min(wanted, _WINDOWS_SOCKETS)
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if files == resource.RLIM_INFINITY else max(16, min(wanted, files - 200))


_MALFORMED = ("400 Bad Request", b'{"error":"malformed"}')
_REFUSALS = {
    413: ("413 Request Entity Too Large", b'{"error":"too_large"}'),
    # The app answers its own failures; this one is for what breaks beside it.
    500: ("503 Service Unavailable", b'{"error":"unavailable"}'),
}


class _Refusal(ErrorTask):  # type: ignore[misc]
    """Answers what never reached the app, in the words of the wire's table."""

    def execute(self) -> None:
        self.status, body = _REFUSALS.get(self.request.error.code, _MALFORMED)
        self.response_headers.append(("Content-Type", "application/json"))
        self.response_headers.extend(self.channel.adj.refusal_headers.items())
        if self.status.startswith("503"):
            self.response_headers.append(("Retry-After", "5"))
        self.set_close_on_finish()
        self.channel.linger = True
        self.content_length = len(body)
        self.write(body)


class _Task(WSGITask):  # type: ignore[misc]
    """Sends an answer's head together with its body: two packets would wake the peer twice."""

    wrote_header: bool
    stream: Stream | None = None

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[KEY] = self._stay_open
        return environ

    def _stay_open(self) -> Stream:
        self.stream = Stream(self.channel, chunked=self.version == "1.1")
        return self.stream

    def finish(self) -> None:
        if self.stream is None or not self.status.startswith("200"):
            if self.stream is not None:
                self.stream.end()
            super().finish()
            return
        if not self.wrote_header:
            self.write(b"")
        self.close_on_finish = False
        self.channel.keep_open(self.stream)

    def write(self, data: bytes) -> None:
        if data and not self.wrote_header:
            self.channel.head = self.build_response_header()
            self.wrote_header = True
        super().write(data)
        if self.channel.head:
            self.channel.write_soon(b"")  # nothing of the data may be sent


class _Channel(HTTPChannel):  # type: ignore[misc]
    """One connection: how long it may take is counted by the monotonic clock."""

    task_class = _Task
    error_task_class = _Refusal
    parser_class = Parser
    request: Any  # what has come of one
    head = b""  # of an answer, waiting for its body
    stream: Stream | None = None  # of an answer that has no end yet

    def __init__(self, server: _Server, sock: socket.socket, addr: Any, adj: Any, map: Any = None) -> None:
        self.quiet_since = server.clock.monotonic()
        self.begun_at = self.quiet_since
        self.linger = False
        self.lingers_until: float | None = None
        self._lingered_bytes = 0
        super().__init__(server, sock, addr, adj, map=map)

    @property
    def in_work(self) -> bool:
        return bool(self.requests) or self.stream is not None

    def due_at(self) -> float:
        """When this connection has used up its time, for one that has nothing in work."""
        limits: DoorLimits = self.adj.door
        if self.lingers_until is not None:
            return self.lingers_until
        if self.request is not None:
            return self.begun_at + limits.request_s
        return self.quiet_since + limits.idle_s

    def received(self, data: bytes) -> bool:
        before = self.request
        taken: bool = super().received(data)
        if self.request is not before:
            self.begun_at = self.server.clock.monotonic()
        return taken

    def service(self) -> None:
        # Before and after: the housekeeping may look between the end of the work and the second note.
        self.quiet_since = self.server.clock.monotonic()
        self.server.served.channel = self
        super().service()
        self.quiet_since = self.server.clock.monotonic()

    def keep_open(self, stream: Stream) -> None:
        """Send what this stream brings until it ends; what its peer asks behind it is dropped, read or unread."""
        with self.requests_lock:
            self.stream = stream
            behind = [*self.requests[1:], *([self.request] if self.request is not None else [])]
            for request in behind:
                request.close()
            del self.requests[1:]
            self.request = None

    def dismiss(self) -> None:
        """Close this connection; called in the loop's thread."""
        self.will_close = True
        self.server.sockets.touch(self._fileno)

    def wake(self) -> None:
        """Have the loop look at this connection; called by any thread."""
        self.server.wake(self._fileno)

    def write_soon(self, data: Any) -> int:
        head, self.head = self.head, b""
        written: int = super().write_soon(head + data if head else data)
        return written

    # A refusal may be sent while its peer is still sending. Closing then would make the peer's system throw the answer
    # away (RST), so only our direction is closed, and what still comes is read and dropped for a moment.

    def readable(self) -> bool:
        if self.lingers_until is not None:
            return not self.will_close
        # As waitress has it, spelt out: asked for every request several times.
        return not (self.requests or self.total_outbufs_len or self.close_when_flushed or self.will_close)

    def writable(self) -> bool:
        if self.lingers_until is not None:
            return self.will_close
        if self.stream is not None and self.stream.wants_out:
            return True
        return bool(self.total_outbufs_len or self.close_when_flushed or self.will_close)

    def handle_write(self) -> None:
        if self.stream is not None:
            self._take_from(self.stream)
        if not self.linger or self.will_close or not self.close_when_flushed or self.lingers_until is not None:
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if self.connected and not self.will_close and not self.total_outbufs_len:
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                self.handle_close()
                return
            self.lingers_until = self.server.clock.monotonic() + self.adj.door.linger_s

    def _take_from(self, stream: Stream) -> None:
        data, over = stream.taken()
        with self.outbuf_lock:
            self.outbufs[-1].append(data)
            self.total_outbufs_len += len(data)
        if over:
            self.stream = None
            self.close_when_flushed = True

    def handle_read(self) -> None:
        if self.lingers_until is None and self.stream is None:
            super().handle_read()
            return
        try:
            data = self.recv(self.adj.recv_bytes)
        except OSError:
            self.handle_close()
            return
        self._lingered_bytes += len(data)
        if not data or self._lingered_bytes > self.adj.door.dropped_bytes:
            self.will_close = True


class _Server(TcpWSGIServer):  # type: ignore[misc]
    channel_class = _Channel

    def __init__(
        self, app: Callable[..., Any], sock: socket.socket, *, adj: Any, dispatcher: Any, clock: Clock
    ) -> None:
        self.clock = clock
        self.sockets = Sockets()
        self.served = threading.local()  # `channel`: the one that a worker serves
        self._next_check = clock.monotonic()
        self._waking = threading.Lock()
        self._closed = False
        info = (sock.family, sock.type, sock.proto, sock.getsockname())
        super().__init__(
            app, self.sockets, True, sock, dispatcher=dispatcher, adj=adj, sockinfo=info, bind_socket=False
        )

    def set_reuse_addr(self) -> None:
        """Leave the socket as `listen_on` made it."""

    def pull_trigger(self) -> None:
        """Tell the loop, from a worker, that its connection has changed; a loop that is awake needs no waking."""
        channel = self.served.channel
        urgent = bool(channel.total_outbufs_len or channel.close_when_flushed or channel.will_close)
        if self.sockets.touch_from_outside(channel._fileno, urgent=urgent):
            super().pull_trigger()

    def wake(self, number: int | None) -> None:
        """Have the loop look at a connection; called by any thread, also when the server has closed."""
        with self._waking:
            if not self._closed and self.sockets.touch_from_outside(number, urgent=True):
                super().pull_trigger()

    def nobody_wakes(self) -> None:
        """From now on the loop's pipe may be closed."""
        with self._waking:
            self._closed = True

    def readable(self) -> bool:
        now = self.clock.monotonic()
        if now >= self._next_check:
            self._next_check = now + _CHECK_EVERY_S
            self.dismiss_due(now)
        if self.accepting and len(self._map) >= self.adj.connection_limit:
            self._make_room()
            return False
        return bool(self.accepting)

    def dismiss_due(self, now: float) -> None:
        for channel in list(self.active_channels.values()):
            if not channel.in_work and now >= channel.due_at():
                channel.dismiss()

    def _make_room(self) -> None:
        """Give up the connection that would be due first, so that idle strangers cannot keep a sender out."""
        waiting = [channel for channel in list(self.active_channels.values()) if not channel.in_work]
        if waiting:
            min(waiting, key=lambda channel: channel.due_at()).dismiss()


class HttpServer:
    """A bound server. `run` serves in the caller's thread until the bell rings; nothing is accepted before."""

    def __init__(
        self,
        app: Callable[..., Any],
        host: str,
        port: int,
        *,
        clock: Clock,
        limits: DoorLimits | None = None,
        refusal_headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Bind. Port 0 takes a free one, told by `port`. Raises PortOccupied, CannotListen.

        `refusal_headers`: what answers bear that the app never sees, as the app's own do.
        """
        limits = limits or DoorLimits()
        self._limits = replace(limits, connections=_affordable(limits.connections))
        self._clock = clock
        sock = listen_on(host, port)
        self.host, self.port = host, int(sock.getsockname()[1])
        adj = Adjustments(
            host="127.0.0.1",
            port=self.port,
            threads=limits.threads,
            connection_limit=self._limits.connections,
            max_request_header_size=limits.header_bytes,
            max_request_body_size=sys.maxsize,
            log_socket_errors=False,
            clear_untrusted_proxy_headers=False,
            ident=None,
        )
        adj.door = self._limits
        adj.refusal_headers = refusal_headers
        # It logs every queued request, which under load is a log line for each.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._workers = ThreadedTaskDispatcher()
        self._server = _Server(app, sock, adj=adj, dispatcher=self._workers, clock=clock)

    @property
    def connections(self) -> int:
        return len(self._server.active_channels)

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set, then finish the requests in work and close; call once."""
        self._workers.set_thread_count(self._limits.threads)
        try:
            while not stop.is_set():
                self._turn(0.2)
            self._drain()
        finally:
            self.close()

    def close(self) -> None:
        """Close everything at once, for a server that never ran; `run` does it itself."""
        self._server.nobody_wakes()
        self._workers.shutdown(timeout=1)
        if self._workers.threads:
            # waitress keeps the number of the closed pipe: a worker that ends late would write its wake-up call into
            # whatever file has got that number since, the journal's for example. So the pipe outlives it.
            self._server.trigger.del_channel()
        self._server.sockets.close()

    def _turn(self, seconds: float) -> None:
        self._server.sockets.turn(seconds, self._server._fileno)

    def _drain(self) -> None:
        """Stop listening and wait for what was received wholly; what was not, was never acknowledged."""
        wasyncore.dispatcher.close(self._server)
        for channel in list(self._server.active_channels.values()):
            if channel.stream is not None:
                channel.stream.end()
        until = self._clock.monotonic() + self._limits.drain_s
        while self._server.active_channels and self._clock.monotonic() < until:
            for channel in list(self._server.active_channels.values()):
                if not channel.in_work and not channel.total_outbufs_len:
                    channel.dismiss()
            self._turn(0.02)
