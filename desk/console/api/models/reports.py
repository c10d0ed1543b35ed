"""What was told, how long it took, what it made, and who changed what."""

from __future__ import annotations

from typing import Any

from desk.console.api.models.base import Answer, Day, Moment, Number


class Delivery(Answer):
    robot: str
    state: str
    attempts: int
    error: str
    done_at: Moment | None


class Message(Answer):
    id: int
    at: Moment
    kind: str
    title: str
    text: str
    urgent: bool
    deliveries: list[Delivery]


class MessagePage(Answer):
    items: list[Message]
    next: str | None


class Hop(Answer):
    """一段路用的毫秒数。"""

    hop: str
    count: int
    p50: float | None
    p90: float | None
    p99: float | None


class Latency(Answer):
    signals: int
    hops: list[Hop]


class AccountDay(Answer):
    account: str
    day: Day
    total_asset: Number
    cash: Number
    market_value: Number
    profit: Number
    at: Moment


class StrategyDay(Answer):
    strategy: str
    day: Day
    equity: Number
    at: Moment


class Equity(Answer):
    """账户与策略每天的资产;入金和出金算在盈亏里。"""

    accounts: list[AccountDay]
    strategies: list[StrategyDay]


class SettingsChange(Answer):
    id: int
    at: Moment
    who: str
    key: str
    old: str | None
    new: str | None


class SettingsChangePage(Answer):
    items: list[SettingsChange]
    next: str | None


class RobotCount(Answer):
    robot: str
    sent: int
    pending: int
    dead: int
    silenced: int


class MessageKind(Answer):
    kind: str
    count: int
    urgent: int
    last_at: Moment
    robots: list[RobotCount]


class MessageKinds(Answer):
    """最近 7 天说过的话,按种类和机器人。"""

    kinds: list[MessageKind]
    robots: list[str]
    delivered_at: Moment | None


class CurvePoint(Answer):
    """从第一天起的百分比;策略那天没有说资产就是 null。"""

    day: Day
    ours: float
    strategies: dict[str, float | None]


class Holding(Answer):
    name: str
    value: Number


class ReasonCount(Answer):
    reason: str
    count: int


class DayDifference(Answer):
    strategy: str
    account: str
    symbol: str
    target_shares: int
    own_shares: int
    cause: str


class DayReport(Answer):
    """一天的日报:所有账户合起来;holdings 和 differences 只有今天的知道。"""

    day: Day
    total_asset: Number | None
    profit: Number | None
    profit_ratio: Number | None
    exposure: Number | None
    bought: Number
    sold: Number
    fees: Number
    received: int
    followed: int
    ordered: int
    filled: int
    verdicts: dict[str, int]
    reasons: list[ReasonCount]
    curve: list[CurvePoint]
    holdings: list[Holding] | None
    differences: list[DayDifference]
    more_differences: int


class Period(Answer):
    """一个账户一天、一周或一个月的盈亏。"""

    name: str
    account: str
    profit: Number
    start: Number
    end: Number
    rate: Number | None


class Missed(Answer):
    """没有成交的股数:按策略价格值多少,到现在会赚(正)多少;unpriced 是没有价格可算的次数。"""

    times: int
    shares: int
    value: Number
    since: Number
    unpriced: int


class Undone(Missed):
    reason: str


class Causes(Answer):
    """一个策略与账户差在哪里,元;负数是我们更差。"""

    strategy: str
    fills: int
    turnover: Number
    delay: Number
    compared: int
    cost: Number
    rounding: Missed
    undone: list[Undone]


class Returns(Answer):
    """按日、周、月的收益;causes 说的是 since 以来,complete 为 false 是没有读完。"""

    span: str
    since: Day
    until: Day
    periods: list[Period]
    causes: list[Causes]
    complete: bool


class AuditRow(Answer):
    """谁在什么时候、从哪里改了什么。"""

    id: int
    at: Moment
    who: str
    via: str
    address: str
    action: str
    target: str
    old: str | None
    new: str | None


class AuditPage(Answer):
    items: list[AuditRow]
    next: str | None


class SettingRow(Answer):
    """一项设置现在的值和它从哪里来:default、file,或者一个环境变量的名字;密钥打码。"""

    file: str
    of: str | None
    key: str
    value: Any
    origin: str


class Settings(Answer):
    """现在的设置;changed 是文件改了还没有生效,trouble 是文件读不了的原因。"""

    version: str
    changed: bool
    trouble: str
    items: list[SettingRow]


class LogPage(Answer):
    """运行日志,旧的在前,密钥打码;next 是更早一页的 mark。"""

    files: list[str]
    file: str
    lines: list[str]
    next: str | None
