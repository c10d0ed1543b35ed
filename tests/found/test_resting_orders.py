"""A resting order starves nobody, gives way when it must, and rests again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from desk.core.config import AccountConfig
from tests.stories import PINGAN, SZ, TWO, Make, hold, hold_overnight, next_session, sent
from tests.world import NO_LIMITS, World, strategy


def test_a_stop_loss_is_sold_although_another_strategys_buy_rests(make: Make) -> None:
    world = make(strategies=[strategy("甲", "jia"), strategy("乙", "yi")])
    hold(world, 1000, kid="jia")
    next_session(world)
    resting = world.order("2", PINGAN, "buy", 500, kid="yi", status="open", limit="9.20")
    world.pass_time(3)
    stop = world.order("3", PINGAN, "sell", 1000, kid="jia", n=0)
    world.pass_time(15)
    assert world.verdict(stop) == ("done", None)
    assert (world.own(SZ, "甲"), world.own(SZ, "乙")) == (0, 0)
    world.scene(SZ, price=Decimal("9.15"))
    world.pass_time(15)
    assert world.own(SZ, "乙") == 500, "it rested again"
    assert world.verdict(resting) == ("done", None)


def test_a_market_buy_is_bought_although_the_same_strategys_buy_rests(make: Make) -> None:
    world = make()
    world.order("2", PINGAN, "buy", 500, status="open", limit="9.20")
    world.pass_time(3)
    market = world.order("3", PINGAN, "buy", 1000)
    world.pass_time(15)
    assert world.verdict(market) == ("done", None)
    assert (world.own(SZ), world.entitled(SZ)) == (1000, 1500)
    assert [status for _, _, status in sent(world)] == ["cancelled", "filled", "working"], "it rests again"


def test_a_sell_off_leaves_what_a_live_buy_still_wants(make: Make) -> None:
    world = make("0.5")
    hold(world, 1000)
    next_session(world)
    world.order("1", PINGAN, "buy", 600, status="open", limit="9.50")
    world.pass_time(3)
    world.order("2", PINGAN, "sell", 1000, n=0)
    holding = world.trader.ledger.holding("小市值", SZ)
    assert (holding.strategy_shares, holding.counted_shares, world.entitled(SZ)) == (0, 600, 300)
    world.pass_time(15)
    assert world.own(SZ) == 300, "200 sold of 500; the buy of 300 is netted against the rest"
    world.order("1", PINGAN, "buy", 600, status="held", limit="9.50", price="9.50")
    world.pass_time(15)
    assert (world.own(SZ), world.entitled(SZ)) == (300, 300)


def test_a_resting_sell_keeps_its_limit_at_limit_down(make: Make) -> None:
    world = make()
    hold_overnight(world)
    world.scene(SZ, limit_down=True)
    world.order("1", PINGAN, "sell", 1000, status="open", limit="10.50", n=1000)
    world.pass_time(5)
    world.scene(SZ, price=Decimal("9.20"))
    world.pass_time(30)
    assert world.own(SZ) == 1000, "JoinQuant still rests at 10.50"


def test_a_buy_that_joinquant_rests_below_limit_up_rests_here_too(make: Make) -> None:
    world = make()
    world.scene(SZ, limit_up=True)
    event = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(5)
    assert world.verdict(event)[0] == "working"
    assert [(o.price, o.status.final) for o in world.broker_orders()] == [(Decimal("9.50"), False)]


def resting(world: World) -> list[tuple[str, bool]]:
    return [(o.client_order_id, o.status.final) for o in world.broker_orders() if not o.status.final]


def test_a_resting_buy_that_gave_way_after_twenty_minutes_rests_again(make: Make) -> None:
    world = make(strategies=TWO)
    hold_overnight(world, "yi")
    event = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50", kid="jia")
    world.pass_time(1200, step=30)
    sell = world.order("2", PINGAN, "sell", 1000, kid="yi")
    world.pass_time(30)
    assert world.verdict(sell) == ("done", None)
    assert world.verdict(event)[0] == "working"
    assert len(resting(world)) == 1


def test_a_sell_that_can_not_sell_today_does_not_disturb_a_resting_order(make: Make) -> None:
    world = make(strategies=TWO)
    world.order("hold", PINGAN, "buy", 1000, kid="yi")
    world.pass_time(10)
    event = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50", kid="jia")
    world.pass_time(700, step=10)
    before = resting(world)
    world.order("2", PINGAN, "sell", 1000, kid="yi")
    world.pass_time(30)
    assert resting(world) == before and len(before) == 1
    assert world.verdict(event)[0] == "working"


def test_a_frozen_book_keeps_nobodys_resting_order_out(make: Make) -> None:
    world = make(strategies=TWO)
    hold_overnight(world, "yi")
    book = world.book(SZ, "乙")
    world.trader.ledger.put_book(replace(book, frozen="x"), "冻结", SZ, world.clock.now())
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50", kid="jia")
    world.pass_time(5)
    world.order("2", PINGAN, "sell", 1000, kid="yi")
    world.pass_time(30)
    assert len(resting(world)) == 1


def test_the_second_piece_of_a_resting_order_is_not_too_old(make: Make) -> None:
    rich = AccountConfig(name="主账户", initial_cash=Decimal(100_000_000), limits=NO_LIMITS)
    world = make(accounts=[rich])
    event = world.order("1", PINGAN, "buy", 2_000_000, status="open", limit="9.50")
    world.pass_time(900, step=30)
    world.scene(SZ, price=Decimal("9.40"))
    world.pass_time(60)
    assert world.verdict(event) == ("done", None)
    assert world.own(SZ) == 2_000_000
