"""The journal's file fails under the running parts: 503, no order, a person told past the database; then it goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from desk.journal import Journal
from desk.texts import receiver as texts
from tests.stand_in.post import Post
from tests.world import World

PAGE = 4096
Trouble = Callable[[Journal], AbstractContextManager[None]]


def file_of(journal: Journal) -> Path:
    assert journal._database.file is not None
    return journal._database.file


def connect_anew(journal: Journal) -> None:
    """Let go of what the writer's connection remembers of the file, with no patience for the locks of others."""
    writer = journal._writer
    assert writer is not None
    writer.call(lambda _: None)
    writer._database = replace(writer._database, busy_timeout_s=0.05)
    writer._drop_connection()


@contextmanager
def locked(journal: Journal) -> Iterator[None]:
    with closing(sqlite3.connect(file_of(journal), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full(journal: Journal) -> Iterator[None]:
    """No file of this process grows beyond what the WAL has reached; where there is none, beyond a page."""
    resource = pytest.importorskip("resource", reason="this system cannot bound a file's size")
    wal = file_of(journal).with_name(file_of(journal).name + "-wal")
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size if wal.exists() else PAGE, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


@contextmanager
def other_bytes(journal: Journal, changed: Callable[[bytearray], None]) -> Iterator[None]:
    file = file_of(journal)
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    sound = file.read_bytes()
    content = bytearray(sound)
    changed(content)
    with file.open("rb+") as handle:
        handle.write(content)
    yield
    with file.open("rb+") as handle:
        handle.write(sound)


def read_only(journal: Journal) -> AbstractContextManager[None]:
    def mark(content: bytearray) -> None:
        content[18] = 3  # SQLite's own mark for a file that this version may read and not write

    return other_bytes(journal, mark)


def damaged(journal: Journal) -> AbstractContextManager[None]:
    def spoil(content: bytearray) -> None:
        content[PAGE:] = b"\xa5" * (len(content) - PAGE)

    return other_bytes(journal, spoil)


TROUBLES = pytest.mark.parametrize("trouble", [locked, full, read_only, damaged], ids=lambda trouble: trouble.__name__)


@TROUBLES
def test_a_body_is_answered_503_and_told_and_taken_once_the_journal_is_well(tmp_path: Path, trouble: Trouble) -> None:
    post = Post(tmp_path)
    assert post.send(post.order(1))[0] == 200
    connect_anew(post.journal)
    late = post.order(2)
    with trouble(post.journal):
        assert post.send(late) == (503, {"error": "unavailable"})
        assert post.titles == [texts.UNAVAILABLE_TITLE]
    connect_anew(post.journal)
    assert post.send(late) == (200, ("accepted", 3))
    assert len(post.journal.undecided_events()) == 2
    post.journal.close()


@TROUBLES
def test_no_order_goes_out_and_a_person_is_told_past_the_journal(tmp_path: Path, trouble: Trouble) -> None:
    world = World(tmp_path)
    world.scene("000001.SZ", price=Decimal(10))
    world.pass_time(1)
    told: list[str] = []
    world.trader._shout = lambda title, text: told.append(title)
    world.order("1", "000001.XSHE", "buy", 1000, settle=False)
    connect_anew(world.journal)
    with trouble(world.journal):
        for _ in range(3):
            assert world.trader.safe_step() > 0
            world.clock.turn(1)
        assert told and not world.broker_orders()
    connect_anew(world.journal)
    world.pass_time(10)
    assert [(order.shares, order.filled) for order in world.broker_orders()] == [(1000, 1000)]
    assert world.own("000001.SZ") == 1000
    world.close()
