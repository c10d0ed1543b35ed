"""The seeded swarm: the real receiver, trader, journal and messenger against everything that can fail them.

Simulated are only the clock, the broker (the embedded paper exchange with its faults) and the way from the strategy.
A seed draws which troubles there are and how often (`mixes`), plays at least half a trading day with them, lets them
end, and judges: `witness` at every moment at the exchange, `judge` at each close and at the end.

    play(seed: int, mix: str) -> Outcome      raises Violation (an AssertionError) whose text tells the whole story

    python -m tests.simulation --seeds 0:1000 --mix default --jobs 2 [--json FILE]
    python -m tests.simulation --mix broker --story 17
    python -m tests.simulation --planted NAME|all --seeds 0:2000
"""

from tests.simulation.run import Outcome, play
from tests.simulation.story import Violation

__all__ = ["Outcome", "Violation", "play"]
