"""How old a card is, and the stocks that somebody watches."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By

from tests.browser.desk import Desk
from tests.browser.window import Window

pytestmark = pytest.mark.long


def test_a_card_tells_its_age_and_that_it_stands_still_while_something_in_it_is_open(
    desk: Desk, inside: Window
) -> None:
    inside.open("/signals")
    desk.signal("000001.XSHE", 1000)
    inside.sees("000001.SZ", "#list")
    inside.tick("#list td.stamp a")
    inside.sees("已完成", "#story")
    before = inside.one("#steps h2 time").get_attribute("datetime")
    inside.until(lambda: inside.one("#steps h2 time").get_attribute("datetime") != before, "a card that is read again")
    assert "stale" not in str(inside.one("#steps h2 time").get_attribute("class"))

    inside.tick("#steps details summary")
    inside.until(lambda: inside.all("#steps h2 time.stale"), "a card that says that it stands still")
    assert not inside.all("#story h2 time.stale") and not inside.all(".standing time.stale")
    inside.shoot("card-that-stands-still")
    inside.tick("#steps details summary")
    inside.run("document.activeElement.blur()")
    inside.until(lambda: not inside.all("#steps h2 time.stale"), "a card that goes on")


def test_a_text_that_is_marked_stays_marked_while_only_its_age_changes(inside: Window) -> None:
    inside.open("/waiting")
    inside.run("getSelection().selectAllChildren(document.querySelector('#waiting-orders p'))")
    before = inside.one("#waiting-orders h2 time").get_attribute("datetime")
    inside.until(
        lambda: inside.one("#waiting-orders h2 time").get_attribute("datetime") != before, "a card that is read again"
    )
    assert "没有委托在等" in str(inside.run("return getSelection().toString()"))


def test_a_stock_is_watched_from_its_code_on_and_quoted_by_itself(inside: Window) -> None:
    inside.open("/")
    inside.fill("#watch", symbol="600036")
    inside.send("加进自选", within="#watch")
    inside.sees("600036.SH", "#watched-rows")
    inside.until(lambda: ":" in inside.text("#watched-rows td.stamp"), "a quote")
    before = inside.text("#watched-rows td.stamp")
    inside.until(lambda: inside.text("#watched-rows td.stamp") != before, "the next quote")
    inside.be_a_phone()
    assert inside.too_wide() == []
    assert inside.one("#watched-rows td").get_attribute("data-label") == "代码"
    inside.shoot("watched-390")
    inside.send("移出", within="#watched-rows")
    inside.sees("还没有自选", "#watched-rows")


def test_a_signal_that_was_not_done_is_explained_in_english(desk: Desk, inside: Window) -> None:
    inside.open("/signals")
    inside.tick(".who summary")
    inside.send("English", within=".looks")
    desk.signal("000001.XSHE", 100)
    inside.sees("less than a lot at this ratio", "#list")
    row = next(row for row in inside.all("#list tbody tr") if "less than a lot" in row.text)
    inside.open(str(row.find_element(By.CSS_SELECTOR, "a").get_attribute("href")))
    inside.sees("added up", "#story")
    assert "比例后不足一手" not in inside.text("#story")
