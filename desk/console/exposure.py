"""How much of each limit is used, by account and by strategy."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from desk.core.config import Config
from desk.core.view import routes
from desk.journal import Journal, views
from desk.journal.view_books import books
from desk.journal.view_figures import usage

View = dict[str, Any]
_OF_THE_DAY = ("day_turnover", "day_orders", "day_cancels")


def used(journal: Journal, status: View, day: date) -> dict[str, dict[str, Decimal]]:
    """By account and limit: what the day has used; of the position limit, the largest position's part of now."""
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for name, row in usage(journal, day).items():
        found[name] = {
            "day_turnover": row["buy_turnover"],
            "day_orders": Decimal(row["orders"]),
            "day_cancels": Decimal(row["cancels"]),
        }
    assets = {row["name"]: Decimal(row["total_asset"] or 0) for row in status["accounts"]}
    for row in views.positions(journal):
        total = assets.get(row["account"], Decimal(0))
        if total > 0:
            part = Decimal(row["value"]) / total
            found[row["account"]]["position_share"] = max(found[row["account"]].get("position_share", Decimal(0)), part)
    for name in assets:
        for key in (*_OF_THE_DAY, "position_share"):
            found[name].setdefault(key, Decimal(0))
    return found


def of_strategies(journal: Journal, config: Config) -> list[View]:
    """What each strategy owns on its accounts by the last prices, in yuan, beside its own limits."""
    prices = {(r["account"], r["symbol"]): Decimal(r["price"]) for r in views.positions(journal)}
    worth: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in books(journal):
        price = prices.get((row["account"], row["symbol"]), Decimal(0))
        worth[row["strategy"], row["account"]] += price * row["own_shares"]
    return [
        {
            "strategy": strategy.name,
            "account": account,
            "value": worth[strategy.name, account],
            "value_limit": strategy.value_limit,
            "symbol_weight": strategy.symbol_weight,
            "band": strategy.no_trade_band,
        }
        for strategy in config.strategies
        for account in routes(config, strategy)
    ]
