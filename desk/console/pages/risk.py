"""风控限额: how much of each limit is used, where it comes from, and its change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Scope
from desk.console.door import asks_trading_password, needs
from desk.console.sources import Sources
from desk.console.wishes import wish
from desk.core.config import Limits
from desk.core.view import routes
from desk.journal import views
from desk.journal.view_books import books
from desk.journal.view_figures import usage
from desk.settings.problems import ConfigProblems
from desk.settings.table import Section, rows_of
from desk.settings.writer import OFF, written_limits

_SETTINGS = rows_of(Section.LIMITS)
_LONGEST = 24
View = dict[str, Any]


def make(sources: Sources) -> Blueprint:
    risk = Blueprint("risk", __name__, url_prefix="/risk")

    @risk.get("")
    @needs(Scope.READ)
    def page() -> str:
        config = sources.config()
        written = _written(sources)
        used = _used(sources)
        cards = [
            {
                "name": account.name,
                "rows": [
                    {
                        "name": setting.attribute,
                        "limit": getattr(account.limits, setting.attribute),
                        "used": used[account.name].get(setting.attribute),
                        "from": _whence(setting.key, written, account.name),
                    }
                    for setting in _SETTINGS
                ],
            }
            for account in config.accounts
        ]
        scopes = [
            {
                "name": name,
                "rows": [
                    {
                        "name": s.attribute,
                        "typed": _typed(limits, s.key),
                        "help": s.help,
                        "without": _without(s, written, name),
                    }
                    for s in _SETTINGS
                ],
            }
            for name, limits in written.items()
        ]
        return render_template("risk.html", accounts=cards, scopes=scopes, strategies=_strategies(sources))

    @risk.post("/limits")
    @needs(Scope.ADMIN)
    @asks_trading_password("risk.page")
    def limits() -> ResponseReturnValue:
        """Set what was typed for one account, or with '' for all; the fields that are not sent stay."""
        account = request.form.get("account", "")
        typed = {
            setting.key: request.form[setting.attribute].strip()[:_LONGEST]
            for setting in _SETTINGS
            if setting.attribute in request.form
        }
        before = _written(sources).get(account, {})
        old = {key: _typed(before, key) for key in typed}
        changed = {key: text for key, text in typed.items() if text != old[key]}
        wish(
            sources.change,
            "limits",
            {"account": account, **typed},
            action="limits",
            target=account,
            old={key: old[key] for key in changed},
            new=changed,
        )
        return redirect(url_for("risk.page"))

    return risk


def _written(sources: Sources) -> dict[str, dict[str, object]]:
    """As the files have them; nothing where they cannot be read just now."""
    try:
        return written_limits(sources.config().home)
    except ConfigProblems:
        return {}


def _typed(limits: Mapping[str, object], key: str) -> str:
    if key not in limits:
        return ""
    return OFF if limits[key] is None else str(limits[key])


def _whence(key: str, written: Mapping[str, Mapping[str, object]], account: str) -> str:
    return "own" if key in written.get(account, {}) else "all" if key in written.get("", {}) else "default"


def _without(setting: Any, written: Mapping[str, Mapping[str, object]], name: str) -> str:
    """What would hold if nothing were typed."""
    common = _typed(written.get("", {}), setting.key) if name else ""
    value = getattr(Limits(), setting.attribute)
    return common or (OFF if value is None else f"{value}")


def _used(sources: Sources) -> dict[str, View]:
    """By account: what of a limit the day has used; of the position limit, the largest position's part."""
    found: dict[str, View] = defaultdict(dict)
    for name, row in usage(sources.journal, sources.clock.now().date()).items():
        found[name] = {"day_turnover": row["buy_turnover"], "day_orders": row["orders"], "day_cancels": row["cancels"]}
    assets = {row["name"]: Decimal(row["total_asset"] or 0) for row in sources.status()["accounts"]}
    for row in views.positions(sources.journal):
        total = assets.get(row["account"], Decimal(0))
        if total > 0:
            part = Decimal(row["value"]) / total
            found[row["account"]]["position_share"] = max(found[row["account"]].get("position_share", Decimal(0)), part)
    for name in assets:
        for key in ("day_turnover", "day_orders", "day_cancels", "position_share"):
            found[name].setdefault(key, 0)
    return found


def _strategies(sources: Sources) -> list[View]:
    """What each strategy owns on its accounts by the last prices, beside its own limits."""
    config = sources.config()
    prices = {(r["account"], r["symbol"]): Decimal(r["price"]) for r in views.positions(sources.journal)}
    worth: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in books(sources.journal):
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
