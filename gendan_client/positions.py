"""Positions as this package keeps them, and the forms that platforms write them in.

A list of positions says as much by what is absent as by what is there. So a list is read whole or not at all, and an
empty one counts only when its reader says that it is empty and complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Callable, Iterable, Mapping

from gendan_client.codes import joinquant_code, ptrade_code, qmt_code, read_code
from gendan_client.errors import BadCode, BadRow, BadRows, EmptyReading, FailedReading
from gendan_client.exact import MAX_COST, MAX_SHARES, decimal_of, four_places, shares_of

_ABSENT = object()
_LONGEST_NAME = 32


@dataclass(frozen=True)
class Position:
    """One security; the cost is yuan a share, as exact as it was told. Wrong values are refused at birth."""

    code: str  # 600000.SH
    shares: int
    cost: Decimal
    name: str = ""

    def __post_init__(self) -> None:
        if read_code(self.code) != self.code:
            raise BadCode(f"代码 {self.code} 要先用 read_code 换成 {read_code(self.code)}")
        if type(self.shares) is not int or not 0 <= self.shares <= MAX_SHARES:
            raise ValueError(f"{self.code} 的股数不是不小于 0 的整数")
        if not isinstance(self.cost, Decimal) or not self.cost.is_finite():
            raise ValueError(f"{self.code} 的成本不是有限的 Decimal")


@dataclass(frozen=True)
class Form:
    """Under which names a platform writes a position; its rows are mappings or objects.

    `price`: where a current price stands, which takes the place of a cost of 0 or less (brokers show such a cost after
    a profitable part-sale, and a target's cost must be above 0). `least_cost`: of what has shares.
    """

    code: str
    shares: str
    cost: str
    name: str = ""
    price: str = ""
    spelling: Callable[[str], str] = qmt_code
    least_cost: Decimal = Decimal("0.0001")


SYNC = Form(code="code", shares="volume", cost="cost", name="name", spelling=joinquant_code)  # the position sync's own
TOTAL = Form(  # its sum; what a person has added without a cost costs 0 there
    code="code", shares="total_volume", cost="avg_cost", name="name", spelling=joinquant_code, least_cost=Decimal(0)
)
EASYXT = Form(code="symbol", shares="quantity", cost="avg_price", name="name", price="current_price")
QMT = Form(code="stock_code", shares="volume", cost="avg_price", price="last_price")  # xtquant's XtPosition
PTRADE = Form(code="sid", shares="amount", cost="cost_basis", price="last_sale_price", spelling=ptrade_code)


@dataclass(frozen=True)
class Reading:
    """A whole list of positions, as its reader vouches for it; made by `whole` or `nothing_held`."""

    positions: tuple[Position, ...]
    vouched_empty: bool = False

    def __post_init__(self) -> None:
        if not self.vouched_empty and not any(position.shares for position in self.positions):
            raise EmptyReading("列表里一股也没有。真的空仓要由读取的一方明确说出：Reading.nothing_held()")
        if self.vouched_empty and any(position.shares for position in self.positions):
            raise ValueError("说是空仓，却有持仓")
        codes = [position.code for position in self.positions]
        if len(set(codes)) != len(codes):
            raise ValueError("同一个代码出现两次")

    @classmethod
    def whole(cls, positions: Iterable[Position]) -> Reading:
        """All that is held, nothing left out. Raises EmptyReading."""
        return cls(tuple(positions))

    @classmethod
    def nothing_held(cls) -> Reading:
        """The reader knows that the list is complete and that nothing is held: whoever follows it sells everything."""
        return cls((), vouched_empty=True)


def read_positions(rows: Any, form: Form) -> tuple[Position, ...]:
    """Read rows of a form, in their order.

    Raises FailedReading for what is no list (platforms return None when they fail), BadRows when a single row cannot
    be used; it names each of them and carries the good ones.
    """
    if rows is None or isinstance(rows, (str, bytes, Mapping)) or not hasattr(rows, "__iter__"):
        raise FailedReading(f"持仓没有读到：得到的是 {type(rows).__name__}，不是列表")
    good: list[Position] = []
    bad: list[BadRow] = []
    first: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        try:
            position = _read(row, form)
            if first.setdefault(position.code, number) != number:
                raise ValueError(f"代码与第 {first[position.code]} 行重复")
            good.append(position)
        except (BadCode, ValueError) as error:
            bad.append(BadRow(number, _shown(row, form), str(error)))
    if bad:
        raise BadRows(bad, good)
    return tuple(good)


def _read(row: Any, form: Form) -> Position:
    code = read_code(_value(row, form.code))
    shares = _number(row, form.shares, shares_of)
    cost = _number(row, form.cost, decimal_of)
    if shares and cost <= 0 < form.least_cost:
        price = _value(row, form.price)
        cost = decimal_of(price) if price is not _ABSENT else cost
    if shares and not form.least_cost <= four_places(min(cost, MAX_COST + 1)) <= MAX_COST:
        raise ValueError(f"{form.cost} 要在 {form.least_cost} 与 {MAX_COST} 之间")
    return Position(code=code, shares=shares, cost=cost, name=_name(_value(row, form.name)))


def _value(row: Any, key: str) -> Any:
    if not key:
        return _ABSENT
    return row.get(key, _ABSENT) if isinstance(row, Mapping) else getattr(row, key, _ABSENT)


def _number(row: Any, key: str, read: Callable[[Any], Any]) -> Any:
    value = _value(row, key)
    if value is _ABSENT:
        raise ValueError(f"缺少 {key}")
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"{key} {error}") from None


def _name(value: Any) -> str:
    # Tables write a missing name as NaN, which is a float.
    if not isinstance(value, str):
        return ""
    if len(value) > _LONGEST_NAME or not value.isprintable():
        raise ValueError(f"name 要是 {_LONGEST_NAME} 个字以内的文字")
    return value


def _shown(row: Any, form: Form) -> str:
    code = _value(row, form.code)
    return code[:20] if isinstance(code, str) and code.isprintable() else ""


def write_positions(
    positions: Iterable[Position], form: Form, number: Callable[[Decimal], Any] = four_places
) -> list[dict[str, Any]]:
    """Write positions in a form; the cost through `number` (by default an exact decimal of 4 places)."""
    return [
        {
            form.code: form.spelling(position.code),
            **({form.name: position.name} if form.name and position.name else {}),
            form.shares: position.shares,
            form.cost: number(position.cost),
        }
        for position in positions
    ]


def upload_form(strategy: str, reading: Reading) -> dict[str, Any]:
    """The body of an upload; what has no shares is left out, as it means the same."""
    held = [position for position in reading.positions if position.shares]
    return {"strategy_name": strategy, "positions": write_positions(held, SYNC)}
