"""Programs that sign their requests with a secret of their own: made, shown once, checked, revoked.

A signature counts once, over restarts: it is remembered durably before anything is done for it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.exc import IntegrityError

from desk.access.book import as_user, moment, stamp
from desk.access.database import Database
from desk.access.errors import NameTaken, NotSigned, Unfit
from desk.access.passwords import new_token
from desk.access.records import Scope, SignedClient, User
from desk.access.tables import signed_clients, used_signatures, users
from desk.clock import Clock

WINDOW_S = 300
# Far longer than a signature lives: a clock that jumps ahead and back must not make a used one new.
_KEPT = timedelta(days=7)
_SECRET_PREFIX = "gds_"
_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", re.ASCII)
_TIMESTAMP = re.compile(r"\d{1,11}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9A-Fa-f]{64}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedRequest:
    """A request as it was signed. `bodies`: the spellings of its body that a signer may have meant."""

    method: str
    path: str
    query: bytes
    bodies: tuple[bytes, ...]
    timestamp: str  # seconds since 1970
    client_id: str
    signature: str  # hex

    def made_with(self, secret: str) -> bool:
        """Whether the holder of this secret signed it: HMAC-SHA256, compared in constant time."""
        if not (_TIMESTAMP.fullmatch(self.timestamp) and _SIGNATURE.fullmatch(self.signature)):
            return False
        right = False
        for body in self.bodies:
            parts = (self.method.encode(), self.path.encode(), self.query, body)
            text = b"\n".join((*parts, self.timestamp.encode(), self.client_id.encode()))
            right |= hmac.compare_digest(hmac.digest(secret.encode(), text, "sha256"), self.mac)
        return right

    @property
    def mac(self) -> bytes:
        return bytes.fromhex(self.signature)

    @property
    def digest(self) -> bytes:
        """What is remembered of a used one: of the raw signature, which has one spelling only."""
        return hashlib.sha256(self.mac).digest()


class SignedClients:
    """Usable from any thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._nobodys = new_token()

    def add(self, client_id: str, owner: User) -> str:
        """The secret of a new client; it is told now and never again. Raises Unfit, NameTaken."""
        if not _CLIENT_ID.fullmatch(client_id):
            raise Unfit("name")
        secret = new_token(_SECRET_PREFIX)
        row = {"client_id": client_id, "secret": secret, "user_id": owner.user_id}
        try:
            with self._database.change() as change:
                change.execute(signed_clients.insert().values(**row, created_at=stamp(self._clock.now())))
        except IntegrityError as error:
            raise NameTaken from error
        return secret

    def all(self) -> list[SignedClient]:
        """Everybody who ever got a secret, the revoked too; the newest first."""
        with self._database.look() as look:
            return [_client(row) for row in look.execute(_CLIENTS.order_by(signed_clients.c.id.desc()))]

    def revoke(self, client_id: str) -> bool:
        """Let a secret count no more, from the next request on; False when there is none that counts."""
        wanted = (signed_clients.c.client_id == client_id, signed_clients.c.revoked_at.is_(None))
        with self._database.change() as change:
            revoked = update(signed_clients).where(*wanted).values(revoked_at=stamp(self._clock.now()))
            return change.execute(revoked).rowcount == 1

    def prove(self, said: SignedRequest) -> SignedClient:
        """Who signed this request, which from now on is used up. Raises NotSigned.

        That a signature is stale or used is told only to those who could make it.
        """
        live = self._live()
        found = next((row for row in live if row.client_id == said.client_id), None)
        right = said.made_with(found.secret if found is not None else self._nobodys)
        if found is None or not right:
            raise NotSigned("wrong" if live else "none")
        now = self._clock.now()
        if abs(now.timestamp() - int(said.timestamp)) > WINDOW_S:
            raise NotSigned("stale")
        self._use(said, now)
        return _client(found)

    def _live(self) -> list[Row[Any]]:
        """The clients that are not revoked, and whose owner may trade."""
        with self._database.look() as look:
            rows = look.execute(_CLIENTS.where(signed_clients.c.revoked_at.is_(None), users.c.enabled == 1)).all()
        return [row for row in rows if as_user(row).scope.covers(Scope.TRADE)]

    def _use(self, said: SignedRequest, now: datetime) -> None:
        try:
            with self._database.change() as change:
                change.execute(used_signatures.insert().values(digest=said.digest, at=stamp(now)))
                change.execute(used_signatures.delete().where(used_signatures.c.at < stamp(now - _KEPT)))
                wanted = update(signed_clients).where(signed_clients.c.client_id == said.client_id)
                change.execute(wanted.values(used_at=stamp(now)))
        except IntegrityError:
            raise NotSigned("used") from None


_CLIENTS: Select[Any] = select(
    signed_clients.c.client_id,
    signed_clients.c.secret,
    signed_clients.c.created_at.label("client_created_at"),
    signed_clients.c.used_at,
    signed_clients.c.revoked_at,
    users,
).join_from(signed_clients, users)


def _client(row: Row[Any]) -> SignedClient:
    return SignedClient(
        client_id=row.client_id,
        owner=as_user(row),
        created_at=moment(row.client_created_at),
        used_at=None if row.used_at is None else moment(row.used_at),
        revoked_at=None if row.revoked_at is None else moment(row.revoked_at),
    )
