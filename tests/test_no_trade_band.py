"""不交易带宽: what differs by less than the band's share of the target is told and not traded; an exit always is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from desk.core.healing import within_band
from desk.core.values import Follows, SnapshotPolicy
from desk.journal.view_plans import plans
from tests import checks
from tests.world import World, strategy

PING_AN, PU_FA = "000001.XSHE", "600000.XSHG"
SZ, SH = "000001.SZ", "600000.SH"
TEN_PERCENT = Decimal("0.1")
Opening = Callable[..., World]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opening]:
    worlds: list[World] = []

    def make(**more: Any) -> World:
        world = World(tmp_path, strategies=[replace(strategy("小市值", "xsz"), no_trade_band=TEN_PERCENT, **more)])
        for symbol in (SZ, SH):
            world.scene(symbol, price=Decimal(10))
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        checks.assert_books_agree(world)
        checks.assert_history_explains_books(world)
        world.close()


def tell(world: World, held: dict[str, int]) -> str:
    """A target as the position sync leaves it: a snapshot without a number."""
    world.clock.turn(1)
    (event_id,) = world.send(replace(world.snapshot_event(held), seq=0))
    world.settle()
    world.pass_time(10)
    return event_id


def built(opened: Opening, held: dict[str, int]) -> World:
    """A strategy by target that owns what it was told first, a day later."""
    world = opened(follows=Follows.TARGET, snapshot_max_cut=Decimal(1))
    tell(world, held)
    (plan,) = plans(world.journal)
    assert world.command("approve", id=plan["id"])[0]
    world.pass_time(10)
    world.go_to(world.clock.now() + timedelta(days=3))
    return world


# --- by target --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [9200, 10_900])
def test_a_small_difference_is_told_with_its_reason_and_not_traded(opened: Opening, target: int) -> None:
    world = built(opened, {PING_AN: 10_000})
    event_id = tell(world, {PING_AN: target})
    assert world.own(SZ) == 10_000
    assert world.verdict(event_id) == ("ignored", "低于不交易带宽")
    assert SZ in str(world.signal(event_id)["reason_text"])
    assert any(f"聚宽持有 {target} 股" in text for text in world.gaps())


@pytest.mark.parametrize("target", [8900, 11_200])
def test_a_difference_beyond_the_band_is_traded_whole(opened: Opening, target: int) -> None:
    world = built(opened, {PING_AN: 10_000})
    tell(world, {PING_AN: target})
    assert world.own(SZ) == target
    assert world.gaps() == []


def test_small_differences_add_up_until_they_are_traded(opened: Opening) -> None:
    world = built(opened, {PING_AN: 10_000})
    owned = []
    for target in (9800, 9500, 9200, 9000, 8900):
        tell(world, {PING_AN: target})
        owned.append(world.own(SZ))
    assert owned == [10_000, 10_000, 10_000, 9000, 9000]


def test_an_exit_and_a_new_stock_are_always_traded(opened: Opening) -> None:
    world = built(opened, {PING_AN: 100, PU_FA: 100})
    tell(world, {PU_FA: 100, "600519.XSHG": 100})
    assert (world.own(SZ), world.own(SH), world.own("600519.SH")) == (0, 100, 100)


def test_nothing_is_sold_the_next_morning_for_what_was_left_aside(opened: Opening) -> None:
    world = built(opened, {PING_AN: 10_000})
    tell(world, {PING_AN: 9200})
    world.go_to(world.clock.now() + timedelta(days=1))
    assert world.own(SZ) == 10_000


def test_a_target_that_has_fallen_a_little_is_not_bought_up_to_the_old_one(opened: Opening) -> None:
    world = opened(follows=Follows.TARGET)
    tell(world, {PING_AN: 10_000})
    world.scene(SZ, limit_up=True)
    assert world.command("approve", id=plans(world.journal)[0]["id"])[0]
    world.pass_time(10)
    assert world.own(SZ) == 0
    world.scene(SZ)
    world.go_to(world.clock.now() + timedelta(minutes=11))
    tell(world, {PING_AN: 9500})
    assert world.own(SZ) == 0
    tell(world, {PING_AN: 9000})
    assert world.own(SZ) == 9000


@pytest.mark.parametrize(
    ("entitled", "held", "band", "near"),
    [
        ("1000", 901, "0.1", True),
        ("1000", 900, "0.1", False),  # 100 is not less than 100
        ("1000", 1099, "0.1", True),
        ("0", 100, "1", False),  # an exit
        ("100", 0, "1", False),  # new
        ("1000", 1000, "0", False),  # off
        ("1000", 999, "0", False),
    ],
)
def test_the_band_is_a_share_of_the_entitlement(entitled: str, held: int, band: str, near: bool) -> None:
    assert within_band(Decimal(entitled), held, Decimal(band)) is near


def test_a_rest_within_the_band_is_not_bought_later(opened: Opening) -> None:
    world = opened(follows=Follows.TARGET)
    tell(world, {PING_AN: 105_000})  # the cash of a million is not enough
    assert world.command("approve", id=plans(world.journal)[0]["id"])[0]
    world.pass_time(10)
    assert 94_500 < world.own(SZ) < 105_000
    wanted = len(checks.intents(world))
    world.go_to(world.clock.now() + timedelta(minutes=11))
    tell(world, {PING_AN: 105_000})
    assert (len(checks.intents(world)), world.entitled(SZ)) == (wanted, 105_000)


# --- by orders --------------------------------------------------------------------------------------------------------


def test_healing_leaves_a_small_difference_as_a_gap_and_the_books_as_they_are(opened: Opening) -> None:
    world = opened(snapshot_policy=SnapshotPolicy.HEAL)
    world.order("1", PING_AN, "buy", 10_000)
    world.pass_time(10)
    world.order_event("2", PING_AN, "buy", 500)  # lost
    event_id = world.snapshot({PING_AN: 10_500})
    world.pass_time(10)
    assert (world.own(SZ), world.entitled(SZ)) == (10_000, 10_000)
    assert world.verdict(event_id) == ("ignored", "低于不交易带宽")
    assert any("差 +500 股" in text for text in world.gaps())
    world.order_event("3", PING_AN, "buy", 1000)  # lost as well
    world.snapshot({PING_AN: 11_500})
    world.pass_time(10)
    assert (world.own(SZ), world.gaps()) == (11_500, [])


def test_a_signal_is_followed_however_small_it_is(opened: Opening) -> None:
    world = opened()
    world.order("1", PING_AN, "buy", 10_000)
    world.order("2", PING_AN, "buy", 100)
    world.pass_time(10)
    assert world.own(SZ) == 10_100


def test_a_plan_shows_what_it_leaves_aside(opened: Opening) -> None:
    world = opened(snapshot_policy=SnapshotPolicy.PROPOSE)
    world.order("1", PING_AN, "buy", 10_000)
    world.order("2", PU_FA, "buy", 1000)
    world.pass_time(10)
    world.snapshot({PING_AN: 10_500, PU_FA: 2000})
    (plan,) = plans(world.journal)
    assert [(o["symbol"], o["shares"]) for o in plan["orders"]] == [(SH, 1000)]
    assert any(SZ in text and "低于不交易带宽" in text for text in plan["differences"])
    assert world.command("approve", id=plan["id"])[0]
    world.pass_time(10)
    assert (world.own(SZ), world.own(SH)) == (10_000, 2000)


# --- a changed ratio --------------------------------------------------------------------------------------------------


def test_a_plan_for_a_ratio_that_changed_a_little_trades_nothing(opened: Opening) -> None:
    world = opened()
    world.order("1", PING_AN, "buy", 10_000)
    world.pass_time(10)
    world.reconfigure(accounts=(replace(world.config.strategies[0].accounts[0], ratio=Decimal("1.05")),))
    ok, text = world.command("plan", strategy="小市值")
    assert ok and plans(world.journal) == [], text


def test_what_a_plan_leaves_aside_is_neither_sold_nor_bought_later(opened: Opening) -> None:
    world = opened()
    world.order("1", PING_AN, "buy", 10_000)
    world.order("2", PU_FA, "buy", 10_000)
    world.pass_time(10)
    world.order("3", PU_FA, "sell", 5000)  # T 5000, T+1: 10,000 are still held
    world.reconfigure(accounts=(replace(world.config.strategies[0].accounts[0], ratio=Decimal("0.95")),))
    assert world.command("plan", strategy="小市值")[0]
    (plan,) = plans(world.journal)
    assert [(o["symbol"], o["side"]) for o in plan["orders"]] == [(SH, "sell")]
    assert world.command("approve", id=plan["id"])[0]
    world.go_to(world.clock.now() + timedelta(days=3))
    world.pass_time(10)
    assert (world.own(SZ), world.entitled(SZ)) == (10_000, 10_000)
    assert (world.own(SH), world.entitled(SH)) == (4800, 4750)
