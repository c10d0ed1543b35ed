"""The REST interface over HTTP: each operation of the table as a route of one blueprint."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from desk.console.api import asking, models
from desk.console.api.acting import CannotDo
from desk.console.api.operations import PREFIX, READ, Operation
from desk.console.api.reading import NotThere
from desk.journal import AmbiguousId, JournalError
from desk.journal.view_pages import BadMark
from desk.texts import api as texts

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 * 1024
Authorize = Callable[[str], str]  # scope -> who asks; raises an HTTPException for those who may not


class _Refused(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def make_api(
    operations: Sequence[Operation], authorize: Authorize, pages: Mapping[str, Callable[[], Response]]
) -> Blueprint:
    """Make the blueprint; `pages` are served beside the operations, by their paths, for those who may read."""
    made = Blueprint("api_v2", __name__, url_prefix=PREFIX)

    def add(path: str, name: str, serve: Callable[..., Response], method: str) -> None:
        made.add_url_rule(path, name, serve, methods=[method], provide_automatic_options=False)

    for one in operations:
        add(one.rule, one.name, _served(one, authorize), one.method)
    for path, page in pages.items():
        add(path, re.sub(r"[^a-z]", "_", path.strip("/")), _page(page, authorize), "GET")
    return made


def _page(page: Callable[[], Response], authorize: Authorize) -> Callable[[], Response]:
    def serve() -> Response:
        authorize(READ)
        return page()

    return serve


def _served(route: Operation, authorize: Authorize) -> Callable[..., Response]:
    def serve(**words: str) -> Response:
        try:
            who = authorize(route.scope)
            said = _body(route) if route.acts else _query(route)
            more = ([_key()] if route.keyed else []) + ([who] if route.acts else [])
            done = route.work(*(words[word] for word in route.words), said, *more)
            view = {"ok": done.ok, "text": done.text} if route.acts else done
            return answered(route.answer.model_validate(view).model_dump_json(), 200)
        except HTTPException:
            raise
        except _Refused as refused:
            return problem(refused.status, refused.text)
        except (NotThere, AmbiguousId, BadMark, CannotDo, JournalError) as error:
            return _explained(error)

    return serve


def _explained(error: Exception) -> Response:
    match error:
        case NotThere():
            return problem(404, str(error))
        case AmbiguousId():
            return problem(400, texts.several_signals(error.args[0].split(":")[0]))
        case BadMark():
            return problem(400, texts.BAD_MARK)
        case CannotDo():
            return problem(409, str(error))
    log.error("The journal did not answer: %s", error)
    return problem(503, texts.UNAVAILABLE)


def _query(route: Operation) -> BaseModel:
    return _checked(route.asked, request.args.to_dict())


def _body(route: Operation) -> BaseModel:
    raw = request.stream.read(MAX_BODY_BYTES + 1)
    if len(raw) > MAX_BODY_BYTES:
        raise _Refused(413, texts.TOO_LARGE)
    if not raw and route.asked is asking.Nothing:
        return asking.Nothing()
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _Refused(400, texts.BAD_JSON) from error
    if not isinstance(said, dict):
        raise _Refused(400, texts.BAD_JSON)
    return _checked(route.asked, said)


def _checked(model: type[BaseModel], said: Mapping[str, Any]) -> BaseModel:
    try:
        return model.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "?"
        raise _Refused(400, texts.bad_field(name, first["msg"])) from error


def _key() -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not asking.KEY.fullmatch(key):
        raise _Refused(400, texts.NEEDS_KEY)
    return key


def problem(status: int, text: str) -> Response:
    return answered(models.Problem(error=text).model_dump_json(), status)


def answered(content: str, status: int) -> Response:
    """JSON that no browser can take for a page."""
    safe = content.replace("<", "\\u003c").replace(">", "\\u003e")
    response = Response(safe, status, content_type="application/json; charset=utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
