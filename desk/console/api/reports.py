"""What the reading routes answer of a day, of returns, of what was told, and of who changed what."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from desk import logs
from desk.access import AuditRow, Trail
from desk.console import log_tail
from desk.console.api import asking
from desk.console.api.reading import NotThere
from desk.console.day_facts import day_facts
from desk.console.periods import SPANS, periods
from desk.core.config import Config
from desk.core.market import Instrument
from desk.core.market import Quote as MarketQuote
from desk.core.targets import Adjustment, TargetPosition, merged
from desk.journal import Journal, PositionBook
from desk.journal.values import plain
from desk.journal.view_figures import account_days
from desk.journal.view_pages import BadMark
from desk.journal.view_returns import causes
from desk.journal.view_told import told
from desk.settings import editing
from desk.settings.problems import ConfigProblems
from desk.settings.redaction import redacted
from desk.texts import api as texts
from desk.texts.day_picture import DayFacts

View = dict[str, Any]
_TOLD_BACK = timedelta(days=7)
_LISTED = ("策略", "账户")  # what stands as a list in a file, each with a 名称


@dataclass(frozen=True, kw_only=True, slots=True)
class Reports:
    """One method for each reading route; usable from any thread."""

    journal: Journal
    config: Callable[[], Config]
    trail: Trail
    quote: Callable[[str, str], MarketQuote | None]  # (trading account, symbol): from memory, never waits
    instrument: Callable[[str, str], Instrument | None]

    def today(self) -> date:
        return self.journal.clock.now().date()

    # --- a day, returns -----------------------------------------------------------------------------------------------

    def day(self, asked: asking.DayAsked) -> View:
        facts = day_facts(self.journal, self.config(), asked.day or self.today())
        received, followed, ordered, filled = facts.funnel
        return {
            "day": facts.day.isoformat(),
            "total_asset": _text(facts.worth),
            "profit": _text(facts.profit),
            "profit_ratio": _ratio(facts.profit_ratio),
            "exposure": _ratio(facts.exposure),
            "bought": plain(facts.bought),
            "sold": plain(facts.sold),
            "fees": plain(facts.fees),
            "received": received,
            "followed": followed,
            "ordered": ordered,
            "filled": filled,
            "verdicts": {verdict.value: count for verdict, count in facts.verdicts.items()},
            "reasons": [{"reason": reason, "count": count} for reason, count in facts.reasons],
            "curve": _curve(facts),
            "holdings": None
            if facts.holdings is None
            else [{"name": name, "value": plain(value)} for name, value in facts.holdings],
            "differences": [
                {
                    "strategy": one.strategy,
                    "account": one.account,
                    "symbol": one.symbol,
                    "target_shares": one.target,
                    "own_shares": one.own,
                    "cause": one.cause,
                }
                for one in facts.differences
            ],
            "more_differences": facts.more_differences,
        }

    def returns(self, asked: asking.SpanAsked) -> View:
        explained, shown = SPANS[asked.span.value]
        today = self.today()
        since = today - timedelta(days=explained - 1)
        days = account_days(self.journal, today - timedelta(days=shown - 1), today)
        why = causes(self.journal, since, today)
        return {
            "span": asked.span.value,
            "since": since.isoformat(),
            "until": today.isoformat(),
            "periods": [
                {
                    "name": one.name,
                    "account": one.account,
                    "profit": plain(one.profit),
                    "start": plain(one.start),
                    "end": plain(one.end),
                    "rate": _ratio(one.rate),
                }
                for one in periods(days, asked.span.value)
            ],
            "causes": why["strategies"],
            "complete": why["complete"],
        }

    # --- the market, the position sync --------------------------------------------------------------------------------

    def quoted(self, account: str, symbol: str) -> View:
        quote = self.quote(account, symbol)
        if quote is None:
            raise NotThere(texts.no_quote(account, symbol))
        known = self.instrument(account, symbol)
        return {
            "account": account,
            "symbol": symbol,
            "at": quote.at.isoformat(),
            "last": plain(quote.last),
            "prev_close": plain(quote.prev_close),
            "asks": _levels(quote.asks),
            "bids": _levels(quote.bids),
            "up_limit": _text(known.up_limit) if known is not None else None,
            "down_limit": _text(known.down_limit) if known is not None else None,
            "suspended": known.suspended if known is not None else None,
        }

    def adjustments(self) -> View:
        book = PositionBook(self.journal)
        newest = next(iter(book.adjustment_history(1)), None)
        now, targets = newest.adjustments if newest is not None else (), book.targets()
        return {
            "number": newest.number if newest is not None else 0,
            "adjustments": [_adjustment(one) for one in now],
            "targets": [
                {
                    "strategy": one.strategy,
                    "at": one.updated_at.isoformat(),
                    "positions": [_target(position) for position in one.positions],
                }
                for one in targets
            ],
            "total": [_target(one) for one in merged((target.positions for target in targets), now)],
            "uploads": self.config().position_upload,
            "has_password": book.password() is not None,
        }

    def adjustment_history(self, asked: asking.Paged) -> View:
        rows = PositionBook(self.journal).adjustment_history(asked.limit + 1, _number(asked.mark))
        return {
            "items": [
                {
                    "number": row.number,
                    "at": row.at.isoformat(),
                    "by": row.by,
                    "adjustments": [_adjustment(one) for one in row.adjustments],
                }
                for row in rows[: asked.limit]
            ],
            "next": str(rows[asked.limit - 1].number) if len(rows) > asked.limit else None,
        }

    # --- what was told, what was changed ------------------------------------------------------------------------------

    def message_kinds(self) -> View:
        counted = told(self.journal, self.journal.clock.now() - _TOLD_BACK)
        return {
            **counted,
            "kinds": [
                {**row, "kind": kind, "robots": [{"robot": name, **by} for name, by in row["robots"].items()]}
                for kind, row in sorted(counted["kinds"].items())
            ],
        }

    def audit(self, asked: asking.AuditAsked) -> View:
        rows = self.trail.rows(
            before=_number(asked.mark), limit=asked.limit + 1, who=asked.who or "", action=asked.action or ""
        )
        return {
            "items": [_noted(row) for row in rows[: asked.limit]],
            "next": str(rows[asked.limit - 1].row_id) if len(rows) > asked.limit else None,
        }

    def settings(self) -> View:
        running, trouble, changed = self.config(), "", False
        origins: dict[tuple[str, ...], str] = {}
        try:
            origins = editing.origins(running.home, os.environ)
            changed = editing.version(running.home) != running.version
        except ConfigProblems as problems:
            trouble = str(problems)
        items = [
            {"file": file, "of": of, "key": key, "value": value, "origin": origins.get((*where, key), editing.DEFAULT)}
            for file, values in redacted(running).items()
            for of, where, rows in _sections(file, values)
            for key, value in rows.items()
        ]
        return {"version": running.version, "changed": changed, "trouble": trouble, "items": items}

    def log(self, asked: asking.LogAsked) -> View:
        config = self.config()
        names = log_tail.files(config.home / logs.FOLDER)
        if asked.file is not None and asked.file not in names:
            raise NotThere(texts.no_log(asked.file))
        name = asked.file or next(iter(names), "")
        read = log_tail.masked(config, name, asked.mark)
        before = None if read.before is None else str(read.before)
        return {"files": names, "file": name, "lines": list(read.lines), "next": before}


def _curve(facts: DayFacts) -> list[View]:
    points = enumerate(zip(facts.days, facts.ours, strict=True))
    return [
        {"day": day.isoformat(), "ours": ours, "strategies": {name: line[n] for name, line in facts.theirs.items()}}
        for n, (day, ours) in points
    ]


def _sections(file: str, values: Any) -> Iterable[tuple[str | None, tuple[str, ...], View]]:
    """The top of a file, and each strategy or account in it: its name, where its origins stand, its rows."""
    yield None, (file,), {key: value for key, value in values.items() if key not in _LISTED}
    for listed in _LISTED:
        for item in values.get(listed, ()):
            name = str(item["名称"])
            yield name, (file, listed, name), item


def _noted(row: AuditRow) -> View:
    return {**asdict(row), "id": row.row_id, "at": row.at.isoformat()}


def _adjustment(one: Adjustment) -> View:
    return {**_target(one), "remark": one.remark}


def _target(one: TargetPosition | Adjustment) -> View:
    return {"symbol": one.symbol, "name": one.name, "shares": one.shares, "cost": plain(one.cost)}


def _levels(levels: Iterable[tuple[Decimal, int]]) -> list[View]:
    return [{"price": plain(price), "shares": shares} for price, shares in levels]


def _number(mark: str | None) -> int | None:
    """Raises BadMark."""
    if mark is None:
        return None
    if not (mark.isascii() and mark.isdigit()) or len(mark) > 16:
        raise BadMark(mark)
    return int(mark)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _ratio(value: Decimal | None) -> str | None:
    return None if value is None else plain(round(value, 8))
