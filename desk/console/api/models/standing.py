"""How the program, its links and its strategies stand."""

from __future__ import annotations

from desk.console.api.models.base import Answer, Day, Moment, Number


class Gap(Answer):
    """策略与跟单之间一处已知的差别。"""

    symbol: str | None
    cause: str
    text: str
    at: Moment


class Account(Answer):
    """账户最近一次看到的样子。"""

    name: str
    channel: str
    connected: bool
    total_asset: Number | None
    cash: Number | None
    market_value: Number | None
    at: Moment | None
    trouble: str
    retry_at: Moment | None


class AccountRatio(Answer):
    account: str
    ratio: Number


class StrategyState(Answer):
    name: str
    kid: str
    enabled: bool
    mode: str
    accounts: list[AccountRatio]
    no_trade_band: Number
    value_limit: Number | None
    symbol_weight: Number | None
    last_signal_at: Moment | None
    last_seq: int
    gaps: list[Gap]


class Versions(Answer):
    gendan: str
    config: str
    journal: str
    python: str


class Status(Answer):
    """整个程序现在怎样。"""

    running: bool
    receiving: bool
    pid: int | None
    started_at: Moment | None
    mode: str
    halted: bool
    halted_reason: str | None
    accounts: list[Account]
    strategies: list[StrategyState]
    pending_signals: int
    open_orders: int
    in_doubt_orders: int
    waiting_approval: int
    outbox_pending: int
    tunnel: str
    tunnel_at: Moment | None
    versions: Versions


class Strategy(StrategyState):
    """一个策略的设置,不含密钥;stopped 是程序因为出错停了它。"""

    sell_only: bool
    follows: str
    snapshot_policy: str
    stopped: bool


class Strategies(Answer):
    items: list[Strategy]


class Link(Answer):
    """一盏灯:on、off、unknown,或 none(没有这一段);最近一次知道是什么时候,离现在几秒。"""

    name: str
    kind: str
    state: str
    at: Moment | None
    age_s: int | None
    text: str


class Links(Answer):
    items: list[Link]


class Funnel(Answer):
    """一天里的信号变成了什么。"""

    day: Day
    received: int
    followed: int
    ordered: int
    filled: int
    working: int
    done: int
    partial: int
    refused: int
    ignored: int
    by_reason: dict[str, int]
    orders: int
    orders_by_state: dict[str, int]
    fills: int
    bought: Number
    sold: Number
    fees: Number
