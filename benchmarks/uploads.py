"""Uploads of whole position lists: the receiver's port with the position sync beside the floor, turn by turn."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, percentile
from benchmarks.load import Load, request, volley
from benchmarks.process import Child
from benchmarks.signals import NAME
from tests.stand_in.position_client import key_pair, token

CLIENTS = 4
CLIENT_ID = "jq"
_PATH = "/api/v1/positions/update"


def measure(folder: Path, *, runs: int, count: int, positions: int, say: Callable[[str], None]) -> list[Figure]:
    """`count` uploads a run and a proof, no two alike, to each of the two servers."""
    private, public = key_pair()
    home = folder / "ours"
    home.mkdir()
    (home / "public.pem").write_text(public, encoding="ascii")
    found: dict[str, list[Load]] = defaultdict(list)
    sent = 0
    with Child("positions", home) as ours, Child("floor", folder / "floor") as floor:
        api_key = ours.ask("key")
        proofs: dict[str, Callable[[int], str]] = {
            "API key": lambda _: f"X-API-Key: {api_key}",
            # Of the same second two tokens differ by their salt; of two seconds the later one would overtake.
            "token": lambda second: f"X-Auth-Token: {token(private, CLIENT_ID, second)}",
        }
        for run in range(-1, runs):  # the first warms up
            many = count if run >= 0 else max(count // 10, 8)
            for proof, header in proofs.items():
                bodies = [_body(sent + number, positions) for number in range(many)]
                second = int(time.time())
                asked = [request(body, _PATH, [header(second)]) for body in bodies]
                load = volley(ours.port, asked, clients=CLIENTS, keep=True)
                beside = volley(floor.port, [request(body) for body in bodies], clients=CLIENTS, keep=True)
                sent += many
                if ours.ask("shares") not in _last(sent):
                    raise RuntimeError("what was uploaded last is not what stands")
                if run >= 0:
                    found[proof].append(load)
                    found[f"floor {proof}"].append(beside)
                    say(f"{proof}, run {run + 1}: {many / load.seconds:,.0f} uploads/s")
        stored = ours.ask("stored"), floor.ask("stored")["rows"]
        if stored != (sent, sent):
            raise RuntimeError(f"stored {stored} of {sent}")
    return [figure for proof in proofs for figure in _figures(proof, positions, found[proof], found[f"floor {proof}"])]


def _figures(proof: str, positions: int, here: Sequence[Load], there: Sequence[Load]) -> list[Figure]:
    rate = Figure(
        name=f"uploads of {positions} positions, {CLIENTS} clients, {proof}",
        unit="1/s",
        ours=tuple(len(load.answers) / load.seconds for load in here),
        floor=tuple(len(load.answers) / load.seconds for load in there),
    )
    return [
        rate,
        *(
            Figure(
                name=f"  latency p{share * 100:.0f}, {proof}",
                unit="ms",
                ours=tuple(percentile(load.latencies, share) * 1000 for load in here),
                floor=tuple(percentile(load.latencies, share) * 1000 for load in there),
                at_most=20 if share == 0.99 else None,
            )
            for share in (0.5, 0.99)
        ),
    ]


def _body(number: int, positions: int) -> bytes:
    """The n-th list; `i` is the floor's."""
    rows: list[dict[str, Any]] = [
        {"code": f"{600000 + n}.XSHG", "name": "平安银行", "volume": 100 * (n + 1), "cost": 10.25 + n}
        for n in range(positions)
    ]
    rows[0]["volume"] = number
    return json.dumps({"i": str(number), "strategy_name": NAME, "positions": rows}).encode()


def _last(sent: int) -> range:
    """The first stock's shares in the lists that may have been stored last: as many as there are clients."""
    return range(max(0, sent - CLIENTS), sent)
