"""When the public address is asked, what is kept of the answers, and what is told: all from a clock that tests turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from base_func import BEIJING
from desk.cli import doctor, facts, findings
from desk.cli.home import Home
from desk.cli.probing import Heard
from desk.cli.tunnel import AT, FLAG, TunnelWatch
from desk.clock import Clock
from desk.journal import FILE_NAME, Journal
from desk.texts import cli as texts
from tests.cli.homes import write_home
from tests.world import TurnedClock

TEN = datetime(2026, 11, 20, 10, 0, tzinfo=BEIJING)  # a Friday
OURS, STRANGER, NOBODY = Heard.OURS, Heard.STRANGER, Heard.NOBODY


class Desk:
    """A watch over a journal of its own; `answers` are used up, then everything is ours."""

    def __init__(self, home: Path, journal: Journal, clock: TurnedClock) -> None:
        self.home, self.journal, self.clock = home, journal, clock
        self.config = Home(home).config()
        self.answers: list[Heard] = []
        self.asked: list[datetime] = []
        self.stop = threading.Event()
        self.start()

    def start(self) -> None:
        """As a daemon that was started again."""
        self.watch = TunnelWatch(
            journal=self.journal, home=self.home, config=lambda: self.config, clock=self.clock, probe=self.answer
        )

    def answer(self, url: str, key: bytes, clock: Clock) -> Heard:
        self.asked.append(self.clock.now())
        return self.answers.pop(0) if self.answers else OURS

    def minutes(self, *answers: Heard) -> list[str]:
        """A step each minute; the states after them."""
        self.answers = list(answers)
        states = []
        while self.answers:
            self.watch.step()
            states.append(self.journal.flags()[FLAG])
            self.clock.turn(60)
        return states

    @property
    def told(self) -> list[str]:
        return [told.message.title for told in self.journal.outbox_list(100)]

    @property
    def seen_at(self) -> str | None:
        return self.journal.flags().get(AT)


@contextmanager
def desk(folder: Path, now: datetime = TEN, *, always_open: bool = False) -> Iterator[Desk]:
    home = write_home(folder, 公网地址="http://h:1", 账户=[{"名称": "模拟账户", "全天交易": always_open}])
    clock = TurnedClock(now)
    with Journal.open(home / "data" / FILE_NAME, clock=clock) as journal:
        yield Desk(home, journal, clock)


def test_two_misses_in_a_row_are_told_once_and_so_is_the_recovery(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        states = one.minutes(OURS, NOBODY, OURS, NOBODY, NOBODY, NOBODY, STRANGER, NOBODY, OURS, OURS, NOBODY)
        assert states == ["on", "on", "on", "on", "off", "off", "off", "off", "on", "on", "on"]
        assert one.told == [texts.TUNNEL_BACK_TITLE, texts.TUNNEL_OFF_TITLE]  # the newest first


def test_another_server_at_the_address_is_no_tunnel_and_is_named(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        assert one.minutes(STRANGER, STRANGER) == ["unknown", "off"]
        assert [told.message.text for told in one.journal.outbox_list(9)] == [texts.TUNNEL_STRANGER]


def test_the_state_is_kept_with_the_moment_at_which_it_was_seen(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        assert one.minutes(OURS, NOBODY) == ["on", "on"]
        assert one.seen_at == TEN.isoformat(), "a miss says nothing: what is known grows old"
        assert one.minutes(OURS) == ["on"]
        assert one.seen_at == (TEN + timedelta(minutes=2)).isoformat()


@pytest.mark.parametrize(
    ("day", "hour", "minute", "asks"),
    [
        (20, 8, 49, False),
        (20, 8, 50, True),
        (20, 12, 0, True),  # over lunch: what broke then is mended before one
        (20, 15, 39, True),  # JoinQuant's after_close
        (20, 15, 40, False),
        (21, 10, 0, False),  # a Saturday
    ],
)
def test_it_asks_in_session_hours_only(tmp_path: Path, day: int, hour: int, minute: int, asks: bool) -> None:
    with desk(tmp_path, datetime(2026, 11, day, hour, minute, tzinfo=BEIJING)) as one:
        one.watch.step()
        assert bool(one.asked) == asks
        assert one.journal.flags()[FLAG] == ("on" if asks else "unknown")


def test_an_account_that_is_always_open_is_asked_for_at_night_too(tmp_path: Path) -> None:
    with desk(tmp_path, TEN - timedelta(hours=8), always_open=True) as one:
        assert one.minutes(OURS) == ["on"]


def test_it_asks_once_a_minute_also_when_answers_are_slow(tmp_path: Path) -> None:
    with desk(tmp_path) as one:

        def slow(url: str, key: bytes, clock: Clock) -> Heard:
            one.asked.append(one.clock.now())
            one.clock.turn(4)
            if len(one.asked) == 5:
                one.stop.set()
            return NOBODY

        TunnelWatch(journal=one.journal, home=one.home, config=lambda: one.config, clock=one.clock, probe=slow).run(
            one.stop
        )
        assert one.asked == [TEN + timedelta(minutes=n) for n in range(5)]
        assert one.told == [texts.TUNNEL_OFF_TITLE]


def test_a_miss_in_the_evening_and_one_in_the_morning_are_not_two_in_a_row(tmp_path: Path) -> None:
    with desk(tmp_path, TEN.replace(hour=15, minute=39)) as one:
        assert one.minutes(NOBODY) == ["unknown"]
        one.watch.step()
        one.clock.turn((TEN + timedelta(days=3) - one.clock.now()).total_seconds())
        assert one.minutes(NOBODY, NOBODY) == ["unknown", "off"]


def test_after_a_restart_nothing_is_known_and_a_recovery_is_still_told(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        assert one.minutes(NOBODY, NOBODY) == ["unknown", "off"]
        one.start()
        assert one.minutes(NOBODY) == ["unknown"]
        assert one.seen_at is None
        assert one.minutes(OURS) == ["on"]
        assert one.told == [texts.TUNNEL_BACK_TITLE, texts.TUNNEL_OFF_TITLE]


def test_another_address_is_another_tunnel(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        assert one.minutes(OURS) == ["on"]
        one.config = replace(one.config, public_url="http://h:2")
        assert one.minutes(NOBODY, NOBODY) == ["unknown", "off"]
        one.config = replace(one.config, public_url="")
        one.watch.step()
        assert one.journal.flags()[FLAG] == "unknown" and one.seen_at is None


def test_without_a_secret_nobody_can_prove_to_be_us(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        one.config = replace(one.config, strategies=tuple(replace(s, secret="") for s in one.config.strategies))
        one.watch.step()
        assert one.asked == [] and one.journal.flags()[FLAG] == "unknown"


def test_status_shows_the_state_with_its_age_while_a_daemon_runs(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        one.minutes(OURS)
        assert facts.status(one.journal, one.config, Home(one.home))["tunnel"] == "unknown"
        with Home(one.home).hold(["trader"]):
            view = facts.status(one.journal, one.config, Home(one.home))
    assert (view["tunnel"], view["tunnel_at"]) == ("on", TEN.isoformat())


@pytest.mark.parametrize(
    ("age_s", "said"),
    [
        (None, "隧道 通"),
        (59, "隧道 通（刚刚检测）"),
        (180, "隧道 通（3 分钟前检测）"),
        (7200, "隧道 通（2 小时前检测）"),
    ],
)
def test_the_age_is_said_in_words(age_s: float | None, said: str) -> None:
    assert texts.tunnel_said("通", age_s) == said


@pytest.mark.parametrize(
    ("heard", "state", "text"), [(OURS, "good", "通"), (NOBODY, "bad", "不通"), (STRANGER, "bad", "不是本程序")]
)
def test_the_self_test_says_who_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Heard, state: str, text: str
) -> None:
    monkeypatch.setattr(doctor, "probe", lambda url, key, clock: heard)
    with desk(tmp_path) as one, Home(one.home).hold(["receiver"]):
        found = doctor._tunnel(Home(one.home), one.config, one.clock)
        keyless = replace(one.config, strategies=())
        assert doctor._tunnel(Home(one.home), keyless, one.clock).state == findings.WARN
    assert found.state == {"good": findings.GOOD, "bad": findings.BAD}[state] and text in found.text
