"""What a strategy may hold on one account: its limit in yuan (单策略持仓市值) and by share of one symbol (单票权重)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

from desk.core.config import AccountShare, StrategyConfig
from desk.core.ledger import Ledger, missing
from desk.core.scaling import equity_of
from desk.core.values import Intent, Reason, Scaling, Side


def limited(strategy: StrategyConfig) -> bool:
    return strategy.value_limit is not None or strategy.symbol_weight is not None


def why_too_much(
    ledger: Ledger,
    strategy: StrategyConfig,
    share: AccountShare | None,
    intent: Intent,
    price_of: Callable[[str], Decimal | None],
) -> Reason | None:
    """Why a buy would pass its strategy's own limits, None if it would not; judged before its first order.

    `price_of` gives reference prices in yuan; 无行情 means that one is not known yet.
    """
    held = _held_with(ledger, intent)
    priced = held if strategy.value_limit is not None else {intent.symbol: held[intent.symbol]}
    values: dict[str, Decimal] = {}
    for symbol, shares in priced.items():
        price = price_of(symbol)
        if price is None:
            return Reason.NO_QUOTE
        values[symbol] = shares * price
    if strategy.value_limit is not None and sum(values.values()) > strategy.value_limit:
        return Reason.OVER_STRATEGY_VALUE
    if strategy.symbol_weight is None:
        return None
    money = _money_of(ledger, strategy, share)
    if money is None:
        return Reason.EQUITY_UNKNOWN
    return Reason.OVER_SYMBOL_WEIGHT if values[intent.symbol] > strategy.symbol_weight * money else None


def _held_with(ledger: Ledger, intent: Intent) -> dict[str, int]:
    """Shares by symbol: own, buys in flight, and this buy. Of two buys that wait, the later counts the earlier."""
    held: dict[str, int] = defaultdict(int)
    for (strategy, account, symbol), book in ledger.books.items():
        if (strategy, account) == (intent.strategy, intent.account) and book.own:
            held[symbol] += book.own
    later = False
    for other in ledger.intents.values():
        mine = other.intent_id == intent.intent_id
        later |= mine
        if other.side is Side.SELL or (other.strategy, other.account) != (intent.strategy, intent.account):
            continue
        if mine or other.attempts or not later:
            held[other.symbol] += missing(other)
    return held


def _money_of(ledger: Ledger, strategy: StrategyConfig, share: AccountShare | None) -> Decimal | None:
    """The yuan that stand for the strategy on an account; None while its equity is not known."""
    if share is None:
        return None
    if share.scaling is not Scaling.RATIO:
        return share.capital
    equity = equity_of(ledger, strategy.name)
    return equity * share.ratio if equity is not None and equity > 0 else None
