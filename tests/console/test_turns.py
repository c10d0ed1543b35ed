"""Pages are made one after the other and rest in between; what changes something waits for none of them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from desk.clock import SystemClock
from desk.console.turns import LONGEST_REST_S, SWITCH_S, InTurn
from tests.stand_in.clock import StandInClock


def asked(app: InTurn, path: str = "/", method: str = "GET") -> list[bytes]:
    return list(app({"REQUEST_METHOD": method, "PATH_INFO": path}, lambda *_: None))


class Slow:
    """A page that is being made until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.served: list[str] = []

    def __call__(self, environ: dict[str, Any], _: Callable[..., Any]) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path == "/slow":
            self.begun.set()
            assert self.go_on.wait(30)
        self.served.append(path)
        return [b"x"]


def test_a_page_waits_for_the_one_before_it_and_a_change_for_none() -> None:
    slow = Slow()
    app = InTurn(slow, SystemClock())
    threads = [threading.Thread(target=asked, args=(app, path)) for path in ("/slow", "/next")]
    threads[0].start()
    assert slow.begun.wait(30)
    threads[1].start()
    asked(app, "/halt", "POST")
    asked(app, "/healthz")
    assert slow.served == ["/halt", "/healthz"]
    slow.go_on.set()
    for thread in threads:
        thread.join(30)
    assert slow.served == ["/halt", "/healthz", "/slow", "/next"]


def test_after_a_page_the_console_rests_as_long_as_it_has_worked_but_not_for_long() -> None:
    clock = StandInClock()
    begun: list[float] = []

    def page(environ: dict[str, Any], _: Callable[..., Any]) -> list[bytes]:
        begun.append(clock.monotonic())
        clock.advance(float(environ["PATH_INFO"].strip("/")))
        return []

    app = InTurn(page, clock)
    for seconds in ("0.01", "0.01", "2", "0.01"):
        asked(app, f"/{seconds}")
    assert [round(at - begun[0], 3) for at in begun] == [0, 0.02, 0.04, round(2.04 + LONGEST_REST_S, 3)]
    clock.advance(60)
    asked(app, "/0.01")
    assert begun[-1] == pytest.approx(begun[3] + 60.01)


def test_while_a_page_is_made_others_get_the_interpreter_soon_also_when_it_breaks() -> None:
    found: list[float] = []

    def page(*_: Any) -> list[bytes]:
        found.append(sys.getswitchinterval())
        raise ValueError

    before = sys.getswitchinterval()
    with pytest.raises(ValueError):
        asked(InTurn(page, SystemClock()))
    assert found == [pytest.approx(SWITCH_S)]
    assert sys.getswitchinterval() == pytest.approx(before)
