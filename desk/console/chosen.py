"""What a person has chosen above a list: read from the address, odd values taken for none."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TypeVar

from flask import request

PAGE = 50
_LONGEST = 64
_DIGITS = 15  # of a row's number

Word = TypeVar("Word", bound=StrEnum)


def text(name: str) -> str | None:
    return request.args.get(name, "").strip()[:_LONGEST] or None


def day(name: str = "day") -> date | None:
    said = request.args.get(name, "")
    try:
        found = date.fromisoformat(said)
    except ValueError:
        return None
    return found if 1990 <= found.year <= 2999 else None


def word(kind: type[Word], name: str) -> Word | None:
    said = request.args.get(name, "")
    return next((one for one in kind if one.value == said), None)


def number(name: str) -> int | None:
    """The number of a row; what no row can have is none."""
    said = request.args.get(name, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= _DIGITS else None


def mark() -> str | None:
    """Where an older page of the list begins."""
    return request.args.get("mark", "")[:200] or None
