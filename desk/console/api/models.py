"""What the REST interface answers, typed: pages show it, programs read it, the OpenAPI description is made from it.

Money, prices and ratios are strings with exact decimals in yuan, shares are integers, times are ISO-8601 with +08:00.
A field that is not listed here is not answered; a test compares the views with these models.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Number = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$", description="精确的十进制数")]
Moment = Annotated[str, Field(description="ISO-8601,北京时间 +08:00")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Problem(Answer):
    """为什么没有做;只有一句话。"""

    error: str


# --- status -----------------------------------------------------------------------------------------------------------


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


class Strategy(Answer):
    """一个策略的设置,不含密钥。"""

    name: str
    kid: str
    enabled: bool
    sell_only: bool
    mode: str
    follows: str
    snapshot_policy: str
    accounts: list[AccountRatio]
    no_trade_band: Number
    value_limit: Number | None
    symbol_weight: Number | None
    last_signal_at: Moment | None
    last_seq: int
    gaps: list[Gap]


class Strategies(Answer):
    items: list[Strategy]


# --- signals ----------------------------------------------------------------------------------------------------------


class Signal(Answer):
    """聚宽说的一件事,和它的结果。"""

    id: str
    strategy: str
    kind: str
    symbol: str | None
    side: str | None
    amount: int | None
    filled: int | None
    jq_status: str | None
    jq_order_id: str | None
    seq: int
    verdict: str
    reason: str | None
    reason_text: str
    received_at: Moment
    first_order_at: Moment | None
    done_at: Moment | None
    ordered_shares: int
    filled_shares: int
    orders: list[str]
    trades_on: list[str]


class SignalPage(Answer):
    items: list[Signal]
    next: str | None


class Part(Answer):
    """没有做的股数和原因。"""

    shares: int
    reason: str
    text: str


class Step(Answer):
    """一个信号的一步,和这一步的事实。"""

    at: Moment
    what: str
    facts: dict[str, Any]


class Why(Signal):
    """一个信号从收到到结束的每一步。"""

    steps: list[Step]
    parts: list[Part]


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


# --- orders and fills -------------------------------------------------------------------------------------------------


class Order(Answer):
    """我们的一张委托。"""

    client_order_id: str
    signal_id: str | None
    origin: str
    account: str
    strategy: str
    symbol: str
    side: str
    shares: int
    price: Number
    filled_shares: int
    avg_price: Number
    state: str
    attempt: int
    broker_order_id: str
    broker_text: str
    created_at: Moment
    updated_at: Moment


class OrderPage(Answer):
    items: list[Order]
    next: str | None


class Fill(Answer):
    """一笔成交。"""

    fill_id: str
    client_order_id: str
    account: str
    symbol: str
    side: str
    shares: int
    price: Number
    fee: Number
    at: Moment


class FillPage(Answer):
    items: list[Fill]
    next: str | None


class Intent(Answer):
    """一个账户上要做的一件事:决定一次,可能分几次委托。"""

    id: str
    signal_id: str | None
    origin: str
    account: str
    strategy: str
    symbol: str
    side: str
    shares: int
    filled_shares: int
    limit: Number | None
    waiting: str | None
    ended: bool
    parts: list[Part]
    created_at: Moment


class ManualOrder(Intent):
    """一笔手动委托,和它的每一次委托。"""

    key: str
    orders: list[Order]


# --- positions and books ----------------------------------------------------------------------------------------------


class Position(Answer):
    """账户里的一只股票,不论是谁买的。"""

    account: str
    symbol: str
    name: str
    shares: int
    sellable: int
    cost_price: Number
    price: Number
    value: Number
    profit: Number
    profit_ratio: Number
    held_days: int
    at: Moment


class Positions(Answer):
    items: list[Position]


class Book(Answer):
    """一个策略在一个账户上的一只股票:应有多少,实有多少,为什么不同。"""

    strategy: str
    account: str
    symbol: str
    strategy_shares: int
    entitled_shares: Number
    target_shares: int
    own_shares: int
    in_flight_shares: int
    pending_shares: int
    debt_shares: int
    gap: str | None
    frozen: str | None


class Books(Answer):
    items: list[Book]


class BookChange(Answer):
    """账本的一次变动。"""

    at: Moment
    strategy: str
    account: str | None
    symbol: str
    cause: str
    ref: str
    strategy_shares: int
    counted_shares: int
    entitled_shares: Number
    own_shares: int


class BookChangePage(Answer):
    items: list[BookChange]
    next: str | None


# --- what waits for a person, limits ----------------------------------------------------------------------------------


class PlanOrder(Answer):
    account: str
    symbol: str
    side: str
    shares: int
    value: Number | None


class Plan(Answer):
    """一份等待批准的调仓计划。"""

    id: str
    kind: str
    strategy: str
    made_at: Moment
    why: list[str]
    differences: list[str]
    orders: list[PlanOrder]


class Waiting(Answer):
    """等人的事:要批准的委托和计划。"""

    orders: list[Intent]
    plans: list[Plan]


class Limit(Answer):
    """一项限额和今天已用的部分;limit 为 null 是没有限制,used 为 null 是不累计。"""

    account: str
    name: str
    limit: Number | None
    used: Number | None


class Limits(Answer):
    items: list[Limit]


# --- telling, links, latency, curves ----------------------------------------------------------------------------------


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


class Link(Answer):
    """一盏灯:通不通,最近一次知道是什么时候。"""

    name: str
    kind: str
    state: str
    at: Moment | None
    text: str


class Links(Answer):
    items: list[Link]


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


class Done(Answer):
    """一个要求的结果;ok 为 null 是已记下、交易循环还没有回答。"""

    ok: bool | None
    text: str
