"""通知: what is told, what became of each message, and sending one once more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Scope
from desk.console.api.operations import PREFIX
from desk.console.door import asks_trading_password, needs, note
from desk.console.sources import Sources
from desk.console.wishes import wish
from desk.console.words import say
from desk.core.batch import Batch
from desk.journal.view_pages import BadMark, messages_page
from desk.journal.view_told import told
from desk.settings import editing
from desk.settings.document import ANALYSIS_FILE
from desk.texts.messages import ALWAYS_PUSHED, KINDS, trial

PAGE = 30
_LONGEST = 512
LOOKED_BACK = timedelta(days=7)
MAY_BE_SILENCED = tuple(kind for kind in KINDS if kind not in ALWAYS_PUSHED)


def make(sources: Sources) -> Blueprint:
    messages = Blueprint("messages", __name__, url_prefix="/messages")

    @messages.get("")
    @needs(Scope.READ)
    def page() -> str:
        mark = request.args.get("mark")
        counted = told(sources.journal, sources.clock.now() - LOOKED_BACK)
        try:
            listed = messages_page(sources.journal, mark=mark, limit=PAGE)
        except BadMark:
            abort(400)
        return render_template(
            "messages.html",
            kinds={kind: counted["kinds"].get(kind) for kind in (*KINDS, *_others(counted))},
            known=KINDS,
            may_be_silenced=MAY_BE_SILENCED,
            silenced=sources.config().messenger.silenced,
            robots=counted["robots"],
            delivered_at=counted["delivered_at"],
            days=LOOKED_BACK.days,
            picture=f"{PREFIX}/day.png",
            rows=listed.rows,
            next=listed.next,
            mark=mark,
        )

    @messages.post("/<int(max=9007199254740991):number>/again")
    @needs(Scope.TRADE)
    def again(number: int) -> ResponseReturnValue:
        """Send a message once more to every robot that does not wait for it already."""
        queued = sources.journal.outbox_again(number)
        if queued:
            note("message.again", str(number))
        flash(
            say("messages.queued", count=queued) if queued else say("messages.not_queued"), "good" if queued else "warn"
        )
        return redirect(url_for("messages.page"))

    @messages.post("/silenced")
    @needs(Scope.ADMIN)
    @asks_trading_password("messages.page")
    def silence() -> ResponseReturnValue:
        """Push no message of the kinds that were ticked, and of all others; a change of the settings like any."""
        ticked = request.form.getlist("kind")
        words = ", ".join(KINDS.get(kind, kind) for kind in ticked)[:_LONGEST]
        typed = {"file": ANALYSIS_FILE, editing.SILENCED_KEY: words}
        wish(sources.change, "settings", typed, action="settings.changed", target=ANALYSIS_FILE)
        return redirect(url_for("messages.page"))

    @messages.post("/test")
    @needs(Scope.TRADE)
    def test() -> ResponseReturnValue:
        """Put a test message into the outbox: it goes the way of all."""
        sources.journal.commit(Batch(messages=[trial(sources.clock.now())]))
        note("message.test")
        flash(say("messages.test_queued"), "good")
        return redirect(url_for("messages.page"))

    return messages


def _others(counted: dict[str, Any]) -> list[str]:
    return sorted(kind for kind in counted["kinds"] if kind not in KINDS)
