"""What accounts hold, what strategies should hold, and what waits for a person."""

from __future__ import annotations

from desk.console.api.models.base import Answer, Moment, Number
from desk.console.api.models.trading import Intent


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


class StrategyExposure(Answer):
    """一个策略在一个账户上持有多少,和它自己的限额。"""

    strategy: str
    account: str
    value: Number
    value_limit: Number | None
    symbol_weight: Number | None
    no_trade_band: Number


class Limits(Answer):
    items: list[Limit]
    strategies: list[StrategyExposure]


class ManualHolding(Answer):
    """手动买的、还持有的;sellable_shares 是今天还能卖的。"""

    account: str
    symbol: str
    name: str
    own_shares: int
    sellable_shares: int
    under_way_shares: int
    price: Number | None
    frozen: str | None


class ManualHoldings(Answer):
    items: list[ManualHolding]


class Level(Answer):
    price: Number
    shares: int


class Quote(Answer):
    """账户的通道最近给出的行情;涨跌停为 null 是没有或者不知道。"""

    account: str
    symbol: str
    at: Moment
    last: Number
    prev_close: Number
    asks: list[Level]
    bids: list[Level]
    up_limit: Number | None
    down_limit: Number | None
    suspended: bool | None


class AdjustmentRow(Answer):
    """在各策略的目标之外加(正)或者减(负)的股数。"""

    symbol: str
    name: str
    shares: int
    cost: Number
    remark: str


class TargetRow(Answer):
    symbol: str
    name: str
    shares: int
    cost: Number


class UploadedTarget(Answer):
    """一个策略最近一次上传的目标持仓。"""

    strategy: str
    at: Moment
    positions: list[TargetRow]


class Adjustments(Answer):
    """持仓同步:现在的调整,各策略的目标,加起来是多少。"""

    number: int
    adjustments: list[AdjustmentRow]
    targets: list[UploadedTarget]
    total: list[TargetRow]
    uploads: bool
    has_password: bool


class SavedAdjustments(Answer):
    """存过的一份调整;number 最大的有效。"""

    number: int
    at: Moment
    by: str
    adjustments: list[AdjustmentRow]


class SavedAdjustmentsPage(Answer):
    items: list[SavedAdjustments]
    next: str | None
