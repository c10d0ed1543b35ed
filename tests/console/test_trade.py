"""手动下单: checked before, confirmed with the trading password, ordered once, its fill shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from desk.core.config import AccountConfig
from desk.core.manual import STRATEGY
from tests.console.room import TRADING, Browser
from tests.console.trading_room import TradingRoom
from tests.world import NO_LIMITS

BANK = "000001.SZ"
BUY = {"account": "主账户", "symbol": BANK, "side": "buy", "shares": "300"}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[TradingRoom]:
    made = opened(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TradingRoom]:
    """A room in which nothing is done."""
    made = opened(tmp_path_factory.mktemp("shown"))
    yield made
    made.close()


def opened(folder: Path) -> TradingRoom:
    limits = replace(NO_LIMITS, order_value=Decimal(800000))
    made = TradingRoom(folder, accounts=[AccountConfig(name="主账户", feed="通道", limits=limits)])
    made.world.scene(BANK, price=Decimal(10))
    made.world.pass_time(5)
    made.world.journal.ask("reconcile", {}, "test")
    made.world.settle()
    return made


def checked(browser: Browser, **changed: str) -> str:
    return browser.get("/trade", query_string={**BUY, **changed}).text


def confirmed(page: str) -> dict[str, str]:
    """The fields of the form that confirms."""
    return dict(
        re.findall(r'<input type="hidden" name="(key|account|symbol|side|shares|price)" value="([^"]*)">', page)
    )


def test_an_order_goes_from_the_form_to_its_fill(room: TradingRoom) -> None:
    browser = room.browser()
    page = checked(browser, symbol="000001")
    assert "连费用约" in page and "卖1" in page and "买5" in page
    form = confirmed(page)
    assert {name: form[name] for name in BUY} == BUY
    assert "这笔委托" in room.send(browser, "/trade", form)
    room.world.pass_time(10)
    page = browser.get(f"/trade?key={form['key']}").text
    assert "已成 300 / 300 股" in page and "全部成交" in page
    assert room.noted()[-1] == ("操盘", "order", BANK)


def test_a_form_sent_twice_orders_once(room: TradingRoom) -> None:
    browser = room.browser()
    form = confirmed(checked(browser))
    room.send(browser, "/trade", form)
    assert "没有重复下单" in room.send(browser, "/trade", form)
    room.world.pass_time(10)
    assert room.world.own(BANK, STRATEGY) == 300


def test_a_wrong_trading_password_orders_nothing_and_keeps_the_form(room: TradingRoom) -> None:
    browser = room.browser()
    form = {**confirmed(checked(browser)), "trading_password": "000000"}
    answer = browser.post("/trade", form, follow_redirects=True)
    assert "交易密码不对" in answer.text and confirmed(answer.text)["shares"] == "300"
    assert not room.world.trader.ledger.intents


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"shares": "150"}, "往下最近的是 100 股"),
        ({"symbol": "999999"}, "不认识的股票代码 999999"),
        ({"shares": "很多"}, "股数要是大于 0 的整数"),
        ({"price": "10.005"}, "整数倍"),
        ({"price": "20"}, "涨跌停"),
        ({"side": "sell"}, "今天可卖 0 股"),
        ({"shares": "90000"}, "单笔金额上限"),
    ],
)
def test_what_would_be_refused_is_said_before_and_cannot_be_sent(
    shown: TradingRoom, changed: dict[str, str], said: str
) -> None:
    page = checked(shown.browser(), **changed)
    assert said in page
    assert "key" not in confirmed(page)


def test_parts_are_legal_shares_of_the_cash_and_of_what_may_be_sold_and_never_more(room: TradingRoom) -> None:
    browser = room.browser()
    price = room.world.desks["主账户"].broker.quote(BANK).asks[0][0]
    cash = Decimal(1000000)
    for part, share in (("1/2", 2), ("1/4", 4)):
        shares = int(confirmed(checked(browser, part=part, shares=""))["shares"])
        assert shares % 100 == 0 and cash / share - 200 * price < shares * price < cash / share
    assert "不足一手" in checked(browser, part="1/3", side="sell")
    room.send(browser, "/trade", confirmed(checked(browser)))
    room.world.go_to(room.world.clock.now() + timedelta(days=3))
    room.world.pass_time(10)
    browser = room.browser()
    assert confirmed(checked(browser, part="1/2", side="sell"))["shares"] == "100"
    assert confirmed(checked(browser, part="1", side="sell"))["shares"] == "300"
    assert f"symbol={BANK}&amp;side=sell&amp;shares=300" in browser.get("/trade").text.replace("%E4", "")


def test_a_looker_may_not_even_see_the_form(shown: TradingRoom) -> None:
    assert shown.browser("看客").get("/trade").status_code == 403
    assert shown.browser("看客").post("/trade", {**BUY, "trading_password": TRADING}).status_code == 403


def test_each_side_is_told_in_the_language_of_who_looks(shown: TradingRoom) -> None:
    browser = shown.browser()
    assert "<span>卖出</span>" in checked(browser)
    browser.post("/look", {"language": "en"})
    page = checked(browser)
    assert "<span>sell</span>" in page and "卖出" not in page
