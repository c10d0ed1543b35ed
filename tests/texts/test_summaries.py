"""The picture of the day and the self-check: every fact given is told, what needs a person stands first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from base_func import BEIJING
from desk.core.values import Mode, Reason, Side, Verdict
from desk.texts.messages import (
    AccountLine,
    Difference,
    NotDone,
    SelfCheckFacts,
    StrategyLine,
    SummaryFacts,
    daily_summary,
    self_check,
)

AT = datetime(2026, 11, 20, 15, 10, tzinfo=BEIJING)

DAY = SummaryFacts(
    at=AT,
    day=AT.date(),
    signals=12,
    verdicts={Verdict.DONE: 9, Verdict.PARTIAL: 1, Verdict.REFUSED: 2, Verdict.IGNORED: 0},
    orders=14,
    fills=31,
    bought=Decimal("123456.7"),
    sold=Decimal(80000),
    fees=Decimal("95.31"),
    strategies=(
        StrategyLine(
            name="小市值",
            mode=Mode.LIVE,
            enabled=True,
            signals=12,
            orders=14,
            bought=Decimal("123456.7"),
            last_signal_at=AT,
        ),
    ),
    accounts=(AccountLine(name="主账户", connected=True, channel="miniqmt", total_asset=Decimal("1000200.5")),),
    not_done=(
        NotDone(
            strategy="小市值", symbol="000001.SZ", side=Side.BUY, shares=300, reason=Reason.NO_CASH, name="平安银行"
        ),
        NotDone(strategy="小市值", symbol="600000.SH", side=Side.SELL, shares=100, reason=Reason.NOT_SELLABLE),
    ),
    differences=(
        Difference(strategy="小市值", account="主账户", symbol="000001.SZ", target=500, own=200, cause="资金不足"),
    ),
)

MORNING = SelfCheckFacts(
    at=datetime(2026, 11, 20, 9, 0, tzinfo=BEIJING),
    version="1.0",
    trading_day=True,
    strategies_enabled=2,
    strategies_live=1,
    accounts=(AccountLine(name="主账户", connected=True),),
    disk_free_bytes=50 * 1024**3,
    tunnel="on",
    calendar_until=date(2027, 12, 31),
)


def test_the_summary_tells_signals_verdicts_money_costs_and_differences() -> None:
    said = daily_summary(DAY)
    assert said.title == "每日摘要 2026-11-20"
    assert said.kind == "summary"
    for words in (
        "聚宽信号 12 个：已完成 9，部分完成 1，未执行 2",
        "委托 14 笔，成交 31 笔",
        "买入 123,456.70 元，卖出 80,000.00 元，费用 95.31 元",
        "小市值（实盘）：信号 12 个，委托 14 笔，买 123,456.70，卖 0.00，费用 0.00，最后信号 15:10:00",
        "账户 主账户（miniqmt）：已连接，总资产 1,000,200.50",
        "小市值 买入 平安银行 000001.SZ 300股：资金不足",
        "资金不足：账户可用资金不足",
        "小市值 主账户 000001.SZ：应有 500股，实有 200股，资金不足",
    ):
        assert words in said.text


def test_each_reason_is_explained_once() -> None:
    twice = replace(DAY, not_done=DAY.not_done * 3)
    assert daily_summary(twice).text.count("请补充资金或调低跟单比例") == 1


def test_a_quiet_day_says_that_all_agrees() -> None:
    said = daily_summary(SummaryFacts(at=AT, day=AT.date(), signals=0, verdicts={}))
    assert said.text.endswith("账目与策略一致，没有待处理事项。")


def test_long_lists_are_cut_and_the_rest_is_counted() -> None:
    said = daily_summary(replace(DAY, not_done=DAY.not_done[:1] * 40))
    assert "……其余 25 条，全部见 signals" in said.text  # 40 - 15


@pytest.mark.parametrize(
    ("field", "words"), [("in_doubt_orders", "2 笔委托结果未知"), ("lost_messages", "2 条通知没能送达")]
)
def test_what_is_unknown_or_lost_is_said(field: str, words: str) -> None:
    assert words in daily_summary(replace(DAY, **{field: 2})).text


def test_two_summaries_of_one_day_at_other_times_are_two() -> None:
    assert daily_summary(DAY).key != daily_summary(replace(DAY, at=AT.replace(hour=11))).key


def test_a_healthy_morning_is_not_urgent() -> None:
    said = self_check(MORNING)
    assert said.title == "程序自检：正常"
    assert not said.urgent
    for words in ("今天是交易日", "启用策略 2 个，其中实盘 1 个", "隧道：通", "磁盘剩余 50.0 GB", "程序版本 1.0"):
        assert words in said.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"halted": True}, "急停"),
        ({"journal_writable": False}, "账本不能写入"),
        ({"accounts": (AccountLine(name="主账户", connected=False),)}, "账户 主账户 没有连接上"),
        ({"in_doubt_orders": 1}, "1 笔委托结果未知"),
        ({"tunnel": "off"}, "公网地址不通"),
        ({"disk_free_bytes": 10**8}, "磁盘只剩 0.1 GB"),
        ({"calendar_until": date(2026, 12, 15)}, "交易日历只到 2026-12-15"),  # 25 days ahead
        ({"strategies_enabled": 0}, "没有启用的策略"),
        ({"problems": ("时钟快了 5 分钟。",)}, "时钟快了 5 分钟。"),
    ],
)
def test_what_needs_a_person_stands_first_and_is_urgent(change: dict[str, object], words: str) -> None:
    said = self_check(replace(MORNING, **change))
    assert said.urgent
    assert said.title == "程序自检：1 项需要处理"
    assert words in said.text.split("\n")[0]


def test_an_untested_tunnel_and_an_unknown_calendar_are_not_called_fine() -> None:
    said = self_check(replace(MORNING, tunnel="unknown", trading_day=None))
    assert "隧道：未检测" in said.text
    assert "不知道今天是不是交易日" in said.text
