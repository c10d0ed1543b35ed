"""The console's app: what other programs and pages of this PC are served, apart from the port that the tunnel maps."""

from __future__ import annotations

import logging

from flask import Blueprint, Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from desk.clock import Clock
from desk.console import frame
from desk.console.sources import Sources
from desk.console.turns import InTurn
from desk.positions.routes import respond
from desk.positions.service import MAX_BODY_BYTES, Answer
from desk.serving import DoorLimits, HttpServer
from desk.texts import positions as texts

log = logging.getLogger(__name__)

# Few: whatever is asked here, the receiver and the trading loop come first.
_LIMITS = DoorLimits(threads=4, connections=100, body_bytes=MAX_BODY_BYTES)
_PROGRAMS = ("/api/", "/qmt/", "/healthz", "/readyz", "/metrics")


def make_app(*programs: Blueprint, sources: Sources | None = None) -> Flask:
    """Make the app from what programs are served, and a health check; with `sources` also the pages.

    Each of the `programs` lets in by itself whom it knows.
    """
    app = Flask("gendan.console", root_path=frame.FOLDER, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES

    def healthz() -> Response:
        return respond(Answer(status=200, body={"ok": True}))

    def refused(error: HTTPException) -> AnyResponse:
        if isinstance(error, Unauthorized) and _for_a_person():
            return frame.to_login()
        code = error.code or 400
        if sources is not None and _for_a_person():
            return Response(render_template("refused.html", code=code), code)
        return respond(Answer(status=code, body={"error": texts.NOT_FOUND if code == 404 else error.name}))

    def broken(error: Exception) -> AnyResponse:
        log.error("A request broke in the console", exc_info=error)
        if sources is not None and _for_a_person():
            return Response(render_template("refused.html", code=503), 503, {"Retry-After": "5"})
        return respond(Answer(status=503, body={"error": texts.UNAVAILABLE}, retry_after_s=5))

    healthz.needs = None  # type: ignore[attr-defined]
    app.add_url_rule("/healthz", "healthz", healthz, methods=["GET"])
    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(Exception, broken)
    for blueprint in programs:
        app.register_blueprint(blueprint)
    if sources is not None:
        frame.furnish(app, sources, by_themselves=tuple(blueprint.name for blueprint in programs))
    return app


def open_console(app: Flask, host: str, port: int, *, clock: Clock) -> HttpServer:
    """Bind the console's port; serve with `run(stop)`. Raises PortOccupied, CannotListen."""
    return HttpServer(InTurn(app, clock), host, port, clock=clock, limits=_LIMITS, refusal_headers=frame.HEADERS)


def _for_a_person() -> bool:
    return not request.path.startswith(_PROGRAMS)
