"""Other users of this PC: what the program makes can be read by its owner alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import main
from desk.cli.exits import FINE
from tests.cli.homes import ROOT, running, write_home
from tests.stand_in.ports import free_port

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows keeps rights by user folders, not by modes")


@pytest.fixture(autouse=True)
def _a_generous_system() -> Iterator[None]:
    """As most systems are set: everybody may read what a program makes."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    return sorted(
        f"{path.relative_to(folder)} {path.stat().st_mode & 0o777:o}"
        for path in folder.rglob("*")
        if path.stat().st_mode & 0o077
    )


def test_configuration_keys_journal_logs_exports_and_backups_are_for_their_owner_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "answers.json").write_text(json.dumps({"端口": free_port()}), encoding="utf-8")
    assert main.main(["init", "--home", str(home), "--answers", str(tmp_path / "answers.json")]) == FINE
    with running(home):
        for words in (
            ["strategy", "add", "又一个"], ["snippet", "又一个", "--out", str(home / "header.py")], ["export", "all"],
            ["backup"], ["status"],
        ):  # fmt: skip
            assert main.main([*words, "--home", str(home)]) == FINE
            capsys.readouterr()  # a new strategy's secret is shown, once
    made = {path.name for path in home.rglob("*")}
    assert {
        "config",
        "聚宽跟单设置.json",
        "聚宽跟单设置.json.bak",
        "journal.sqlite3",
        "日志",
        "备份",
        "header.py",
    } <= made
    assert any(path.suffix == ".log" for path in home.rglob("*"))
    assert open_to_others(home) == []


def test_folders_that_were_open_are_shut_when_the_daemon_starts(tmp_path: Path) -> None:
    home = write_home(tmp_path)  # as a person or an older version made it
    (home / "data").mkdir()
    assert {(home / name).stat().st_mode & 0o777 for name in ("config", "data")} == {0o755}
    with running(home):
        assert {(home / name).stat().st_mode & 0o777 for name in ("config", "data")} == {0o700}


def test_the_exchange_in_a_process_of_its_own_keeps_its_store_and_token_to_its_owner(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "desk.broker.paper.server", "--store", str(tmp_path / "store.db"),
               "--port-file", str(tmp_path / "port.json"), "--follow-stdin"]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
    process.communicate(timeout=60)  # its standard input ends, and so does it
    assert json.loads((tmp_path / "port.json").read_text("utf-8"))["token"]
    assert open_to_others(tmp_path) == []
