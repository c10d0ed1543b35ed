"""Receive: verify -> journal -> acknowledge.

The one door that strangers can reach. A body is verified on the bytes received, before anything of it is read further;
what is authentic is stored and only then acknowledged (I1); what becomes of it is decided behind the journal. Every
other body ends in one declared answer of the wire's table, never in a traceback.
"""

from __future__ import annotations

import itertools
import json
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.wsgi import get_input_stream

from base_func import BEIJING
from desk.clock import Clock
from desk.core import wire
from desk.core.config import StrategyConfig
from desk.core.probe import prove
from desk.core.values import EventKind, WireEvent
from desk.journal import Accepted, JournalError, NewBody, NewEvent
from desk.senders import FailureBudget, Keyring
from desk.serving import DoorLimits, HttpServer
from desk.texts import receiver as texts

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 * 1024
MAX_DROPPED_BYTES = 4 * 1024 * 1024
RETRY_AFTER_S = 5
CLOCK_SLACK = timedelta(seconds=5)
CLOCK_LIMIT = timedelta(minutes=10)
V1_WINDOW = timedelta(seconds=120)
_ALARM_AGAIN_S = 600.0
_ORDER_PATH = "/api/order"
_EPOCH = datetime(1970, 1, 1, 8, tzinfo=BEIJING)

Alarm = Callable[[str, str, str], None]  # (title, text, key): the same key is told once


class Inbox(Protocol):
    """What the receiver needs of the journal."""

    def accept(self, body: NewBody) -> Accepted:
        """Store durably, or find that it is known. Raises JournalError: nothing is stored."""
        ...

    def kid_has_v2(self, kid: str) -> bool: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    retry_after_s: int | None = None


class Receiver:
    """Answers bodies. Thread-safe; called by many workers at once."""

    def __init__(self, *, journal: Inbox, keyring: Keyring, clock: Clock, alarm: Alarm) -> None:
        self._journal = journal
        self._keyring = keyring
        self._clock = clock
        self._tell = alarm
        self._budget = FailureBudget(clock, keyring.failed_per_minute)
        self._told: dict[str, float] = {}
        self._incidents = itertools.count(1)
        self._stored_at: float | None = None
        self._failing = False

    def receive(self, body: bytes) -> Answer:
        """Answer one POST; nothing is raised."""
        v1 = b'"encrypted_order"' in body
        try:
            return self._receive_v1(body) if v1 else self._receive_v2(body)
        except JournalError as error:
            self._failing = True
            log.error("The journal did not take a body: %s", error)
            self._alarm(texts.UNAVAILABLE_TITLE, texts.unavailable(str(error)), f"journal-unavailable:{self._hour()}")
        except Exception:  # whatever breaks, the peer gets a declared answer and keeps its signal
            number = f"{self._clock.now():%m%d%H%M%S}-{next(self._incidents)}"
            log.exception("Incident %s while receiving a body of %d bytes", number, len(body))
            self._alarm(texts.INCIDENT_TITLE, texts.incident(number), f"receiver-incident:{self._hour()}")
        return self.unavailable(v1=v1)

    def unavailable(self, *, v1: bool = False) -> Answer:
        answer = _v1_error(503, texts.V1_UNAVAILABLE) if v1 else _refusal(503, "unavailable")
        return Answer(status=503, body=answer.body, retry_after_s=RETRY_AFTER_S)

    def health(self, nonce: str = "") -> dict[str, Any]:
        """How the receiver stands, for monitors; no secrets. `proof` is added for a nonce of our own probe's form.

        `ok` stays true while the journal fails: a health check that took the tunnel down then would also keep out the
        retry by which we learn that the journal works again.
        """
        ago = None if self._stored_at is None else round(self._clock.monotonic() - self._stored_at, 1)
        said = {"ok": True, "journal": "failing" if self._failing else "ok", "last_stored_seconds_ago": ago}
        key = self._keyring.probe_key()
        proof = prove(key, nonce) if key is not None else None
        return said if proof is None else said | {"proof": proof}

    # --- v2 -----------------------------------------------------------------------------------------------------------

    def _receive_v2(self, body: bytes) -> Answer:
        try:
            envelope = wire.parse_envelope(body)
        except wire.Malformed as error:
            return self._failed(_refusal(400, error.code))
        sender = self._keyring.sender(envelope.kid)
        try:
            if sender is None:
                wire.burn(envelope)
                raise wire.NotAuthentic("unknown_kid")
            strategy, keys = sender
            plaintext = wire.open_envelope(envelope, keys)
        except wire.NotAuthentic:
            return self._failed(_refusal(401, "unauthorized"))
        new, why_refused = self._new_body(envelope, strategy, plaintext)
        accepted = self._store(new)
        if accepted.status == "conflict":
            # The journal has told the person, in the transaction that noted it.
            log.error("A body of %s came with the id %s of another", strategy.name, new.body_id)
            return _refusal(409, "conflict")
        if accepted.status == "duplicate":
            st = wire.DUPLICATE
        else:
            self._remark(new, why_refused)
            st = wire.REFUSED if why_refused is not None else wire.CLOCK if new.clock_ahead else wire.ACCEPTED
        return Answer(status=200, body=wire.make_ack(envelope, keys, st, accepted.top_seq + 1))

    def _new_body(
        self, envelope: wire.Envelope, strategy: StrategyConfig, plaintext: bytes
    ) -> tuple[NewBody, str | None]:
        """The body to store, and why its plaintext is unusable, if it is: then it is kept raw."""
        received_at = self._clock.now()
        sent_at = _EPOCH + timedelta(milliseconds=envelope.t_ms)
        body_id, why_refused = envelope.body_id.hex(), None
        try:
            events = wire.parse_events(plaintext)
        except wire.Malformed as error:
            events, why_refused = [], error.detail or error.code
        numbered = plaintext.lstrip(b" \t\r\n").startswith(b"[")
        new = NewBody(
            kid=envelope.kid,
            strategy=strategy.name,
            body_id=body_id,
            # It covers every field; digesting the bytes would call a re-spelt copy of a body another body.
            digest=envelope.mac,
            wire=2,
            sent_at=sent_at,
            received_at=received_at,
            clock_ahead=sent_at - received_at > CLOCK_LIMIT,
            events=tuple(
                _new_event(f"{body_id}-{n}" if numbered else body_id, strategy, event)
                for n, event in enumerate(events, start=1)
            ),
            raw=None if why_refused is None else plaintext,
        )
        return new, why_refused

    def _remark(self, new: NewBody, why_refused: str | None) -> None:
        """Tell what is odd about a stored body."""
        ahead = new.sent_at - new.received_at
        if why_refused is None and ahead <= CLOCK_SLACK:
            return
        name, day = new.strategy, f"{new.received_at:%Y-%m-%d}"
        if why_refused is not None:
            text = texts.unusable(name, new.body_id, why_refused)
            self._alarm(texts.UNUSABLE_TITLE, text, f"unusable:{new.kid}:{self._hour()}")
        ahead_s = round(ahead.total_seconds())
        if new.clock_ahead:
            self._alarm(texts.CLOCK_TITLE, texts.clock_far_ahead(name, ahead_s), f"clock-far:{new.kid}:{day}")
        elif ahead > CLOCK_SLACK:
            self._alarm(texts.CLOCK_TITLE, texts.clock_ahead(name, ahead_s), f"clock:{new.kid}:{day}")

    # --- v1 -----------------------------------------------------------------------------------------------------------

    def _receive_v1(self, body: bytes) -> Answer:
        try:
            envelope = wire.parse_v1(body)
        except wire.Malformed:
            return self._failed(_v1_error(400, texts.V1_MALFORMED), v1=True)
        for strategy, key in self._keyring.tokens():
            try:
                order = wire.open_v1(envelope, key)
            except wire.NotAuthentic:
                continue
            except wire.Malformed as error:
                why = texts.v1_unusable(strategy.name, error.detail)
                return self._v1_refused(strategy, 400, texts.V1_UNUSABLE, why)
            return self._take_v1(strategy, order)
        return self._failed(_v1_error(403, texts.V1_FORBIDDEN), v1=True)

    def _take_v1(self, strategy: StrategyConfig, order: wire.V1Order) -> Answer:
        now = self._clock.now()
        if strategy.v1_until is None or now.date() > strategy.v1_until:
            return self._v1_refused(strategy, 403, texts.V1_FORBIDDEN, texts.v1_not_allowed(strategy.name))
        if self._journal.kid_has_v2(strategy.kid):
            return self._v1_refused(strategy, 403, texts.V1_FORBIDDEN, texts.v1_ended(strategy.name))
        off = now - order.stamped_at
        if abs(off) > V1_WINDOW:
            why = texts.v1_window(strategy.name, round(abs(off).total_seconds()))
            return self._v1_refused(strategy, 403, texts.V1_WINDOW, why)
        body_id = f"v1-{order.body_hash[:28]}"
        accepted = self._store(
            NewBody(
                kid=strategy.kid,
                strategy=strategy.name,
                body_id=body_id,
                digest=bytes.fromhex(order.body_hash),
                wire=1,
                sent_at=order.stamped_at,
                received_at=now,
                clock_ahead=False,
                events=(_new_event(body_id, strategy, order.event),),
            )
        )
        if accepted.status == "accepted":
            return _json(200, {"status": "success", "message": texts.V1_STORED})
        return _json(200, {"status": "success", "message": texts.V1_DUPLICATE, "duplicate": True})

    def _v1_refused(self, strategy: StrategyConfig, status: int, message: str, why: str) -> Answer:
        """Refuse an authentic v1 body: the sender will not read why, so a person is told, once a day for each cause."""
        day = f"{self._clock.now():%Y-%m-%d}"
        self._alarm(texts.V1_TITLE, why, f"v1:{strategy.name}:{status}:{message}:{day}")
        return _v1_error(status, message)

    # --- common -------------------------------------------------------------------------------------------------------

    def _store(self, new: NewBody) -> Accepted:
        accepted = self._journal.accept(new)
        self._stored_at, self._failing = self._clock.monotonic(), False
        return accepted

    def _failed(self, answer: Answer, *, v1: bool = False) -> Answer:
        """Answer a failed attempt, or 429 once too many failed; comes after verification: the authentic never wait."""
        wait_s = self._budget.spend()
        if wait_s is None:
            return answer
        self._alarm(texts.FAILURES_TITLE, texts.failures(self._keyring.failed_per_minute()), f"failures:{self._hour()}")
        limited = _v1_error(429, texts.V1_TOO_MANY) if v1 else _refusal(429, "too_many_failures")
        return Answer(status=429, body=limited.body, retry_after_s=wait_s)

    def _hour(self) -> str:
        return f"{self._clock.now():%Y-%m-%dT%H}"

    def _alarm(self, title: str, text: str, key: str) -> None:
        """Tell a person; neither a storm of causes nor a failing teller touches the answer."""
        now = self._clock.monotonic()
        told = self._told.get(key)
        if told is not None and now - told < _ALARM_AGAIN_S:
            return
        if len(self._told) > 1000:
            self._told.clear()
        self._told[key] = now
        try:
            self._tell(title, text, key)
        except Exception:  # the log is the last way to tell
            log.exception("Telling failed: %s %s", title, text)


def _new_event(event_id: str, strategy: StrategyConfig, event: WireEvent) -> NewEvent:
    name = texts.TEST_STRATEGY if event.kind is EventKind.TEST else strategy.name
    return NewEvent(
        event_id=event_id, strategy=name, kind=event.kind, seq=event.seq, payload=wire.events_to_json(event)
    )


def _json(status: int, content: dict[str, Any]) -> Answer:
    return Answer(status=status, body=json.dumps(content, ensure_ascii=False).encode())


def _refusal(status: int, code: str) -> Answer:
    return _json(status, {"error": code})


def _v1_error(status: int, message: str) -> Answer:
    return _json(status, {"status": "error", "message": message})


# --- HTTP -------------------------------------------------------------------------------------------------------------


def make_app(receiver: Receiver, *beside: Blueprint) -> Flask:
    """Make the app of the tunnelled port; nothing but the orders and the position upload may be served on it."""
    app = Flask("gendan.receiver", static_folder=None)
    app.url_map.merge_slashes = False

    def order() -> Response:
        return _respond(_answer_body(receiver, request.environ))

    def ready() -> Response:
        return _respond(_json(200, {"status": "success", "message": texts.READY}))

    def healthz() -> Response:
        return _respond(_json(200, receiver.health(request.args.get("nonce", ""))))

    def refused(error: HTTPException) -> Response:
        if not isinstance(error, NotFound | MethodNotAllowed):
            return _respond(_refusal(400, "malformed"))
        response = _respond(Answer(status=error.code or 400))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response

    def broken(error: Exception) -> Response:
        log.error("A request broke outside the receiver", exc_info=error)
        return _respond(receiver.unavailable())

    app.add_url_rule(_ORDER_PATH, "order", order, methods=["POST"], provide_automatic_options=False)
    app.add_url_rule(_ORDER_PATH, "ready", ready, methods=["GET"], provide_automatic_options=False)
    app.add_url_rule("/healthz", "healthz", healthz, methods=["GET"], provide_automatic_options=False)
    for blueprint in beside:
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(Exception, broken)
    app.wsgi_app = _straight(receiver, app.wsgi_app)  # type: ignore[method-assign, assignment]
    return app


def _straight(receiver: Receiver, flask: WSGIApplication) -> WSGIApplication:
    """Let bodies pass by Flask's routing, sessions and contexts: they cost more than verifying does."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] != _ORDER_PATH:
            return flask(environ, start_response)
        answer = _answer_body(receiver, environ)
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(answer.body)))]
        if answer.retry_after_s is not None:
            headers.append(("Retry-After", str(answer.retry_after_s)))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [answer.body]

    return app


def _answer_body(receiver: Receiver, environ: WSGIEnvironment) -> Answer:
    """Read the body as it is, whatever the headers say of its type, and have it answered."""
    # waitress has read it wholly; elsewhere Content-Length says how far one may read.
    ended = environ.get("wsgi.input_terminated")
    stream = environ["wsgi.input"] if ended else get_input_stream(environ, safe_fallback=True)
    body: bytes = stream.read(MAX_BODY_BYTES + 1)
    if len(body) <= MAX_BODY_BYTES:
        return receiver.receive(body)
    dropped = len(body)
    while dropped < MAX_DROPPED_BYTES and (piece := stream.read(MAX_BODY_BYTES)):
        dropped += len(piece)
    return _refusal(413, "too_large")


def _respond(answer: Answer) -> Response:
    headers = {} if answer.retry_after_s is None else {"Retry-After": str(answer.retry_after_s)}
    return Response(answer.body, answer.status, headers, content_type="application/json" if answer.body else None)


def open_door(app: Flask, host: str, port: int, *, clock: Clock) -> HttpServer:
    """Bind the receiver's port; serve with `run(stop)`. Raises PortOccupied, CannotListen."""
    limits = DoorLimits(body_bytes=MAX_BODY_BYTES, dropped_bytes=MAX_DROPPED_BYTES)
    return HttpServer(app, host, port, clock=clock, limits=limits)


def serve(app: Flask, host: str, port: int, stop: threading.Event, *, clock: Clock) -> None:
    """Bind and serve in this thread until `stop` is set. Raises PortOccupied, CannotListen."""
    open_door(app, host, port, clock=clock).run(stop)
