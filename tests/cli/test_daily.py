"""What is told at fixed times: decided from the clock that is handed in."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from base_func import BEIJING
from desk.cli import day_picture, facts
from desk.cli.daily import DailyJobs, due
from desk.cli.home import Home
from desk.core.batch import Batch
from desk.core.values import Message
from desk.journal import FILE_NAME, Journal
from desk.pictures import fonts
from desk.texts.journal import SILENCED
from tests.cli.homes import write_home
from tests.world import TurnedClock

FRIDAY = datetime(2026, 11, 20, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("now", "told", "count"),
    [
        (time(15, 9, 59), False, 0),
        (time(15, 10), False, 1),
        (time(15, 39, 59), False, 1),  # 30 minutes are caught up with
        (time(15, 40), False, 0),
        (time(15, 11), True, 0),
    ],
)
def test_a_message_is_due_from_its_time_on_for_half_an_hour(now: time, told: bool, count: int) -> None:
    moment = FRIDAY.replace(hour=15, minute=10)
    assert len(due((time(15, 10),), datetime.combine(FRIDAY, now, BEIJING), {moment} if told else set())) == count


def jobs(home: Path, clock: TurnedClock, journal: Journal) -> DailyJobs:
    config = Home(home).config()
    return DailyJobs(journal=journal, home=Home(home), config=lambda: config, clock=clock)


def kinds(journal: Journal) -> list[str]:
    return sorted(told.message.kind for told in journal.outbox_list(100))


@pytest.mark.parametrize(
    ("day", "always_open", "expected"),
    [
        (0, False, ["selfcheck", "summary"]),
        (1, False, ["selfcheck"]),  # Saturday: no summary
        (1, True, ["selfcheck", "summary"]),
    ],
)
def test_summary_and_self_check_are_told_once_over_restarts(
    tmp_path: Path, day: int, always_open: bool, expected: list[str]
) -> None:
    home = write_home(
        tmp_path, 账户=[{"名称": "模拟账户", "全天交易": always_open}], 发送摘要时间="15:10", 程序自检通知=["09:00"]
    )
    clock = TurnedClock(FRIDAY + timedelta(days=day, hours=8, minutes=59))
    with Journal.open(home / "data" / FILE_NAME, clock=clock) as journal:
        job = jobs(home, clock, journal)
        for _ in range(2):
            job.step()
        assert kinds(journal) == []
        clock.turn(61)
        job.step()
        assert kinds(journal) == ["selfcheck"]
        jobs(home, clock, journal).step()  # a daemon that was started again
        clock.turn(6 * 3600 + 11 * 60)
        for _ in range(3):
            job.step()
        jobs(home, clock, journal).step()
        assert kinds(journal) == expected


def test_a_summary_counts_what_was_lost_and_not_what_was_not_wanted(tmp_path: Path) -> None:
    home = write_home(tmp_path)
    config = Home(home).config()
    with Journal.open(home / "data" / FILE_NAME, clock=TurnedClock(FRIDAY)) as journal:
        journal.outbox_robots(["r"])
        told = [Message(at=FRIDAY, kind="fill", title=text, text=text) for text in ("没送到", "不推送")]
        journal.commit(Batch(messages=told))
        lost, unwanted = journal.outbox_due("r", FRIDAY, 10)
        journal.outbox_dead([lost.id], "93000")
        journal.outbox_dead([unwanted.id], SILENCED)
        assert facts.summary(journal, config, at=FRIDAY, day=FRIDAY.date()).lost_messages == 1


def test_the_picture_after_a_summary_is_drawn_from_the_living_journal_by_a_process_of_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        fonts.chinese_family()
    except fonts.NoChineseFont as error:
        pytest.skip(str(error))
    home = write_home(tmp_path)
    with Journal.open(home / "data" / FILE_NAME, clock=TurnedClock(FRIDAY)):
        assert day_picture.following(home, FRIDAY).startswith(b"\x89PNG\r\n"), caplog.text


def test_a_picture_that_cannot_be_drawn_is_none_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = write_home(tmp_path)
    (home / "data").mkdir()
    (home / "data" / FILE_NAME).write_bytes(b"this was never a journal" * 400)
    assert day_picture.following(home, FRIDAY) == b""
    assert "ended with 4" in caplog.text
