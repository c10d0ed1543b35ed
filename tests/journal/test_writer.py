"""One writer: bursts share a commit, failures stay where they belong, nothing is answered before it is durable."""

from __future__ import annotations

import os
import signal as signals
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from desk.journal import Journal, JournalError, JournalUnavailable
from desk.journal.database import Database, Session, locate
from desk.journal.writer import Writer
from tests.journal.making import FixedClock, batch, body, intent, order, signal


class Spy:
    """A connection that notes its statements and can fail at one of them."""

    def __init__(self, real: sqlite3.Connection, database: SpyDatabase) -> None:
        self._real = real
        self._database = database

    def execute(self, sql: str, params: Any = ()) -> Any:
        self._database.statements.append(sql)
        error = self._database.fail_at.pop(sql, None)
        if error is not None:
            raise error
        return self._real.execute(sql, params)

    def close(self) -> None:
        self._real.close()


class SpyDatabase:
    """Stands in for `Database` towards the writer."""

    def __init__(self, real: Database) -> None:
        self._real = real
        self.begin_write = real.begin_write
        self.statements: list[str] = []
        self.fail_at: dict[str, Exception] = {}
        self.hurried: list[bool] = []

    def connect(self, *, hurried: bool = False) -> Spy:
        self.hurried.append(hurried)
        return Spy(self._real.connect(), self)

    def session(self, connection: Spy) -> Session:
        return Session(connection, percent=False)


@pytest.fixture
def spied(tmp_path: Path) -> Iterator[tuple[Writer, SpyDatabase]]:
    database = SpyDatabase(locate(tmp_path / "w.sqlite3", read_only=False, busy_timeout_s=0.05))
    writer = Writer(database, lambda topics: None)  # type: ignore[arg-type]
    writer.call(lambda session: session.run("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
    database.statements.clear()
    yield writer, database
    writer.close()


def put(number: int) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.run("INSERT INTO t VALUES (?)", (number,))
        return number

    return work


def numbers(writer: Writer) -> list[int]:
    return [row[0] for row in writer.call(lambda session: session.rows("SELECT n FROM t ORDER BY n"))]


def together(writer: Writer, works: list[Callable[[Session], Any]]) -> list[Any]:
    """Queue works while the writer is held up, so that they meet in one commit; gives results and errors."""
    held, go = threading.Event(), threading.Event()

    def hold(session: Session) -> None:
        held.set()
        go.wait()

    answers: list[Any] = [None] * len(works)

    def ask(index: int) -> None:
        try:
            answers[index] = writer.call(works[index])
        except Exception as error:  # noqa: BLE001  # the test looks at it
            answers[index] = error

    threads = [threading.Thread(target=writer.call, args=(hold,))]
    threads[0].start()
    held.wait()
    for index in range(len(works)):
        thread = threading.Thread(target=ask, args=(index,))
        thread.start()
        threads.append(thread)
        while writer._queue.qsize() <= index:
            threading.Event().wait(0.001)
    go.set()
    for thread in threads:
        thread.join()
    return answers


def test_a_burst_shares_one_commit(spied: tuple[Writer, SpyDatabase]) -> None:
    writer, database = spied
    assert together(writer, [put(n) for n in range(10)]) == list(range(10))
    assert database.statements.count("COMMIT") == 2, "one for the work that held it up, one for the ten behind it"
    assert numbers(writer) == list(range(10))


def test_a_failing_piece_of_work_is_undone_alone(spied: tuple[Writer, SpyDatabase]) -> None:
    writer, _ = spied

    def half(session: Session) -> None:
        session.run("INSERT INTO t VALUES (77)")
        raise ValueError("changed my mind")

    one, bad, two = together(writer, [put(1), half, put(2)])
    assert (one, two) == (1, 2)
    assert isinstance(bad, ValueError)
    assert numbers(writer) == [1, 2]


def test_a_failed_commit_fails_everybody_in_it_and_the_next_one_works(spied: tuple[Writer, SpyDatabase]) -> None:
    writer, database = spied
    full = sqlite3.OperationalError("disk I/O error")
    full.sqlite_errorcode = sqlite3.SQLITE_IOERR  # type: ignore[attr-defined]

    def arm(session: Session) -> None:
        put(1)(session)
        database.fail_at["COMMIT"] = full

    answers = together(writer, [put(0), arm, put(2)])
    assert [type(answer) for answer in answers] == [JournalUnavailable] * 3
    assert numbers(writer) == []
    assert writer.call(put(3)) == 3


def test_a_transaction_that_is_lost_on_the_way_fails_everybody_in_it(spied: tuple[Writer, SpyDatabase]) -> None:
    writer, _ = spied

    def lose(session: Session) -> None:
        session.run("ROLLBACK")  # what SQLite does itself on some full disks
        session.run("INSERT INTO t VALUES ('no number')")

    answers = together(writer, [put(0), lose, put(2)])
    assert all(isinstance(answer, JournalError) for answer in answers)
    assert numbers(writer) == []


def test_a_later_look_replaces_one_that_still_waits(spied: tuple[Writer, SpyDatabase]) -> None:
    writer, _ = spied

    def send_two(session: Session) -> None:
        writer.send(lambda s: put(1)(s) and None, "account")
        writer.send(lambda s: put(2)(s) and None, "account")

    writer.call(send_two)
    assert numbers(writer) == [2]


def test_a_background_write_that_fails_does_not_stop_later_ones(spied: tuple[Writer, SpyDatabase]) -> None:
    writer, database = spied
    database.fail_at["BEGIN IMMEDIATE"] = sqlite3.OperationalError("no")
    writer.send(lambda s: put(1)(s) and None, "account")
    with suppress(JournalError):  # it may have come into the same commit
        numbers(writer)
    writer.send(lambda s: put(2)(s) and None, "account")
    assert numbers(writer) == [2]


def test_what_is_queued_is_finished_before_closing_and_nothing_after(journal: Journal) -> None:
    journal.accept(body("a"))
    journal.close()
    journal.close()
    with pytest.raises(JournalUnavailable):
        journal.accept(body("b"))


def test_a_foreign_lock_makes_the_journal_unavailable_until_it_is_gone(tmp_path: Path, clock: FixedClock) -> None:
    file = tmp_path / "j.sqlite3"
    with Journal.open(file, clock=clock, busy_timeout_s=0.05) as journal:
        journal.accept(body("a"))
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnavailable) as raised:
            journal.accept(body("b"))
        assert raised.value.retry_safe
        assert len(journal.undecided_events()) == 1, "readers are not blocked"
        other.execute("ROLLBACK")
        other.close()
        assert journal.accept(body("b")).status == "accepted"


def test_a_foreign_lock_is_waited_for_once_until_it_is_gone(spied: tuple[Writer, SpyDatabase]) -> None:
    writer, database = spied
    database.hurried.clear()
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorcode = sqlite3.SQLITE_BUSY  # type: ignore[attr-defined]
    for number in range(3):
        database.fail_at["BEGIN IMMEDIATE"] = locked
        with pytest.raises(JournalUnavailable):
            writer.call(put(number))
    assert writer.call(put(7)) == 7
    assert writer.call(put(8)) == 8
    assert writer.call(put(9)) == 9
    assert database.hurried == [True, True, True, False], "after a success the next connection waits as usual"


def test_a_group_that_fails_for_another_reason_makes_nobody_hurry(spied: tuple[Writer, SpyDatabase]) -> None:
    writer, database = spied
    database.hurried.clear()
    full = sqlite3.OperationalError("disk I/O error")
    full.sqlite_errorcode = sqlite3.SQLITE_IOERR  # type: ignore[attr-defined]
    database.fail_at["BEGIN IMMEDIATE"] = full
    with pytest.raises(JournalUnavailable):
        writer.call(put(1))
    assert writer.call(put(2)) == 2
    assert database.hurried == [False]


@pytest.mark.usefixtures("on_sqlite")
def test_a_full_disk_stores_nothing_by_half_and_heals(journal: Journal) -> None:
    (pages,) = journal._write(lambda session: session.rows("PRAGMA page_count"))[0]
    journal._write(lambda session: session.rows(f"PRAGMA max_page_count = {pages + 3}"))
    stored = 0
    with pytest.raises(JournalUnavailable):
        for number in range(10_000):
            journal.accept(body(f"b{number}", *(signal(n) for n in range(1, 11))))
            stored += 1
    with journal.look() as look:
        assert look.rows("SELECT (SELECT COUNT(*) FROM bodies), (SELECT COUNT(*) FROM events)") == [
            (stored, stored * 10)
        ]
    with pytest.raises(JournalUnavailable):
        journal.commit(batch(*(intent(f"i{n}", inputs="x" * 5000) for n in range(20))))
    assert journal.load().intents == ()
    journal._write(lambda session: session.rows("PRAGMA max_page_count = 1000000"))
    assert journal.accept(body(f"b{stored}")).status == "accepted"


def test_a_journal_opened_for_reading_refuses_to_write(tmp_path: Path, clock: FixedClock) -> None:
    with (
        Journal.open(tmp_path / "j.sqlite3", clock=clock) as daemon,
        Journal.open(tmp_path / "j.sqlite3", clock=clock, read_only=True) as reader,
    ):
        daemon.commit(batch(intent(), order()))
        assert reader.load().orders == (order(),)
        with pytest.raises(JournalError):
            reader.accept(body("a"))
        daemon.accept(body("a"))
        assert len(reader.undecided_events()) == 1


_CHILD = """
import sys
sys.path.insert(0, sys.argv[2])
from contextlib import suppress
from pathlib import Path
from desk.journal import Journal
from tests.journal.making import FixedClock, body, signal
journal = Journal.open(Path(sys.argv[1]), clock=FixedClock())
for number in range(1, 100_000):
    journal.accept(body(f"b{number}", signal(number)))
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, clock: FixedClock) -> None:
    file, root = tmp_path / "j.sqlite3", str(Path(__file__).parents[2])
    child = subprocess.Popen([sys.executable, "-c", _CHILD, str(file), root], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    acknowledged = [int(child.stdout.readline()) for _ in range(50)]
    os.kill(child.pid, getattr(signals, "SIGKILL", signals.SIGTERM))
    acknowledged += [int(line) for line in child.stdout.read().splitlines()]
    child.stdout.close()
    child.wait()
    for read_only in (True, False):
        with Journal.open(file, clock=clock, read_only=read_only) as journal:
            stored = {event.body.seq for event in journal.undecided_events(limit=100_000)}
        assert stored >= set(acknowledged)
