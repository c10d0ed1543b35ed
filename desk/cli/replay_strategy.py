"""What the strategy itself has made of an export's orders, and what it sold without having bought it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from base_func import band_ratio, floor_to_tick, tick_of
from desk.cli.transactions import Deal
from desk.core.values import Side
from desk.dealing.account import TradingDays

_NONE = Decimal(0)


class Origin(StrEnum):
    """Where shares that were sold and never bought may have come from."""

    EX_RIGHTS = "ex_rights"  # the price fell farther than limits let it fall: a bonus or a split for certain
    UNSURE = "unsure"  # a bonus, or held before the export begins
    BEFORE = "before"  # held before the export begins


@dataclass(frozen=True, kw_only=True, slots=True)
class Oversale:
    """A sale of more shares than the export's orders had left."""

    symbol: str
    day: date
    held: int
    sold: int
    price: Decimal
    last_day: date | None  # of the order before, None for the first one
    last_price: Decimal
    origin: Origin

    @property
    def shares(self) -> int:
        """How many too many."""
        return self.sold - self.held


class Strategy:
    """The strategy's money and shares so far; what is not followed here is left out."""

    def __init__(self, days: TradingDays) -> None:
        self._days = days
        self._last: dict[str, Deal] = {}
        self._money = _NONE  # yuan taken in less yuan paid, fees included
        self.fees = _NONE
        self.held: dict[str, int] = defaultdict(int)
        self.oversales: list[Oversale] = []

    def book(self, deal: Deal) -> None:
        if deal.symbol is None or not deal.filled:
            return
        self.fees += deal.fee
        if deal.side is Side.BUY:
            self._money -= deal.value + deal.fee
            self.held[deal.symbol] += deal.filled
        else:
            self._money += deal.value - deal.fee
            self._sell(deal.symbol, deal)
        self._last[deal.symbol] = deal

    def profit(self, worth: Callable[[str, int], Decimal]) -> Decimal:
        """Yuan, what is held valued by `worth`."""
        return self._money + sum((worth(symbol, shares) for symbol, shares in self.held.items()), _NONE)

    def _sell(self, symbol: str, deal: Deal) -> None:
        held = self.held[symbol]
        self.held[symbol] = max(0, held - deal.filled)
        if deal.filled <= held:
            return
        last = self._last.get(symbol)
        self.oversales.append(
            Oversale(
                symbol=symbol,
                day=deal.ended_at.date(),
                held=held,
                sold=deal.filled,
                price=deal.price,
                last_day=last.ended_at.date() if last is not None else None,
                last_price=last.price if last is not None else _NONE,
                origin=self._origin(symbol, deal, held, last),
            )
        )

    def _origin(self, symbol: str, deal: Deal, held: int, last: Deal | None) -> Origin:
        if not held or last is None:
            return Origin.BEFORE
        lowest, day, today = last.price, last.ended_at.date(), deal.ended_at.date()
        while day < today and lowest >= deal.price:
            day = self._days.next_trading_day(day)
            lowest = floor_to_tick(lowest * (1 - (band_ratio(symbol, on=day) or _NONE)), tick_of(symbol))
        return Origin.EX_RIGHTS if deal.price < lowest else Origin.UNSURE
