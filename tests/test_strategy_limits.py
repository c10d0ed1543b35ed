"""单策略持仓市值 and 单票权重: what a strategy may hold on an account; buys beyond it are refused, sells pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from desk.core.config import AccountConfig, AccountShare
from desk.core.values import Mode, Scaling, SnapshotPolicy
from tests import checks
from tests.world import NO_LIMITS, World, strategy

PING_AN, PU_FA = "000001.XSHE", "600000.XSHG"
Opening = Callable[..., World]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opening]:
    worlds: list[World] = []

    def make(share: AccountShare | None = None, **more: object) -> World:
        config = strategy("小市值", "xsz", **more)  # type: ignore[arg-type]
        if share is not None:
            config = replace(config, accounts=(share,))
        world = World(tmp_path, strategies=[config])
        for symbol in ("000001.SZ", "600000.SH"):
            world.scene(symbol, price=Decimal(10))
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        world.close()


# --- 单策略持仓市值 ---------------------------------------------------------------------------------------------------


def test_a_buy_beyond_the_strategys_value_is_refused_and_leaves_its_entitlement(opened: Opening) -> None:
    world = opened(value_limit=Decimal(15_000))
    world.order("1", PING_AN, "buy", 1000)
    world.pass_time(10)
    event_id = world.order("2", PU_FA, "buy", 1000)  # 10,000 held and 10,000 wished
    world.pass_time(10)
    assert world.verdict(event_id) == ("refused", "超单策略持仓市值")
    assert "单策略持仓市值" in str(world.signal(event_id)["reason_text"])
    assert (world.own("600000.SH"), world.entitled("600000.SH")) == (0, 0)
    fits = world.order("3", PU_FA, "buy", 500)  # 15,000 is not beyond it
    world.pass_time(10)
    assert world.verdict(fits) == ("done", None)
    checks.assert_books_agree(world)


def test_two_buys_of_one_moment_do_not_both_pass(opened: Opening) -> None:
    world = opened(value_limit=Decimal(15_000))
    first = world.order_event("1", PING_AN, "buy", 1000)
    second = world.order_event("2", PU_FA, "buy", 1000)
    one, other = world.send(first, second)
    world.pass_time(10)
    assert (world.verdict(one), world.verdict(other)) == (("done", None), ("refused", "超单策略持仓市值"))


def test_what_rests_at_the_exchange_counts(opened: Opening) -> None:
    world = opened(value_limit=Decimal(15_000))
    world.order("1", PING_AN, "buy", 1000, 0, "open", limit="9.5")
    world.pass_time(10)
    event_id = world.order("2", PU_FA, "buy", 1000)
    world.pass_time(10)
    assert world.own("000001.SZ") == 0
    assert world.verdict(event_id) == ("refused", "超单策略持仓市值")


def test_a_sell_passes_a_strategy_that_is_beyond_its_limits(opened: Opening) -> None:
    world = opened()
    world.order("1", PING_AN, "buy", 1000)
    world.pass_time(10)
    (config,) = world.config.strategies
    world.config = replace(
        world.config, strategies=(replace(config, value_limit=Decimal(100), symbol_weight=Decimal("0.01")),)
    )
    world.command("reload")
    world.go_to(world.clock.now() + timedelta(days=3))
    event_id = world.order("2", PING_AN, "sell", 1000)
    world.pass_time(10)
    assert (world.verdict(event_id), world.own("000001.SZ")) == (("done", None), 0)


def test_the_limit_counts_a_strategys_own_shares_on_that_account_alone(tmp_path: Path) -> None:
    both = [replace(strategy("甲", "a"), value_limit=Decimal(10_000)), strategy("乙", "b")]
    world = World(tmp_path, strategies=both, accounts=[AccountConfig(name="主账户", limits=NO_LIMITS)])
    for symbol in ("000001.SZ", "600000.SH"):
        world.scene(symbol, price=Decimal(10))
    world.order("1", PING_AN, "buy", 5000, kid="b")
    world.pass_time(10)
    event_id = world.order("2", PU_FA, "buy", 1000, kid="a")
    world.pass_time(10)
    assert world.verdict(event_id) == ("done", None)
    world.close()


def test_what_a_plan_may_not_buy_stays_a_shortfall(opened: Opening) -> None:
    world = opened(value_limit=Decimal(15_000), snapshot_policy=SnapshotPolicy.HEAL)
    world.order("1", PING_AN, "buy", 1000)
    world.order_event("2", PU_FA, "buy", 1000)  # lost
    world.snapshot({PING_AN: 1000, PU_FA: 1000})
    world.pass_time(30)
    assert (world.own("600000.SH"), world.entitled("600000.SH")) == (0, 1000)
    checks.assert_books_agree(world)
    checks.assert_history_explains_books(world)


def test_a_restart_changes_nothing_about_a_limit(opened: Opening) -> None:
    world = opened(value_limit=Decimal(15_000), mode=Mode.CONFIRM)
    world.order("1", PING_AN, "buy", 1000)
    event_id = world.order("2", PU_FA, "buy", 1000)
    world.kill()
    world.settle()
    world.command("approve", id="all")
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.own("600000.SH")) == (1000, 0)
    assert world.verdict(event_id) == ("refused", "超单策略持仓市值")


# --- 单票权重 ---------------------------------------------------------------------------------------------------------


def test_a_symbol_weighs_against_the_strategys_equity_times_the_ratio(opened: Opening) -> None:
    half = AccountShare(account="主账户", ratio=Decimal("0.5"))
    world = opened(half, symbol_weight=Decimal("0.2"))  # 0.2 × 100,000 × 0.5 = 10,000
    first = world.order("1", PING_AN, "buy", 1800, equity=100_000)  # 900 × 10
    world.pass_time(10)
    second = world.order("2", PING_AN, "buy", 400, equity=100_000)
    other = world.order("3", PU_FA, "buy", 1000)
    world.pass_time(10)
    assert [world.verdict(one) for one in (first, second, other)] == [
        ("done", None),
        ("refused", "超单票权重"),
        ("done", None),
    ]


def test_by_capital_a_symbol_weighs_against_the_capital(opened: Opening) -> None:
    share = AccountShare(account="主账户", ratio=Decimal(1), scaling=Scaling.CAPITAL, capital=Decimal(50_000))
    world = opened(share, symbol_weight=Decimal("0.2"))  # 10,000 yuan
    event_id = world.order("1", PING_AN, "buy", 3000, equity=100_000)  # 1500 × 10
    fits = world.order("2", PU_FA, "buy", 2000)
    world.pass_time(10)
    assert (world.verdict(event_id), world.verdict(fits)) == (("refused", "超单票权重"), ("done", None))


def test_without_a_known_equity_nothing_can_be_weighed(opened: Opening) -> None:
    world = opened(symbol_weight=Decimal("0.2"))
    event_id = world.order("1", PING_AN, "buy", 1000)
    world.pass_time(10)
    assert world.verdict(event_id) == ("refused", "权益未知")
    world.snapshot({}, equity=100_000)
    again = world.order("2", PU_FA, "buy", 1000)
    world.pass_time(10)
    assert world.verdict(again) == ("done", None)
