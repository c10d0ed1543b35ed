"""What both older interfaces ask for: accounts, positions, orders, and ordering by hand, in plain values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import request

from base_func import UnsupportedSymbol, legal_buy, legal_sell, round_to_tick, symbol_of, tick_of
from desk.console.api.acting import Acting, CannotDo
from desk.console.api.asking import KEY
from desk.console.compat.serving import BadRequest, View
from desk.core.manual import STRATEGY
from desk.core.values import OrderState, Side
from desk.journal import Journal, views
from desk.journal.view_books import books
from desk.journal.view_figures import manual_order
from desk.texts import api as texts

_EXCHANGES = ("SH", "SZ", "BJ")
_CASH_FOR_FEES = Decimal("0.995")  # a buy of everything must not fail for its fees
PENDING = tuple(state.value for state in OrderState if not state.final)
STATES: Mapping[str, tuple[str, ...]] = {
    "pending": PENDING,
    "completed": (OrderState.FILLED.value,),
    "canceled": (OrderState.CANCELLED.value, OrderState.WITHDRAWN.value),
    "failed": (OrderState.REJECTED.value,),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Counter:
    """Usable from any thread."""

    journal: Journal
    status_view: Callable[[], View]
    acting: Acting

    def accounts(self) -> list[View]:
        """The accounts that trading runs on, in a lasting order."""
        rows: list[View] = self.status_view()["accounts"]
        return rows

    def account(self, index: Any) -> View:
        """The account of a number; without one, the only account. Raises BadRequest."""
        accounts = self.accounts()
        if index is None:
            if len(accounts) != 1:
                raise BadRequest(texts.NAME_AN_ACCOUNT)
            return accounts[0]
        if isinstance(index, bool) or not isinstance(index, int | str) or not str(index).isascii():
            raise BadRequest(texts.BAD_INDEX)
        if not str(index).isdigit() or len(str(index)) > 4 or int(index) >= len(accounts):
            raise BadRequest(texts.BAD_INDEX)
        return accounts[int(index)]

    def positions(self, account: str) -> list[View]:
        return views.positions(self.journal, account=account)

    # --- acting -----------------------------------------------------------------------------------------------------

    def order(
        self,
        *,
        account: str,
        symbol: str,
        side: Side,
        shares: int | None,
        part: Decimal | None,
        price: Decimal | None,
        by: str,
        key: str,
    ) -> View:
        """Order by hand: whole shares, or a part of the cash (buy) or of what may be sold. Raises BadRequest, CannotDo.

        The same key again orders nothing and gives the same order.
        """
        known = manual_order(self.journal, key)
        if shares is None:
            shares = known["shares"] if known is not None else self._shares_of(account, symbol, side, part, price)
        args = {"key": key, "account": account, "symbol": symbol, "side": side.value, "shares": str(shares)}
        if price is not None:
            args["price"] = f"{price.normalize():f}"
        told = self.acting.tell("order", args, by)
        return {"ok": told.ok, "shares": shares, "text": told.text, "order": manual_order(self.journal, key)}

    def _shares_of(self, account: str, symbol: str, side: Side, part: Decimal | None, price: Decimal | None) -> int:
        if part is None or not 0 < part <= 1:
            raise BadRequest(texts.BAD_PART)
        if side is Side.SELL:
            rows = books(self.journal, strategy=STRATEGY, account=account)
            own = next((row["own_shares"] for row in rows if row["symbol"] == symbol), 0)
            shares = legal_sell(symbol, own * part, own)
        else:
            cash = next((Decimal(row["cash"] or 0) for row in self.accounts() if row["name"] == account), Decimal(0))
            shares = legal_buy(symbol, cash * _CASH_FOR_FEES * part / (price or self._price_of(account, symbol)))
        if shares == 0:
            raise CannotDo(texts.percent_too_small(part * 100))
        return shares

    def _price_of(self, account: str, symbol: str) -> Decimal:
        price = next((Decimal(row["price"]) for row in self.positions(account) if row["symbol"] == symbol), Decimal(0))
        if price <= 0:
            raise BadRequest(texts.PART_NEEDS_PRICE)
        return price

    def cancel(self, order_id: str, by: str) -> str:
        return self.acting.tell("cancel", {"id": order_id}, by).text


# --- reading what was asked -------------------------------------------------------------------------------------------


def body(*, may_be_empty: bool = False) -> View:
    """The request's JSON object. Raises BadRequest."""
    if may_be_empty and not request.get_data():
        return {}
    try:
        said = request.get_json(silent=True)
        json.dumps(said, ensure_ascii=False).encode()  # half a character can be neither kept nor answered
    except (RecursionError, UnicodeEncodeError) as error:
        raise BadRequest(texts.BAD_JSON) from error
    if not isinstance(said, dict):
        raise BadRequest(texts.BAD_JSON)
    return said


def idempotency_key() -> str:
    """Raises BadRequest."""
    key = request.headers.get("Idempotency-Key", "")
    if not KEY.fullmatch(key):
        raise BadRequest(texts.NEEDS_KEY)
    return key


def symbol_in(said: Any) -> str:
    """Our spelling of a code: 600000.SH, 600000.XSHG, or six digits where one exchange alone has them."""
    if not isinstance(said, str):
        raise BadRequest(texts.unknown_symbol("?"))
    spelt = [said] if "." in said else [f"{said}.{exchange}" for exchange in _EXCHANGES]
    found = [symbol for one in spelt if (symbol := _known(one)) is not None]
    if len(found) != 1:
        raise BadRequest(texts.unknown_symbol(said[:20]))
    return found[0]


def _known(security: str) -> str | None:
    try:
        return symbol_of(security)
    except UnsupportedSymbol:
        return None


def price_in(said: Any, symbol: str) -> Decimal | None:
    """A limit in yuan; None for the market's price (nothing, 0)."""
    price = number_in(said)
    if price is None or price == 0:
        return None
    if not 0 < price < 1_000_000 or round_to_tick(price, tick_of(symbol)) != price:
        raise BadRequest(texts.BAD_PRICE)
    return price


def shares_in(said: Any) -> int | None:
    number = number_in(said)
    if number is None:
        return None
    if number != number.to_integral_value() or not 0 < number < 1_000_000_000:
        raise BadRequest(texts.BAD_SHARES)
    return int(number)


def number_in(said: Any) -> Decimal | None:
    """A number as these clients write it: a JSON number or text."""
    if said is None or said == "":
        return None
    if isinstance(said, bool) or not isinstance(said, int | float | str) or len(str(said)) > 24:
        raise BadRequest(texts.BAD_NUMBER)
    try:
        number = Decimal(str(said))
    except InvalidOperation as error:
        raise BadRequest(texts.BAD_NUMBER) from error
    if not number.is_finite():
        raise BadRequest(texts.BAD_NUMBER)
    return number


def side_in(said: Any) -> Side:
    if said not in ("buy", "sell"):
        raise BadRequest(texts.BAD_SIDE)
    return Side(said)


# --- answering --------------------------------------------------------------------------------------------------------


def number(text: str | None) -> float:
    """These clients calculate with JSON numbers; what is not known is 0 for them."""
    return float(text) if text is not None else 0.0


def total(rows: Sequence[View], field: str) -> Decimal:
    return sum((Decimal(row[field]) for row in rows), Decimal(0))
