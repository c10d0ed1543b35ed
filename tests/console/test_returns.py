"""What accounts made by day, week and month; the curves; why they differ from the strategies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from desk.console.curve import HEIGHT, WIDTH, drawn
from desk.console.periods import periods
from desk.journal import AccountView
from desk.journal.view_figures import account_days
from tests.console.room import NOW, Room

FRIDAY = date(2026, 11, 20)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """One with a journal of its own."""
    made = Room(tmp_path)
    made.people()
    yield made
    made.close()


def look(room: Room, days_ago: int, total: str, account: str = "主账户") -> None:
    """An account as it was seen some days ago."""
    at = NOW - timedelta(days=days_ago)
    worth = Decimal(total)
    view = AccountView(
        name=account, channel="paper", connected=True, cash=worth, market_value=Decimal(0), total_asset=worth, at=at
    )
    room.journal.save_account(view, ())
    room.journal.outbox_robots([])  # a durable write: what was sent before it is stored as well


def test_without_days_the_page_says_what_will_appear(room: Room) -> None:
    page = room.browser("看客").get("/returns").text
    assert "还画不出曲线" in page and "没有成交，也没有没跟的信号" in page and "还没有记录" in page


def test_days_are_put_together_to_weeks_and_months_newest_first(room: Room) -> None:
    for days_ago, total in ((30, "100000"), (8, "101000"), (7, "103000"), (1, "102000"), (0, "102500.5")):
        look(room, days_ago, total)
    days = account_days(room.journal, FRIDAY - timedelta(days=40), FRIDAY)
    assert [(p.name, str(p.profit)) for p in periods(days, "day")] == [
        ("2026-11-20", "500.5"), ("2026-11-19", "-1000"), ("2026-11-13", "2000"), ("2026-11-12", "1000"),
        ("2026-10-21", "0"),
    ]  # fmt: skip
    weeks = periods(days, "week")
    assert [(p.name, str(p.profit)) for p in weeks[:2]] == [
        ("2026-11-16 – 11-22", "-499.5"), ("2026-11-09 – 11-15", "3000"),
    ]  # fmt: skip
    months = periods(days, "month")
    assert [(p.name, str(p.profit), str(p.end)) for p in months] == [
        ("2026-11", "2500.5", "102500.5"), ("2026-10", "0", "100000"),
    ]  # fmt: skip
    assert months[0].rate == Decimal("2500.5") / 100000


@pytest.mark.parametrize("span", ["day", "week", "month", "nonsense"])
def test_gains_and_losses_bear_their_colours_and_exact_money(room: Room, span: str) -> None:
    look(room, 1, "100000")
    look(room, 0, "99876.55")
    page = room.browser("看客").get(f"/returns?span={span}").text
    assert '<td class="number down">-123.45</td>' in page
    assert "<polyline" in page and "style=" not in page


def test_each_curve_begins_at_nothing_and_stays_on_the_sheet() -> None:
    days = [FRIDAY - timedelta(days=ago) for ago in (3, 2, 1, 0)]
    sheet = drawn(
        {
            "账户": [(day, Decimal(worth)) for day, worth in zip(days, (1000, 1100, 900, 1050), strict=True)],
            "策略": [(day, Decimal(worth)) for day, worth in zip(days[1:], (50, 60, 55), strict=True)],
            "空": [(days[0], Decimal(0)), (days[1], Decimal(5))],
            "一天": [(days[0], Decimal(7))],
        }
    )
    assert sheet is not None and [line.name for line in sheet.lines] == ["账户", "策略"]
    assert [line.grown for line in sheet.lines] == [Decimal("0.05"), Decimal("0.1")]
    [zero] = [tick.y for tick in sheet.ticks if tick.share == 0]
    for line in sheet.lines:
        places = [tuple(map(float, point.split(","))) for point in line.points.split()]
        assert places[0][1] == zero
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)


def test_a_curve_that_does_not_move_is_drawn_and_one_day_is_none() -> None:
    still = [(FRIDAY - timedelta(days=1), Decimal(10)), (FRIDAY, Decimal(10))]
    sheet = drawn({"账户": still})
    assert sheet is not None and sheet.lines[0].grown == 0 and len(sheet.ticks) > 1
    assert drawn({"账户": still[:1]}) is None
    assert drawn({}) is None
