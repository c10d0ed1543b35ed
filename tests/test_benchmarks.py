"""The benchmarks run and print every row; what they measure is not judged here."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import baseline
from benchmarks.figures import Figure
from tests.reading import ROOT

ROWS = (
    "accepts, 1 client, kept connections",
    "accepts, 8 clients, kept connections",
    "accepts, 32 clients, kept connections",
    "accepts, 64 clients, kept connections",
    "accepts, 8 clients, new connections",
    "uploads of 5 positions, 4 clients, API key",
    "uploads of 5 positions, 4 clients, token",
    "signal to broker, idle, p50 net",
    "signal to broker, idle, p99 net",
    "signal to broker, 50 orders resting, p99 net",
    "burst of 10: all acknowledged after",
    "all at the broker after the last ack",
    "order at 10 kbit/s, market: request",
    "order at 10 kbit/s, limit: request",
    "books, 3 x 4: a turn, nothing new",
    "the ledger made from the journal",
    "decide, ordered and filled",
    "decide, nothing to order",
    "reconcile, 20 orders: all filled unheard",
    "journal, 500 events: accept and decide one",
    "an event at 500 against 50",
    "slope, each ten times as many",
    "start with 500 old events: the port",
    "memory after deciding 200 events",
    "start with 200 old events",
    "replay, 40 transactions",
    "console, 400 events: slowest page",
    "console, 400 events: slowest route",
    "accept, 12 tabs and a reload loop, p99",
    "signal to broker, net, 12 tabs and a reload loop, p99",
    "with tabs against idle, p99",
    *(("signal to native call, 50 orders resting, p99 net",) if importlib.util.find_spec("xtquant") else ()),
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=200
    )


@pytest.mark.long  # .ci/run starts it by itself
def test_the_quick_run_prints_every_row_and_keeps_every_value(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    done = run("--quick", "--json", str(file))
    assert done.returncode == 0, done.stderr
    named = [line.split("|")[1].strip() for line in done.stdout.splitlines()[2:]]
    assert [row for row in ROWS if row not in named] == []
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert [figure["name"].strip() for figure in kept["figures"]] == named
    assert all(len(figure["ours"]) == 1 for figure in kept["figures"])


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    done = run("nothing")
    assert done.returncode == 2
    assert "nothing" in done.stderr


def test_a_baseline_is_compared_by_the_floor_where_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    rate = Figure(name="accepts", unit="1/s", ours=(800.0,), floor=(1000.0,))
    delay = Figure(name="  p50", unit="ms", ours=(4.0,))
    baseline.keep([rate, delay], {"at": "then"}, file)
    slower_machine = Figure(name="accepts", unit="1/s", ours=(400.0,), floor=(500.0,))
    slower = Figure(name="  p50", unit="ms", ours=(6.0,))
    assert baseline.compare([slower_machine, slower], file) == ["1.00", "1.50 worse"]
    assert baseline.compare([Figure(name="accepts", unit="1/s", ours=(300.0,), floor=(500.0,))], file) == ["0.75 worse"]
    assert baseline.compare([Figure(name="new", unit="ms", ours=(1.0,))], file) == [""]
