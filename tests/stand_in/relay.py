"""A TCP relay that brings trouble by script: cuts after counted bytes, drops answers, falls silent, is slow.

What happens to a connection is decided by its number and by the bytes that it has carried, never by time.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from desk.clock import pause

_CHUNK = 65536


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """What one connection meets. `up` and `down`: cut when so many bytes have passed that way; the rest is lost."""

    up: int | None = None  # 0: cut before anything is forwarded
    down: int | None = None  # 0: what was asked is delivered, the answer is dropped
    silent: bool = False  # half-open: accepted, read, nothing forwarded, never answered


FINE = Trouble()
REFUSED = Trouble(up=0)
LOST_ANSWER = Trouble(down=0)
HALF_OPEN = Trouble(silent=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How a narrow link carries: every packet waits `delay_s`, and bytes pass one after another."""

    bits_per_s: float
    delay_s: float = 0.0
    packet_bytes: int = 40  # of headers, for each packet of up to 1,460 bytes

    def seconds(self, size: int) -> float:
        packets = -(-size // 1460)
        return (size + packets * self.packet_bytes) * 8 / self.bits_per_s


class Relay:
    """Listens on a port of its own and forwards to `port`; the n-th connection meets the n-th trouble, later ones none.

    Threads: one accepts, two carry each connection. Public attributes may be read from any thread.
    """

    def __init__(self, port: int, troubles: Iterable[Trouble] = (), *, pace: Pace | None = None) -> None:
        self.target = port
        self.met: list[Trouble] = []
        self.down = False  # every new connection is cut at once
        self.carried_up = self.carried_down = 0
        self._troubles = iter(troubles)
        self._pace = pace
        self._lock = threading.Lock()
        self._live: set[socket.socket] = set()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, name="relay", daemon=True)]
        self._threads[0].start()

    def cut(self) -> None:
        """Cut all that is open; what comes afterwards is served again unless `down` is set."""
        with self._lock:
            live = list(self._live)
        for sock in live:
            _cut(sock)

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._closed = True
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            pass  # wakes the accepting thread
        self._threads[0].join(10)
        self.cut()
        for thread in self._threads[1:]:
            thread.join(10)

    # --- the threads --------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        with self._listener:
            while True:
                came, _ = self._listener.accept()
                if self._closed:
                    came.close()
                    return
                trouble = REFUSED if self.down else next(self._troubles, FINE)
                self.met.append(trouble)
                if trouble.up == 0:
                    _cut(came)
                    came.close()
                    continue
                self._start(came, trouble)

    def _start(self, came: socket.socket, trouble: Trouble) -> None:
        try:
            onward = None if trouble.silent else socket.create_connection(("127.0.0.1", self.target), timeout=10)
        except OSError:
            came.close()
            return
        if onward is None:
            self._carry(came, None, None, self._count_up)
            return
        for sock in (came, onward):
            sock.settimeout(None)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ends = _Ends(2)
        self._carry(came, onward, trouble.up, self._count_up, ends)
        self._carry(onward, came, trouble.down, self._count_down, ends)

    def _carry(
        self,
        source: socket.socket,
        target: socket.socket | None,
        limit: int | None,
        count: Callable[[int], None],
        ends: _Ends | None = None,
    ) -> None:
        with self._lock:
            self._live.add(source)

        def run() -> None:
            self._pump(source, target, limit, count)
            with self._lock:
                self._live.discard(source)
            _cut(source)
            if target is not None:
                _cut(target)
            if ends is None:
                source.close()
            elif ends.last():
                source.close()
                if target is not None:
                    target.close()

        thread = threading.Thread(target=run, name="relay-carries", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _pump(
        self, source: socket.socket, target: socket.socket | None, limit: int | None, count: Callable[[int], None]
    ) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                part = data if limit is None else data[: limit - passed]
                if self._pace is not None:
                    pause(self._pace.delay_s + self._pace.seconds(len(part)))
                count(len(part))
                if target is not None and part:
                    target.sendall(part)
                passed += len(part)
                if limit is not None and passed >= limit:
                    return

    def _count_up(self, size: int) -> None:
        with self._lock:
            self.carried_up += size

    def _count_down(self, size: int) -> None:
        with self._lock:
            self.carried_down += size


class _Ends:
    """Both directions of a connection end; the sockets are closed by whichever is last."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._lock = threading.Lock()

    def last(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left == 0


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
