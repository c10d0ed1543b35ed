"""The console as the daemon opens it: set up by its link, and never in the way of the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from desk.access import FILE_NAME, AccessBook
from desk.cli import console
from desk.cli.daemon import Daemon
from desk.cli.exits import JOURNAL, UNEXPECTED, Leave
from desk.cli.home import CONSOLE, RECEIVER, Home
from desk.clock import SystemClock
from tests.cli.homes import facts, verb, write_home

PASSWORD = "ein langes Kennwort"


@contextmanager
def opened(home: Path, *roles: str) -> Iterator[Daemon]:
    daemon = Daemon(Home(home), clock=SystemClock(), roles=frozenset(roles), env={}, console_level=None)
    daemon.open()
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.close()


def link_in(texts: list[str]) -> str:
    (found,) = [match[0] for text in texts if (match := re.search(r"http://\S+/setup/\S+", text))]
    return found


def filled(session: requests.Session, page: str, **form: str) -> requests.Response:
    """Send the form of this page as a browser would."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', session.get(page, timeout=20).text)
    assert token is not None
    return session.post(page, data={**form, "csrf_token": token[1]}, timeout=20)


def test_the_first_start_gives_a_link_and_the_link_leads_to_the_overview(tmp_path: Path) -> None:
    home = write_home(tmp_path)
    with opened(home, CONSOLE) as daemon, requests.Session() as browser:
        link = link_in(daemon.notices)
        assert filled(browser, link, name="店主", password=PASSWORD, again=PASSWORD).status_code == 200
        root = link.partition("/setup/")[0]
        overview = browser.get(f"{root}/", timeout=20)
        assert overview.status_code == 200 and "小市值" in overview.text and "模拟账户" in overview.text
        assert requests.get(f"{root}/", timeout=20).url == f"{root}/login"
    logged = "".join(file.read_text(encoding="utf-8") for file in (home / "data" / "日志").glob("*.log"))
    assert logged and link.rpartition("/")[2] not in logged
    with opened(home, CONSOLE) as daemon:
        assert not any("/setup/" in notice for notice in daemon.notices), "it has been set up"


def test_a_link_of_the_verb_reaches_the_console_that_runs_and_voids_the_one_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = write_home(tmp_path)
    with opened(home, CONSOLE) as daemon:
        first = link_in(daemon.notices)
        second = facts(capsys, home, "console", "setup-link")
        assert second["minutes"] == 30
        assert requests.get(first, timeout=20).status_code == 404
        assert requests.get(second["address"], timeout=20).status_code == 200


def test_the_verb_leaves_with_the_codes_of_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verb(capsys, tmp_path / "nowhere", "console", "setup-link")[0] == 2
    home = write_home(tmp_path / "home")
    code, out, _ = verb(capsys, home, "console", "setup-link")
    assert code == 0 and "/setup/" in out
    (home / "data" / FILE_NAME).write_bytes(b"no database at all" * 100)
    assert verb(capsys, home, "console", "setup-link")[0] == 4


def damaged(home: Path, _: pytest.MonkeyPatch) -> None:
    (home / "data").mkdir(exist_ok=True)
    (home / "data" / FILE_NAME).write_bytes(b"no database at all" * 100)


def broken(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("something nobody has thought of")

    monkeypatch.setattr(console.app, "make_app", fail)


@pytest.mark.parametrize(("trouble", "code"), [(damaged, JOURNAL), (broken, UNEXPECTED)])
def test_a_console_that_cannot_be_opened_is_told_and_the_receiver_receives(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[Path, pytest.MonkeyPatch], None],
    code: int,
) -> None:
    home = write_home(tmp_path)
    trouble(home, monkeypatch)
    with opened(home, RECEIVER, CONSOLE) as daemon:
        assert daemon.console is None and any("跟单不受影响" in notice for notice in daemon.notices)
        assert requests.get(f"http://{daemon.address}/healthz", timeout=20).json()["ok"] is True
    with pytest.raises(Leave) as left, opened(home, CONSOLE):
        pass
    assert left.value.code == code


def test_two_processes_may_use_the_users_file_together(tmp_path: Path) -> None:
    one, other = AccessBook(tmp_path / FILE_NAME), AccessBook(tmp_path / FILE_NAME)
    try:
        assert one.secret("cookies", b"first") == other.secret("cookies", b"second") == b"first"
    finally:
        one.close()
        other.close()
