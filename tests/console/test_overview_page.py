"""总览: the day, what needs a person, the links, the curve and the prices of what is held."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
    assert '<polyline class="c0"' in lived.browser("看客").get("/").text


def test_prices_are_the_markets_where_a_channel_tells_them(lived: LivedIn) -> None:
    text = lived.browser("看客").get("/").text
    (price,) = {lived.world.desks["主账户"].broker.quote("000001.SZ").last}
    assert f">{price}</td>" in text and "账户上次看到" not in text
