"""Copy the journal while it is in use, and put a copy back; a copy that is not sound is never used."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from desk.journal.database import file_uri
from desk.journal.errors import JournalUnavailable, JournalUnusable, translate
from desk.texts import journal as texts

Progress = Callable[[int, int], None]  # pages done, pages in all

_PAGES_AT_ONCE = 2000


def copy_file(source: Path, target: Path, progress: Progress | None = None) -> None:
    """Make a consistent copy of a journal in use, checked before it gets its name. Raises JournalError."""
    partial = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with closing(_open(source, "ro")) as origin, closing(_open(partial, "rwc")) as copy:
            # Our own read transaction keeps the picture still while others write: no restart, no end.
            origin.execute("BEGIN")
            origin.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
            origin.backup(copy, pages=_PAGES_AT_ONCE, progress=_told(progress))
            origin.execute("ROLLBACK")
            # One file, without a WAL beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
            _demand_sound(copy)
        _sync(partial)
        os.replace(partial, target)
    except sqlite3.Error as error:
        raise translate(error) from error
    except OSError as error:
        raise JournalUnavailable(texts.not_copied(str(target), str(error))) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def verify(source: Path, known: tuple[str, ...]) -> None:
    """Check that a file is a sound journal of a version we know. Raises JournalUnusable."""
    if not source.is_file():
        raise JournalUnusable(texts.not_a_backup(texts.CANNOT_OPEN))
    try:
        with closing(_open(source, "ro")) as copy:
            _demand_sound(copy)
            row = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise JournalUnusable(texts.not_a_backup(texts.NOT_A_JOURNAL)) from error
    version = str(row[0]) if row else ""
    if version not in known:
        raise JournalUnusable(texts.not_a_backup(texts.newer(version, known[-1])))


def put_back(source: Path, target: Path, *, known: tuple[str, ...], now: datetime) -> Path | None:
    """Replace the journal at `target` by a verified copy of `source`; the replaced file is kept and returned.

    Raises JournalUnusable when the source is not sound or the journal is in use.
    """
    verify(source, known)
    if target.exists() and _in_use(target):
        raise JournalUnusable(texts.unusable(str(target), texts.IN_USE))
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".restoring")
    shutil.copyfile(source, fresh)
    verify(fresh, known)
    _sync(fresh)
    kept = None
    if target.exists():
        kept = _free_name(target, now)
        os.replace(target, kept)
        # A WAL belongs to its file: left beside another one it would be taken for that one's.
        for ending in ("-wal", "-shm"):
            beside = target.with_name(target.name + ending)
            if beside.exists():
                os.replace(beside, kept.with_name(kept.name + ending))
    os.replace(fresh, target)
    return kept


def _free_name(target: Path, now: datetime) -> Path:
    stamp = now.strftime("%Y%m%d-%H%M%S")
    name = target.with_name(f"{target.name}.replaced-{stamp}")
    number = 1
    while name.exists():
        number += 1
        name = target.with_name(f"{target.name}.replaced-{stamp}-{number}")
    return name


def _open(file: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(file_uri(file, mode), uri=True, isolation_level=None, timeout=10)


def _demand_sound(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise JournalUnusable(texts.damaged(found))


def _told(progress: Progress | None) -> Callable[[int, int, int], None] | None:
    if progress is None:
        return None
    tell = progress
    return lambda _status, remaining, total: tell(total - remaining, total)


def _sync(file: Path) -> None:
    with file.open("rb+") as handle:
        os.fsync(handle.fileno())


def _in_use(file: Path) -> bool:
    """Whether another connection holds the file; a damaged file is not in use as far as we can tell."""
    try:
        with closing(sqlite3.connect(file_uri(file, "rw"), uri=True, timeout=0)) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return False
