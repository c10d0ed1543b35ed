"""How single values are written into columns, and read back exactly."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from base_func import BEIJING
from desk.core.values import Part, Reason

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017  # timezone.utc is what 3.11 knows as well
_EPOCH_IN_BEIJING = _EPOCH.astimezone(BEIJING)
_SECOND = 1_000_000
_DAY = timedelta(days=1)


def micros(at: datetime) -> int:
    """Microseconds of UTC since 1970, exactly; a naive time raises TypeError."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * _SECOND + since.microseconds


def moment(stored: int) -> datetime:
    """The Beijing time of a stored number of microseconds."""
    return _EPOCH_IN_BEIJING + timedelta(microseconds=stored)


def day_bounds(first: date, last: date) -> tuple[int, int]:
    """The stored times from the first Beijing midnight (included) to the one after `last` (excluded)."""
    start = datetime(first.year, first.month, first.day, tzinfo=BEIJING)
    end = datetime(last.year, last.month, last.day, tzinfo=BEIJING) + _DAY
    return micros(start), micros(end)


def decimal_text(value: Decimal) -> str:
    """The exact digits of a finite decimal, without an exponent; zero has no sign."""
    if not value.is_finite():
        raise ValueError(f"{value} is no number to keep in a journal")
    return format(value.copy_abs() if value.is_zero() else value, "f")


def plain(value: Decimal) -> str:
    """The exact digits for people and scripts: no exponent, no trailing zeros."""
    digits = decimal_text(value)
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def parts_text(parts: tuple[Part, ...]) -> str:
    if not parts:
        return "[]"
    rows = [[part.shares, part.reason.value, part.text] for part in parts]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def parts_of(stored: str) -> tuple[Part, ...]:
    if stored == "[]":
        return ()
    return tuple(Part(shares=shares, reason=Reason(code), text=text) for shares, code, text in json.loads(stored))


def iso(stored: int | None) -> str | None:
    """A stored time as ISO-8601 with +08:00, for the JSON views."""
    return None if stored is None else moment(stored).isoformat()
