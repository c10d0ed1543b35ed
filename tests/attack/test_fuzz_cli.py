"""The command line under made-up words: an exit code of the table and a sentence, never a traceback."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import main
from desk.cli import exits
from tests.attack.fuzz import MARKS, examples
from tests.cli.homes import write_home
from tests.test_house import commands

pytestmark = MARKS

# Those that serve, wait for a person, sleep, use the network or write the system's task list.
LEFT_OUT = {"run", "demo", "doctor", "init", "autostart install", "autostart remove", "notify test", "test-signal"}
CODES = {code for code in vars(exits).values() if isinstance(code, int)}
WORDS = st.sampled_from(
    (
        "--json",
        "--yes",
        "--limit",
        "--from",
        "--to",
        "--reason",
        "--apply",
        "--date",
        "--out",
        "--ratio",
        "--account",
        "--kid",
        "--nonsense",
        "-h",
        "--",
        "-",
        "",
        "0",
        "-1",
        "9" * 40,
        "1e999",
        "NaN",
        "2026-11-20",
        "2026-13-99",
        "all",
        "小市值",
        "轮动",
        "absent",
        "live",
        "filled",
        "实盘",
        "模拟",
        "signals",
        "events",
        "'; DROP TABLE events; --",
        "%s",
        "../../x",
        "\U0001f4a5",
        "\udcff",
        "a" * 3000,
        "{}",
        "%",
        "_",
    )
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield write_home(tmp_path_factory.mktemp("home"))


numbers = itertools.count()


@pytest.mark.filterwarnings("ignore::getpass.GetPassWarning")  # a password is asked for where no terminal is
@given(verb=st.sampled_from(sorted(commands().keys() - LEFT_OUT)), words=st.lists(WORDS, max_size=4))
@examples(150, 1000)
def test_any_words_end_in_an_exit_code_of_the_table(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, verb: str, words: list[str]
) -> None:
    place = home / "cwd"
    place.mkdir(exist_ok=True)
    monkeypatch.chdir(place)  # files that --out names are made here
    code = main.main([*verb.split(), "--home", str(home), *words])
    said = capsys.readouterr()
    assert code in CODES
    assert code in (0, 7) or said.err.strip() or said.out.strip()
    assert "Traceback" not in said.err
