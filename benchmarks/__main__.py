"""Measure and print one table: `python -m benchmarks [NAME …] [--runs 5] [--quick]`.

NAME is accepts, uploads, latency, native, burst, link, books, decide, reconcile, growth, standing, replay, console or
tabs; native is left out where xtquant is not installed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    accepts,
    baseline,
    console,
    console_tabs,
    engine,
    figures,
    growth,
    latency,
    link,
    replay,
    standing,
    uploads,
)
from desk.clock import SystemClock

RESULTS = Path(__file__).with_name("results")
Measure = Callable[[Path], list[figures.Figure]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="accepts, latency, native …; all if none")
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured; the median counts")
    parser.add_argument("--quick", action="store_true", help="tiny counts: shows that it works, measures nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where every run's value goes")
    parser.add_argument("--keep-baseline", action="store_true", help="make what is measured the stored baseline")
    options = parser.parse_args()
    if options.quick and options.keep_baseline:
        parser.error("--quick measures nothing that could be kept")
    quick, runs = options.quick, 1 if options.quick else max(1, options.runs)

    def say(text: str) -> None:
        print(f"  {text}", file=sys.stderr, flush=True)

    crowd = {"strategies": 3, "stocks": 4} if quick else {"strategies": 50, "stocks": 200}
    sizes = {"base": 50, "decades": 1} if quick else {"base": 1000, "decades": 3}
    looks = {"count": 400, "times": 1} if quick else {"count": 100_000, "times": 20}
    lists = {"count": 12, "positions": 5} if quick else {"count": 400, "positions": 300}
    measures: dict[str, Measure] = {
        "accepts": lambda at: accepts.measure(at, runs=runs, count=40 if quick else 3000, say=say),
        "uploads": lambda at: uploads.measure(at, runs=runs, **lists, say=say),
        "latency": lambda at: latency.measure(at, runs=runs, count=2 if quick else 100, say=say),
        "native": lambda at: latency.native(at, runs=runs, count=2 if quick else 100, say=say),
        "burst": lambda at: latency.burst(at, runs=runs, count=10 if quick else latency.BURST, say=say),
        "link": lambda at: link.measure(at, runs=runs, count=1 if quick else 5, say=say),
        "books": lambda at: engine.books(at, runs=runs, **crowd, say=say),
        "decide": lambda at: engine.decide(at, runs=runs, count=40 if quick else 2000, say=say),
        "reconcile": lambda at: engine.reconcile(at, runs=runs, orders=20 if quick else 5000, say=say),
        "growth": lambda at: growth.measure(at, runs=runs, **sizes, say=say),
        "standing": lambda at: standing.measure(at, runs=runs, count=200 if quick else standing.EVENTS, say=say),
        "console": lambda at: console.measure(at, runs=runs, **looks, say=say),
        "tabs": lambda at: console_tabs.measure(at, runs=runs, count=2 if quick else 100, say=say),
        "replay": lambda at: replay.measure(at, runs=runs, count=40 if quick else 10_000, say=say),
    }
    names = options.names or list(measures)
    if unknown := set(names) - measures.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    found: list[figures.Figure] = []
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="gendan-benchmark-") as folder:
            found += measures[name](Path(folder))
    compared = [""] * len(found) if quick else baseline.compare(found)
    print(figures.table(found, compared))
    now = SystemClock().now()
    facts = {
        "at": now.isoformat(timespec="seconds"),
        "quick": quick,
        "runs": runs,
        "python": platform.python_version(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "sqlite": sqlite3.sqlite_version,
    }
    if options.keep_baseline:
        baseline.keep(found, facts)
    figures.save(found, facts, options.json or RESULTS / f"{now:%Y%m%d-%H%M%S}.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
