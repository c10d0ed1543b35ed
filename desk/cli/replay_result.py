"""What a replay comes to: each order's outcome, costs, residue, and how far the accounts went from the strategy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from desk.broker.paper import DealtFeed
from desk.broker.paper.orders import value_of
from desk.cli.replay_desk import ReplayDesk
from desk.cli.replay_strategy import Oversale, Strategy
from desk.cli.transactions import Deal
from desk.core.values import Side, Verdict
from desk.journal import views
from desk.journal.view_books import books

View = dict[str, Any]
_NONE = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One order of the export and what became of it, all accounts together."""

    deal: Deal
    verdict: str
    reason: str | None
    reason_text: str
    shares: int  # ours
    value: Decimal  # yuan
    fee: Decimal  # yuan


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountResult:
    """Yuan throughout; `profit` = `scaled_profit` + the three differences, to the fen."""

    account: str
    ratio: Decimal
    profit: Decimal
    scaled_profit: Decimal  # the strategy's times the ratio
    price_difference: Decimal  # our fills against the strategy's price, shares for shares
    fee_difference: Decimal  # our fees against its fees times the ratio
    fees: Decimal
    turnover: Decimal
    orders: int

    @property
    def difference(self) -> Decimal:
        return self.profit - self.scaled_profit

    @property
    def share_difference(self) -> Decimal:
        """What rounding, refusals and later sales have left or added."""
        return self.difference - self.price_difference - self.fee_difference


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """Profit since the beginning at a day's close, yuan, all accounts together."""

    day: date
    scaled_profit: Decimal
    profit: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    rows: tuple[Row, ...]
    accounts: tuple[AccountResult, ...]
    books: tuple[View, ...]
    days: tuple[Day, ...]
    oversales: tuple[Oversale, ...]  # sold at JoinQuant beyond what the export says was bought
    ended_at: datetime

    @property
    def followed(self) -> int:
        """Orders of which something was traded."""
        return sum(1 for row in self.rows if row.shares)


class Watch:
    """Keeps the days' profits while a desk plays."""

    def __init__(self, desk: ReplayDesk, feed: DealtFeed) -> None:
        self._desk, self._feed = desk, feed
        self._deals = sorted(desk.deals, key=lambda deal: deal.ended_at)
        self._booked = 0
        self.strategy = Strategy(desk.days)
        self.days: list[Day] = []
        self._ratios = sum((share.ratio for share in desk.strategy.accounts), _NONE)

    def close(self, day: date) -> None:
        """Look at a day's close."""
        at = self._desk.clock.now()
        while self._booked < len(self._deals) and self._deals[self._booked].ended_at <= at:
            self.strategy.book(self._deals[self._booked])
            self._booked += 1
        ours = sum((profit_of(self._desk, self._feed, name) for name in self._desk.exchanges), _NONE)
        scaled = self.strategy.profit(lambda symbol, shares: _worth(self._feed, symbol, shares, at)) * self._ratios
        self.days.append(Day(day=day, scaled_profit=scaled, profit=ours))


def profit_of(desk: ReplayDesk, feed: DealtFeed, account: str) -> Decimal:
    """What an account has made so far, its shares at the feed's price of this moment."""
    picture, config = desk.exchanges[account].picture(), desk.config.account(account)
    assert config is not None
    now = desk.clock.now()
    worth = sum((_worth(feed, p.symbol, p.shares, now) for p in picture.positions), _NONE)
    return picture.asset.cash + picture.asset.frozen_cash + worth - config.initial_cash


def _worth(feed: DealtFeed, symbol: str, shares: int, at: datetime) -> Decimal:
    price = feed.price(symbol, at) if shares else None
    return _NONE if price is None else value_of(price, shares)


def result_of(desk: ReplayDesk, feed: DealtFeed, watch: Watch) -> Replayed:
    """Read everything off the journal once the desk has played."""
    first, now = desk.deals[0].at.date(), desk.clock.now()
    lines = {deal.line: deal for deal in desk.deals}
    orders = views.orders(desk.journal, day_from=first, day_to=now.date())
    fills = views.fills(desk.journal, day_from=first, day_to=now.date())
    line_of_order = {
        order["client_order_id"]: desk.lines[order["signal_id"]] for order in orders if order["signal_id"] is not None
    }
    of_line: dict[int, list[View]] = defaultdict(list)
    for fill in fills:
        if fill["client_order_id"] in line_of_order:
            of_line[line_of_order[fill["client_order_id"]]].append(fill)
    heard: dict[int, list[View]] = defaultdict(list)
    for signal in views.signals(desk.journal, day_from=first, day_to=now.date()):
        heard[desk.lines[signal["id"]]].append(signal)
    scaled = watch.strategy.profit(lambda symbol, shares: _worth(feed, symbol, shares, now))
    accounts = []
    for share in desk.strategy.accounts:
        mine = [fill for fill in fills if fill["account"] == share.account]
        fees = sum((Decimal(fill["fee"]) for fill in mine), _NONE)
        accounts.append(
            AccountResult(
                account=share.account,
                ratio=share.ratio,
                profit=profit_of(desk, feed, share.account),
                scaled_profit=scaled * share.ratio,
                price_difference=sum((_slipped(fill, lines, line_of_order) for fill in mine), _NONE),
                fee_difference=watch.strategy.fees * share.ratio - fees,
                fees=fees,
                turnover=sum((_value(fill) for fill in mine), _NONE),
                orders=sum(1 for order in orders if order["account"] == share.account),
            )
        )
    return Replayed(
        rows=tuple(_row(deal, heard[deal.line], of_line[deal.line]) for deal in desk.deals),
        accounts=tuple(accounts),
        books=tuple(books(desk.journal)),
        days=tuple(watch.days),
        oversales=tuple(watch.strategy.oversales),
        ended_at=now,
    )


def _row(deal: Deal, heard: Sequence[View], fills: Sequence[View]) -> Row:
    """An order that was told twice has the outcome of the telling that asked for something."""
    asked = [signal for signal in heard if signal["verdict"] != Verdict.IGNORED.value]
    telling = (asked or heard)[-1]
    return Row(
        deal=deal,
        verdict=telling["verdict"],
        reason=telling["reason"],
        reason_text=telling["reason_text"],
        shares=sum(fill["shares"] for fill in fills),
        value=sum((_value(fill) for fill in fills), _NONE),
        fee=sum((Decimal(fill["fee"]) for fill in fills), _NONE),
    )


def _value(fill: View) -> Decimal:
    return value_of(Decimal(fill["price"]), fill["shares"])


def _slipped(fill: View, lines: dict[int, Deal], line_of_order: dict[str, int]) -> Decimal:
    """Yuan that our price was better (worse: below 0) than the strategy's."""
    line = line_of_order.get(fill["client_order_id"])
    if line is None or not lines[line].price:
        return _NONE
    better = (lines[line].price - Decimal(fill["price"])) * int(fill["shares"])
    return better if fill["side"] == Side.BUY.value else -better
