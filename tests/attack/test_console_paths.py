"""Odd addresses and methods at the console's port: nothing outside is reached, and nobody is sent elsewhere."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.access import Scope
from desk.logs import FOLDER
from tests.attack.console import asked, connected, header, said, served, status
from tests.attack.fuzz import BODIES, HEADERS, MARKS, METHODS, VERSIONS, changed, examples, scratch
from tests.console.room import Room
from tests.stand_in.clock import StandInClock

pytestmark = MARKS

WITHIN = b"geheim-console"  # stands in files beside the console's own
DECLARED = {200, 302, 308, 400, 401, 403, 404, 405, 409, 411, 413, 415, 429}

CLIMBING = (
    b"/static/../app.py", b"/static/..%2fapp.py", b"/static/%2e%2e%2fapp.py", b"/static/%2e%2e/app.py",
    b"/static/..%5capp.py", b"/static\\..\\app.py", b"\\static\\console.css", b"/static/....//app.py",
    b"/static/..;/app.py", b"/static/%252e%252e%252fapp.py", b"/static/..%c0%afapp.py", b"/static/..%ef%bc%8fapp.py",
    b"/static//app.py", b"//static//../app.py", b"/static/C:%5cWindows%5cwin.ini", b"/static//etc/passwd",
    b"/static/file:///etc/passwd", b"/static/console.css%00.png", b"/static/console.css/", b"/static/CONSOLE.CSS",
    b"/static/%00", b"/static/", b"/static", b"/static/.", b"/static/~root", b"/static/secret.css",
    b"/../../etc/passwd", b"/%2e%2e/%2e%2e/etc/passwd", b"/config/follow.json", b"/console.db", b"/data/console.db",
    b"/static/" + b"../" * 2000 + b"etc/passwd", b"/static/" + b"a" * 15_000,
)  # fmt: skip
ODD = (
    b"*", b"", b"login", b"//", b"///", b"//evil.example", b"//evil.example/%2e%2e", b"//evil.example//login",
    b"/\\evil.example", b"/%5cevil.example", b"/%2f%2fevil.example", b"http:///", b"http://", b"http://[",
    b"https://evil.example", b"ftp://evil.example/login", b"/login;x=1", b"/login#x", b"/login%23", b"/login?%00",
    b"/login?a=%ff&b=%", b"/%",
    b"/%zz", b"/%ff%fe", b"/\xff\xfe", b"/\xe5\x8d\x95", b"/login/../users", b"/./login", b"/login/.",
    b"/?" + b"a" * 12_000, b"/login?" + b"next=/&" * 1500, b"/events/", b"/signals//evil.example",
    b"//signals//evil.example/%2e%2e",
)  # fmt: skip


@pytest.fixture(scope="module")
def console() -> Iterator[tuple[Room, int]]:
    with scratch() as folder:
        room = Room(Path(folder))
        room.people()
        for name in ("config", FOLDER):
            (room.folder / name).mkdir(parents=True)
        for name in ("secret.css", "app.py", "config/follow.json", FOLDER / "x.log"):
            (room.folder / name).write_bytes(WITHIN)
        with served(room.app, StandInClock()) as port:
            yield room, port
        room.close()


def stays(answer: bytes) -> bytes:
    """Judge an answer: declared, nothing from inside, and no way elsewhere."""
    assert status(answer) in DECLARED, answer[:300]
    for inside in (WITHIN, b"import ", b"root:", b"Traceback", b"waitress", b"Werkzeug", b"Python"):
        assert inside not in answer, answer[:300]
    assert header(answer, b"Server") == b""
    place = header(answer, b"Location").removeprefix(b"http://localhost")
    assert place == b"" or (place[:1] == b"/" and place[1:2] not in (b"/", b"\\")), place
    return answer


@pytest.mark.parametrize("target", CLIMBING, ids=lambda target: ascii(target[:40]))
def test_no_address_reaches_a_file_that_is_not_the_consoles_own(console: tuple[Room, int], target: bytes) -> None:
    _, port = console
    answer = stays(asked(port, target))
    assert status(answer) in (308, 400, 404), answer[:200]


@pytest.mark.parametrize("target", ODD, ids=lambda target: ascii(target[:40]))
def test_an_odd_address_is_answered_and_leads_nowhere_else(console: tuple[Room, int], target: bytes) -> None:
    _, port = console
    stays(asked(port, target))


def test_a_whole_address_in_a_request_counts_no_more_than_its_path(console: tuple[Room, int]) -> None:
    """As it is sent to a proxy: the host that counts is the header's, and another name's is refused."""
    _, port = console
    assert status(stays(asked(port, b"http://evil.example/login"))) == 200
    assert b"evil" not in asked(port, b"http://evil.example/users")
    assert status(stays(asked(port, b"http://localhost/login", host=b"evil.example"))) == 400
    assert status(stays(asked(port, b"http://localhost/users", host=b"evil.example"))) == 400


@pytest.mark.parametrize(
    "host",
    [
        b"", b"evil.example", b"localhost.evil.example", b"localhost@evil.example", b"127.0.0.1.evil.example", b"[::1",
        b"127.0.0.1:8686@evil.example", b"localhost:8686:evil.example", b"localhost, evil.example", b"localhost/evil",
        b"localhost\\evil.example", b"\xff", b"<script>", b"[::1]evil.example", b"localhost#", b"0x7f.1", b"2130706433",
    ],
)  # fmt: skip
def test_no_spelling_of_a_host_is_taken_for_ours(console: tuple[Room, int], host: bytes) -> None:
    _, port = console
    for target in (b"/login", b"//login", b"/static//console.css"):
        answer = stays(asked(port, target, host=host))
        assert status(answer) == 400 and b"evil" not in answer, answer[:300]


def test_two_hosts_are_none_and_no_host_is_none(console: tuple[Room, int]) -> None:
    _, port = console
    assert status(stays(asked(port, b"/login", b"Host: localhost"))) == 400
    for version in (b"HTTP/1.1", b"HTTP/1.0"):
        with connected(port) as sock:
            sock.sendall(b"GET /login " + version + b"\r\nConnection: close\r\n\r\n")
            assert status(stays(said(sock))) == 400


@pytest.mark.parametrize(
    "method",
    [
        b"TRACE",
        b"CONNECT",
        b"PROPFIND",
        b"get",
        b"GET\x00",
        b"DELETE",
        b"PUT",
        b"PATCH",
        b"X" * 9000,
        b"",
        b"POST /x",
        b"PRI",
    ],
    ids=lambda method: ascii(method[:10]),
)
def test_an_odd_method_changes_nothing(console: tuple[Room, int], method: bytes) -> None:
    room, port = console
    key = room.key("店主", Scope.ADMIN)["Authorization"].encode()
    before = room.noted()
    for target in (b"/login", b"/users", b"/api/v2/halt", b"/static/console.css"):
        answer = asked(port, target, b"Authorization: " + key, method=method)
        assert status(stays(answer)) in (400, 404, 405), answer[:200]
        assert key[-20:] not in answer, "an answer repeats no header"
    assert room.noted() == before and room.asked.wishes == []


def test_the_head_of_the_stream_is_an_answer_without_a_stream(console: tuple[Room, int]) -> None:
    room, port = console
    key = room.key("看客", Scope.READ)["Authorization"].encode()
    answer = asked(port, b"/events", b"Authorization: " + key, method=b"HEAD")
    assert status(answer) == 200 and answer.endswith(b"\r\n\r\n")


TARGETS = st.sampled_from(
    (*CLIMBING, *ODD, b"/login", b"/users", b"/events", b"/api/v2/orders", b"/qmt/trade/api/trade")
)
MORE_HEADERS = st.sampled_from(
    (
        b"Cookie: gendan_console=x.y.z; gendan_look=\xff", b"Cookie: " + b"a=b;" * 1000, b"Authorization: Bearer \xff",
        b"Authorization: Basic", b"X-API-Key: \xe5", b"X-CSRFToken: x", b"Content-Type: application/json",
        b"Content-Type: application/x-www-form-urlencoded; charset=utf-7", b"Range: bytes=0-", b"If-None-Match: *",
        b"Content-Type: multipart/form-data; boundary=x", b"Accept-Encoding: gzip;q=x", b"Last-Event-ID: \xff",
        b"X-Background: 1", b"Host: localhost", b"Host: evil.example", b"Referer: \xff",
        b"User-Agent: " + b"<script>" * 100,
    )
)  # fmt: skip


@given(data=st.data())
@examples(60, 3000)
def test_any_request_is_answered_as_declared_and_the_login_page_still_stands(
    console: tuple[Room, int], data: st.DataObject
) -> None:
    _, port = console
    start = b" ".join((data.draw(METHODS), data.draw(TARGETS), data.draw(VERSIONS)))
    headers = data.draw(st.lists(HEADERS | MORE_HEADERS, max_size=5))
    request = b"\r\n".join((start, b"Host: localhost", *headers, b"", b"")) + data.draw(BODIES)
    request = data.draw(st.just(request) | changed(request))
    with connected(port) as sock:
        with suppress(OSError):  # refused midway, and closed
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
        found = said(sock)
    statuses = [int(line[9:12]) for line in found.split(b"\r\n") if line.startswith(b"HTTP/1.")]
    assert {status for status in statuses if status != 100} <= DECLARED, found
    assert WITHIN not in found
    assert status(asked(port, b"/login")) == 200
