"""From the last byte read at the socket to the entry of broker.place, in a whole daemon: alone, and as a burst."""

from __future__ import annotations

import importlib.util
import random
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure, percentile
from benchmarks.load import request, volley
from benchmarks.process import Child, free_port
from benchmarks.signals import Signals, symbol, write_home

RESTING = 50
BURST = 200
_STOCKS = 40  # that the single signals take in turn
_COMMITS = 40  # measured before and after each run


def measure(folder: Path, *, runs: int, count: int, say: Callable[[str], None]) -> list[Figure]:
    """`count` single signals a run, idle and beside resting orders; net of the two commits that lie on the way.

    The floor gets a body in every pause: how long it takes for its answer shows how quiet the machine was.
    """
    figures = []
    for resting, most in ((0, 10), (RESTING, 20)):
        place = f"{resting} orders resting" if resting else "idle"
        figures += _series(folder, "desk", resting, f"signal to broker, {place}", most, runs=runs, count=count, say=say)
    return figures


def native(folder: Path, *, runs: int, count: int, say: Callable[[str], None]) -> list[Figure]:
    """The same to the native call of the genuine xtquant: orderStockWithSeq, over a simulated terminal."""
    if importlib.util.find_spec("xtquant") is None:
        say("xtquant is not installed here: left out")
        return []
    name = f"signal to native call, {RESTING} orders resting"
    return _series(folder, "native", RESTING, name, 15, runs=runs, count=count, say=say)


def _series(
    folder: Path, role: str, resting: int, name: str, most: float, *, runs: int, count: int, say: Callable[[str], None]
) -> list[Figure]:
    """Measure single signals at a daemon of that role beside so many resting orders; `most`: ms, of the p99 net."""
    net: list[list[float]] = []
    gross: list[list[float]] = []
    answered: list[list[float]] = []
    commits: list[float] = []
    with _desk(folder / f"{role}-{resting}", role) as desk, Child("floor", folder / f"floor-{role}-{resting}") as floor:
        signals = Signals()
        if resting:
            _rest(desk, signals, resting)
        pin_prices(desk)
        chance = random.Random(1)
        for run in range(-1, runs):
            desk.ask("stamps")
            before = desk.ask("commit", _COMMITS)
            sent = count // 10 if run < 0 else count
            _, control = singly(desk, floor, signals, chance, sent)
            stamps = settled(desk, sent)
            if run < 0:
                continue
            taken = [place - read for read, place in zip(stamps["reads"], stamps["places"], strict=True)]
            own = [first + second for first, second in zip(*[iter(stamps["synced"])] * 2, strict=True)]
            gross.append(taken)
            answered.append(control)
            net.append([all_ - commit for all_, commit in zip(taken, own, strict=True)])
            commits.append((before + desk.ask("commit", _COMMITS)) / 2)
            say(
                f"{name}, run {run + 1}: net p50 {percentile(net[-1], 0.5) * 1000:.1f} ms, "
                f"p99 {percentile(net[-1], 0.99) * 1000:.1f} ms; a signal's two commits "
                f"p50 {percentile(own, 0.5) * 1000:.1f} ms, p99 {percentile(own, 0.99) * 1000:.1f} ms"
            )
        if (left := desk.ask("live")) != resting:
            raise RuntimeError(f"{left} orders are live instead of {resting}")
    figures = []
    for share in (0.5, 0.99):
        values = tuple(percentile(taken, share) * 1000 for taken in net)
        title = f"{name}, p{share * 100:.0f} net"
        figures.append(Figure(name=title, unit="ms", ours=values, at_most=most if share > 0.9 else None))
    for share in (0.5, 0.99):
        values = tuple(percentile(taken, share) * 1000 for taken in gross)
        control_values = tuple(percentile(taken, share) * 1000 for taken in answered)
        title = f"  p{share * 100:.0f} with its two commits (floor: its answer)"
        figures.append(Figure(name=title, unit="ms", ours=values, floor=control_values))
    beside = tuple(commit * 1000 for commit in commits)
    figures.append(Figure(name="  a commit of one row, beside", unit="ms", ours=beside))
    return figures


def singly(
    desk: Child, floor: Child, signals: Signals, chance: random.Random, count: int
) -> tuple[list[float], list[float]]:
    """Send so many signals one by one, each body to the floor as well; seconds until each was acknowledged, by both."""
    here, there = [], []
    for number in range(count):
        post = [request(signals.bought(number % _STOCKS))]
        here += volley(desk.port, post, clients=1, keep=True).latencies
        # Its fill comes with the exchange's next tick; the pause varies against the loop's own rhythm.
        time.sleep(chance.uniform(0.2, 0.3))
        there += volley(floor.port, post, clients=1, keep=True).latencies
        time.sleep(chance.uniform(0.1, 0.2))
    return here, there


def pin_prices(desk: Child) -> None:
    """Let every stock of the single signals have a market."""
    desk.ask("scene", *(word for n in range(_STOCKS) for word in (symbol(n), "10.00")))


def burst(folder: Path, *, runs: int, count: int = BURST, say: Callable[[str], None]) -> list[Figure]:
    """That many signals for different stocks, all within one second."""
    sending: list[float] = []
    behind: list[float] = []
    for run in range(runs):
        with _desk(folder / f"burst-{run}") as desk:
            signals = Signals()
            volley(desk.port, [request(signals.bought(count))], clients=1, keep=True)  # the desk is awake
            settled(desk, 1)
            load = volley(desk.port, [request(signals.bought(number)) for number in range(count)], clients=8, keep=True)
            places = settled(desk, count)["places"]
        sending.append(load.seconds)
        behind.append(max(places) - load.finished_at)
        say(f"burst {run + 1}: {count} acknowledged in {load.seconds:.2f} s, at the broker {behind[-1]:.2f} s later")
    return [
        Figure(name=f"burst of {count}: all acknowledged after", unit="s", ours=tuple(sending), at_most=1),
        Figure(name="  all at the broker after the last ack", unit="s", ours=tuple(behind), at_most=2),
    ]


def _desk(folder: Path, role: str = "desk") -> Child:
    write_home(folder, free_port())
    return Child(role, folder)


def _rest(desk: Child, signals: Signals, count: int) -> None:
    """Bring orders to the exchange that nobody there meets."""
    numbers = range(100, 100 + count)
    desk.ask("scene", *(word for n in numbers for word in (symbol(n), "10.00")))
    volley(desk.port, [request(signals.rests(n, 9.5)) for n in numbers], clients=8, keep=True)
    settled(desk, count)


def settled(desk: Child, count: int) -> dict[str, list[float]]:
    """The stamps, when that many first orders have come to the broker."""
    stamps: dict[str, list[float]] = {"reads": [], "places": [], "synced": []}
    until = time.monotonic() + 20
    while True:
        for name, more in desk.ask("stamps").items():
            stamps[name] += more
        if len(stamps["places"]) >= count:
            return stamps
        if time.monotonic() > until:
            raise RuntimeError(f"{len(stamps['places'])} of {count} orders came to the broker")
        time.sleep(0.05)
