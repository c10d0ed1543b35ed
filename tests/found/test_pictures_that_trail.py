"""A terminal's pictures are older than its trades: a sale brings the cash of a purchase, and frees its shares."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from base_func import BEIJING
from desk.core.config import AccountConfig
from desk.core.values import BrokerStatus
from tests.stories import MONDAY, PINGAN, PUFA, SH, SZ, Make, hold, next_session, titles, trail
from tests.world import NO_LIMITS, strategy


@pytest.mark.parametrize("settle_s, trails", [(0.0, False), (60.0, False), (60.0, True)])
@pytest.mark.parametrize("at", ["09:27:05", "09:29:30", "09:40:00"])
def test_a_rebalancing_waits_for_its_own_sale(make: Make, at: str, settle_s: float, trails: bool) -> None:
    account = AccountConfig(name="主账户", initial_cash=Decimal(10100), limits=NO_LIMITS)
    world = make(accounts=[account], settle_s=settle_s)
    hold(world, 1000)
    moment = datetime.fromisoformat(f"2026-11-23T{at}").replace(tzinfo=BEIJING)
    if trails:
        trail(world, 3, "asset")
    world.go_to(moment, step=3600)
    sell = world.order("1", PINGAN, "sell", 1000, settle=False)
    buy = world.order("2", PUFA, "buy", 900)
    opening = max((MONDAY.replace(second=55) - moment).total_seconds(), 0)
    world.pass_time(opening, step=5)
    world.pass_time(20, step=0.1)
    assert world.verdict(sell) == ("done", None)
    assert world.verdict(buy) == ("done", None)
    assert world.own(SH) == 900


def test_positions_that_trail_their_trades_by_ten_seconds_freeze_nothing(make: Make) -> None:
    world = make(settle_s=60.0)
    trail(world, 10, "asset", "positions")
    world.pass_time(15)
    hold(world, 1000)
    world.pass_time(20)
    next_session(world)
    sell = world.order("2", PINGAN, "sell", 400)
    world.pass_time(40)
    assert world.verdict(sell) == ("done", None)
    assert world.book(SZ).frozen is None and "持仓对不上" not in titles(world)
    assert world.own(SZ) == 600 == world.held(SZ)


def test_a_sale_waits_for_figures_that_know_of_the_end_of_the_one_before(make: Make) -> None:
    """210 of 300 STAR shares rest and are cancelled; a picture that still shows them frozen makes 90 look like all."""
    world = make(strategies=[strategy("小市值", "xsz", "0.3")], settle_s=60)
    world.scene("688981.SH", price=Decimal(88))
    world.order("1", "688981.XSHG", "buy", 1000, price="88")
    world.pass_time(10)
    assert world.own("688981.SH") == 300
    world.go_to(MONDAY, step=3600)
    world.pass_time(60)
    world.order("2", "688981.XSHG", "sell", 700, 0, "open", limit="95")
    world.pass_time(5)
    world.exchange.faults.invisible_s = 2.0
    world.order("3", PINGAN, "buy", 1000)  # young, hence not in the pictures of the next seconds
    world.order("2", "688981.XSHG", "sell", 700, 0, "canceled", limit="95")
    world.order("4", "688981.XSHG", "sell", 700, price="88")
    world.pass_time(20)
    assert [o.text for o in world.broker_orders() if o.status is BrokerStatus.REJECTED] == []
    assert world.own("688981.SH") == 90
