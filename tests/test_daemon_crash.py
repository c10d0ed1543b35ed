"""The real program, killed while strategies send over real TCP; judged by acknowledgements, journal and exchange.

`python -m tests.process_kills` kills it 200 times, as `GENDAN_LONG=1 python -m pytest -m long` does here.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.process_kills import deck, many_homes, one_home
from tests.stand_in.programs import Program, make_home

KILLS, SEEDS = 5, 4
POINTS = deck(random.Random(4), 3)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "points", [pytest.param([next(POINTS) for _ in range(KILLS)], id=str(seed)) for seed in range(1, SEEDS + 1)]
)
def test_killed_in_a_burst_nothing_is_lost_doubled_or_more_than_meant(tmp_path: Path, points: list[str]) -> None:
    one_home(tmp_path, sum(map(len, points)), points)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_killed_two_hundred_times_at_random_and_at_named_points(tmp_path: Path) -> None:
    print(many_homes(tmp_path, 1))


@pytest.mark.parametrize("point", ["before opening the journal", "after taking the lease"])
def test_asked_to_stop_while_it_is_still_opening_it_stops_cleanly(tmp_path: Path, point: str) -> None:
    with Program(tmp_path, port=make_home(tmp_path)) as program:
        program.launch(strike=(point, 1, "SIGTERM"))
        assert program.exit_code() == 0, program.text()
        assert "已启动" not in program.text() and "已停止" in program.text()
        with program.journal() as journal:
            assert journal.lease() is None
        program.start()
        assert program.stop() == 0
