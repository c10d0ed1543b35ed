"""The frame that every page stands in: navigation, mode, halt, freshness, look, and the headers of every answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from desk.access import Scope
from desk.console import door, formats
from desk.console.pages import ALL
from desk.console.pages.files import asset
from desk.console.sources import Sources
from desk.console.words import action_name, look, say

FOLDER = str(Path(__file__).parent)

# The order of the navigation. A page's blueprint bears its name, and its main view is called `page`.
NAVIGATION = (
    *("overview", "signals", "orders", "holdings", "strategies", "waiting", "trade", "risk", "halt", "messages"),
    *("links", "returns", "adjustments", "log", "audit", "users", "settings"),
)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def furnish(app: Flask, sources: Sources, *, by_themselves: tuple[str, ...]) -> None:
    """Add the pages, what lets people in, and the headers."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(formats.FILTERS)
    door.guard_app(app, sources.guard, by_themselves=by_themselves, url=lambda: sources.config().console_url)
    for make in ALL:
        app.register_blueprint(make(sources))

    def words() -> dict[str, Any]:
        caller = door.somebody()
        return {
            "t": say,
            "action_name": action_name,
            "look": look(),
            "caller": caller,
            "may": lambda scope: caller is not None and caller.scope.covers(Scope(scope)),
            "asset": asset,
            "now": sources.clock.now(),
            "here": request.blueprint,
            "navigation": [name for name in NAVIGATION if caller is not None and _stands(app, name, caller)],
            "standing": sources.status() if caller is not None else None,
        }

    app.context_processor(words)
    app.after_request(finished)


def _stands(app: Flask, name: str, caller: door.Caller) -> bool:
    view = app.view_functions.get(f"{name}.page")
    return view is not None and door.may_see(view, caller)


def finished(response: Response) -> Response:
    """Give every answer its headers. Pages are not packed: their length would tell of a token in them."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def to_login() -> AnyResponse:
    """Send a browser to the login, and after it back here."""
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("access.login", next=back if back != "/" else None))
