"""What the reading routes answer, made of the journal's views and the configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from desk.console.api import asking
from desk.console.exposure import of_strategies, used
from desk.console.lights import OFF, ON, Light, lights
from desk.core.config import Config
from desk.journal import Journal, views
from desk.journal.values import plain
from desk.journal.view_books import books
from desk.journal.view_counts import funnel
from desk.journal.view_figures import account_days, hops, manual_order, waiting
from desk.journal.view_manual import manual_holdings
from desk.journal.view_news import slippage
from desk.journal.view_pages import (
    Page,
    changes_page,
    fills_page,
    messages_page,
    orders_page,
    settings_page,
    signals_page,
)
from desk.journal.view_plans import plans
from desk.journal.view_told import told
from desk.journal.view_why import why
from desk.journal.view_worth import strategy_days
from desk.settings.table import Section, rows_of
from desk.texts import api as texts

View = dict[str, Any]
_LOOKED_BACK = timedelta(days=90)
_TOLD_BACK = timedelta(days=1)


class NotThere(Exception):
    """What was asked for by name does not exist; the text says what."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One method for each reading route; usable from any thread."""

    journal: Journal
    config: Callable[[], Config]
    status_view: Callable[[], View]  # how everything stands, as the command line's `status` says it

    def today(self) -> date:
        return self.journal.clock.now().date()

    # --- status -----------------------------------------------------------------------------------------------------

    def status(self) -> View:
        return self.status_view()

    def strategies(self) -> View:
        heard = {row["name"]: row for row in self.status_view()["strategies"]}
        flags = self.journal.flags()
        items = []
        for strategy in self.config().strategies:
            known = heard.get(strategy.name, {})
            items.append(
                {
                    "name": strategy.name,
                    "kid": strategy.kid,
                    "enabled": strategy.enabled,
                    "sell_only": strategy.sell_only,
                    "mode": strategy.mode.value,
                    "follows": strategy.follows.value,
                    "snapshot_policy": strategy.snapshot_policy.value,
                    "accounts": [{"account": s.account, "ratio": plain(s.ratio)} for s in strategy.accounts],
                    "no_trade_band": plain(strategy.no_trade_band),
                    "value_limit": _text(strategy.value_limit),
                    "symbol_weight": _text(strategy.symbol_weight),
                    "last_signal_at": known.get("last_signal_at"),
                    "last_seq": known.get("last_seq", 0),
                    "gaps": known.get("gaps", []),
                    "stopped": f"stopped:{strategy.name}" in flags,
                }
            )
        return {"items": items}

    def links(self) -> View:
        """The lights of the way, each account one of its own."""
        status, now = self.status_view(), self.journal.clock.now()
        shining = {light.name: light for light in lights(status, told(self.journal, now - _TOLD_BACK), now)}
        words = {"trader": status["halted_reason"] or "", "messenger": texts.waiting_messages(status["outbox_pending"])}

        def link(name: str) -> View:
            return _link(texts.LIGHTS[name], name, shining[name], now, words.get(name, ""))

        items = [link(name) for name in ("joinquant", "tunnel", "receiver", "trader")]
        for row in status["accounts"]:
            seen = datetime.fromisoformat(row["at"]) if row["at"] else None
            light = Light(name=row["name"], state=ON if row["connected"] else OFF, at=seen)
            items.append(_link(row["name"], "account", light, now, row["trouble"]))
        return {"items": [*items, link("messenger")]}

    # --- signals ----------------------------------------------------------------------------------------------------

    def signals(self, asked: asking.SignalsAsked) -> View:
        return _listed(
            signals_page(self.journal, **asked.model_dump(exclude={"day"}), day=self._day_of(asked.day, asked.verdict))
        )

    def _day_of(self, day: date | None, *narrowed: object) -> date | None:
        """What is looked for row by row is looked for in one day."""
        return self.today() if day is None and any(narrowed) else day

    def why(self, signal_id: str) -> View:
        found = why(self.journal, signal_id)
        if found is None:
            raise NotThere(texts.no_such_signal(signal_id))
        return found

    def funnel(self, asked: asking.DayAsked) -> View:
        return funnel(self.journal, asked.day or self.today())

    # --- orders, fills, books -----------------------------------------------------------------------------------------

    def orders(self, asked: asking.OrdersAsked) -> View:
        page = orders_page(
            self.journal,
            **asked.model_dump(exclude={"day", "open"}),
            day=self._day_of(asked.day, asked.symbol, asked.state),
            open_only=asked.open,
        )
        lost = slippage(self.journal, [row["client_order_id"] for row in page.rows])
        return {
            "items": [{**row, "slippage": lost.get(row["client_order_id"])} for row in page.rows],
            "next": page.next,
        }

    def manual_order(self, key: str) -> View:
        found = manual_order(self.journal, key)
        if found is None:
            raise NotThere(texts.no_such_key(key))
        return found

    def fills(self, asked: asking.FillsAsked) -> View:
        return _listed(
            fills_page(self.journal, **asked.model_dump(exclude={"day"}), day=self._day_of(asked.day, asked.symbol))
        )

    def positions(self, asked: asking.AccountAsked) -> View:
        return {"items": views.positions(self.journal, account=asked.account)}

    def manual_holdings(self) -> View:
        return {"items": manual_holdings(self.journal)}

    def books(self, asked: asking.BooksAsked) -> View:
        return {"items": books(self.journal, strategy=asked.strategy, account=asked.account)}

    def changes(self, asked: asking.ChangesAsked) -> View:
        return _listed(changes_page(self.journal, **asked.model_dump()))

    # --- what waits, limits -------------------------------------------------------------------------------------------

    def waiting(self) -> View:
        return {"orders": waiting(self.journal), "plans": plans(self.journal)}

    def limits(self, asked: asking.DayAsked) -> View:
        day = asked.day or self.today()
        spent, config = used(self.journal, self.status_view(), day), self.config()
        items = [
            {
                "account": account.name,
                "name": setting.key,
                "limit": _text(getattr(account.limits, setting.attribute)),
                "used": _text(spent[account.name].get(setting.attribute)),
            }
            for account in config.accounts
            for setting in rows_of(Section.LIMITS)
        ]
        return {"items": items, "strategies": [_exposure(row) for row in of_strategies(self.journal, config)]}

    # --- telling, latency, curves -------------------------------------------------------------------------------------

    def messages(self, asked: asking.Paged) -> View:
        return _listed(messages_page(self.journal, mark=asked.mark, limit=asked.limit))

    def latency(self) -> View:
        return hops(self.journal)

    def equity(self, asked: asking.PeriodAsked) -> View:
        last = asked.last or self.today()
        first = asked.first or last - _LOOKED_BACK
        return {
            "accounts": account_days(self.journal, first, last),
            "strategies": [
                row
                for strategy in self.config().strategies
                for row in strategy_days(self.journal, strategy.name, first, last)
            ],
        }

    def settings_changes(self, asked: asking.Paged) -> View:
        return _listed(settings_page(self.journal, mark=asked.mark, limit=asked.limit))


def _listed(page: Page) -> View:
    return {"items": page.rows, "next": page.next}


def _link(name: str, kind: str, light: Light, now: datetime, text: str) -> View:
    at, age = light.at, light.age(now)
    return {
        "name": name,
        "kind": kind,
        "state": light.state,
        "at": at.isoformat() if at is not None else None,
        "age_s": int(age.total_seconds()) if age is not None else None,
        "text": text,
    }


def _exposure(row: View) -> View:
    return {
        "strategy": row["strategy"],
        "account": row["account"],
        "value": plain(row["value"]),
        "value_limit": _text(row["value_limit"]),
        "symbol_weight": _text(row["symbol_weight"]),
        "no_trade_band": plain(row["band"]),
    }


def _text(value: Decimal | int | None) -> str | None:
    return None if value is None else plain(round(Decimal(value), 8))
