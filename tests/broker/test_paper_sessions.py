from datetime import date
from decimal import Decimal as D

import pytest

from desk.core.market import Outcome
from desk.core.values import BrokerStatus
from desk.texts import paper as words

from .stage import FRIDAY, Stage, at, pinned

STOCK = "600000.SH"
MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("clock", "day", "status"),
    [
        ("08:59", FRIDAY, None),
        ("09:14:59", FRIDAY, None),
        ("09:15", FRIDAY, BrokerStatus.WORKING),
        ("09:24:59", FRIDAY, BrokerStatus.WORKING),
        ("09:25", FRIDAY, BrokerStatus.PENDING),  # queued at the counter
        ("09:30", FRIDAY, BrokerStatus.WORKING),
        ("11:29:59", FRIDAY, BrokerStatus.WORKING),
        ("11:30", FRIDAY, BrokerStatus.PENDING),
        ("12:59:59", FRIDAY, BrokerStatus.PENDING),
        ("13:00", FRIDAY, BrokerStatus.WORKING),
        ("14:57", FRIDAY, BrokerStatus.WORKING),
        ("14:59:59", FRIDAY, BrokerStatus.WORKING),
        ("15:00", FRIDAY, None),
        ("15:10", FRIDAY, None),
        ("10:00", date(2026, 11, 21), None),  # Saturday
    ],
)
def test_orders_are_taken_in_the_sessions_only(clock, day, status):
    stage = Stage(now=at(clock, day))
    stage.broker.quote(STOCK, D("10.00"))
    if status is None:
        assert stage.refused("buy", STOCK, 100, "10.00") == words.CLOSED
    else:
        stage.buy(STOCK, 100, "10.00", "a-1")
        assert stage.order("a-1").status is status


@pytest.mark.parametrize(
    ("clock", "allowed"),
    [("09:19:59", True), ("09:20", False), ("09:24:59", False), ("09:25", True), ("09:30", True), ("12:00", True),
     ("14:56:59", True), ("14:57", False), ("14:59:59", False)],
)  # fmt: skip
def test_cancels_are_refused_before_the_end_of_a_call(clock, allowed):
    stage = Stage(now=at("09:15"))
    stage.broker.quote(STOCK, D("10.00"))
    stage.buy(STOCK, 100, "9.50", "a-1")
    stage.to(clock)
    answer = stage.broker.cancel("a-1", "")
    assert answer.outcome is (Outcome.ACCEPTED if allowed else Outcome.REFUSED)
    assert allowed or answer.text == words.NO_CANCEL_NOW
    stage.ticks()
    assert stage.order("a-1").status is (BrokerStatus.CANCELLED if allowed else BrokerStatus.WORKING)


def test_the_opening_call_trades_at_one_price_at_nine_twenty_five():
    stage = Stage(now=at("09:16"))
    stage.exchange.scene(STOCK, price=D("10.00"))
    stage.exchange.deposit(STOCK, 1000, D(9))
    stage.buy(STOCK, 300, "10.50", "above")
    stage.buy(STOCK, 200, "10.00", "at")
    stage.buy(STOCK, 100, "9.99", "below")
    stage.sell(STOCK, 400, "9.80", "cheap")
    stage.sell(STOCK, 100, "10.01", "dear")
    stage.to("09:24:59")
    assert stage.snapshot.trades == ()
    stage.to("09:25")
    assert stage.fills("above") == [(300, "10.00")]
    assert stage.fills("at") == [(200, "10.00")]
    assert stage.fills("cheap") == [(400, "10.00")]
    assert stage.fills("below") == stage.fills("dear") == []
    assert all(trade.at == at("09:25") for trade in stage.snapshot.trades)
    stage.to("09:29:59")
    assert len(stage.snapshot.trades) == 3


def test_orders_that_wait_before_the_open_and_over_lunch_trade_once_matching_begins():
    stage = pinned(clock="09:26")
    stage.buy(STOCK, 100, "10.01", "a-1")
    stage.to("09:30")
    assert stage.order("a-1").status is BrokerStatus.WORKING
    stage.ticks()
    assert stage.fills("a-1") == [(100, "10.01")]
    stage.to("11:45")
    stage.buy(STOCK, 100, "10.01", "a-2")
    stage.to("12:59:59")
    assert stage.order("a-2").status is BrokerStatus.PENDING
    stage.to("13:00:01")
    assert stage.fills("a-2") == [(100, "10.01")]


def test_nothing_matches_over_lunch_but_cancels_are_done():
    stage = pinned()
    stage.buy(STOCK, 100, "10.00", "a-1")
    stage.buy(STOCK, 100, "10.00", "a-2")
    stage.to("11:31")
    stage.exchange.scene(STOCK, price=D("9.90"))
    stage.to("12:30")
    assert stage.snapshot.trades == ()
    stage.cancel("a-1")
    stage.ticks()
    assert stage.order("a-1").status is BrokerStatus.CANCELLED
    stage.to("13:00:01")
    assert stage.fills("a-2") == [(100, "10.00")]  # it rested: whoever came met it at its limit


def test_the_closing_call_trades_at_the_close_and_not_before():
    stage = pinned()
    stage.exchange.deposit(STOCK, 1000, D(9))
    stage.to("14:57")
    stage.buy(STOCK, 300, "10.20", "buy")
    stage.sell(STOCK, 300, "9.50", "sell")
    stage.buy(STOCK, 100, "9.00", "low")
    stage.to("14:59:59")
    assert stage.snapshot.trades == ()
    stage.exchange.scene(STOCK, price=D("10.05"))
    stage.to("15:00")
    assert stage.fills("buy") == [(300, "10.05")]
    assert stage.fills("sell") == [(300, "10.05")]
    assert stage.order("low").status is BrokerStatus.CANCELLED


def test_day_orders_lapse_at_the_close_with_reports_and_their_money_comes_back():
    stage = pinned()
    stage.exchange.scene(STOCK, price=D("10.00"), thin=100)
    stage.buy(STOCK, 500, "10.01", "part")
    stage.buy(STOCK, 100, "9.50", "none")
    stage.ticks(2)
    stage.exchange.scene(STOCK, price=D("10.30"))
    stage.to("15:00")
    order = stage.order("part")
    assert (order.status, order.filled, order.text) == (BrokerStatus.CANCELLED, 200, words.LAPSED)
    assert stage.order("none").status is BrokerStatus.CANCELLED
    assert stage.told("none")[-1].order.status is BrokerStatus.CANCELLED
    assert stage.told("none")[-1].at == at("15:00")
    # 2 x 1001.00 + 5 + 0.02
    assert stage.snapshot.asset.cash == D("1000000") - D("2007.02")
    assert stage.snapshot.asset.frozen_cash == 0
    assert stage.cancel("none") is Outcome.REFUSED


def test_friday_is_the_brokers_day_until_monday_begins():
    stage = pinned()
    stage.buy(STOCK, 100, "10.01", "a-1")
    stage.ticks()
    stage.to("12:00", date(2026, 11, 22))
    assert (stage.snapshot.day, len(stage.snapshot.orders)) == (FRIDAY, 1)
    assert stage.shares(STOCK) == (100, 0)
    stage.to("00:00", MONDAY)
    assert (stage.snapshot.day, stage.snapshot.orders, stage.snapshot.trades) == (MONDAY, (), ())
    assert stage.shares(STOCK) == (100, 100)
    assert stage.broker.instrument(STOCK).day == MONDAY


def test_before_the_first_call_there_is_a_last_price_but_no_book():
    stage = Stage(now=at("08:30"))
    quote = stage.broker.quote(STOCK, D("10.00"))
    assert (quote.last, quote.prev_close, quote.asks, quote.bids) == (D("10.00"), D("10.00"), (), ())
    stage.to("09:15")
    assert stage.broker.quote(STOCK).asks


def test_after_the_close_the_last_market_stays_in_sight():
    stage = Stage(now=at("10:00"))
    stage.broker.quote(STOCK, D("10.00"))
    stage.to("15:00")
    closing = stage.broker.quote(STOCK)
    stage.to("18:00", date(2026, 11, 21))
    assert stage.broker.quote(STOCK) == closing
    assert closing.at == at("15:00")


@pytest.mark.parametrize("clock", ["02:00", "09:22", "11:45", "14:58", "15:30", "23:59"])
def test_an_always_open_exchange_trades_at_any_hour_of_any_day(clock):
    stage = Stage(now=at(clock, date(2026, 11, 22)), always_open=True)
    ask = stage.broker.quote(STOCK, D("10.00")).asks[0][0]
    stage.buy(STOCK, 100, str(ask), "a-1")
    stage.buy(STOCK, 100, "9.80", "a-2")
    stage.ticks()
    assert stage.order("a-1").status is BrokerStatus.FILLED
    assert stage.cancel("a-2") is Outcome.ACCEPTED
    stage.ticks()
    assert stage.order("a-2").status is BrokerStatus.CANCELLED


def test_an_always_open_day_ends_at_midnight_with_t_plus_one_by_date():
    stage = Stage(now=at("23:59:50", FRIDAY), always_open=True)
    stage.exchange.scene(STOCK, price=D("10.00"))
    stage.buy(STOCK, 100, "10.01", "bought")
    stage.buy(STOCK, 100, "9.80", "rests")
    stage.ticks()
    assert stage.shares(STOCK) == (100, 0)
    stage.to("00:00", date(2026, 11, 21))
    assert stage.told("rests")[-1].order.status is BrokerStatus.CANCELLED
    assert (stage.snapshot.day, stage.snapshot.orders) == (date(2026, 11, 21), ())
    assert stage.shares(STOCK) == (100, 100)
    assert stage.snapshot.asset.frozen_cash == 0


def test_a_cancel_taken_before_the_closing_call_is_done_in_it():
    stage = pinned(clock="14:56:59")
    stage.buy(STOCK, 100, "9.90", "a-1")
    stage.faults.cancel_delay_s = 16
    stage.cancel("a-1")
    stage.to("14:57:10")
    assert stage.order("a-1").status is BrokerStatus.CANCEL_PENDING
    stage.to("14:57:16")
    assert stage.order("a-1").status is BrokerStatus.CANCELLED


def test_bonus_shares_and_a_dividend_arrive_when_the_ex_day_begins():
    stage = pinned()
    stage.exchange.deposit(STOCK, 1005, D("8.00"))
    stage.exchange.corporate_action(STOCK, MONDAY, D("1.3"), D("0.50"))
    stage.exchange.scene(STOCK)
    stage.to("20:00")
    assert stage.shares(STOCK) == (1005, 1005)
    assert stage.broker.instrument(STOCK).share_factor == 1
    stage.to("09:31", MONDAY)
    # 1005 x 1.3 = 1306.5; 1005 x 0.50 = 502.50; (10.00 - 0.50) / 1.3 = 7.3077; cost (8040 - 502.50) / 1306 = 5.7714
    assert stage.shares(STOCK) == (1306, 1306)
    assert stage.snapshot.asset.cash == D("1000502.50")
    assert stage.snapshot.positions[0].cost_price == D("5.7714")
    instrument = stage.broker.instrument(STOCK)
    assert (instrument.share_factor, instrument.prev_close, instrument.up_limit) == (D("1.3"), D("7.31"), D("8.04"))
    assert abs(stage.broker.quote(STOCK).last - D("7.31")) <= D("0.11")
    assert stage.snapshot.orders == ()
    stage.to("09:31", date(2026, 11, 24))
    assert stage.shares(STOCK) == (1306, 1306)
    assert stage.broker.instrument(STOCK).share_factor == 1


def test_an_ex_day_that_has_begun_cannot_be_planned():
    with pytest.raises(ValueError, match="has begun"):
        pinned().exchange.corporate_action(STOCK, FRIDAY, D("1.3"))
