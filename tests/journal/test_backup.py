"""A backup is taken while the journal is in use, checked, and put back only where that is safe."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from desk.journal import Journal, JournalUnavailable, JournalUnusable, restore
from tests.journal.making import FixedClock, body, signal

pytestmark = pytest.mark.usefixtures("on_sqlite")


def sequences(file: Path, clock: FixedClock) -> list[int]:
    with Journal.open(file, clock=clock) as journal:
        return [event.body.seq for event in journal.undecided_events()]


def test_a_backup_holds_what_was_stored_and_is_one_file(journal: Journal, tmp_path: Path, clock: FixedClock) -> None:
    for number in range(1, 4):
        journal.accept(body(f"b{number}", signal(number)))
    told: list[tuple[int, int]] = []
    target = tmp_path / "备份" / "copy.sqlite3"
    journal.backup(target, lambda done, total: told.append((done, total)))
    assert [path.name for path in target.parent.iterdir()] == ["copy.sqlite3"]
    assert told[-1][0] == told[-1][1] > 0
    assert sequences(target, clock) == [1, 2, 3]


def test_a_backup_ends_while_events_keep_coming(journal: Journal, tmp_path: Path, clock: FixedClock) -> None:
    journal.accept(body("first"))
    stop, accepted = threading.Event(), []

    def knock() -> None:
        while not stop.is_set():
            accepted.append(journal.accept(body(f"b{len(accepted)}", signal(len(accepted) + 2))).status)

    thread = threading.Thread(target=knock)
    thread.start()
    try:
        for number in range(3):
            journal.backup(tmp_path / f"copy{number}.sqlite3")
    finally:
        stop.set()
        thread.join()
    assert set(accepted) == {"accepted"}
    assert 1 in sequences(tmp_path / "copy0.sqlite3", clock)


def test_a_backup_that_cannot_be_written_leaves_nothing(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "copy.sqlite3.part").mkdir()
    with pytest.raises(JournalUnavailable):
        journal.backup(tmp_path / "copy.sqlite3")
    assert not (tmp_path / "copy.sqlite3").exists()


def test_a_restore_keeps_what_it_replaces(tmp_path: Path, clock: FixedClock) -> None:
    file, copy = tmp_path / "j.sqlite3", tmp_path / "copy.sqlite3"
    with Journal.open(file, clock=clock) as journal:
        journal.accept(body("a", signal(1)))
        journal.backup(copy)
        journal.accept(body("b", signal(2)))
    kept = restore(copy, file, clock=clock)
    assert kept is not None and kept.name == "j.sqlite3.replaced-20240520-100000"
    assert sequences(file, clock) == [1]
    assert sequences(kept, clock) == [1, 2]
    again = restore(copy, file, clock=clock)
    assert again is not None and again != kept, "a second restore in the same second keeps its own"


def test_a_restore_into_an_empty_place_keeps_nothing(tmp_path: Path, clock: FixedClock) -> None:
    with Journal.open(tmp_path / "j.sqlite3", clock=clock) as journal:
        journal.backup(tmp_path / "copy.sqlite3")
    assert restore(tmp_path / "copy.sqlite3", tmp_path / "new" / "j.sqlite3", clock=clock) is None
    assert sequences(tmp_path / "new" / "j.sqlite3", clock) == []


def test_a_damaged_journal_can_be_replaced(tmp_path: Path, clock: FixedClock) -> None:
    file, copy = tmp_path / "j.sqlite3", tmp_path / "copy.sqlite3"
    with Journal.open(file, clock=clock) as journal:
        journal.accept(body("a", signal(5)))
        journal.backup(copy)
    file.write_bytes(b"\x00" * 100_000)
    kept = restore(copy, file, clock=clock)
    assert kept is not None and kept.read_bytes() == b"\x00" * 100_000
    assert sequences(file, clock) == [5]


def test_a_restore_while_the_journal_is_in_use_is_refused(journal: Journal, tmp_path: Path, clock: FixedClock) -> None:
    journal.accept(body("a"))
    journal.backup(tmp_path / "copy.sqlite3")
    with pytest.raises(JournalUnusable, match="正在使用"):
        restore(tmp_path / "copy.sqlite3", tmp_path / "journal.sqlite3", clock=clock)
    assert journal.accept(body("b")).status == "accepted"


@pytest.mark.parametrize("wrong", ["absent", "text", "foreign", "newer", "damaged"])
def test_a_backup_that_is_not_sound_is_not_put_back(tmp_path: Path, clock: FixedClock, wrong: str) -> None:
    file, copy = tmp_path / "j.sqlite3", tmp_path / "copy.sqlite3"
    with Journal.open(file, clock=clock) as journal:
        journal.accept(body("a", signal(3)))
        if wrong in ("newer", "damaged"):
            journal.backup(copy)
    if wrong == "text":
        copy.write_text("not a database" * 1000, encoding="utf-8")
    if wrong == "damaged":
        content = copy.read_bytes()
        copy.write_bytes(content[: len(content) // 2])
    if wrong in ("foreign", "newer"):
        with closing(sqlite3.connect(copy)) as connection:
            if wrong == "foreign":
                connection.execute("CREATE TABLE photos (n)")
            else:
                connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.commit()
    with pytest.raises(JournalUnusable, match=r"备份不能用|损坏"):
        restore(copy, file, clock=clock)
    assert sequences(file, clock) == [3]


def test_what_is_copied_beside_the_journal_is_older_than_its_copy(
    journal: Journal, tmp_path: Path, clock: FixedClock
) -> None:
    """A broker's book never holds what the journal's copy does not know, whatever is written meanwhile."""
    store, copy = tmp_path / "store.db", tmp_path / "copies" / "copy.sqlite3"
    with closing(sqlite3.connect(store, isolation_level=None)) as book:
        book.execute("PRAGMA journal_mode = WAL")
        book.execute("CREATE TABLE orders (n INTEGER)")

        def meanwhile(done: int, total: int) -> None:
            number = int(book.execute("SELECT COUNT(*) FROM orders").fetchone()[0]) + 1
            journal.accept(body(f"b{number}", signal(number)))
            book.execute("INSERT INTO orders VALUES (?)", (number,))

        meanwhile(0, 0)
        journal.backup(copy, meanwhile, beside=[(store, copy.parent / "paper" / "store.db")])
        assert book.execute("SELECT COUNT(*) FROM orders").fetchone() > (1,)
    with closing(sqlite3.connect(copy.parent / "paper" / "store.db")) as copied:
        ordered = [number for (number,) in copied.execute("SELECT n FROM orders")]
    assert ordered == [1] and sequences(copy, clock) == [1], "both as they were when the first page was read"


def test_a_restore_changes_nothing_when_any_of_its_files_is_unsound(tmp_path: Path, clock: FixedClock) -> None:
    file, copy, store = tmp_path / "j.sqlite3", tmp_path / "copy.sqlite3", tmp_path / "store.db"
    with Journal.open(file, clock=clock) as journal:
        journal.backup(copy)
        journal.accept(body("a", signal(3)))
    store.write_text("not a database" * 1000, encoding="utf-8")
    with pytest.raises(JournalUnusable, match="备份不能用"):
        restore(copy, file, clock=clock, beside=[(store, tmp_path / "paper" / "store.db")])
    assert sequences(file, clock) == [3] and not (tmp_path / "paper").exists()
