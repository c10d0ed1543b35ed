"""A seed: a desk, its strategies, the troubles that the seed draws; then calm, and the judgement."""

from __future__ import annotations

import logging
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from base_func import BEIJING
from desk.broker.paper.faults import PlaceTrouble
from desk.core.config import AccountConfig, AccountShare
from tests.simulation.incidents import RATIOS, Incidents
from tests.simulation.judge import (
    assert_all_ended,
    assert_bought_within_what_was_ordered,
    assert_differences_are_told,
    judge,
)
from tests.simulation.mixes import MIXES, Mix, Swarm, draw, draw_snapshots
from tests.simulation.story import Violation
from tests.simulation.world import SimulatedDesk, with_secret
from tests.strategies import JoinQuant
from tests.world import NO_LIMITS, strategy

HALF_A_DAY_S = 2 * 3600.0
LEAST_EVENTS = 20
PAUSES = (0.5, 1.0, 3.0, 8.0, 8.0, 20.0, 60.0, 300.0, 900.0)


@dataclass(slots=True)
class Outcome:
    """How a seed went; `violation` is empty when everything held."""

    seed: int
    mix: str
    trace: str = ""
    faults: str = ""
    violation: str = ""
    story: str = ""
    counts: dict[str, int] = field(default_factory=dict)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is one: a run is about order, not about the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def play(seed: int, mix: str) -> Outcome:
    """Play one seed; raise Violation, with the readable story, when something did not hold."""
    outcome = look(seed, mix)
    if outcome.violation:
        raise Violation(f"mix {mix}, seed {seed}: {outcome.violation}\n{outcome.story}")
    return outcome


def look(seed: int, mix: str, *, story: bool = False) -> Outcome:
    """Play one seed and tell how it went; the story is told of a violation, or when it is asked for."""
    outcome = Outcome(seed, mix)
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # turns that fail on purpose would be logged with their traces
    try:
        with scratch() as folder:
            run = Run(seed, MIXES[mix], folder)
            try:
                run.play()
            except AssertionError as error:
                outcome.violation = str(error) or "an assertion"
            finally:
                run.world.close()
            outcome.faults = run.swarm.words()
            outcome.trace = run.world.story.trace()
            outcome.counts = run.counts()
            if story or outcome.violation:
                outcome.story = f"{outcome.faults}\n{run.world.story.text()}"
    finally:
        logging.disable(disabled)
    return outcome


class Run:
    def __init__(self, seed: int, mix: Mix, folder: Path) -> None:
        self.chance = random.Random(f"{mix.name} {seed}")
        self.swarm = draw(mix, self.chance)
        showing = random.Random(f"snapshots {mix.name} {seed}")
        draw_snapshots(self.swarm, showing)
        self.world = self._build(folder, seed)
        self.incidents = Incidents(self.world, self.swarm, self.chance, showing)
        self.players = [JoinQuant(self.world, self.chance, config.kid) for config in self.world.config.strategies]
        self.acts = 0
        self.ended: dict[str, tuple[str, str | None]] = {}
        self._let_faults_in(self.swarm, seed)
        for config in self.world.config.strategies:
            line = self.world.network.line(config.kid)
            line.memory, line.forgets = showing, self.swarm.forgets

    def _build(self, folder: Path, seed: int) -> SimulatedDesk:
        chance, swarm = self.chance, self.swarm
        names = ["主账户", "副账户"][: chance.choice([1, 1, 2])]
        strategies = []
        for n in range(chance.choice([1, 2])):
            where = tuple(AccountShare(account=a, ratio=Decimal(chance.choice(RATIOS))) for a in names)
            named = strategy(f"策略{n}", f"k{n}")
            if swarm.snapshots:
                named = replace(named, snapshot_policy=swarm.policies[n])
            strategies.append(with_secret(replace(named, accounts=where)))
        accounts = [
            AccountConfig(name=name, initial_cash=Decimal(100_000_000), limits=NO_LIMITS, always_open=swarm.always_open)
            for name in names
        ]
        return SimulatedDesk(
            folder,
            weather=random.Random(chance.random()),
            knife=random.Random(chance.random()),
            rate=0.0,
            holidays=swarm.holidays,
            start=swarm.start,
            strategies=strategies,
            accounts=accounts,
            settle_s=swarm.settle_s,
            seed=seed,
        )

    def _let_faults_in(self, swarm: Swarm, seed: int) -> None:
        for n, exchange in enumerate(self.world.exchanges.values()):
            faults = exchange.faults
            faults.seed = seed * 2 + n
            faults.rates.update(swarm.broker)
            faults.seconds[PlaceTrouble.LANDS_LATE] = (0.5, 50.0)
            faults.invisible_s, faults.cancel_delay_s = swarm.invisible_s, swarm.cancel_delay_s
        self.world.network.rates = dict(swarm.network)
        self.world.wecom = dict(swarm.wecom)
        self.world.rate = swarm.blows

    def counts(self) -> dict[str, int]:
        world = self.world
        return {
            **world.story.counts,
            "crashes": world.crashes,
            "blows": sum(world.blows.values()),
            "orders": len(world.witness.sent),
            "session seconds": round(world.session_s),
        }

    # --- the troubled time ---

    def play(self) -> None:
        world, chance = self.world, self.chance
        world.run(1.0)
        wanted = chance.randint(LEAST_EVENTS, LEAST_EVENTS + 4)
        while self.acts < wanted or world.session_s < HALF_A_DAY_S:
            self._into_the_session()
            self._act()
            self.incidents.happen()
            if world.witness.jumped_at == world.clock.monotonic():
                self._act()  # a signal just after a jump, when nothing may be sent
            pause = chance.choice(PAUSES)
            if self.acts >= wanted:
                pause = max(pause, 600.0)
            world.run(pause)
        if not world.crashes:
            world.kill()
        self._finish()

    def _act(self) -> None:
        self.acts += 1
        player = self.chance.choice(self.players)
        player.act()
        self.world.turn()
        self.incidents.show(player)

    def _into_the_session(self) -> None:
        """Strategies act while the market is open; now and then one acts at noon or in the evening all the same."""
        world = self.world
        if world.in_session() or self.chance.random() < 0.1:
            return
        true = world.clock.true()
        if world.days.is_trading_day(true.date()) and true.time() < time(15):
            opening = time(9, 30) if true.time() < time(9, 30) else time(13)
            world.run_to(datetime.combine(true.date(), opening, BEIJING))
            world.run(self.chance.choice([0.5, 5.0]))
            return
        self._over_night()

    def _over_night(self) -> None:
        """JoinQuant's finals, the close and the night; ends shortly before the next session."""
        world = self.world
        for player in self.players:
            player.end_day()
        world.run(30)
        day = world.clock.true().date()
        if world.days.is_trading_day(day):
            world.run_to(max(world.clock.true(), datetime.combine(day, time(18), BEIJING)))
        following = world.days.next_trading_day(day)
        world.run_to(datetime.combine(following, time(9, 29, 30), BEIJING))
        world.run(60)

    # --- calm ---

    def _finish(self) -> None:
        world = self.world
        self.incidents.end()
        world.run(150)
        self.incidents.restore()
        for player in self.players:
            player.end_day()
        world.run(90)
        assert not any(line.spool for line in world.network.lines.values()), "liveness: the spool does not empty"
        self.incidents.show_all(self.players)
        for _ in range(2):
            self._close()
            self._open()
        self._close()
        world.turn()
        self._tell_the_rest()
        judge(world, self.players, holdings=self._all_was_heard())
        if self.swarm.snapshots:
            assert_differences_are_told(world, self.players)
            if not self.swarm.config:
                assert_bought_within_what_was_ordered(world, self.players)

    def _close(self) -> None:
        """Past the close, and past the time within which a broken line may come back."""
        world = self.world
        true = world.clock.true()
        close = datetime.combine(true.date(), time(15), BEIJING)
        if self.swarm.always_open:
            close = datetime.combine(true.date() + timedelta(days=1), time(0), BEIJING)
            world.run_to(close + timedelta(seconds=90))
        elif world.days.is_trading_day(true.date()) and true.time() < time(18):
            world.run_to(datetime.combine(true.date(), time(18), BEIJING))
        assert_all_ended(world, self.ended, close)

    def _open(self) -> None:
        world = self.world
        if not self.swarm.always_open:
            following = world.days.next_trading_day(world.clock.true().date())
            world.run_to(datetime.combine(following, time(9, 29, 30), BEIJING))
        self.incidents.restore()
        world.run(180)

    def _tell_the_rest(self) -> None:
        """Give the messenger the minutes it needs for a backlog."""
        for _ in range(200):
            if not self.world.journal.outbox_pending():
                return
            self.world.clock.turn(30.0)
            self.world.tell()

    def _all_was_heard(self) -> bool:
        lines = self.world.network.lines.values()
        return not self.incidents.wall_erred and not any(line.overtaken or line.dropped for line in lines)
