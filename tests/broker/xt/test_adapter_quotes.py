"""The quote line: cached, judged for age, rounded to the tick, and failing without harm to the trade line."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from base_func import BEIJING
from desk.broker.xt.quotes import read_detail, read_tick
from desk.broker.xt.tables import (
    STATUS,
    Login,
    Unreadable,
    limit_of,
    login_of,
    moment_of,
    money_of,
    price_of,
    side_of,
    status_of,
)
from desk.broker.xt_sim import QuoteTrouble
from desk.core.market import Instrument, Quote, ReportKind
from desk.core.values import BrokerStatus
from desk.texts import xt as xt_texts
from tests.broker.xt.stage import BANK, MORNING, Stage, needs_library, stage

pytestmark = needs_library
__all__ = ["stage"]

CENT = Decimal("0.01")


def quote(stage: Stage, symbol: str = BANK, flow: float = 0.01) -> Quote:
    found: list[Quote] = []

    def look() -> bool:
        told = stage.broker.quote(symbol)
        if told is not None:
            found.append(told)
        return bool(found)

    stage.until(look, flow=flow)
    return found[0]


def instrument(stage: Stage, symbol: str = BANK, flow: float = 0.02) -> Instrument:
    found: list[Instrument] = []

    def look() -> bool:
        told = stage.broker.instrument(symbol)
        if told is not None:
            found.append(told)
        return bool(found)

    stage.until(look, flow=flow)
    return found[0]


# --- on the line ----------------------------------------------------------------------------------------------------


def test_a_quote_is_none_first_and_a_ring_tells_when_it_has_come(stage: Stage) -> None:
    stage.open()
    stage.snapshot()
    rings = len(stage.of(ReportKind.QUOTED))
    assert stage.broker.quote(BANK) is None
    stage.until(lambda: len(stage.of(ReportKind.QUOTED)) > rings)
    told = stage.broker.quote(BANK)
    assert told is not None and told.last == Decimal("10.00") and told.asks[0][0] == Decimal("10.01")


def test_a_quote_that_was_fetched_long_ago_is_fetched_again(stage: Stage) -> None:
    stage.open()
    assert quote(stage).last == Decimal("10.00")
    stage.settle(20)  # nobody asked: it is not wanted any more
    stage.pin(BANK, "10.20")
    assert stage.broker.quote(BANK) is None
    assert quote(stage).last == Decimal("10.20")


def test_while_it_is_asked_for_a_quote_is_kept_fresh_without_rings(stage: Stage) -> None:
    stage.open()
    quote(stage)
    rings = len(stage.of(ReportKind.QUOTED))
    stage.pin(BANK, "10.30")
    stage.until(lambda: quote(stage).last == Decimal("10.30"), flow=0.02)
    assert len(stage.of(ReportKind.QUOTED)) <= rings + 1


def test_limits_and_names_come_from_the_details_and_are_kept(stage: Stage) -> None:
    stage.open()
    told = instrument(stage)
    exact = stage.exchange.instrument(BANK)
    assert exact is not None
    assert (told.up_limit, told.down_limit, told.prev_close) == (exact.up_limit, exact.down_limit, exact.prev_close)
    assert (told.name, told.day, told.tick, told.suspended) == (exact.name, MORNING.date(), CENT, False)


def test_a_suspended_instrument_says_so(stage: Stage) -> None:
    stage.exchange.scene(BANK, price=Decimal(10), suspended=True)
    stage.open()
    assert instrument(stage).suspended


def test_details_of_another_trading_day_are_none(stage: Stage) -> None:
    stage.faults.rates[QuoteTrouble.STALE] = 1.0
    stage.open()
    for _ in range(20):
        stage.settle(0.5)
        assert stage.broker.instrument(BANK) is None
    stage.faults.calm()
    assert instrument(stage).day == MORNING.date()


def test_a_tick_of_ten_minutes_ago_is_none(stage: Stage) -> None:
    stage.faults.rates[QuoteTrouble.STALE] = 1.0
    stage.open()
    for _ in range(10):
        stage.settle(0.5)
        assert stage.broker.quote(BANK) is None


def test_a_quiet_stocks_older_tick_counts_while_an_index_shows_that_the_line_is_alive(stage: Stage) -> None:
    stage.open()
    quote(stage)
    now = int(MORNING.timestamp() * 1000)
    ages = {BANK: 600, "000001.SH": 0}

    class Data:
        def get_full_tick(self, codes: list[str]) -> dict[str, Any]:
            passed = int((stage.clock.now() - MORNING).total_seconds() * 1000)
            return {code: tick(time=now + passed - ages[code] * 1000) for code in codes if code in ages}

        def get_instrument_detail(self, code: str) -> None:
            return None

    stage.broker._quotes._data = Data
    stage.settle(3)
    assert quote(stage).last == Decimal("9.73")
    ages["000001.SH"] = 600  # now nothing is young
    stage.settle(3)
    for _ in range(5):
        stage.settle(0.5)
        assert stage.broker.quote(BANK) is None


class Data:
    """Answers every question at once and notes it; `during` runs within the first question of many symbols."""

    def __init__(self, during: Callable[[], object] = lambda: None) -> None:
        self.asked: list[list[str]] = []
        self.changes: dict[str, Any] = {}
        self.during: Callable[[], object] | None = during

    def get_full_tick(self, codes: list[str]) -> dict[str, Any]:
        self.asked.append(codes)
        if len(codes) > 10 and self.during is not None:
            during, self.during = self.during, None
            during()
        return {code: tick(**self.changes) for code in codes}

    def get_instrument_detail(self, code: str) -> dict[str, Any]:
        return detail()


MANY = [f"{600100 + n}.SH" for n in range(60)]


def test_a_tick_of_which_only_the_time_has_changed_is_the_same_quote_of_a_later_moment(stage: Stage) -> None:
    stage.open()
    data = Data()
    stage.broker._quotes._data = lambda: data
    first = quote(stage, MANY[0])
    data.changes["time"] = tick()["time"] + 3000
    stage.until(lambda: quote(stage, MANY[0]).at > first.at, flow=0.02)
    assert replace(quote(stage, MANY[0]), at=first.at) == first
    data.changes |= {"time": tick()["time"] + 6000, "askVol": [13, 0, 0, 0, 0]}
    stage.until(lambda: quote(stage, MANY[0]).asks[0][1] == 1300, flow=0.02)


def test_what_is_waited_for_is_fetched_by_itself(stage: Stage) -> None:
    stage.open()
    data = Data()
    stage.broker._quotes._data = lambda: data
    for symbol in MANY:
        quote(stage, symbol)
    data.asked.clear()
    assert stage.broker.quote(BANK) is None
    stage.until(lambda: stage.broker.quote(BANK))
    assert data.asked[0][:-2] == [BANK]


def test_who_comes_while_all_is_fetched_anew_waits_for_one_piece_of_it(stage: Stage) -> None:
    stage.open()
    data = Data(during=lambda: stage.broker.quote(BANK))
    stage.broker._quotes.prefetch(MANY)
    stage.broker._quotes._data = lambda: data
    stage.until(lambda: any(BANK in codes for codes in list(data.asked)), flow=0.02)
    pieces = [codes[:-2] for codes in data.asked]
    assert all(len(piece) <= 10 for piece in pieces)
    assert pieces[[len(piece) > 5 for piece in pieces].index(True) + 1] == [BANK]


def test_what_is_wanted_stays_fresh_while_one_after_the_other_is_hurried(stage: Stage) -> None:
    stage.open()
    data = Data()
    stage.broker._quotes._data = lambda: data
    first = MANY[0]
    quote(stage, first)
    for symbol in MANY[1:]:
        quote(stage, symbol, flow=0.05)
        assert stage.broker.quote(first) is not None


@pytest.mark.parametrize("trouble", [QuoteTrouble.MISSING, QuoteTrouble.RAISES])
def test_missing_and_raising_answers_are_none_and_the_trade_line_stays(stage: Stage, trouble: QuoteTrouble) -> None:
    stage.faults.rates[trouble] = 1.0
    stage.open()
    for _ in range(10):
        stage.settle(0.5)
        assert stage.broker.quote(BANK) is None
        assert stage.broker.instrument(BANK) is None
    assert stage.broker.connected and stage.snapshot() is not None
    stage.faults.calm()
    quote(stage)


def test_a_tick_without_any_price_of_today_shows_the_previous_close(stage: Stage) -> None:
    stage.faults.rates[QuoteTrouble.ZERO] = 1.0
    stage.open()
    told = quote(stage)
    assert (told.last, told.asks, told.bids) == (told.prev_close, (), ())


def test_a_cut_quote_line_is_told_once_and_comes_back_by_itself(stage: Stage) -> None:
    stage.open()
    quote(stage)
    stage.terminal.cut_quotes()
    stage.until(lambda: (stage.broker.quote(BANK), stage.alarms)[1], flow=0.02)
    stage.settle(3)
    assert stage.broker.quote(BANK) is None
    assert stage.broker.connected
    assert len(stage.alarms) == 1
    stage.terminal.restore_quotes()
    quote(stage)


def test_quotes_come_again_after_a_restart_of_the_terminal_without_subscriptions(stage: Stage) -> None:
    stage.open()
    quote(stage)
    stage.terminal.die()
    stage.until(lambda: not stage.broker.connected, flow=0.02)
    stage.terminal.start()
    stage.until(lambda: stage.broker.connected, flow=0.02)
    quote(stage)


def test_a_quote_call_that_hangs_is_left_behind_with_its_thread(stage: Stage) -> None:
    stage.open()
    stage.faults.once(QuoteTrouble.STUCK)
    stage.until(lambda: (stage.broker.quote(BANK), stage.broker.left_behind)[1] == 1, flow=0.05)
    assert quote(stage).last == Decimal("10.00")  # by a new thread
    assert stage.broker.connected


def test_that_quoting_has_stopped_for_good_is_told_whatever_trouble_was_told_before(stage: Stage) -> None:
    stage.open()
    stage.faults.rates[QuoteTrouble.RAISES] = 1.0
    stage.until(lambda: (stage.broker.quote(BANK), stage.alarms)[1], flow=0.05)
    stage.faults.rates[QuoteTrouble.RAISES] = 0.0
    stage.faults.rates[QuoteTrouble.STUCK] = 1.0
    stage.until(lambda: (stage.broker.quote(BANK), stage.broker.left_behind)[1] > 3, flow=0.5)
    told = [text for _, text in stage.alarms if xt_texts.QUOTES_HANG in text]
    assert len(told) == 1
    stage.faults.calm()


def test_a_quote_of_what_is_not_followed_is_none_and_not_asked_for(stage: Stage) -> None:
    stage.open()
    assert stage.broker.quote("900901.SH") is None
    assert "900901.SH" not in stage.broker._quotes._wanted


# --- reading --------------------------------------------------------------------------------------------------------


def tick(**changes: Any) -> dict[str, Any]:
    return {
        "time": int(MORNING.timestamp() * 1000),
        "lastPrice": 9.729999999999999,
        "lastClose": 9.5,
        "askPrice": [9.74, 9.75, 0.0, 0.0, 0.0],
        "askVol": [12, 0, 0, 0, 0],
        "bidPrice": [9.730000000000002, 0, 0, 0, 0],
        "bidVol": [3, 0, 0, 0, 0],
    } | changes


def test_floats_of_a_tick_are_rounded_and_lots_become_shares() -> None:
    told = read_tick(BANK, tick())
    assert told is not None
    assert (told.last, told.asks, told.bids) == (
        Decimal("9.73"),
        ((Decimal("9.74"), 1200),),
        ((Decimal("9.73"), 300),),
    )
    assert told.at == MORNING


def test_a_bonds_lots_are_of_ten() -> None:
    told = read_tick("113050.SH", tick(askPrice=[110.123], askVol=[5]))
    assert told is not None and told.asks == ((Decimal("110.123"), 50),)


def test_a_tick_that_names_no_price_is_none() -> None:
    assert read_tick(BANK, tick(lastPrice=0.0, lastClose=0.0)) is None


def test_a_tick_of_nan_cannot_be_read() -> None:
    with pytest.raises(Unreadable):
        read_tick(BANK, tick(lastPrice=math.nan))


def detail(**changes: Any) -> dict[str, Any]:
    return {
        "InstrumentName": "浦发银行", "TradingDay": "20261120", "PreClose": 8.85, "UpStopPrice": 9.739999999999998,
        "DownStopPrice": 7.97, "PriceTick": 0.01, "InstrumentStatus": 0,
    } | changes  # fmt: skip


def test_details_are_exact() -> None:
    told = read_detail(BANK, detail())
    assert (told.up_limit, told.down_limit, told.tick, told.day) == (
        Decimal("9.74"),
        Decimal("7.97"),
        CENT,
        date(2026, 11, 20),
    )


@pytest.mark.parametrize("day", ["", None, "0", 0, "2026-11-20"])
def test_details_without_a_trading_day_cannot_be_read(day: Any) -> None:
    with pytest.raises(Unreadable):
        read_detail(BANK, detail(TradingDay=day))


@pytest.mark.parametrize(
    ("value", "limit"),
    [(9.74, Decimal("9.74")), (0.0, None), (None, None), (1.7e308, None), (99999.99, None), (math.nan, None)],
)
def test_a_missing_limit_is_none(value: Any, limit: Decimal | None) -> None:
    assert limit_of(value, BANK, CENT) == limit


def test_a_missing_tick_size_is_the_boards() -> None:
    assert read_detail("510300.SH", detail(PriceTick=0.0)).tick == Decimal("0.001")


# --- tables ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "status"),
    [
        ((48, 49), BrokerStatus.PENDING),
        ((50, 55), BrokerStatus.WORKING),
        ((51, 52), BrokerStatus.CANCEL_PENDING),
        ((53, 54), BrokerStatus.CANCELLED),
        ((56,), BrokerStatus.FILLED),
        ((57,), BrokerStatus.REJECTED),
        ((255, 0, 58, -1), BrokerStatus.UNKNOWN),
    ],
)
def test_every_status_code_has_one_meaning(codes: tuple[int, ...], status: BrokerStatus) -> None:
    assert {status_of(code) for code in codes} == {status}


def test_the_status_table_has_the_librarys_codes() -> None:
    from xtquant import xtconstant  # type: ignore[import-untyped, import-not-found, unused-ignore]

    names = [
        name for name in vars(xtconstant) if name.startswith("ORDER_") and isinstance(getattr(xtconstant, name), int)
    ]
    assert {getattr(xtconstant, name) for name in names} == set(STATUS)


def test_unknown_order_types_raise() -> None:
    with pytest.raises(Unreadable):
        side_of(27)


def test_unlisted_account_statuses_count_as_logged_out() -> None:
    assert login_of(0)[0] is Login.IN
    assert login_of(77)[0] is Login.OUT


@pytest.mark.parametrize(
    ("value", "price"),
    [(9.729999999999999, "9.73"), (9.735, "9.74"), (10.0, "10.00"), (0.1 + 0.2, "0.30")],
)
def test_prices_are_rounded_half_up_to_the_tick(value: float, price: str) -> None:
    assert str(price_of(value, BANK)) == price


def test_money_is_exact_to_the_fen() -> None:
    assert money_of(999994.9900000001) == Decimal("999994.99")


@pytest.mark.parametrize("value", [1795140000, 1795140000_000, 20261120100000])
def test_times_come_as_seconds_milliseconds_or_digits(value: int) -> None:
    assert moment_of(value, datetime.max.replace(tzinfo=BEIJING)) == MORNING


@pytest.mark.parametrize("value", [0, -1, 95959, 20261399000000])
def test_a_time_that_is_none_is_now(value: int) -> None:
    assert moment_of(value, MORNING) == MORNING
