"""Getting in and out: the set-up link, the login, the logout, and the look of the pages."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Locked, NoSuchLink, Scope, Unfit, WrongPassword
from desk.console.door import (
    enter,
    is_from_this_pc,
    leave,
    minutes,
    needs,
    note,
    open_to_all,
    place,
    somebody,
    the_caller,
)
from desk.console.sources import Sources
from desk.console.words import CHOICES, Look, keep, look, say


def make(sources: Sources) -> Blueprint:
    guard = sources.guard
    access = Blueprint("access", __name__)

    @access.route("/setup/<token>", methods=["GET", "POST"])
    @open_to_all
    def setup(token: str) -> ResponseReturnValue:
        """Whoever holds the link, on this PC, becomes administrator."""
        if not is_from_this_pc() or not guard.link_holds(token):
            abort(404)
        if request.method != "POST":
            return render_template("setup.html", wrong="")
        password = request.form.get("password", "")
        if password != request.form.get("again", ""):
            return render_template("setup.html", wrong=say("password.differ")), 400
        try:
            entered = guard.use_link(token, request.form.get("name", ""), password, place())
        except Unfit as unfit:
            return render_template("setup.html", wrong=say(f"unfit.{unfit.what}")), 400
        except NoSuchLink:
            abort(404)
        enter(entered)
        return redirect(url_for("overview.page"))

    @access.route("/login", methods=["GET", "POST"])
    @open_to_all
    def login() -> ResponseReturnValue:
        back = _ours(request.args.get("next", ""))
        if request.method != "POST":
            if somebody() is not None:
                return redirect(back)
            return render_template("login.html", wrong="", first=not guard.has_users())
        form = request.form
        try:
            entered = guard.log_in(form.get("name", ""), form.get("password", ""), form.get("code", ""), place())
        except Locked as locked:
            answer = render_template("login.html", wrong=say("locked", minutes=minutes(locked)), first=False)
            return answer, 429, {"Retry-After": str(locked.wait_s)}
        except WrongPassword:
            return render_template("login.html", wrong=say("login.wrong"), first=False), 403
        enter(entered)
        return redirect(back)

    @access.post("/logout")
    @needs(Scope.READ, by_login=True)
    def logout() -> ResponseReturnValue:
        note("logout", the_caller().user.name)
        leave()
        return redirect(url_for("access.login"))

    @access.post("/look")
    @open_to_all
    def choose() -> ResponseReturnValue:
        """Keep the language, the light and the colours of this browser."""
        now = look()
        chosen = {name: request.form.get(name, getattr(now, name)) for name in CHOICES}
        if any(chosen[name] not in known for name, known in CHOICES.items()):
            abort(400)
        response = redirect(_ours(request.form.get("back", "")))
        keep(response, Look(**chosen))
        return response

    return access


def _ours(path: str) -> str:
    """A place of this console, else its first page: nobody is sent elsewhere."""
    plain = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if plain else url_for("overview.page")
