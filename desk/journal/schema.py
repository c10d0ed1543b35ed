"""The state of the tables at opening: create them, know their version, refuse what is not ours, migrate what is older.

Alembic is loaded only when the version differs, so that starting stays fast. KNOWN lists every version, oldest first;
a test compares it with the migration scripts.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from desk.clock import Clock
from desk.journal import columns, guards, tables
from desk.journal.database import Database
from desk.journal.errors import JournalUnusable, is_database_error
from desk.texts import journal as texts

KNOWN = ("0001", "0002", "0003", "0004")
HEAD = KNOWN[-1]
SCRIPTS = Path(__file__).with_name("migrations")
_OLDEST_SQLITE = (3, 35, 0)  # INSERT … RETURNING
_SMALL = 50 * 1024 * 1024


def prepare(database: Database, *, clock: Clock, check: bool) -> None:
    """Make the journal ready to be used, or raise JournalUnusable with the reason for the user.

    `check`: look for damage when the file is small, or was not closed cleanly (a WAL is left).
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise JournalUnusable(texts.unusable(database.name, texts.old_sqlite(sqlite3.sqlite_version)))
    try:
        unclean = check and _suspect(database)
        with closing(database.connect(as_found=True)) as connection:
            version = _version(database, connection)
            if unclean:
                _quick_check(database, connection)
        if not database.read_only:
            database.connect().close()  # tells now, not at the first write, that the place is unfit
        if version == HEAD:
            return
        if version is None:
            if not database.read_only:
                create(database)
            else:
                raise JournalUnusable(texts.unusable(database.name, texts.NOT_A_JOURNAL))
        elif version not in ("", *KNOWN):
            raise JournalUnusable(texts.unusable(database.name, texts.newer(version, HEAD)))
        elif database.read_only:
            raise JournalUnusable(texts.unusable(database.name, texts.OUTDATED))
        else:
            migrate(database, clock=clock)
    except JournalUnusable:
        raise
    except Exception as error:
        raise _unusable(database, error) from error


def create(database: Database) -> None:
    """Create all tables, triggers and the version row in one transaction; harmless when another process was faster."""
    with database.ddl() as engine:
        create_in(engine, database.dialect)


def create_in(engine: Engine, dialect: str) -> None:
    with engine.begin() as connection:
        if engine.dialect.has_table(connection, tables.schema_version.name):
            return
        columns.metadata.create_all(connection)
        for statement in guards.statements(dialect):
            connection.exec_driver_sql(statement)
        connection.execute(tables.schema_version.insert().values(version_num=HEAD))


def migrate(database: Database, *, clock: Clock) -> Path | None:
    """Bring an older journal to HEAD; a copy of the SQLite file is kept beside it and returned."""
    from desk.journal.migrations import upgrade

    kept: Path | None = None
    if database.file is not None:
        from desk.journal.backup import copy_files

        stamp = clock.now().strftime("%Y%m%d-%H%M%S")
        kept = database.file.with_name(f"{database.file.name}.before-migration-{stamp}")
        copy_files([(database.file, kept)])
    with database.ddl() as engine:
        upgrade(engine, scripts=SCRIPTS, target=HEAD)
    return kept


def prove_constraints(database: Database) -> None:
    """Check on a server that a second open order is really refused; the proof is rolled back."""
    from desk.journal.proof import second_open_order_is_refused

    with closing(database.connect()) as connection:
        if not second_open_order_is_refused(database, connection):
            raise JournalUnusable(texts.unusable(database.name, texts.unproven("uq_orders_one_open")))


def version_of(database: Database) -> str | None:
    """The schema version: '' when tables exist without one, None for an empty database."""
    with closing(database.connect()) as connection:
        return _version(database, connection)


def _version(database: Database, connection: Any) -> str | None:
    if database.url:
        found = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
        ).fetchall()
    else:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    names = {name for (name,) in found}
    if not names:
        return None
    if tables.schema_version.name not in names:
        raise JournalUnusable(texts.unusable(database.name, texts.NOT_A_JOURNAL))
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def _suspect(database: Database) -> bool:
    """Whether to look for damage: a small file always, a large one when a WAL shows that it was not closed."""
    if database.file is None or not database.file.exists():
        return False
    if database.file.stat().st_size < _SMALL:
        return True
    wal = database.file.with_name(database.file.name + "-wal")
    return wal.exists() and wal.stat().st_size > 0


def _quick_check(database: Database, connection: Any) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise JournalUnusable(texts.unusable(database.name, texts.damaged(found)))


_SENTENCES: dict[int, str] = {
    sqlite3.SQLITE_CORRUPT: texts.CORRUPT,
    sqlite3.SQLITE_NOTADB: texts.NOT_A_JOURNAL,
    sqlite3.SQLITE_BUSY: texts.LOCKED,
    sqlite3.SQLITE_LOCKED: texts.LOCKED,
    sqlite3.SQLITE_READONLY: texts.READ_ONLY,
    sqlite3.SQLITE_PERM: texts.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: texts.CANNOT_OPEN,
    sqlite3.SQLITE_FULL: texts.FULL,
    sqlite3.SQLITE_IOERR: texts.IO_ERROR,
}


def _unusable(database: Database, error: Exception) -> JournalUnusable:
    original: BaseException | None = error
    while original is not None and not isinstance(original, sqlite3.Error):
        original = original.__cause__
    code = getattr(original, "sqlite_errorcode", None)
    if isinstance(code, int) and code & 0xFF in _SENTENCES:
        return JournalUnusable(texts.unusable(database.name, _SENTENCES[code & 0xFF]))
    if isinstance(error, ModuleNotFoundError):
        return JournalUnusable(texts.unusable(database.name, texts.DRIVER_MISSING))
    if is_database_error(error) or isinstance(error, SQLAlchemyError | OSError):
        return JournalUnusable(texts.unusable(database.name, texts.server_said(str(error))))
    raise error
