"""The one writer thread: everything that changes the journal goes through it, many wishes in one commit.

No linger: it takes whatever is queued when it comes free, runs each piece of work under its own savepoint inside one
transaction, and answers only after the commit is durable. So a burst shares one sync, and a single wish waits for
nobody. A failing piece of work is undone alone; a failing commit fails all of the group.

A foreign lock is waited for once: what comes behind it is told at once, until a group is stored again. Else waits add
up, and a sender's patience ends before its answer comes.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from desk.journal.database import Database, Session
from desk.journal.errors import JournalUnavailable, is_database_error, is_locked, translate
from desk.texts import journal as texts

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Session], T]

_MOST_IN_ONE_COMMIT = 1000


class _Ticket:
    """A piece of work and its answer; `gate` opens when the answer is there."""

    __slots__ = ("_gate", "error", "key", "result", "work")

    def __init__(self, work: Work[Any], key: str = "") -> None:
        self.work = work
        self.key = key
        self.result: Any = None
        self.error: BaseException | None = None
        self._gate = threading.Lock()
        self._gate.acquire()

    def wait(self) -> Any:
        self._gate.acquire()
        if self.error is not None:
            raise self.error
        return self.result

    def open(self) -> None:
        self._gate.release()


class Writer:
    """Runs work in the writer thread. `ring` is told the topics of each commit, in the writer thread."""

    def __init__(self, database: Database, ring: Callable[[set[str]], None]) -> None:
        self._database = database
        self._ring = ring
        self._queue: queue.SimpleQueue[_Ticket | None] = queue.SimpleQueue()
        self._latest: dict[str, _Ticket] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._connection: Any = None
        self._locked = False  # the last group failed at another's lock
        self._start()

    def call(self, work: Work[T]) -> T:
        """Run `work` in a transaction and return when it is durable. Raises JournalError, or what `work` raised."""
        ticket = _Ticket(work)
        self._put(ticket)
        result: T = ticket.wait()
        return result

    def send(self, work: Work[None], key: str) -> None:
        """Run `work` some time soon; a later one with the same key replaces it. Failures are logged only."""
        with self._lock:
            waiting = self._latest.get(key)
            if waiting is not None:
                waiting.work = work
                return
            ticket = _Ticket(work, key)
            self._latest[key] = ticket
        self._put(ticket)

    def close(self) -> None:
        """Finish what is queued, then stop."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def _put(self, ticket: _Ticket) -> None:
        with self._lock:
            if self._closed:
                raise JournalUnavailable(texts.CLOSED)
            self._queue.put(ticket)

    def _run(self) -> None:
        going = True
        while going:
            group: list[_Ticket] = []
            ticket = self._queue.get()
            while True:
                if ticket is None:
                    going = False
                    break
                group.append(ticket)
                if len(group) >= _MOST_IN_ONE_COMMIT:
                    break
                try:
                    ticket = self._queue.get_nowait()
                except queue.Empty:
                    break
            if group:
                self._turn(group)
        self._drop_connection()

    def _turn(self, group: list[_Ticket]) -> None:
        with self._lock:  # from now on a later wish with the same key is a new ticket
            for ticket in group:
                self._latest.pop(ticket.key, None)
        try:
            topics = self._commit(group)
        except Exception as error:  # noqa: BLE001  # the writer thread must survive; every caller gets the error
            failure = translate(error) if is_database_error(error) else error
            for ticket in group:
                ticket.error = ticket.error or failure
            topics = set()
        if topics:
            try:
                self._ring(topics)
            except Exception:  # a bell that breaks must not cost an answer
                log.exception("A listener of the journal failed")
        for ticket in group:
            if ticket.key and ticket.error is not None:
                log.error("A background write (%s) failed: %s", ticket.key, ticket.error)
            ticket.open()

    def _commit(self, group: list[_Ticket]) -> set[str]:
        session = self._begin()
        topics: set[str] = set()
        for ticket in group:
            session.topics = set()
            session.run("SAVEPOINT work")
            try:
                ticket.result = ticket.work(session)
            except Exception as error:  # noqa: BLE001  # handed to the caller, undone alone
                ticket.error = translate(error) if is_database_error(error) else error
                try:
                    session.run("ROLLBACK TO SAVEPOINT work")
                except Exception:  # noqa: BLE001  # the first error is the one to tell
                    # A full disk may end the whole transaction: then nothing of this group is stored.
                    self._drop_connection()
                    raise error from None
            else:
                topics |= session.topics
            session.run("RELEASE SAVEPOINT work")
        try:
            session.run("COMMIT")
        except Exception as error:
            self._drop_connection()
            raise translate(error, committing=True) from error
        if self._locked:
            self._locked = False
            self._drop_connection()  # the next one is patient again
        return topics

    def _begin(self) -> Session:
        try:
            if self._connection is None:
                self._connection = self._database.connect(hurried=self._locked)
            session = self._database.session(self._connection)
            session.run(self._database.begin_write)
        except Exception as error:
            self._locked = is_locked(error)
            self._drop_connection()
            raise
        return session

    def _drop_connection(self) -> None:
        """Close, which rolls back whatever is open; the next turn connects anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except Exception:
                log.exception("Closing the journal's connection failed")


class DirectWriter(Writer):
    """Writes in the thread that asks; for a journal that only one thread uses. Bells ring in that thread."""

    def _start(self) -> None:
        self._waiting: list[_Ticket] = []

    def _put(self, ticket: _Ticket) -> None:
        if self._closed:
            raise JournalUnavailable(texts.CLOSED)
        self._waiting.append(ticket)
        if not ticket.key:  # what nobody waits for goes with the next that somebody waits for
            group, self._waiting = self._waiting, []
            self._turn(group)

    def close(self) -> None:
        self._closed = True
        if self._waiting:
            self._turn(self._waiting)
        self._drop_connection()
