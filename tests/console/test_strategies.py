"""策略 and 风控限额: what is shown, what is asked of the files, and what is noted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest

from desk.core.batch import Batch
from desk.core.wire import make_secret
from tests.console.room import Said
from tests.console.trading_room import TradingRoom
from tests.settings.homes import account, analysis, follow, strategy, write_home


@pytest.fixture
def room(tmp_path: Path) -> Iterator[TradingRoom]:
    made = TradingRoom(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("path", "form", "wished"),
    [
        ("pause", {}, ("pause", {"name": "小市值"})),
        ("resume", {}, ("resume", {"name": "小市值"})),
        ("sell-only", {"on": "1"}, ("sell_only", {"name": "小市值", "on": "1"})),
        ("ratio", {"ratio": " 0.5 "}, ("ratio", {"name": "小市值", "ratio": "0.5", "account": ""})),
        ("mode", {"mode": "确认"}, ("mode", {"name": "小市值", "mode": "确认", "sure": ""})),
        ("mode", {"mode": "实盘", "sure": "1"}, ("mode", {"name": "小市值", "mode": "实盘", "sure": "1"})),
    ],
)
def test_a_switch_is_a_wish_to_the_files_and_is_noted(
    room: TradingRoom, path: str, form: dict[str, str], wished: tuple[str, dict[str, str]]
) -> None:
    room.changed.answer = Said(ok=True, text="运行中的程序已采用。")
    assert "运行中的程序已采用" in room.send(room.browser(), f"/strategies/xsz/{path}", form)
    assert [(verb, args) for verb, args, _ in room.changed.wishes] == [wished]
    assert room.changed.wishes[0][2] == "console:操盘"
    assert room.noted()[-1] == ("操盘", f"strategy.{wished[0]}", "小市值")
    row = room.guard.trail.rows(limit=1)[0]
    assert row.old and json.loads(row.new or "")["ok"] is True


def test_nothing_goes_live_without_the_box_and_nothing_changes_without_the_password(room: TradingRoom) -> None:
    browser = room.browser()
    assert "要勾选确定" in room.send(browser, "/strategies/xsz/mode", {"mode": "实盘"})
    for path, form in (("ratio", {"ratio": "2"}), ("mode", {"mode": "确认"}), ("resume", {}), ("sell-only", {})):
        answer = browser.post(f"/strategies/xsz/{path}", {**form, "trading_password": "000000"}, follow_redirects=True)
        assert "交易密码不对" in answer.text
    assert room.changed.wishes == []
    assert browser.post("/strategies/nobody/pause").status_code == 404


def test_a_new_ratio_can_bring_a_plan_for_what_is_held(room: TradingRoom) -> None:
    world = room.world
    world.scene("000001.SZ", price=Decimal(10))
    world.order("1", "000001.XSHE", "buy", 300)
    world.pass_time(10)
    page = room.send(room.browser(), "/strategies/xsz/ratio", {"ratio": "1", "plan": "1"})
    assert "不需要买卖" in page
    assert [row[1] for row in room.noted()[-2:]] == ["strategy.ratio", "strategy.plan"]


def test_the_code_for_joinquant_is_for_administrators_and_noted(room: TradingRoom) -> None:
    secret = make_secret(bytes(32))
    first = replace(room.world.config.strategies[0], secret=secret)
    room.world.config = replace(room.world.config, strategies=(first,))
    assert room.browser("操盘").post("/strategies/xsz/snippet").status_code == 403
    boss = room.browser("店主")
    assert secret not in boss.get("/strategies").text
    assert secret in room.send(boss, "/strategies/xsz/snippet")
    assert room.noted()[-1] == ("店主", "strategy.snippet", "小市值")


def test_limits_show_their_use_and_where_they_come_from(room: TradingRoom) -> None:
    write_home(
        room.folder, follow(strategy(), 限额={"单日委托数": 10}), analysis(account("主账户", 限额={"单票仓位": None}))
    )
    limits = replace(room.world.config.accounts[0].limits, day_orders=10)
    fresh = replace(room.world.config.accounts[0], limits=limits)
    room.world.config = replace(room.world.config, accounts=(fresh,))
    room.world.scene("000001.SZ", price=Decimal(10))
    room.world.order("1", "000001.XSHE", "buy", 300)
    room.world.pass_time(10)
    page = room.browser("店主").get("/risk").text
    assert 'max="10"' in page and 'value="1"' in page and "10.00%" in page
    assert page.count("全部账户") >= 2 and 'value="不限"' in page


def test_limits_are_changed_by_administrators_and_noted_old_and_new(room: TradingRoom) -> None:
    write_home(room.folder, follow(strategy(), 限额={"单日委托数": 10}), analysis(account("主账户")))
    form = {"account": "", "order_value": "1000", "day_orders": "10"}
    assert room.browser("操盘").post("/risk/limits", form).status_code == 403
    room.send(room.browser("店主"), "/risk/limits", form)
    verb, args, _ = room.changed.wishes[-1]
    assert (verb, args) == ("limits", {"account": "", "单笔金额": "1000", "单日委托数": "10"})
    row = next(row for row in room.guard.trail.rows(limit=9) if row.action == "limits")
    assert (json.loads(row.old or ""), json.loads(row.new or "")) == (
        {"单笔金额": ""},
        {"new": {"单笔金额": "1000"}, "ok": True},
    )


def test_what_was_stopped_without_standing_in_a_file_is_resumed_by_its_name(room: TradingRoom) -> None:
    browser = room.browser()
    assert "已熔断" not in browser.get("/strategies").text
    room.world.journal.commit(Batch(flags={"stopped:手动": "委托 x 成交多于委托"}))
    page = browser.get("/strategies").text
    assert "已熔断" in page and quote("/strategies/手动/resume") in page
    wrong = browser.post("/strategies/手动/resume", {"trading_password": "000000"}, follow_redirects=True)
    assert "交易密码不对" in wrong.text and room.changed.wishes == []
    room.send(browser, "/strategies/手动/resume")
    assert [(verb, args) for verb, args, _ in room.changed.wishes] == [("resume", {"name": "手动"})]
    assert browser.post("/strategies/手动/pause").status_code == 404
