"""链路与延迟: the six lights, the probe of the public address, the hops of a signal, connecting an account."""

from __future__ import annotations

import math
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Scope
from desk.console.door import needs
from desk.console.lights import lights
from desk.console.sources import Sources
from desk.console.wishes import wish
from desk.console.words import say
from desk.journal.view_figures import hops
from desk.journal.view_told import told

_TOLD_BACK = timedelta(days=1)
_BAR = 100  # units of the widest bar
_PERCENTS = ("p50", "p90", "p99")


def make(sources: Sources) -> Blueprint:
    links = Blueprint("links", __name__, url_prefix="/links")

    @links.get("")
    @needs(Scope.READ)
    def page() -> str:
        now, status = sources.clock.now(), sources.status()
        measured = hops(sources.journal)
        widest = max((row["p99"] or 0 for row in measured["hops"]), default=0)
        shining = lights(status, told(sources.journal, now - _TOLD_BACK), now)
        return render_template(
            "links.html",
            lights=[(light, ago(light.age(now))) for light in shining],
            status=status,
            public_url=sources.config().public_url,
            signals=measured["signals"],
            hops=[(row, {name: bar(row[name], widest) for name in _PERCENTS}) for row in measured["hops"]],
            took=took,
        )

    @links.post("/<account>/connect")
    @needs(Scope.TRADE)
    def connect(account: str) -> ResponseReturnValue:
        """Have the trader try an account at once; without a trader the wish is not kept for one."""
        if sources.status()["running"]:
            wish(sources.ask, "connect", {"id": account}, action="account.connect", target=account)
        else:
            flash(say("overview.nobody_connects"), "bad")
        return redirect(url_for("overview.page" if request.form.get("back") == "overview" else "links.page"))

    return links


def took(milliseconds: float | None) -> str:
    """`0.8 ms`, `12 ms`, `1.25 s`; — for none."""
    if milliseconds is None:
        return "—"
    if milliseconds < 1000:
        return f"{milliseconds:.1f} ms" if abs(milliseconds) < 10 else f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:,.2f} s"


def bar(milliseconds: float | None, widest: float) -> float:
    """How long a bar is: by the logarithm, so that what takes 3 ms is seen beside what takes 3 s."""
    if not milliseconds or milliseconds <= 0 or widest <= 0:
        return 0.0
    return round(_BAR * math.log1p(milliseconds) / math.log1p(widest), 1)


def ago(age: timedelta | None) -> str:
    if age is None:
        return say("ago.never")
    seconds = int(age.total_seconds())
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return say(f"ago.{unit}", count=seconds // size)
    return say("ago.seconds", count=seconds)
