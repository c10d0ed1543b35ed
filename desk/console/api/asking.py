"""What a caller may say: the queries and bodies of the REST interface, typed and bounded."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from desk.core.manual import KEY_CHARACTERS
from desk.core.values import OrderState, Side, Verdict
from desk.journal.view_pages import MOST

Name = Annotated[str, Field(min_length=1, max_length=64)]


def _day(value: Any) -> Any:
    """The one spelling of a day that we take; a year that no clock has known is refused."""
    if not isinstance(value, str):
        return value
    day = date.fromisoformat(value)
    if value[4:8:3] != "--" or not 1990 <= day.year <= 2999:
        raise ValueError("YYYY-MM-DD")
    return day


Day = Annotated[
    date,
    BeforeValidator(_day),
    Field(json_schema_extra={"pattern": r"^(199\d|2\d{3})-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$"}),
]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Paged(Asked):
    limit: int = Field(default=50, ge=1, le=MOST, description="最多多少行")
    mark: str | None = Field(default=None, min_length=1, max_length=200, description="上一页的 next")


class SignalsAsked(Paged):
    strategy: Name | None = None
    day: Day | None = Field(default=None, description="写了 verdict 而没有写它,就是今天")
    verdict: Verdict | None = None
    asked_only: bool = Field(default=False, description="不要心跳和快照")


class OrdersAsked(Paged):
    account: Name | None = None
    strategy: Name | None = None
    symbol: Name | None = None
    state: OrderState | None = None
    day: Day | None = Field(default=None, description="写了 symbol 或 state 而没有写它,就是今天")
    open: bool = Field(default=False, description="只要没有结束的")


class FillsAsked(Paged):
    account: Name | None = None
    strategy: Name | None = None
    symbol: Name | None = None
    day: Day | None = Field(default=None, description="写了 symbol 而没有写它,就是今天")


class ChangesAsked(Paged):
    strategy: Name
    symbol: Name
    account: Name | None = None


class BooksAsked(Asked):
    strategy: Name | None = None
    account: Name | None = None


class AccountAsked(Asked):
    account: Name | None = None


class DayAsked(Asked):
    day: Day | None = Field(default=None, description="没有就是今天")


class PeriodAsked(Asked):
    first: Day | None = Field(default=None, description="没有就是 90 天前")
    last: Day | None = Field(default=None, description="没有就是今天")


class Span(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class SpanAsked(Asked):
    span: Span = Span.DAY


class AuditAsked(Paged):
    who: Name | None = None
    action: Name | None = None


class LogAsked(Asked):
    file: str | None = Field(default=None, min_length=1, max_length=40, description="没有就是最新的")
    mark: int | None = Field(default=None, ge=0, le=2**53, description="上一页的 next")


class Nothing(Asked):
    """没有参数。"""


class Reasoned(Asked):
    reason: str = Field(min_length=1, max_length=200)


class Halting(Reasoned):
    cancel: bool = Field(default=False, description="同时撤掉在途委托")
    liquidate: bool = Field(default=False, description="同时卖出策略持有的股票")


class NewOrder(Asked):
    """shares 和 percent 写一个:percent 买入时占总资产,卖出时占手动账本里可卖的部分;不足一手就拒绝,绝不变成全部。"""

    account: Name
    symbol: Name
    side: Side
    shares: int | None = Field(default=None, ge=1, le=100_000_000)
    percent: Decimal | None = Field(default=None, gt=0, le=100)
    price: Decimal | None = Field(default=None, gt=0, lt=1_000_000, description="限价;没有就按市价追")

    @model_validator(mode="after")
    def _one_size(self) -> NewOrder:
        if (self.shares is None) == (self.percent is None):
            raise ValueError("shares / percent")
        return self


KEY_PATTERN = rf"^[A-Za-z0-9._:-]{{1,{KEY_CHARACTERS}}}$"
KEY = re.compile(KEY_PATTERN)
