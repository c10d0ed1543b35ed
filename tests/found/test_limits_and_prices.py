"""What a day's limits count, and how far a forced sale goes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from desk.core.config import AccountConfig, ChaseConfig
from tests.stories import PINGAN, PUFA, SZ, Make, hold_overnight, next_session
from tests.world import NO_LIMITS


def test_the_days_turnover_counts_what_was_traded_and_what_is_live(make: Make) -> None:
    limits = replace(NO_LIMITS, day_turnover=Decimal(30000))
    world = make(accounts=[AccountConfig(name="主账户", limits=limits)])
    first = world.order("1", PINGAN, "buy", 1000, limit="9.50")
    world.pass_time(60)
    assert world.verdict(first) == ("refused", "超出策略限价"), "five attempts of 9,500 yuan, none traded"
    second = world.order("2", PUFA, "buy", 1000)
    world.pass_time(10)
    assert world.verdict(second) == ("done", None)
    world.kill()
    world.order("3", "600004.XSHG", "buy", 1000, status="open", limit="9.50")
    world.pass_time(5)
    third = world.order("4", "600006.XSHG", "buy", 1200)
    world.pass_time(5)
    # 10,000 traded, 9,500 live; 12,000 more are too many
    assert world.verdict(third) == ("refused", "超单日成交额")


def test_buys_of_one_turn_count_towards_the_days_turnover_together(make: Make) -> None:
    world = make(accounts=[AccountConfig(name="主账户", limits=replace(NO_LIMITS, day_turnover=Decimal(15000)))])
    first, second = (world.order(n, stock, "buy", 1000, settle=False) for n, stock in (("1", PINGAN), ("2", PUFA)))
    world.pass_time(10)
    assert [world.verdict(first), world.verdict(second)] == [("done", None), ("refused", "超单日成交额")]


def test_buys_of_one_turn_count_towards_the_days_orders_together(make: Make) -> None:
    world = make(accounts=[AccountConfig(name="主账户", limits=replace(NO_LIMITS, day_orders=1))])
    first, second = (world.order(n, stock, "buy", 1000, settle=False) for n, stock in (("1", PINGAN), ("2", PUFA)))
    world.pass_time(10)
    assert [world.verdict(first), world.verdict(second)] == [("done", None), ("refused", "超单日笔数")]


def test_a_forced_sale_of_a_fund_stays_near_the_best_bid(make: Make) -> None:
    world = make(chase=ChaseConfig(force_sell_after=1, max_attempts=3))
    fund = "510300.SH"
    world.scene(fund, price=Decimal("4.000"))
    world.order("1", "510300.XSHG", "buy", 50_000, price="4")
    world.pass_time(10)
    next_session(world)
    world.scene(fund, price=Decimal("4.000"), thin=100)
    world.order("2", "510300.XSHG", "sell", 50_000, price="4")
    world.pass_time(40)
    prices = [o.price for o in world.broker_orders()]
    assert len(prices) > 1
    assert all(price >= Decimal("4.000") * Decimal("0.97") for price in prices), "never at the day's limit of 3.600"


def test_a_filled_limit_sell_is_not_queued_below_its_limit(make: Make) -> None:
    world = make()
    hold_overnight(world)
    world.scene(SZ, limit_down=True)
    world.order("1", PINGAN, "sell", 1000, limit="9.50", price="9.60", n=0)
    world.pass_time(5)
    assert all(o.price >= Decimal("9.50") for o in world.broker_orders() if o.side.value == "sell")
