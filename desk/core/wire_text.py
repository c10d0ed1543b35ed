"""Read untrusted text strictly: the errors of the wire, JSON without its traps, base64 with one spelling."""

from __future__ import annotations

import base64
import binascii
import json
import re
from decimal import Decimal
from typing import Any, NoReturn

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class WireError(Exception):
    """The body cannot be used; `code` is short and stable, `detail` is for the log and holds no secret."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Malformed(WireError):
    """The bytes are not what the wire describes; sending them again cannot help (HTTP 400, or `refused`)."""


class NotAuthentic(WireError):
    """Nobody who holds the secret made these bytes, or they were changed on the way (HTTP 401)."""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return result


def strict_json(raw: bytes | str, code: str) -> Any:
    """Parse JSON; UTF-8 only, no duplicate keys, no NaN, fractions as exact Decimal. Raises Malformed(code)."""
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8")
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=Decimal)
    except (ValueError, ArithmeticError) as error:
        # ArithmeticError: Decimal refuses absurd exponents; ValueError: also ints of more than 4,300 digits.
        raise Malformed(code, str(error)[:200]) from None
    except RecursionError:
        raise Malformed(code, "nested too deeply") from None


def strict_base64(value: object, code: str) -> bytes:
    """Decode standard base64 with padding, in its one canonical spelling. Raises Malformed(code)."""
    if not isinstance(value, str):
        raise Malformed(code, "not a string")
    try:
        raw = base64.b64decode(value.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Malformed(code, "not base64") from None
    if base64.b64encode(raw).decode("ascii") != value:
        # Loose trailing bits would give one body several spellings.
        raise Malformed(code, "not canonical base64")
    return raw


def is_plain(text: str, longest: int) -> bool:
    """Say whether the text is 1..longest characters without control characters and lone surrogates."""
    return 0 < len(text) <= longest and _CONTROL.search(text) is None
