"""No page of the console costs more for a longer past: counted in the database's own steps, not in time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import growth
from benchmarks.console_pages import Desk, LeapingClock
from desk.journal import Journal, view_pages
from desk.journal.database import Reader

TODAY, ALL = 4, 24  # blocks of events; four of them make a day
BACK = ("/links", "/messages", "/returns")  # they look at so many days, or at so many of the latest
_STEP = 20  # instructions of the database in what is counted


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[list[Journal]]:
    """Two with the same today; the second has five days more before it."""
    clock = LeapingClock()
    growth._first(tmp_path / "long", 50, blocks=ALL, at=clock.now())
    shutil.copytree(tmp_path / "long", tmp_path / "short")
    made = []
    for name, blocks in (("short", TODAY), ("long", ALL)):
        growth._grow(tmp_path / name, 50, blocks)
        made.append(Journal.open(tmp_path / name, clock=clock, check=False))
    yield made
    for journal in made:
        journal.close()


@pytest.mark.timeout(400)
def test_no_page_costs_more_for_a_longer_past(
    journals: list[Journal], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(view_pages, "LOOKED_AT", 100)
    steps = [0]
    connect = Reader._connect

    def counted(reader: Reader) -> object:
        connection = connect(reader)
        connection.set_progress_handler(lambda: steps.__setitem__(0, steps[0] + 1), _STEP)
        return connection

    monkeypatch.setattr(Reader, "_connect", counted)

    short, long = journals
    desk = Desk(short, Path(str(short._database.file)).parent, short.clock, strategies=2)  # type: ignore[arg-type]
    request.addfinalizer(desk.close)

    def cost(path: str) -> int:
        steps[0] = 0
        desk.get(path)
        return steps[0] * _STEP

    paths = [path for path in desk.pages() if not path.startswith(BACK)]
    before = {path: cost(path) for path in paths}
    monkeypatch.setattr(short, "_reader", long._reader)  # the same console looks at the other one from now on
    after = {path: cost(path) for path in paths}
    assert len(paths) > 40
    assert {path: (before[path], after[path]) for path in paths if after[path] > 1.5 * before[path] + 2000} == {}
