"""The whole way of a signal: a strategy under JoinQuant's Python, a public port, a reverse SSH tunnel, the program."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from desk.journal import view_books, view_counts, views
from desk.snippet import render
from tests.joinquant.pythons import python36, run
from tests.reading import ROOT
from tests.stand_in.programs import Program, secret, until
from tests.stand_in.relay import Relay
from tests.stand_in.tunnel import Tunnel

SCRIPT = ROOT / "tests" / "joinquant" / "burst_under_36.py"


@contextmanager
def tunnel(program: Program, public_port: int, troubled: Relay | None = None) -> Iterator[Tunnel]:
    """A tunnel to the program; through the relay between PC and server, if one is given."""

    def between(port: int) -> int:
        if troubled is None:
            return port
        troubled.target = port
        return troubled.port

    made = Tunnel(program.port, public_port, between)
    made.open()
    try:
        yield made
    finally:
        made.close()


def burst(port: int, count: int, header: Path, *, pause_s: float = 0, timeout_s: float = 100) -> dict[str, Any]:
    """Have the strategy buy `count` stocks over this port; what it says at the end."""
    header.write_text(render(f"http://127.0.0.1:{port}", "k1", secret(1), "策略1"), encoding="utf-8")
    done = run(python36() or sys.executable, str(SCRIPT), str(header), str(count), str(pause_s), timeout_s=timeout_s)
    assert done.stderr == "" and done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def assert_followed_once(program: Program, count: int) -> None:
    """Everything that the strategy said is followed: nothing lost, nothing doubled, no gap shown."""

    def signals() -> list[dict[str, Any]]:
        with program.journal() as journal:
            return [view for view in views.signals(journal) if view["kind"] == "order"]

    def done() -> bool:
        said = signals()
        return len(said) >= count and all(signal["verdict"] == "done" for signal in said)

    until(done, lambda: [(s["seq"], s["verdict"], s["reason"]) for s in signals() if s["verdict"] != "done"])
    assert sorted(signal["seq"] for signal in signals()) == list(range(1, count + 1))
    expected = {f"600{number:03d}.SH": 100 for number in range(1, count + 1)}
    with program.journal() as journal:
        assert {book["symbol"]: book["own_shares"] for book in view_books.books(journal)} == expected
        assert view_counts.status_counts(journal)["strategies"]["策略1"]["gaps"] == []
        bought: dict[str, int] = {}
        for fill in views.fills(journal):
            bought[fill["symbol"]] = bought.get(fill["symbol"], 0) + fill["shares"]
    assert bought == expected
    until(lambda: held(program) == expected, lambda: held(program))


def held(program: Program) -> dict[str, int]:
    """What the account's last picture shows."""
    with program.journal() as journal:
        return {position["symbol"]: position["shares"] for position in views.positions(journal)}
