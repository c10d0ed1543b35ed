"""What persons ask of the trading loop, the few persisted switches, and whose daemon this is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from desk.core.batch import CommandResult
from desk.core.values import Command
from desk.journal.database import Session
from desk.journal.records import COMMAND, COMMAND_RESULT
from desk.journal.values import micros, moment


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """Whose daemon uses this journal; the OS lock decides, this row only tells (I16)."""

    instance: str
    pid: int
    host: str
    started_at: datetime


def ask(session: Session, command: Command) -> int:
    """Append a wish; its row number is returned (the record's own `row` is not used)."""
    stored = session.one(f"{COMMAND.insert} RETURNING id", COMMAND.row(command))
    session.topics.add("commands")
    return int(stored[0]) if stored else 0


def pending(session: Session) -> list[Command]:
    """The wishes without an answer, oldest first."""
    rows = session.rows(
        f"{COMMAND.select} LEFT JOIN command_results r ON r.command = commands.id "
        "WHERE r.command IS NULL ORDER BY commands.id"
    )
    return [COMMAND.read(row) for row in rows]


def result(session: Session, row: int) -> CommandResult | None:
    found = session.one(f"{COMMAND_RESULT.select} WHERE command = ?", (row,))
    return None if found is None else COMMAND_RESULT.read(found)


def flags(session: Session) -> dict[str, str]:
    return dict(session.rows("SELECT key, value FROM flags"))


def take_lease(session: Session, lease: Lease) -> None:
    session.run(
        "INSERT INTO lease (id, instance, pid, host, started_at) VALUES (1, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET instance = excluded.instance, pid = excluded.pid, host = excluded.host, "
        "started_at = excluded.started_at",
        (lease.instance, lease.pid, lease.host, micros(lease.started_at)),
    )


def drop_lease(session: Session, instance: str) -> None:
    """Take the row away if it is still ours: a clean stop leaves none."""
    session.run("DELETE FROM lease WHERE instance = ?", (instance,))


def lease(session: Session) -> Lease | None:
    row = session.one("SELECT instance, pid, host, started_at FROM lease")
    return None if row is None else Lease(instance=row[0], pid=row[1], host=row[2], started_at=moment(row[3]))


def note_settings_change(session: Session, at: datetime, who: str, key: str, old: str | None, new: str | None) -> None:
    session.run(
        "INSERT INTO settings_changes (at, who, key, old, new) VALUES (?, ?, ?, ?, ?)",
        (micros(at), who, key, old, new),
    )
