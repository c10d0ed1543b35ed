"""The console's app: what other programs and pages of this PC are served, apart from the port that the tunnel maps."""

from __future__ import annotations

import logging

from flask import Blueprint, Flask, Response
from werkzeug.exceptions import HTTPException

from desk.clock import Clock
from desk.positions.routes import respond
from desk.positions.service import MAX_BODY_BYTES, Answer
from desk.serving import DoorLimits, HttpServer
from desk.texts import positions as texts

log = logging.getLogger(__name__)

# Few: whatever is asked here, the receiver and the trading loop come first.
_LIMITS = DoorLimits(threads=4, connections=100, body_bytes=MAX_BODY_BYTES)


def make_app(*blueprints: Blueprint) -> Flask:
    """Make the app from what is to be served, and a health check."""
    app = Flask("gendan.console", static_folder=None)

    def healthz() -> Response:
        return respond(Answer(status=200, body={"ok": True}))

    def refused(error: HTTPException) -> Response:
        code = error.code or 400
        return respond(Answer(status=code, body={"error": texts.NOT_FOUND if code == 404 else error.name}))

    def broken(error: Exception) -> Response:
        log.error("A request broke in the console", exc_info=error)
        return respond(Answer(status=503, body={"error": texts.UNAVAILABLE}, retry_after_s=5))

    app.add_url_rule("/healthz", "healthz", healthz, methods=["GET"])
    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(Exception, broken)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app


def open_console(app: Flask, host: str, port: int, *, clock: Clock) -> HttpServer:
    """Bind the console's port; serve with `run(stop)`. Raises PortOccupied, CannotListen."""
    return HttpServer(app, host, port, clock=clock, limits=_LIMITS)
