"""Who may use the console; for administrators."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import NameTaken, Role, Scope, Unfit, User
from desk.console.door import asks_password, needs, note
from desk.console.sources import Sources
from desk.console.words import say


def make(sources: Sources) -> Blueprint:
    guard = sources.guard
    users = Blueprint("users", __name__, url_prefix="/users")

    def back(text: str, kind: str = "good") -> ResponseReturnValue:
        flash(text, kind)
        return redirect(url_for("users.page"))

    def the_user(user_id: int) -> User:
        user = guard.book.user(user_id)
        if user is None:
            abort(404)
        return user

    def the_role() -> Role:
        role = request.form.get("role", "")
        if role not in tuple(Role):
            abort(400)
        return Role(role)

    @users.get("")
    @needs(Scope.ADMIN, by_login=True)
    def page() -> str:
        return render_template("users.html", users=guard.book.users(), logins=guard.book.logins(), roles=tuple(Role))

    @users.post("")
    @needs(Scope.ADMIN, by_login=True)
    @asks_password("users.page")
    def add() -> ResponseReturnValue:
        role = the_role()
        try:
            user = guard.add_user(request.form.get("name", ""), role, request.form.get("fresh", ""))
        except NameTaken:
            return back(say("users.taken"), "bad")
        except Unfit as unfit:
            return back(say(f"unfit.{unfit.what}"), "bad")
        note("user.added", user.name, new=role)
        return back(say("users.added", name=user.name))

    @users.post("/<int(max=9007199254740991):user_id>/role")
    @needs(Scope.ADMIN, by_login=True)
    @asks_password("users.page")
    def role(user_id: int) -> ResponseReturnValue:
        user, fresh = the_user(user_id), the_role()
        try:
            guard.set_role(user, fresh)
        except Unfit:
            return back(say("unfit.last_admin"), "bad")
        note("user.role", user.name, old=user.role, new=fresh)
        return back(say("users.role_changed", name=user.name))

    @users.post("/<int(max=9007199254740991):user_id>/enabled")
    @needs(Scope.ADMIN, by_login=True)
    @asks_password("users.page")
    def enabled(user_id: int) -> ResponseReturnValue:
        user, wanted = the_user(user_id), request.form.get("enabled") == "1"
        try:
            guard.enable(user, wanted)
        except Unfit:
            return back(say("unfit.last_admin"), "bad")
        note("user.enabled", user.name, old=str(user.enabled).lower(), new=str(wanted).lower())
        return back(say("users.changed", name=user.name))

    @users.post("/<int(max=9007199254740991):user_id>/reset")
    @needs(Scope.ADMIN, by_login=True)
    @asks_password("users.page")
    def reset(user_id: int) -> ResponseReturnValue:
        user = the_user(user_id)
        try:
            guard.reset(user, request.form.get("fresh", ""))
        except Unfit:
            return back(say("unfit.password"), "bad")
        note("user.reset", user.name)
        return back(say("users.changed", name=user.name))

    @users.post("/logins/<int(max=9007199254740991):login_id>/end")
    @needs(Scope.ADMIN, by_login=True)
    def end_login(login_id: int) -> ResponseReturnValue:
        if not guard.end(login_id):
            abort(404)
        note("login.ended", str(login_id))
        return back(say("account.login_ended"))

    return users
