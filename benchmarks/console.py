"""What the console costs the server with a long past: each page and each reading route, asked again and again."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from benchmarks import growth
from benchmarks.console_pages import Desk, LeapingClock
from benchmarks.figures import Figure, percentile
from desk.console.day_facts import day_facts
from desk.journal import Journal, views
from desk.texts.day_picture import markdown

_BASE = 1000
_TARGET_MS = 100
_API = "/api/v2"
_NOT_ASKED = ("/day.png", "/day.md", "/docs", "/openapi.json", "/books/changes")
Took = tuple[list[float], list[float]]  # milliseconds of each time, by the clock and of the processor


def measure(folder: Path, *, runs: int, count: int, times: int, say: Callable[[str], None]) -> list[Figure]:
    """Every page and route, `times` in a run, over a journal of `count` events.

    Nothing is held over from one request to the next.
    """
    place = folder / "console"
    clock = LeapingClock()
    base = min(_BASE, count)
    at = clock.now() - timedelta(minutes=10)
    growth.make_grown(place, base, count // base, at=at)
    say(f"a journal of {count:,} events made")
    with Journal.open(place, clock=clock) as journal, closing(Desk(journal, folder, clock)) as desk:
        gc.freeze()  # as a daemon does once it has started
        asked: dict[str, dict[str, Callable[[], object]]] = {
            "page": {path: _asking(desk, path) for path in desk.pages()},
            "route": {path: _asking(desk, path) for path in _routes(desk)},
        }
        asked["route"]["the day's text"] = lambda: markdown(day_facts(journal, desk.config, clock.now().date()))
        found: list[Figure] = []
        for what, asks in asked.items():
            found += _figures(f"console, {count:,} events: slowest {what}", asks, runs, times, say)
        picture = [_timed(_asking(desk, f"{_API}/day.png"), 3)[0] for _ in range(runs)]
    drawn = tuple(percentile(took, 0.5) for took in picture)
    return [*found, Figure(name="console, the day's picture", unit="ms", ours=drawn)]


def _figures(
    name: str, asks: dict[str, Callable[[], object]], runs: int, times: int, say: Callable[[str], None]
) -> list[Figure]:
    every: dict[str, list[float]] = {}
    slowest, worked = [], []
    for run in range(runs + 1):  # the first warms up
        took = {path: _timed(ask, times) for path, ask in asks.items()}
        if run:
            for path, (wall, _) in took.items():
                every.setdefault(path, []).append(percentile(wall, 0.5))
            slowest.append(max(max(wall) for wall, _ in took.values()))
            worked.append(max(max(cpu) for _, cpu in took.values()))
            say(f"{name}, run {run}: {slowest[-1]:.1f} ms, {worked[-1]:.1f} ms of the processor")
    paths = sorted(every.items(), key=lambda one: -max(one[1]))
    return [
        Figure(name=name, unit="ms", ours=tuple(slowest), at_most=_TARGET_MS),
        Figure(name="  the same in processor time", unit="ms", ours=tuple(worked), at_most=_TARGET_MS),
        *(Figure(name=f"  {path}, p50", unit="ms", ours=tuple(values)) for path, values in paths[:6]),
    ]


def _routes(desk: Desk) -> list[str]:
    """What programs read."""
    (order,) = views.orders(desk.journal, limit=1)
    (signal,) = views.signals(desk.journal, limit=1)
    rules = [rule for rule in desk.app.url_map.iter_rules() if rule.rule.startswith(_API) and "GET" in rule.methods]
    bare = [rule.rule for rule in rules if not rule.arguments and rule.rule.removeprefix(_API) not in _NOT_ASKED]
    return [
        *sorted(bare),
        f"{_API}/signals/{signal['id']}",
        f"{_API}/books/changes?strategy={order['strategy']}&symbol={order['symbol']}",
        "/metrics",
        "/api/v1/trading/orders?page=500&page_size=20",
        _deep(desk, f"{_API}/signals"),
    ]


def _deep(desk: Desk, path: str) -> str:
    """The eleventh page of a long list."""
    mark = ""
    for _ in range(10):
        following = desk.get(f"{path}?limit=100{mark}").get_json()["next"]
        if following is None:
            break
        mark = f"&mark={following}"
    return f"{path}?limit=100{mark}"


def _asking(desk: Desk, path: str) -> Callable[[], object]:
    return lambda: desk.get(path)


def _timed(work: Callable[[], object], times: int) -> Took:
    took, worked = [], []
    for _ in range(times):
        begun, busy = time.perf_counter(), time.thread_time()
        work()
        took.append((time.perf_counter() - begun) * 1e3)
        worked.append((time.thread_time() - busy) * 1e3)
    return took, worked
