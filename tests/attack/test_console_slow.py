"""Peers who say little, say much, or read nothing: the console's login page still answers, and they do not stay."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from desk.access import Role, Scope
from desk.clock import SystemClock
from desk.console.frame import HEADERS
from desk.console.news import OF_A_LOGIN, OF_A_USER, OF_ALL
from tests.attack.console import asked, connected, header, said, served, status
from tests.attack.fuzz import scratch
from tests.console.room import PASSWORD, Room
from tests.stand_in.clock import StandInClock

PLACES = 100  # that the console keeps for connections
POST = b"POST /login HTTP/1.1\r\nHost: localhost\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
KINDS = (
    b"",
    POST + b"X-A: ",
    POST + FORM + b"Content-Length: 400\r\n\r\nname=",
    POST + FORM + b"Transfer-Encoding: chunked\r\n\r\n190\r\nname=",
    POST + FORM + b"Content-Length: 4000000\r\n\r\n" + b"x" * 1000,
    b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3,
)


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with scratch() as folder:
        made = Room(Path(folder))
        made.book.close()
        made.clock = SystemClock()  # type: ignore[assignment]  # the thread of the streams waits by it
        made.open()
        yield made
        made.close()


def ended(sock: socket.socket) -> bool:
    """Wait for the server to close the connection."""
    said(sock)
    return True


def logs_in(port: int) -> bool:
    return status(asked(port, b"/login")) == 200


def test_twice_as_many_slow_peers_as_there_are_places_keep_nobody_out_and_do_not_stay(room: Room) -> None:
    clock = StandInClock()
    with served(room.app, clock) as port, ExitStack() as open_:
        peers = []
        for number in range(2 * PLACES):
            peers.append(open_.enter_context(connected(port)))
            with suppress(ConnectionError):  # another one may have got its place already
                peers[-1].sendall(KINDS[number % len(KINDS)])
        assert logs_in(port)
        clock.advance(10)
        for peer in peers:
            with suppress(ConnectionError):
                peer.sendall(b"a")
        assert logs_in(port)
        for _ in range(3):  # whose page is still being made is counted from its end
            clock.advance(60)
            assert logs_in(port)
        clock.advance(60)
        assert all(ended(peer) for peer in peers)
        assert logs_in(port)


@pytest.mark.parametrize(
    "request_",
    [
        POST + FORM + b"Content-Length: 200000\r\n\r\n" + b"name=" + b"x" * 199_995,
        POST + FORM + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % 200_000 + b"x" * 200_000 + b"\r\n0\r\n\r\n",
        POST + b"Content-Type: application/json\r\nContent-Length: 70000\r\n\r\n" + b"[" * 70_000,
        b"GET /login HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /login HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 4000 + b"\r\n",
        b"GET /login HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"a=b; " * 4000 + b"\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=["body", "chunks", "json", "header", "headers", "cookies", "malformed"],
)
def test_what_is_too_long_or_malformed_is_refused_under_the_pages_policy(room: Room, request_: bytes) -> None:
    with served(room.app, StandInClock()) as port:
        with connected(port) as sock:
            with suppress(ConnectionError):
                sock.sendall(request_)
            answer = said(sock)
        assert status(answer) in (400, 413)
        for name, value in HEADERS.items():
            assert header(answer, name.encode()) == value.encode()
        assert logs_in(port)


def test_a_body_without_an_end_is_cut_off(room: Room) -> None:
    with served(room.app, StandInClock()) as port:
        with connected(port) as sock:
            sock.sendall(POST + FORM + b"Content-Length: 99999999999\r\n\r\n")
            sent, answer = 0, b""
            while not answer and sent < 64 * 1024 * 1024:
                try:
                    sent += sock.send(b"x" * 262_144)
                    sock.setblocking(False)
                    with suppress(BlockingIOError):
                        answer = sock.recv(4096)
                except ConnectionError:
                    break
                finally:
                    sock.setblocking(True)
            assert sent < 64 * 1024 * 1024
        assert logs_in(port)


def test_streams_that_nobody_reads_take_no_worker_and_leave_places(room: Room) -> None:
    """Every stream that there may be, and idle peers in all other places."""
    keys: list[bytes] = []
    for number in range(OF_ALL // OF_A_USER + 1):
        user = room.guard.add_user(f"u{number}", Role.VIEWER, PASSWORD)
        made = [room.guard.new_key(user, "stream", Scope.READ)[1].encode() for _ in range(OF_A_USER // OF_A_LOGIN + 1)]
        keys += [made[n // OF_A_LOGIN] for n in range(OF_A_USER)]
    with served(room.app, StandInClock()) as port, ExitStack() as open_:
        streams = [open_.enter_context(stream(port, key)) for key in keys[:OF_ALL]]
        for one in streams:
            assert one.recv(12) == b"HTTP/1.1 200", "the rest is not read"
        assert len(streams) == OF_ALL
        assert status(asked(port, b"/events", b"X-API-Key: " + keys[0])) == 204
        assert status(asked(port, b"/events", b"X-API-Key: " + keys[-1])) == 204
        for _ in range(2 * PLACES):
            open_.enter_context(connected(port))
        assert logs_in(port)
        assert status(asked(port, b"/api/v2/status", b"X-API-Key: " + keys[0])) == 200
        for one in streams:
            one.close()
        assert logs_in(port)


def stream(port: int, key: bytes) -> socket.socket:
    sock = connected(port)
    sock.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\nX-API-Key: " + key + b"\r\n\r\n")
    return sock


def test_nothing_is_answered_behind_a_stream_of_news(room: Room) -> None:
    user = room.guard.add_user("回放", Role.VIEWER, PASSWORD)
    key = room.guard.new_key(user, "stream", Scope.READ)[1].encode()
    get = b"GET %b HTTP/1.1\r\nHost: localhost\r\nX-API-Key: " + key + b"\r\n\r\n"
    with ExitStack() as open_:
        with served(room.app, StandInClock()) as port:
            sock = open_.enter_context(connected(port))
            sock.sendall(get % b"/events" + get % b"/login")
            found = b""
            while b"id: " not in found:
                found += sock.recv(65536)
            assert logs_in(port)
        found += said(sock)  # the stop has finished what was in work and ended the stream
    assert (found.count(b"HTTP/1.1 "), status(found)) == (1, 200)


def test_who_is_not_let_in_opens_no_stream(room: Room) -> None:
    with served(room.app, StandInClock()) as port:
        for header in (b"X-API-Key: gdc_" + b"A" * 43, b"Cookie: gendan_console=x.y.z", b"X-Background: 1"):
            assert status(asked(port, b"/events", header)) == 302
