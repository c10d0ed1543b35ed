"""What the position sync does, told apart from HTTP: prove, read, store durably, answer.

Every doubt is an error's status, never an empty list. Secrets are compared in constant time and never logged.
"""

from __future__ import annotations

import difflib
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from base_func import UnsupportedSymbol, security_of
from desk.clock import Clock
from desk.core import wire
from desk.core.config import Config
from desk.core.targets import TargetPosition, merged
from desk.core.values import Follows
from desk.core.wire_text import is_plain
from desk.journal import NewUpload, Overtaken, PositionBook, PositionClient, Target, TokenUsed
from desk.positions import forms, keys
from desk.senders import FailureBudget, Keyring
from desk.texts import positions as texts

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 * 1024
WINDOW_S = 300
_TIME = "%Y-%m-%d %H:%M:%S"


class Headers(Protocol):
    """A request's headers, whose names know no case."""

    def get(self, key: str, /) -> str | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    status: int
    body: dict[str, Any]
    retry_after_s: int | None = None


class Refused(Exception):
    """A request that is not fulfilled, with its answer."""

    def __init__(
        self, status: int, text: str, *, retry_after_s: int | None = None, rows: Sequence[forms.Row] = ()
    ) -> None:
        super().__init__(text)
        more = {"rows": list(rows)} if rows else {}
        self.answer = Answer(status=status, body={"error": text, **more}, retry_after_s=retry_after_s)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """Who sent something, and how that was proven."""

    client_id: str
    auth_type: str
    strategy: str = ""  # the only one it may upload; '': any
    token: bytes | None = field(default=None, repr=False)
    made_ms: int | None = None


class PositionService:
    """Thread-safe; called by many workers at once. Raises Refused, and JournalError when nothing can be stored."""

    def __init__(self, *, book: PositionBook, config: Callable[[], Config], clock: Clock, rounds: int = 12) -> None:
        """`rounds`: bcrypt's cost of a new password, as a power of two."""
        self._book = book
        self._config = config
        self._clock = clock
        self._rounds = rounds
        self._keyring = Keyring(config)
        self._budget = FailureBudget(clock, lambda: config().failed_per_minute)
        self._check = keys.PasswordCheck()

    # --- uploads ------------------------------------------------------------------------------------------------------

    @property
    def takes_uploads(self) -> bool:
        return self._config().position_upload

    def upload(self, headers: Headers, body: bytes) -> Answer:
        """Take a strategy's whole list of target positions from outside."""
        if not self.takes_uploads:
            raise Refused(403, texts.UPLOAD_OFF)
        if not (headers.get("X-Auth-Token") or headers.get("X-API-Key")):
            return self._upload_signed(body)
        proof = self._proven(headers)
        upload = self._read(forms.read_object, forms.read_upload, body)
        self._store(upload, proof)
        return _said(texts.STORED, client_id=proof.client_id, auth_type=proof.auth_type)

    def _upload_signed(self, body: bytes) -> Answer:
        """Take an upload that is a signed body of the wire, as orders are; the answer is signed as well."""
        try:
            envelope = wire.parse_envelope(body)
            sender = self._keyring.sender(envelope.kid)
            if sender is None:
                wire.burn(envelope)
                raise wire.NotAuthentic("unknown_kid")
            strategy, signing = sender
            plaintext = wire.open_envelope(envelope, signing)
        except wire.WireError:
            raise self._failed() from None
        if abs(self._clock.now().timestamp() * 1000 - envelope.t_ms) > WINDOW_S * 1000:
            raise self._failed(texts.TOKEN_STALE)
        upload = self._read(forms.read_object, forms.read_upload, plaintext)
        token = hashlib.sha256(envelope.mac).digest()
        self._store(
            upload,
            Proof(
                client_id=envelope.kid,
                auth_type="signed",
                strategy=strategy.name,
                token=token,
                made_ms=envelope.t_ms,
            ),
        )
        ack = json.loads(wire.make_ack(envelope, signing, wire.ACCEPTED, 0))
        return _said(texts.STORED, client_id=envelope.kid, auth_type="signed", **ack)

    def upload_internal(self, headers: Headers, body: bytes) -> Answer:
        """Take a target from a program that knows the internal password."""
        data = self._read(forms.read_object, dict, body)
        given = headers.get("X-Internal-Password") or data.get("internal_password") or data.get("password")
        self._check_password(given)
        upload = self._read(forms.read_upload, lambda one: one, data)
        self._store(upload, Proof(client_id="internal", auth_type="internal_password"))
        return _said(
            texts.STORED,
            strategy_name=upload.strategy,
            positions_count=len(upload.positions),
            auth_type="internal_password",
        )

    def _store(self, upload: forms.Upload, proof: Proof) -> None:
        config = self._config()
        strategy = config.strategy(upload.strategy)
        if strategy is None:
            # Never made anew: a misspelt name would leave the strategy that was meant on its old target.
            known = [one.name for one in config.strategies]
            near = difflib.get_close_matches(upload.strategy, known, n=1, cutoff=0.5)
            hint = near[0] if near and not proof.strategy else None
            raise Refused(404, texts.unknown_strategy(upload.strategy, hint))
        if proof.strategy not in ("", upload.strategy):
            raise Refused(403, texts.not_for(proof.client_id, upload.strategy))
        try:
            self._book.upload(
                NewUpload(
                    at=self._clock.now(),
                    strategy=upload.strategy,
                    client_id=proof.client_id,
                    auth_type=proof.auth_type,
                    positions=upload.positions,
                    token=proof.token,
                    made_ms=proof.made_ms,
                    followed_as=strategy.kid if strategy.follows is Follows.TARGET else "",
                )
            )
        except TokenUsed:
            raise self._failed(texts.TOKEN_USED) from None
        except Overtaken:
            raise Refused(409, texts.OVERTAKEN) from None

    def _read(self, first: Callable[[Any], Any], then: Callable[[Any], Any], given: Any) -> Any:
        try:
            return then(first(given))
        except forms.BadForm as error:
            raise Refused(400, str(error), rows=error.rows) from None

    # --- proofs -------------------------------------------------------------------------------------------------------

    def _proven(self, headers: Headers) -> Proof:
        token, api_key = headers.get("X-Auth-Token"), headers.get("X-API-Key")
        proof = self._by_token(token) if token else self._by_key(api_key) if api_key else None
        if proof is None:
            raise self._failed()
        return proof

    def _by_token(self, header: str) -> Proof | None:
        try:
            token = keys.read_token(header)
        except keys.BadToken:
            return None
        client = next((c for c in self._clients() if c.client_id == token.client_id), None)
        if client is None or client.public_key is None or not token.made_by(client.public_key):
            return None
        if abs(self._clock.now().timestamp() - token.timestamp) > WINDOW_S:
            raise self._failed(texts.TOKEN_STALE)
        return Proof(
            client_id=client.client_id,
            auth_type="rsa",
            strategy=client.strategy,
            token=token.digest,
            made_ms=token.timestamp * 1000,
        )

    def _by_key(self, api_key: str) -> Proof | None:
        client = self._holder(api_key)
        if client is None:
            return None
        return Proof(client_id=client.client_id, auth_type="api_key", strategy=client.strategy)

    def _holder(self, api_key: str) -> PositionClient | None:
        digest = keys.key_digest(api_key)
        found = None
        for client in self._clients():
            if client.key_digest is not None and hmac.compare_digest(client.key_digest, digest):
                found = client
        return found

    def _clients(self) -> list[PositionClient]:
        return [client for client in self._book.clients() if client.revoked_at is None]

    def _check_password(self, given: object) -> None:
        """Raises Refused. What is not known to be right costs a failure first: bcrypt is dear, for us as well."""
        password = self._book.password()
        if password is None:
            raise Refused(403, texts.NO_PASSWORD_YET)
        if isinstance(given, str) and self._check.known(given, password.hash):
            return
        failure = self._failed()
        if failure.answer.status == 429 or not isinstance(given, str) or not self._check.right(given, password.hash):
            raise failure

    def _failed(self, text: str = texts.UNAUTHORIZED) -> Refused:
        """Note a failed attempt: 401, or 429 once there were too many; comes after the check: the right never wait."""
        wait_s = self._budget.spend()
        if wait_s is None:
            return Refused(401, text)
        return Refused(429, texts.TOO_MANY, retry_after_s=wait_s)

    # --- reads --------------------------------------------------------------------------------------------------------

    def let_read(self, headers: Headers) -> None:
        """Raises Refused for one who may not read."""
        if self._config().open_legacy_reads:
            return
        self.let_in(headers)

    def let_in(self, headers: Headers) -> None:
        """Raises Refused for one without a key that reads, whatever is open to all."""
        api_key = headers.get("X-API-Key")
        client = self._holder(api_key) if api_key else None
        if client is None or not client.may_read:
            raise self._failed(texts.READ_NEEDS_KEY)

    def strategy(self, name: str) -> Answer:
        target = self._book.target(name)
        if target is None:
            raise self._missing(name, ())
        return Answer(status=200, body=_shown(target))

    def total(self, strategies: str | None, include_adjustments: str | None) -> Answer:
        """All targets added up; a named strategy that was never heard is an error, not nothing."""
        with_adjustments = {"true": True, "1": True, "false": False, "0": False}.get(
            (include_adjustments or "true").lower()
        )
        if with_adjustments is None:
            raise Refused(400, texts.BAD_FLAG)
        targets = self._book.targets()
        if strategies is not None:
            targets = self._chosen(targets, [name.strip() for name in strategies.split(",")])
        if not targets:
            raise Refused(404, texts.NO_TARGETS)
        rows = merged((t.positions for t in targets), self._book.adjustments() if with_adjustments else ())
        return Answer(
            status=200,
            body={
                "positions": [
                    {
                        "code": _code(row.symbol),
                        "name": row.name,
                        "total_volume": row.shares,
                        "avg_cost": float(row.cost),
                    }
                    for row in rows
                ],
                "update_time": max(t.updated_at for t in targets).strftime(_TIME),
            },
        )

    def _chosen(self, targets: list[Target], names: list[str]) -> list[Target]:
        by_name = {target.strategy: target for target in targets}
        if not all(is_plain(name, 64) for name in names):
            raise Refused(400, texts.BAD_STRATEGIES)
        for name in names:
            if name not in by_name:
                raise self._missing(name, by_name)
        return [by_name[name] for name in dict.fromkeys(names)]

    def _missing(self, name: str, heard: Iterable[str]) -> Refused:
        config = self._config()
        if config.strategy(name) is not None:
            return Refused(404, texts.never_uploaded(name))
        near = difflib.get_close_matches(name, [*heard, *(s.name for s in config.strategies)], n=1, cutoff=0.5)
        return Refused(404, texts.unknown_strategy(name[:64], near[0] if near else None))

    def all(self) -> Answer:
        strategies = [{"strategy_name": t.strategy, **_shown(t)} for t in self._book.targets()]
        return Answer(status=200, body={"strategies": strategies})

    def auth_info(self) -> Answer:
        clients = self._clients()
        config = self._config()
        return Answer(
            status=200,
            body={
                "position_upload": config.position_upload,
                "crypto_auth": any(client.public_key is not None for client in clients),
                "api_key": any(client.key_digest is not None for client in clients),
                "internal_password": self._book.password() is not None,
                "reads_need_key": not config.open_legacy_reads,
                "window_seconds": WINDOW_S,
                "max_body_bytes": MAX_BODY_BYTES,
            },
        )

    # --- what persons keep --------------------------------------------------------------------------------------------

    def password_info(self) -> Answer:
        password = self._book.password()
        created = None if password is None else password.created_at.strftime(_TIME)
        updated = None if password is None else password.updated_at.strftime(_TIME)
        return Answer(
            status=200,
            body={
                "has_password": password is not None,
                "is_default": False,
                "created_time": created,
                "created_at": created,
                "updated_time": updated,
                "updated_at": updated,
            },
        )

    def set_password(self, body: bytes) -> Answer:
        data = self._read(forms.read_object, dict, body)
        self._check_password(data.get("current_password") or data.get("internal_password"))
        new = data.get("new_password")
        if not keys.fit_password(new):
            raise Refused(400, texts.PASSWORD_LENGTH)
        self._book.set_password(keys.hash_password(str(new), self._rounds), self._clock.now())
        return _said(texts.PASSWORD_SET)

    def adjustments(self) -> Answer:
        return Answer(
            status=200,
            body={
                "adjustments": [
                    {
                        "code": _code(a.symbol),
                        "name": a.name,
                        "volume": a.shares,
                        "cost": float(a.cost),
                        "remark": a.remark,
                    }
                    for a in self._book.adjustments()
                ]
            },
        )

    def save_adjustments(self, headers: Headers, body: bytes) -> Answer:
        """Put a whole list of adjustments in the place of the one before; needs the internal password."""
        data = self._read(forms.read_object, dict, body)
        given = headers.get("X-Internal-Password") or data.get("internal_password") or data.get("password")
        self._check_password(given)
        adjustments = self._read(forms.read_adjustments, tuple, data)
        self._book.save_adjustments(adjustments, by="internal", at=self._clock.now())
        return _said(texts.ADJUSTMENTS_SAVED, adjustments_count=len(adjustments))


def _said(message: str, **more: Any) -> Answer:
    return Answer(status=200, body={"message": message, **more})


def _code(symbol: str) -> str:
    """As JoinQuant spells it; a stored symbol of another form as it stands, so that one row hides no other."""
    try:
        return security_of(symbol)
    except UnsupportedSymbol:
        return symbol


def _row(position: TargetPosition) -> dict[str, Any]:
    return {
        "code": _code(position.symbol),
        "name": position.name,
        "volume": position.shares,
        "cost": float(position.cost),
    }


def _shown(target: Target) -> dict[str, Any]:
    return {
        "positions": [_row(position) for position in target.positions],
        "update_time": target.updated_at.strftime(_TIME),
    }
