"""Signals that come over a reverse SSH tunnel on a bad line: each followed once, whatever was cut or dropped."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.stand_in.programs import Program, free_port, make_home
from tests.stand_in.relay import FINE, HALF_OPEN, LOST_ANSWER, REFUSED, Relay, Trouble
from tests.tunnel.way import assert_followed_once, burst, tunnel

REQUEST = 420  # bytes of an order, about


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with Program(tmp_path / "home", port=make_home(tmp_path / "home")) as program:
        program.start()
        yield program


def test_a_burst_through_a_tunnel_that_flaps_is_followed_once(program: Program, tmp_path: Path) -> None:
    """The line between PC and server is cut again and again, each time after some more signals have passed."""
    handshake = 4000  # bytes of SSH before the first signal: less never comes up
    flaps = [Trouble(up=handshake + size) for size in (2000, 500, 3500, 1000, 2500)]
    with Relay(0, flaps) as troubled, tunnel(program, free_port(), troubled) as through:
        said = burst(through.public_port, 80, tmp_path / "header.py")
    assert troubled.met[: len(flaps)] == flaps and through.times > 1
    assert said["state"]["spool"] == []
    assert_followed_once(program, 80)


def test_what_was_delivered_without_an_answer_is_sent_again_and_not_doubled(program: Program, tmp_path: Path) -> None:
    lost = [LOST_ANSWER, Trouble(down=150), LOST_ANSWER, Trouble(down=700), LOST_ANSWER, LOST_ANSWER]
    with tunnel(program, free_port()) as through, Relay(through.public_port, lost) as troubled:
        said = burst(troubled.port, 60, tmp_path / "header.py")
        assert troubled.met[: len(lost)] == lost
    assert said["state"]["spool"] == []
    assert "duplicate" not in str(said["log"])
    assert_followed_once(program, 60)


def test_requests_cut_before_and_inside_are_sent_again_in_the_same_bytes(program: Program, tmp_path: Path) -> None:
    cuts = [REFUSED, Trouble(up=60), Trouble(up=REQUEST - 20), Trouble(up=2 * REQUEST + 100), REFUSED, Trouble(up=1)]
    with tunnel(program, free_port()) as through, Relay(through.public_port, cuts) as troubled:
        said = burst(troubled.port, 60, tmp_path / "header.py")
        assert troubled.met[: len(cuts)] == cuts
    assert said["state"]["spool"] == []
    assert_followed_once(program, 60)


def test_a_half_open_line_loses_no_order(program: Program, tmp_path: Path) -> None:
    with (
        tunnel(program, free_port()) as through,
        Relay(through.public_port, [HALF_OPEN, FINE, HALF_OPEN]) as troubled,
    ):
        said = burst(troubled.port, 20, tmp_path / "header.py")
        assert troubled.met[0] == HALF_OPEN
    assert said["state"]["spool"] == []
    assert_followed_once(program, 20)


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.skipif(not LONG, reason="flaps by time for a minute and a half")
def test_a_strategys_minutes_through_a_line_that_flaps_every_few_seconds(program: Program, tmp_path: Path) -> None:
    over = threading.Event()

    def flap(troubled: Relay) -> None:
        for seconds in itertools.cycle((3.0, 1.5, 4.0, 2.5)):
            if over.wait(seconds):
                troubled.down = False
                return
            troubled.down = not troubled.down
            troubled.cut()

    answers = itertools.cycle([FINE, LOST_ANSWER, Trouble(up=REQUEST // 2), FINE, Trouble(down=1000)])
    with (
        Relay(0) as line,
        tunnel(program, free_port(), line) as through,
        Relay(through.public_port, itertools.islice(answers, 100)) as front,
    ):
        flapping = threading.Thread(target=flap, args=(line,))
        flapping.start()
        try:
            said = burst(front.port, 100, tmp_path / "header.py", pause_s=0.8, timeout_s=380)
        finally:
            over.set()
            flapping.join()
    assert through.times > 5
    assert said["state"]["spool"] == []
    assert_followed_once(program, 100)
