"""Real sockets against desk.serving; time passes only when a test turns the clock."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from waitress.channel import HTTPChannel

from desk.serving import CannotListen, DoorLimits, HttpServer, PortOccupied, _Channel
from tests.stand_in.clock import StandInClock

SMALL = DoorLimits(threads=2, body_bytes=1000, dropped_bytes=200_000, header_bytes=2000)
App = Callable[..., Iterable[bytes]]


def echo_length(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    body = str(len(environ["wsgi.input"].read())).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class House:
    """A running server, its clock and its stop bell."""

    def __init__(self, app: App, limits: DoorLimits, refusal_headers: Mapping[str, str] = MappingProxyType({})) -> None:
        self.clock = StandInClock()
        self.server = HttpServer(app, "127.0.0.1", 0, clock=self.clock, limits=limits, refusal_headers=refusal_headers)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.server.run, args=(self.stop,))
        self.thread.start()
        self.sockets: list[socket.socket] = []

    def call(self, sent: bytes = b"") -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.server.port), timeout=10)
        self.sockets.append(sock)
        if sent:
            sock.sendall(sent)
        return sock

    def close(self) -> None:
        self.stop.set()
        self.thread.join(10)
        for sock in self.sockets:
            sock.close()


@pytest.fixture
def open_house() -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def make(app: App = echo_length, limits: DoorLimits = SMALL) -> House:
        houses.append(House(app, limits))
        return houses[-1]

    yield make
    for house in houses:
        house.close()


def answer(sock: socket.socket, data: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    """One whole answer, after a leave to go on if there is one; a connection closed before it gives status 0."""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            return 0, {}, data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100"):
        return answer(sock, body)  # what follows may have come in the same piece
    lines = head.decode("latin-1").split("\r\n")
    headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines[1:])}
    while len(body) < int(headers.get("content-length", "0")):
        body += sock.recv(65536)
    return int(lines[0].split()[1]), headers, body


def ended(sock: socket.socket) -> bool:
    """Wait for the server to close the connection."""
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def post(body: bytes, more: str = "") -> bytes:
    return f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def chunked(*chunks: bytes) -> bytes:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def test_a_connection_is_kept_for_many_requests_and_names_no_server(open_house: Callable[..., House]) -> None:
    sock = open_house().call()
    for size in (0, 1, 1000):
        sock.sendall(post(b"x" * size))
        status, headers, body = answer(sock)
        assert (status, body) == (200, str(size).encode())
        assert "server" not in headers


def test_a_chunked_body_arrives_whole(open_house: Callable[..., House]) -> None:
    assert answer(open_house().call(chunked(b"a" * 400, b"b", b"c" * 599)))[::2] == (200, b"1000")


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(post(b"x" * 1001), id="one byte over"),
        pytest.param(post(b"x" * 150_000), id="far over"),
        pytest.param(post(b"x" * 300_000), id="more than is dropped"),
        pytest.param(chunked(b"x" * 600, b"x" * 401), id="chunked, one byte over"),
        pytest.param(chunked(*[b"x" * 5000] * 30), id="chunked, far over"),
        pytest.param(post(b"x" * 1001, "Expect: 100-continue\r\n"), id="asks for leave"),
    ],
)
def test_an_oversized_body_is_taken_in_and_its_sender_reads_413(open_house: Callable[..., House], sent: bytes) -> None:
    sock = open_house().call(sent)
    status, headers, body = answer(sock)
    assert (status, json.loads(body)) == (413, {"error": "too_large"})
    assert headers["connection"] == "close"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"garbage\r\n\r\n", id="no request"),
        pytest.param(b"\x00\xff\xfe\r\n\r\n", id="binary"),
        pytest.param(b"get / HTTP/1.1\r\n\r\n", id="method in small letters"),
        pytest.param(b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n", id="impossible address"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", id="negative length"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", id="two lengths"),
        pytest.param(b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 1500 + b"\r\n\r\n", id="absurd length"),
        pytest.param(b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nx", id="unknown coding"),
        pytest.param(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="bad chunk size"),
        pytest.param(
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"a" * 3000, id="endless chunk extension"
        ),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"a" * 60_000 + b"\r\n\r\n", id="endless header"),
        pytest.param(b"GET / HTTP/1.1\r\nno colon\r\n\r\n", id="no header"),
    ],
)
def test_what_is_no_request_is_answered_400_or_413(open_house: Callable[..., House], sent: bytes) -> None:
    status, _, body = answer(open_house().call(sent))
    assert status in (400, 413)
    assert json.loads(body) == {"error": "malformed" if status == 400 else "too_large"}


def test_a_length_too_absurd_for_an_int_is_answered(open_house: Callable[..., House]) -> None:
    house = open_house(limits=DoorLimits(threads=1))
    assert answer(house.call(b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"))[0] == 400


def test_fifty_slow_senders_neither_keep_a_sender_out_nor_stay(open_house: Callable[..., House]) -> None:
    house = open_house()
    headers = [house.call(b"POST / HTTP/1.1\r\nHost: x\r\n") for _ in range(25)]
    bodies = [house.call(post(b"x" * 100)[:-50]) for _ in range(25)]
    assert answer(house.call(post(b"quick")))[0] == 200
    house.clock.advance(10)
    for sock in headers + bodies:
        sock.sendall(b"x")  # a byte now and then buys no time
    assert answer(house.call(post(b"quick")))[0] == 200
    house.clock.advance(6)
    assert all(ended(sock) for sock in headers + bodies)
    assert answer(house.call(post(b"quick")))[0] == 200


def test_an_idle_connection_is_closed_and_one_in_use_is_not(open_house: Callable[..., House]) -> None:
    house = open_house()
    silent, used = house.call(), house.call(post(b"a"))
    assert answer(used)[0] == 200
    house.clock.advance(40)
    used.sendall(post(b"b"))
    assert answer(used)[0] == 200
    house.clock.advance(10)
    assert ended(silent)
    used.sendall(post(b"c"))
    assert answer(used)[0] == 200


def test_room_is_made_when_idle_connections_hold_all_places(open_house: Callable[..., House]) -> None:
    # The listener and the trigger count as well: 20 places hold 18 connections.
    house = open_house(limits=DoorLimits(threads=2, connections=20))
    idle = [house.call() for _ in range(30)]
    for _ in range(3):
        assert answer(house.call(post(b"quick")))[0] == 200
    assert ended(idle[0])


def test_a_request_in_work_is_not_cut_off_by_any_deadline(open_house: Callable[..., House]) -> None:
    begun, gate = threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/slow":
            begun.set()
            gate.wait(10)
        return echo_length(environ, start_response)

    house = open_house(slow)
    sock = house.call(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    assert begun.wait(10)
    house.clock.advance(500)
    assert answer(house.call(post(b"other")))[0] == 200
    gate.set()
    assert answer(sock)[0] == 200


def test_what_comes_while_a_request_is_in_work_is_answered_after_it(open_house: Callable[..., House]) -> None:
    begun, gate = threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        begun.set()
        gate.wait(10)
        return echo_length(environ, start_response)

    house = open_house(slow)
    sock = house.call(post(b"1"))
    assert begun.wait(10)
    sock.sendall(post(b"22"))
    other = house.call(post(b"333"))  # the loop has turned since
    gate.set()
    data = b""
    while data.count(b"\r\n\r\n") < 2 or data.endswith(b"\r\n\r\n"):  # both may come in one piece
        data += sock.recv(65536)
    assert [piece[:1] for piece in data.split(b"\r\n\r\n")[1:]] == [b"1", b"2"]
    assert answer(other)[::2] == (200, b"3")


def test_an_answer_comes_in_one_piece(open_house: Callable[..., House]) -> None:
    sock = open_house().call(post(b"12345"))
    assert sock.recv(65536).endswith(b"\r\n\r\n5")


def test_a_stop_finishes_what_is_in_work_and_gives_the_port_back(open_house: Callable[..., House]) -> None:
    begun, gate = threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        begun.set()
        gate.wait(10)
        return echo_length(environ, start_response)

    house = open_house(slow)
    sock, idle = house.call(post(b"12345")), house.call()
    assert begun.wait(10)
    house.stop.set()
    assert ended(idle)
    gate.set()
    assert answer(sock)[::2] == (200, b"5")
    house.thread.join(10)
    assert not house.thread.is_alive()
    HttpServer(echo_length, "127.0.0.1", house.server.port, clock=house.clock, limits=SMALL).close()


def test_an_app_that_breaks_is_answered_503_with_a_time_to_come_again(open_house: Callable[..., House]) -> None:
    def broken(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise RuntimeError("secret detail")

    status, headers, body = answer(open_house(broken).call(post(b"x")))
    assert (status, headers["retry-after"], json.loads(body)) == (503, "5", {"error": "unavailable"})


def test_what_the_app_never_sees_is_answered_with_the_headers_of_its_house() -> None:
    def broken(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise RuntimeError

    house = House(broken, SMALL, {"X-Content-Type-Options": "nosniff"})
    try:
        for sent, expected in ((post(b"x"), 503), (post(b"x" * 1001), 413), (b"GET http://[ HTTP/1.1\r\n\r\n", 400)):
            status, headers, _ = answer(house.call(sent))
            assert (status, headers["x-content-type-options"]) == (expected, "nosniff")
    finally:
        house.close()


def test_an_occupied_port_is_said_before_anything_is_served(open_house: Callable[..., House]) -> None:
    house = open_house()
    with pytest.raises(PortOccupied) as caught:
        HttpServer(echo_length, "127.0.0.1", house.server.port, clock=house.clock)
    assert (caught.value.host, caught.value.port) == ("127.0.0.1", house.server.port)


def test_an_address_of_another_machine_cannot_be_listened_on() -> None:
    with pytest.raises(CannotListen) as caught:
        HttpServer(echo_length, "192.0.2.1", 0, clock=StandInClock())
    assert not isinstance(caught.value, PortOccupied)


def test_idle_connections_are_not_asked_while_another_one_works(
    open_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = open_house()
    idle = [house.call() for _ in range(20)]
    assert answer(house.call(post(b"first")))[0] == 200  # so the idle ones have been taken in
    asked: list[int] = []
    monkeypatch.setattr(
        _Channel, "writable", lambda channel: asked.append(channel.addr[1]) or HTTPChannel.writable(channel)
    )
    busy = house.call()
    for _ in range(20):
        busy.sendall(post(b"x"))
        assert answer(busy)[0] == 200
    assert {sock.getsockname()[1] for sock in idle} & set(asked) == set()
    assert busy.getsockname()[1] in asked
