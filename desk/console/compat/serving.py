"""A blueprint of an older interface: its routes, and every failure in the form that its programs read."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from desk.access import NotSigned
from desk.console.api.acting import CannotDo
from desk.console.api.reading import NotThere
from desk.console.api.routes import answered
from desk.journal import JournalError
from desk.texts import api as texts

log = logging.getLogger(__name__)

View = dict[str, Any]


class BadRequest(Exception):
    """What was asked cannot be understood; the text says why."""


class Interface:
    """Routes under one prefix; `done` and `failed` write its answers."""

    def __init__(
        self,
        name: str,
        prefix: str,
        *,
        done: Callable[[View], View],
        failed: Callable[[int, str], View],
    ) -> None:
        self.blueprint = Blueprint(name, __name__, url_prefix=prefix)
        self._done = done
        self._failed = failed
        for kind in (BadRequest, NotThere, NotSigned, CannotDo, JournalError, HTTPException, Exception):
            self.blueprint.register_error_handler(kind, self._explained)

    def add(self, method: str, path: str, work: Callable[..., View]) -> None:
        """Serve this; `work` gets the words of the path, and lets in by itself."""

        def serve(**words: str) -> Response:
            return _json(self._done(work(**words)), 200)

        name = f"{method.lower()}{path.replace('/', '_').replace('<', '').replace('>', '')}"
        self.blueprint.add_url_rule(path, name, serve, methods=[method], provide_automatic_options=False)

    def _explained(self, error: Exception) -> Response:
        status, text = _said_of(error)
        return _json(self._failed(status, text), status)


def _said_of(error: Exception) -> tuple[int, str]:
    match error:
        case BadRequest():
            return 400, str(error)
        case NotSigned():
            return 401, texts.NOT_SIGNED[error.why]
        case NotThere():
            return 404, str(error)
        case CannotDo():
            return 409, str(error)
        case JournalError():
            log.error("The journal did not answer: %s", error)
            return 503, texts.UNAVAILABLE
        case HTTPException():
            return error.code or 400, error.name
    # Whatever breaks, its program gets an answer that it can read; the log names the lines.
    log.error("%s %s broke", request.method, request.path, exc_info=error)
    return 503, texts.BROKEN


def _json(view: View, status: int) -> Response:
    return answered(json.dumps(view, ensure_ascii=False), status)
