"""What strategies want to hold, as uploaded, corrected by hand and asked for; and who may do so.

All methods of `PositionBook` may be called from any thread; what changes something returns when it is durable.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from desk.core.targets import Adjustment, TargetPosition
from desk.core.values import Message
from desk.journal.database import Row, Session
from desk.journal.journal import Journal
from desk.journal.outbox import put_message
from desk.journal.target_events import hand_over
from desk.journal.values import decimal_text, micros, moment
from desk.texts import journal as texts

# Far longer than a token lives: a clock that jumps ahead and back must not make a used one new.
_TOKENS_KEPT = timedelta(days=7)


class TokenUsed(Exception):
    """This token has been used before; nothing of the upload is stored."""


class Overtaken(Exception):
    """A later upload of the same client has arrived before this one; nothing of it is stored."""


class ClientExists(Exception):
    """This client id was given out before, perhaps to one that is revoked now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewUpload:
    at: datetime
    strategy: str
    client_id: str
    auth_type: str
    positions: tuple[TargetPosition, ...]
    token: bytes | None = None  # the digest of what may be used once
    made_ms: int | None = None  # when it was made by its client's clock, where that is proven
    followed_as: str = ""  # the kid of a strategy that is followed by its target; '': it is only kept and served


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a strategy wanted to hold when it was last heard."""

    strategy: str
    positions: tuple[TargetPosition, ...]
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionClient:
    """One who may upload: by a key pair (`public_key` is PEM) or by an API key, of which only the digest is known."""

    client_id: str
    public_key: str | None
    key_digest: bytes | None  # SHA-256
    strategy: str  # the only one that it may upload; '': any
    may_read: bool
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InternalPassword:
    hash: str  # bcrypt
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedAdjustments:
    """One list of adjustments as it was saved; the one with the highest number holds."""

    number: int
    at: datetime
    by: str
    adjustments: tuple[Adjustment, ...]


class PositionBook:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def upload(self, new: NewUpload) -> None:
        """Make this the strategy's target. Raises TokenUsed, Overtaken, JournalError."""
        # Written out here: the journal's one writer has better things to do.
        positions = _json([[p.symbol, p.shares, decimal_text(p.cost), p.name] for p in new.positions])
        digest = hashlib.sha256(positions.encode()).digest()
        self._journal.change(lambda session: _upload(session, new, positions, digest))

    def target(self, strategy: str) -> Target | None:
        """The latest target of a strategy; None when it was never heard."""
        with self._journal.look() as session:
            return latest_target(session, strategy)

    def targets(self) -> list[Target]:
        """The latest target of every strategy that was ever heard, by name."""
        with self._journal.look() as session:
            return [_target(row) for row in session.rows(f"{_TARGET} ORDER BY t.strategy")]

    def adjustments(self) -> tuple[Adjustment, ...]:
        with self._journal.look() as session:
            row = session.one("SELECT adjustments FROM position_adjustments ORDER BY id DESC LIMIT 1")
        return () if row is None else _adjustments(row[0])

    def adjustment_history(self, limit: int, before: int | None = None) -> list[SavedAdjustments]:
        """The lists that were saved, newest first; `before`: those older than the one of this number."""
        with self._journal.look() as session:
            rows = session.rows(
                "SELECT id, at, by_whom, adjustments FROM position_adjustments WHERE id < ? ORDER BY id DESC LIMIT ?",
                (2**62 if before is None else before, limit),
            )
        return [
            SavedAdjustments(number=number, at=moment(at), by=by, adjustments=_adjustments(stored))
            for number, at, by, stored in rows
        ]

    def save_adjustments(self, adjustments: Sequence[Adjustment], *, by: str, at: datetime) -> None:
        """Put this list in the place of the one before, which stays in the history."""
        rows = [[a.symbol, a.shares, decimal_text(a.cost), a.name, a.remark] for a in adjustments]
        self._journal.change(
            lambda session: session.run(
                "INSERT INTO position_adjustments (at, by_whom, adjustments) VALUES (?, ?, ?)",
                (micros(at), by, _json(rows)),
            )
        )

    def clients(self) -> list[PositionClient]:
        """Everybody who ever got a key, the revoked too."""
        with self._journal.look() as session:
            return [_client(row) for row in session.rows(f"{_CLIENT} ORDER BY client_id")]

    def add_client(self, client: PositionClient) -> None:
        """Raises ClientExists, JournalError."""
        self._journal.change(lambda session: _add_client(session, client))

    def revoke_client(self, client_id: str, at: datetime) -> bool:
        """Let a key count no more, from the next request on; False when there is none that counts."""
        return self._journal.change(
            lambda session: (
                session.one(
                    "UPDATE position_clients SET revoked_at = ? WHERE client_id = ? AND revoked_at IS NULL "
                    "RETURNING client_id",
                    (micros(at), client_id),
                )
                is not None
            )
        )

    def password(self) -> InternalPassword | None:
        with self._journal.look() as session:
            row = session.one("SELECT hash, created_at, updated_at FROM position_password")
        if row is None:
            return None
        return InternalPassword(hash=row[0], created_at=moment(row[1]), updated_at=moment(row[2]))

    def set_password(self, hash_: str, at: datetime) -> None:
        self._journal.change(
            lambda session: session.run(
                "INSERT INTO position_password (id, hash, created_at, updated_at) VALUES (1, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, updated_at = excluded.updated_at",
                (hash_, micros(at), micros(at)),
            )
        )


_TARGET = """\
SELECT t.strategy, u.positions, t.updated_at FROM position_targets t JOIN position_uploads u ON u.id = t.upload"""
_CLIENT = """\
SELECT client_id, public_key, key_digest, strategy, may_read, created_at, revoked_at FROM position_clients"""


def latest_target(session: Session, strategy: str) -> Target | None:
    row = session.one(f"{_TARGET} WHERE t.strategy = ?", (strategy,))
    return None if row is None else _target(row)


def _upload(session: Session, new: NewUpload, positions: str, digest: bytes) -> None:
    at = micros(new.at)
    if new.token is not None:
        _use_token(session, new.token, new.at)
    if new.made_ms is not None:
        _be_newest(session, new.client_id, new.strategy, new.made_ms)
    before = session.one(
        "SELECT u.id, u.digest FROM position_targets t JOIN position_uploads u ON u.id = t.upload WHERE t.strategy = ?",
        (new.strategy,),
    )
    same = before is not None and bytes(before[1]) == digest
    stored = session.one(
        "INSERT INTO position_uploads (at, strategy, client_id, auth_type, digest, positions) "
        "VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (at, new.strategy, new.client_id, new.auth_type, digest, None if same else positions),
    )
    assert stored is not None
    session.run(
        "INSERT INTO position_targets (strategy, upload, updated_at) VALUES (?, ?, ?) "
        "ON CONFLICT (strategy) DO UPDATE SET upload = excluded.upload, updated_at = excluded.updated_at",
        (new.strategy, before[0] if same and before is not None else stored[0], at),
    )
    if new.followed_as:
        hand_over(
            session,
            kid=new.followed_as,
            strategy=new.strategy,
            positions=new.positions,
            upload=stored[0],
            at=new.at,
            changed=not same,
        )
    if before is not None and not new.positions and not same:
        row = session.one("SELECT positions FROM position_uploads WHERE id = ?", (before[0],))
        put_message(
            session,
            Message(
                at=new.at,
                kind="alarm",
                title=texts.EMPTIED_TITLE,
                text=texts.emptied(new.strategy, new.client_id, len(json.loads(row[0])) if row else 0),
                urgent=True,
                key=f"emptied:{stored[0]}",
            ),
        )


def _use_token(session: Session, digest: bytes, at: datetime) -> None:
    fresh = session.one(
        "INSERT INTO position_tokens (digest, seen_at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING seen_at",
        (digest, micros(at)),
    )
    if fresh is None:
        raise TokenUsed
    session.run("DELETE FROM position_tokens WHERE seen_at < ?", (micros(at - _TOKENS_KEPT),))


def _be_newest(session: Session, client_id: str, strategy: str, made_ms: int) -> None:
    newest = session.one(
        "INSERT INTO position_newest (client_id, strategy, made_ms) VALUES (?, ?, ?) "
        "ON CONFLICT (client_id, strategy) DO UPDATE SET made_ms = excluded.made_ms "
        "WHERE excluded.made_ms >= position_newest.made_ms RETURNING made_ms",
        (client_id, strategy, made_ms),
    )
    if newest is None:
        raise Overtaken


def _add_client(session: Session, client: PositionClient) -> None:
    stored = session.one(
        "INSERT INTO position_clients (client_id, public_key, key_digest, strategy, may_read, created_at, revoked_at) "
        "VALUES (?, ?, ?, ?, ?, ?, NULL) ON CONFLICT (client_id) DO NOTHING RETURNING client_id",
        (
            client.client_id,
            client.public_key,
            client.key_digest,
            client.strategy,
            int(client.may_read),
            micros(client.created_at),
        ),
    )
    if stored is None:
        raise ClientExists


def _json(rows: list[list[object]]) -> str:
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _target(row: Row) -> Target:
    strategy, positions, updated_at = row
    return Target(
        strategy=strategy,
        positions=tuple(
            TargetPosition(symbol=symbol, shares=shares, cost=Decimal(cost), name=name)
            for symbol, shares, cost, name in json.loads(positions)
        ),
        updated_at=moment(updated_at),
    )


def _adjustments(stored: str) -> tuple[Adjustment, ...]:
    return tuple(
        Adjustment(symbol=symbol, shares=shares, cost=Decimal(cost), name=name, remark=remark)
        for symbol, shares, cost, name, remark in json.loads(stored)
    )


def _client(row: Row) -> PositionClient:
    client_id, public_key, key_digest, strategy, may_read, created_at, revoked_at = row
    return PositionClient(
        client_id=client_id,
        public_key=public_key,
        key_digest=None if key_digest is None else bytes(key_digest),
        strategy=strategy,
        may_read=bool(may_read),
        created_at=moment(created_at),
        revoked_at=None if revoked_at is None else moment(revoked_at),
    )
