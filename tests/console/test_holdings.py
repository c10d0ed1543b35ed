"""持仓与偏差 and 待确认 over a desk that trades."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from desk.core.values import Mode, SnapshotPolicy
from desk.journal.view_plans import plans
from tests.console.room import TRADING
from tests.console.trading_room import TradingRoom
from tests.world import strategy

BANK, BANK_HERE = "000001.XSHE", "000001.SZ"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[TradingRoom]:
    made = TradingRoom(
        tmp_path,
        strategies=[
            strategy("小市值", "xsz"),
            strategy("白马", "bm", mode=Mode.CONFIRM),
            strategy("轮动", "ld", snapshot_policy=SnapshotPolicy.PROPOSE),
        ],
    )
    for symbol in (BANK_HERE, "600000.SH"):
        made.world.scene(symbol, price=Decimal(10))
    yield made
    made.close()


def test_holdings_and_books_are_shown_with_what_they_lack_and_why(room: TradingRoom) -> None:
    world, browser = room.world, room.browser("看客")
    assert "还没有持仓" in browser.get("/holdings").text
    world.order("1", BANK, "buy", 300)
    world.pass_time(10)
    world.order("2", "600000.XSHG", "buy", 200, kid="bm")
    world.journal.ask("reconcile", {}, "test")
    world.settle()
    page = browser.get("/holdings").text
    assert BANK_HERE in page and "已决定、未下单 +200 股" in page and "另有 1 本账与应持一致" in page
    assert ">小市值</td>" in browser.get("/holdings?all=1").text
    assert ">小市值</td>" not in browser.get("/holdings?all=1&strategy=白马").text
    changes = browser.get(f"/holdings/book?strategy=小市值&account=主账户&symbol={BANK_HERE}").text
    assert "+300" in changes
    assert browser.get("/holdings/book?strategy=x&symbol=y&mark=z").status_code == 400


def test_an_order_is_approved_with_the_trading_password_alone(room: TradingRoom) -> None:
    world, browser = room.world, room.browser()
    world.order("1", BANK, "buy", 300, kid="bm")
    (intent,) = world.trader.ledger.intents.values()
    wrong = browser.post(f"/waiting/{intent.intent_id}/approve", {"trading_password": "000000"}, follow_redirects=True)
    assert "交易密码不对" in wrong.text
    assert not world.trader.ledger.intents[intent.intent_id].approved
    assert "已批准 1 笔" in room.send(browser, f"/waiting/{intent.intent_id}/approve")
    world.pass_time(10)
    assert world.own(BANK_HERE, "白马") == 300
    assert room.noted()[-1] == ("操盘", "waiting.approve", intent.intent_id)


def test_all_means_what_the_page_has_shown(room: TradingRoom) -> None:
    world, browser = room.world, room.browser()
    world.order("1", BANK, "buy", 300, kid="bm")
    (shown,) = world.trader.ledger.intents
    world.order("2", "600000.XSHG", "buy", 200, kid="bm")
    room.send(browser, "/waiting/all/approve", {"shown": shown})
    world.pass_time(10)
    assert (world.own(BANK_HERE, "白马"), world.own("600000.SH", "白马")) == (300, 0)
    assert "页面上没有等待的委托" in room.send(browser, "/waiting/all/reject")
    (late,) = [i.intent_id for i in world.trader.ledger.intents.values() if not i.approved]
    assert "已拒绝 1 笔" in room.send(browser, f"/waiting/{late}/reject")


def test_a_plan_is_shown_with_its_orders_and_approved_or_dropped(room: TradingRoom) -> None:
    world, browser = room.world, room.browser()
    world.order("1", "600000.XSHG", "buy", 100, kid="ld")
    world.pass_time(10)
    world.snapshot({"600000.XSHG": 300}, kid="ld", equity=100000)
    (plan,) = plans(world.journal)
    for path in ("/holdings", "/waiting"):
        page = browser.get(path).text
        assert plan["id"] in page and "600000.SH" in page and "补齐" in page
    assert "approve" not in room.browser("看客").get("/waiting").text
    answer = browser.post(f"/waiting/{plan['id']}/reject", {"trading_password": TRADING}, follow_redirects=True)
    assert "已作废" in answer.text and plans(world.journal) == []
    world.snapshot({"600000.XSHG": 300}, kid="ld", equity=100000)
    (plan,) = plans(world.journal)
    room.send(browser, f"/waiting/{plan['id']}/approve")
    world.pass_time(10)
    assert world.own("600000.SH", "轮动") == 300


def test_a_book_is_adjusted_by_a_plan_and_traded_once_it_is_approved(room: TradingRoom) -> None:
    world, browser = room.world, room.browser()
    world.order("1", BANK, "buy", 300)
    world.pass_time(10)
    wanted = {"strategy": "小市值", "account": "主账户", "symbol": BANK_HERE}
    assert "调整应持" in browser.get("/holdings/book", query_string=wanted).text
    assert "不能是 0" in room.send(browser, "/holdings/adjust", {**wanted, "shares": "0"})
    assert "已做计划" in room.send(browser, "/holdings/adjust", {**wanted, "shares": "200"})
    (plan,) = plans(world.journal)
    room.send(browser, f"/waiting/{plan['id']}/approve")
    world.pass_time(10)
    assert world.own(BANK_HERE) == 500


def test_what_strangers_write_is_shown_and_not_run(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    room = TradingRoom(
        tmp_path, strategies=[strategy(evil, "e", mode=Mode.CONFIRM, snapshot_policy=SnapshotPolicy.PROPOSE)]
    )
    try:
        room.world.scene(BANK_HERE, price=Decimal(10))
        room.world.order("1", BANK, "buy", 300, kid="e")
        room.world.snapshot({BANK: 900}, kid="e", equity=100000)
        browser = room.browser("店主")
        asked = f"strategy={evil}&account={evil}&symbol={evil}&shares={evil}&price={evil}&key={evil}"
        for path in ("/holdings?all=1&", "/holdings/book?", "/waiting?", "/strategies?", "/risk?", "/trade?"):
            page = browser.get(path + asked).text
            assert evil not in page, path
        assert "&lt;script&gt;" in browser.get("/waiting").text
    finally:
        room.close()
