from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.journal import Journal
from tests.journal.making import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def journal(tmp_path: Path, clock: FixedClock) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.sqlite3", clock=clock) as opened:
        yield opened
