"""What a user does for himself: passwords, second factor, where he is logged in."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Scope, Unfit
from desk.console.door import asks_password, enter, needs, note, place, the_caller, the_login
from desk.console.sources import Sources
from desk.console.words import say


def make(sources: Sources) -> Blueprint:
    guard = sources.guard
    account = Blueprint("account", __name__, url_prefix="/account")

    def back(text: str, kind: str = "good") -> ResponseReturnValue:
        flash(text, kind)
        return redirect(url_for("account.page"))

    @account.get("")
    @needs(Scope.READ, by_login=True)
    def page() -> str:
        return render_template("account.html", logins=guard.book.logins(the_caller().user.user_id), own=the_login())

    @account.post("/password")
    @needs(Scope.READ, by_login=True)
    @asks_password("account.page")
    def password() -> ResponseReturnValue:
        """A new password ends every login of this user; this browser gets a new one."""
        fresh = request.form.get("fresh", "")
        if fresh != request.form.get("again", ""):
            return back(say("password.differ"), "bad")
        try:
            guard.set_password(the_caller().user, fresh)
        except Unfit:
            return back(say("unfit.password"), "bad")
        note("password.changed", the_caller().user.name)
        enter(guard.renewed(the_login(), place()))
        return back(say("account.password_changed"))

    @account.post("/trading-password")
    @needs(Scope.TRADE, by_login=True)
    @asks_password("account.page")
    def trading_password() -> ResponseReturnValue:
        fresh = request.form.get("fresh", "")
        if fresh != request.form.get("again", ""):
            return back(say("password.differ"), "bad")
        try:
            guard.set_trading_password(the_caller().user, fresh, login_password=request.form["password"])
        except Unfit:
            return back(say("account.trading_unfit"), "bad")
        note("trading_password.changed", the_caller().user.name)
        return back(say("account.trading_changed"))

    @account.get("/second-factor")
    @needs(Scope.READ, by_login=True)
    def second_factor() -> ResponseReturnValue:
        if the_caller().user.has_totp:
            return redirect(url_for("account.page"))
        secret, picture = guard.offer_totp(the_caller().user)
        return render_template("second_factor.html", secret=secret, picture=picture)

    @account.post("/second-factor")
    @needs(Scope.READ, by_login=True)
    @asks_password("account.second_factor")
    def take_second_factor() -> ResponseReturnValue:
        """From now on only who holds the phone is in: every other login ends, this browser gets a new one."""
        try:
            guard.take_totp(the_caller().user, request.form.get("code", ""))
        except Unfit:
            flash(say("unfit.code"), "bad")
            return redirect(url_for("account.second_factor"))
        note("second_factor.on", the_caller().user.name)
        enter(guard.renewed(the_login(), place()))
        return back(say("account.factor_on"))

    @account.post("/second-factor/off")
    @needs(Scope.READ, by_login=True)
    @asks_password("account.page")
    def drop_second_factor() -> ResponseReturnValue:
        if not the_caller().user.has_totp:
            return redirect(url_for("account.page"))
        guard.drop_totp(the_caller().user)
        note("second_factor.off", the_caller().user.name)
        enter(guard.renewed(the_login(), place()))
        return back(say("account.factor_off"))

    @account.post("/logins/<int:login_id>/end")
    @needs(Scope.READ, by_login=True)
    def end_login(login_id: int) -> ResponseReturnValue:
        """End one of one's own logins."""
        if login_id not in [login.login_id for login in guard.book.logins(the_caller().user.user_id)]:
            abort(404)
        guard.end(login_id)
        note("login.ended", str(login_id))
        return back(say("account.login_ended"))

    @account.post("/logins/end-others")
    @needs(Scope.READ, by_login=True)
    def end_others() -> ResponseReturnValue:
        ended = guard.end_others(the_login())
        note("logins.ended", the_caller().user.name, new=str(ended))
        return back(say("account.others_ended", count=ended))

    return account
