"""Durable accepts a second and their latency: the real receiver beside the floor, turn by turn."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure, percentile
from benchmarks.load import Load, request, volley
from benchmarks.process import Child
from benchmarks.signals import Signals

CASES = ((1, True), (8, True), (32, True), (64, True), (8, False))  # clients, connections kept


def measure(folder: Path, *, runs: int, count: int, say: Callable[[str], None]) -> list[Figure]:
    """`count` bodies a run and a case, to each of the two servers."""
    signals = Signals()
    found: dict[str, list[Load]] = defaultdict(list)
    sent = dict.fromkeys(("ours", "floor"), 0)
    with Child("ours", folder / "ours") as ours, Child("floor", folder / "floor") as floor:
        servers = {"ours": ours, "floor": floor}
        for run in range(-1, runs):  # the first warms up
            for clients, keep in CASES:
                for name, server in servers.items():
                    many = max(count // 10, 20) if run < 0 else count if clients > 1 else max(20, count // 2)
                    bodies = [signals.bought(number % 1000) for number in range(many)]
                    load = volley(server.port, [request(body) for body in bodies], clients=clients, keep=keep)
                    _verify(name, signals, bodies, load)
                    sent[name] += many
                    if run >= 0:
                        found[f"{name} {clients} {keep}"].append(load)
                        say(f"{name}, {_case(clients, keep)}, run {run + 1}: {many / load.seconds:,.0f} accepts/s")
        for name, server in servers.items():
            stored = server.ask("stored")
            if stored["rows"] != sent[name] or stored["told"]:
                raise RuntimeError(f"{name} stored {stored} of {sent[name]}")
        memory = ours.ask("memory")
        say(f"the receiver's process after {sent['ours']:,} accepts: {memory:.0f} MB")
    figures = []
    for clients, keep in CASES:
        here, there = found[f"ours {clients} {keep}"], found[f"floor {clients} {keep}"]
        figures.append(
            Figure(
                name=f"accepts, {_case(clients, keep)}",
                unit="1/s",
                ours=tuple(len(load.answers) / load.seconds for load in here),
                floor=tuple(len(load.answers) / load.seconds for load in there),
                at_least=None if keep else 1000,
                ratio_at_least=0.7,
            )
        )
        for share in (0.5, 0.99):
            figures.append(
                Figure(
                    name=f"  latency p{share * 100:.0f}",
                    unit="ms",
                    ours=tuple(percentile(load.latencies, share) * 1000 for load in here),
                    floor=tuple(percentile(load.latencies, share) * 1000 for load in there),
                )
            )
    return figures


def _case(clients: int, keep: bool) -> str:
    return f"{clients} {'client' if clients == 1 else 'clients'}, {'kept' if keep else 'new'} connections"


def _verify(name: str, signals: Signals, bodies: list[bytes], load: Load) -> None:
    """Every answer must say that just this body is stored."""
    for body, answer in zip(bodies, load.answers, strict=True):
        good = (
            signals.sender.read_ack(body, answer)[0] == "accepted"
            if name == "ours"
            else json.loads(answer) == {"ok": True}
        )
        if not good:
            raise RuntimeError(f"{name} answered {answer!r}")
