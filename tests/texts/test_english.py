"""What the program says in Chinese, read in English: every label, every reason, every clause that its rules can say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.core.values import Fact, JqStatus, OrderState, Reason, Verdict
from desk.settings.table import SETTINGS, Setting
from desk.texts import english_labels, english_said, english_settings, labels

_CHINESE = re.compile("[\u3400-\u9fff]")
_ROOT = Path(__file__).parents[2]
# Titles and texts of messages, which are shown as they were told; words that are no sentence.
_NOT_SHOWN = re.compile(
    "出现缺口|已熔断|价格不是今天的市价|卖出照常执行|有一份计划|没有自动执行|等您批准:plan show|已按快照补齐|"
    "快照与账本不同|"
    "系统时间跳了|日志写不进去|收盘前后程序没在运行|已随交易日结束|撤单后一直没有最终状态|结果未知|与券商断开|"
    "3 已连接|查询结果缺少|的通道出错|^3 3 3 3 股|^(买入|卖出|手动|未写原因)$|^3 的差额3"
)


def said_in(path: str) -> Iterator[str]:
    """Every Chinese text of a module but its docstrings; 3 stands for whatever is put into it."""
    tree = ast.parse((_ROOT / path).read_text(encoding="utf-8"))
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = ""
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "3" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner | statements:
            text = node.value
        if _CHINESE.search(text) and not _NOT_SHOWN.search(text):
            yield text


@pytest.mark.parametrize(
    "path",
    [
        "desk/texts/dealing.py",
        *(f"desk/core/{name}.py" for name in ("adjusting", "approving", "book", "day", "decide", "differences")),
        *(f"desk/core/{name}.py" for name in ("absorbing", "endings", "healing", "manual", "snapshot", "wishes")),
    ],
)
def test_whatever_the_rules_say_is_read_in_english(path: str) -> None:
    left = {text: read for text in said_in(path) if _CHINESE.search(read := english_said.read(text))}
    assert left == {}


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_its_english(reason: Reason) -> None:
    assert not _CHINESE.search(english_labels.label(reason))
    assert english_said.read(labels.reason_text(reason)) == english_labels.reason_text(reason)
    assert english_said.read(reason.value) == english_labels.label(reason)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: f"{one.section.name}.{one.attribute}")
def test_every_setting_is_explained_in_english(setting: Setting) -> None:
    help_text = english_settings.HELPS[f"{setting.section.name.lower()}.{setting.attribute}"]
    assert help_text and not _CHINESE.search(help_text.replace("开", "").replace("休", ""))


def test_no_setting_is_explained_that_is_not_there() -> None:
    assert english_settings.HELPS.keys() == {f"{one.section.name.lower()}.{one.attribute}" for one in SETTINGS}


def test_words_of_the_wire_that_mean_something_else_are_said_plainly() -> None:
    assert english_labels.label(JqStatus.HELD) == english_labels.label(OrderState.FILLED) == "filled"
    assert english_labels.label(Verdict.IGNORED) == "nothing to do"
    assert english_labels.label(Fact.NO_ANSWER) == "no answer"


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (
            "聚宽持有 300 股,我们记着 100 股,差 +200 股,约 2000 元;聚宽委托 77 已经不在途:缺少信号,序号 4, 5",
            "JoinQuant holds 300 shares, we remember 100, +200 apart, about 2000 yuan; "
            "JoinQuant's order 77 lives no more: signals are missing, numbers 4, 5",
        ),
        ("没有叫 小市值 的策略。", "There is no strategy 小市值."),
        ("现在不能执行计划 p1:策略已暂停。", "Plan p1 cannot be carried out now: strategy paused."),
        ("成交", "fill"),
        ("MiniQMT 断开了连接", "MiniQMT has closed the line"),
        ("我看着不对", "我看着不对"),
        ("the broker is down", "the broker is down"),
        (
            "价格 9.5 超出今天的涨跌停 10.01–12.20。",
            "The price 9.5 is outside of today's band 10.01–12.20.",
        ),
        (
            labels.reason_text(Reason.BROKER_REFUSED) + "(券商原话:余额不足)",
            english_labels.reason_text(Reason.BROKER_REFUSED) + " (the broker said: 余额不足)",
        ),
    ],
)
def test_a_sentence_is_read_clause_by_clause_and_what_is_not_known_stays(told: str, read: str) -> None:
    assert english_said.read(told) == read


def test_no_clause_reads_on_without_bound() -> None:
    """Two names that reach to any end take a cube of the text's length, and the interpreter stands meanwhile."""
    assert [one.pattern for one, _ in english_said._patterns() if ".+" in one.pattern or ".*" in one.pattern] == []
