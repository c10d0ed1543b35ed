"""跟单内容 目标持仓: each list of positions is the strategy's S, and the difference is traded within the guards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from desk.core.values import Follows, WireEvent
from desk.journal.view_plans import plans
from tests import checks
from tests.world import World, strategy

PING_AN, PU_FA = "000001.XSHE", "600000.XSHG"
Opening = Callable[..., World]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opening]:
    worlds: list[World] = []

    def make(**more: object) -> World:
        world = World(tmp_path, strategies=[strategy("小市值", "xsz", "0.5", follows=Follows.TARGET, **more)])
        for symbol in ("000001.SZ", "600000.SH"):
            world.scene(symbol, price=Decimal(10))
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        world.close()


def uploaded(world: World, held: dict[str, int], **more: object) -> WireEvent:
    """As the position sync leaves it in the journal: a snapshot without a number."""
    return replace(world.snapshot_event(held, **more), seq=0)  # type: ignore[arg-type]


def upload(world: World, held: dict[str, int], **more: object) -> str:
    (event_id,) = world.send(uploaded(world, held, **more))
    world.settle()
    return event_id


def building(opened: Opening, **more: object) -> World:
    """A strategy whose first target has been approved and bought: 1000 × 0.5."""
    world = opened(**more)
    upload(world, {PING_AN: 1000})
    (plan,) = plans(world.journal)
    assert world.command("approve", id=plan["id"])[0]
    world.pass_time(10)
    assert world.own("000001.SZ") == 500
    return world


def test_the_first_target_waits_for_a_person(opened: Opening) -> None:
    world = opened()
    upload(world, {PING_AN: 1000})
    (plan,) = plans(world.journal)
    world.pass_time(30)
    assert (plan["kind"], world.own("000001.SZ")) == ("建仓", 0)
    upload(world, {PING_AN: 1000})
    assert [again["id"] for again in plans(world.journal)] == [plan["id"]]
    assert world.command("approve", id=plan["id"])[0]
    world.pass_time(10)
    assert world.own("000001.SZ") == 500


def test_a_changed_target_is_traded(opened: Opening) -> None:
    world = building(opened)
    world.clock.turn(60)
    upload(world, {PING_AN: 1000, PU_FA: 2000})
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.own("600000.SH")) == (500, 1000)
    world.go_to(world.clock.now() + timedelta(days=3))
    upload(world, {PING_AN: 800, PU_FA: 2000})
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.own("600000.SH")) == (400, 1000)
    checks.assert_books_agree(world)
    checks.assert_history_explains_books(world)


def test_orders_are_not_followed_beside_the_target(opened: Opening) -> None:
    world = building(opened)
    event_id = world.order("1", PU_FA, "buy", 1000)
    world.pass_time(10)
    assert world.verdict(event_id) == ("ignored", "快照已含")
    assert world.own("600000.SH") == 0


def test_an_empty_target_sells_nothing_by_itself(opened: Opening) -> None:
    world = building(opened)
    world.go_to(world.clock.now() + timedelta(days=3))
    upload(world, {})
    world.pass_time(60)
    assert world.own("000001.SZ") == 500
    (plan,) = plans(world.journal)
    assert [(o["side"], o["shares"]) for o in plan["orders"]] == [("sell", 500)]
    upload(world, {})
    assert plans(world.journal)[0]["id"] == plan["id"]
    assert world.command("approve", id=plan["id"])[0]
    world.pass_time(10)
    assert world.own("000001.SZ") == 0


def test_a_target_never_touches_what_is_held_by_hand_or_by_another_strategy(tmp_path: Path) -> None:
    both = [replace(strategy("甲", "a"), follows=Follows.TARGET), strategy("乙", "b")]
    world = World(tmp_path, strategies=both)
    world.scene("000001.SZ", price=Decimal(10))
    world.order("1", PING_AN, "buy", 1000, kid="b")
    world.pass_time(10)
    world.send(uploaded(world, {PING_AN: 300}, kid="a"), kid="a")
    world.settle()
    assert world.command("approve", id=plans(world.journal)[0]["id"])[0]
    world.pass_time(10)
    assert (world.own("000001.SZ", "甲"), world.own("000001.SZ", "乙")) == (300, 1000)
    world.go_to(world.clock.now() + timedelta(days=3))
    world.send(uploaded(world, {}, kid="a"), kid="a")
    world.settle()
    assert world.command("approve", id=plans(world.journal)[0]["id"])[0]
    world.pass_time(10)
    assert (world.own("000001.SZ", "甲"), world.own("000001.SZ", "乙")) == (0, 1000)
    world.close()


def test_a_target_told_every_half_minute_is_brought_about_every_ten_minutes(opened: Opening) -> None:
    world = building(opened)
    world.scene("600000.SH", limit_up=True)
    world.clock.turn(60)
    for _ in range(10):
        upload(world, {PING_AN: 1000, PU_FA: 1000})
        world.pass_time(30, step=5)
    tried = [shares for shares, side, _ in checks.intents(world).values() if (shares, side) == (500, "buy")]
    assert len(tried) == 2  # the one that was bought at first, and one for the other stock
    world.scene("600000.SH")
    world.pass_time(600, step=30)
    upload(world, {PING_AN: 1000, PU_FA: 1000})
    world.pass_time(10)
    assert world.own("600000.SH") == 500
