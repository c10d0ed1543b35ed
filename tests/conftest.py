"""How long the generated tests look, and when the long runs run.

`GENDAN_LONG=1 python -m pytest -m long` starts the long runs; without it they are left out and the others stay short.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

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
