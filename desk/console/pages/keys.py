"""The API keys of a user: shown once, ended at once."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Role, Scope, Unfit
from desk.console.door import asks_password, needs, note, proven, the_caller
from desk.console.sources import Sources
from desk.console.words import say


def make(sources: Sources) -> Blueprint:
    guard = sources.guard
    keys = Blueprint("keys", __name__, url_prefix="/keys")

    def shown(made: str = "") -> str:
        """One's own keys; an administrator sees those of all."""
        user = the_caller().user
        rows = guard.book.keys(None if user.role is Role.ADMIN else user.user_id)
        scopes = [scope for scope in Scope if user.scope.covers(scope)]
        return render_template("keys.html", keys=rows, scopes=scopes, made=made)

    @keys.get("")
    @needs(Scope.READ, by_login=True)
    def page() -> str:
        return shown()

    @keys.post("")
    @needs(Scope.READ, by_login=True)
    @asks_password("keys.page")
    def add() -> ResponseReturnValue:
        """Make a key; one that may trade is given with the trading password."""
        wanted = request.form.get("scope", "")
        if wanted not in tuple(Scope):
            abort(400)
        scope = Scope(wanted)
        wrong = proven("trading") if scope is not Scope.READ else ""
        if wrong:
            flash(wrong, "bad")
            return redirect(url_for("keys.page"))
        try:
            key_id, text = guard.new_key(the_caller().user, request.form.get("name", ""), scope)
        except Unfit as unfit:
            if unfit.what == "scope":
                abort(403)
            flash(say("unfit.name"), "bad")
            return redirect(url_for("keys.page"))
        note("key.made", f"{key_id} {request.form['name'].strip()}", new=scope)
        return shown(made=text)

    @keys.post("/<int:key_id>/revoke")
    @needs(Scope.READ, by_login=True)
    def revoke(key_id: int) -> ResponseReturnValue:
        user = the_caller().user
        rows = guard.book.keys(None if user.role is Role.ADMIN else user.user_id)
        key = next((row for row in rows if row.key_id == key_id), None)
        if key is None:
            abort(404)
        if guard.revoke_key(key):
            note("key.revoked", f"{key.key_id} {key.name}", old=key.scope)
        flash(say("keys.revoked"), "good")
        return redirect(url_for("keys.page"))

    return keys
