"""How long the generated tests look, and when the long runs run.

`GENDAN_LONG=1 python -m pytest -m long` starts the long runs; without it they are left out and the others stay short.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import secrets

LONG = os.environ.get("GENDAN_LONG", "") not in ("", "0")

# No deadline: the machines that check this are shared, and a slow moment is no fault of the code.
settings.register_profile("short", deadline=None, print_blob=True)
settings.register_profile("long", parent=settings.get_profile("short"), max_examples=5000)
settings.load_profile("long" if LONG else "short")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if LONG or config.getoption("markexpr"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.fixture(scope="session", autouse=True)
def _no_secret_is_left_behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """After the last test: nothing that the program has written anywhere holds a secret."""
    yield
    found = list(secrets.leaks(tmp_path_factory.getbasetemp()))
    assert found == [], "secrets lie where they may not"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What a test has printed or logged holds no secret; what it has read back itself, it judges itself."""
    for name, text in report.sections:
        if secrets.found_in(text.encode("utf-8", "replace")) is not None:
            SAID.add(f"{report.nodeid}: {name}")


SAID: set[str] = set()  # tests whose captured output holds a secret


def pytest_sessionfinish(session: pytest.Session) -> None:
    if SAID and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for one in sorted(SAID):
        terminalreporter.write_line(f"A secret was printed or logged by {one}", red=True)
