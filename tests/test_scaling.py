"""跟单方式: how many of our shares a buy stands for; the rate is frozen with what it was made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from desk.core.config import AccountShare
from desk.core.values import Scaling, SnapshotPolicy
from desk.journal.view_plans import plans
from tests import checks
from tests.world import World, strategy

PING_AN, PU_FA = "000001.XSHE", "600000.XSHG"
BY_CAPITAL = AccountShare(account="主账户", ratio=Decimal(1), scaling=Scaling.CAPITAL, capital=Decimal(200_000))
BY_ORDER = AccountShare(account="主账户", ratio=Decimal(1), scaling=Scaling.PER_ORDER, per_order=Decimal(20_000))
Opening = Callable[..., World]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opening]:
    worlds: list[World] = []

    def make(share: AccountShare, **more: object) -> World:
        world = World(tmp_path, strategies=[replace(strategy("小市值", "xsz", **more), accounts=(share,))])  # type: ignore[arg-type]
        for symbol in ("000001.SZ", "600000.SH"):
            world.scene(symbol, price=Decimal(10))
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        world.close()


def inputs(world: World) -> list[dict[str, object]]:
    with world.journal.look() as look:
        return [json.loads(text) for (text,) in look.rows("SELECT inputs FROM intents ORDER BY created_at")]


# --- 按资金 -----------------------------------------------------------------------------------------------------------


def test_capital_over_equity_is_the_ratio(opened: Opening) -> None:
    world = opened(BY_CAPITAL)
    world.order("1", PING_AN, "buy", 5000, equity=1_000_000)  # 200,000 / 1,000,000 = 0.2
    world.pass_time(10)
    assert world.own("000001.SZ") == 1000
    assert inputs(world)[0]["scaling"] == {"capital": "200000", "equity": "1000000"}


def test_a_rate_is_frozen_when_equity_changes(opened: Opening) -> None:
    world = opened(BY_CAPITAL)
    placed = world.clock.now()
    world.order("1", PING_AN, "buy", 5000, 1000, "filled", equity=1_000_000, limit=10)
    world.order("1", PING_AN, "buy", 5000, 5000, "held", equity=400_000, limit=10, when=placed)
    assert world.entitled("000001.SZ") == 1000
    world.order("2", PU_FA, "buy", 1000)  # no equity of its own: the last told, 200,000 / 400,000 = 0.5
    world.pass_time(10)
    assert world.own("600000.SH") == 500


def test_without_a_known_equity_a_buy_is_refused_and_a_snapshot_tells_it(opened: Opening) -> None:
    world = opened(BY_CAPITAL)
    event_id = world.order("1", PING_AN, "buy", 5000)
    assert world.verdict(event_id) == ("refused", "权益未知")
    assert "权益" in str(world.signal(event_id)["reason_text"])
    world.snapshot({PING_AN: 5000}, equity=800_000)
    world.order("2", PU_FA, "buy", 4000)  # 200,000 / 800,000 = 0.25
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.own("600000.SH")) == (0, 1000)


def test_an_older_equity_is_not_taken_for_a_newer(opened: Opening) -> None:
    world = opened(BY_CAPITAL)
    late = world.order_event("1", PING_AN, "buy", 1000, equity=100_000)
    world.clock.turn(60)
    world.order("2", PU_FA, "buy", 1000, equity=400_000)
    world.send(late)
    world.order("3", PU_FA, "buy", 1000)
    world.pass_time(10)
    assert world.own("600000.SH") == 1000


def test_equity_and_rate_survive_a_crash(opened: Opening) -> None:
    world = opened(BY_CAPITAL)
    world.order("1", PING_AN, "buy", 5000, equity=1_000_000)
    world.kill()
    world.order("2", PU_FA, "buy", 5000)
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.own("600000.SH")) == (1000, 1000)


def test_a_sell_takes_the_strategys_fraction_whatever_the_equity_is(opened: Opening) -> None:
    world = opened(BY_CAPITAL)
    world.order("1", PING_AN, "buy", 5000, equity=1_000_000)
    world.pass_time(10)
    world.order("2", PING_AN, "sell", 2500, equity=2_000_000)
    assert world.entitled("000001.SZ") == 500


def test_a_lost_buy_is_healed_at_the_snapshots_equity(opened: Opening) -> None:
    world = opened(BY_CAPITAL, snapshot_policy=SnapshotPolicy.HEAL)
    world.order("1", PING_AN, "buy", 5000, equity=1_000_000)
    world.order_event("2", PU_FA, "buy", 2000)
    world.snapshot({PING_AN: 5000, PU_FA: 2000}, equity=400_000)
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.own("600000.SH")) == (1000, 1000)
    checks.assert_history_explains_books(world)


# --- 固定金额 ---------------------------------------------------------------------------------------------------------


def test_yuan_per_order_over_its_value_is_the_ratio(opened: Opening) -> None:
    world = opened(BY_ORDER)
    world.order("1", PING_AN, "buy", 10_000, price=10)  # 20,000 / 100,000 = 0.2
    world.order("2", PU_FA, "buy", 500, price=10)  # 20,000 / 5,000 = 4
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.own("600000.SH")) == (2000, 2000)
    assert inputs(world)[0]["scaling"] == {"per_order": "20000", "value": "100000"}


def test_a_live_order_is_valued_by_its_limit_and_keeps_its_rate(opened: Opening) -> None:
    world = opened(BY_ORDER)
    placed = world.clock.now()
    world.order("1", PING_AN, "buy", 5000, 0, "open", limit="10")  # 20,000 / 50,000 = 0.4
    assert world.entitled("000001.SZ") == 2000
    world.order("1", PING_AN, "buy", 5000, 1000, "canceled", limit="10", price="9.9", when=placed)
    assert world.entitled("000001.SZ") == 400


def test_an_order_without_any_price_is_valued_by_the_exchanges(opened: Opening) -> None:
    world = opened(BY_ORDER)
    world.order("0", PING_AN, "buy", 1000, price=10)
    world.pass_time(10)
    before = world.entitled("000001.SZ")
    reference = world.desks["主账户"].broker.instrument("000001.SZ", Decimal(10))
    assert reference is not None
    world.order("1", PING_AN, "buy", 10_000, 0, "open")
    expected = 10_000 * Decimal(20_000) / (10_000 * reference.prev_close)
    assert abs(world.entitled("000001.SZ") - before - expected) < Decimal("1e-9")


def test_a_difference_is_bought_by_yuan_per_order_only_when_a_person_approves(opened: Opening) -> None:
    world = opened(BY_ORDER, snapshot_policy=SnapshotPolicy.HEAL)
    world.order("1", PING_AN, "buy", 10_000)
    world.pass_time(10)
    world.snapshot({PING_AN: 10_010})
    world.pass_time(10)
    assert world.own("000001.SZ") == 2000
    (plan,) = plans(world.journal)
    assert [(o["side"], o["shares"]) for o in plan["orders"]] == [("buy", 2000)]
    world.command("reject", id=plan["id"])
    assert world.own("000001.SZ") == 2000


# --- a ratio that changes ---------------------------------------------------------------------------------------------


def test_a_changed_ratio_is_offered_as_a_plan_for_what_is_held(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.scene("000001.SZ", price=Decimal(10))
    world.order("1", PING_AN, "buy", 1000)
    world.pass_time(10)
    world.reconfigure(accounts=strategy("小市值", "xsz", "1.5").accounts)
    assert world.entitled("000001.SZ") == 1000
    ok, text = world.command("plan", strategy="小市值")
    assert ok, text
    (plan,) = plans(world.journal)
    assert [(o["side"], o["shares"]) for o in plan["orders"]] == [("buy", 500)]
    assert world.command("approve", id=plan["id"])[0]
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.entitled("000001.SZ")) == (1500, 1500)
    assert world.command("plan", strategy="小市值") == (True, "已持有的与比例一致,不需要买卖。")
    assert not world.command("plan", strategy="没有")[0]
    checks.assert_history_explains_books(world)
    world.close()
