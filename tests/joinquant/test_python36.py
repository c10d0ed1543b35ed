"""The pasted file under the Python that JoinQuant runs, in a process of its own, against a receiver of ours."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from desk.journal import views
from desk.snippet import TEMPLATE, render
from tests.joinquant.pasted import KID, SECRET, Receiver, http_receiver
from tests.joinquant.pythons import python36, run
from tests.stand_in.programs import Program, make_home, secret, sender, until

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def old_python() -> str:
    python = python36()
    if python is None:
        pytest.skip("no Python 3.6 here: set GENDAN_PY36 to one, or install it where PATH or pyenv finds it")
    return python


@pytest.mark.parametrize("which", ["this python", "python 3.6"])
def test_a_day_of_a_strategy_arrives_whole(which: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    python: str = sys.executable if which == "this python" else request.getfixturevalue("old_python")
    receiver = Receiver()
    with http_receiver(receiver) as address:
        header = tmp_path / "header.py"
        header.write_text(render(address, KID, SECRET, "小市值"), encoding="utf-8")
        done = run(python, str(HERE / "strategy_under_36.py"), str(header))
    assert done.stderr == "" and done.returncode == 0
    left = json.loads(done.stdout)
    if python != sys.executable:
        assert left["version"] == [3, 6]
    assert [text for level, text in left["log"] if level == "error"] == []
    assert left["state"]["spool"] == [] and left["state"]["q"] == 12
    assert [(event["q"], event["y"], event.get("x", "")[:6], event.get("u")) for event in receiver.events()] == [
        (1, "o", "000001", "h"),
        (2, "o", "600000", "o"),
        (3, "o", "600000", "c"),  # cancelled by order_target
        (4, "o", "600000", "h"),
        (5, "o", "600000", "h"),
        (6, "o", "000002", "o"),
        (7, "o", "000002", "o"),
        (8, "c", "000002", "c"),
        (9, "c", "000002", "c"),
        (10, "s", "", None),
        (11, "h", "", None),
    ]


def test_a_strategy_under_python_36_is_followed_by_the_running_program(old_python: str, tmp_path: Path) -> None:
    """The whole way: Python 3.6, TCP, the real daemon, its journal, its paper exchange."""
    home = tmp_path / "home"
    with Program(home, port=make_home(home, ratios=("0.5",))) as program:
        program.start()
        header = tmp_path / "header.py"
        header.write_text(
            render(f"http://127.0.0.1:{program.port}", sender().kid, secret(1), "策略1"), encoding="utf-8"
        )
        done = run(old_python, str(HERE / "strategy_under_36.py"), str(header))
        assert done.stderr == "" and done.returncode == 0
        assert json.loads(done.stdout)["state"]["spool"] == []

        def signals() -> list[dict[str, object]]:
            with program.journal() as journal:
                return views.signals(journal)

        until(lambda: len(signals()) == 11 and all(s["verdict"] != "working" for s in signals()), signals)
        (first, *_) = signals()
    assert (first["symbol"], first["amount"], first["filled_shares"], first["verdict"]) == (
        "000001.SZ",
        300,
        100,
        "done",
    )


def test_the_file_compiles_under_python_36(old_python: str) -> None:
    check = "import io,sys; compile(io.open(sys.argv[1], encoding='utf-8').read(), 'header', 'exec')"
    assert run(old_python, "-c", check, str(TEMPLATE)).stderr == ""
