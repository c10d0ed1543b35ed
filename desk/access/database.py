"""The access book's SQLite file: opened, made or brought up to date, and its transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from desk.access import tables
from desk.access.errors import AccessUnusable
from desk.texts import access as texts

FILE_NAME = "console.db"
KNOWN = ("0001", "0002")
HEAD = KNOWN[-1]
SCRIPTS = Path(__file__).with_name("migrations")
_BUSY_S = 5.0


class Database:
    """Usable from any thread; writers take turns."""

    def __init__(self, file: Path) -> None:
        """Open; make it when it is not there. Raises AccessUnusable."""
        self.file = file
        self._writing = threading.Lock()
        self._engine = _engine(file)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with self._writing:
                self._prepare()
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            self._engine.dispose()
            raise AccessUnusable(texts.unusable(file, str(error.__cause__ or error).splitlines()[0])) from error
        except AccessUnusable:
            self._engine.dispose()
            raise

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """One consistent reading."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """One transaction that writes; durable when it is left."""
        with self._writing, self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def _prepare(self) -> None:
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            version = _version(connection, self.file)
            if version is None:
                tables.metadata.create_all(connection)
                for statement in tables.GUARDS:
                    connection.exec_driver_sql(statement)
                connection.execute(tables.schema_version.insert().values(version_num=HEAD))
            elif version not in KNOWN:
                raise AccessUnusable(texts.unusable(self.file, texts.newer(version, HEAD)))
            elif version != HEAD:
                _migrate(connection)


def _version(connection: Connection, file: Path) -> str | None:
    """The schema's version, None for an empty file."""
    names = inspect(connection).get_table_names()
    if not names:
        return None
    if tables.schema_version.name not in names:
        raise AccessUnusable(texts.unusable(file, texts.NOT_OURS))
    return str(connection.execute(select(tables.schema_version.c.version_num)).scalar())


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))  # it goes through configparser
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)


def _engine(file: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{file}", poolclass=QueuePool, connect_args={"timeout": _BUSY_S, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # IMMEDIATE: a reading that turns into a writing could fail at once in spite of the timeout.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
