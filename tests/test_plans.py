"""Plans: what a snapshot asks for and a person must approve; shown first, looked at once more, ended by the close."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from desk.core.values import Adoption, Mode, SnapshotPolicy
from desk.journal.view_plans import plans
from tests import checks
from tests.world import World, strategy

PING_AN, PU_FA = "000001.XSHE", "600000.XSHG"
Opening = Callable[..., World]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opening]:
    worlds: list[World] = []

    def make(policy: SnapshotPolicy = SnapshotPolicy.PROPOSE, *, ratio: object = 1, **more: object) -> World:
        world = World(tmp_path, strategies=[strategy("小市值", "xsz", ratio, snapshot_policy=policy, **more)])
        for symbol in ("000001.SZ", "600000.SH"):
            world.scene(symbol, price=Decimal(10))
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        world.close()


def the_plan(world: World) -> dict[str, Any]:
    (plan,) = plans(world.journal)
    return plan


def orders(plan: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(order["side"], order["symbol"], order["shares"]) for order in plan["orders"]]


def with_a_plan(opened: Opening, **more: object) -> World:
    """1000 and 1000 held; the snapshot says 1500 and 800."""
    world = opened(**more)
    world.order("1", PING_AN, "buy", 1000)
    world.order("2", PU_FA, "buy", 1000)
    world.pass_time(10)
    world.snapshot({PING_AN: 1500, PU_FA: 800})
    return world


def test_a_proposal_shows_its_orders_and_trades_nothing(opened: Opening) -> None:
    world = with_a_plan(opened)
    plan = the_plan(world)
    assert orders(plan) == [("sell", "600000.SH", 200), ("buy", "000001.SZ", 500)]
    assert [order["value"] for order in plan["orders"]] == ["2000.00", "5000.00"]
    world.go_to(world.clock.now() + timedelta(hours=2))
    assert (world.own("000001.SZ"), world.entitled("000001.SZ")) == (1000, 1000)


def test_an_approved_plan_is_booked_and_traded(opened: Opening) -> None:
    world = with_a_plan(opened)
    ok, text = world.command("approve", id=the_plan(world)["id"])
    assert ok, text
    world.pass_time(10)
    assert world.own("000001.SZ") == 1500
    world.go_to(world.clock.now() + timedelta(days=3))
    world.pass_time(10)
    assert world.own("600000.SH") == 800
    assert plans(world.journal) == []
    assert world.gaps() == []
    checks.assert_books_agree(world)
    checks.assert_history_explains_books(world)


def test_a_rejected_plan_leaves_the_books_and_the_gap(opened: Opening) -> None:
    world = with_a_plan(opened)
    ok, _ = world.command("reject", id=the_plan(world)["id"])
    world.pass_time(10)
    assert ok
    assert world.own("000001.SZ") == 1000
    assert plans(world.journal) == []
    assert len(world.gaps()) == 2


def test_a_plan_is_not_among_all(opened: Opening) -> None:
    world = with_a_plan(opened)
    ok, _ = world.command("approve", id="all")
    assert not ok
    assert world.entitled("000001.SZ") == 1000
    assert len(plans(world.journal)) == 1


def test_a_plan_survives_a_crash(opened: Opening) -> None:
    world = with_a_plan(opened)
    world.kill()
    world.settle()
    ok, text = world.command("approve", id=the_plan(world)["id"])
    assert ok, text
    world.pass_time(10)
    assert world.own("000001.SZ") == 1500


def test_a_plan_of_other_books_is_worth_nothing(opened: Opening) -> None:
    world = with_a_plan(opened)
    plan_id = the_plan(world)["id"]
    world.order("4", PING_AN, "buy", 100)
    ok, text = world.command("approve", id=plan_id)
    assert (ok, "作废" in text) == (False, True)
    assert plans(world.journal) == []
    assert world.entitled("000001.SZ") == 1100


def test_a_plan_that_has_grown_is_shown_again(opened: Opening) -> None:
    world = with_a_plan(opened)
    plan_id = the_plan(world)["id"]
    world.reconfigure(accounts=strategy("小市值", "xsz", 2).accounts)
    ok, text = world.command("approve", id=plan_id)
    assert (ok, "变大" in text) == (False, True)
    assert orders(the_plan(world)) == [("sell", "600000.SH", 200), ("buy", "000001.SZ", 1000)]
    assert world.command("approve", id=plan_id)[0]
    world.pass_time(10)
    assert world.own("000001.SZ") == 2000


def test_a_plan_ends_with_the_days_close_and_with_the_next_snapshot(opened: Opening) -> None:
    world = with_a_plan(opened)
    first = the_plan(world)["id"]
    world.snapshot({PING_AN: 1500, PU_FA: 900})
    second = the_plan(world)
    assert second["id"] != first
    assert orders(second) == [("sell", "600000.SH", 100), ("buy", "000001.SZ", 500)]
    world.go_to(world.clock.now().replace(hour=15, minute=5))
    assert plans(world.journal) == []


def test_a_halt_holds_a_plan_back(opened: Opening) -> None:
    world = with_a_plan(opened)
    world.command("halt", reason="看看")
    assert not world.command("approve", id=the_plan(world)["id"])[0]
    world.command("unhalt", reason="好了")
    assert world.command("approve", id=the_plan(world)["id"])[0]


def test_what_the_guards_hold_back_waits_as_a_plan(opened: Opening) -> None:
    world = opened(SnapshotPolicy.HEAL)
    world.order("1", PING_AN, "buy", 1000)
    world.pass_time(10)
    world.snapshot({})
    plan = the_plan(world)
    assert orders(plan) == [("sell", "000001.SZ", 1000)]
    assert plan["why"] == ["快照是空的,而账本里还有持仓"]
    assert world.command("approve", id=plan["id"])[0]
    world.go_to(world.clock.now() + timedelta(days=3))
    world.pass_time(10)
    assert world.own("000001.SZ") == 0


def test_in_confirming_mode_an_approved_plan_is_not_asked_about_twice(opened: Opening) -> None:
    world = opened(mode=Mode.CONFIRM)
    world.order("1", PING_AN, "buy", 1000)
    world.command("approve", id="all")
    world.pass_time(10)
    world.snapshot({PING_AN: 1500})
    assert world.command("approve", id=the_plan(world)["id"])[0]
    world.pass_time(10)
    assert world.own("000001.SZ") == 1500


def test_a_strategy_is_taken_over_with_what_it_holds_when_a_person_approves(opened: Opening) -> None:
    world = opened(SnapshotPolicy.ALARM, ratio="0.5", adoption=Adoption.BUILD)
    world.snapshot({PING_AN: 3000, PU_FA: 100})
    plan = the_plan(world)
    assert (plan["kind"], orders(plan)) == ("建仓", [("buy", "000001.SZ", 1500)])
    assert world.command("approve", id=plan["id"])[0]
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.own("600000.SH"), world.entitled("600000.SH")) == (1500, 0, 50)
    world.order("1", PING_AN, "sell", 1000, n=2000)
    assert world.entitled("000001.SZ") == 1000


def test_a_plan_shows_nothing_that_the_strategy_may_not_buy(opened: Opening) -> None:
    world = with_a_plan(opened)
    world.reconfigure(sell_only=True)
    world.snapshot({PING_AN: 1500, PU_FA: 800})
    assert orders(the_plan(world)) == [("sell", "600000.SH", 200)]


def test_two_strategies_have_a_plan_each(tmp_path: Path) -> None:
    both = [
        replace(strategy(name, kid), snapshot_policy=SnapshotPolicy.PROPOSE) for name, kid in (("甲", "a"), ("乙", "b"))
    ]
    world = World(tmp_path, strategies=both)
    for kid in ("a", "b"):
        world.order("1", PING_AN, "buy", 1000, kid=kid)
        world.snapshot({PING_AN: 1200}, kid=kid)
    assert [plan["strategy"] for plan in plans(world.journal)] == ["乙", "甲"]
    assert world.command("approve", id=plans(world.journal)[0]["id"])[0]
    world.pass_time(10)
    assert [plan["strategy"] for plan in plans(world.journal)] == ["甲"]
    assert (world.own("000001.SZ", "乙"), world.own("000001.SZ", "甲")) == (1200, 1000)
    world.close()
