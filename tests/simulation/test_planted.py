"""The checks checked: a run with a planted bug in it must end in a violation.

`python -m tests.simulation --planted all --seeds 0:2000` hunts all of them, as the long run does here.
"""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import main
from tests.simulation.mixes import MIXES
from tests.simulation.planted import PLANTED
from tests.simulation.run import look

SEEDS = range(5)  # without a bug they hold: test_swarm plays them


@pytest.mark.parametrize("name", ["re-send-on-time-out", "journal-after-submit", "remark-used-again"])
def test_a_planted_bug_is_caught_within_a_few_seeds(name: str) -> None:
    bug = PLANTED[name]
    with bug.plant():
        assert any(look(seed, bug.mix).violation for seed in SEEDS), bug.what


def test_every_planted_bug_says_what_it_does_and_where_it_shows() -> None:
    for name, bug in PLANTED.items():
        assert bug.what.endswith(".") and bug.mix in MIXES, name


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_every_planted_bug_is_caught() -> None:
    assert main(["--planted", "all", "--seeds", "0:2000"]) == 0
