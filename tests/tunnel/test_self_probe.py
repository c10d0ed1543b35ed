"""The daemon's question to its own public address, the whole way: relay, reverse SSH tunnel, door, and back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from desk.cli.home import Home
from desk.cli.tunnel import FLAG, TunnelWatch
from desk.journal import FILE_NAME, Journal
from desk.texts import cli as texts
from tests.reading import ROOT
from tests.stand_in.programs import Program, free_port, make_home, until
from tests.stand_in.relay import Relay
from tests.tunnel.way import tunnel
from tests.world import TurnedClock


def test_the_daemon_finds_itself_through_the_tunnel_and_a_break_is_told(tmp_path: Path) -> None:
    home, public_port = tmp_path / "home", free_port()
    with Relay(public_port) as front:
        port = make_home(home, 公网地址=f"http://127.0.0.1:{front.port}")
        with Program(home, port=port) as program, tunnel(program, public_port):
            program.start()

            def flags() -> dict[str, str]:
                with program.journal() as journal:
                    return journal.flags()

            until(lambda: flags().get(FLAG, "") in ("on", "off"), flags, patience_s=100)  # a first miss is asked again
            status = subprocess.run(
                [sys.executable, str(ROOT / "main.py"), "status", "--json", "--home", str(home)],
                capture_output=True, encoding="utf-8", check=True,
            )  # fmt: skip
            shown = json.loads(status.stdout)
            assert shown["tunnel"] == "on" and shown["tunnel_at"]
            assert _watched(home, tmp_path / FILE_NAME, front) == ["on", "on", "off", "off", "on"]


def _watched(home: Path, place: Path, front: Relay) -> list[str]:
    """A second watch of the same home on a clock of the test's: the states of five minutes, two of them broken."""
    clock, config = TurnedClock(), Home(home).config()
    with Journal.open(place, clock=clock) as journal:
        watch = TunnelWatch(journal=journal, home=home, config=lambda: config, clock=clock)
        states = []
        for down in (False, True, True, True, False):
            front.down = down
            watch.step()
            clock.turn(60)
            states.append(journal.flags()[FLAG])
        titles = [told.message.title for told in journal.outbox_list(9)]
    assert titles == [texts.TUNNEL_BACK_TITLE, texts.TUNNEL_OFF_TITLE]
    return states
