"""Accept bodies once and durably, and hand their events to whoever decides them (I1, I2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from desk.core.values import Event, EventKind, Message
from desk.core.wire import event_from_json
from desk.journal.database import Row, Session, marks
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


_BODY_COLUMNS = "kid, body_id, digest, strategy, wire, sent_at, received_at, clock_ahead, raw"
_EVENT_COLUMNS = "body, event_id, strategy, kind, seq, received_at, payload"
_MOST_TOGETHER = 500  # rows of one statement: 7 values each, and SQLite takes 32,766
_SENDER = "SELECT top_seq, has_v2 FROM senders WHERE kid = ?"
_KNOW_SENDER = """
INSERT INTO senders (kid, top_seq, has_v2) VALUES (?, ?, ?)
ON CONFLICT (kid) DO UPDATE SET top_seq = excluded.top_seq, has_v2 = excluded.has_v2"""
_EVENT = """
SELECT e.id, e.event_id, e.strategy, b.kid, b.wire, b.sent_at, e.received_at, b.clock_ahead, e.payload
FROM events e JOIN bodies b ON b.id = e.body"""


class SameEventId(Exception):
    """An event id is taken by another body; the work is undone and `note_conflict` called instead."""


class NotAllNew(Exception):
    """Something among several bodies is known already; the work is undone and they are accepted one by one."""


def accept(session: Session, body: NewBody) -> Accepted:
    """Store a body with its events, or find that it is known. Raises SameEventId."""
    known = session.one(_SENDER, (body.kid,))
    top, has_v2 = (known[0], known[1]) if known else (0, 0)
    received = micros(body.received_at)
    stored = session.one(_insert_bodies(1), _body_row(body))
    if stored is None:
        row = session.one("SELECT digest FROM bodies WHERE kid = ? AND body_id = ?", (body.kid, body.body_id))
        same = row is not None and bytes(row[0]) == body.digest
        if not same:
            _note_conflict(session, body)
        return Accepted(status="duplicate" if same else "conflict", top_seq=top, top_seq_before=top)
    for event in body.events:
        numbered = session.one(_insert_events(1), _event_row(stored[0], event, received))
        if numbered is None:
            raise SameEventId
        session.run(_insert_undecided(1), numbered[:1])
    top_after, v2_after = _known_after(body, top, has_v2)
    if known is None or top_after != top or v2_after != has_v2:
        session.run(_KNOW_SENDER, (body.kid, top_after, v2_after))
    if body.events:
        session.topics.add("events")
    return Accepted(status="accepted", top_seq=top_after, top_seq_before=top)


def accept_all(session: Session, bodies: list[NewBody]) -> list[Accepted]:
    """Accept bodies in their order, new ones in a few statements for all of them. Raises SameEventId, NotAllNew."""
    if len(bodies) == 1:
        return [accept(session, bodies[0])]
    rows = _in_pieces(session, _insert_bodies, [_body_row(body) for body in bodies])
    if len(rows) < len(bodies):
        raise NotAllNew
    numbers = {(kid, body_id): number for number, kid, body_id in rows}
    events = [
        _event_row(numbers[body.kid, body.body_id], event, micros(body.received_at))
        for body in bodies
        for event in body.events
    ]
    stored = _in_pieces(session, _insert_events, events)
    if len(stored) < len(events):
        raise NotAllNew
    _in_pieces(session, _insert_undecided, sorted((number,) for number, _ in stored))
    if events:
        session.topics.add("events")
    return _know_senders(session, bodies)


def _know_senders(session: Session, bodies: list[NewBody]) -> list[Accepted]:
    """Raise the highest sequence numbers, body by body."""
    before: dict[str, tuple[int, int] | None] = {}
    after: dict[str, tuple[int, int]] = {}
    answers = []
    for body in bodies:
        if body.kid not in before:
            row = session.one(_SENDER, (body.kid,))
            before[body.kid] = (row[0], row[1]) if row else None
        top, has_v2 = after.get(body.kid) or before[body.kid] or (0, 0)
        after[body.kid] = _known_after(body, top, has_v2)
        answers.append(Accepted(status="accepted", top_seq=after[body.kid][0], top_seq_before=top))
    for kid, known in after.items():
        if known != before[kid]:
            session.run(_KNOW_SENDER, (kid, *known))
    return answers


def _known_after(body: NewBody, top: int, has_v2: int) -> tuple[int, int]:
    """(highest sequence number, has sent usable v2) of a sender after this body."""
    # A test signal of the CLI does not end the old protocol for a strategy that still uses it.
    speaks_v2 = body.wire == 2 and any(event.kind is not EventKind.TEST for event in body.events)
    return max(top, max((event.seq for event in body.events), default=0)), 1 if has_v2 or speaks_v2 else 0


def _body_row(body: NewBody) -> Row:
    sent, received = micros(body.sent_at), micros(body.received_at)
    head = (body.kid, body.body_id, body.digest, body.strategy, body.wire)
    return (*head, sent, received, int(body.clock_ahead), body.raw)


def _event_row(body: int, event: NewEvent, received: int) -> Row:
    return (body, event.event_id, event.strategy, event.kind.value, event.seq, received, event.payload)


def _in_pieces(session: Session, statement: Callable[[int], str], rows: list[Row]) -> list[Row]:
    """Insert many rows with few statements; gives what they return."""
    found: list[Row] = []
    for start in range(0, len(rows), _MOST_TOGETHER):
        piece = rows[start : start + _MOST_TOGETHER]
        found += session.rows(statement(len(piece)), [value for row in piece for value in row])
    return found


@lru_cache(maxsize=64)
def _insert_bodies(count: int) -> str:
    values = ", ".join([f"({marks(9)})"] * count)
    return (
        f"INSERT INTO bodies ({_BODY_COLUMNS}) VALUES {values} "
        "ON CONFLICT (kid, body_id) DO NOTHING RETURNING id, kid, body_id"
    )


@lru_cache(maxsize=64)
def _insert_events(count: int) -> str:
    values = ", ".join([f"({marks(7)})"] * count)
    return (
        f"INSERT INTO events ({_EVENT_COLUMNS}) VALUES {values} "
        "ON CONFLICT (event_id) DO NOTHING RETURNING id, event_id"
    )


@lru_cache(maxsize=64)
def _insert_undecided(count: int) -> str:
    return f"INSERT INTO undecided (event) VALUES {', '.join(['(?)'] * count)} RETURNING event"


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
