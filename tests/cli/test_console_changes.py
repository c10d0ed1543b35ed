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
