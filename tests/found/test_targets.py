"""JoinQuant cancels its live order and places another one in one breath, or takes back what it had ordered."""

from __future__ import annotations

import pytest

from desk.core.values import Side
from tests.stories import PINGAN, SZ, Make, hold, next_session, sent
from tests.world import World


def in_one_body(world: World, *, pause: bool, side: str, limit: str) -> tuple[str, str]:
    """The final of order 1 and order 2, in one body or ten seconds apart; returns the event ids of both."""
    final = world.order_event("1", PINGAN, side, 1000, 0, "canceled", limit=limit)
    target = world.order_event("2", PINGAN, side, 1000, n=0 if side == "sell" else None)
    if not pause:
        one, two = world.send(final, target)
        return one, two
    (one,) = world.send(final)
    world.pass_time(10)
    (two,) = world.send(target)
    return one, two


@pytest.mark.parametrize("pause", [False, True])
def test_a_target_of_nothing_after_a_resting_sell_sells_everything(make: Make, pause: bool) -> None:
    world = make()
    hold(world, 1000)
    next_session(world)
    resting = world.order("1", PINGAN, "sell", 1000, status="open", limit="10.90")
    world.pass_time(3)
    _, target = in_one_body(world, pause=pause, side="sell", limit="10.90")
    world.pass_time(30)
    assert (world.own(SZ), world.entitled(SZ)) == (0, 0)
    assert sent(world) == [("sell", 1000, "cancelled"), ("sell", 1000, "filled")]
    assert world.verdict(resting) == ("refused", "聚宽未成交")
    assert world.verdict(target) == ("done", None)


@pytest.mark.parametrize("pause", [False, True])
def test_a_target_after_a_resting_buy_buys_once(make: Make, pause: bool) -> None:
    world = make()
    resting = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(3)
    _, target = in_one_body(world, pause=pause, side="buy", limit="9.50")
    world.pass_time(30)
    assert (world.own(SZ), world.entitled(SZ)) == (1000, 1000)
    assert sent(world) == [("buy", 1000, "cancelled"), ("buy", 1000, "filled")]
    assert world.verdict(resting) == ("refused", "聚宽未成交")
    assert world.verdict(target) == ("done", None)


@pytest.mark.parametrize("status", [None, "canceled"])
def test_a_cancel_frees_the_room_of_the_next_sell(make: Make, status: str | None) -> None:
    world = make()
    hold(world, 1000)
    next_session(world)
    world.order("1", PINGAN, "sell", 1000, status="open", limit="10.90")
    world.pass_time(3)
    cancel = world.cancel_event("1", PINGAN, amount=1000, filled=0, status=status)
    _, target = world.send(cancel, world.order_event("2", PINGAN, "sell", 1000, n=0))
    world.pass_time(30)
    assert (world.own(SZ), world.entitled(SZ)) == (0, 0)
    assert world.verdict(target) == ("done", None)


@pytest.mark.parametrize("resting", [1000, 500])
def test_a_sell_off_that_overtakes_the_final_of_a_resting_sell_sells_everything(make: Make, resting: int) -> None:
    world = make("0.5")
    hold(world, 1000)
    next_session(world)
    world.order("1", PINGAN, "sell", resting, status="open", limit="10.90")
    world.pass_time(3)
    final = world.order_event("1", PINGAN, "sell", resting, 0, "canceled", limit="10.90")
    target = world.order("2", PINGAN, "sell", 1000, n=0)
    world.pass_time(2)
    world.send(final)
    world.pass_time(30)
    assert world.verdict(target) == ("done", None)
    holding = world.trader.ledger.holding("小市值", SZ)
    assert (holding.strategy_shares, holding.counted_shares, world.entitled(SZ), world.own(SZ)) == (0, 0, 0, 0)


def test_a_live_buy_that_joinquant_cancels_leaves_the_residue_of_earlier_ones(make: Make) -> None:
    world = make("0.3")
    world.order("1", PINGAN, "buy", 500)
    world.pass_time(10)
    assert (world.own(SZ), world.entitled(SZ)) == (100, 150)
    # 60 of its own and the residue of 50 are an order of 100
    world.order("2", PINGAN, "buy", 200, status="open", limit="9.50")
    world.cancel("2", PINGAN)
    world.pass_time(5)
    world.order("2", PINGAN, "buy", 200, 0, "canceled", limit="9.50")
    assert (world.own(SZ), world.entitled(SZ)) == (100, 150)


def test_a_sell_event_leaves_alone_what_a_cancelled_sell_had_not_sold(make: Make) -> None:
    world = make()
    hold(world, 1000)
    next_session(world)
    world.order("1", PINGAN, "sell", 500, status="open", limit="10.90")
    world.cancel("1", PINGAN)
    world.pass_time(5)
    assert not world.trader.ledger.intents, "the chase has ended; C and T wait for the final"
    world.order("2", PINGAN, "sell", 300)
    world.pass_time(10)
    assert world.own(SZ) == 700, "300 sold, not 300 and the 500 that JoinQuant has kept"
    world.order("1", PINGAN, "sell", 500, 0, "canceled", limit="10.90")
    assert world.entitled(SZ) == 700


def test_the_cancel_of_a_resting_buy_takes_nothing_from_the_buy_behind_it(make: Make) -> None:
    world = make()
    resting = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(3)
    behind = world.order("2", PINGAN, "buy", 500, settle=False)
    world.order("1", PINGAN, "buy", 1000, 0, "canceled", limit="9.50")
    world.pass_time(30)
    assert (world.own(SZ), world.entitled(SZ)) == (500, 500)
    assert world.verdict(resting) == ("refused", "聚宽未成交")
    assert world.verdict(behind) == ("done", None)


@pytest.mark.parametrize("filled", [0, 300])
def test_shares_that_joinquant_took_back_are_given_up_once(make: Make, filled: int) -> None:
    world = make()
    hold(world, 1000)
    next_session(world)
    world.exchange.trade_by_hand(SZ, Side.SELL, 400, now=world.clock.now())
    world.pass_time(45)
    assert world.command("reconcile", apply="1")[0]
    assert (world.own(SZ), world.entitled(SZ)) == (600, 1000), "a shortfall of 400 that only a plan buys"
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(3)
    world.order("1", PINGAN, "buy", 1000, filled, "canceled", limit="9.50")
    world.pass_time(60)
    # JoinQuant took 1000 - filled back; what it had filled we cannot have at 9.50 and give up: the shortfall stays
    assert (world.own(SZ), world.entitled(SZ)) == (600, 1000)
    assert world.trader.ledger.holding("小市值", SZ).counted_shares == 1000 + filled
