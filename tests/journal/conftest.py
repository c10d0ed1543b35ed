from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from desk.journal import Journal
from tests.journal.making import FixedClock

# A PostgreSQL database that may be emptied: with it the tests that take `journal` run there instead of on SQLite.
SERVER = os.environ.get("GENDAN_TEST_POSTGRES", "")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def journal(tmp_path: Path, clock: FixedClock) -> Iterator[Journal]:
    if SERVER:
        engine = create_engine(SERVER, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()
    with Journal.open(SERVER or tmp_path / "journal.sqlite3", clock=clock) as opened:
        yield opened


@pytest.fixture
def on_sqlite() -> None:
    if SERVER:
        pytest.skip("this is about SQLite's file")
