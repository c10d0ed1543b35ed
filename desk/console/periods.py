"""What accounts made in a day, a week or a month, put together from their days."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from desk.journal.views import View

# span -> (days that are explained, days that are listed and drawn)
SPANS = {"day": (1, 30), "week": (7, 84), "month": (30, 365)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """What an account made in a day, a week or a month; yuan."""

    name: str
    account: str
    profit: Decimal
    start: Decimal
    end: Decimal

    @property
    def rate(self) -> Decimal | None:
        return self.profit / self.start if self.start > 0 else None


def newest(days: list[View]) -> list[View]:
    """Each account's last day."""
    return list({row["account"]: row for row in days}.values())


def periods(days: list[View], span: str) -> list[Period]:
    """The days put together, the newest period first."""
    groups: dict[tuple[str, str], list[View]] = defaultdict(list)
    for row in days:
        groups[_named(date.fromisoformat(row["day"]), span), row["account"]].append(row)
    found = []
    for (name, account), rows in groups.items():
        profit = sum((Decimal(row["profit"]) for row in rows), Decimal(0))
        start = Decimal(rows[0]["total_asset"]) - Decimal(rows[0]["profit"])
        end = Decimal(rows[-1]["total_asset"])
        found.append(Period(name=name, account=account, profit=profit, start=start, end=end))
    found.sort(key=lambda period: period.account)
    found.sort(key=lambda period: period.name, reverse=True)
    return found


def _named(day: date, span: str) -> str:
    if span == "month":
        return f"{day:%Y-%m}"
    if span == "week":
        monday = day - timedelta(days=day.weekday())
        return f"{monday:%Y-%m-%d} – {monday + timedelta(days=6):%m-%d}"
    return day.isoformat()
