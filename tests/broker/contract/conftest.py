"""A bench for every channel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.broker.contract.bench import BENCHES, Bench
from tests.broker.contract.channels import MISSING


@pytest.fixture(params=list(BENCHES))
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """An open broker at 10:00 of a Friday; its exchange shows 10.00 bid and 10.01 asked."""
    if request.param in MISSING:
        pytest.skip(MISSING[request.param])
    made = BENCHES[request.param]()
    made.open()
    yield made
    made.close()
    assert made.channel.threads() == []
