"""Refusals, limits, lists and prices: what is not ordered, and with which reason it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from base_func import BEIJING
from desk.broker.paper.faults import PlaceTrouble
from desk.core.config import AccountConfig, ChaseConfig, Limits
from desk.core.values import Side
from tests.stories import PINGAN, SZ, Make, titles
from tests.world import NO_LIMITS, strategy


def test_a_late_reject_counts_as_an_attempt_and_ends(make: Make) -> None:
    world = make()
    world.scene(SZ, limit_up=False, price=Decimal(10), thin=100)
    world.exchange.faults.rates[PlaceTrouble.REJECTED_LATER] = 1.0
    world.exchange.faults.seconds[PlaceTrouble.REJECTED_LATER] = (0.1, 0.2)
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(120)
    assert len(world.broker_orders()) <= 5
    assert world.verdict(event)[0] in ("refused", "done", "partial")


def test_limit_up_is_not_chased_and_limit_down_queues_once(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    world.go_to(datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING), step=3600)
    world.scene(SZ, limit_up=True)
    buy = world.order("2", PINGAN, "buy", 500)
    world.pass_time(5)
    assert world.verdict(buy) == ("refused", "涨停不追")
    world.scene(SZ, limit_down=True)
    sell = world.order("3", PINGAN, "sell", 1000)
    world.pass_time(120, step=1)
    live = [o for o in world.broker_orders() if o.side is Side.SELL]
    assert len(live) == 1 and not live[0].status.final, "queued once at the limit, not chased"
    world.scene(SZ, price=Decimal("9.50"))
    world.pass_time(20)
    assert world.verdict(sell)[0] in ("done", "partial")


def test_a_suspended_symbol_waits_and_ends_with_its_reason(make: Make) -> None:
    world = make()
    world.scene(SZ, suspended=True)
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(700, step=10)
    assert world.verdict(event) == ("refused", "停牌")
    assert not world.broker_orders()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(order_value=Decimal(5000)), "超单笔金额"),
        (Limits(day_turnover=Decimal(5000)), "超单日成交额"),
        (Limits(day_orders=0), "超单日笔数"),
        (Limits(position_share=Decimal("0.005")), "超单票仓位"),
    ],
)
def test_limits_refuse_a_buy_as_a_whole(make: Make, limits: Limits, reason: str) -> None:
    world = make(accounts=[AccountConfig(name="主账户", limits=limits)])
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    assert world.verdict(event) == ("refused", reason)
    assert not world.broker_orders()


def test_pace_spreads_orders_over_seconds(make: Make) -> None:
    world = make(accounts=[AccountConfig(name="主账户", limits=replace(NO_LIMITS, orders_per_second=3))])
    symbols = [f"60{n:04d}.XSHG" for n in range(10)]
    for n, symbol in enumerate(symbols):
        world.order(str(n), symbol, "buy", 100, settle=False)
    world.settle()
    assert len(world.broker_orders()) == 3
    world.pass_time(5)
    assert len(world.broker_orders()) == 10


def test_white_and_black_lists_refuse_buys(make: Make) -> None:
    world = make(strategies=[strategy("小市值", "xsz", blacklist=(SZ,))])
    assert world.verdict(world.order("1", PINGAN, "buy", 1000)) == ("refused", "在黑名单")
    world.reconfigure(blacklist=(), whitelist=("600000.SH",))
    assert world.verdict(world.order("2", PINGAN, "buy", 1000)) == ("refused", "不在白名单")


def test_an_unsupported_code_and_a_short_side_are_refused(make: Make) -> None:
    world = make()
    assert world.verdict(world.order("1", "IF2612.CCFX", "buy", 1)) == ("refused", "不支持的品种")
    assert world.verdict(world.order("2", "900901.XSHG", "buy", 100)) == ("refused", "不支持的品种")


def test_a_price_outside_todays_band_refuses_the_buy_and_frees_the_sell(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    world.go_to(datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING), step=3600)
    buy = world.order("2", PINGAN, "buy", 500, price="25")
    assert world.verdict(buy) == ("refused", "价格口径不符")
    world.order("3", PINGAN, "sell", 1500, price="25", limit="24", n=0)
    world.pass_time(10)
    assert world.own(SZ) == 0
    assert any("不是今天的市价" in title for title in titles(world))


def test_attempts_widen_and_a_sell_goes_to_the_edge_after_its_tries(make: Make) -> None:
    world = make(chase=ChaseConfig(force_sell_after=2, max_attempts=4))
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    world.go_to(datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING), step=3600)
    world.scene(SZ, price=Decimal(10), thin=100)
    world.order("2", PINGAN, "sell", 1000)
    world.pass_time(100)
    prices = [o.price for o in world.broker_orders() if o.side is Side.SELL]
    assert prices == sorted(prices, reverse=True)


def test_missing_sequence_numbers_are_told_and_mended(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 100)
    world._seq["xsz"] = 3
    world.order("2", PINGAN, "buy", 100)
    assert any("缺少信号" in title for title in titles(world))
    world._seq["xsz"] = 1
    world.order("3", PINGAN, "buy", 100)
    world._seq["xsz"] = 2
    world.order("4", PINGAN, "buy", 100)
    assert not world.trader.ledger.gaps
    world._seq["xsz"] = 2
    world.order("5", PINGAN, "buy", 100)
    assert any("序号回退" in title for title in titles(world))
