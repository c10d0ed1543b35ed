"""The stream that tells open pages to look again, without its thread: a test takes each step itself."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from desk.access import Scope
from desk.clock import SystemClock
from desk.console.news import BEAT, OF_A_LOGIN, OF_A_USER, OF_ALL, Listener, News
from desk.core.values import Message
from desk.journal.errors import JournalUnavailable
from desk.journal.outbox import put_message
from desk.serving import DoorLimits, HttpServer
from desk.serving.streams import Stream
from tests.console.room import Room
from tests.stand_in.clock import StandInClock
from tests.world import World, strategy


class Line:
    connected = True
    total_outbufs_len = 0

    def wake(self) -> None:
        """Nobody sleeps here."""


class Quiet(News):
    def _tell_on(self) -> None:
        """The test steps."""


class Ear:
    """A listener that can be asked what it has heard since."""

    def __init__(self, news: News, *, login: str = "login:1", user: str = "看客") -> None:
        self.may = True
        self.line = Line()
        self.stream = Stream(self.line, chunked=False)
        self.joined = news.join(Listener(login=login, user=user, stream=self.stream, still=lambda: self.may))

    @property
    def heard(self) -> bytes:
        return self.stream.taken()[0]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, strategies=[strategy("小市值", "xsz")])
    made.scene("000001.SZ", price=Decimal(10))
    yield made
    made.close()


@pytest.fixture
def clock() -> StandInClock:
    return StandInClock()


@pytest.fixture
def news(world: World, clock: StandInClock) -> News:
    return Quiet(world.journal, clock)


def test_a_page_hears_of_a_signal_and_not_of_its_content(world: World, news: News) -> None:
    news.greeting("")
    ear = Ear(news)
    news.step()
    assert ear.heard == b""
    world.order("1", "000001.XSHE", "buy", 300)
    world.pass_time(10)
    news.step()
    heard = ear.heard
    assert b"event: changed\n" in heard and b'"signals"' in heard and b'"orders"' in heard
    told = b"".join(line for line in heard.splitlines() if not line.startswith(b"id: "))  # an id is random digits
    assert b"000001" not in told and b"300" not in told
    news.step()
    assert ear.heard == b""


def test_who_comes_again_is_told_what_he_missed_while_nobody_listened(world: World, news: News) -> None:
    last_id = news.greeting("").split(b"id: ")[1].strip().decode()
    assert b"changed" not in news.greeting(last_id)
    world.order("1", "000001.XSHE", "buy", 300)
    assert b"event: changed" in news.greeting(last_id)
    assert b"event: changed" in news.greeting("another-run-7")


def test_a_page_that_opens_does_not_keep_news_from_those_that_listen(world: World, news: News) -> None:
    news.greeting("")
    ear = Ear(news)
    world.order("1", "000001.XSHE", "buy", 300)
    news.greeting("")
    news.step()
    assert b"event: changed" in ear.heard
    news.step()
    assert ear.heard == b""


def test_a_quiet_stream_beats_and_ends_after_ten_minutes(news: News, clock: StandInClock) -> None:
    ear = Ear(news)
    clock.advance(16)
    news.step()
    assert ear.heard == BEAT
    clock.advance(600)
    assert not news.step()
    assert not ear.stream.is_open and news.listening == 0


def test_a_stream_ends_with_its_login(news: News, clock: StandInClock) -> None:
    ear = Ear(news)
    ear.may = False
    clock.advance(16)
    news.step()
    assert not ear.stream.is_open


def test_there_are_few_streams_for_each(news: News) -> None:
    assert [Ear(news, login="login:1").joined for _ in range(OF_A_LOGIN + 1)] == [True] * OF_A_LOGIN + [False]
    others = [Ear(news, login=f"login:{n}").joined for n in range(2, OF_A_USER + 2)]
    assert others.count(True) == OF_A_USER - OF_A_LOGIN
    everybody = [Ear(news, login=f"key:{n}", user=str(n)).joined for n in range(OF_ALL + 1)]
    assert everybody.count(True) == OF_ALL - OF_A_USER


def test_one_that_has_left_makes_room(news: News) -> None:
    ears = [Ear(news) for _ in range(OF_A_LOGIN)]
    ears[0].line.connected = False
    assert Ear(news).joined


def test_when_the_server_has_stopped_the_journal_is_read_no_more(news: News, monkeypatch: pytest.MonkeyPatch) -> None:
    ear = Ear(news)
    ear.stream.end()
    monkeypatch.setattr(news, "_look", lambda: pytest.fail("it may be closed"))
    assert not news.step()


def test_a_journal_that_does_not_answer_ends_the_streams(news: News, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable() -> list[str]:
        raise JournalUnavailable("locked")

    ear = Ear(news)
    monkeypatch.setattr(news, "_look", unavailable)
    assert not news.step()
    assert not ear.stream.is_open


def test_the_stream_keeps_no_login_alive(room: Room) -> None:
    browser = room.browser("看客")
    for _ in range(3):
        assert browser.get("/events").status_code == 200
        room.clock.jump(timedelta(minutes=25).total_seconds())
    assert browser.get("/events").status_code == 302  # 60 minutes without use


def test_a_server_that_keeps_nothing_open_answers_and_has_the_browser_come_again(room: Room) -> None:
    answer = room.browser("看客").get("/events")
    assert answer.mimetype == "text/event-stream" and answer.text.startswith("retry: ")


def test_over_a_real_server_news_are_told_and_the_stop_ends_the_stream(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.book.close()
    room.clock = SystemClock()  # type: ignore[assignment]  # the thread waits by the clock that it is handed
    room.open()
    room.people()
    server = HttpServer(room.app, "127.0.0.1", 0, clock=SystemClock(), limits=DoorLimits(threads=1))
    stop = threading.Event()
    serving = threading.Thread(target=server.run, args=(stop,))
    serving.start()
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
            header = room.key("看客", Scope.READ)["Authorization"]
            sock.sendall(f"GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: {header}\r\n\r\n".encode())
            said = b""
            while b"id: " not in said:
                said += sock.recv(4096)
            assert b"text/event-stream" in said and b"changed" not in said
            message = Message(at=room.clock.now(), kind="x", title="t", text="x", key="k")
            room.journal.change(lambda session: put_message(session, message))
            while b"changed" not in said:
                said += sock.recv(4096)
            assert b'"messages"' in said
            stop.set()
            while piece := sock.recv(4096):
                said += piece
            assert said.endswith(b"0\r\n\r\n")
    finally:
        stop.set()
        serving.join(10)
        room.close()
