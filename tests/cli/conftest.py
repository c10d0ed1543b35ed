"""What holds for every test of the command line."""

from __future__ import annotations

import pytest

from desk.cli import processor


@pytest.fixture(autouse=True)
def _turns_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """`run` in the tests' own process does not change what that process is given afterwards."""
    monkeypatch.setattr(processor, "for_orders", lambda **_: None)
