from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.console.room import Room


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = Room(tmp_path_factory.mktemp("console"))
    yield made
    made.close()


@pytest.fixture
def bare(house: Room) -> Room:
    """A console that nobody has set up yet."""
    house.empty()
    return house


@pytest.fixture
def room(bare: Room) -> Room:
    """One with a user of each role."""
    bare.people()
    return bare
