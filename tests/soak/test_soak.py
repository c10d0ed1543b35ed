"""The soak still plays, and sees what grows; how flat the real thing is, `python -m tests.soak` measures."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from tests.soak.gauges import Reading, header, not_flat, slope
from tests.soak.live import Life
from tests.soak.week import week
from tests.stand_in.programs import until

FLAT = Reading(
    when="Mon", memory_mb=90, handles=12, threads=3, wal_mb=4, journal_mb=1, events=1000, orders=500
)  # fmt: skip


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_half_a_simulated_day_is_played_told_and_read(tmp_path: Path) -> None:
    with week(tmp_path, strategies=3) as played:
        before = played.reading()
        played.day(until=time(9, 50))
        played.judge()
        after = played.reading()
    assert after.events > before.events and after.orders > before.orders and played.told > 0
    assert after.handles <= before.handles + 2 and after.threads <= before.threads + 1


def test_a_day_ends_with_finals_and_the_next_begins_in_the_morning(tmp_path: Path) -> None:
    with week(tmp_path, strategies=1) as played:
        played.day(until=time(9, 30))
        for player in played.players:
            player.end_day()
        played.night()
        assert f"{played.world.clock.now():%a %H:%M}" == "Tue 09:10"
        assert all(not player.live for player in played.players)


def test_a_real_daemons_life_is_read_and_judged(tmp_path: Path) -> None:
    with Life(tmp_path, strategies=2) as life:
        until(lambda: life.sent > 0)
        readings = list(life.readings(0.1, 0.05))
        life.judge()
    assert readings and all(
        reading.memory_mb > 0 and reading.threads > 1 and reading.handles > 0 for reading in readings
    )


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({}, ""),
        ({"memory_mb": 8.0}, "memory gains 32.0 MB"),
        ({"memory_mb": -8.0}, ""),
        ({"memory_mb": 30.0}, "memory reaches 210 MB"),
        ({"handles": 2}, "handles grow from 12 to 20"),
        ({"threads": 1}, "threads grow from 3 to 7"),
        ({"wal_mb": 20.0}, "the WAL reaches 84 MB"),
        ({"events": 1000, "orders": 500, "journal_mb": 2.0}, ""),  # what is said is kept
    ],
)
def test_what_grows_each_day_is_seen(changes: dict[str, float], complaint: str) -> None:
    days = [
        replace(FLAT, **{name: getattr(FLAT, name) + each * day for name, each in changes.items()}) for day in range(5)
    ]
    found = not_flat(days, memory_mb=25)
    assert any(complaint in one for one in found) if complaint else found == []


def test_one_noisy_evening_is_no_growth() -> None:
    days = [replace(FLAT, memory_mb=memory) for memory in (90, 120, 91, 90, 92)]
    assert not_flat(days, memory_mb=25) == []
    assert slope([1, 2, 3]) == pytest.approx(1) and slope([5]) == 0


def test_a_row_stands_under_its_header() -> None:
    bars = [[n for n, char in enumerate(line) if char == "|"] for line in (header().split("\n")[0], FLAT.row())]
    assert bars[0] == bars[1]
