"""Ids of our own: they fit the remark of an order, are known again, and rise with time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.clock import BEIJING
from desk.core.reconcile import looks_own
from desk.core.view import intent_id_for

REMARK_BYTES = 23
FIRST = datetime(2005, 1, 1, tzinfo=BEIJING)
MOMENTS = st.integers(0, 75 * 365 * 86400).map(lambda seconds: FIRST + timedelta(seconds=seconds))


@given(MOMENTS, st.lists(st.text()))
def test_an_order_is_known_as_ours_by_its_remark_alone(at: datetime, words: list[str]) -> None:
    remark = f"{intent_id_for(at, *words)}-99999"
    assert looks_own(remark)
    assert remark.isascii() and len(remark) <= REMARK_BYTES


@pytest.mark.parametrize("remark", ["gjqx75wmhwcpmgd3-1", "ga234567bcdefghi-12"])
def test_an_order_of_an_earlier_version_is_ours_still(remark: str) -> None:
    assert looks_own(remark)


@given(st.integers(0, 50 * 365 * 86400), st.integers(60, 10**8))
def test_a_later_id_sorts_behind_an_earlier_one(since: int, seconds: int) -> None:
    earlier = datetime(2021, 1, 1, tzinfo=BEIJING) + timedelta(seconds=since)
    assert intent_id_for(earlier, "b") < intent_id_for(earlier + timedelta(seconds=seconds), "a")


def test_the_same_words_at_the_same_moment_are_the_same_id() -> None:
    at = datetime(2026, 11, 20, 10, tzinfo=BEIJING)
    assert intent_id_for(at, "事件", "账户") == intent_id_for(at, "事件", "账户")
    assert intent_id_for(at, "事件", "账户") != intent_id_for(at, "事件账户")
