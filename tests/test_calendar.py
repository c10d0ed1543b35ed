"""The trading days."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from desk.calendar import (
    RENEWED,
    SHIPPED,
    BadCalendar,
    EveryDay,
    Sessions,
    TradingCalendar,
    Word,
    read_override,
    read_sessions,
)

PROJECT = Path(__file__).resolve().parents[1]
SMALL = Sessions(first=date(2026, 12, 1), until=date(2026, 12, 31), closed=frozenset({date(2026, 12, 25)}))


def test_the_shipped_list_is_what_the_library_says():
    program = "from desk.calendar_source import compute, render; print(render(compute()))"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], cwd=PROJECT, capture_output=True, check=True)
    made, shipped = json.loads(done.stdout), json.loads(SHIPPED.read_text(encoding="utf-8"))
    years = [year for year in made["closed"] if year <= shipped["until"][:4]]  # a newer library may know more
    assert {year: made["closed"][year] for year in years} == shipped["closed"]
    assert made["first"] == shipped["first"] and made["until"] >= shipped["until"]


def test_the_daemons_side_loads_neither_pandas_nor_the_library():
    program = (
        "import sys; from desk.calendar import TradingCalendar; TradingCalendar.load();"
        "print({'pandas', 'exchange_calendars'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        (date(2026, 10, 7), False),  # 国庆
        (date(2026, 10, 8), True),  # no holiday in 2026, though it was one in 2020
        (date(2020, 10, 8), False),
        (date(2026, 11, 20), True),  # a Friday
        (date(2026, 11, 21), False),  # a Saturday
        (date(2026, 1, 1), False),
        (date(2019, 12, 31), False),  # before what is known
        (date(2027, 1, 4), False),  # beyond what is known
    ],
)
def test_days_of_the_shipped_list(day, open_):
    assert TradingCalendar.load().is_trading_day(day) is open_


def test_2026_has_242_sessions():
    calendar = TradingCalendar.load()
    days = (date(2026, 1, 1) + timedelta(days=n) for n in range(365))
    assert sum(calendar.is_trading_day(day) for day in days) == 242


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        (date(2026, 12, 23), date(2026, 12, 22), date(2026, 12, 24)),
        (date(2026, 12, 24), date(2026, 12, 23), date(2026, 12, 28)),  # 25 closed, 26 and 27 weekend
        (date(2026, 12, 26), date(2026, 12, 24), date(2026, 12, 28)),
        (date(2026, 12, 31), date(2026, 12, 30), date(2027, 1, 1)),  # a guess: the next weekday
        (date(2027, 1, 20), date(2026, 12, 31), date(2027, 1, 21)),
        (date(2027, 1, 22), date(2026, 12, 31), date(2027, 1, 25)),
        (date(2026, 12, 1), date(2026, 11, 30), date(2026, 12, 2)),  # a guess
    ],
)
def test_the_days_around_a_day(day, before, after):
    calendar = TradingCalendar(sessions=SMALL)
    assert (calendar.previous_trading_day(day), calendar.next_trading_day(day)) == (before, after)


def test_the_users_list_beats_the_shipped_one():
    calendar = TradingCalendar(
        sessions=SMALL, override={date(2026, 12, 24): Word.CLOSED, date(2026, 12, 25): Word.OPEN}
    )
    assert not calendar.is_trading_day(date(2026, 12, 24)) and calendar.is_trading_day(date(2026, 12, 25))
    assert calendar.known_until == date(2026, 12, 31)


def test_listed_days_beyond_the_known_ones_are_open_and_no_others():
    calendar = TradingCalendar(sessions=SMALL, override={date(2027, 1, 5): Word.OPEN})
    assert [calendar.is_trading_day(date(2027, 1, day)) for day in (4, 5, 6)] == [False, True, False]
    assert calendar.known_until == date(2027, 1, 5)
    assert calendar.next_trading_day(date(2026, 12, 31)) == date(2027, 1, 5)


def test_a_list_that_says_it_is_complete_opens_the_weekdays_it_does_not_name():
    calendar = TradingCalendar(sessions=SMALL, override={date(2027, 1, 1): Word.CLOSED, date(2027, 12, 31): Word.UNTIL})
    assert [calendar.is_trading_day(date(2027, 1, day)) for day in (1, 2, 4)] == [False, False, True]
    assert calendar.known_until == date(2027, 12, 31)


@pytest.mark.parametrize(
    ("today", "sentence"),
    [
        (date(2026, 11, 30), None),  # 31 days before
        (date(2026, 12, 1), "还有 30 天"),
        (date(2026, 12, 31), "还有 0 天"),
        (date(2027, 1, 1), "今天按休市处理"),
    ],
)
def test_a_warning_starts_thirty_days_before_the_end(today, sentence):
    warnings = TradingCalendar(sessions=SMALL).warnings(today)
    assert (warnings == []) if sentence is None else (len(warnings) == 1 and sentence in warnings[0])


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff# 2027\n2027-01-04 开\n\n2027-02-05,休  # 春节\n2027-12-31：止\n",
        '{"2027-01-04": "开", "2027-02-05": "休", "2027-12-31": "止"}',
    ],
)
def test_the_users_list_is_read_as_lines_or_json(tmp_path, text):
    path = tmp_path / "days.txt"
    path.write_text(text, encoding="utf-8")
    expected = {date(2027, 1, 4): Word.OPEN, date(2027, 2, 5): Word.CLOSED, date(2027, 12, 31): Word.UNTIL}
    assert read_override(path) == expected


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("2027-01-04 开\n明天 休".encode(), "第 2 行看不懂"),
        ("2027-02-30 休".encode(), "第 1 行看不懂"),
        ("2027-01-04 半天".encode(), "第 1 行看不懂"),
        (b'{"2027-01-04": 1}', "第 1 行看不懂"),
        (b'{"2027-01-04": ', "用不了"),
        ("2027-01-04 开".encode("gbk"), "用不了"),
    ],
)
def test_a_list_that_cannot_be_read_is_named(tmp_path, raw, sentence):
    path = tmp_path / "days.txt"
    path.write_bytes(raw)
    with pytest.raises(BadCalendar, match=sentence):
        TradingCalendar.load(override=path)


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(BadCalendar, match="用不了"):
        TradingCalendar.load(override=tmp_path / "none.txt")


@pytest.mark.parametrize(("until", "wins"), [("2027-12-31", True), ("2025-12-31", False)])
def test_a_later_list_in_the_home_is_used(tmp_path, until, wins):
    (tmp_path / RENEWED).parent.mkdir()
    (tmp_path / RENEWED).write_text(
        json.dumps({"source": "x", "first": "2020-01-01", "until": until, "closed": {}}), encoding="utf-8"
    )
    assert (TradingCalendar.load(tmp_path).sessions.source == "x") is wins


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"first": 1, "until": 2, "closed": 3, "source": 4}'])
def test_a_broken_list_of_sessions_is_named(tmp_path, text):
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(BadCalendar, match=r"x\.json"):
        read_sessions(tmp_path / "x.json")


def test_every_day_trades_where_trading_never_stops():
    days = EveryDay()
    saturday = date(2026, 11, 21)
    assert days.is_trading_day(saturday) and days.warnings(saturday) == []
    assert days.next_trading_day(saturday) - days.previous_trading_day(saturday) == timedelta(days=2)
    assert days.known_until == date.max
