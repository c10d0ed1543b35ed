"""What a manual order would meet, as far as the console can tell beforehand; the trading loop has the last word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from base_func import FeeRule, UnsupportedSymbol, board_of, commission_due, legal_buy, legal_sell, lot_rule, trade_taxes
from desk.console.words import say
from desk.core.config import AccountConfig, Limits
from desk.core.manual import ManualOrder
from desk.core.market import Instrument, Quote
from desk.core.pricing import out_of_band
from desk.core.values import Reason, Side
from desk.texts.labels import money, reason_text

_FAR = Decimal("0.02")  # of the last price: a limit beyond it is worth a look
_EXCHANGES = (".SH", ".SZ", ".BJ")
PARTS = {"1": Decimal(1), "1/2": Decimal("0.5"), "1/3": Decimal(1) / 3, "1/4": Decimal("0.25")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is known of the account and the stock just now; money in yuan."""

    account: Mapping[str, Any]  # of `status`
    config: AccountConfig | None  # None for an account that has left the configuration
    used: Mapping[str, Any]  # the day's orders and turnover
    holding: Mapping[str, Any] | None  # what was bought by hand
    quote: Quote | None
    instrument: Instrument | None
    halted: bool
    running: bool

    @property
    def cash(self) -> Decimal:
        return Decimal(self.account.get("cash") or 0)

    @property
    def sellable(self) -> int:
        return int(self.holding["sellable_shares"]) if self.holding else 0

    @property
    def price(self) -> Decimal | None:
        """What a buy without a limit would be reckoned with."""
        if self.quote is not None:
            return self.quote.asks[0][0] if self.quote.asks else self.quote.last
        return Decimal(self.holding["price"]) if self.holding and self.holding["price"] else None


@dataclass(frozen=True, slots=True)
class Finding:
    grade: str  # bad: it would be refused | warn | good
    text: str


def known_symbol(typed: str) -> str | None:
    """Our spelling of six digits alone, None where they fit no exchange."""
    fitting = []
    for exchange in _EXCHANGES:
        try:
            board_of(typed + exchange)
        except UnsupportedSymbol:
            continue
        fitting.append(typed + exchange)
    return fitting[0] if len(fitting) == 1 else None


def part_of(part: Decimal, symbol: str, side: Side, limit: Decimal | None, now: Standing) -> int | None:
    """The legal shares of a part of the cash or of what may be sold; 0 when it comes to none, None without a price."""
    if side is Side.SELL:
        own = int(now.holding["own_shares"]) if now.holding else 0
        whole = now.sellable if part == 1 else int(now.sellable * part)
        return legal_sell(symbol, whole, own)
    price = limit or now.price
    if not price:
        return None
    spare = fees(symbol, Side.BUY, now.cash * part, now.config)
    return legal_buy(symbol, max(Decimal(0), now.cash * part - spare) / price)


def fees(symbol: str, side: Side, value: Decimal, config: AccountConfig | None) -> Decimal:
    """Yuan, if it were one fill."""
    config = config or AccountConfig(name="")
    rule = FeeRule(config.commission_rate, config.min_commission)
    return commission_due(rule, Decimal(0), value) + trade_taxes(symbol, side is Side.BUY, value)


def findings(wish: ManualOrder, now: Standing) -> list[Finding]:
    """Everything that stands against the order, or one line that nothing does."""
    found = [*_account(now), *_shares(wish, now), *_price(wish, now)]
    if not any(one.grade == "bad" for one in found):
        found += _money(wish, now)
    return found or [Finding("good", say("check.fine"))]


def _account(now: Standing) -> Iterable[Finding]:
    if not now.running:
        yield Finding("bad", say("check.not_running"))
    elif not now.account.get("connected"):
        yield Finding("bad", now.account.get("trouble") or say("check.not_connected"))
    if now.halted:
        yield Finding("bad", reason_text(Reason.HALTED))
    if now.holding and now.holding["frozen"]:
        yield Finding("bad", now.holding["frozen"])


def _shares(wish: ManualOrder, now: Standing) -> Iterable[Finding]:
    most = lot_rule(wish.symbol).max_shares
    if wish.shares > most:
        yield Finding("bad", say("check.most", most=f"{most:,}"))
    elif wish.side is Side.BUY:
        legal = legal_buy(wish.symbol, wish.shares)
        if legal != wish.shares:
            yield Finding("bad", say("check.not_legal", legal=f"{legal:,}"))
    elif wish.shares > now.sellable:
        yield Finding("bad", say("check.not_sellable", shares=f"{now.sellable:,}"))
    else:
        legal = legal_sell(wish.symbol, wish.shares, int(now.holding["own_shares"]) if now.holding else 0)
        if legal != wish.shares:
            yield Finding("bad", say("check.not_legal", legal=f"{legal:,}"))


def _price(wish: ManualOrder, now: Standing) -> Iterable[Finding]:
    instrument = now.instrument
    if instrument is not None and instrument.suspended:
        yield Finding("warn", reason_text(Reason.SUSPENDED))
    if now.quote is None:
        yield Finding("warn", say("check.no_quote"))
    if wish.limit is None:
        return
    if instrument is not None and out_of_band(wish.limit, instrument):
        # A synthetic price that nobody has traded at yet gives way to the order's own.
        grade = "warn" if now.config is not None and now.config.feed == "合成" else "bad"
        yield Finding(grade, say("check.band", low=instrument.down_limit, high=instrument.up_limit))
    elif now.quote is not None and now.quote.last > 0 and abs(wish.limit / now.quote.last - 1) > _FAR:
        yield Finding("warn", say("check.far", last=now.quote.last))


def _money(wish: ManualOrder, now: Standing) -> Iterable[Finding]:
    price = wish.limit or now.price
    if price is None:
        return
    value = price * wish.shares
    if wish.side is Side.SELL:
        after = value - fees(wish.symbol, wish.side, value, now.config)
        yield Finding("good", say("check.brings", value=money(value), after=money(after)))
        return
    yield from _limits(value, now.config.limits if now.config else Limits(), now)
    cost = value + fees(wish.symbol, wish.side, value, now.config)
    if cost > now.cash:
        yield Finding("warn", say("check.no_cash", cost=money(cost), cash=money(now.cash)))
    else:
        yield Finding("good", say("check.costs", cost=money(cost), cash=money(now.cash)))


def _limits(value: Decimal, limits: Limits, now: Standing) -> Iterable[Finding]:
    if limits.order_value is not None and value > limits.order_value:
        yield Finding("bad", reason_text(Reason.OVER_ORDER_VALUE))
    if limits.day_turnover is not None and now.used["buy_turnover"] + value > limits.day_turnover:
        yield Finding("bad", reason_text(Reason.OVER_DAY_TURNOVER))
    if limits.day_orders is not None and now.used["orders"] >= limits.day_orders:
        yield Finding("bad", reason_text(Reason.OVER_DAY_ORDERS))
