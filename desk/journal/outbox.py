"""Messages for the user and their delivery, robot by robot, at least once (I18).

A message is queued for every robot known when it is written; a robot that appears later gets what is at most an hour
old. A key is told once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk.core.values import Message
from desk.journal.database import Session, marks
from desk.journal.records import MESSAGE
from desk.journal.values import micros, moment
from desk.texts import journal as texts

NEW_ROBOT_HEARS_BACK = timedelta(hours=1)

_PUT = f"{MESSAGE.insert} ON CONFLICT DO NOTHING RETURNING id"
_QUEUE = """
INSERT INTO deliveries (message, robot, state, attempts, next_at, error)
SELECT m.id, r.robot, 'pending', 0, m.at, '' FROM messages m CROSS JOIN robots r WHERE m.id = ?"""
_DUE = (
    "SELECT d.id, d.message, d.robot, d.attempts, d.next_at, d.error, "
    + ", ".join(f"m.{column}" for column in MESSAGE.columns)
    + " FROM deliveries d JOIN messages m ON m.id = d.message "
)


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxRow:
    """One delivery of a message to one robot; `id` is what `sent`, `retry` and `dead` are told."""

    id: int
    message_id: int
    robot: str
    attempts: int
    next_at: datetime
    error: str
    message: Message


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryState:
    robot: str
    state: str  # pending | sent | dead
    attempts: int
    error: str
    done_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldMessage:
    """A message with what became of it, for `notify list`."""

    id: int
    message: Message
    deliveries: tuple[DeliveryState, ...]


def put_message(session: Session, message: Message) -> None:
    """Queue a message for every known robot; one whose key was told before is dropped."""
    stored = session.one(_PUT, MESSAGE.row(message))
    if stored is not None:
        session.run(_QUEUE, stored)
        session.topics.add("messages")


def know_robot(session: Session, robot: str, now: datetime) -> None:
    """Queue the last hour's messages for a robot that was not known before."""
    at = micros(now)
    new = session.one(
        "INSERT INTO robots (robot, since) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING since", (robot, at)
    )
    if new is None:
        return
    session.run(
        "INSERT INTO deliveries (message, robot, state, attempts, next_at, error) "
        "SELECT m.id, r.robot, 'pending', 0, m.at, '' FROM messages m CROSS JOIN robots r "
        "WHERE r.robot = ? AND m.at >= ? ON CONFLICT (message, robot) DO NOTHING",
        (robot, micros(now - NEW_ROBOT_HEARS_BACK)),
    )


def retire_robots(session: Session, kept: Sequence[str], now: datetime) -> None:
    """Forget robots that the configuration no longer names; what waits for them is dead and stays visible."""
    for (robot,) in session.rows("SELECT robot FROM robots"):
        if robot not in kept:
            session.run(
                "UPDATE deliveries SET state = 'dead', error = ?, done_at = ? WHERE robot = ? AND state = 'pending'",
                (texts.ROBOT_REMOVED, micros(now), robot),
            )
            session.run("DELETE FROM robots WHERE robot = ?", (robot,))


def known_robots(session: Session) -> set[str]:
    return {robot for (robot,) in session.rows("SELECT robot FROM robots")}


def due(session: Session, robot: str, now: datetime, limit: int) -> list[OutboxRow]:
    """What should be sent to a robot now: urgent first, then in the order of writing."""
    rows = session.rows(
        f"{_DUE} WHERE d.robot = ? AND d.state = 'pending' AND d.next_at <= ? ORDER BY m.urgent DESC, m.id LIMIT ?",
        (robot, micros(now), limit),
    )
    return [
        OutboxRow(
            id=row[0],
            message_id=row[1],
            robot=row[2],
            attempts=row[3],
            next_at=moment(row[4]),
            error=row[5],
            message=MESSAGE.read(row[6:]),
        )
        for row in rows
    ]


def sent(session: Session, ids: Iterable[int], at: datetime) -> None:
    session.many(
        "UPDATE deliveries SET state = 'sent', attempts = attempts + 1, error = '', done_at = ? WHERE id = ?",
        [(micros(at), number) for number in ids],
    )


def retry(session: Session, ids: Iterable[int], next_at: datetime, error: str) -> None:
    """Count an attempt and wait; a delivery that is already sent or dead stays so."""
    session.many(
        "UPDATE deliveries SET attempts = attempts + 1, next_at = ?, error = ? WHERE id = ? AND state = 'pending'",
        [(micros(next_at), error, number) for number in ids],
    )


def dead(session: Session, ids: Iterable[int], error: str, at: datetime) -> None:
    """Give up: the loss stays visible in `listing`."""
    session.many(
        "UPDATE deliveries SET state = 'dead', attempts = attempts + 1, error = ?, done_at = ? "
        "WHERE id = ? AND state = 'pending'",
        [(error, micros(at), number) for number in ids],
    )


def again(session: Session, message: int, now: datetime) -> int:
    """Queue a message once more, as if new, for the robots that have had it or never got it; how many those are.

    What waits already stays as it is, what was meant for robots that are gone stays dead.
    """
    session.run(
        "INSERT INTO deliveries (message, robot, state, attempts, next_at, error) "
        "SELECT m.id, r.robot, 'dead', 0, m.at, '' FROM messages m CROSS JOIN robots r "
        "WHERE m.id = ? ON CONFLICT (message, robot) DO NOTHING",
        (message,),
    )
    queued = session.rows(
        "UPDATE deliveries SET state = 'pending', attempts = 0, next_at = ?, error = '', done_at = NULL "
        "WHERE message = ? AND state <> 'pending' AND robot IN (SELECT robot FROM robots) RETURNING id",
        (micros(now), message),
    )
    if queued:
        session.topics.add("messages")
    return len(queued)


def pending(session: Session) -> int:
    """How many messages still wait for at least one robot."""
    row = session.one("SELECT COUNT(DISTINCT message) FROM deliveries WHERE state = 'pending'")
    return int(row[0]) if row else 0


def listing(session: Session, limit: int, before: int | None = None) -> list[ToldMessage]:
    """The latest messages, newest first; `before`: those older than the message of this number."""
    columns = ", ".join(MESSAGE.columns)
    rows = session.rows(
        f"SELECT id, {columns} FROM messages WHERE id < ? ORDER BY id DESC LIMIT ?",
        (2**62 if before is None else before, limit),
    )
    states: dict[int, list[DeliveryState]] = {row[0]: [] for row in rows}
    if rows:
        found = session.rows(
            "SELECT message, robot, state, attempts, error, done_at FROM deliveries "
            f"WHERE message IN ({marks(len(rows))}) ORDER BY id",
            [row[0] for row in rows],
        )
        for message, robot, state, attempts, error, done_at in found:
            done = None if done_at is None else moment(done_at)
            states[message].append(
                DeliveryState(robot=robot, state=state, attempts=attempts, error=error, done_at=done)
            )
    return [ToldMessage(id=row[0], message=MESSAGE.read(row[1:]), deliveries=tuple(states[row[0]])) for row in rows]
