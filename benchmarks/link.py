"""What an order costs on JoinQuant's narrow link: the pasted file, a relay of 10 kbit/s each way, the receiver."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from benchmarks.figures import Figure
from benchmarks.process import Child
from benchmarks.signals import KID, SECRET
from desk.clock import SystemClock
from desk.snippet import render
from tests.joinquant.jq_stub import JoinQuant, LimitOrderStyle, Position
from tests.stand_in.relay import Pace, Relay
from tests.stand_in.senders import v1_body, v1_plaintext

LINK = Pace(bits_per_s=10_000)
BUDGETS = {"market": 420, "limit": 460}  # bytes of a request, headers included; both carry equity and holding
_LONGEST_ADDRESS = "123.123.123.123:12345"


def measure(folder: Path, *, runs: int, count: int, say: Callable[[str], None]) -> list[Figure]:
    """`count` orders of each kind a run, on a kept connection; beside them what the older protocol takes.

    Bytes are those of the request as if it went to the longest IPv4 address; seconds are what the order call lasts.
    """
    sizes: dict[str, list[float]] = defaultdict(list)
    seconds: dict[str, list[float]] = defaultdict(list)
    with Child("ours", folder / "link") as ours, Relay(ours.port, pace=LINK) as relay:
        address = f"127.0.0.1:{relay.port}"
        longer = len(_LONGEST_ADDRESS) - len(address)

        def note(kind: str, act: Callable[[], None], more: int) -> None:
            before, begun = relay.carried_up, time.perf_counter()
            for _ in range(count):
                act()
            seconds[kind].append((time.perf_counter() - begun) / count)
            sizes[kind].append((relay.carried_up - before) / count + more)

        for run in range(runs):
            order = _strategy(f"http://{address}")
            order(None)  # connects
            note("market", lambda order=order: order(None), longer)  # type: ignore[misc]
            note("limit", lambda order=order: order(LimitOrderStyle(10.51)), longer)  # type: ignore[misc]
            note("v1", lambda: _v1(f"http://{address}/api/order"), longer)
            said = ", ".join(f"{kind} {sizes[kind][-1]:.0f} bytes {seconds[kind][-1]:.2f} s" for kind in sizes)
            say(f"run {run + 1}: {said}")
    found = []
    for kind, budget in BUDGETS.items():
        name = f"order at 10 kbit/s, {kind}"
        found.append(Figure(name=f"{name}: request", unit="bytes", ours=tuple(sizes[kind]), at_most=budget + 1))
        found.append(Figure(name="  the call lasts", unit="s", ours=tuple(seconds[kind])))
    found.append(Figure(name="the older protocol's order: request", unit="bytes", ours=tuple(sizes["v1"])))
    found.append(Figure(name="  its post lasts", unit="s", ours=tuple(seconds["v1"])))
    return found


def _strategy(address: str) -> Callable[[object], None]:
    """A strategy with the rendered file on top; what it returns orders and sees that it was acknowledged."""
    jq = JoinQuant()
    jq.context.portfolio.positions["000001.XSHE"] = Position(9400)
    names: dict[str, Any] = jq.names() | {"__name__": "user_code"}
    source = render(address, KID, SECRET, "测") + "\ndef run(context, *args):\n    return order(*args)\n"
    exec(compile(source, "user_code.py", "exec"), names)

    def order(style: object) -> None:
        names["run"](jq.context, "000001.XSHE", 9400, style)
        if jq.g.gendan["spool"]:
            raise RuntimeError(f"not acknowledged: {jq.log.lines}")

    return order


def _v1(url: str) -> None:
    """An order as the older header sends it; it is refused, which costs the sender as much."""
    body = v1_body("secret", v1_plaintext(SystemClock().now()))
    requests.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=30)
