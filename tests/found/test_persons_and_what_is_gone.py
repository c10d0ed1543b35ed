"""Persons halt, pause, liquidate, approve and reject; accounts and strategies go; old signals come late."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from base_func import BEIJING
from desk.core.config import AccountConfig, AccountShare
from desk.core.values import EventKind, Mode
from tests.stories import MONDAY, PINGAN, SZ, TUESDAY, Make, hold, hold_overnight, next_session, titles
from tests.world import NO_LIMITS, strategy


def test_joinquants_cancel_of_a_buy_from_before_a_liquidation_takes_nothing_of_what_came_after(make: Make) -> None:
    world = make()
    hold(world, 1000)
    next_session(world)
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.20")
    world.pass_time(3)
    world.command("halt", reason="试一下", liquidate="1")
    world.pass_time(10)
    assert (world.own(SZ), world.entitled(SZ)) == (0, 0)
    world.command("unhalt", reason="好了")
    world.order("2", PINGAN, "buy", 300)
    world.pass_time(10)
    world.order("1", PINGAN, "buy", 1000, 0, "canceled", limit="9.20")
    assert world.entitled(SZ) == 300
    next_session(world, TUESDAY)
    assert world.own(SZ) == 300 == world.held(SZ)


def test_what_a_removed_account_was_to_do_ends(make: Make) -> None:
    accounts = [AccountConfig(name="主账户", limits=NO_LIMITS), AccountConfig(name="副账户", limits=NO_LIMITS)]
    both = tuple(AccountShare(account=a.name, ratio=Decimal(1)) for a in accounts)
    world = make(accounts=accounts, strategies=[replace(strategy("小市值", "xsz"), accounts=both)])
    hold(world, 1000)
    next_session(world)
    assert world.own(SZ, account="副账户") == 1000
    first = world.config.strategies[0]
    world.config = replace(world.config, accounts=tuple(accounts[:1]), strategies=(replace(first, accounts=both[:1]),))
    world.kill()
    event = world.order("2", PINGAN, "sell", 500)
    world.pass_time(10)
    assert world.own(SZ) == 500
    assert world.verdict(event) == ("partial", "券商未连接")
    assert not world.trader.ledger.intents


@pytest.mark.parametrize("who", ["removed strategy", "test"])
def test_live_orders_of_a_strategy_that_is_not_configured_are_closed_at_their_days_end(make: Make, who: str) -> None:
    world = make()
    hold(world, 1000)
    next_session(world)
    if who == "test":
        world.send(world.order_event("1", PINGAN, "buy", 100, status="open", limit="9.50", kind=EventKind.TEST))
        world.pass_time(5)
    else:
        world.order("1", PINGAN, "sell", 1000, status="open", limit="10.90")
        world.pass_time(3)
        world.config = replace(world.config, strategies=(strategy("别的", "bd"),))
        world.kill()
    next_session(world, TUESDAY)
    name = "测试" if who == "test" else "小市值"
    assert world.trader.ledger.jq_orders[name, MONDAY.date(), "1"].closed
    assert (world.own(SZ), world.entitled(SZ)) == (1000, 1000)
    assert any("缺口" in title for title in titles(world))


def test_a_signal_of_the_night_waits_for_its_approval_until_the_session(make: Make) -> None:
    world = make(strategies=[strategy("小市值", "xsz", mode=Mode.CONFIRM)])
    world.go_to(datetime(2026, 11, 22, 20, 0, tzinfo=BEIJING), step=3600)
    event = world.order("1", PINGAN, "buy", 1000)
    world.go_to(MONDAY, step=3600)
    assert world.verdict(event)[0] == "working"
    assert world.command("approve", id=event)[0]
    world.pass_time(20)
    assert world.verdict(event) == ("done", None)
    late = world.order("2", PINGAN, "buy", 1000)
    world.pass_time(700, step=20)
    assert world.verdict(late) == ("refused", "等待确认超时")


@pytest.mark.parametrize("how", ["pause", "halt", "halt --cancel"])
def test_an_old_sell_waits_for_approval_over_a_pause_and_a_halt(make: Make, how: str) -> None:
    world = make()
    world.order("hold", PINGAN, "buy", 1000)
    world.pass_time(10)
    friday = world.clock.now() + timedelta(hours=2)
    world.go_to(MONDAY, step=3600)
    world.pass_time(60)
    world.order("old", PINGAN, "sell", 1000, sent_at=friday, when=friday)
    if how == "pause":
        world.reconfigure(enabled=False)
        world.pass_time(5)
        first = world.config.strategies[0]
        world.config = replace(world.config, strategies=(replace(first, enabled=True),))
        world.command("reload", resumed="小市值")
    else:
        world.command("halt", reason="x", cancel="1" if "cancel" in how else "")
        world.pass_time(5)
        world.command("unhalt", reason="y")
    world.pass_time(20)
    assert world.own(SZ) == 1000
    assert world.command("approve", id="all")[0]
    world.pass_time(20)
    assert world.own(SZ) == 0


def test_a_late_sell_all_does_not_empty_what_was_bought_since(make: Make) -> None:
    world = make()
    hold_overnight(world)
    sell = world.order_event("1", PINGAN, "sell", 1000, n=0)
    made = world.clock.now()
    world.pass_time(60)
    world.order("2", PINGAN, "buy", 500, n=500)
    world.pass_time(10)
    world.send(sell, sent_at=made)
    world.pass_time(20)
    world.go_to(MONDAY + timedelta(days=1), step=3600)
    world.pass_time(60)
    assert world.own(SZ) == 500 == world.entitled(SZ)


def test_a_repeated_sell_all_changes_nothing(make: Make) -> None:
    world = make()
    hold_overnight(world)
    when = world.clock.now()
    world.order("1", PINGAN, "sell", 1000, n=0, when=when)
    world.pass_time(10)
    world.order("2", PINGAN, "buy", 1000, n=1000)
    world.pass_time(10)
    again = world.order("1", PINGAN, "sell", 1000, n=0, when=when)
    assert world.verdict(again) == ("ignored", "已跟过")
    assert world.entitled(SZ) == 1000


@pytest.mark.parametrize(
    ("bought", "own", "amount", "filled", "entitled"),
    [(1000, 1700, 1000, 0, 1700), (1000, 1700, 600, 0, 1700), (1000, 1700, 1000, 300, 1700), (200, 300, 200, 0, 340)],
)
def test_what_a_person_keeps_is_not_entitled_again_when_joinquant_takes_its_sale_back(
    make: Make, bought: int, own: int, amount: int, filled: int, entitled: int
) -> None:
    world = make(strategies=[strategy("小市值", "xsz", ratio="1.7", mode=Mode.CONFIRM)])
    world.order("hold", PINGAN, "buy", bought)
    world.command("approve", id="all")
    world.pass_time(10)
    world.go_to(MONDAY, step=3600)
    world.pass_time(60)
    world.order("1", PINGAN, "sell", amount, status="open", limit="10.50")
    assert (world.own(SZ), world.entitled(SZ)) == (own, entitled - Decimal(amount) * Decimal("1.7"))
    assert world.command("reject", id="all")[0]
    world.order("1", PINGAN, "sell", amount, filled, status="canceled", limit="10.50")
    world.pass_time(10)
    assert (world.own(SZ), world.entitled(SZ)) == (own, entitled)


def test_a_sale_that_joinquant_takes_back_after_a_liquidation_entitles_to_nothing(make: Make) -> None:
    world = make()
    hold_overnight(world)
    world.order("1", PINGAN, "sell", 1000, status="open", limit="10.50")
    assert world.command("halt", reason="test", cancel="1", liquidate="1")[0]
    world.pass_time(30)
    world.order("1", PINGAN, "sell", 1000, 0, status="canceled", limit="10.50")
    world.pass_time(30)
    assert (world.own(SZ), world.entitled(SZ)) == (0, 0)
