"""Read what an uploader sent: the whole list is good, or every bad row is named and nothing is taken.

All or nothing: a target without the rows that could not be read would have their stocks sold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from base_func import UnsupportedSymbol, symbol_of
from desk.core.targets import Adjustment, TargetPosition
from desk.core.wire_text import Malformed, is_plain, strict_json
from desk.texts import positions as texts

MAX_ROWS = 2000
_MAX_SHARES = 10**9
_MAX_COST = Decimal(10**7)
_FOUR_PLACES = Decimal("0.0001")
_SHOWN = 10

Row = dict[str, Any]
T = TypeVar("T", TargetPosition, Adjustment)


class BadForm(ValueError):
    """The request cannot be used; its text is for the person who wrote the uploader, `rows` for the program."""

    def __init__(self, text: str, rows: Sequence[Row] = ()) -> None:
        super().__init__(text)
        self.rows = list(rows)


class _BadRow(ValueError):
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    strategy: str
    positions: tuple[TargetPosition, ...]


def read_object(body: bytes) -> dict[str, Any]:
    """Parse a request's body. Raises BadForm."""
    try:
        data = strict_json(body, "json")
    except Malformed:
        raise BadForm(texts.NOT_JSON) from None
    if not isinstance(data, dict):
        raise BadForm(texts.NOT_AN_OBJECT)
    return data


def read_upload(data: dict[str, Any]) -> Upload:
    """Raises BadForm."""
    name = data.get("strategy_name")
    if not isinstance(name, str) or not is_plain(name, 64):
        raise BadForm(texts.NO_STRATEGY_NAME)
    # Required even when empty: an absent list read as "holds nothing" could sell a whole account.
    rows = data.get("positions")
    if not isinstance(rows, list):
        raise BadForm(texts.NO_POSITIONS)
    return Upload(strategy=name, positions=_each(rows, _position))


def read_adjustments(data: dict[str, Any]) -> tuple[Adjustment, ...]:
    """Raises BadForm."""
    rows = data.get("adjustments")
    if not isinstance(rows, list):
        raise BadForm(texts.NO_ADJUSTMENTS)
    return _each(rows, _adjustment)


def _each(rows: list[Any], read: Callable[[Row], T]) -> tuple[T, ...]:
    if len(rows) > MAX_ROWS:
        raise BadForm(texts.too_many_rows(MAX_ROWS))
    good: list[T] = []
    bad: list[Row] = []
    first: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        try:
            if not isinstance(row, dict):
                raise _BadRow(texts.ROW_NOT_AN_OBJECT)
            one = read(row)
            if first.setdefault(one.symbol, number) != number:
                raise _BadRow(texts.repeated(row["code"], first[one.symbol]))
            good.append(one)
        except _BadRow as error:
            bad.append({"row": number, "code": _shown_code(row), "error": str(error)})
    if bad:
        shown = [(row["row"], row["code"], row["error"]) for row in bad[:_SHOWN]]
        raise BadForm(texts.bad_rows(len(bad), shown), bad)
    return tuple(good)


def _shown_code(row: Any) -> str:
    code = row.get("code") if isinstance(row, dict) else None
    return code if isinstance(code, str) and is_plain(code, 20) else ""


def _position(row: Row) -> TargetPosition:
    cells = (row.get("code"), row.get("volume"), row.get("cost"), row.get("name"))
    try:
        return _target_of(*cells)
    except TypeError:  # a list or an object in a cell cannot be remembered; it is read to be refused
        return _target_of.__wrapped__(*cells)


# Most of an upload is what the one before it has said. Typed: 1 and true are told apart.
@lru_cache(maxsize=16384, typed=True)
def _target_of(code: object, volume: object, cost: object, name: object) -> TargetPosition:
    symbol = _symbol(code)
    shares = _whole(volume)
    if shares is None or shares < 0:
        raise _BadRow(texts.VOLUME_EXPECTED)
    yuan = _money(cost)
    if yuan is None or yuan <= 0:
        raise _BadRow(texts.COST_EXPECTED)
    return TargetPosition(symbol=symbol, shares=shares, cost=yuan, name=_words(name, 32, texts.NAME_EXPECTED))


def _adjustment(row: Row) -> Adjustment:
    symbol = _symbol(row.get("code"))
    shares = _whole(row.get("volume"))
    if not shares:
        raise _BadRow(texts.SIGNED_VOLUME_EXPECTED)
    cost = _money(row.get("cost", 0))
    if cost is None or cost < 0:
        raise _BadRow(texts.COST_NATURAL)
    return Adjustment(
        symbol=symbol,
        shares=shares,
        cost=cost,
        name=_words(row.get("name"), 32, texts.NAME_EXPECTED),
        remark=_words(row.get("remark"), 200, texts.REMARK_EXPECTED),
    )


_symbol_of = lru_cache(maxsize=8192)(symbol_of)  # the same few stocks, upload after upload


def _symbol(code: object) -> str:
    if not isinstance(code, str):
        raise _BadRow(texts.CODE_EXPECTED)
    try:
        return _symbol_of(code)
    except UnsupportedSymbol:
        raise _BadRow(texts.unsupported(code) if is_plain(code, 20) else texts.CODE_EXPECTED) from None


def _whole(value: object) -> int | None:
    """A whole number of shares; 1000.0 is one, True is none."""
    if isinstance(value, Decimal) and abs(value) <= _MAX_SHARES and value == value.to_integral_value():
        return int(value)
    return value if type(value) is int and abs(value) <= _MAX_SHARES else None


def _money(value: object) -> Decimal | None:
    """A number of yuan, to 4 places."""
    if type(value) is int and abs(value) <= _MAX_COST:
        return Decimal(value)
    if isinstance(value, Decimal) and abs(value) <= _MAX_COST:
        return value.quantize(_FOUR_PLACES)
    return None


def _words(value: object, longest: int, expected: str) -> str:
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or not is_plain(value, longest):
        raise _BadRow(expected)
    return value
