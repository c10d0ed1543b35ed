"""What a page of the console costs the server with a long past: each reading route, asked again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from flask import Flask

from benchmarks import growth
from benchmarks.figures import Figure, percentile
from desk.cli import facts
from desk.cli.asking import Answer
from desk.cli.home import Home
from desk.clock import SystemClock
from desk.console.api.acting import Acting
from desk.console.api.operations import Operation, table
from desk.console.api.reading import Reading
from desk.console.api.routes import make_api
from desk.console.app import make_app
from desk.console.compat.counter import Counter
from desk.console.compat.mini_qmt import make_mini_qmt
from desk.console.day_facts import day_facts
from desk.console.metrics import Metrics, make_health
from desk.core.config import AccountConfig, Config
from desk.journal import Journal, views
from desk.texts.day_picture import markdown

_BASE = 1000
_TIMES = 20  # each route in a run
_TARGET_MS = 100


def measure(folder: Path, *, runs: int, count: int, say: Callable[[str], None]) -> list[Figure]:
    """Every route with a journal of `count` events: the median of a route, and the slowest request of all."""
    place = folder / "console"
    clock = SystemClock()
    base = min(_BASE, count)
    at = clock.now() - timedelta(minutes=10)
    growth.make_grown(place, base, count // base, at=at)
    say(f"a journal of {count:,} events made")
    with Journal.open(place, clock=clock) as journal:
        app, paths = _app(journal, folder)
        every: dict[str, list[float]] = {}
        slowest, worked = [], []
        for run in range(runs + 1):  # the first warms up
            asked = {path: _timed(_asking(app, path)) for path in paths}
            asked["the day's text"] = _timed(
                lambda: markdown(day_facts(journal, Config(home=folder), clock.now().date()))
            )
            if run:
                for path, (wall, _) in asked.items():
                    every.setdefault(path, []).append(percentile(wall, 0.5))
                slowest.append(max(max(wall) for wall, _ in asked.values()))
                worked.append(max(max(cpu) for _, cpu in asked.values()))
                say(f"run {run}: slowest {slowest[-1]:.1f} ms, {worked[-1]:.1f} ms of the processor")
    routes = sorted(every.items(), key=lambda one: -max(one[1]))
    return [
        Figure(name=f"console, {count:,} events: slowest request", unit="ms", ours=tuple(slowest), at_most=_TARGET_MS),
        Figure(name="  the same in processor time", unit="ms", ours=tuple(worked), at_most=_TARGET_MS),
        *(Figure(name=f"  {path}, p50", unit="ms", ours=tuple(values)) for path, values in routes[:6]),
    ]


def _app(journal: Journal, folder: Path) -> tuple[Flask, list[str]]:
    config = Config(home=folder, accounts=(AccountConfig(name=growth.ACCOUNT),))
    reading = Reading(
        journal=journal, config=lambda: config, status_view=lambda: facts.status(journal, config, Home(folder))
    )
    acting = Acting(
        journal=journal,
        ask=lambda *_: Answer(ok=True, text="", running=True),
        trading=lambda: True,
        note=lambda *_: None,
    )
    operations = table(reading, acting)

    def let_in(_: str) -> str:
        return "benchmark"

    older = make_mini_qmt(Counter(journal=journal, status_view=reading.status_view, acting=acting), let_in)
    health = make_health(Metrics(journal, None, lambda: True), let_in)
    app = make_app(make_api(operations, let_in, {}), older, health)
    paths = [_path(one, journal) for one in operations if one.method == "GET" and one.path != "/orders/manual/{key}"]
    deep = _deep(app, "/api/v2/signals")
    return app, [*paths, "/metrics", "/api/v1/trading/orders?page=500&page_size=20", deep]


def _path(one: Operation, journal: Journal) -> str:
    path = f"/api/v2{one.path}"
    if one.path == "/books/changes":
        (order,) = views.orders(journal, limit=1)
        return f"{path}?strategy={order['strategy']}&symbol={order['symbol']}"
    if one.path == "/signals/{signal}":
        return path.replace("{signal}", views.signals(journal, limit=1)[0]["id"])
    return path


def _deep(app: Flask, path: str) -> str:
    """The eleventh page of a long list."""
    client, mark = app.test_client(), ""
    for _ in range(10):
        following = client.get(f"{path}?limit=100{mark}").get_json()["next"]
        if following is None:
            break
        mark = f"&mark={following}"
    return f"{path}?limit=100{mark}"


def _asking(app: Flask, path: str) -> Callable[[], None]:
    client = app.test_client()

    def ask() -> None:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.text)

    return ask


def _text_of_the_day(journal: Journal, folder: Path) -> str:
    return markdown(day_facts(journal, Config(home=folder), journal.clock.now().date()))


def _timed(work: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Milliseconds of each time, by the clock and of the processor."""
    took, worked = [], []
    for _ in range(_TIMES):
        begun, busy = time.perf_counter(), time.thread_time()
        work()
        took.append((time.perf_counter() - begun) * 1e3)
        worked.append((time.thread_time() - busy) * 1e3)
    return took, worked
