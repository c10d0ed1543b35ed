"""持仓调整: what a person adds to a strategy's stock or takes away is a plan: shown, approved, traded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from desk.core.config import AccountConfig, AccountShare
from desk.core.values import Follows, Mode
from desk.journal.view_plans import plans
from tests import checks
from tests.world import NO_LIMITS, World, strategy

PING_AN, PU_FA = "000001.XSHE", "600000.XSHG"
SZ = "000001.SZ"
Opening = Callable[..., World]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opening]:
    worlds: list[World] = []

    def make(**more: Any) -> World:
        """A strategy that owns 1000 since yesterday, beside another that owns 500."""
        both = [replace(strategy("甲", "a"), **more), strategy("乙", "b")]
        world = World(tmp_path, strategies=both, accounts=[AccountConfig(name="主账户", limits=NO_LIMITS)])
        world.scene(SZ, price=Decimal(10))
        world.order("1", PING_AN, "buy", 1000, kid="a")
        world.order("1", PING_AN, "buy", 500, kid="b")
        world.pass_time(10)
        world.go_to(world.clock.now() + timedelta(days=3))
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        assert world.own(SZ, "乙") == 500
        checks.assert_books_agree(world)
        checks.assert_history_explains_books(world)
        world.close()


def plan_for(world: World, shares: str, security: str = PING_AN) -> dict[str, Any]:
    ok, text = world.command("adjust", strategy="甲", security=security, shares=shares)
    assert ok, text
    (plan,) = plans(world.journal)
    return plan


@pytest.mark.parametrize(("shares", "owned"), [("300", 1300), ("-300", 700), ("-1000", 0), ("-5000", 0)])
def test_an_adjustment_is_shown_then_approved_then_traded_down_to_zero(
    opened: Opening, shares: str, owned: int
) -> None:
    world = opened()
    plan = plan_for(world, shares)
    assert (plan["kind"], [abs(order["shares"]) for order in plan["orders"]]) == ("调整", [abs(owned - 1000)])
    assert shares in plan["differences"][0]
    assert world.own(SZ, "甲") == 1000
    assert world.command("approve", id=plan["id"])[0]
    world.pass_time(10)
    assert (world.own(SZ, "甲"), world.entitled(SZ, "甲")) == (owned, owned)
    with world.journal.look() as look:
        ((entitled,),) = look.rows("SELECT entitled FROM book_changes WHERE cause = '持仓调整'")
    assert Decimal(entitled) == owned - 1000
    assert plans(world.journal) == []


def test_later_signals_take_their_fraction_of_what_was_adjusted(opened: Opening) -> None:
    world = opened()
    assert world.command("approve", id=plan_for(world, "1000")["id"])[0]
    world.pass_time(10)
    world.go_to(world.clock.now() + timedelta(days=1))
    world.order("2", PING_AN, "sell", 500, kid="a")
    world.pass_time(10)
    assert world.own(SZ, "甲") == 1000
    world.order("3", PING_AN, "sell", 500, kid="a")
    world.pass_time(10)
    assert world.own(SZ, "甲") == 0


def test_a_rejected_adjustment_changes_nothing(opened: Opening) -> None:
    world = opened()
    assert world.command("reject", id=plan_for(world, "-300")["id"])[0]
    world.pass_time(10)
    assert (world.own(SZ, "甲"), world.entitled(SZ, "甲")) == (1000, 1000)


def test_an_adjustment_of_other_books_is_worth_nothing(opened: Opening) -> None:
    world = opened()
    plan = plan_for(world, "-300")
    world.order("2", PING_AN, "sell", 100, kid="a")
    world.pass_time(10)
    ok, _ = world.command("approve", id=plan["id"])
    assert not ok
    assert world.own(SZ, "甲") == 900


def test_a_restart_keeps_an_adjustment_that_waits(opened: Opening) -> None:
    world = opened()
    plan = plan_for(world, "-300")
    world.kill()
    world.settle()
    assert world.command("approve", id=plan["id"])[0]
    world.pass_time(10)
    assert world.own(SZ, "甲") == 700


def test_a_target_that_says_the_same_leaves_plan_and_adjustment_alone(opened: Opening) -> None:
    world = opened(follows=Follows.TARGET)  # its orders were not followed: the first list is a plan
    assert world.own(SZ, "甲") == 0
    tell(world, {PING_AN: 1000})
    assert world.command("approve", id=plans(world.journal)[0]["id"])[0]
    world.pass_time(10)
    world.go_to(world.clock.now() + timedelta(days=1))
    plan = plan_for(world, "-300")
    tell(world, {PING_AN: 1000})
    assert plans(world.journal)[0]["id"] == plan["id"]
    assert world.command("approve", id=plan["id"])[0]
    world.pass_time(10)
    tell(world, {PING_AN: 1000})
    world.go_to(world.clock.now() + timedelta(minutes=15))
    tell(world, {PING_AN: 1000})
    assert world.own(SZ, "甲") == 700


def tell(world: World, held: dict[str, int]) -> None:
    world.clock.turn(1)
    world.send(replace(world.snapshot_event(held, kid="a"), seq=0), kid="a")
    world.settle()
    world.pass_time(10)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"shares": "0"}, "整股数"),
        ({"shares": "1.5"}, "整股数"),
        ({"shares": "三百"}, "整股数"),
        ({"security": "nothing"}, "不认识的股票代码"),
        ({"security": PU_FA}, "没有持有"),
        ({"account": "别的"}, "没有跟到账户"),
        ({"strategy": "丙"}, "没有叫"),
        ({"shares": "50"}, "不用买卖"),
    ],
)
def test_an_adjustment_that_makes_no_sense_is_refused(opened: Opening, asked: dict[str, str], said: str) -> None:
    world = opened()
    ok, text = world.command("adjust", **({"strategy": "甲", "security": PING_AN, "shares": "300"} | asked))
    assert not ok and said in text
    assert plans(world.journal) == []


def test_a_halt_holds_an_adjustment_back(opened: Opening) -> None:
    world = opened()
    plan = plan_for(world, "-300")
    world.command("halt", reason="x")
    assert not world.command("approve", id=plan["id"])[0]
    assert world.own(SZ, "甲") == 1000


def test_a_strategy_that_only_sells_is_not_added_to(opened: Opening) -> None:
    world = opened()
    world.reconfigure(sell_only=True)
    assert not world.command("adjust", strategy="甲", security=PING_AN, shares="300")[0]
    assert world.command("adjust", strategy="甲", security=PING_AN, shares="-300")[0]


def test_the_account_of_a_paper_strategy_is_its_shadow(tmp_path: Path) -> None:
    config = replace(strategy("甲", "a"), mode=Mode.PAPER)
    world = World(tmp_path, strategies=[config], accounts=[AccountConfig(name="主账户", channel="miniqmt")])
    world.scene(SZ, price=Decimal(10))
    world.order("1", PING_AN, "buy", 1000, kid="a")
    world.pass_time(10)
    ok, text = world.command("adjust", strategy="甲", security=PING_AN, shares="300", account="主账户")
    assert ok, text
    assert plans(world.journal)[0]["orders"][0]["account"] == "主账户·模拟"
    world.close()


def test_a_strategy_on_two_accounts_wants_one_named(tmp_path: Path) -> None:
    shares = tuple(AccountShare(account=name, ratio=Decimal(1)) for name in ("主账户", "副账户"))
    accounts = [AccountConfig(name=name, limits=NO_LIMITS) for name in ("主账户", "副账户")]
    world = World(tmp_path, strategies=[replace(strategy("甲", "a"), accounts=shares)], accounts=accounts)
    for exchange in world.exchanges.values():
        exchange.scene(SZ, price=Decimal(10))
    world.order("1", PING_AN, "buy", 1000, kid="a")
    world.pass_time(10)
    ok, text = world.command("adjust", strategy="甲", security=PING_AN, shares="300")
    assert not ok and "--account" in text
    assert world.command("adjust", strategy="甲", security=PING_AN, shares="300", account="副账户")[0]
    assert world.command("approve", id=plans(world.journal)[0]["id"])[0]
    world.pass_time(10)
    assert (world.own(SZ, "甲", "主账户"), world.own(SZ, "甲", "副账户")) == (1000, 1300)
    world.close()
