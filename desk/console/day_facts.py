"""Counts what the picture of a day shows, from the journal's views."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from desk.core.config import Config
from desk.core.values import Verdict
from desk.journal import Journal, views
from desk.journal.view_books import books
from desk.journal.view_counts import funnel
from desk.journal.view_figures import account_days
from desk.journal.view_worth import strategy_days
from desk.texts.day_picture import DayDifference, DayFacts

_LOOKED_BACK = timedelta(days=120)
_REASONS, _HOLDINGS, _DIFFERENCES, CURVES = 7, 8, 8, 3

View = dict[str, Any]
Theirs = Callable[[Sequence[date]], Mapping[str, Sequence[float | None]]]


def day_facts(journal: Journal, config: Config, day: date, theirs: Theirs | None = None) -> DayFacts:
    """What is known of a day; holdings and differences are those of now, so a day gone by has none.

    `theirs`: who knows the strategies' curves without counting them anew.
    """
    today = day == journal.clock.now().date()
    rows = account_days(journal, day - _LOOKED_BACK, day)
    last = [row for row in rows if row["day"] == day.isoformat()]
    worth = _sum(last, "total_asset")
    value = _sum(last, "market_value")
    counts = funnel(journal, day)
    days, ours = _curve(rows)
    differing = _differences(journal) if today else []
    held = _holdings(journal) if today else None
    return DayFacts(
        day=day,
        subtitle=_subtitle(config),
        worth=worth,
        profit=_sum(last, "profit"),
        exposure=value / worth if worth and value is not None else None,
        bought=Decimal(counts["bought"]),
        sold=Decimal(counts["sold"]),
        fees=Decimal(counts["fees"]),
        days=days,
        ours=ours,
        theirs=theirs(days) if theirs is not None else _theirs(journal, config, days),
        funnel=[counts[name] for name in ("received", "followed", "ordered", "filled")],
        verdicts={verdict: counts[verdict.value] for verdict in Verdict},
        reasons=list(counts["by_reason"].items())[:_REASONS],
        holdings=held,
        differences=differing[:_DIFFERENCES],
        more_differences=max(0, len(differing) - _DIFFERENCES),
    )


def _subtitle(config: Config) -> str:
    accounts = "、".join(account.name for account in config.accounts)
    strategies = "、".join(f"{s.name}（{s.mode}）" for s in config.strategies if s.enabled)
    return "　".join(part for part in (accounts, strategies) if part)


def _sum(rows: Sequence[View], field: str) -> Decimal | None:
    return sum((Decimal(row[field]) for row in rows), Decimal(0)) if rows else None


def _curve(rows: Sequence[View]) -> tuple[list[date], list[float]]:
    """Percent gained since the first day: day by day the profits of all accounts against what they began the day with.

    An account that comes later joins with its own profits, its money makes no jump.
    """
    worth: dict[str, Decimal] = defaultdict(Decimal)
    profit: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        worth[row["day"]] += Decimal(row["total_asset"])
        profit[row["day"]] += Decimal(row["profit"])
    days, gained, whole = sorted(worth), [], Decimal(1)
    for number, day in enumerate(days):
        begun = worth[day] - profit[day]
        if number and begun > 0:
            whole *= 1 + profit[day] / begun
        gained.append(float((whole - 1) * 100))
    return [date.fromisoformat(day) for day in days], gained


def _theirs(journal: Journal, config: Config, days: Sequence[date]) -> dict[str, list[float | None]]:
    """Percent gained by the strategies that told their equity on at least two of the days."""
    found: dict[str, list[float | None]] = {}
    for strategy in config.strategies:
        if not days or len(found) == CURVES:
            break
        line = gained(told_worth(journal, strategy.name, days), days)
        if line is not None:
            found[strategy.name] = line
    return found


def told_worth(journal: Journal, strategy: str, days: Sequence[date]) -> dict[str, Decimal]:
    """By day, what a strategy said that it was worth."""
    return {row["day"]: Decimal(row["equity"]) for row in strategy_days(journal, strategy, days[0], days[-1])}


def gained(told: Mapping[str, Decimal], days: Sequence[date]) -> list[float | None] | None:
    """Percent since the first day that was told; None where fewer than two were."""
    known = [told.get(day.isoformat()) for day in days]
    first = next((equity for equity in known if equity), None)
    if first is None or sum(equity is not None for equity in known) < 2:
        return None
    return [None if equity is None else float((equity / first - 1) * 100) for equity in known]


def _holdings(journal: Journal) -> list[tuple[str, Decimal]]:
    value: dict[str, Decimal] = defaultdict(Decimal)
    for row in views.positions(journal):
        value[f"{row['name']} {row['symbol']}".strip()] += Decimal(row["value"])
    largest = sorted(value.items(), key=lambda one: (-one[1], one[0]))
    return [one for one in largest if one[1]][:_HOLDINGS]


def _differences(journal: Journal) -> list[DayDifference]:
    price = {(row["account"], row["symbol"]): Decimal(row["price"]) for row in views.positions(journal)}
    found = [
        DayDifference(
            strategy=row["strategy"],
            account=row["account"],
            symbol=row["symbol"],
            target=row["target_shares"],
            own=row["own_shares"],
            cause=row["gap"] or "",
        )
        for row in books(journal)
        if row["target_shares"] != row["own_shares"] and not row["in_flight_shares"] and not row["pending_shares"]
    ]

    def size(one: DayDifference) -> Decimal:
        return abs(one.target - one.own) * price.get((one.account, one.symbol), Decimal(1))

    return sorted(found, key=lambda one: (-size(one), one.strategy, one.symbol))
