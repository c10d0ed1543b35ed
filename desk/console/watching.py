"""The stocks that somebody watches; kept in a cookie of the browser, beside nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from flask import request
from werkzeug.wrappers import Response

from base_func import UnsupportedSymbol, symbol_of
from desk.console.precheck import known_symbol

COOKIE = "gendan_watch"
MOST = 12  # a channel fetches the quote of each
_YEAR_S = 365 * 24 * 3600


def watched() -> list[str]:
    """What was chosen last, in that order; whatever is no symbol is left out."""
    found = [symbol for part in request.cookies.get(COOKIE, "").split("+")[:MOST] if (symbol := read(part))]
    return list(dict.fromkeys(found))


def read(typed: str) -> str | None:
    """Our spelling of a symbol, from whatever spelling; six digits are enough where they fit one exchange."""
    text = typed.strip().upper()[:16]
    try:
        return symbol_of(text)
    except UnsupportedSymbol:
        return known_symbol(text)


def keep(response: Response, symbols: Iterable[str]) -> None:
    text = "+".join(list(symbols)[:MOST])
    response.set_cookie(COOKIE, text, max_age=_YEAR_S, httponly=True, samesite="Lax", secure=request.is_secure)
