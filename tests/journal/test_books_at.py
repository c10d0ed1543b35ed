"""The books of a past moment are added up from their changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from base_func import BEIJING
from desk.journal.view_books import books, books_at, positions_at
from tests.world import OPENING, World, strategy

NEXT_DAY = datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """At ratio 0.3: 300 bought at 9:35, 300 more ten minutes later, all sold on the next trading day."""
    made = World(tmp_path, strategies=[strategy("小市值", "xsz", "0.3")])
    made.order("1", "000001.XSHE", "buy", 300)
    made.pass_time(600, step=60)
    made.order("2", "000001.XSHE", "buy", 300)
    made.pass_time(10)
    made.go_to(NEXT_DAY, step=3600)
    made.order("3", "000001.XSHE", "sell", 600)
    made.pass_time(10)
    yield made
    made.close()


def stood(world: World, moment: datetime) -> list[tuple[int, int, str, int, str]]:
    return [
        (row["strategy_shares"], row["counted_shares"], row["entitled_shares"], row["own_shares"], row["cause"])
        for row in books_at(world.journal, moment)
    ]


def test_a_moment_shows_what_had_been_booked_by_then(world: World) -> None:
    assert stood(world, OPENING - timedelta(seconds=1)) == []
    assert stood(world, OPENING) == [(300, 300, "90", 0, "聚宽买入")]
    assert stood(world, OPENING + timedelta(minutes=9)) == [(300, 300, "90", 0, "聚宽买入")]
    (held,) = stood(world, NEXT_DAY - timedelta(minutes=1))
    assert held[:4] == (600, 600, "180", 100)
    (sold,) = stood(world, NEXT_DAY)
    assert sold == (0, 0, "0", 100, "聚宽卖出")  # told, not yet sold
    (empty,) = stood(world, NEXT_DAY + timedelta(seconds=10))
    assert empty[:4] == (0, 0, "0", 0)


def test_the_present_moment_shows_the_books_as_they_are(world: World) -> None:
    kept = ("strategy", "account", "symbol", "strategy_shares", "entitled_shares", "own_shares")
    then, now = books_at(world.journal, world.clock.now()), books(world.journal)
    assert [[row[key] for key in kept] for row in then] == [[row[key] for key in kept] for row in now]


def test_the_change_that_made_it_so_is_named(world: World) -> None:
    (row,) = books_at(world.journal, OPENING + timedelta(minutes=9))
    assert datetime.fromisoformat(row["changed_at"]) == OPENING
    assert world.signal(row["ref"])["jq_order_id"] == "1"


def test_positions_of_a_moment_are_what_strategies_owned_then(world: World) -> None:
    assert positions_at(world.journal, OPENING) == []  # entitled, not bought yet
    (held,) = positions_at(world.journal, NEXT_DAY)
    assert (held["account"], held["symbol"], held["own_shares"]) == ("主账户", "000001.SZ", 100)
    assert held["strategies"] == [{"strategy": "小市值", "own_shares": 100}]
    assert positions_at(world.journal, NEXT_DAY + timedelta(seconds=10)) == []
