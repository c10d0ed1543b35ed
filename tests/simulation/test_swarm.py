"""A slice of the swarm; thousands of seeds are played by `python -m tests.simulation` (docs/reliability.md)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.reading import ROOT
from tests.simulation import play
from tests.simulation.mixes import MIXES
from tests.simulation.regressions import LONG_REGRESSIONS, REGRESSIONS
from tests.simulation.run import HALF_A_DAY_S, LEAST_EVENTS


@pytest.mark.parametrize(("mix", "seed"), [(mix, seed) for mix, seed, _ in REGRESSIONS])
def test_a_seed_that_once_failed_holds(mix: str, seed: int) -> None:
    play(seed, mix)


@pytest.mark.long
@pytest.mark.parametrize(("mix", "seed"), [(mix, seed) for mix, seed, _ in LONG_REGRESSIONS])
def test_a_seed_that_once_failed_and_takes_long_holds(mix: str, seed: int) -> None:
    play(seed, mix)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("mix", MIXES)
def test_everything_holds_and_the_seed_was_worth_it(mix: str, seed: int) -> None:
    counts = play(seed, mix).counts
    assert counts["session seconds"] >= HALF_A_DAY_S
    assert counts["strategy"] >= LEAST_EVENTS
    assert counts["crashes"] >= 1


def test_a_seed_is_a_run_whatever_the_hash_seed() -> None:
    ask = "from tests.simulation import play; print(play(4, 'default').trace, play(5, 'crash').trace)"
    told = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        run = [sys.executable, "-c", ask]
        told.add(subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(told) == 1, told
