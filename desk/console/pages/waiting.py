"""待确认: the orders and plans that wait for a person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Scope
from desk.console.door import asks_trading_password, needs
from desk.console.sources import Sources
from desk.console.wishes import wish
from desk.console.words import say
from desk.core.values import Origin, Side
from desk.journal.view_figures import waiting as waiting_orders
from desk.journal.view_plans import plans

ALL = "all"
_AT_ONCE = 200  # orders that one press may decide


def make(sources: Sources) -> Blueprint:
    waiting = Blueprint("waiting", __name__, url_prefix="/waiting")

    def decide(verb: str, wanted: str) -> ResponseReturnValue:
        """`all` means what the page has shown: nothing is approved that came meanwhile."""
        shown = request.form.getlist("shown")[:_AT_ONCE] if wanted == ALL else [wanted]
        if not shown:
            flash(say("waiting.nothing"), "warn")
        for one in shown:
            told = wish(sources.ask, verb, {"id": one}, action=f"waiting.{verb}", target=one)
            if told.ok is None:
                break
        return redirect(url_for("waiting.page"))

    @waiting.get("")
    @needs(Scope.READ)
    def page() -> str:
        rows = [{**row, "until": _until(row, sources)} for row in waiting_orders(sources.journal)]
        return render_template("waiting.html", orders=rows, plans=plans(sources.journal), at_once=_AT_ONCE)

    @waiting.post("/<wanted>/approve")
    @needs(Scope.TRADE)
    @asks_trading_password("waiting.page")
    def approve(wanted: str) -> ResponseReturnValue:
        return decide("approve", wanted)

    @waiting.post("/<wanted>/reject")
    @needs(Scope.TRADE)
    @asks_trading_password("waiting.page")
    def reject(wanted: str) -> ResponseReturnValue:
        return decide("reject", wanted)

    return waiting


def _until(row: dict[str, Any], sources: Sources) -> str | None:
    """When an order ends without an answer: a signal's buy does, a sale waits on."""
    if row["origin"] != Origin.SIGNAL.value or row["side"] != Side.BUY.value:
        return None
    patience = timedelta(seconds=sources.config().chase.approval_timeout_s)
    return (datetime.fromisoformat(row["created_at"]) + patience).isoformat()
