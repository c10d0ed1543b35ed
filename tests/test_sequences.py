"""The sequences of FOLLOWING §4, each through real Trader, journal and exchange; the arithmetic stands in the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from base_func import BEIJING
from desk.core.config import AccountConfig, ChaseConfig
from desk.core.values import Mode, OrderState, Side, Style
from tests.world import NO_LIMITS, OPENING, World, strategy

PINGAN = "000001.XSHE"
SZ = "000001.SZ"
MONDAY = datetime(2026, 11, 23, 9, 29, 50, tzinfo=BEIJING)

Make = Callable[..., World]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[World] = []

    def build(ratio: object = 1, price: object = 10, **more: object) -> World:
        strategies = more.pop("strategies", None) or [strategy("小市值", "xsz", ratio)]
        world = World(tmp_path, strategies=strategies, **more)  # type: ignore[arg-type]
        made.append(world)
        world.scene(SZ, price=Decimal(str(price)))
        return world

    yield build
    for world in made:
        world.close()


def next_session(world: World, moment: datetime = MONDAY) -> None:
    world.go_to(moment, step=3600)
    world.pass_time(20)


def hold(world: World, shares: int, ratio_own: int, jq: str = "0") -> None:
    """Let the strategy buy `shares` a session ago and check what we own."""
    world.order(jq, PINGAN, "buy", shares)
    world.pass_time(20)
    assert world.own(SZ) == ratio_own


def test_open_then_held_buys_once(make: Make) -> None:
    world = make(0.5)
    first = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.90")
    world.pass_time(30)
    (order,) = world.broker_orders()
    assert (order.shares, order.price, order.filled) == (500, Decimal("9.90"), 0), "rests at the limit, is not chased"
    world.scene(SZ, price=Decimal("9.80"))
    world.pass_time(5)
    second = world.order("1", PINGAN, "buy", 1000, status="held", limit="9.90")
    world.pass_time(20)
    assert (world.own(SZ), world.entitled(SZ)) == (500, Decimal(500))
    assert len(world.broker_orders()) == 1
    assert world.verdict(first) == ("done", None)
    assert world.verdict(second) == ("ignored", "已跟过")


def test_held_makes_a_resting_order_a_chased_one_within_its_limit(make: Make) -> None:
    world = make(0.5)
    first = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.90")
    world.order("1", PINGAN, "buy", 1000, status="held", limit="9.90", price="9.88")
    world.pass_time(60)
    orders = world.broker_orders()
    assert len(orders) == 6, "one that rested, then five attempts"
    assert all(o.price <= Decimal("9.90") for o in orders)
    assert world.verdict(first) == ("refused", "超出策略限价")
    assert world.entitled(SZ) == 0, "given up"


def test_what_joinquant_takes_back_after_we_filled_is_a_debt_for_the_next_session(make: Make) -> None:
    world = make(0.5)
    world.order("1", PINGAN, "buy", 1000, status="open", limit="10.50")
    world.pass_time(5)
    assert world.own(SZ) == 500
    event = world.order("1", PINGAN, "buy", 1000, 300, status="canceled", limit="10.50")
    assert world.entitled(SZ) == 150
    assert world.verdict(event)[0] == "ignored"
    world.pass_time(20)
    assert world.own(SZ) == 500, "a buy event never leads to a sale"
    next_session(world)
    # 350 too many; of 500 sellable only 300 is a legal sale, 50 stay
    assert world.own(SZ) == world.held(SZ) == 200


def test_partly_filled_then_held_buys_the_amount_once(make: Make) -> None:
    world = make(1)
    world.order("1", PINGAN, "buy", 1000, 400, status="filled", price="10")
    world.pass_time(5)
    world.order("1", PINGAN, "buy", 1000, 1000, status="held")
    world.pass_time(5)
    assert world.own(SZ) == 1000
    assert sum(o.shares for o in world.broker_orders()) == 1000


def test_a_sell_takes_its_rate_from_what_is_counted_live_buys_included(make: Make) -> None:
    world = make(0.5)
    hold(world, 100, 0)
    assert world.entitled(SZ) == 50
    world.order("1", PINGAN, "buy", 100, status="open", limit="9.50")
    assert world.entitled(SZ) == 100
    world.order("2", PINGAN, "sell", 50)
    # T 100 over C 200: rate 0.5, not T 50 over S 100... and never 1
    assert world.entitled(SZ) == 75


def test_given_up_shares_are_no_later_purchase(make: Make) -> None:
    world = make(0.5, chase=ChaseConfig(max_attempts=1))
    world.scene(SZ, price=Decimal(10), thin=100)
    event = world.order("1", PINGAN, "buy", 1100)
    world.pass_time(1.2, step=0.5)
    world.scene(SZ, price=Decimal("10.30"))
    world.pass_time(30)
    own = world.own(SZ)
    assert 0 < own < 500
    assert world.verdict(event) == ("partial", "重试用尽")
    assert world.entitled(SZ) == own + 50, "decided 500 of 550: what was decided and not had is given up, 50 stay"
    before = world.entitled(SZ)
    sell = world.order("2", PINGAN, "sell", 100)
    world.pass_time(20)
    assert abs(world.entitled(SZ) - before * 1000 / 1100) < Decimal("1e-9")
    assert world.own(SZ) == own, "nothing to sell, and no buy"
    assert world.verdict(sell)[0] == "refused"


def test_sell_all_with_shares_bought_today_sells_the_rest_next_session_and_nets_a_buy_in_between(make: Make) -> None:
    world = make(1, start=datetime(2026, 11, 19, 10, 0, tzinfo=BEIJING))
    hold(world, 400, 400)
    world.go_to(OPENING, step=3600)
    world.order("1", PINGAN, "buy", 600)
    world.pass_time(10)
    assert world.own(SZ) == 1000
    sell = world.order("2", PINGAN, "sell", 1000, n=0)
    world.pass_time(10)
    assert world.own(SZ) == 600
    assert world.verdict(sell) == ("partial", "可卖不足(T+1)")
    buy = world.order("3", PINGAN, "buy", 500)
    world.pass_time(10)
    assert world.own(SZ) == 600, "netted, not churned"
    assert world.verdict(buy) == ("ignored", "已跟过")
    next_session(world)
    assert world.own(SZ) == 500 == world.entitled(SZ)


def test_an_unfilled_day_order_leaves_the_book_as_it_was(make: Make) -> None:
    world = make(0.5)
    hold(world, 400, 200)
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.20")
    assert world.entitled(SZ) == 700
    world.go_to(OPENING.replace(hour=15, minute=5), step=1800)
    world.order("1", PINGAN, "buy", 1000, 0, status="canceled", limit="9.20")
    world.settle()
    assert (world.entitled(SZ), world.own(SZ)) == (200, 200)


def test_a_resting_take_profit_without_a_final_sells_nothing_next_morning(make: Make) -> None:
    world = make(1)
    hold(world, 1000, 1000)
    next_session(world)
    event = world.order("1", PINGAN, "sell", 1000, status="open", limit="10.90")
    world.pass_time(20)
    assert world.entitled(SZ) == 0
    world.go_to(MONDAY.replace(hour=15, minute=5), step=1800)
    world.settle()
    assert world.entitled(SZ) == 1000, "closed at the fills last reported: none"
    assert world.verdict(event) == ("refused", "收盘未成交")
    next_session(world, datetime(2026, 11, 24, 9, 29, 50, tzinfo=BEIJING))
    assert world.own(SZ) == 1000


def test_liquidation_is_not_bought_back(make: Make) -> None:
    world = make(0.5)
    hold(world, 2000, 1000)
    next_session(world)
    world.command("halt", reason="试一下", liquidate="1")
    world.pass_time(10)
    assert world.own(SZ) == 0
    world.command("unhalt", reason="好了")
    world.order("9", PINGAN, "buy", 200)
    world.pass_time(10)
    assert world.own(SZ) == 100, "200 x 0.5, not the old position"


def test_a_ratio_change_touches_later_buys_only(make: Make) -> None:
    world = make(0.1)
    hold(world, 10000, 1000)
    next_session(world)
    first = world.config.strategies[0]
    world.reconfigure(accounts=(replace(first.accounts[0], ratio=Decimal("0.5")),))
    world.order("1", PINGAN, "sell", 100)
    world.pass_time(10)
    assert world.entitled(SZ) == 990
    assert world.own(SZ) == 1000, "10 is no legal sale, and a sell never buys"


def test_two_strategies_are_never_on_both_sides_of_one_symbol(make: Make) -> None:
    strategies = [strategy("甲", "jia"), strategy("乙", "yi")]
    world = make(strategies=strategies)
    world.order("1", PINGAN, "buy", 5000, kid="jia")
    world.pass_time(10)
    next_session(world)
    world.scene(SZ, price=Decimal(10), thin=100)
    world.order("2", PINGAN, "sell", 5000, kid="jia")
    world.order("3", PINGAN, "buy", 300, kid="yi")
    for _ in range(40):
        world.pass_time(1)
        live = [o for o in world.broker_orders() if not o.status.final]
        assert len({o.side for o in live}) <= 1
    world.scene(SZ, price=Decimal(10))
    world.pass_time(20)
    assert world.own(SZ, "甲") == 0
    assert world.own(SZ, "乙") == 300


def test_the_same_order_in_two_bodies_counts_once(make: Make) -> None:
    world = make(1)
    world.order("1", PINGAN, "buy", 1000)
    again = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(10)
    assert world.own(SZ) == 1000
    assert world.verdict(again) == ("ignored", "已跟过")


def test_a_stop_order_does_nothing_until_it_fills(make: Make) -> None:
    world = make(1)
    hold(world, 1000, 1000)
    next_session(world)
    waiting = world.order("1", PINGAN, "sell", 1000, status="open", style=Style.STOP, limit="9")
    world.pass_time(20)
    assert world.own(SZ) == 1000 == world.entitled(SZ)
    assert world.verdict(waiting)[0] == "ignored"
    world.scene(SZ, price=Decimal("9.05"))
    world.order("1", PINGAN, "sell", 1000, status="held", style=Style.STOP, price="9.0")
    world.pass_time(10)
    assert world.own(SZ) == 0


def test_bonus_shares_are_all_sold(make: Make) -> None:
    world = make(1)
    hold(world, 1000, 1000)
    world.exchange.corporate_action(SZ, MONDAY.date(), Decimal("1.3"))
    next_session(world)
    world.scene(SZ, price=Decimal("7.70"))
    assert world.own(SZ) == 1300 == world.entitled(SZ)
    world.order("1", PINGAN, "sell", 1300, price="7.7", n=0)
    world.pass_time(10)
    assert world.own(SZ) == 0 == world.held(SZ)


def test_a_signal_of_the_opening_call_is_sent_at_the_opening(make: Make) -> None:
    world = make(1, start=datetime(2026, 11, 20, 9, 20, tzinfo=BEIJING))
    world.go_to(datetime(2026, 11, 20, 9, 27, tzinfo=BEIJING))
    event = world.order("1", PINGAN, "buy", 300)
    world.pass_time(170, step=10)
    assert not world.broker_orders()
    world.pass_time(20)
    (order,) = world.broker_orders()
    assert order.at >= datetime(2026, 11, 20, 9, 30, tzinfo=BEIJING)
    assert world.verdict(event) == ("done", None)


def test_a_late_signal_gets_one_order_for_the_closing_call(make: Make) -> None:
    world = make(1, start=datetime(2026, 11, 20, 14, 50, tzinfo=BEIJING))
    world.go_to(datetime(2026, 11, 20, 14, 58, tzinfo=BEIJING))
    event = world.order("1", PINGAN, "buy", 300)
    world.pass_time(110, step=5)
    assert len(world.broker_orders()) == 1
    world.go_to(datetime(2026, 11, 20, 15, 5, tzinfo=BEIJING))
    world.settle()
    assert len(world.broker_orders()) == 1
    if world.own(SZ) == 0:
        assert world.verdict(event) == ("refused", "收盘未成交")


def test_a_close_out_beside_hand_made_shares_sells_what_the_exchange_takes(make: Make) -> None:
    world = make(0.5, strategies=[strategy("小市值", "xsz", "0.5")])
    world.exchange.deposit(SZ, 50, Decimal(10))
    world.pass_time(5)
    hold(world, 200, 100)
    next_session(world)
    # own becomes 150 by a 1.5 for 1 issue; the hand-made part becomes 75: 225 sellable in all
    world.exchange.corporate_action(SZ, datetime(2026, 11, 24, tzinfo=BEIJING).date(), Decimal("1.5"))
    next_session(world, datetime(2026, 11, 24, 9, 29, 50, tzinfo=BEIJING))
    assert (world.own(SZ), world.held(SZ)) == (150, 225)
    world.scene(SZ, price=Decimal("6.70"))
    event = world.order("1", PINGAN, "sell", 300, price="6.7", n=0)
    world.pass_time(20)
    # legal sales of 225: x00 or x25 -> 125; 25 stay, the hand-made 75 are untouched
    assert world.held(SZ) == 100
    assert world.own(SZ) == 25
    assert world.verdict(event)[0] in ("partial", "done")


def test_four_thirds_of_a_lot_end_in_one_lot(make: Make) -> None:
    world = make("0.3")
    ids = [world.order(str(n), PINGAN, "buy", 100) for n in range(4)]
    world.pass_time(10)
    # 30 + 30 + 30 + 30 = 120 entitled, 100 bought
    assert (world.own(SZ), world.entitled(SZ)) == (100, Decimal(120))
    assert [world.verdict(i)[1] for i in ids] == ["比例后不足一手"] * 3 + [None]


def test_three_hundred_at_a_half_is_a_hundred_not_an_odd_lot(make: Make) -> None:
    world = make("0.5")
    world.order("1", PINGAN, "buy", 300)
    world.pass_time(10)
    assert world.own(SZ) == 100
    assert world.entitled(SZ) == 150


def test_a_sell_below_a_lot_keeps_the_excess(make: Make) -> None:
    world = make("0.3")
    hold(world, 400, 100)
    next_session(world)
    event = world.order("1", PINGAN, "sell", 100)
    world.pass_time(10)
    assert world.entitled(SZ) == 90
    assert world.own(SZ) == 100
    assert world.verdict(event) == ("refused", "比例后不足一手")


def test_a_cancelled_buy_of_joinquants_is_not_ordered(make: Make) -> None:
    world = make(1)
    event = world.order("1", PINGAN, "buy", 1000, 0, status="canceled")
    world.pass_time(5)
    assert not world.broker_orders()
    assert world.verdict(event) == ("ignored", "聚宽未成交")


def test_a_backtest_places_nothing(make: Make) -> None:
    world = make(1)
    event = world.order("1", PINGAN, "buy", 1000, backtest=True)
    world.pass_time(5)
    assert not world.broker_orders()
    assert world.verdict(event) == ("ignored", "回测信号")


def test_a_cancel_without_status_ends_the_chase_and_leaves_the_books_to_the_final(make: Make) -> None:
    world = make(1)
    event = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(2)
    cancel = world.cancel("1", PINGAN)
    world.pass_time(5)
    assert [o.status.final for o in world.broker_orders()] == [True]
    assert world.verdict(cancel)[0] == "done"
    assert world.verdict(event) == ("refused", "聚宽未成交")
    world.order("1", PINGAN, "buy", 1000, 0, status="canceled", limit="9.50")
    assert world.entitled(SZ) == 0


def test_an_old_buy_is_not_followed_and_an_old_sell_of_today_is(make: Make) -> None:
    world = make(1)
    hold(world, 1000, 1000)
    next_session(world)
    world.pass_time(3000, step=100)
    old = world.clock.now() - timedelta(seconds=700)
    buy = world.order("1", PINGAN, "buy", 500, sent_at=old)
    sell = world.order("2", PINGAN, "sell", 1500, sent_at=old, n=0)
    world.pass_time(10)
    assert world.verdict(buy) == ("refused", "信号过旧")
    assert world.verdict(sell) == ("done", None)
    assert world.own(SZ) == 0


def test_a_sell_of_an_earlier_day_waits_for_a_person(make: Make) -> None:
    world = make(1)
    hold(world, 1000, 1000)
    next_session(world)
    sell = world.order("2", PINGAN, "sell", 1000, sent_at=MONDAY - timedelta(days=3), when=MONDAY - timedelta(days=3))
    world.pass_time(10)
    assert world.own(SZ) == 1000
    assert world.verdict(sell) == ("refused", "信号过旧")
    ok, _ = world.command("approve", id="all")
    assert ok
    world.pass_time(10)
    assert world.own(SZ) == 0


def test_a_rejected_old_sell_goes_back_into_the_entitlement(make: Make) -> None:
    world = make(1)
    hold(world, 1000, 1000)
    next_session(world)
    world.order("2", PINGAN, "sell", 1000, sent_at=MONDAY - timedelta(days=3), when=MONDAY - timedelta(days=3))
    assert world.entitled(SZ) == 0
    assert world.command("reject", id="all")[0]
    assert world.entitled(SZ) == 1000
    next_session(world, datetime(2026, 11, 24, 9, 29, 50, tzinfo=BEIJING))
    assert world.own(SZ) == 1000


def test_confirm_mode_waits_for_approval(make: Make) -> None:
    world = make(strategies=[strategy("小市值", "xsz", mode=Mode.CONFIRM)])
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(10)
    assert not world.broker_orders()
    assert world.verdict(event)[0] == "working"
    world.command("approve", id=event)
    world.pass_time(5)
    assert world.own(SZ) == 1000
    late = world.order("2", PINGAN, "buy", 1000)
    world.pass_time(700, step=20)
    assert world.verdict(late) == ("refused", "等待确认超时")


def test_a_debt_left_by_a_pause_is_worked_on_resume(make: Make) -> None:
    world = make(1)
    hold(world, 1000, 1000)
    next_session(world)
    world.reconfigure(enabled=False)
    sell = world.order("2", PINGAN, "sell", 1000)
    buy = world.order("3", "600000.XSHG", "buy", 500)
    world.pass_time(10)
    assert world.own(SZ) == 1000
    assert world.verdict(sell) == ("refused", "策略已暂停")
    assert world.verdict(buy) == ("refused", "策略已暂停")
    world.config = replace(world.config, strategies=(replace(world.config.strategies[0], enabled=True),))
    world.command("reload", resumed="小市值")
    world.pass_time(10)
    assert world.own(SZ) == 0


def test_an_opposite_live_order_of_the_same_book_is_cancelled_first(make: Make) -> None:
    world = make(1)
    hold(world, 1000, 1000)
    next_session(world)
    world.order("1", PINGAN, "buy", 500, status="open", limit="9.50")
    world.pass_time(2)
    world.order("2", PINGAN, "sell", 1000)
    world.pass_time(10)
    sides = [(o.side, o.state) for o in world.trader.ledger.orders.values() if o.day == MONDAY.date()]
    assert (Side.BUY, OrderState.CANCELLED) in sides
    assert world.own(SZ) == 500 or world.own(SZ) == 0


def test_cash_waits_for_a_sale_and_is_shared_in_proportion(make: Make) -> None:
    account = AccountConfig(name="主账户", initial_cash=Decimal(10000), limits=NO_LIMITS)
    world = make(1, accounts=[account])
    world.scene("600000.SH", price=Decimal(10))
    first = world.order("1", PINGAN, "buy", 800, settle=False)
    second = world.order("2", "600000.XSHG", "buy", 800)
    world.pass_time(10)
    # need 8000 + 8000 of 10000: each gets 800 x 10000/16000 = 500 -> and their fees, so 400
    assert world.own(SZ) == world.own("600000.SH") in (400, 500)
    assert world.verdict(first) == ("partial", "资金不足")
    assert world.verdict(second) == ("partial", "资金不足")
