"""The floor's book: one writer thread, group commit, synchronous=FULL, one row a wish, nothing else."""

from __future__ import annotations

import queue
import sqlite3
import threading
from pathlib import Path


class RowWriter:
    """`add` returns when the row is durable."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._queue: queue.SimpleQueue[tuple[str, bytes, threading.Lock] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def add(self, key: str, body: bytes) -> None:
        gate = threading.Lock()
        gate.acquire()
        self._queue.put((key, body, gate))
        gate.acquire()

    def rows(self) -> int:
        connection = sqlite3.connect(self._file)
        (count,) = connection.execute("SELECT COUNT(*) FROM rows").fetchone()
        connection.close()
        return int(count)

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        connection = sqlite3.connect(self._file, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, key TEXT NOT NULL, body BLOB NOT NULL)")
        while (item := self._queue.get()) is not None:
            group = [item]
            while not self._queue.empty():
                more = self._queue.get()
                if more is None:
                    self._queue.put(None)
                    break
                group.append(more)
            connection.execute("BEGIN IMMEDIATE")
            for key, body, _ in group:
                connection.execute("INSERT INTO rows (key, body) VALUES (?, ?)", (key, body))
            connection.execute("COMMIT")
            for _, _, gate in group:
                gate.release()
        connection.close()
