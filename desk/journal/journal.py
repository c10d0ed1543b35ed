"""The one book: what the receiver accepts, the trader writes, the messenger tells and everybody reads.

Writes go through one writer thread and return when they are durable; reads look at a snapshot of their own and block
nobody. All methods may be called from any thread. The views stand in `desk.journal.views`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from desk.clock import Clock
from desk.core.batch import Batch, CommandResult
from desk.core.values import Command, Event
from desk.journal import backup, commands, holdings, inbox, ledger, outbox, schema
from desk.journal.commands import Lease
from desk.journal.database import Database, Reader, Session, locate
from desk.journal.errors import JournalUnusable
from desk.journal.holdings import AccountView, PositionView
from desk.journal.inbox import Accepted, NewBody
from desk.journal.ledger import Loaded
from desk.journal.outbox import OutboxRow, ToldMessage
from desk.journal.writer import Work, Writer
from desk.texts import journal as texts

log = logging.getLogger(__name__)

T = TypeVar("T")
Bell = Callable[[], None]
WriterMaker = Callable[[Database, Callable[[set[str]], None]], Writer]


class Journal:
    def __init__(self, database: Database, clock: Clock, make_writer: WriterMaker = Writer) -> None:
        """Use `Journal.open`."""
        self._database = database
        self.clock = clock
        self._bells: dict[str, list[Bell]] = {"events": [], "commands": [], "messages": []}
        self._robots: set[str] = set()
        self._reader = Reader(database)
        self._writer = None if database.read_only else make_writer(database, self._ring)

    @classmethod
    def open(
        cls,
        location: Path | str,
        *,
        clock: Clock,
        read_only: bool = False,
        check: bool = True,
        busy_timeout_s: float = 3.0,
        lasting: bool = True,
        make_writer: WriterMaker = Writer,
    ) -> Self:
        """Open the journal, creating or migrating it if need be. Raises JournalUnusable with a sentence for the user.

        `location`: a file, a folder (the file has its usual name there), or a `postgresql://` URL. `read_only`: only
        the reading methods work; a file that is not there reads as an empty book. `check`: look for damage first.
        `lasting` False: for a book that is thrown away again; a commit does not wait for the disk.
        `make_writer`: who writes; the simulation's has no thread.
        """
        database = locate(location, read_only=read_only, busy_timeout_s=busy_timeout_s, lasting=lasting)
        if database.file is not None and not read_only:
            try:
                database.file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise JournalUnusable(texts.unusable(database.name, texts.CANNOT_OPEN)) from error
        if not database.memory:
            schema.prepare(database, clock=clock, check=check and not read_only)
            if database.url:
                schema.prove_constraints(database)
        return cls(database, clock, make_writer)

    def close(self) -> None:
        """Finish what is queued and close; what is asked afterwards raises JournalUnavailable."""
        if self._writer is not None:
            self._writer.close()
        self._reader.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- bells: called in the writer thread after the commit; a listener only sets a bell ------------------------

    def on_events(self, bell: Bell) -> None:
        self._bells["events"].append(bell)

    def on_commands(self, bell: Bell) -> None:
        self._bells["commands"].append(bell)

    def on_messages(self, bell: Bell) -> None:
        self._bells["messages"].append(bell)

    def ring(self) -> None:
        """Ring all bells: rows that another process has written ring none here."""
        self._ring(set(self._bells))

    # --- the receiver's side ------------------------------------------------------------------------------------

    def accept(self, body: NewBody) -> Accepted:
        """Store a verified body and its events once; returns when that is durable. Raises JournalError."""
        try:
            return self._write(lambda session: inbox.accept(session, body))
        except inbox.SameEventId:
            return self._write(lambda session: inbox.note_conflict(session, body))

    def kid_has_v2(self, kid: str) -> bool:
        """Whether a kid has ever sent a usable v2 body: from then on v1 is over for it."""
        return self._read(lambda session: inbox.kid_has_v2(session, kid))

    # --- the trader's side --------------------------------------------------------------------------------------

    def load(self) -> Loaded:
        today = self.clock.now().date()
        return self._read(lambda session: ledger.load(session, today))

    def undecided_events(self, limit: int = 500) -> list[Event]:
        """Stored events without an outcome, in the order of acceptance."""
        return self._read(lambda session: inbox.undecided_events(session, limit))

    def commit(self, batch: Batch) -> None:
        """Write a batch, all of it or nothing; returns when it is durable. Raises JournalError.

        JournalRefused: a constraint forbids it (a fill stored before, a second open order, traded shares that fall).
        """
        if batch:
            self._write(lambda session: ledger.write(session, batch))

    def save_account(self, account: AccountView, positions: Sequence[PositionView]) -> None:
        """Remember how an account looks, soon and without waiting; a newer look replaces one still waiting."""
        kept = tuple(positions)
        self._writable().send(lambda session: holdings.save_account(session, account, kept), f"account {account.name}")

    # --- persons ------------------------------------------------------------------------------------------------

    def ask(self, verb: str, args: dict[str, str], by: str) -> int:
        """Append a command for the trading loop; its number finds the result later."""
        command = Command(row=0, at=self.clock.now(), verb=verb, args=dict(args), by=by)
        return self._write(lambda session: commands.ask(session, command))

    def pending_commands(self) -> list[Command]:
        return self._read(commands.pending)

    def command_result(self, row: int) -> CommandResult | None:
        return self._read(lambda session: commands.result(session, row))

    def flags(self) -> dict[str, str]:
        """The persisted switches as of now; they are set by `commit`."""
        return self._read(commands.flags)

    def note_settings_change(self, *, at: datetime, who: str, key: str, old: str | None, new: str | None) -> None:
        """Append who changed which setting; secrets are redacted by the caller."""
        self._write(lambda session: commands.note_settings_change(session, at, who, key, old, new))

    def take_lease(self, lease: Lease) -> None:
        self._write(lambda session: commands.take_lease(session, lease))

    def drop_lease(self, instance: str) -> None:
        self._write(lambda session: commands.drop_lease(session, instance))

    def lease(self) -> Lease | None:
        return self._read(commands.lease)

    # --- the messenger's side -----------------------------------------------------------------------------------

    def outbox_robots(self, robots: Sequence[str]) -> None:
        """Name the robots there are: new ones get the last hour, what waits for removed ones is dead."""
        now = self.clock.now()
        named = tuple(robots)

        def change(session: Session) -> None:
            outbox.retire_robots(session, named, now)
            for robot in named:
                outbox.know_robot(session, robot, now)

        self._write(change)
        self._robots = set(named)

    def outbox_due(self, robot: str, now: datetime, limit: int) -> list[OutboxRow]:
        """What to send to a robot now: urgent first, then oldest first. An unknown robot becomes known."""
        if robot not in self._robots:
            self._write(lambda session: outbox.know_robot(session, robot, now))
            self._robots.add(robot)
        return self._read(lambda session: outbox.due(session, robot, now, limit))

    def outbox_sent(self, ids: Iterable[int], at: datetime) -> None:
        kept = tuple(ids)
        self._write(lambda session: outbox.sent(session, kept, at))

    def outbox_retry(self, ids: Iterable[int], next_at: datetime, error: str) -> None:
        kept = tuple(ids)
        self._write(lambda session: outbox.retry(session, kept, next_at, error))

    def outbox_dead(self, ids: Iterable[int], error: str) -> None:
        kept, now = tuple(ids), self.clock.now()
        self._write(lambda session: outbox.dead(session, kept, error, now))

    def outbox_again(self, message: int) -> int:
        """Send a message once more to every robot that does not wait for it already; how many those are."""
        now = self.clock.now()
        return self._write(lambda session: outbox.again(session, message, now))

    def outbox_pending(self) -> int:
        return self._read(outbox.pending)

    def outbox_list(self, limit: int) -> list[ToldMessage]:
        """The latest messages with their deliveries, newest first."""
        return self._read(lambda session: outbox.listing(session, limit))

    # --- keeping ------------------------------------------------------------------------------------------------

    def backup(
        self,
        target: Path,
        progress: backup.Progress | None = None,
        *,
        beside: Sequence[tuple[Path, Path]] = (),
    ) -> None:
        """Copy the journal while it is in use; the copy is checked before it gets its name.

        `beside`: other databases, (source, target) each, copied as they were a moment before: a broker's book that is
        copied holds no order whose intent the journal's copy does not (I5).
        """
        if self._database.file is None:
            raise JournalUnusable(texts.NO_BACKUP_FOR_SERVER)
        backup.copy_files([*beside, (self._database.file, target)], progress)

    def look(self) -> AbstractContextManager[Session]:
        """One consistent read-only snapshot, for the views; close it soon."""
        return self._reader.look()

    def change(self, work: Work[T]) -> T:
        """Run a piece of this package's work in one transaction; returns when it is durable. Raises JournalError."""
        return self._write(work)

    def _read(self, ask: Callable[[Session], T]) -> T:
        with self.look() as session:
            return ask(session)

    def _write(self, work: Work[T]) -> T:
        return self._writable().call(work)

    def _writable(self) -> Writer:
        if self._writer is None:
            raise JournalUnusable(texts.unusable(self._database.name, texts.READ_ONLY))
        return self._writer

    def _ring(self, topics: set[str]) -> None:
        for topic in topics:
            for bell in self._bells[topic]:
                try:
                    bell()
                except Exception:
                    log.exception("A listener of the journal failed (%s)", topic)


def restore(source: Path, target: Path, *, clock: Clock, beside: Sequence[tuple[Path, Path]] = ()) -> Path | None:
    """Put a backup in the place of the journal; the replaced file is kept, its new name returned.

    `beside`: other databases, (source, target) each, that are put back with it. Raises JournalUnusable, before anything
    is changed, when a backup is not sound or a file is in use.
    """
    return backup.put_back([*beside, (source, target)], known=schema.KNOWN, now=clock.now())[-1]
