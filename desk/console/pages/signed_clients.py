"""签名客户端: programs that sign their orders; a secret is shown once, and ended at once."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import NameTaken, Scope, Unfit
from desk.console.door import asks_password, needs, note, proven, the_caller
from desk.console.sources import Sources
from desk.console.words import say


def make(sources: Sources) -> Blueprint:
    signed = sources.guard.signed
    pages = Blueprint("signed_clients", __name__, url_prefix="/keys/signed")

    def shown(made: str = "", secret: str = "") -> str:
        return render_template("signed_clients.html", clients=signed.all(), made=made, secret=secret)

    @pages.get("")
    @needs(Scope.ADMIN, by_login=True)
    def page() -> str:
        return shown()

    @pages.post("")
    @needs(Scope.ADMIN, by_login=True)
    @asks_password("signed_clients.page")
    def add() -> ResponseReturnValue:
        """Make a client; it may trade, so the trading password is asked for as well."""
        wrong = proven("trading")
        if wrong:
            flash(wrong, "bad")
            return redirect(url_for("signed_clients.page"))
        client_id = request.form.get("client_id", "").strip()
        try:
            secret = signed.add(client_id, the_caller().user)
        except (Unfit, NameTaken):
            flash(say("signed_clients.unfit"), "bad")
            return redirect(url_for("signed_clients.page"))
        note("signed_client.made", client_id)
        return shown(made=client_id, secret=secret)

    @pages.post("/<client_id>/revoke")
    @needs(Scope.ADMIN, by_login=True)
    def revoke(client_id: str) -> ResponseReturnValue:
        if not signed.revoke(client_id):
            abort(404)
        note("signed_client.revoked", client_id)
        flash(say("signed_clients.revoked"), "good")
        return redirect(url_for("signed_clients.page"))

    return pages
