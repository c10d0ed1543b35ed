"""Why an account did otherwise than its strategy: delay, cost, rounding, what was not done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from desk.journal import views
from desk.journal.view_returns import causes
from tests.world import World, strategy

BANK, BANK_HERE = "000001.XSHE", "000001.SZ"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(
        tmp_path, strategies=[strategy("小市值", "xsz"), replace(strategy("白马", "bm"), blacklist=(BANK_HERE,))]
    )
    made.scene(BANK_HERE, price=Decimal(10))
    yield made
    made.close()


def explained(world: World, name: str) -> dict[str, Any]:
    today = world.clock.now().date()
    found = causes(world.journal, today, today)
    assert found["complete"]
    [row] = [row for row in found["strategies"] if row["strategy"] == name]
    return row


def test_our_price_against_the_strategys_is_the_delay_and_the_fees_are_the_cost(world: World) -> None:
    world.order("1", BANK, "buy", 300, price="9.98")
    world.pass_time(10)
    row = explained(world, "小市值")
    fills = views.fills(world.journal)
    assert sum(fill["shares"] for fill in fills) == 300
    assert Decimal(row["delay"]) == sum((Decimal("9.98") - Decimal(f["price"])) * f["shares"] for f in fills)
    assert Decimal(row["delay"]) < 0
    assert Decimal(row["cost"]) == -sum(Decimal(fill["fee"]) for fill in fills)
    assert (row["fills"], row["compared"], row["undone"]) == (len(fills), len(fills), [])


def test_what_was_sold_dearer_than_by_the_strategy_is_a_gain(world: World) -> None:
    world.order("1", BANK, "buy", 300)
    world.go_to(world.clock.now() + timedelta(days=3))
    bought = Decimal(explained_all(world)["delay"])
    world.order("2", BANK, "sell", 300, price="9.50")
    world.pass_time(10)
    sold = [fill for fill in views.fills(world.journal) if fill["side"] == "sell"]
    assert sold
    gain = sum((Decimal(fill["price"]) - Decimal("9.50")) * fill["shares"] for fill in sold)
    assert Decimal(explained_all(world)["delay"]) == bought + gain
    assert gain > 0


def explained_all(world: World) -> dict[str, Any]:
    """Of all days."""
    [row] = causes(world.journal, world.clock.now().date().replace(day=1), world.clock.now().date())["strategies"]
    return row  # type: ignore[no-any-return]


def test_what_is_no_lot_is_rounding_and_what_is_forbidden_is_not_done(world: World) -> None:
    world.order("1", BANK, "buy", 50, price="10.00")
    world.order("2", BANK, "buy", 200, kid="bm", price="10.00")
    world.pass_time(10)
    rounded, refused = explained(world, "小市值")["rounding"], explained(world, "白马")["undone"]
    assert (rounded["times"], rounded["shares"], rounded["value"]) == (1, 50, "500")
    assert rounded["unpriced"] == 1, "nobody holds it: no price of now is known"
    [one] = refused
    assert (one["reason"], one["shares"], one["value"]) == ("在黑名单", 200, "2000")


def test_what_was_missed_is_worth_what_it_has_made_since(world: World) -> None:
    world.order("1", BANK, "buy", 300, price="10.00")
    world.pass_time(10)
    world.journal.ask("reconcile", {}, "test")  # a durable write: the account's look is stored as well
    world.settle()
    world.order("2", BANK, "buy", 200, kid="bm", price="9.00")
    world.pass_time(10)
    [held] = views.positions(world.journal)
    [one] = explained(world, "白马")["undone"]
    assert Decimal(one["since"]) == (Decimal("9.00") - Decimal(held["price"])) * 200
    assert Decimal(one["since"]) < 0


def test_a_quiet_time_has_no_causes(world: World) -> None:
    day = world.clock.now().date().replace(year=2020)
    assert causes(world.journal, day, day) == {"strategies": [], "complete": True}
