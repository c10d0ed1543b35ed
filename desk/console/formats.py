"""How figures stand on a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from base_func import BEIJING
from desk.console.words import look
from desk.core.plans import PlanKind
from desk.core.values import Mode
from desk.texts import english_labels, english_said
from desk.texts.labels import LABELS, price_text

NOTHING = "—"


def money(value: Any) -> str:
    """Yuan with two places and thousands: `1,234,567.80`; — for none."""
    number = _number(value)
    return NOTHING if number is None else f"{number:,.2f}"


def price(value: Any) -> str:
    """Yuan with two places, with three where the third is not 0."""
    number = _number(value)
    return NOTHING if number is None else price_text(number)


def shares(value: Any) -> str:
    number = _number(value)
    return NOTHING if number is None else f"{number:,}"


def signed(value: Any) -> str:
    """A change: `+1,200`, `-300`; — for none."""
    number = _number(value)
    return NOTHING if number is None or number == 0 else f"{number:+,}"


def percent(value: Any) -> str:
    """A fraction of 1 as `12.34%`."""
    number = _number(value)
    return NOTHING if number is None else f"{number * 100:.2f}%"


def tone(value: Any) -> str:
    """The CSS class of a gain or a loss: which colour is which is the look's business."""
    number = _number(value)
    return "" if number is None or number == 0 else "up" if number > 0 else "down"


def mode(value: str) -> str:
    """A mode's English word, for keys of texts and classes."""
    return Mode(value).name.lower()


def plan_kind(value: str) -> str:
    return PlanKind(value).name.lower()


def label(value: Any, kind: str) -> str:
    """What a person reads for a value of this enum of `desk.core.values`: `order.state|label("OrderState")`.

    Not for a constant in a template: that is worked out once, in the language of whoever comes first.
    """
    if value is None:
        return NOTHING
    known = next(labels for enum, labels in LABELS.items() if enum.__name__ == kind)
    chosen = next(word for word in known if word.value == value)
    return known[chosen] if look().language == "zh" else english_labels.label(chosen)


def said(text: str | None) -> str:
    """What the program has said, in Chinese as it is kept, or in English as far as that is known."""
    return (text or "") if look().language == "zh" else english_said.read(text or "")


def clock(value: datetime | str | None) -> str:
    """The time of day, Beijing."""
    at = _at(value)
    return NOTHING if at is None else f"{at:%H:%M:%S}"


def clock_ms(value: datetime | str | None) -> str:
    """The time of day to the millisecond, Beijing."""
    at = _at(value)
    return NOTHING if at is None else f"{at:%H:%M:%S}.{at.microsecond // 1000:03}"


def labelled(values: Iterable[Any], kind: str) -> list[tuple[str, str]]:
    """Every value with what a person reads for it, for a choice of them."""
    return [(str(value), label(value, kind)) for value in values]


def paired(values: Iterable[str]) -> list[tuple[str, str]]:
    """The same for names, which are shown as they are."""
    return [(value, value) for value in values]


def day_and_clock(value: datetime | str | None) -> str:
    at = _at(value)
    return NOTHING if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def _at(value: datetime | str | None) -> datetime | None:
    if not value:
        return None
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(BEIJING)


def _number(value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


FILTERS: dict[str, Callable[..., Any]] = {
    "money": money,
    "price": price,
    "shares": shares,
    "signed": signed,
    "percent": percent,
    "tone": tone,
    "mode": mode,
    "plan_kind": plan_kind,
    "label": label,
    "said": said,
    "labelled": labelled,
    "paired": paired,
    "clock": clock,
    "clock_ms": clock_ms,
    "day_and_clock": day_and_clock,
}
