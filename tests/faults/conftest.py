from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests import checks
from tests.stories import SZ, Make
from tests.world import World, strategy


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[World] = []

    def build(ratio: object = 1, **more: object) -> World:
        strategies = more.pop("strategies", None) or [strategy("小市值", "xsz", ratio)]
        world = World(tmp_path, strategies=strategies, **more)  # type: ignore[arg-type]
        made.append(world)
        world.scene(SZ, price=Decimal(10))
        world.pass_time(1)
        return world

    yield build
    for world in made:
        if not world.broken_by_test:
            checks.assert_never_more_than_meant(world)
        world.close()
