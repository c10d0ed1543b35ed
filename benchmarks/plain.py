"""Floors of the engine's figures: the same rows through plain sqlite3, the same loop over plain dicts."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

_ROW = ("策略01", "600000.SH", "2026-11-20", 1_700_000_000_000_000, 200, "x" * 60)


def insert(folder: Path, rows: int, commits: int) -> float:
    """Seconds to store that many rows of six columns in a table without indexes, in that many durable commits."""
    file = folder / "plain.sqlite3"
    file.unlink(missing_ok=True)
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE rows (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT, d INTEGER, e INTEGER, f TEXT)"
    )
    begun = time.perf_counter()
    for number in range(commits):
        connection.execute("BEGIN IMMEDIATE")
        part = rows // commits + (number < rows % commits)
        connection.executemany("INSERT INTO rows (a, b, c, d, e, f) VALUES (?, ?, ?, ?, ?, ?)", [_ROW] * part)
        connection.execute("COMMIT")
    seconds = time.perf_counter() - begun
    connection.close()
    return seconds


def rows_in(file: Path) -> int:
    """How many rows all tables hold."""
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    counted = sum(connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in names)
    connection.close()
    return int(counted)


def fetch(file: Path, *tables: str) -> float:
    """Seconds to fetch all rows of the tables as tuples."""
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    seconds = timed(lambda: [connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables])
    connection.close()
    return seconds


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
