"""Numbers without loss: what platforms hand over as exact decimals, and JSON that keeps them."""

from __future__ import annotations

import json
import operator
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NoReturn

from gendan_client.errors import BadAnswer

MAX_SHARES = 10**9
MAX_COST = Decimal(10**7)
MAX_MONEY = Decimal(10**13)
_FOUR_PLACES = Decimal("0.0001")


def decimal_of(value: Any) -> Decimal:
    """Read a finite number: int, float (as it is written), Decimal, text, numpy's scalars. Raises ValueError."""
    if isinstance(value, bool):
        raise ValueError("不是数")
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, str):
        number = _written(value.strip())
    else:
        try:
            number = Decimal(operator.index(value))
        except TypeError:
            number = _from_float(value)
    if not number.is_finite():
        raise ValueError("不是有限的数")
    return number


def _written(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("不是数") from None


def _from_float(value: Any) -> Decimal:
    try:
        # By its shortest spelling: 10.51 is meant, not 10.5099999999999997868.
        return Decimal(repr(float(value)))
    except (TypeError, ValueError):
        raise ValueError("不是数") from None


def shares_of(value: Any) -> int:
    """Read a number of whole shares, 0 or more; 1000.0 is one. Raises ValueError."""
    number = decimal_of(value)
    if not 0 <= number <= MAX_SHARES or number != number.to_integral_value():
        raise ValueError("不是不小于 0 的整数")
    return int(number)


def money_of(value: Any) -> Decimal:
    """Read an amount of yuan, to 4 places (half up), within ±10**13. Raises ValueError."""
    number = decimal_of(value)
    if abs(number) > MAX_MONEY:
        raise ValueError("超出范围")
    return four_places(number)


def four_places(number: Decimal) -> Decimal:
    return number.quantize(_FOUR_PLACES, ROUND_HALF_UP)


def plain(number: Decimal) -> str:
    """Write a decimal without an exponent and without trailing zeros."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def to_json(value: Any) -> str:
    """Write compact JSON; decimals as numbers, exactly."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return "{" + ",".join(to_json(str(key)) + ":" + to_json(one) for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(to_json(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def from_json(content: bytes) -> Any:
    """Parse JSON strictly: UTF-8, no key twice, no NaN, fractions as decimals. Raises BadAnswer."""
    try:
        return json.loads(
            content.decode("utf-8"), parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_unique
        )
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise BadAnswer(f"不是正确的 JSON：{str(error)[:100]}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("同一个键出现两次")
    return found
