"""The table of the REST interface: every operation with its path, its scope, what it is asked and what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from desk.console.api import asking, models
from desk.console.api.acting import Acting
from desk.console.api.reading import Reading
from desk.console.api.reports import Reports
from desk.console.sources import Told

PREFIX = "/api/v2"
READ, TRADE, ADMIN = "read", "trade", "admin"
_Work = Callable[..., Any]
_Model = type[BaseModel]


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """`work` gets the words of the path, then the query or the body, its key, and for what acts, who asks."""

    method: str
    path: str  # with {name} for a word of the path
    scope: str
    group: str
    summary: str
    answer: _Model
    work: _Work
    asked: _Model = asking.Nothing
    keyed: bool = False  # an Idempotency-Key is required

    @property
    def acts(self) -> bool:
        return self.method == "POST"

    @property
    def name(self) -> str:
        return f"{self.method.lower()}_{re.sub(r'[^a-z]+', '_', self.path).strip('_')}"

    @property
    def rule(self) -> str:
        return self.path.replace("{", "<").replace("}", ">")

    @property
    def words(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def may_lack(self) -> bool:
        """Whether it is asked for something by a name that nothing may have."""
        return bool(self.words) or "file" in self.asked.model_fields


def table(reading: Reading, acting: Acting) -> list[Operation]:
    """What is read of the trading, and what is done."""
    return [*_standing(reading), *_trading(reading), *_looking_back(reading), *_acting(acting)]


def _read(
    path: str,
    group: str,
    summary: str,
    answer: _Model,
    work: _Work,
    asked: _Model | None = None,
    *,
    scope: str = READ,
) -> Operation:
    """`work` without `asked` gets the words of the path alone."""
    return Operation(
        method="GET",
        path=path,
        scope=scope,
        group=group,
        summary=summary,
        answer=answer,
        work=work if asked is not None else lambda *words: work(*words[:-1]),
        asked=asked or asking.Nothing,
    )


def _standing(of: Reading) -> list[Operation]:
    return [
        _read("/status", "总览", "整个程序现在怎样", models.Status, of.status),
        _read("/links", "总览", "每盏灯通不通", models.Links, of.links),
        _read("/funnel", "总览", "一天的信号变成了什么", models.Funnel, of.funnel, asking.DayAsked),
        _read("/strategies", "策略", "策略的设置与缺口", models.Strategies, of.strategies),
        _read("/waiting", "等人的事", "等待批准的委托和计划", models.Waiting, of.waiting),
        _read("/limits", "风控", "限额与今天已用", models.Limits, of.limits, asking.DayAsked),
    ]


def _trading(of: Reading) -> list[Operation]:
    group, books = "委托与成交", "持仓与账本"
    return [
        _read("/signals", "信号", "信号", models.SignalPage, of.signals, asking.SignalsAsked),
        _read("/signals/{signal}", "信号", "一个信号的每一步;编号可以只写开头", models.Why, of.why),
        _read("/orders", group, "委托", models.OrderPage, of.orders, asking.OrdersAsked),
        _read("/orders/manual/{key}", group, "一笔手动委托的下落", models.ManualOrder, of.manual_order),
        _read("/fills", group, "成交", models.FillPage, of.fills, asking.FillsAsked),
        _read("/positions", books, "账户持仓", models.Positions, of.positions, asking.AccountAsked),
        _read("/positions/manual", books, "手动买的、还能卖多少", models.ManualHoldings, of.manual_holdings),
        _read("/books", books, "应有、实有、差在哪里", models.Books, of.books, asking.BooksAsked),
        _read("/books/changes", books, "一本账的变动", models.BookChangePage, of.changes, asking.ChangesAsked),
    ]


def _looking_back(of: Reading) -> list[Operation]:
    changes = models.SettingsChangePage
    return [
        _read("/messages", "通知", "说过的话,和送到了哪里", models.MessagePage, of.messages, asking.Paged),
        _read("/latency", "延迟", "最近 500 个下单信号每段路的毫秒数", models.Latency, of.latency),
        _read("/equity", "收益", "账户与策略每天的资产", models.Equity, of.equity, asking.PeriodAsked),
        _read("/settings/changes", "设置", "谁改了什么设置", changes, of.settings_changes, asking.Paged),
    ]


def reports(of: Reports) -> list[Operation]:
    """What is read beside it: days, returns, the position sync, and for administrators who changed what."""
    history = models.SavedAdjustmentsPage
    return [
        _read("/day", "总览", "一天的日报", models.DayReport, of.day, asking.DayAsked),
        _read("/returns", "收益", "按日、周、月的收益,与策略差在哪里", models.Returns, of.returns, asking.SpanAsked),
        _read("/quotes/{account}/{symbol}", "行情", "一只股票的行情和五档", models.Quote, of.quoted),
        _read("/messages/kinds", "通知", "按种类和机器人数一数", models.MessageKinds, of.message_kinds),
        _read("/adjustments", "持仓同步", "持仓调整、目标与合计", models.Adjustments, of.adjustments),
        _read("/adjustments/history", "持仓同步", "存过的持仓调整", history, of.adjustment_history, asking.Paged),
        _read("/settings", "设置", "现在的设置,从哪里来", models.Settings, of.settings, scope=ADMIN),
        _read("/audit", "审计", "谁改了什么", models.AuditPage, of.audit, asking.AuditAsked, scope=ADMIN),
        _read("/log", "日志", "运行日志", models.LogPage, of.log, asking.LogAsked, scope=ADMIN),
    ]


def _acting(of: Acting) -> list[Operation]:
    def act(
        path: str, scope: str, summary: str, work: _Work, asked: _Model = asking.Nothing, keyed: bool = False
    ) -> Operation:
        return Operation(
            method="POST",
            path=path,
            scope=scope,
            group="操作",
            summary=summary,
            answer=models.Done,
            work=work,
            asked=asked,
            keyed=keyed,
        )

    def named(verb: str) -> Callable[[str, asking.Nothing, str], Told]:
        return lambda word, _, by: of.tell(verb, {"id": word}, by)

    def halt(asked: asking.Halting, by: str) -> Told:
        grades = {"cancel": "1" if asked.cancel else "", "liquidate": "1" if asked.liquidate else ""}
        return of.tell("halt", {"reason": asked.reason, **grades}, by)

    def unhalt(asked: asking.Reasoned, by: str) -> Told:
        return of.tell("unhalt", {"reason": asked.reason}, by)

    return [
        act("/orders", TRADE, "手动下单", of.order, asking.NewOrder, keyed=True),
        act("/orders/{order}/cancel", TRADE, "撤一张委托,余量不再追", named("cancel")),
        act("/waiting/{id}/approve", TRADE, "批准一笔委托或一份计划", named("approve")),
        act("/waiting/{id}/reject", TRADE, "拒绝一笔委托或一份计划", named("reject")),
        act("/accounts/{account}/connect", TRADE, "让没连上的账户马上再连一次", named("connect")),
        act("/halt", TRADE, "急停", halt, asking.Halting),
        act("/unhalt", ADMIN, "解除急停", unhalt, asking.Reasoned),
    ]
