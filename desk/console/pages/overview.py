"""总览: how things stand, what the day has brought, and what needs a person."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

from flask import Blueprint, current_app, render_template, url_for

from desk.access import Scope
from desk.console.api.reading import Reading
from desk.console.curve import picture
from desk.console.day_facts import day_facts
from desk.console.door import needs
from desk.console.sources import Sources
from desk.console.words import say
from desk.core.values import Verdict
from desk.journal import views
from desk.texts.day_picture import DayFacts

View = dict[str, Any]

_HOLDS_S = 5.0  # the day's facts are counted from many rows: however many pages show them, no more often
_WATCHED = 20


def make(sources: Sources) -> Blueprint:
    overview = Blueprint("overview", __name__)
    reading = Reading(journal=sources.journal, config=sources.config, status_view=sources.status)
    today = _Today(sources)

    @overview.get("/")
    @needs(Scope.READ)
    def page() -> str:
        status, facts = sources.status(), today()
        return render_template(
            "overview.html",
            status=status,
            day=facts,
            curve=picture(facts.days, {say("overview.ours"): facts.ours, **facts.theirs}),
            verdicts=[(verdict.value, facts.verdicts[verdict]) for verdict in Verdict if facts.verdicts.get(verdict)],
            todo=_todo(status),
            links=reading.links()["items"],
            watched=_watched(sources),
        )

    return overview


class _Today:
    """The day's facts, counted at most every few seconds."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._lock = threading.Lock()
        self._held: tuple[float, DayFacts] | None = None

    def __call__(self) -> DayFacts:
        sources = self._sources
        with self._lock:
            now, day = sources.clock.monotonic(), sources.clock.now().date()
            if self._held is None or now - self._held[0] >= _HOLDS_S or self._held[1].day != day:
                self._held = (now, day_facts(sources.journal, sources.config(), day))
            return self._held[1]


def _todo(status: View) -> list[View]:
    """What waits for a person, the gravest first, each with the page where it is done."""
    cut_off = [account["name"] for account in status["accounts"] if not account["connected"]]
    gaps = sum(len(strategy["gaps"]) for strategy in status["strategies"])
    found: list[tuple[str, int, str, dict[str, Any]]] = [
        ("halted", 1 if status["halted"] else 0, "halt.page", {}),
        ("in_doubt", status["in_doubt_orders"], "orders.page", {"state": "in_doubt"}),
        ("waiting", status["waiting_approval"], "waiting.page", {}),
        ("cut_off", len(cut_off), "links.page", {}),
        ("gaps", gaps, "holdings.page", {}),
        ("outbox", status["outbox_pending"], "messages.page", {}),
    ]
    return [
        {
            "what": what,
            "count": count,
            "where": url_for(endpoint, **args) if endpoint in current_app.view_functions else "",
            "grave": what in ("halted", "in_doubt", "cut_off"),
        }
        for what, count, endpoint, args in found
        if count
    ]


def _watched(sources: Sources) -> list[View]:
    """The largest positions with the market's last price where the account's channel tells one."""
    held = sorted(views.positions(sources.journal), key=lambda row: -Decimal(row["value"]))
    rows = []
    for row in held[:_WATCHED]:
        quote = sources.quote(row["account"], row["symbol"])
        price = quote.last if quote is not None else Decimal(row["price"])
        rows.append(
            {
                **row,
                "last": price,
                "change": price / quote.prev_close - 1 if quote is not None and quote.prev_close else None,
                "at": quote.at if quote is not None else row["at"],
                "live": quote is not None,
                "value": price * row["shares"],
                "profit": (price - Decimal(row["cost_price"])) * row["shares"],
            }
        )
    return rows
