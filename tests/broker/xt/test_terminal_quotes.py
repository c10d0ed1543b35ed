"""The genuine xtdata over the simulated quote service: ticks, details, subscriptions, calendars, and their troubles."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from base_func import BEIJING
from desk.broker.xt_sim import PlaceTrouble, QuoteTrouble
from tests.broker.xt.genuine import House, house, needs_xtquant

pytestmark = needs_xtquant

CODE = "600000.SH"


@pytest.fixture
def home() -> Iterator[House]:
    with house() as built:
        yield built


def tick(home: House, code: str = CODE) -> dict[str, Any]:
    return home.xtdata.get_full_tick([code])[code]


def test_a_tick_has_five_levels_in_lots_and_no_limits(home: House) -> None:
    said = tick(home)
    quote = home.stage.exchange.quote(CODE)
    assert quote is not None
    assert said["time"] == int(quote.at.timestamp() * 1000)
    assert (said["lastPrice"], said["lastClose"], said["openInt"]) == (10.0, 10.0, 13)
    assert [round(price, 2) for price in said["askPrice"]] == [10.01, 10.02, 10.03, 10.04, 10.05]
    assert [round(price, 2) for price in said["bidPrice"]] == [10.00, 9.99, 9.98, 9.97, 9.96]
    assert said["askVol"] == [shares // 100 for _, shares in quote.asks]
    assert said["pvolume"] == 100 * said["volume"]
    assert not {"UpStopPrice", "limitUp", "highLimit"} & said.keys()


def test_prices_are_floats_with_noise(home: House) -> None:
    said = tick(home)
    assert any(price != round(price, 2) for price in said["askPrice"] + said["bidPrice"])


@pytest.mark.parametrize(
    ("scene", "full", "empty"), [("limit_up", "bidPrice", "askPrice"), ("limit_down", "askPrice", "bidPrice")]
)
def test_at_a_limit_the_other_side_is_zeros(home: House, scene: str, full: str, empty: str) -> None:
    home.stage.exchange.scene(CODE, **{scene: True})  # type: ignore[arg-type]
    said = tick(home)
    assert said[full][0] > 0
    assert said[empty] == [0.0] * 5


def test_what_is_not_listed_is_missing(home: House) -> None:
    assert home.xtdata.get_full_tick(["999999.XX", CODE]).keys() == {CODE}
    assert home.xtdata.get_instrument_detail("999999.XX") is None


def test_a_detail_has_the_limits_and_the_day(home: House) -> None:
    said = home.xtdata.get_instrument_detail(CODE)
    assert (said["ExchangeID"], said["InstrumentID"], said["InstrumentName"]) == ("SH", "600000", "模拟600000")
    assert [round(said[name], 2) for name in ("UpStopPrice", "DownStopPrice", "PreClose", "PriceTick")] == [
        *(11.0, 9.0, 10.0, 0.01)
    ]
    assert (said["TradingDay"], said["InstrumentStatus"], said["IsTrading"]) == ("20261120", 0, True)


def test_a_suspended_stock_says_so(home: House) -> None:
    home.stage.exchange.scene(CODE, suspended=True)
    assert home.xtdata.get_instrument_detail(CODE)["InstrumentStatus"] == 1
    assert (tick(home)["openInt"], tick(home)["askPrice"]) == (1, [0.0] * 5)


def test_a_subscription_is_pushed_on_a_native_thread_every_three_seconds(home: House) -> None:
    heard: list[tuple[str, Any]] = []

    def hear(said: Any) -> None:
        heard.append((threading.current_thread().name, said))

    seq = home.xtdata.subscribe_quote(CODE, "tick", callback=hear)
    home.pump()
    home.pump(2.9)
    assert len(heard) == 1
    home.pump(6.2)
    assert len(heard) == 4
    thread, said = heard[0]
    assert (thread, said[CODE][0]["lastPrice"]) == ("xtquant-native", 10.0)
    home.xtdata.unsubscribe_quote(seq)
    home.pump(30)
    assert len(heard) == 4


def test_a_whole_subscription_tells_one_tick_a_code(home: House) -> None:
    heard: list[Any] = []
    home.xtdata.subscribe_whole_quote([CODE, "000001.SZ"], callback=heard.append)
    home.pump()
    assert heard[0].keys() == {CODE, "000001.SZ"}
    assert heard[0][CODE]["lastPrice"] == 10.0


def test_subscriptions_are_gone_after_a_restart(home: House) -> None:
    heard: list[Any] = []
    home.xtdata.subscribe_quote(CODE, "tick", callback=heard.append)
    home.pump()
    home.terminal.die()
    with pytest.raises(Exception, match="无法连接xtquant服务"):
        tick(home)
    home.terminal.start()
    home.pump(30)
    assert len(heard) == 1
    assert tick(home)["lastPrice"] == 10.0


def test_the_quote_line_fails_by_itself(home: House) -> None:
    link = home.joined()
    assert tick(home)
    home.terminal.cut_quotes()
    with pytest.raises(Exception, match="无法连接xtquant服务"):
        tick(home)
    assert home.ask(link, "stock_asset").cash == 1_000_000
    home.terminal.restore_quotes()
    assert tick(home)


def test_quotes_go_on_while_the_account_has_no_line(home: House) -> None:
    (account,) = home.terminal.counters
    home.terminal.logout(account)
    assert tick(home)["lastPrice"] == 10.0


def test_each_trouble_of_quotes_happens_once(home: House) -> None:
    fresh = tick(home)
    home.faults.once(QuoteTrouble.MISSING)
    assert home.xtdata.get_full_tick([CODE]) == {}
    home.faults.once(QuoteTrouble.ZERO)
    zero = tick(home)
    assert (zero["lastPrice"], zero["askPrice"], zero["bidVol"]) == (0.0, [0.0] * 5, [0] * 5)
    home.faults.once(QuoteTrouble.STALE)
    assert fresh["time"] - tick(home)["time"] == 600_000
    home.faults.once(QuoteTrouble.RAISES)
    with pytest.raises(RuntimeError):
        tick(home)
    home.faults.once(QuoteTrouble.STALE)
    assert home.xtdata.get_instrument_detail(CODE)["TradingDay"] == "20261119"
    home.faults.once(QuoteTrouble.MISSING)
    assert home.xtdata.get_instrument_detail(CODE) is None
    assert tick(home) == fresh


@pytest.mark.parametrize("hung", [False, True])
def test_a_stuck_quote_comes_back_when_it_is_let_go(home: House, hung: bool) -> None:
    assert tick(home)
    if hung:
        home.terminal.hang()
    else:
        home.faults.once(QuoteTrouble.STUCK)
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(tick(home)))
    thread.start()
    while thread.is_alive():
        if hung:
            home.terminal.hang(False)
        else:
            home.terminal.unstick()
        thread.join(0.01)
    assert got[0]["lastPrice"] == 10.0


def test_trading_dates_end_today(home: House) -> None:
    said = home.xtdata.get_trading_dates("SH", "20261116", "20261231")
    days = [datetime.fromtimestamp(ms / 1000, BEIJING).strftime("%m%d") for ms in said]
    assert days == ["1116", "1117", "1118", "1119", "1120"]
    assert len(home.xtdata.get_trading_dates("SH", count=3)) == 3


@pytest.fixture
def in_beijing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The genuine calendar counts days in the machine's own time."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system's time zone cannot be changed")
    monkeypatch.setenv("TZ", "CST-8")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_beijing")
def test_the_calendar_raises_beyond_the_published_holidays(home: House) -> None:
    days = ["20261119", "20261120", "20261123", "20261124"]
    assert home.xtdata.get_trading_calendar("SH", "20261119", "20261124") == days
    with pytest.raises(Exception, match="超出现有节假日数据"):
        home.xtdata.get_trading_calendar("SH", "20261119", "20270110")


def test_quotes_and_orders_meet_the_same_market(home: House) -> None:
    link = home.joined()
    home.faults.once(PlaceTrouble.ANSWERED_EARLY)
    best = tick(home)["askPrice"][0]
    link.order("g-1", shares=100, price=round(best, 2))
    home.pump(0.5)
    assert round(link.told.of("stock_trade")[0].traded_price, 2) == 10.01
    home.stage.exchange.scene(CODE, price=Decimal("10.50"))
    assert round(tick(home)["lastPrice"], 2) == 10.5
