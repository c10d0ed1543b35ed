"""What a soak reads of a process and its journal, and when it calls that flat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from desk.journal import Journal

MOST_MB = 200.0
WAL_MB = 64.0
COLUMNS = ("when", "memory MB", "handles", "threads", "WAL MB", "journal MB", "events", "orders")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    when: str
    memory_mb: float  # resident
    handles: int
    threads: int
    wal_mb: float
    journal_mb: float
    events: int
    orders: int

    def row(self) -> str:
        return (
            f"| {self.when:<16} | {self.memory_mb:9.1f} | {self.handles:7d} | {self.threads:7d} | {self.wal_mb:6.2f} | "
            f"{self.journal_mb:10.2f} | {self.events:7,d} | {self.orders:7,d} |"
        )


def header() -> str:
    widths = (16, 9, 7, 7, 6, 10, 7, 7)
    cells = " | ".join(f"{title:>{width}}" for title, width in zip(COLUMNS, widths, strict=True))
    return f"| {cells} |\n|" + "|".join("-" * (width + 2) for width in widths) + "|"


def read(when: str, process: psutil.Process, journal: Journal, file: Path) -> Reading:
    """Read everything now."""
    wal = file.with_name(file.name + "-wal")
    with journal.look() as look:
        ((events,),) = look.rows("SELECT COUNT(*) FROM events")
        ((orders,),) = look.rows("SELECT COUNT(*) FROM orders")
    return Reading(
        when=when,
        memory_mb=process.memory_info().rss / 1e6,
        handles=process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
        threads=process.num_threads(),
        wal_mb=wal.stat().st_size / 1e6 if wal.exists() else 0.0,
        journal_mb=file.stat().st_size / 1e6,
        events=events,
        orders=orders,
    )


def slope(values: Sequence[float]) -> float:
    """Least squares: how much is gained from one reading to the next."""
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    spread = sum((n - middle) ** 2 for n in range(len(values)))
    return sum((n - middle) * (value - mean) for n, value in enumerate(values)) / spread if spread else 0.0


def not_flat(readings: Sequence[Reading], *, memory_mb: float) -> list[str]:
    """What grows that must not; `memory_mb`: the most that memory may gain from the first of these to the last."""
    steps = len(readings) - 1
    gained = slope([reading.memory_mb for reading in readings]) * steps
    first, last = readings[0], readings[-1]
    found = []
    if gained > memory_mb:
        found.append(f"memory gains {gained:.1f} MB, {memory_mb:g} are allowed")
    if (most := max(reading.memory_mb for reading in readings)) >= MOST_MB:
        found.append(f"memory reaches {most:.0f} MB, {MOST_MB:g} are allowed")
    if last.handles > first.handles + 5:
        found.append(f"handles grow from {first.handles} to {last.handles}")
    if last.threads > first.threads + 2:
        found.append(f"threads grow from {first.threads} to {last.threads}")
    if (wal := max(reading.wal_mb for reading in readings)) > WAL_MB:
        found.append(f"the WAL reaches {wal:.0f} MB, {WAL_MB:g} are allowed")
    return found
