"""总览: how things stand, what the day has brought, and what needs a person."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Scope
from desk.console import watching
from desk.console.curve import Days, drawn
from desk.console.day_facts import CURVES, day_facts, gained, told_worth
from desk.console.door import needs
from desk.console.lights import lights
from desk.console.sources import Sources
from desk.console.words import say
from desk.core.values import Verdict
from desk.journal import views
from desk.journal.view_stopped import stopped
from desk.journal.view_told import told
from desk.texts.day_picture import DayFacts

View = dict[str, Any]

_READ_AGAIN_S, _MOMENT_S = 300.0, 0.01
_HOLDS_S = 5.0  # the day's facts are counted from many rows: however many pages show them, no more often
_TOLD_BACK = timedelta(days=1)
_SHOWN = 20


def make(sources: Sources) -> Blueprint:
    overview = Blueprint("overview", __name__)
    today = _Today(sources)

    @overview.get("/")
    @needs(Scope.READ)
    def page() -> str:
        now, status, facts = sources.clock.now(), sources.status(), today()
        return render_template(
            "overview.html",
            status=status,
            day=facts,
            sheet=drawn(_curves(facts)),
            verdicts=[(verdict.value, facts.verdicts[verdict]) for verdict in Verdict if facts.verdicts.get(verdict)],
            todo=_todo(status, stopped(sources.journal)),
            lights=lights(status, told(sources.journal, now - _TOLD_BACK), now),
            held=_held(sources),
            watched=_watched(sources, status),
        )

    @overview.post("/watch")
    @needs(Scope.READ, by_login=True)
    def watch() -> ResponseReturnValue:
        """Watch one more stock in this browser, or one less."""
        seen, gone = watching.watched(), request.form.get("gone", "")
        symbol = watching.read(request.form.get("symbol", ""))
        response = redirect(url_for("overview.page", _anchor="watched"))
        if gone:
            watching.keep(response, [one for one in seen if one != gone])
        elif symbol is None:
            flash(say("overview.no_symbol"), "bad")
        elif symbol not in seen and len(seen) >= watching.MOST:
            flash(say("overview.enough_watched", count=watching.MOST), "bad")
        else:
            watching.keep(response, list(dict.fromkeys([*seen, symbol])))
        return response

    return overview


class _Today:
    """The day's facts, counted at most every few seconds."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._theirs = _Theirs(sources)
        self._lock = threading.Lock()
        self._held: tuple[float, DayFacts] | None = None

    def __call__(self) -> DayFacts:
        sources = self._sources
        with self._lock:
            now, day = sources.clock.monotonic(), sources.clock.now().date()
            if self._held is None or now - self._held[0] >= _HOLDS_S or self._held[1].day != day:
                self._held = (now, day_facts(sources.journal, sources.config(), day, self._theirs))
            return self._held[1]


class _Theirs:
    """What strategies said they were worth, read again after minutes; a request spends a moment on it and no more.

    With very many strategies the curves are complete after a few requests.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._read: dict[str, tuple[float, Mapping[str, Decimal]]] = {}

    def __call__(self, days: Sequence[date]) -> dict[str, list[float | None]]:
        lines: dict[str, list[float | None]] = {}
        begun = self._sources.clock.monotonic()
        for strategy in self._sources.config().strategies if days else ():
            now = self._sources.clock.monotonic()
            read_at, told_here = self._read.get(strategy.name, (None, {}))
            if (read_at is None or now - read_at >= _READ_AGAIN_S) and now - begun < _MOMENT_S:
                told_here = told_worth(self._sources.journal, strategy.name, days)
                self._read[strategy.name] = (now, told_here)
            line = gained(told_here, days)
            if line is not None and len(lines) < CURVES:
                lines[strategy.name] = line
        return lines


def _curves(facts: DayFacts) -> dict[str, Days]:
    """What a yuan of the first day has become, of the accounts and of each strategy that tells its equity."""
    said = {say("overview.ours"): facts.ours, **facts.theirs}
    return {
        name: [
            (day, 1 + Decimal(f"{gained:.4f}") / 100)
            for day, gained in zip(facts.days, line, strict=True)
            if gained is not None
        ]
        for name, line in said.items()
    }


def _todo(status: View, still: View) -> list[View]:
    """What waits for a person, the gravest first, each with the page where it is done."""
    cut_off = [account["name"] for account in status["accounts"] if not account["connected"]]
    gaps = sum(len(strategy["gaps"]) for strategy in status["strategies"])
    found: list[tuple[str, int, str, dict[str, Any]]] = [
        ("halted", 1 if status["halted"] else 0, "halt.page", {}),
        ("in_doubt", status["in_doubt_orders"], "orders.page", {"state": "in_doubt"}),
        ("stopped", len(still["strategies"]), "strategies.page", {}),
        ("frozen", still["books"], "holdings.page", {}),
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
            "grave": what in ("halted", "in_doubt", "stopped", "frozen", "cut_off"),
        }
        for what, count, endpoint, args in found
        if count
    ]


def _watched(sources: Sources, status: View) -> list[View]:
    """The stocks that this browser watches, each as the first account that knows its market tells it."""
    accounts = [account["name"] for account in status["accounts"]]
    rows = []
    for symbol in watching.watched():
        told_by = ((account, sources.quote(account, symbol)) for account in accounts)
        account, quote = next(((name, one) for name, one in told_by if one is not None), ("", None))
        known = sources.instrument(account, symbol) if quote is not None else None
        rows.append(
            {
                "symbol": symbol,
                "name": known.name if known is not None else "",
                "last": quote.last if quote is not None else None,
                "change": quote.last / quote.prev_close - 1 if quote is not None and quote.prev_close else None,
                "bid": quote.bids[0][0] if quote is not None and quote.bids else None,
                "ask": quote.asks[0][0] if quote is not None and quote.asks else None,
                "at": quote.at if quote is not None else None,
                "account": account,
            }
        )
    return rows


def _held(sources: Sources) -> list[View]:
    """The largest positions with the market's last price where the account's channel tells one."""
    held = sorted(views.positions(sources.journal), key=lambda row: -Decimal(row["value"]))
    rows = []
    for row in held[:_SHOWN]:
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
