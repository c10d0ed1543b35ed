"""The addresses of two earlier systems' pages lead to ours. Nothing is done there: a logout is a form of ours."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from desk.console.door import open_to_all
from desk.console.sources import Sources

_LEADS_TO = {
    "/trading": "trade.page",
    "/config": "settings.page",
    "/logout": "account.page",
    "/adjustment": "adjustments.page",
    "/password": "adjustments.page",
}


def make(sources: Sources) -> Blueprint:
    older = Blueprint("older", __name__)

    def lead(path: str, endpoint: str) -> None:
        @open_to_all
        def led() -> Response:
            return redirect(url_for(endpoint))

        older.add_url_rule(path, path.strip("/"), led, methods=["GET"])

    for path, endpoint in _LEADS_TO.items():
        lead(path, endpoint)
    return older
