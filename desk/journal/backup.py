"""Copy the journal and what stands beside it while it is in use, and put copies back; an unsound one is never used."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from desk.journal.database import file_uri
from desk.journal.errors import JournalUnavailable, JournalUnusable, translate
from desk.texts import journal as texts

Progress = Callable[[int, int], None]  # pages done, pages in all

_PAGES_AT_ONCE = 2000


def copy_files(pairs: Sequence[tuple[Path, Path]], progress: Progress | None = None) -> None:
    """Copy databases in use, (source, target) each, checked before they get their names. Raises JournalError.

    All are pictured before any is copied, in the order given: what a later one was told in between, an earlier one
    may lack, never the other way round. The last one gets its name last.
    """
    drafts = [target.with_name(target.name + ".part") for _, target in pairs]
    try:
        with ExitStack() as held:
            pictures = [held.enter_context(_pictured(source)) for source, _ in pairs]
            for picture, draft in zip(pictures, drafts, strict=True):
                _copy(picture, draft, progress)
        for draft, (_, target) in zip(drafts, pairs, strict=True):
            os.replace(draft, target)
    except sqlite3.Error as error:
        raise translate(error) from error
    except OSError as error:
        raise JournalUnavailable(texts.not_copied(str(pairs[-1][1]), str(error))) from error
    finally:
        for draft in drafts:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


@contextmanager
def _pictured(source: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose picture stands still while others write: its copy neither restarts nor goes on for ever."""
    with closing(_open(source, "ro")) as origin:
        origin.execute("BEGIN")
        origin.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        yield origin
        origin.execute("ROLLBACK")


def _copy(picture: sqlite3.Connection, draft: Path, progress: Progress | None) -> None:
    draft.parent.mkdir(parents=True, exist_ok=True)
    with closing(_open(draft, "rwc")) as copy:
        picture.backup(copy, pages=_PAGES_AT_ONCE, progress=_told(progress))
        # One file, without a WAL beside it.
        copy.execute("PRAGMA journal_mode = DELETE")
        _demand_sound(copy)
    _sync(draft)


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


def put_back(pairs: Sequence[tuple[Path, Path]], *, known: tuple[str, ...], now: datetime) -> list[Path | None]:
    """Replace databases by verified copies, (source, target) each, the journal last; the replaced files are kept.

    Returns their new names, None where there was none. Raises JournalUnusable, before anything is changed, when a
    source is not sound or a target is in use.
    """
    *beside, (journal, _) = pairs
    for source, _ in beside:
        _verify_sound(source)
    verify(journal, known)
    for _, target in pairs:
        if target.exists() and _in_use(target):
            raise JournalUnusable(texts.unusable(str(target), texts.IN_USE))
    return [_replace(source, target, now) for source, target in pairs]


def _replace(source: Path, target: Path, now: datetime) -> Path | None:
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".restoring")
    shutil.copyfile(source, fresh)
    _verify_sound(fresh)
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


def _verify_sound(source: Path) -> None:
    try:
        with closing(_open(source, "ro")) as copy:
            _demand_sound(copy)
    except sqlite3.Error as error:
        raise JournalUnusable(texts.not_a_backup(texts.damaged(source.name))) from error


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
