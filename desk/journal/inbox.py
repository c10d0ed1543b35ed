"""Accept bodies once and durably, and hand their events to whoever decides them (I1, I2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from desk.core.values import Event, EventKind, Message
from desk.core.wire import event_from_json
from desk.journal.database import Row, Session
from desk.journal.outbox import put_message
from desk.journal.values import micros, moment
from desk.texts import journal as texts


@dataclass(frozen=True, kw_only=True, slots=True)
class NewEvent:
    """One event of a body; `strategy` is the book it goes to (测试 for tests), `payload` the WireEvent as JSON."""

    event_id: str
    strategy: str
    kind: EventKind
    seq: int
    payload: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewBody:
    """A verified body. `body_id` is 32 hex digits, or for v1 `v1-` + 28 of its SHA-256; no events: it was refused."""

    kid: str
    strategy: str
    body_id: str
    digest: bytes  # SHA-256 of the received body: same id and same digest is the same body
    wire: int
    sent_at: datetime
    received_at: datetime
    clock_ahead: bool
    events: tuple[NewEvent, ...]
    raw: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """`top_seq`: the highest sequence number seen for this kid, this body included; `top_seq_before`: without it."""

    status: str  # accepted | duplicate | conflict
    top_seq: int
    top_seq_before: int


_INSERT_BODY = """
INSERT INTO bodies (kid, body_id, digest, strategy, wire, sent_at, received_at, clock_ahead, raw)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kid, body_id) DO NOTHING RETURNING id"""
_INSERT_EVENT = """
INSERT INTO events (body, event_id, strategy, kind, seq, received_at, payload)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING RETURNING id"""
_SENDER = "SELECT top_seq, has_v2 FROM senders WHERE kid = ?"
_KNOW_SENDER = """
INSERT INTO senders (kid, top_seq, has_v2) VALUES (?, ?, ?)
ON CONFLICT (kid) DO UPDATE SET top_seq = excluded.top_seq, has_v2 = excluded.has_v2"""
_EVENT = """
SELECT e.id, e.event_id, e.strategy, b.kid, b.wire, b.sent_at, e.received_at, b.clock_ahead, e.payload
FROM events e JOIN bodies b ON b.id = e.body"""


class SameEventId(Exception):
    """An event id is taken by another body; the work is undone and `note_conflict` called instead."""


def accept(session: Session, body: NewBody) -> Accepted:
    """Store a body with its events, or find that it is known. Raises SameEventId."""
    known = session.one(_SENDER, (body.kid,))
    top, has_v2 = (known[0], known[1]) if known else (0, 0)
    received = micros(body.received_at)
    stored = session.one(
        _INSERT_BODY,
        (
            body.kid,
            body.body_id,
            body.digest,
            body.strategy,
            body.wire,
            micros(body.sent_at),
            received,
            int(body.clock_ahead),
            body.raw,
        ),
    )
    if stored is None:
        row = session.one("SELECT digest FROM bodies WHERE kid = ? AND body_id = ?", (body.kid, body.body_id))
        same = row is not None and bytes(row[0]) == body.digest
        if not same:
            _note_conflict(session, body)
        return Accepted(status="duplicate" if same else "conflict", top_seq=top, top_seq_before=top)
    for event in body.events:
        values = (stored[0], event.event_id, event.strategy, event.kind.value, event.seq, received, event.payload)
        numbered = session.one(_INSERT_EVENT, values)
        if numbered is None:
            raise SameEventId
        session.run("INSERT INTO undecided (event) VALUES (?)", numbered)
    top_after = max(top, max((event.seq for event in body.events), default=0))
    # A test signal of the CLI does not end the old protocol for a strategy that still uses it.
    speaks_v2 = body.wire == 2 and any(event.kind is not EventKind.TEST for event in body.events)
    v2_after = 1 if has_v2 or speaks_v2 else 0
    if known is None or top_after != top or v2_after != has_v2:
        session.run(_KNOW_SENDER, (body.kid, top_after, v2_after))
    if body.events:
        session.topics.add("events")
    return Accepted(status="accepted", top_seq=top_after, top_seq_before=top)


def note_conflict(session: Session, body: NewBody) -> Accepted:
    """Answer a body whose identity another body has: nothing is stored but the fact, and a person is told."""
    known = session.one(_SENDER, (body.kid,))
    top = known[0] if known else 0
    _note_conflict(session, body)
    return Accepted(status="conflict", top_seq=top, top_seq_before=top)


def _note_conflict(session: Session, body: NewBody) -> None:
    at = micros(body.received_at)
    session.run(
        "INSERT INTO conflicts (kid, body_id, digest, at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (kid, body_id, digest) DO NOTHING",
        (body.kid, body.body_id, body.digest, at),
    )
    put_message(
        session,
        Message(
            at=body.received_at,
            kind="alarm",
            title=texts.CONFLICT_TITLE,
            text=texts.conflict(body.kid, body.body_id),
            urgent=True,
            key=f"conflict:{body.kid}:{body.body_id}",
        ),
    )


def undecided_events(session: Session, limit: int) -> list[Event]:
    """The stored events that have no outcome yet, in the order of acceptance."""
    # Ordered by the queue's own column: the queue is walked, not the events.
    rows = session.rows(f"{_EVENT} JOIN undecided u ON u.event = e.id ORDER BY u.event LIMIT ?", (limit,))
    return [read_event(row) for row in rows]


def events_by_id(session: Session, event_ids: Iterable[str]) -> dict[str, Event]:
    found: dict[str, Event] = {}
    wanted = list(event_ids)
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        listing = ", ".join("?" * len(some))
        for row in session.rows(f"{_EVENT} WHERE e.event_id IN ({listing})", some):
            found[row[1]] = read_event(row)
    return found


def read_event(row: Row) -> Event:
    number, event_id, strategy, kid, wire, sent_at, received_at, clock_ahead, payload = row
    return Event(
        row=number,
        event_id=event_id,
        strategy=strategy,
        kid=kid,
        wire=wire,
        sent_at=moment(sent_at),
        received_at=moment(received_at),
        clock_ahead=bool(clock_ahead),
        body=event_from_json(payload),
    )


def strategies_seen(session: Session) -> list[str]:
    """The strategies that any event went to, by name; steps from name to name instead of reading every event."""
    found: list[str] = []
    row = session.one("SELECT MIN(strategy) FROM events")
    while row is not None and row[0] is not None:
        found.append(row[0])
        row = session.one("SELECT MIN(strategy) FROM events WHERE strategy > ?", (row[0],))
    return found


def kid_has_v2(session: Session, kid: str) -> bool:
    row = session.one("SELECT has_v2 FROM senders WHERE kid = ?", (kid,))
    return row is not None and bool(row[0])
