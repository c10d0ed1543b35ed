"""The properties of FOLLOWING §5 over generated days: a strategy by chance, an exchange with seeded faults, kills.

`GENDAN_LONG=1` runs thousands of days instead of a few; a seed that fails is added to REGRESSIONS.
"""

from __future__ import annotations

import os
import random
import tempfile
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from base_func import BEIJING
from desk.broker.paper.faults import CancelTrouble, PlaceTrouble, ReportTrouble, SnapshotTrouble
from desk.core.config import AccountConfig
from tests import checks
from tests.strategies import JoinQuant, pin_prices
from tests.world import NO_LIMITS, World, strategy

LONG = bool(os.environ.get("GENDAN_LONG"))
FEW = 2000 if LONG else 25
PROFILE = settings(
    max_examples=FEW,
    deadline=None,
    derandomize=not LONG,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SEEDS = st.integers(0, 2**31)
START = datetime(2026, 11, 18, 9, 31, tzinfo=BEIJING)  # a Wednesday
REGRESSIONS: list[int] = []
TROUBLES = [*PlaceTrouble, *CancelTrouble, *ReportTrouble, *SnapshotTrouble]


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder in memory where there is one: the property is about order, not about the disk."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)


def build(path: Path, chance: random.Random, *, settle_s: float, ratios: tuple[str, ...]) -> World:
    strategies = [strategy(f"策略{n}", f"k{n}", ratio) for n, ratio in enumerate(ratios)]
    account = AccountConfig(name="主账户", initial_cash=Decimal(100_000_000), limits=NO_LIMITS)
    world = World(
        path, start=START, strategies=strategies, accounts=[account], settle_s=settle_s, seed=chance.randrange(1000)
    )
    pin_prices(world)
    return world


def play_day(world: World, players: list[JoinQuant], chance: random.Random, steps: int, *, kills: bool) -> None:
    for _ in range(steps):
        chance.choice(players).act()
        if kills and chance.random() < 0.15:
            world.kill()
        world.pass_time(chance.choice([0.5, 1, 3, 8]), step=chance.choice([0.5, 1]))
        checks.assert_never_more_than_meant(world)
        checks.assert_one_side_live(world)


def finish(world: World, players: list[JoinQuant]) -> None:
    """Let the faults end, the day close, and two sessions pass in which debts are worked."""
    world.exchange.faults.rates.clear()
    world.exchange.faults.invisible_s = 0.0
    world.exchange.faults.cancel_delay_s = 0.0
    world.pass_time(150, step=5)
    for player in players:
        player.end_day()
    world.pass_time(60, step=5)
    day = world.clock.now().replace(hour=15, minute=1, second=0, microsecond=0)
    world.go_to(day, step=3600)
    for _ in range(2):
        world.go_to(world.clock.now() + timedelta(hours=18, minutes=28, seconds=30), step=3600)
        world.pass_time(150, step=5)
        checks.assert_never_more_than_meant(world)
        world.go_to(world.clock.now().replace(hour=15, minute=1, second=0), step=3600)
    world.settle()


def run_with_faults(seed: int) -> None:
    chance = random.Random(seed)
    with scratch() as folder:
        settle = chance.choice([0.0, 60.0])
        ratios = tuple(chance.choice(["0.1", "0.3", "0.5", "1", "1.7"]) for _ in range(chance.choice([1, 2])))
        world = build(Path(folder), chance, settle_s=settle, ratios=ratios)
        faults = world.exchange.faults
        faults.seed = seed
        for trouble in TROUBLES:
            if chance.random() < 0.3:
                faults.rates[trouble] = chance.choice([0.02, 0.1, 0.3])
        faults.rates.pop(SnapshotTrouble.EMPTY, None)
        if settle == 0:
            # A channel that promises a settle time of 0 keeps that promise.
            faults.rates.pop(PlaceTrouble.LANDS_LATE, None)
            faults.invisible_s = 0.0
        else:
            faults.seconds[PlaceTrouble.LANDS_LATE] = (0.5, 50.0)
            faults.invisible_s = chance.choice([0.0, 0.0, 3.0, 10.0])
        faults.cancel_delay_s = chance.choice([0.0, 0.0, 4.0, 16.0])
        players = [JoinQuant(world, chance, f"k{n}") for n in range(len(ratios))]
        play_day(world, players, chance, steps=chance.randint(6, 16), kills=chance.random() < 0.5)
        finish(world, players)
        checks.assert_quiet(world)
        checks.assert_books_agree(world)
        checks.assert_within_a_lot(world)
        checks.assert_history_explains_books(world)
        world.close()


@pytest.mark.parametrize("seed", REGRESSIONS)
def test_a_seed_that_once_failed_holds(seed: int) -> None:
    run_with_faults(seed)


@PROFILE
@given(SEEDS)
def test_never_more_than_meant_and_books_that_agree_under_faults_and_kills(seed: int) -> None:
    run_with_faults(seed)


def play_calmly(seed: int, *, killed: bool) -> dict[tuple[str, str, str], tuple[int, Decimal]]:
    """One day without faults; `killed`: the desk is thrown away at random moments and started anew."""
    chance = random.Random(seed)
    knife = random.Random(seed + 1)
    with scratch() as folder:
        world = build(Path(folder), chance, settle_s=0.0, ratios=("0.3", "1"))
        players = [JoinQuant(world, chance, "k0"), JoinQuant(world, chance, "k1")]
        for _ in range(12):
            chance.choice(players).act()
            if killed and knife.random() < 0.5:
                world.kill()
            world.pass_time(12, step=1)
        finish(world, players)
        checks.assert_quiet(world)
        checks.assert_books_agree(world)
        checks.assert_within_a_lot(world)
        books = {k: (b.own, b.entitled) for k, b in world.trader.ledger.books.items() if b.own or b.entitled}
        world.close()
        return books


@settings(PROFILE, max_examples=max(3, FEW // 10))
@given(SEEDS)
def test_a_run_that_is_killed_ends_in_the_same_positions(seed: int) -> None:
    assert play_calmly(seed, killed=True) == play_calmly(seed, killed=False)
