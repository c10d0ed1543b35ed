"""Answers that stay open, over real sockets: no worker is held by them, and none outlives its peer or the server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from desk.serving import DoorLimits, HttpServer
from desk.serving.streams import Stream, stay_open
from tests.stand_in.clock import StandInClock

GET = b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n"
OLD_GET = b"GET /open HTTP/1.0\r\n\r\n"


class Station:
    """A server with one worker; `/open` stays open, everything else is answered at once."""

    def __init__(self) -> None:
        self.streams: list[Stream] = []
        self.clock = StandInClock()
        self.server = HttpServer(
            self.app, "127.0.0.1", 0, clock=self.clock, limits=DoorLimits(threads=1, connections=40)
        )
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.server.run, args=(self.stop,))
        self.thread.start()
        self.sockets: list[socket.socket] = []

    def app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/open":
            start_response("200 OK", [("Content-Length", "2")])
            return [b"ok"]
        stream = stay_open(environ)
        assert stream is not None
        self.streams.append(stream)
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return iter([b"first\n"])

    def call(self, sent: bytes) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.server.port), timeout=10)
        self.sockets.append(sock)
        sock.sendall(sent)
        return sock

    def close(self) -> None:
        self.stop.set()
        self.thread.join(10)
        for sock in self.sockets:
            sock.close()


@pytest.fixture
def station() -> Iterator[Station]:
    made = Station()
    yield made
    made.close()


def read_until(sock: socket.socket, end: bytes) -> bytes:
    data = b""
    while end not in data:
        piece = sock.recv(65536)
        if not piece:
            break
        data += piece
    return data


def test_what_comes_later_arrives_in_chunks(station: Station) -> None:
    sock = station.call(GET % b"open")
    assert b"Transfer-Encoding: chunked" in read_until(sock, b"first\n\r\n")
    station.streams[0].send(b"second\n")
    assert read_until(sock, b"second\n\r\n") == b"7\r\nsecond\n\r\n"
    station.streams[0].end()
    assert read_until(sock, b"nothing") == b"0\r\n\r\n"
    assert not station.streams[0].is_open


def test_an_old_client_gets_it_plain(station: Station) -> None:
    sock = station.call(OLD_GET)
    read_until(sock, b"first\n")
    station.streams[0].send(b"second\n")
    assert read_until(sock, b"second\n") == b"second\n"


def test_twenty_open_streams_hold_not_even_one_worker(station: Station) -> None:
    open_ones = [station.call(GET % b"open") for _ in range(20)]
    for sock in open_ones:
        read_until(sock, b"first\n\r\n")
    assert read_until(station.call(GET % b"quick"), b"ok").endswith(b"ok")
    for stream in station.streams:
        stream.send(b"news\n")
    assert all(b"news" in read_until(sock, b"news\n\r\n") for sock in open_ones)


def test_an_open_stream_is_not_idle_and_makes_no_room(station: Station) -> None:
    sock = station.call(GET % b"open")
    read_until(sock, b"first\n\r\n")
    station.clock.advance(3600)
    for _ in range(60):  # more than there are sockets
        assert read_until(station.call(GET % b"quick"), b"ok").endswith(b"ok")
    station.streams[0].send(b"still here\n")
    assert b"still here" in read_until(sock, b"still here\n\r\n")


def test_a_peer_that_leaves_closes_its_stream(station: Station) -> None:
    leaving, staying = station.call(GET % b"open"), station.call(GET % b"open")
    for sock in (leaving, staying):
        read_until(sock, b"first\n\r\n")
    leaving.close()
    while all(stream.is_open for stream in station.streams):
        assert read_until(station.call(GET % b"quick"), b"ok")  # turns of the loop
    assert [stream.is_open for stream in station.streams].count(True) == 1


def test_a_peer_that_does_not_fetch_is_given_up(station: Station) -> None:
    sock = station.call(GET % b"open")
    read_until(sock, b"first\n\r\n")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for _ in range(5000):
        if not station.streams[0].is_open:
            break
        station.streams[0].send(b"x" * 30_000)
    assert not station.streams[0].is_open


@pytest.mark.parametrize(
    "behind",
    [
        pytest.param(GET % b"quick", id="a whole request"),
        pytest.param((GET % b"quick")[:-4], id="a part of one"),
        pytest.param(b"POST /quick HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf", id="half a body"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n", id="asks for leave"),
        pytest.param(b"no request\r\n\r\n", id="malformed"),
        pytest.param(GET % b"open", id="another stream"),
    ],
)
def test_nothing_is_answered_behind_a_stream(station: Station, behind: bytes) -> None:
    sock = station.call(GET % b"open" + behind)
    said = read_until(sock, b"first\n\r\n")
    sock.sendall(b"\r\n\r\n" + GET % b"quick")  # ends what was a part, and is one more
    assert read_until(station.call(GET % b"quick"), b"ok").endswith(b"ok")  # the one worker is done with all before
    station.streams[0].send(b"second\n")
    said += read_until(sock, b"second\n\r\n")
    assert said.count(b"HTTP/1.1 ") == 1
    assert said.endswith(b"first\n\r\n7\r\nsecond\n\r\n")
    assert len(station.streams) == 1


def test_what_was_asked_before_a_stream_is_answered_before_it(station: Station) -> None:
    sock = station.call(GET % b"quick" + GET % b"open" + GET % b"quick")
    said = read_until(sock, b"first\n\r\n")
    station.streams[0].end()
    said += read_until(sock, b"nothing")
    assert said.count(b"HTTP/1.1 ") == 2
    assert said.index(b"ok") < said.index(b"first")


def test_the_stop_ends_every_stream(station: Station) -> None:
    sock = station.call(GET % b"open")
    read_until(sock, b"first\n\r\n")
    station.stop.set()
    assert read_until(sock, b"nothing") == b"0\r\n\r\n"
    station.thread.join(10)
    assert not station.thread.is_alive()
    station.streams[0].send(b"too late")  # wakes nothing that is closed
