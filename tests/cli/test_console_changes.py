"""What the console changes in the files: the verbs of the command line, noted and told in the daemon's own journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desk.cli.asking import Answer
from desk.cli.console_changes import change
from desk.cli.home import Home
from desk.clock import SystemClock
from desk.journal import FILE_NAME, Journal
from desk.journal.view_pages import settings_page
from desk.settings import editing
from tests.cli.homes import write_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(write_home(tmp_path))


@pytest.fixture
def journal(home: Home) -> Iterator[Journal]:
    home.data.mkdir()
    made = Journal.open(home.data / FILE_NAME, clock=SystemClock())
    yield made
    made.close()


def strategy(home: Home) -> dict[str, Any]:
    text = (home.path / "config" / "聚宽跟单设置.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)["策略"][0]
    return found


def done(home: Home, journal: Journal, verb: str, **args: str) -> Answer:
    return change(home, journal, verb, {"name": "小市值", **args} if verb != "limits" else args, "console:店主")


def test_what_a_page_changes_stands_in_the_file_and_in_the_journal(home: Home, journal: Journal) -> None:
    assert done(home, journal, "pause").ok
    assert done(home, journal, "sell_only", on="1").ok
    assert done(home, journal, "ratio", ratio="0.8").ok
    assert done(home, journal, "mode", mode="确认").ok
    assert done(home, journal, "limits", account="", 单笔金额="1000").ok
    assert done(home, journal, "limits", account="模拟账户", 单笔金额="不限").ok
    file = strategy(home)
    assert (file["启用"], file["只卖不买"], file["跟单比例"], file["模式"]) == (False, True, 0.8, "确认")
    assert home.config().accounts[0].limits.order_value is None
    noted = settings_page(journal, mark=None, limit=9).rows[::-1]
    assert [(row["who"], row["key"], row["old"], row["new"]) for row in noted] == [
        ("console:店主", "策略[小市值].启用", "是", "否"),
        ("console:店主", "策略[小市值].只卖不买", "否", "是"),
        ("console:店主", "策略[小市值].跟单比例", "模拟账户 ×0.5", "0.8"),
        ("console:店主", "策略[小市值].模式", "模拟", "确认"),
        ("console:店主", "限额.单笔金额", None, "1000"),
        ("console:店主", "账户[模拟账户].限额.单笔金额", None, "不限"),
    ]
    assert done(home, journal, "resume").ok
    assert [(command.verb, command.args) for command in journal.pending_commands()] == [
        ("reload", {"resumed": "小市值"})
    ]


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("pause", {"name": "没有这个"}),
        ("ratio", {"ratio": "很大"}),
        ("ratio", {"ratio": "-1"}),
        ("ratio", {"ratio": "1", "account": "没有这个"}),
        ("mode", {"mode": "实盘"}),
        ("mode", {"mode": "乱写"}),
        ("limits", {"account": "", "单笔金额": "0"}),
        ("limits", {"account": "没有这个", "单笔金额": "1"}),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_changes_nothing(
    home: Home, journal: Journal, verb: str, args: dict[str, str]
) -> None:
    before = strategy(home)
    answer = done(home, journal, verb, **args)
    assert answer.ok is False and answer.text
    assert strategy(home) == before
    assert settings_page(journal, mark=None, limit=9).rows == []


FOLLOW, ANALYSIS = "聚宽跟单设置.json", "分析配置.json"


def file_of(home: Home, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home.path / "config" / name).read_text(encoding="utf-8"))
    return found


def asked(home: Home, journal: Journal, verb: str, **args: str) -> Answer:
    return change(home, journal, verb, args, "console:店主")


def test_settings_that_are_typed_stand_in_the_file_with_their_kinds(home: Home, journal: Journal) -> None:
    typed = {"委托等待秒数": "2.50", "让价档数": "1, 3，9", "尾盘停止追单时间": "14:55:00", "公网地址": "1.2.3.4:6000"}
    assert asked(home, journal, "settings", file=FOLLOW, **typed).ok
    typed = {"是否参加集合竞价": "是", "发送摘要时间": "11:31 15:05", "程序自检通知": "[]"}
    assert asked(home, journal, "settings", file=ANALYSIS, **typed).ok
    config = home.config()
    assert (str(config.chase.wait_s), config.chase.price_ticks, str(config.chase.last_chase)) == (
        *("2.5", (1, 3, 9), "14:55:00"),
    )
    assert (config.public_url, config.chase.opening_call) == ("http://1.2.3.4:6000", True)
    assert ([str(at) for at in config.messenger.summary_at], config.messenger.selfcheck_at) == (
        ["11:31:00", "15:05:00"],
        (),
    )
    noted = settings_page(journal, mark=None, limit=9).rows[::-1]
    assert [(row["key"], row["old"], row["new"]) for row in noted] == [
        ("聚宽跟单设置.委托等待秒数", "1", "2.5"),
        ("聚宽跟单设置.让价档数", None, "[1, 3, 9]"),
        ("聚宽跟单设置.尾盘停止追单时间", None, '"14:55:00"'),
        ("聚宽跟单设置.公网地址", '""', '"http://1.2.3.4:6000"'),
        ("分析配置.是否参加集合竞价", None, '"是"'),
        ("分析配置.发送摘要时间", "[]", '["11:31:00", "15:05:00"]'),
    ]


def test_kinds_are_silenced_noted_pushed_again_and_put_back(home: Home, journal: Journal) -> None:
    key = "不推送的消息"
    for typed, kinds in (("已下单, 成交", ("order", "fill")), ("成交", ("fill",)), ("", ())):
        assert asked(home, journal, "settings", file=ANALYSIS, **{key: typed}).ok
        assert home.config().messenger.silenced == kinds
    rows = settings_page(journal, mark=None, limit=9).rows[::-1]
    assert [(row["key"], row["old"], row["new"]) for row in rows] == [
        (f"分析配置.{key}", None, '["已下单", "成交"]'),
        (f"分析配置.{key}", '["已下单", "成交"]', '["成交"]'),
        (f"分析配置.{key}", '["成交"]', None),
    ]
    assert asked(home, journal, "roll_back", number=str(rows[-1]["id"])).ok
    assert home.config().messenger.silenced == ("fill",)


def test_a_form_that_is_sent_as_it_was_shown_changes_nothing(home: Home, journal: Journal) -> None:
    for file in (FOLLOW, ANALYSIS):
        before = file_of(home, file)
        shown = {key: editing.as_typed(text) for key, text in editing.written(home.path, file).items()}
        assert asked(home, journal, "settings", file=file, **shown).ok
        assert file_of(home, file) == before
    assert settings_page(journal, mark=None, limit=9).rows == []


def test_a_setting_that_is_left_empty_goes_back_to_its_default(home: Home, journal: Journal) -> None:
    assert asked(home, journal, "settings", file=FOLLOW, 委托等待秒数="").ok
    assert "委托等待秒数" not in file_of(home, FOLLOW)
    assert home.config().chase.wait_s == 5


@pytest.mark.parametrize(
    "args",
    [
        {"file": FOLLOW, "委托等待秒数": "0"},
        {"file": FOLLOW, "委托等待秒数": "7", "让价档数": "9 1"},
        {"file": FOLLOW, "端口": "1"},
        {"file": FOLLOW, "策略": "[]"},
        {"file": "elsewhere.json", "委托等待秒数": "7"},
        {"file": ANALYSIS, "发送摘要时间": "25:00"},
        {"file": ANALYSIS, "不推送的消息": "已下单, 警报"},
        {"file": ANALYSIS, "不推送的消息": "已下单, 午饭"},
        {"file": ANALYSIS, "微信地址": "http://evil"},
    ],
)
def test_what_does_not_fit_changes_nothing_of_the_settings(home: Home, journal: Journal, args: dict[str, str]) -> None:
    before = file_of(home, FOLLOW), file_of(home, ANALYSIS)
    answer = change(home, journal, "settings", args, "console:店主")
    assert answer.ok is False and answer.text
    assert (file_of(home, FOLLOW), file_of(home, ANALYSIS)) == before


def test_changes_are_put_back_with_all_that_came_after_them(home: Home, journal: Journal) -> None:
    before = file_of(home, FOLLOW), file_of(home, ANALYSIS)
    for file, key, text in (
        (FOLLOW, "委托等待秒数", "6"),
        (FOLLOW, "委托等待秒数", "7"),
        (ANALYSIS, "发送摘要时间", "15:05"),
        (FOLLOW, "等待确认秒数", "300"),
    ):
        assert asked(home, journal, "settings", file=file, **{key: text}).ok
    rows = settings_page(journal, mark=None, limit=9).rows
    assert asked(home, journal, "roll_back", number=str(rows[0]["id"])).ok
    assert "等待确认秒数" not in file_of(home, FOLLOW) and file_of(home, FOLLOW)["委托等待秒数"] == 7
    assert asked(home, journal, "roll_back", number=str(rows[-1]["id"])).ok
    assert (file_of(home, FOLLOW), file_of(home, ANALYSIS)) == before


def test_what_was_edited_by_hand_since_is_not_put_back(home: Home, journal: Journal) -> None:
    assert asked(home, journal, "settings", file=FOLLOW, 委托等待秒数="6").ok
    path = home.path / "config" / FOLLOW
    path.write_text(
        path.read_text(encoding="utf-8").replace('"委托等待秒数": 6', '"委托等待秒数": 8'), encoding="utf-8"
    )
    answer = asked(home, journal, "roll_back", number="1")
    assert answer.ok is False and "委托等待秒数" in answer.text
    assert file_of(home, FOLLOW)["委托等待秒数"] == 8


def test_only_changes_of_settings_are_put_back(home: Home, journal: Journal) -> None:
    assert done(home, journal, "pause").ok
    for number in ("1", "2", "999"):
        assert asked(home, journal, "roll_back", number=number).ok is False
    assert strategy(home)["启用"] is False


def test_orders_by_hand_that_were_stopped_are_resumed_without_a_row_in_the_file(home: Home, journal: Journal) -> None:
    before = (home.path / "config" / "聚宽跟单设置.json").read_bytes()
    assert done(home, journal, "resume", name="手动").ok
    assert (home.path / "config" / "聚宽跟单设置.json").read_bytes() == before
    assert [(command.verb, command.args) for command in journal.pending_commands()] == [("reload", {"resumed": "手动"})]
    assert settings_page(journal, mark=None, limit=9).rows == []
