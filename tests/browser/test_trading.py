"""What moves money, pressed by a person: an order by hand, a cancel, the ratio, a plan, the halt."""

from __future__ import annotations

import json

import pytest

from tests.browser.desk import TRADING, Desk
from tests.browser.window import Window

pytestmark = pytest.mark.long

CHANGES = "#main > section:has(#strategy-xsz)"


def checked(window: Window, symbol: str, shares: int, price: str = "") -> None:
    window.open("/trade")
    window.fill(symbol=symbol, shares=str(shares), price=price)
    window.send("预检")
    window.sees(f"{shares:,} 股")


def test_an_order_by_hand_asks_for_the_trading_password_and_fills(inside: Window) -> None:
    checked(inside, "600000", 300)
    inside.fill(trading_password="geraten")
    inside.send("确认买入")
    inside.sees("交易密码", ".notice.bad")
    assert not inside.all("#sent")
    assert "600000.SH" not in inside.text("#latest")

    checked(inside, "600000", 300)
    inside.fill(trading_password=TRADING)
    inside.send("确认买入")
    inside.sees("全部成交", "#sent")
    inside.sees("600000.SH", "#by-hand")
    inside.shoot("order-by-hand")


def test_a_resting_order_is_cancelled_after_a_question(desk: Desk, inside: Window) -> None:
    inside.open("/signals")
    desk.signal("000001.XSHE", 1000)
    inside.until(lambda: "已完成" in row_of(inside, "#list", "000001.SZ"), "a market of the stock")

    checked(inside, "000001", 200)
    last = float(inside.text("#market tr.last td"))
    checked(inside, "000001", 200, f"{last * 0.95:.2f}")
    inside.fill(trading_password=TRADING)
    inside.send("确认买入")
    inside.sees("已报", "#latest")

    inside.open("/orders?symbol=000001.SZ&strategy=手动")
    inside.sees("已报", "#list tbody")
    inside.send("撤单", within="#list tbody", asks=True)
    inside.sees("已撤", "#list tbody")


def test_a_new_ratio_is_written_and_the_plan_to_it_is_bought_after_approval(desk: Desk, inside: Window) -> None:
    inside.open("/signals")
    desk.signal("000002.XSHE", 1000)
    inside.until(lambda: "已完成" in row_of(inside, "#list", "000002.SZ"), "a signal that is followed at 0.5")

    inside.open("/strategies")
    inside.tick(f"{CHANGES} details summary")
    inside.fill(CHANGES, trading_password=TRADING, ratio="0.8")
    inside.tick(f"{CHANGES} [name='plan']")
    inside.send("改比例", within=CHANGES)
    inside.sees("× 0.8", "#strategy-xsz")
    written = json.loads((desk.home / "config" / "聚宽跟单设置.json").read_text(encoding="utf-8"))
    assert str(written["策略"][0]["跟单比例"]) == "0.8"

    inside.open("/waiting")
    inside.sees("小市值", "#waiting-plans article")
    inside.sees("300", "#waiting-plans article table")  # 1000 × 0.8 − 500
    inside.fill("#decide", trading_password=TRADING)
    inside.send("批准", within="#waiting-plans article")
    inside.until(lambda: not inside.all("#waiting-plans article"), "no plan to wait any more")
    inside.open("/holdings?strategy=小市值")
    inside.until(lambda: "800" in row_of(inside, "main", "000002.SZ"), "800 shares in the book")


def test_the_halt_of_every_page_stops_buying_until_it_is_lifted(desk: Desk, inside: Window) -> None:
    inside.open("/risk")
    inside.send("急停", within=".top")
    inside.at("/halt")
    inside.fill("form[action='/halt']", reason="演习", trading_password=TRADING)
    inside.send("急停", within="form[action='/halt']")
    inside.sees("已急停", ".standing")

    inside.open("/signals")
    desk.signal("600036.XSHG", 1000)
    inside.sees("急停中", "#list")
    inside.send("解除急停", within=".top")
    inside.shoot("halted")
    inside.fill("form[action='/halt/lift']", reason="好了", trading_password=TRADING)
    inside.send("解除急停", within="form[action='/halt/lift']")
    inside.sees_no_more("已急停", ".standing")

    inside.open("/signals")
    desk.signal("601318.XSHG", 1000)
    inside.sees("601318.SH", "#list")
    inside.until(lambda: "已完成" in row_of(inside, "#list", "601318.SH"), "a signal that is followed again")


def row_of(window: Window, within: str, symbol: str) -> str:
    return next((row.text for row in window.all(f"{within} tbody tr") if symbol in row.text), "")
