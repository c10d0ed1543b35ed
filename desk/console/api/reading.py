"""What the reading routes answer, made of the journal's views and the configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from desk.console.api import asking
from desk.core.config import Config
from desk.journal import Journal, views
from desk.journal.values import plain
from desk.journal.view_books import books
from desk.journal.view_counts import funnel
from desk.journal.view_figures import account_days, hops, manual_order, strategy_days, usage, waiting
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
from desk.journal.view_why import why
from desk.texts import api as texts

View = dict[str, Any]
_LOOKED_BACK = timedelta(days=90)


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
                }
            )
        return {"items": items}

    def links(self) -> View:
        """Six lights: receiver, trading, tunnel, each account, telling."""
        status = self.status_view()
        items = [
            _link("接收", "receiver", status["receiving"], None, ""),
            _link("交易", "trader", status["running"] and not status["halted"], None, status["halted_reason"] or ""),
            {
                "name": "公网",
                "kind": "tunnel",
                "state": status["tunnel"],
                "at": status["tunnel_at"],
                "text": "",
            },
        ]
        items += [_link(a["name"], "account", a["connected"], a["at"], a["trouble"]) for a in status["accounts"]]
        waiting_told = status["outbox_pending"]
        telling = _link("通知", "messenger", not waiting_told, None, texts.waiting_messages(waiting_told))
        return {"items": [*items, telling]}

    # --- signals ----------------------------------------------------------------------------------------------------

    def signals(self, asked: asking.SignalsAsked) -> View:
        return _listed(
            signals_page(self.journal, mark=asked.mark, limit=asked.limit, strategy=asked.strategy, day=asked.day)
        )

    def why(self, signal_id: str) -> View:
        found = why(self.journal, signal_id)
        if found is None:
            raise NotThere(texts.no_such_signal(signal_id))
        return found

    def funnel(self, asked: asking.DayAsked) -> View:
        return funnel(self.journal, asked.day or self.today())

    # --- orders, fills, books -----------------------------------------------------------------------------------------

    def orders(self, asked: asking.OrdersAsked) -> View:
        return _listed(
            orders_page(
                self.journal,
                mark=asked.mark,
                limit=asked.limit,
                account=asked.account,
                strategy=asked.strategy,
                day=asked.day,
                open_only=asked.open,
            )
        )

    def manual_order(self, key: str) -> View:
        found = manual_order(self.journal, key)
        if found is None:
            raise NotThere(texts.no_such_key(key))
        return found

    def fills(self, asked: asking.FillsAsked) -> View:
        return _listed(
            fills_page(
                self.journal,
                mark=asked.mark,
                limit=asked.limit,
                account=asked.account,
                strategy=asked.strategy,
                day=asked.day,
            )
        )

    def positions(self, asked: asking.AccountAsked) -> View:
        return {"items": views.positions(self.journal, account=asked.account)}

    def books(self, asked: asking.BooksAsked) -> View:
        return {"items": books(self.journal, strategy=asked.strategy, account=asked.account)}

    def changes(self, asked: asking.ChangesAsked) -> View:
        return _listed(
            changes_page(
                self.journal,
                strategy=asked.strategy,
                symbol=asked.symbol,
                account=asked.account,
                mark=asked.mark,
                limit=asked.limit,
            )
        )

    # --- what waits, limits -------------------------------------------------------------------------------------------

    def waiting(self) -> View:
        return {"orders": waiting(self.journal), "plans": plans(self.journal)}

    def limits(self, asked: asking.DayAsked) -> View:
        used = usage(self.journal, asked.day or self.today())
        items = []
        for account in self.config().accounts:
            mine = used.get(account.name, {"orders": 0, "cancels": 0, "buy_turnover": Decimal(0)})
            limits = account.limits
            for name, limit, spent in (
                ("单笔金额", limits.order_value, None),
                ("单日成交额", limits.day_turnover, mine["buy_turnover"]),
                ("单日委托数", limits.day_orders, mine["orders"]),
                ("单日撤单数", limits.day_cancels, mine["cancels"]),
                ("单票仓位", limits.position_share, None),
                ("每秒委托数", limits.orders_per_second, None),
                ("价格偏离", limits.price_deviation, None),
            ):
                items.append({"account": account.name, "name": name, "limit": _text(limit), "used": _text(spent)})
        return {"items": items}

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


def _link(name: str, kind: str, up: bool, at: str | None, text: str) -> View:
    return {"name": name, "kind": kind, "state": "on" if up else "off", "at": at, "text": text}


def _text(value: Decimal | int | None) -> str | None:
    return None if value is None else plain(Decimal(value))
