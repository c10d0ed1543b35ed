"""Which troubles a seed has, and how often: a random subset of all, drawn by the seed, with the mix's favourites."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime

from base_func import BEIJING
from desk.broker.paper.faults import CancelTrouble, PlaceTrouble, ReportTrouble, SnapshotTrouble, Trouble
from desk.core.values import SnapshotPolicy

FAMILIES = ("broker", "line", "foreign", "scenes", "network", "clock", "crash", "wecom", "config", "persons")
NETWORK = ("lost", "unanswered", "delayed", "twice", "replayed", "forged")
WECOM = ("unanswered", "lost answer", "5xx", "45009", "-1", "40058")
TROUBLES: list[Trouble] = [*PlaceTrouble, *CancelTrouble, *ReportTrouble, *SnapshotTrouble]
FIGURES = (
    *("invisible_s", "cancel_delay_s", "breaks", "foreign", "scenes", "outages", "clock"),
    *("blows", "kills", "config", "persons", "snapshots", "forgets"),
)
HOLIDAY = date(2026, 11, 19)


@dataclass(frozen=True, slots=True)
class Mix:
    name: str
    likely: dict[str, float]  # how likely a family of troubles is switched on
    harsh: frozenset[str] = frozenset()  # those that come at high rates
    starts: tuple[datetime, ...] = ()
    round_the_clock: float = 0.0  # how likely the accounts never close
    other: float = 0.15  # how likely every other family is


def at(day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BEIJING)


DAY = (at(18, 9, 31), at(18, 9, 24), at(18, 10, 0), at(18, 12, 50), at(18, 13, 40), at(20, 9, 31))
MIXES = {
    mix.name: mix
    for mix in (
        Mix("default", dict.fromkeys(FAMILIES, 0.4) | {"crash": 0.7}, starts=DAY),
        Mix(
            "broker",
            {"broker": 1.0, "line": 0.5, "foreign": 0.5, "scenes": 0.5},
            harsh=frozenset({"broker", "line"}),
            starts=DAY,
        ),
        Mix("network", {"network": 1.0, "crash": 0.4}, harsh=frozenset({"network"}), starts=DAY),
        Mix(
            "clock",
            {"clock": 1.0, "broker": 0.4},
            harsh=frozenset({"clock"}),
            starts=(*DAY, at(18, 14, 30), at(20, 14, 40), at(17, 14, 45)),
            round_the_clock=0.25,
        ),
        Mix(
            "crash",
            {"crash": 1.0, "broker": 0.5, "network": 0.3},
            harsh=frozenset({"crash"}),
            starts=(*DAY, at(18, 9, 5), at(18, 14, 20), at(20, 14, 30)),
        ),
    )
}


@dataclass(slots=True)
class Swarm:
    """What one seed has; rates are probabilities a call, an act or a commit."""

    on: tuple[str, ...]
    start: datetime
    settle_s: float
    always_open: bool
    holidays: frozenset[date]
    broker: dict[Trouble, float] = field(default_factory=dict)
    invisible_s: float = 0.0
    cancel_delay_s: float = 0.0
    breaks: float = 0.0  # the line to the broker breaks
    foreign: float = 0.0
    scenes: float = 0.0
    network: dict[str, float] = field(default_factory=dict)
    outages: float = 0.0  # of the network or of the journal
    clock: float = 0.0
    blows: float = 0.0  # a commit
    kills: float = 0.0  # an act
    wecom: dict[str, float] = field(default_factory=dict)
    config: float = 0.0
    persons: float = 0.0
    snapshots: float = 0.0  # an act is followed by the strategy's snapshot
    forgets: float = 0.0  # a body is lost for good, and only a snapshot can tell
    policies: tuple[SnapshotPolicy, ...] = ()  # by strategy; without one, the alarm

    def words(self) -> str:
        figures = {str(trouble): rate for trouble, rate in self.broker.items()} | self.network | self.wecom
        rest = {name: getattr(self, name) for name in FIGURES}
        shown = {name: value for name, value in (figures | rest).items() if value}
        return (
            f"start {self.start:%m-%d %H:%M}, settle {self.settle_s:g} s"
            + (", never closes" if self.always_open else "")
            + (", a holiday" if self.holidays else "")
            + (f", snapshots by {' '.join(self.policies)}" if self.snapshots else "")
            + f", {', '.join(self.on) or 'nothing'} on: "
            + ", ".join(f"{name} {value:g}" for name, value in shown.items())
        )


def draw(mix: Mix, chance: random.Random) -> Swarm:
    on = tuple(f for f in FAMILIES if chance.random() < mix.likely.get(f, mix.other))
    always_open = chance.random() < mix.round_the_clock
    # An exchange that runs by a clock which stands still or jumps back cannot keep MiniQMT's promise of a settle time.
    settle_s = 0.0 if "clock" in on or always_open else chance.choice([0.0, 60.0])
    swarm = Swarm(
        on=on,
        start=at(20, 23, 56) if always_open and chance.random() < 0.5 else chance.choice(mix.starts),
        settle_s=settle_s,
        always_open=always_open,
        holidays=frozenset({HOLIDAY}) if chance.random() < 0.1 else frozenset(),
    )
    for family in on:
        _DRAWERS[family](swarm, chance, family in mix.harsh)
    return swarm


def draw_snapshots(swarm: Swarm, chance: random.Random) -> None:
    """Whether strategies show what they hold, and what is made of it; `chance` is its own, and moves nothing else."""
    if chance.random() >= 0.4:
        return
    swarm.snapshots = chance.choice([0.05, 0.2])
    policies = [SnapshotPolicy.ALARM, SnapshotPolicy.ALARM, SnapshotPolicy.HEAL, SnapshotPolicy.PROPOSE]
    swarm.forgets = chance.choice([0.0, 0.05, 0.15])
    swarm.policies = (chance.choice(policies), chance.choice(policies))


def _rates(names: list, chance: random.Random, harsh: bool) -> dict:
    """A subset with rates; harsh ones are more and come more often."""
    usual = [0.05, 0.15, 0.4] if harsh else [0.02, 0.1, 0.3]
    return {name: chance.choice(usual) for name in names if chance.random() < (0.5 if harsh else 0.3)}


def _broker(swarm: Swarm, chance: random.Random, harsh: bool) -> None:
    swarm.broker = _rates(TROUBLES, chance, harsh)
    swarm.invisible_s = chance.choice([0.0, 2.0, 10.0])
    swarm.cancel_delay_s = chance.choice([0.0, 0.0, 4.0, 16.0])
    if swarm.settle_s == 0:
        # A channel that promises a settle time of 0 commits before it answers and never lies about it.
        swarm.broker.pop(PlaceTrouble.LANDS_LATE, None)
        swarm.broker.pop(SnapshotTrouble.EMPTY, None)
        swarm.invisible_s = 0.0


def _line(swarm: Swarm, chance: random.Random, harsh: bool) -> None:
    swarm.breaks = chance.choice([0.05, 0.2] if harsh else [0.03, 0.1])


def _foreign(swarm: Swarm, chance: random.Random, harsh: bool) -> None:
    swarm.foreign = chance.choice([0.05, 0.2])


def _scenes(swarm: Swarm, chance: random.Random, harsh: bool) -> None:
    swarm.scenes = chance.choice([0.05, 0.2])


def _network(swarm: Swarm, chance: random.Random, harsh: bool) -> None:
    swarm.network = _rates(list(NETWORK), chance, harsh)
    swarm.outages = chance.choice([0.0, 0.05, 0.1])


def _clock(swarm: Swarm, chance: random.Random, harsh: bool) -> None:
    swarm.clock = chance.choice([0.1, 0.2] if harsh else [0.05])


def _crash(swarm: Swarm, chance: random.Random, harsh: bool) -> None:
    swarm.blows = chance.choice([0.02, 0.05, 0.15] if harsh else [0.0, 0.01, 0.05])
    swarm.kills = chance.choice([0.05, 0.15, 0.3] if harsh else [0.05, 0.1])


def _wecom(swarm: Swarm, chance: random.Random, harsh: bool) -> None:
    swarm.wecom = _rates(list(WECOM), chance, harsh)


def _config(swarm: Swarm, chance: random.Random, harsh: bool) -> None:
    swarm.config = chance.choice([0.05, 0.15])


def _persons(swarm: Swarm, chance: random.Random, harsh: bool) -> None:
    swarm.persons = chance.choice([0.03, 0.1])


_DRAWERS = {
    "broker": _broker,
    "line": _line,
    "foreign": _foreign,
    "scenes": _scenes,
    "network": _network,
    "clock": _clock,
    "crash": _crash,
    "wecom": _wecom,
    "config": _config,
    "persons": _persons,
}
