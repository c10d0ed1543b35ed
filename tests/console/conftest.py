from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.room import Room


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Room]:
    """A console that nobody has set up yet."""
    made = Room(tmp_path)
    yield made
    made.close()


@pytest.fixture
def room(bare: Room) -> Room:
    """One with a user of each role."""
    bare.people()
    return bare
