"""总览: the day, what needs a person, the links, the curve and the prices of what is held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from desk.console.curve import HIGH, WIDE, picture
from tests.console.lived_in import LivedIn
from tests.console.room import Room


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[LivedIn]:
    made = LivedIn(tmp_path)
    yield made
    made.close()


def test_the_day_is_shown_with_its_funnel_and_reasons(lived: LivedIn) -> None:
    text = lived.browser("看客").get("/").text
    assert 'width="100.0"' in text and "比例后不足一手 1" in text and "已完成 2" in text
    assert "000001.SZ" in text and "主账户" in text


def test_what_needs_a_person_leads_to_where_it_is_done(lived: LivedIn) -> None:
    text = lived.browser("看客").get("/").text
    assert 'href="/waiting">2 项等待确认' in text  # an order in 确认 mode and a plan
    lived.world.command("halt", reason="test")
    assert "已急停：test" in lived.browser("看客").get("/").text


def test_an_empty_desk_says_what_will_stand_here(room: Room) -> None:
    text = room.browser("看客").get("/").text
    assert "今天还没有下单信号" in text and "有了两天的资产" in text and "还没有持仓" in text


def test_the_curve_is_drawn_from_the_second_day_on(lived: LivedIn) -> None:
    assert "<polyline" not in lived.browser("看客").get("/").text
    lived.desk.next_day()
    lived.world.journal.ask("reconcile", {}, "test")
    lived.world.settle()
    assert '<polyline class="line-0"' in lived.browser("看客").get("/").text


def test_prices_are_the_markets_where_a_channel_tells_them(lived: LivedIn) -> None:
    text = lived.browser("看客").get("/").text
    (price,) = {lived.world.desks["主账户"].broker.quote("000001.SZ").last}
    assert f">{price}</td>" in text and "账户上次看到" not in text


def days(count: int) -> list[date]:
    return [date(2026, 11, 1) + timedelta(days=number) for number in range(count)]


def test_lines_stay_within_the_picture_and_break_where_nothing_is_known() -> None:
    drawn = picture(days(4), {"a": [0.0, 3.2, -7.9, 12.5], "b": [None, 1.0, None, 2.0], "c": [None] * 4})
    assert drawn is not None
    assert [(line.name, len(line.parts), line.last) for line in drawn.lines] == [("a", 1, 12.5), ("b", 2, 2.0)]
    for line in drawn.lines:
        for point in " ".join(line.parts).split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= WIDE and 0 <= y <= HIGH
    assert [level for _, level in drawn.levels] == [-10.0, -5.0, 0.0, 5.0, 10.0, 15.0]


@pytest.mark.parametrize("values", [[], [0.0], [None, None]])
def test_without_two_days_nothing_is_drawn(values: list[float | None]) -> None:
    assert picture(days(len(values)), {"a": values}) is None


def test_a_day_without_any_change_is_a_flat_line() -> None:
    drawn = picture(days(2), {"a": [0.0, 0.0]})
    assert drawn is not None and len(drawn.levels) == 2
