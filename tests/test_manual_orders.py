"""Manual orders: the same journal, limits, state machine and reconciliation as signals; never more than was asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from desk.broker.paper.faults import PlaceTrouble
from desk.core.config import AccountConfig
from desk.core.endings import end_intent
from desk.core.manual import STRATEGY
from desk.core.reconcile import learn
from desk.core.values import Fact, Mode
from desk.journal import views
from desk.journal.view_manual import manual_holdings
from tests import checks
from tests.world import NO_LIMITS, World, strategy

PING_AN = "000001.SZ"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.scene(PING_AN, price=Decimal(10))
    yield made
    made.close()


def order(world: World, key: str = "k1", **changed: str) -> tuple[bool, str]:
    args = {"key": key, "account": "主账户", "symbol": PING_AN, "side": "buy", "shares": "300"}
    return world.command("order", **{**args, **changed})


def own(world: World) -> int:
    return world.own(PING_AN, STRATEGY)


def entitled(world: World) -> Decimal:
    return world.entitled(PING_AN, STRATEGY)


def assert_sound(world: World) -> None:
    checks.assert_never_more_than_meant(world)
    checks.assert_books_agree(world)
    checks.assert_history_explains_books(world)
    checks.assert_within_a_lot(world)


def next_day(world: World) -> None:
    world.go_to(world.clock.now() + timedelta(days=3))
    world.pass_time(10)


def test_a_manual_buy_goes_the_way_of_a_signal(world: World) -> None:
    ok, text = order(world)
    assert ok, text
    world.pass_time(10)
    (row,) = views.orders(world.journal)
    assert (row["origin"], row["strategy"], row["state"], row["filled_shares"]) == ("manual", STRATEGY, "filled", 300)
    assert (own(world), entitled(world)) == (300, 300)
    assert_sound(world)


def test_the_same_key_orders_once_also_after_a_crash(world: World) -> None:
    assert order(world)[0]
    world.pass_time(10)
    world.kill()
    ok, text = order(world)
    world.pass_time(10)
    assert (ok, "没有重复下单" in text) == (True, True)
    assert own(world) == 300


def test_the_same_key_with_another_order_is_refused(world: World) -> None:
    assert order(world)[0]
    ok, text = order(world, shares="400")
    world.pass_time(10)
    assert (ok, "另一笔" in text) == (False, True)
    assert own(world) == 300


def test_a_key_is_forgotten_after_a_month(world: World) -> None:
    assert order(world)[0]
    world.go_to(world.clock.now() + timedelta(days=35), 86400.0)
    assert not [name for name in world.trader.ledger.flags if name.startswith("manual:")]


def test_a_sale_takes_what_was_bought_by_hand_and_nothing_of_the_strategies(world: World) -> None:
    world.order("1", "000001.XSHE", "buy", 1000)
    assert order(world)[0]
    next_day(world)
    assert not order(world, "k2", side="sell", shares="400")[0]
    assert order(world, "k3", side="sell", shares="200")[0]
    world.pass_time(10)
    assert (own(world), entitled(world), world.own(PING_AN)) == (100, 100, 1000)
    assert_sound(world)


def test_shares_of_today_are_not_sold_today(world: World) -> None:
    order(world)
    world.pass_time(10)
    ok, text = order(world, "k2", side="sell", shares="300")
    assert (ok, "可卖 0 股" in text) == (False, True)


def test_a_sale_that_does_not_fill_is_no_debt(world: World) -> None:
    order(world)
    next_day(world)
    assert order(world, "k2", side="sell", shares="300", price="10.90")[0]
    world.pass_time(120)
    next_day(world)
    world.pass_time(600, 30)
    assert (own(world), entitled(world)) == (300, 300)
    assert_sound(world)


def test_a_buy_that_does_not_fill_is_told_and_leaves_nothing(world: World) -> None:
    assert order(world, price="9.50")[0]
    next_day(world)
    assert (own(world), entitled(world)) == (0, 0)
    told = [message.title for message in world.journal.outbox_list(50)] if world.journal.outbox_pending() else []
    with world.journal.look() as look:
        told += [row[0] for row in look.rows("SELECT title FROM messages WHERE kind = 'refused'")]
    assert any("未执行" in title for title in told)
    assert_sound(world)


def test_a_limit_binds_every_attempt(world: World) -> None:
    order(world, price="9.99")
    world.pass_time(60)
    with world.journal.look() as look:
        prices = [Decimal(row[0]) for row in look.rows("SELECT price FROM orders")]
    assert prices
    assert max(prices) <= Decimal("9.99")


def test_a_cancel_ends_it(world: World) -> None:
    order(world, price="9.50")
    world.pass_time(1)
    (live,) = world.trader.ledger.live_orders()
    assert world.command("cancel", id=live.client_order_id)[0]
    next_day(world)
    assert (own(world), entitled(world)) == (0, 0)
    checks.assert_quiet(world)


@pytest.mark.parametrize("trouble", [PlaceTrouble.UNANSWERED, PlaceTrouble.LOST, PlaceTrouble.LANDS_LATE])
def test_an_unknown_outcome_is_never_sent_twice(tmp_path: Path, trouble: PlaceTrouble) -> None:
    world = World(tmp_path, settle_s=60.0)
    world.scene(PING_AN, price=Decimal(10))
    world.exchange.faults.once(trouble, *((45,) if trouble is PlaceTrouble.LANDS_LATE else ()))
    order(world)
    world.pass_time(150, 1)
    next_day(world)
    assert own(world) == entitled(world) == 300
    assert_sound(world)
    world.close()


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_fill_that_is_known_after_the_end_is_neither_debt_nor_shortfall(world: World, side: str) -> None:
    order(world)
    next_day(world)
    assert order(world, "k2", side=side, shares="200", price="9.50" if side == "buy" else "10.50")[0]
    world.pass_time(1)
    ledger, now = world.trader.ledger, world.clock.now()
    (live,) = ledger.live_orders()
    end_intent(ledger, ledger.intents[live.intent_id], now)
    assert entitled(world) == own(world) == 300
    learn(ledger, live, Fact.FILLED_SOME, now, "test", filled=100)
    assert entitled(world) == own(world) == (400 if side == "buy" else 200)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"shares": "150"}, "最近的是 100 股"),
        ({"shares": "50"}, "最近的是 0 股"),
        ({"shares": "0"}, "大于 0"),
        ({"shares": "all"}, "大于 0"),
        ({"shares": "1e3"}, "大于 0"),
        ({"shares": "１００"}, "大于 0"),
        ({"shares": "100000000"}, "一笔最多"),
        ({"side": "hold"}, "方向"),
        ({"symbol": "000001"}, "不认识的股票代码"),
        ({"account": "别人"}, "还没有连接"),
        ({"key": ""}, "幂等键"),
        ({"key": "k" * 65}, "幂等键"),
        ({"price": "10.005"}, "整数倍"),
        ({"price": "-1"}, "大于 0"),
        ({"price": "NaN"}, "大于 0"),
        ({"price": "ten"}, "是一个数"),
        ({"price": "15"}, "涨跌停"),
        ({"side": "sell"}, "可卖 0 股"),
    ],
)
def test_what_is_not_legal_is_refused_with_its_reason(world: World, changed: dict[str, str], said: str) -> None:
    ok, text = order(world, **changed)
    assert (ok, said in text) == (False, True), text
    assert not world.trader.ledger.intents
    assert not [name for name in world.trader.ledger.flags if name.startswith("manual:")]


def test_a_halt_refuses_it(world: World) -> None:
    world.command("halt", reason="看看")
    assert not order(world)[0]


def test_after_the_close_it_is_refused(world: World) -> None:
    world.go_to(world.clock.now().replace(hour=20))
    assert not order(world)[0]


def test_the_limits_of_the_account_hold(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.scene(PING_AN, price=Decimal(10))
    desk = world.desks["主账户"]
    desk.config = replace(desk.config, limits=replace(desk.config.limits, order_value=Decimal(2000)))
    assert order(world)[0]
    world.pass_time(10)
    assert (own(world), entitled(world)) == (0, 0)
    assert not views.orders(world.journal)
    world.close()


def test_the_two_sides_are_not_under_way_at_once(world: World) -> None:
    order(world)
    next_day(world)
    order(world, "k2", price="9.50")
    ok, text = order(world, "k3", side="sell", shares="100")
    assert (ok, "反方向" in text) == (False, True)


def test_what_may_be_sold_by_hand_is_what_t_plus_one_and_open_sales_leave(world: World) -> None:
    order(world)
    world.pass_time(10)
    (row,) = manual_holdings(world.journal)
    assert (row["own_shares"], row["sellable_shares"], row["under_way_shares"]) == (300, 0, 0)
    next_day(world)
    world.scene(PING_AN, price=Decimal(10), limit_down=True)
    assert order(world, "k2", side="sell", shares="100")[0]
    (row,) = manual_holdings(world.journal)
    assert (row["own_shares"], row["sellable_shares"], row["under_way_shares"]) == (300, 200, -100)
    assert order(world, "k3", side="sell", shares="200")[0]


def test_new_limits_hold_at_once_for_a_shadow_account_too(tmp_path: Path) -> None:
    real = AccountConfig(name="实", channel="miniqmt", qmt_account="1", limits=NO_LIMITS)
    world = World(tmp_path, accounts=[real], strategies=[strategy("小市值", "xsz", account="实", mode=Mode.PAPER)])
    try:
        lower = replace(NO_LIMITS, order_value=Decimal(1000))
        world.config = replace(world.config, accounts=(replace(real, limits=lower),))
        world.command("reload")
        assert world.desks["实·模拟"].config.limits == lower
        event = world.order("1", "000001.XSHE", "buy", 300)
        world.pass_time(10)
        assert world.verdict(event) == ("refused", "超单笔金额")
    finally:
        world.close()
