"""Connections to the journal's database: one way for SQLite, one for PostgreSQL, none for others.

A connection runs in driver autocommit; transactions are opened by BEGIN in plain SQL. SQL text uses `?` everywhere and
is translated for a driver that wants `%s`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, StaticPool

from desk.journal.columns import metadata
from desk.journal.errors import JournalUnusable, is_database_error, translate
from desk.texts import journal as texts

Row = tuple[Any, ...]
Params = Sequence[Any]

_HURRIED_S = 0.1
# Ids come in no order: 16 MB hold the upper levels of all indexes of a million events. What a savepoint may undo needs
# no file. A reader asks little, but may sort much.
_WRITING = ("cache_size = -16000", "temp_store = MEMORY")
_READING = ("query_only = ON", "cache_size = -2000", "temp_store = DEFAULT")
_JOURNAL_SIZE_LIMIT = 64 * 1024 * 1024  # a WAL that grew is cut back to this after a checkpoint


class Session:
    """One connection inside a transaction: run statements, note what was touched."""

    __slots__ = ("_connection", "_percent", "_translated", "topics")

    def __init__(self, connection: Any, *, percent: bool) -> None:
        """`percent`: the driver wants %s for a parameter."""
        self._connection = connection
        self._percent = percent
        self._translated: dict[str, str] = {}
        self.topics: set[str] = set()  # what to ring for after the commit: events, commands, messages

    def run(self, sql: str, params: Params = ()) -> Any:
        """Execute one statement; gives the driver's cursor."""
        return self._connection.execute(self._sql(sql), params)

    def many(self, sql: str, rows: Iterable[Params]) -> None:
        cursor = self._connection.cursor()
        cursor.executemany(self._sql(sql), rows)
        cursor.close()

    def rows(self, sql: str, params: Params = ()) -> list[Row]:
        found: list[Row] = self.run(sql, params).fetchall()
        return found

    def one(self, sql: str, params: Params = ()) -> Row | None:
        """The first row; the statement is run to its end, so that it holds no lock."""
        found = self.rows(sql, params)
        return found[0] if found else None

    def dicts(self, sql: str, params: Params = ()) -> list[dict[str, Any]]:
        cursor = self.run(sql, params)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _sql(self, sql: str) -> str:
        if not self._percent:
            return sql
        if sql not in self._translated:
            self._translated[sql] = sql.replace("%", "%%").replace("?", "%s")
        return self._translated[sql]


def file_uri(file: Path, mode: str) -> str:
    """SQLite's URI of a file. Path.as_uri would put a Windows share's server where SQLite takes none."""
    path = file.resolve().as_posix()
    return f"file://{quote(path if path.startswith('/') else '/' + path)}?mode={mode}"


def marks(count: int) -> str:
    """`?, ?, ?` for an IN list."""
    return ", ".join("?" * count)


@dataclass(frozen=True, kw_only=True, slots=True)
class Database:
    """Where the journal lives and how to connect to it."""

    file: Path | None  # SQLite's file; None: memory or a server
    url: str  # of a server; '' for SQLite
    read_only: bool
    busy_timeout_s: float
    memory: bool = False  # an empty book for reading, when there is no file yet
    lasting: bool = True  # False: a book that is thrown away again, which a loss of power may take

    @property
    def dialect(self) -> str:
        return "postgresql" if self.url else "sqlite"

    @property
    def name(self) -> str:
        """For messages: the file, or the server's address without its password."""
        return make_url(self.url).render_as_string(hide_password=True) if self.url else str(self.file or "")

    @property
    def begin_write(self) -> str:
        # IMMEDIATE: a read that turns into a write could fail at once in spite of the busy timeout.
        return "BEGIN" if self.url else "BEGIN IMMEDIATE"

    @property
    def begin_read(self) -> str:
        return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if self.url else "BEGIN"

    def connect(self, *, as_found: bool = False, hurried: bool = False) -> Any:
        """A new connection in autocommit, usable from any one thread at a time. Raises the driver's errors.

        `as_found`: change nothing in the file, it may not be ours. `hurried`: hardly wait for another's lock.
        """
        return self._connect_server() if self.url else self._connect_sqlite(as_found=as_found, hurried=hurried)

    def session(self, connection: Any) -> Session:
        return Session(connection, percent=bool(self.url))

    @contextmanager
    def ddl(self) -> Iterator[Engine]:
        """An SQLAlchemy engine for creating and migrating tables; every `begin` takes the write lock at once."""
        if self.url:
            engine = create_engine(self.url, poolclass=NullPool)
        else:
            engine = create_engine("sqlite://", creator=self._connect_sqlite, poolclass=NullPool)

            @event.listens_for(engine, "begin")
            def _immediately(connection: Any) -> None:
                connection.exec_driver_sql("BEGIN IMMEDIATE")

        try:
            yield engine
        finally:
            engine.dispose()

    def _connect_sqlite(self, *, as_found: bool = False, hurried: bool = False) -> sqlite3.Connection:
        if self.file is None:
            target = ":memory:"
        else:
            target = file_uri(self.file, "ro" if self.read_only else "rwc")
        connection = sqlite3.connect(
            target,
            uri=self.file is not None,
            timeout=min(self.busy_timeout_s, _HURRIED_S) if hurried else self.busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA synchronous = {'FULL' if self.lasting else 'OFF'}")
            if self.file is not None and not self.read_only and not as_found:
                for setting in (*_WRITING, f"journal_size_limit = {_JOURNAL_SIZE_LIMIT}"):
                    connection.execute(f"PRAGMA {setting}")
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
                if mode != "wal":
                    raise JournalUnusable(texts.unusable(self.name, texts.NO_WAL))
            if self.memory:
                metadata.create_all(create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool))
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect_server(self) -> Any:
        engine = create_engine(self.url, poolclass=NullPool)
        pooled = engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        connection.autocommit = True
        connection.execute("SET synchronous_commit = on")
        return connection


def locate(location: Path | str, *, read_only: bool, busy_timeout_s: float, lasting: bool = True) -> Database:
    """Understand where the journal is: a file, an sqlite:/// URL, or a PostgreSQL URL. Raises JournalUnusable."""
    url = ""
    file: Path | None = None
    if isinstance(location, Path) or "://" not in location:
        file = Path(location)
    else:
        try:
            parsed = make_url(location)
        except (ArgumentError, ValueError) as error:
            raise JournalUnusable(texts.unusable(location.split("@")[-1], texts.NOT_A_JOURNAL)) from error
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            file = Path(parsed.database or "")
        elif backend == "postgresql":
            url = (
                location if "+" in location.split("://")[0] else location.replace("postgresql", "postgresql+psycopg", 1)
            )
        else:
            shown = parsed.render_as_string(hide_password=True)
            raise JournalUnusable(texts.unusable(shown, texts.unsuited(backend)))
    if file is not None and file.is_dir():
        file = file / FILE_NAME
    absent = file is not None and read_only and not file.exists()
    return Database(
        file=None if absent else file,
        url=url,
        read_only=read_only,
        busy_timeout_s=busy_timeout_s,
        memory=absent,
        lasting=lasting,
    )


FILE_NAME = "journal.sqlite3"


class Reader:
    """Read-only looks at the journal from any thread: each look is one consistent snapshot, writers are not blocked."""

    _KEPT = 8

    def __init__(self, database: Database) -> None:
        self._database = database
        self._idle: list[Any] = []
        self._closed = False

    @contextmanager
    def look(self) -> Iterator[Session]:
        """One snapshot, for as long as the block lasts. Raises JournalError for what the database says."""
        try:
            connection = self._take()
            try:
                connection.execute(self._database.begin_read)
                yield self._database.session(connection)
                connection.execute("COMMIT")
            except BaseException:
                connection.close()
                raise
        except Exception as error:
            if is_database_error(error):
                raise translate(error) from error
            raise
        if self._closed or len(self._idle) >= self._KEPT:
            connection.close()
        else:
            self._idle.append(connection)

    def close(self) -> None:
        self._closed = True
        while True:
            try:
                self._idle.pop().close()
            except IndexError:
                return

    def _take(self) -> Any:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> Any:
        connection = self._database.connect()
        if not self._database.url:
            for setting in _READING:
                connection.execute(f"PRAGMA {setting}")
        return connection
