"""The position sync over HTTP: one blueprint for the tunnelled port, one for the console's."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from flask import Blueprint, Response, abort, request

from desk.journal import JournalError
from desk.positions.service import MAX_BODY_BYTES, Answer, Headers, PositionService, Refused
from desk.texts import positions as texts

log = logging.getLogger(__name__)

PREFIX = "/api/v1"


def tunnelled(service: PositionService) -> Blueprint:
    """What strangers can reach: the upload alone, and nothing at all while it is switched off."""
    made = Blueprint("position_upload", __name__, url_prefix=PREFIX)

    def update() -> Response:
        if not service.takes_uploads:
            abort(404)
        return _answered(lambda: service.upload(request.headers, _body()))

    made.add_url_rule("/positions/update", "update", update, methods=["POST"], provide_automatic_options=False)
    return made


def local(service: PositionService, knows: Callable[[], bool] = lambda: False) -> Blueprint:
    """Everything, for programs on this PC. `knows`: whether the console's own door knows who asks; he may read."""
    made = Blueprint("positions", __name__, url_prefix=PREFIX)

    def route(
        method: str, path: str, work: Callable[..., Answer], *, let_in: Callable[[Headers], None] | None = None
    ) -> None:
        def serve(**parts: str) -> Response:
            def done() -> Answer:
                if let_in is not None and not knows():
                    let_in(request.headers)
                return work(**parts)

            return _answered(done)

        made.add_url_rule(path, f"{method} {path}".replace(".", "_"), serve, methods=[method])

    route("POST", "/positions/update", lambda: service.upload(request.headers, _body()))
    route("POST", "/positions/update/internal", lambda: service.upload_internal(request.headers, _body()))
    route("GET", "/positions/strategy/<path:name>", lambda name: service.strategy(name), let_in=service.let_read)
    route(
        "GET",
        "/positions/total",
        lambda: service.total(request.args.get("strategies"), request.args.get("include_adjustments")),
        let_in=service.let_read,
    )
    route("GET", "/positions/all", service.all, let_in=service.let_read)
    route("GET", "/positions/adjustments", service.adjustments, let_in=service.let_read)
    route("POST", "/positions/adjustments", lambda: service.save_adjustments(request.headers, _body()))
    route("GET", "/auth/info", service.auth_info)
    route("GET", "/internal/password/info", service.password_info, let_in=service.let_in)
    route("POST", "/internal/password/set", lambda: service.set_password(_body()))
    return made


def _body() -> bytes:
    body: bytes = request.stream.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise Refused(413, texts.TOO_LARGE)
    return body


def _answered(work: Callable[[], Answer]) -> Response:
    try:
        return respond(work())
    except Refused as refused:
        return respond(refused.answer)
    except JournalError as error:
        log.error("The journal did not take or give positions: %s", error)
    except Exception:  # whatever breaks, the peer gets a declared answer; the log names lines, no secrets
        log.exception("A request of the position sync failed")
    return respond(Answer(status=503, body={"error": texts.UNAVAILABLE}, retry_after_s=5))


def respond(answer: Answer) -> Response:
    """Give an answer as JSON that no browser can take for a page."""
    content = json.dumps(answer.body, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")
    response = Response(content, answer.status, content_type="application/json; charset=utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    if answer.retry_after_s is not None:
        response.headers["Retry-After"] = str(answer.retry_after_s)
    return response
