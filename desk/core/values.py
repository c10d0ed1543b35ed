"""The words of following: enums and frozen records that every floor above shares.

Units: money and prices are yuan (`Decimal`), shares are whole shares (`int`), entitled shares are exact decimals of our
shares, times are aware datetimes in Beijing time. `symbol` is always `600000.SH`; `security` is JoinQuant's spelling.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Side(StrEnum):
    BUY = "buy"  # 买
    SELL = "sell"  # 卖

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderState(StrEnum):
    PLANNED = "planned"  # 拟单
    SENDING = "sending"  # 发送中
    IN_DOUBT = "in_doubt"  # 存疑
    WORKING = "working"  # 已报
    CANCELLING = "cancelling"  # 待撤
    FILLED = "filled"  # 已成
    CANCELLED = "cancelled"  # 已撤/部撤
    REJECTED = "rejected"  # 废单
    WITHDRAWN = "withdrawn"  # 未发作废

    @property
    def final(self) -> bool:
        return self in (OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.WITHDRAWN)

    @property
    def live(self) -> bool:
        """May trade, or may turn out to be trading: sending, in doubt, working, cancelling."""
        return not self.final and self is not OrderState.PLANNED


class Fact(StrEnum):
    """What can be learnt about an order (columns of the state table)."""

    CLAIMED = "claimed"
    WITHDRAWN = "withdrawn"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    SEEN_ALIVE = "seen_alive"
    FILLED_SOME = "filled_some"
    FILLED_ALL = "filled_all"
    CANCEL_ASKED = "cancel_asked"
    CANCEL_REFUSED = "cancel_refused"
    CANCELLED = "cancelled"
    RULED_ABSENT = "ruled_absent"
    DAY_CLOSED = "day_closed"


class Verdict(StrEnum):
    WORKING = "working"
    DONE = "done"
    PARTIAL = "partial"
    REFUSED = "refused"
    IGNORED = "ignored"


class EventKind(StrEnum):
    ORDER = "order"
    CANCEL = "cancel"
    SNAPSHOT = "snapshot"
    HEARTBEAT = "heartbeat"
    TEST = "test"


class JqStatus(StrEnum):
    """JoinQuant's order status; `filled` means PARTLY filled and still live, `held` means fully filled."""

    NEW = "new"
    OPEN = "open"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    HELD = "held"

    @property
    def final(self) -> bool:
        return self in (JqStatus.CANCELED, JqStatus.REJECTED, JqStatus.HELD)


class Style(StrEnum):
    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"

    @property
    def stop(self) -> bool:
        return self in (Style.STOP, Style.STOP_LIMIT)


class Mode(StrEnum):
    PAPER = "模拟"
    CONFIRM = "确认"
    LIVE = "实盘"


class Scaling(StrEnum):
    """How many of our shares a buy of the strategy's stands for."""

    RATIO = "固定比例"
    CAPITAL = "按资金"
    PER_ORDER = "固定金额"


class Follows(StrEnum):
    """What of a strategy is followed."""

    ORDERS = "委托"
    TARGET = "目标持仓"


class SnapshotPolicy(StrEnum):
    """What a snapshot that differs from our books leads to."""

    ALARM = "报警"
    PROPOSE = "建议"
    HEAL = "补齐"


class Adoption(StrEnum):
    """What happens with what a strategy held before it was followed."""

    NEW_ONLY = "只跟新单"
    BUILD = "现在建仓"


class Reason(StrEnum):
    """The one main reason why an event was not wholly done; the value is the public code (FOLLOWING §3)."""

    DUPLICATE = "重复信号"
    BAD_SIGNATURE = "签名错误"
    CLOCK = "时钟异常"
    BACKTEST = "回测信号"
    UNKNOWN_STRATEGY = "未知策略"
    PAUSED = "策略已暂停"
    SELL_ONLY = "只卖不买"
    CLOSED_SESSION = "非交易时段"
    CLOSED_DAY = "非交易日"
    HALTED = "急停中"
    JQ_NOT_FILLED = "聚宽未成交"
    IN_SNAPSHOT = "快照已含"
    BELOW_LOT = "比例后不足一手"
    OVER_ORDER_VALUE = "超单笔金额"
    OVER_DAY_TURNOVER = "超单日成交额"
    OVER_DAY_ORDERS = "超单日笔数"
    OVER_POSITION = "超单票仓位"
    OVER_STRATEGY_VALUE = "超单策略持仓市值"
    OVER_SYMBOL_WEIGHT = "超单票权重"
    BELOW_BAND = "低于不交易带宽"
    NOT_WHITELISTED = "不在白名单"
    BLACKLISTED = "在黑名单"
    PRICE_DEVIATION = "价格偏离过大"
    PRICE_BASIS = "价格口径不符"
    BEYOND_LIMIT = "超出策略限价"
    LIMIT_UNKNOWN = "限价未知"
    TOO_OLD = "信号过旧"
    LIMIT_UP = "涨停不追"
    LIMIT_DOWN = "跌停无法卖"
    SUSPENDED = "停牌"
    NO_QUOTE = "无行情"
    NOT_SELLABLE = "可卖不足(T+1)"
    ODD_REMAINDER = "零股待处理"
    NO_POSITION = "无持仓"
    NO_CASH = "资金不足"
    ALREADY_FOLLOWED = "已跟过"
    NO_FINAL = "缺终态"
    BROKER_DOWN = "券商未连接"
    BROKER_REFUSED = "柜台拒单"
    APPROVAL_TIMEOUT = "等待确认超时"
    UNKNOWN_RESULT = "提交结果未知"
    RETRIES_USED = "重试用尽"
    CLOSE_UNFILLED = "收盘未成交"
    CIRCUIT_BROKEN = "已熔断"
    UNSUPPORTED = "不支持的品种"
    EQUITY_UNKNOWN = "权益未知"


class Origin(StrEnum):
    """Who asked for an intent's shares."""

    SIGNAL = "signal"
    DEBT = "debt"
    PLAN = "plan"
    LIQUIDATE = "liquidate"
    MANUAL = "manual"


class BrokerStatus(StrEnum):
    """An order's status at the broker, vendor codes translated once by the adapter."""

    PENDING = "pending"  # 48 未报 49 待报
    WORKING = "working"  # 50 已报 55 部成
    CANCEL_PENDING = "cancel_pending"  # 51 已报待撤 52 部成待撤: still alive, may fill
    CANCELLED = "cancelled"  # 53 部撤 54 已撤
    FILLED = "filled"  # 56 已成
    REJECTED = "rejected"  # 57 废单
    UNKNOWN = "unknown"  # 255 or unlisted: no transition, alarm

    @property
    def final(self) -> bool:
        return self in (BrokerStatus.CANCELLED, BrokerStatus.FILLED, BrokerStatus.REJECTED)


# --- what JoinQuant says --------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderSignal:
    """A copy of JoinQuant's Order when the strategy's call returned; amounts are JoinQuant's shares, both sides > 0."""

    jq_order_id: str
    security: str
    side: Side
    amount: int
    filled: int
    avg_price: Decimal  # 0 if nothing filled; never the limit
    status: JqStatus
    style: Style = Style.MARKET
    limit: Decimal | None = None
    short: bool = False
    equity: Decimal | None = None
    commission: Decimal | None = None
    avg_cost: Decimal | None = None
    holding_after: int | None = None  # `n`: total + locked after the call


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelSignal:
    jq_order_id: str
    security: str
    amount: int | None = None
    filled: int | None = None
    status: JqStatus | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotPosition:
    security: str
    shares: int
    sellable: int
    avg_cost: Decimal
    price: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotOrder:
    jq_order_id: str
    security: str
    side: Side
    amount: int
    filled: int
    status: JqStatus
    limit: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotSignal:
    positions: tuple[SnapshotPosition, ...]
    cash: Decimal | None
    equity: Decimal | None
    orders: tuple[SnapshotOrder, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class WireEvent:
    """One event as it stood in a verified body, before it has a row."""

    kind: EventKind
    seq: int  # 0 for tests and for v1
    backtest: bool  # run type "b"
    strategy_time: datetime  # orders: add_time
    content: OrderSignal | CancelSignal | SnapshotSignal | None  # None: heartbeat
    live_test: bool = False  # a test event that asks for the strategy's real account (`--live`)


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A stored event; `row` is the order of acceptance."""

    row: int
    event_id: str  # hex of the body id, `-n` for the n-th of an array
    strategy: str
    kid: str
    wire: int  # 1 or 2
    sent_at: datetime
    received_at: datetime
    clock_ahead: bool  # sent_at lay more than 10 min ahead: answered `clock`, treated as too old
    body: WireEvent


# --- the books ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class JqOrder:
    """One JoinQuant order, keyed (strategy, day, jq_order_id); its events replace each other (FOLLOWING §2)."""

    strategy: str
    day: date
    jq_order_id: str
    symbol: str
    side: Side
    amount: int
    filled: int
    status: JqStatus
    style: Style
    limit: Decimal | None
    counted: int  # what it counts in C now (a sell counts at most the C it met)
    closed: bool = False  # closed without a final at its day's close (缺终态)
    updated_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class JqRate:
    """Our shares for one of a JoinQuant order's, on one account: numerator / denominator, frozen when first decided."""

    strategy: str
    day: date
    jq_order_id: str
    account: str
    numerator: Decimal
    denominator: Decimal
    # What need not be settled again when JoinQuant takes back the rest: of a buy, shares that have left T already; of a
    # sell, shares that are in T again.
    given_up: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Holding:
    """What the strategy holds at JoinQuant: S by fills, C with live intents counted."""

    strategy: str
    symbol: str
    strategy_shares: int = 0  # S
    counted_shares: int = 0  # C


@dataclass(frozen=True, kw_only=True, slots=True)
class Book:
    """What a strategy is entitled to (T) and owns on one account."""

    strategy: str
    account: str
    symbol: str
    entitled: Decimal = Decimal(0)  # T
    own: int = 0
    bought_today: int = 0
    bought_day: date | None = None  # the day that bought_today speaks of
    frozen: str | None = None  # why this book does not trade until a person has looked


@dataclass(frozen=True, kw_only=True, slots=True)
class BookChange:
    """One row of book history; deltas, so that a replay from zero gives the same books."""

    at: datetime
    strategy: str
    account: str | None  # None: a change of the strategy's holding (S, C)
    symbol: str
    cause: str
    ref: str  # event id, intent id, order id or day
    strategy_shares: int = 0
    counted_shares: int = 0
    entitled: Decimal = Decimal(0)
    own: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A known difference between the strategy and what we followed."""

    at: datetime
    strategy: str
    symbol: str | None
    cause: str
    text: str
    key: str  # one gap per key
    closed_at: datetime | None = None


# --- our orders -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Shares that were not done, with their reason."""

    shares: int
    reason: Reason
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """What one event (or debt, plan, liquidation) wants done on one account: decided once, worked in attempts."""

    intent_id: str  # deterministic; client order ids are `<intent_id>-<attempt>`
    origin: Origin
    event_id: str | None
    strategy: str
    account: str
    symbol: str
    side: Side
    decided: int
    filled: int = 0
    given_up: int = 0  # buys: shares taken out of T when this ended short
    limit: Decimal | None = None  # the strategy's own limit
    anchor: Decimal | None = None  # the price the signal carried, for 价格偏离
    resting: bool = False  # follows a live JoinQuant order: rests at its limit, is not counted in attempts
    jq_day: date | None = None
    jq_order_id: str | None = None
    attempts: int = 0  # orders sent so far (resting ones included: ids never repeat)
    tries: int = 0  # attempts that count against 最大重新下单次数
    approved: bool = True  # False: waits for a person (确认 mode)
    waiting: Reason | None = None  # why nothing is live just now, for the views
    stopped: Reason | None = None  # no further attempt is made, for this reason; a live child is cancelled
    ended: bool = False
    parts: tuple[Part, ...] = ()
    inputs: str = "{}"  # JSON: ratio, lot rule, prices, config version the decision was made with (I3)
    day: date
    created_at: datetime
    received_at: datetime  # waiting age counts from here
    updated_at: datetime

    @property
    def waited_for(self) -> Reason | None:
        """Why it waited, told where no order of its lives any more: a doubt is over by then, and nobody's task."""
        return None if self.waiting is Reason.UNKNOWN_RESULT else self.waiting


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    client_order_id: str
    intent_id: str
    event_id: str | None
    origin: Origin
    strategy: str
    account: str
    symbol: str
    side: Side
    shares: int
    price: Decimal
    attempt: int
    state: OrderState
    filled: int = 0  # max(reported, sum of fills): never falls
    fills_sum: int = 0  # sum of fills seen one by one
    turnover: Decimal = Decimal(0)  # yuan, sum of fills
    broker_order_id: str = ""
    broker_text: str = ""
    cancel_wished: bool = False
    settled: bool = False  # final, and a complete snapshot after it agreed on the traded shares
    day: date
    created_at: datetime
    updated_at: datetime
    final_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderFact:
    """One row of an order's append-only history."""

    client_order_id: str
    at: datetime
    fact: str
    source: str
    from_state: OrderState | None
    to_state: OrderState
    filled: int | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fill:
    fill_id: str  # the exchange's trade id; unique within (account, day)
    client_order_id: str
    strategy: str
    account: str
    symbol: str
    side: Side
    shares: int
    price: Decimal
    fee: Decimal
    day: date
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class EventOutcome:
    """How an event stands: written when it is decided, again when it ends."""

    event_id: str
    verdict: Verdict
    reason: Reason | None
    reason_text: str
    parts: tuple[Part, ...] = ()
    decided_at: datetime | None = None
    done_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """Something to tell the user; the messenger renders and delivers it."""

    at: datetime
    kind: str  # order | fill | refused | unknown | retries | alarm | selfcheck | summary | info
    title: str
    text: str
    urgent: bool = False  # goes before everything that is not
    key: str = ""  # same key: told once


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A wish of a person, appended by CLI or console, consumed by the trading loop."""

    row: int
    at: datetime
    verb: str
    args: dict[str, str]
    by: str
