"""总览: the day, what needs a person, the links, the curve and the prices of what is held."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desk.broker.xt.line import Timing
from desk.core.batch import Batch
from desk.dealing.account import _LONGEST_BACKOFF_S
from desk.texts.labels import price_text
from tests.console.lived_in import LivedIn
from tests.console.room import Room


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[LivedIn]:
    made = LivedIn(tmp_path)
    yield made
    made.close()


def test_the_day_is_shown_with_its_funnel_and_reasons(lived: LivedIn) -> None:
    text = lived.browser("看客").get("/").text
    assert 'width="100.0"' in text and "比例后不足一手 1" in text and "已完成 2" in text
    assert "000001.SZ" in text and "主账户" in text


def test_what_needs_a_person_leads_to_where_it_is_done(lived: LivedIn) -> None:
    text = lived.browser("看客").get("/").text
    assert 'href="/waiting">2 项等待确认' in text  # an order in 确认 mode and a plan
    lived.world.command("halt", reason="test")
    assert "已急停：test" in lived.browser("看客").get("/").text


def test_an_empty_desk_says_what_will_stand_here(room: Room) -> None:
    text = room.browser("看客").get("/").text
    assert "今天还没有下单信号" in text and "有了两天的资产" in text and "还没有持仓" in text


def test_the_curve_is_drawn_from_the_second_day_on(lived: LivedIn) -> None:
    assert "<polyline" not in lived.browser("看客").get("/").text
    lived.desk.next_day()
    lived.world.journal.ask("reconcile", {}, "test")
    lived.world.settle()
    assert '<polyline class="c0"' in lived.browser("看客").get("/").text


def test_prices_are_the_markets_where_a_channel_tells_them(lived: LivedIn) -> None:
    text = lived.browser("看客").get("/").text
    quote = lived.world.desks["主账户"].broker.quote("000001.SZ")
    assert quote is not None and f">{price_text(quote.last)}</td>" in text and "账户上次看到" not in text


def test_a_stock_is_watched_in_this_browser_until_it_is_removed(lived: LivedIn) -> None:
    browser = lived.browser("看客")
    assert "还没有自选" in browser.get("/").text
    page = browser.post("/watch", {"symbol": "600000"}, follow_redirects=True).text
    quote = lived.world.desks["主账户"].broker.quote("600000.SH")
    assert quote is not None and "还没有自选" not in page
    assert re.search(rf"600000\.SH.*?{price_text(quote.last)}</td>", page, re.DOTALL)
    assert "还没有自选" in lived.browser("看客").get("/").text, "another browser watches nothing"
    assert "还没有自选" in browser.post("/watch", {"gone": "600000.SH"}, follow_redirects=True).text


def test_what_is_no_symbol_is_not_watched_and_twelve_are_enough(lived: LivedIn) -> None:
    browser = lived.browser("看客")
    for typed in ("<b>", "999999"):
        assert "不认识这个代码" in browser.post("/watch", {"symbol": typed}, follow_redirects=True).text
    browser.client.set_cookie("gendan_watch", "+".join(f"6000{number:02}.SH" for number in range(12)))
    assert "最多 12 只" in browser.post("/watch", {"symbol": "601318"}, follow_redirects=True).text
    assert "601318.SH" not in browser.get("/").text and "600011.SH" in browser.get("/").text
    browser.client.set_cookie("gendan_watch", "<script>+600000.SH+600000.SH+..")
    page = browser.get("/").text
    assert "<script>+" not in page and page.count('name="gone"') == 1


def test_what_was_stopped_or_frozen_needs_a_person(lived: LivedIn) -> None:
    journal, trader = lived.journal, lived.world.trader
    key, book = next(iter(trader.ledger.books.items()))
    journal.commit(Batch(flags={"stopped:小市值": "x"}, books={key: replace(book, frozen="对不上")}))
    text = lived.browser("看客").get("/").text
    assert 'href="/strategies">1 个策略已熔断' in text and 'href="/holdings">1 本账已冻结' in text


def test_an_account_without_its_line_says_who_connects_it_again(lived: LivedIn) -> None:
    browser = lived.browser("看客")
    for page in ("/", "/links"):
        assert "程序自己在重连" in browser.get(page).text
    assert {Timing().longest_backoff_s, _LONGEST_BACKOFF_S} == {60.0}, "as the page says"
    browser.post("/look", {"language": "en"})
    assert "connects again by itself" in browser.get("/").text
    lived.running = False
    assert "nobody connects" in browser.get("/").text


@pytest.mark.parametrize(("page", "back"), [("/", "overview"), ("/links", "links")])
def test_a_person_has_an_account_connected_where_it_is_not(lived: LivedIn, page: str, back: str) -> None:
    browser, button = lived.browser("操盘"), 'action="/links/%E4%B8%BB%E8%B4%A6%E6%88%B7/connect"'
    assert button in browser.get(page).text and f'name="back" value="{back}"' in browser.get(page).text
    answer = browser.post("/links/主账户/connect", {"back": back})
    assert answer.location == page
    assert "账户 主账户 已经连接" in browser.get(page).text, "as the trader says that really has it"
    assert lived.wished == [("connect", {"id": "主账户"}, "console:操盘")]
    assert [row[:3] for row in lived.noted() if row[1] != "login"] == [("操盘", "account.connect", "主账户")]
    assert "让账户马上连接" in lived.browser("店主").get("/audit").text


def test_who_may_only_look_and_who_has_no_trader_gets_no_button(lived: LivedIn) -> None:
    for page in ("/", "/links"):
        assert "/connect" not in lived.browser("看客").get(page).text
    lived.running = False
    browser = lived.browser("操盘")
    for page in ("/", "/links"):
        assert "/connect" not in browser.get(page).text
    assert "没有谁在连接" in browser.post("/links/主账户/connect", {}, follow_redirects=True).text
    assert lived.wished == [], "no wish is kept for a later start"
