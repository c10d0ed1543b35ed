"""Closes, nights and days without trading: what the desk has missed, and what changed while nobody looked."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from base_func import BEIJING
from desk.broker.paper import PaperBroker
from desk.broker.paper.faults import PlaceTrouble, ReportTrouble, SnapshotTrouble
from desk.core.market import Instrument
from tests import checks
from tests.stories import (
    MONDAY,
    PINGAN,
    PUFA,
    SH,
    SZ,
    TUESDAY,
    Make,
    alarms,
    hold,
    next_session,
    sleep_until,
    titles,
    trail,
    use_broker,
)


@pytest.mark.parametrize("how", ["restart", "reload"])
def test_a_weekend_restart_knows_its_own_orders(make: Make, how: str) -> None:
    world = make()
    hold(world, 1000)
    world.go_to(datetime(2026, 11, 21, 10, 0, tzinfo=BEIJING), step=3600)
    if how == "restart":
        world.kill()
    else:
        world.trader._loaded = False  # as after a turn that failed
    world.pass_time(5)
    assert alarms(world) == []
    assert world.own(SZ) == 1000 == world.held(SZ)
    next_session(world)
    assert world.book(SZ).frozen is None
    sell = world.order("2", PINGAN, "sell", 1000, n=0)
    world.pass_time(10)
    assert world.verdict(sell) == ("done", None)


def test_a_weekend_restart_books_no_fill_twice(make: Make) -> None:
    world = make()
    hold(world, 1000)
    world.exchange.faults.rates[SnapshotTrouble.NONE] = 1.0
    world.order("1", PUFA, "buy", 100)
    world.pass_time(10)
    assert world.trader.ledger.unsettled, "no snapshot has agreed yet"
    world.exchange.faults.rates.clear()
    sleep_until(world, datetime(2026, 11, 21, 10, 0, tzinfo=BEIJING))
    world.pass_time(30, step=1)
    next_session(world)
    assert alarms(world) == []
    assert (world.own(SH), world.held(SH)) == (100, 100)
    checks.assert_books_agree(world)


def test_a_fill_of_the_closing_call_that_comes_ten_seconds_late_is_ours(make: Make) -> None:
    world = make(start=datetime(2026, 11, 20, 14, 50, tzinfo=BEIJING), settle_s=60.0)
    world.go_to(datetime(2026, 11, 20, 14, 57, 30, tzinfo=BEIJING), step=60)
    event = world.order("1", PINGAN, "buy", 300)
    trail(world, 10)
    world.exchange.faults.rates[ReportTrouble.LATE] = 1.0
    world.exchange.faults.seconds[ReportTrouble.LATE] = (10.0, 10.0)
    world.pass_time(150 + 9, step=1)
    assert world.verdict(event)[0] == "working", "15:00:09: nothing has been said yet, nothing has lapsed"
    world.pass_time(60, step=1)
    assert world.verdict(event) == ("done", None)
    world.exchange.faults.rates.clear()
    next_session(world)
    assert world.own(SZ) == 300 == world.held(SZ) == world.entitled(SZ)
    assert alarms(world) == [] and world.book(SZ).frozen is None


def test_a_line_that_is_down_at_the_close_and_comes_back_shows_what_was_traded(make: Make) -> None:
    world = make(start=datetime(2026, 11, 20, 14, 50, tzinfo=BEIJING), settle_s=60.0)
    event = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(5)
    world.exchange.disconnect()
    world.pass_time(5)
    world.scene(SZ, price=Decimal("9.40"))
    world.go_to(datetime(2026, 11, 20, 15, 2, tzinfo=BEIJING), step=30)
    assert (world.verdict(event)[0], world.entitled(SZ)) == ("working", 1000)
    world.exchange.reconnect()
    world.pass_time(90, step=5)
    assert world.verdict(event) == ("done", None)
    world.order("1", PINGAN, "buy", 1000, status="held", limit="9.50", price="9.45")
    next_session(world)
    assert world.own(SZ) == 1000 == world.entitled(SZ) == world.held(SZ)


def test_shares_found_by_positions_after_a_restart_are_entitled_again(make: Make) -> None:
    world = make(start=datetime(2026, 11, 20, 14, 50, tzinfo=BEIJING), settle_s=60.0)
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(5)
    world.exchange.disconnect()
    world.pass_time(5)
    world.scene(SZ, price=Decimal("9.40"))
    world.order("1", PINGAN, "buy", 1000, status="held", limit="9.50", price="9.45")
    world.go_to(datetime(2026, 11, 20, 17, 30, tzinfo=BEIJING), step=60)
    world.kill()
    world.go_to(datetime(2026, 11, 23, 9, 0, tzinfo=BEIJING), step=3600)
    world.kill()
    world.exchange.reconnect()
    world.go_to(MONDAY, step=60)
    world.pass_time(60)
    assert world.own(SZ) == 1000 == world.entitled(SZ)


def test_a_close_is_run_again_when_the_wall_clock_comes_back_from_beyond_it(make: Make) -> None:
    fund = "510300.XSHG"
    world = make()
    world.order("1", fund, "buy", 1000)
    world.pass_time(10)
    world.go_to(world.clock.now().replace(hour=14, minute=40))
    world.clock.jump(8 * 3600)
    world.pass_time(10)
    world.clock.jump(-8 * 3600)
    world.pass_time(10)
    world.scene("510300.SH", suspended=True)
    event = world.order("2", fund, "sell", 1000)
    world.pass_time(10)
    assert world.verdict(event)[0] == "working"
    world.go_to(world.clock.now().replace(hour=15, minute=1))
    assert world.verdict(event)[0] == "refused"


def test_the_counts_of_an_older_day_leave_todays_alone(make: Make) -> None:
    ledger = make().trader.ledger
    today = MONDAY.date()
    ledger.counts_of("主账户", today).orders = 7
    assert ledger.counts_of("主账户", today - timedelta(days=3)).orders == 0
    assert ledger.counts_of("主账户", today).orders == 7


def test_a_bonus_issue_over_a_dead_night_scales_the_books_beside_a_resting_order(make: Make) -> None:
    world = make()
    hold(world, 1000)
    world.order("5", PINGAN, "buy", 500, status="open", limit="9.30")
    world.pass_time(5)
    friday = world.clock.now()
    world.exchange.corporate_action(SZ, MONDAY.date(), Decimal("1.3"))
    sleep_until(world, datetime(2026, 11, 23, 9, 0, tzinfo=BEIJING), step=1800)
    next_session(world)
    assert (world.own(SZ), world.held(SZ), world.entitled(SZ)) == (1300, 1300, 1300)
    assert world.book(SZ).frozen is None
    world.order("5", PINGAN, "buy", 500, 0, "canceled", limit="9.30", when=friday)
    assert world.entitled(SZ) == 1300, "what we did not buy had been given up"
    next_session(world, TUESDAY)
    assert world.own(SZ) == 1300


def test_a_bonus_issue_scales_the_books_beside_an_order_in_doubt(make: Make) -> None:
    world = make(settle_s=60.0)
    hold(world, 1000)
    world.exchange.corporate_action(SZ, MONDAY.date(), Decimal("1.3"))
    world.go_to(datetime(2026, 11, 20, 14, 59, 40, tzinfo=BEIJING), step=600)
    world.exchange.faults.once(PlaceTrouble.LOST)
    world.order("5", PINGAN, "buy", 300)
    next_session(world)
    assert (world.own(SZ), world.held(SZ), world.entitled(SZ)) == (1300, 1300, 1300)
    assert world.book(SZ).frozen is None
    assert not world.trader.ledger.live_orders()


def test_a_factor_that_cannot_be_asked_at_the_days_first_look_is_applied_later(make: Make) -> None:
    world = make()

    class NoInstruments(PaperBroker):
        def instrument(self, symbol: str, anchor: Decimal | None = None) -> Instrument | None:
            return None if world.clock.now() < MONDAY else super().instrument(symbol, anchor)

    hold(world, 1000)
    world.exchange.corporate_action(SZ, MONDAY.date(), Decimal("1.3"))
    use_broker(world, NoInstruments)
    world.go_to(MONDAY - timedelta(minutes=5), step=3600)
    assert (world.own(SZ), world.held(SZ), world.book(SZ).frozen) == (1000, 1300, None)
    next_session(world)
    assert (world.own(SZ), world.entitled(SZ), world.book(SZ).frozen) == (1300, 1300, None)


@pytest.mark.parametrize("overnight", [False, True])
def test_an_increase_that_nothing_explains_freezes_the_symbol_and_is_told(make: Make, overnight: bool) -> None:
    world = make()
    hold(world, 1000)
    if overnight:
        world.go_to(datetime(2026, 11, 22, 12, 0, tzinfo=BEIJING), step=3600)
    world.exchange.deposit(SZ, 300, Decimal(1))
    if overnight:
        next_session(world)
    else:
        world.pass_time(60, step=5)
    assert world.book(SZ).frozen is not None
    assert "持仓对不上" in titles(world)
    assert (world.own(SZ), world.held(SZ)) == (1000, 1300)
