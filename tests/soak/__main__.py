"""Soak: `python -m tests.soak --days 5` (a simulated trading week) or `python -m tests.soak --real-hours 1`.

Prints a reading of memory, handles, threads, WAL, journal, events and orders for each day, or every ten seconds of a
real daemon's life; ends with 1 if something grows that must not.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.soak.gauges import Reading, header, not_flat
from tests.soak.live import Life
from tests.soak.week import week

MEMORY = Path("/dev/shm")
DAYS_MB = 25.0  # what memory may gain from the first evening to the last
HOURS_MB = 10.0  # and from a quarter of the real time to its end, besides
ORDER_MB = 0.02  # for each order: a day's orders stay in memory until its close


def simulated(days: int, strategies: int, seed: int) -> Sequence[Reading]:
    """The readings of every evening."""
    logging.disable(logging.CRITICAL)
    readings = []
    # In memory where there is such a place: the week is about growth, not about the disk.
    with (
        tempfile.TemporaryDirectory(prefix="gendan-soak-", dir=MEMORY if MEMORY.is_dir() else None) as folder,
        week(Path(folder), strategies=strategies, seed=seed) as played,
    ):
        print(header(), flush=True)
        for _ in range(days):
            begun = time.perf_counter()
            played.day()
            played.judge()
            readings.append(played.reading())
            print(readings[-1].row(), f" {played.told} told, {time.perf_counter() - begun:.0f} s", flush=True)
            played.night()
    return readings


def real(hours: float, every_s: float, strategies: int, seed: int) -> Sequence[Reading]:
    """The readings of a daemon's life, without its first quarter, in which it warms up."""
    readings = []
    with (
        tempfile.TemporaryDirectory(prefix="gendan-soak-") as folder,
        Life(Path(folder), strategies=strategies, seed=seed) as life,
    ):
        print(header(), flush=True)
        for reading in life.readings(hours * 3600, every_s):
            readings.append(reading)
            print(reading.row(), flush=True)
        life.judge()
    return readings[len(readings) // 4 :]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--days", type=int, default=5, help="simulated trading days")
    parser.add_argument("--real-hours", type=float, default=0.0, help="real time instead, with a real daemon")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between the readings in real time")
    parser.add_argument("--strategies", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if asked.real_hours:
        readings = real(asked.real_hours, asked.every, asked.strategies, asked.seed)
        allowed = HOURS_MB + ORDER_MB * (readings[-1].orders - readings[0].orders)
    else:
        readings, allowed = simulated(asked.days, asked.strategies, asked.seed), DAYS_MB
    found = not_flat(readings, memory_mb=allowed)
    print("\n".join(found) if found else "flat")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
