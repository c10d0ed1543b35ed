"""The desk was not there: the exchange went on, and the positions tell what happened."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from base_func import BEIJING
from desk.broker.paper.faults import PlaceTrouble, ReportTrouble, SnapshotTrouble
from desk.core.values import OrderState
from tests.stories import PINGAN, SZ, Make, states
from tests.world import World


def sleep_over_the_close(world: World) -> None:
    """The desk is dead from now until Monday 09:31; the exchange goes on."""
    for desk in world.desks.values():
        desk.broker.close()
    while world.clock.now() < datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING):
        world.clock.turn(600)
        world.exchange.advance(world.clock.now())
    world.kill()
    world.pass_time(20)


@pytest.mark.parametrize("fills", [True, False])
def test_what_an_order_traded_while_the_desk_was_dead_is_found_by_the_positions(make: Make, fills: bool) -> None:
    world = make()
    event = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.90")
    world.pass_time(5)
    if fills:
        world.scene(SZ, price=Decimal("9.80"))
    sleep_over_the_close(world)
    assert world.own(SZ) == world.held(SZ) == (1000 if fills else 0)
    with world.journal.look() as look:
        assert look.rows("SELECT state FROM orders") == [("filled" if fills else "cancelled",)]
    assert world.signal(event)["filled_shares"] == (1000 if fills else 0)
    assert not world.trader.ledger.live_orders()


def test_an_order_in_doubt_of_a_dead_day_is_settled_by_the_positions(make: Make) -> None:
    world = make(settle_s=600.0)
    world.exchange.faults.once(PlaceTrouble.UNANSWERED)
    world.exchange.faults.rates[ReportTrouble.LOST] = 1.0
    world.exchange.faults.rates[SnapshotTrouble.NONE] = 1.0
    world.order("1", PINGAN, "buy", 1000)
    assert states(world) == [OrderState.IN_DOUBT]
    world.exchange.faults.rates.clear()
    sleep_over_the_close(world)
    assert world.own(SZ) == world.held(SZ) == 1000


def test_an_overnight_change_that_nothing_explains_freezes_the_symbol(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    for desk in world.desks.values():
        desk.broker.close()
    world.exchange.deposit(SZ, 300, Decimal(10))
    sleep_over_the_close(world)
    assert world.book(SZ).frozen is not None
    assert world.own(SZ) == 1000


def test_a_halt_leaves_a_live_order_but_lets_joinquant_cancel_it(make: Make) -> None:
    world = make()
    world.scene(SZ, price=Decimal(10), thin=100)
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(2)
    world.command("halt", reason="看看")
    world.pass_time(20)
    assert [o.status.final for o in world.broker_orders()] == [False]
    world.order("1", PINGAN, "buy", 1000, 0, status="canceled", limit="9.50")
    world.pass_time(5)
    assert [o.status.final for o in world.broker_orders()] == [True]
