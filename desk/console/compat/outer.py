"""Orders that a program signs instead of showing a key (`outer/trade/buy|sell`)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import NoReturn

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from desk.access import NotSigned, SignedRequest
from desk.console.api.asking import KEY
from desk.console.compat.serving import BadRequest, View
from desk.core.wire_text import is_plain
from desk.texts import api as texts

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 16 * 1024
_NAME = 32

Prove = Callable[[SignedRequest], str]  # who signed it, from now on used up; raises NotSigned


def signed_order(prove: Prove) -> tuple[View, str, str]:
    """(what was said, who says so, the key of its order) of a request that counts. Raises NotSigned, BadRequest."""
    raw = request.stream.read(MAX_BODY_BYTES + 1)
    if len(raw) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    try:
        said = json.loads(raw.decode(), parse_constant=_no_number)
        bodies = tuple(_compact(said, ascii_only=ascii_only) for ascii_only in (True, False))
    except (ValueError, RecursionError):  # also text that no UTF-8 can hold
        said, bodies = None, ()
    signed = SignedRequest(
        method=request.method,
        path=request.path,
        query=request.query_string,
        bodies=bodies,
        timestamp=request.headers.get("X-Timestamp", ""),
        client_id=request.headers.get("X-Client-ID", ""),
        signature=request.headers.get("X-Signature", ""),
    )
    try:
        who = prove(signed)
    except NotSigned as refused:
        log.warning("A signed order was refused: %s, client %r", refused.why, signed.client_id[:_NAME])
        raise
    if not isinstance(said, dict):
        raise BadRequest(texts.BAD_JSON)
    name = said.get("strategy_name") or ""
    if name and not (isinstance(name, str) and is_plain(name, _NAME)):
        raise BadRequest(texts.bad_field("strategy_name", f"1–{_NAME}"))
    return said, f"{who} {name}".rstrip(), _key(signed)


def _compact(said: object, *, ascii_only: bool) -> bytes:
    """The body as it is signed; Python's programs escape what is not ASCII, others do not."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=ascii_only, allow_nan=False).encode()


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _key(signed: SignedRequest) -> str:
    """The order's idempotency key: what the program says, else of the signature, which is one order and no more."""
    said = request.headers.get("Idempotency-Key")
    if said is None:
        return f"signed.{signed.digest.hex()[:48]}"
    if not KEY.fullmatch(said):
        raise BadRequest(texts.NEEDS_KEY)
    return said
