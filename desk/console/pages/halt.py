"""风控与急停: the halt in its three grades, and its end."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Scope
from desk.console.door import asks_trading_password, needs, note, the_caller
from desk.console.sources import Sources
from desk.console.words import say

GRADES = {"stop": {}, "cancel": {"cancel": "1"}, "liquidate": {"cancel": "1", "liquidate": "1"}}
_REASON = 200  # characters


def make(sources: Sources) -> Blueprint:
    halt = Blueprint("halt", __name__, url_prefix="/halt")

    def asked(verb: str, args: dict[str, str]) -> ResponseReturnValue:
        caller, before = the_caller(), sources.status()
        told = sources.ask(verb, args, f"console:{caller.user.name}")
        note(verb, old=before["halted_reason"], new={**args, "ok": told.ok})
        flash(told.text if told.ok is not None else say("halt.kept"), "good" if told.ok else "warn")
        return redirect(url_for("halt.page"))

    @halt.get("")
    @needs(Scope.TRADE)
    def page() -> str:
        return render_template("halt.html", grades=tuple(GRADES))

    @halt.post("")
    @needs(Scope.TRADE)
    @asks_trading_password("halt.page")
    def halt_now() -> ResponseReturnValue:
        grade, reason = request.form.get("grade", ""), request.form.get("reason", "").strip()[:_REASON]
        if grade not in GRADES:
            abort(400)
        if not reason:
            flash(say("halt.why"), "bad")
            return redirect(url_for("halt.page"))
        if grade == "liquidate" and request.form.get("sure") != "1":
            flash(say("halt.not_sure"), "bad")
            return redirect(url_for("halt.page"))
        return asked("halt", {"reason": reason, **GRADES[grade]})

    @halt.post("/lift")
    @needs(Scope.TRADE)
    @asks_trading_password("halt.page")
    def lift() -> ResponseReturnValue:
        reason = request.form.get("reason", "").strip()[:_REASON]
        if not reason:
            flash(say("halt.why"), "bad")
            return redirect(url_for("halt.page"))
        return asked("unhalt", {"reason": reason})

    return halt
