"""收益: what the accounts made by day, week and month, their curves beside the strategies', and why they differ."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from flask import Blueprint, render_template, request

from desk.access import Scope
from desk.console.curve import Days, drawn
from desk.console.door import needs
from desk.console.periods import SPANS, newest, periods
from desk.console.sources import Sources
from desk.console.words import say
from desk.journal.view_figures import account_days
from desk.journal.view_returns import LATEST, causes
from desk.journal.view_worth import strategy_days
from desk.journal.views import View


def make(sources: Sources) -> Blueprint:
    returns = Blueprint("returns", __name__, url_prefix="/returns")

    @returns.get("")
    @needs(Scope.READ)
    def page() -> str:
        asked = request.args.get("span", "")
        span = asked if asked in SPANS else "day"
        explained, shown = SPANS[span]
        today = sources.clock.now().date()
        first = today - timedelta(days=shown - 1)
        days = account_days(sources.journal, first, today)
        since = today - timedelta(days=explained - 1)
        return render_template(
            "returns.html",
            span=span,
            spans=tuple(SPANS),
            shown=shown,
            since=since,
            today=today,
            newest=newest(days),
            periods=periods(days, span),
            sheet=drawn({**_worth_of_accounts(days), **_worth_of_strategies(first, today)}),
            causes=causes(sources.journal, since, today),
            latest=LATEST,
        )

    def _worth_of_strategies(first: date, last: date) -> dict[str, Days]:
        return {
            say("returns.at_joinquant", name=strategy.name): [
                (date.fromisoformat(row["day"]), Decimal(row["equity"]))
                for row in strategy_days(sources.journal, strategy.name, first, last)
            ]
            for strategy in sources.config().strategies
        }

    return returns


def _worth_of_accounts(days: list[View]) -> dict[str, Days]:
    found: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for row in days:
        found[row["account"]].append((date.fromisoformat(row["day"]), Decimal(row["total_asset"])))
    return dict(found)
