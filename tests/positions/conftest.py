from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.positions.room import Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """One that knows the client `jq`."""
    made = Room(tmp_path)
    made.add_client("jq")
    yield made
    made.journal.close()
