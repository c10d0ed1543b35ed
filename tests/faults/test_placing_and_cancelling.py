"""Orders and cancels of unknown outcome: settled by evidence or a person, never by guessing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from base_func import BEIJING
from desk.broker.paper.faults import CancelTrouble, PlaceTrouble, ReportTrouble, SnapshotTrouble
from desk.core.values import OrderState
from tests import checks
from tests.stories import PINGAN, SZ, Make, states, titles


def test_an_order_without_an_answer_that_exists_is_found_and_not_sent_again(make: Make) -> None:
    world = make(settle_s=60.0)
    world.exchange.faults.once(PlaceTrouble.UNANSWERED)
    world.exchange.faults.rates[ReportTrouble.LOST] = 1.0
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(10)
    assert len(world.broker_orders()) == 1
    assert world.own(SZ) == 1000
    assert world.verdict(event) == ("done", None)


def test_an_order_that_never_arrived_is_sent_again_only_after_the_settle_time(make: Make) -> None:
    world = make(settle_s=60.0)
    world.exchange.faults.once(PlaceTrouble.LOST)
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(58)
    assert states(world) == [OrderState.IN_DOUBT]
    assert not world.broker_orders()
    assert any("结果未知" in title for title in titles(world))
    world.pass_time(20)
    assert [o.client_order_id[-2:] for o in world.broker_orders()] == ["-2"], "a new id: a remark is never used twice"
    assert world.verdict(event) == ("done", None)


def test_an_order_that_lands_late_is_not_doubled(make: Make) -> None:
    world = make(settle_s=60.0)
    world.exchange.faults.once(PlaceTrouble.LANDS_LATE, 45)
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(120, step=1)
    assert world.held(SZ) == 1000 == world.own(SZ)


def test_an_order_in_doubt_freezes_its_symbol_and_side_only(make: Make) -> None:
    world = make(settle_s=600.0)
    world.scene("600000.SH", price=Decimal(8))
    world.exchange.faults.once(PlaceTrouble.LOST)
    world.order("1", PINGAN, "buy", 1000)
    second = world.order("2", PINGAN, "buy", 500)
    other = world.order("3", "600000.XSHG", "buy", 500, price=8)
    world.pass_time(30)
    assert world.verdict(second)[0] == "working"
    assert world.verdict(other)[0] == "done"
    assert not [o for o in world.broker_orders() if o.symbol == SZ]


def test_a_person_resolves_an_order_in_doubt(make: Make) -> None:
    world = make(settle_s=6000.0)
    world.exchange.faults.once(PlaceTrouble.LOST)
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(10)
    (order,) = world.trader.ledger.live_orders()
    assert not world.command("resolve", id=order.client_order_id, how="filled", filled="2000")[0]
    assert world.command("resolve", id=order.client_order_id, how="absent")[0]
    world.pass_time(10)
    assert world.verdict(event) == ("done", None)
    assert world.held(SZ) == 1000


def test_a_late_answer_beaten_by_the_fill_changes_nothing(make: Make) -> None:
    world = make()
    world.exchange.faults.once(PlaceTrouble.ANSWERED_LATE, 4)
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(20)
    assert world.own(SZ) == 1000
    assert world.verdict(event) == ("done", None)


def test_a_report_of_an_order_ruled_absent_halts_the_strategy(make: Make) -> None:
    world = make(settle_s=5.0)
    world.exchange.faults.once(PlaceTrouble.LANDS_LATE, 30)  # later than the channel's word
    world.scene(SZ, price=Decimal(10), thin=100)
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(60)
    assert "stopped:小市值" in world.trader.ledger.flags
    later = world.order("2", "600000.XSHG", "buy", 300)
    assert world.verdict(later) == ("refused", "已熔断")
    world.broken_by_test = True


@pytest.mark.parametrize("trouble", list(CancelTrouble))
def test_a_cancel_is_confirmed_before_the_remainder_is_sent_again(make: Make, trouble: CancelTrouble) -> None:
    world = make()
    world.scene(SZ, price=Decimal(10), thin=100)
    world.exchange.faults.cancel_delay_s = 3.0
    world.exchange.faults.once(trouble, 2)
    event = world.order("1", PINGAN, "buy", 3000)
    for _ in range(200):
        world.pass_time(0.5)
        checks.assert_one_side_live(world)
        checks.assert_never_more_than_meant(world)
    assert world.verdict(event)[0] in ("done", "partial")
    assert world.own(SZ) == world.held(SZ)


def test_fills_that_arrive_while_cancelling_are_not_bought_again(make: Make) -> None:
    world = make()
    world.scene(SZ, price=Decimal(10), thin=100)
    world.exchange.faults.cancel_delay_s = 8.0
    world.exchange.faults.rates[ReportTrouble.LATE] = 0.7
    world.exchange.faults.seconds[ReportTrouble.LATE] = (1.0, 20.0)
    event = world.order("1", PINGAN, "buy", 4000)
    world.pass_time(200)
    assert world.verdict(event)[0] in ("done", "partial")
    checks.assert_books_agree(world)


def test_a_cancel_without_an_end_is_told(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.exchange.faults.rates[CancelTrouble.LOST] = 1.0
    world.cancel("1", PINGAN)
    world.pass_time(80, step=1)
    assert "撤单没有确认" in titles(world)
    world.exchange.faults.rates.clear()
    world.pass_time(60, step=1)
    assert states(world) == [OrderState.CANCELLED]


@pytest.mark.parametrize("trouble", list(SnapshotTrouble))
def test_a_failed_or_empty_query_is_never_no_position(make: Make, trouble: SnapshotTrouble) -> None:
    world = make(settle_s=10.0)
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    world.go_to(datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING), step=3600)
    world.exchange.faults.rates[trouble] = 1.0
    world.exchange.faults.once(PlaceTrouble.UNANSWERED)
    world.exchange.faults.rates[ReportTrouble.LOST] = 1.0
    world.order("2", PINGAN, "buy", 500)
    world.pass_time(120, step=1)
    assert len(world.broker_orders()) == 1, "the silent order is not sent again"
    assert world.book(SZ).frozen is None
    world.exchange.faults.rates.clear()
    world.pass_time(20)
    assert world.own(SZ) == 1500 == world.held(SZ)
