"""What open tabs of the console cost the way of a signal: the same daemon idle and with tabs, turn by turn."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.console_browsers import PASSWORD, PEOPLE, TABS
from benchmarks.figures import Figure, percentile
from benchmarks.latency import pin_prices, settled, singly
from benchmarks.process import Child, free_port
from benchmarks.signals import Signals, write_home
from desk.access import FILE_NAME, AccessBook, Guard, Role
from desk.cli import processor
from desk.clock import SystemClock

_TARGET = 1.5  # times of what it takes when nobody looks
_IDLE, _TABS = "idle", f"{len(TABS)} tabs and a reload loop"
_ROWS = ("accept", "signal to broker, net", "signal to broker, with its two commits")

Values = dict[tuple[str, str], list[float]]  # (row, where): seconds


def measure(folder: Path, *, runs: int, count: int, say: Callable[[str], None]) -> list[Figure]:
    """`count` single signals a turn, idle and with tabs in turn; the floor gets every body in the pauses.

    What is figured is the percentile of all turns of a kind together: of a hundred signals p99 is the second-slowest.
    """
    processor.for_orders(
        pages_beside=False
    )  # of this thread, which sends: JoinQuant is not on this machine and waits for no page
    home, console = folder / "watched", free_port()
    write_home(home, free_port(), 控制台端口=console)
    _let_in(home)
    ours: Values = defaultdict(list)
    floors: dict[str, list[float]] = defaultdict(list)
    served: dict[str, list[float]] = defaultdict(list)
    signals, chance = Signals(), random.Random(1)
    with Child("watched", home) as desk, Child("floor", folder / "floor") as floor, Child("browsers", folder) as people:
        pin_prices(desk)
        for run in range(-1, runs):
            many = count if run >= 0 else max(2, count // 10)  # the first warms up
            for where in (_IDLE, _TABS):
                if where == _TABS and (streams := people.ask("open", console)) != len(TABS):
                    raise RuntimeError(f"{streams} of {len(TABS)} tabs listen: {people.ask('close')['wrong'][:3]}")
                taken, control = _turn(desk, floor, signals, chance, many)
                seen = people.ask("close") if where == _TABS else {}
                if seen.get("wrong"):
                    raise RuntimeError(f"a tab was served wrongly: {seen['wrong'][:3]}")
                if run < 0:
                    continue
                for row, values in taken.items():
                    ours[row, where] += values
                floors[where] += control
                for name in seen.keys() - {"wrong", "told"}:
                    served[name].append(seen[name])
                say(f"run {run + 1}, {where}: " + _told(taken, control, seen))
    return [*_figures(ours, floors), *_served(served)]


def _let_in(home: Path) -> None:
    (home / "data").mkdir(parents=True)
    book = AccessBook(home / "data" / FILE_NAME)
    guard = Guard(book, clock=SystemClock())
    for name in PEOPLE:
        guard.add_user(name, Role.ADMIN, PASSWORD)
    book.close()


def _turn(
    desk: Child, floor: Child, signals: Signals, chance: random.Random, count: int
) -> tuple[dict[str, list[float]], list[float]]:
    """Seconds of each row and of the floor's answers."""
    desk.ask("stamps")
    accepts, control = singly(desk, floor, signals, chance, count)
    stamps = settled(desk, count)
    gross = [place - read for read, place in zip(stamps["reads"], stamps["places"], strict=True)]
    own = [first + second for first, second in zip(*[iter(stamps["synced"])] * 2, strict=True)]
    net = [whole - commits for whole, commits in zip(gross, own, strict=True)]
    return dict(zip(_ROWS, (accepts, net, gross), strict=True)), control


def _figures(ours: Values, floors: dict[str, list[float]]) -> list[Figure]:
    figures = []
    for row in _ROWS:
        for share in (0.5, 0.99):
            here = {where: percentile(ours[row, where], share) * 1000 for where in (_IDLE, _TABS)}
            there = {where: percentile(floors[where], share) * 1000 for where in (_IDLE, _TABS)}
            for where in (_IDLE, _TABS):
                name = f"{row}, {where}, p{share * 100:.0f}"
                figures.append(Figure(name=name, unit="ms", ours=(here[where],), floor=(there[where],)))
            figures.append(
                Figure(
                    name=f"  with tabs against idle, p{share * 100:.0f}",
                    unit="x",
                    ours=(here[_TABS] / here[_IDLE],),
                    floor=(there[_TABS] / there[_IDLE],),
                    at_most=_TARGET if share > 0.9 else None,
                )
            )
    return figures


def _served(served: dict[str, list[float]]) -> list[Figure]:
    return [
        Figure(name="the tabs: pages fetched", unit="1/s", ours=tuple(served["fetched"])),
        Figure(name="  a page, p50", unit="ms", ours=tuple(one * 1000 for one in served["fetch_s"])),
        Figure(name="the reload loop: pages", unit="1/s", ours=tuple(served["reloaded"])),
        Figure(name="  a page, p50", unit="ms", ours=tuple(one * 1000 for one in served["reload_s"])),
    ]


def _told(taken: dict[str, list[float]], control: list[float], seen: dict[str, Any]) -> str:
    parts = [
        f"{row} {percentile(values, 0.5) * 1000:.1f} and {percentile(values, 0.99) * 1000:.1f} ms"
        for row, values in {**taken, "floor": control}.items()
    ]
    if seen:
        parts.append(f"{seen['fetched']:.1f} pages/s fetched, {seen['reloaded']:.1f} reloaded")
    return "; ".join(parts)
