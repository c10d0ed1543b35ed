"""What the acting routes do: they put a command before the trading loop and say what it answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from base_func import UnsupportedSymbol, board_of, legal_buy, legal_sell
from desk.console.api import asking
from desk.console.sources import Ask, Told
from desk.core.manual import STRATEGY
from desk.core.values import Side
from desk.journal import Journal, views
from desk.journal.view_books import books
from desk.journal.view_counts import status_counts
from desk.journal.view_figures import manual_order
from desk.texts import api as texts


class CannotDo(Exception):
    """The command is not put before the trading loop, or was refused by it; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Acting:
    journal: Journal
    ask: Ask
    trading: Callable[[], bool]  # whether a trading loop is there to answer
    note: Callable[[str, Mapping[str, str]], None]  # writes into the audit log what was asked

    def order(self, wanted: asking.NewOrder, key: str, by: str) -> Told:
        """Order by hand, once for each key. Raises CannotDo."""
        try:
            board_of(wanted.symbol)
        except UnsupportedSymbol as error:
            raise CannotDo(texts.unknown_symbol(wanted.symbol)) from error
        known = manual_order(self.journal, key)
        shares = wanted.shares
        if shares is None and known is not None:
            shares = known["shares"]  # asked again, a percentage means the shares that it meant the first time
        if shares is None:
            shares = self._shares_of(wanted, wanted.percent or Decimal(0))
        args = {
            "key": key,
            "account": wanted.account,
            "symbol": wanted.symbol,
            "side": wanted.side.value,
            "shares": str(shares),
        }
        if wanted.price is not None:
            args["price"] = f"{wanted.price.normalize():f}"
        return self.tell("order", args, by)

    def _shares_of(self, wanted: asking.NewOrder, percent: Decimal) -> int:
        """The legal shares that a percentage comes to; never rounded up, and nothing is refused."""
        if wanted.side is Side.SELL:
            rows = books(self.journal, strategy=STRATEGY, account=wanted.account)
            own = next((row["own_shares"] for row in rows if row["symbol"] == wanted.symbol), 0)
            shares = legal_sell(wanted.symbol, own * percent / 100, own)
        else:
            price = wanted.price or self._price_of(wanted)
            total = next(
                (
                    Decimal(row["total_asset"])
                    for row in status_counts(self.journal)["accounts"]
                    if row["name"] == wanted.account
                ),
                Decimal(0),
            )
            shares = legal_buy(wanted.symbol, total * percent / 100 / price)
        if shares == 0:
            raise CannotDo(texts.percent_too_small(percent))
        return shares

    def _price_of(self, wanted: asking.NewOrder) -> Decimal:
        held = views.positions(self.journal, account=wanted.account)
        price = next((Decimal(row["price"]) for row in held if row["symbol"] == wanted.symbol), Decimal(0))
        if price <= 0:
            raise CannotDo(texts.PERCENT_NEEDS_PRICE)
        return price

    def tell(self, verb: str, args: Mapping[str, str], by: str) -> Told:
        """Raises CannotDo without a trading loop, and for what the loop refuses."""
        if not self.trading():
            raise CannotDo(texts.NOT_TRADING)
        self.note(verb, args)
        told = self.ask(verb, args, by)
        if told.ok is False:
            raise CannotDo(told.text)
        return told
