"""The interval sync: what is failed, partial or empty by chance is never uploaded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from gendan_client import (
    EASYXT,
    BadRows,
    Busy,
    EmptyReading,
    FailedReading,
    IntervalSync,
    NotFound,
    Reading,
    Round,
    Unreachable,
    read_positions,
)
from tests.client.stage import READING, Outside
from tests.stand_in.clock import StandInClock

ROW = {"symbol": "600519.SH", "quantity": 100, "avg_price": 1450}


class Script:
    """Reads and uploads as written: an exception is raised, everything else returned."""

    def __init__(self, reads: list[Any], uploads: list[Any]) -> None:
        self._reads, self._uploads = reads, uploads
        self.uploaded: list[Reading] = []

    def read(self) -> Any:
        return _given(self._reads.pop(0))

    def upload(self, reading: Reading) -> None:
        self.uploaded.append(reading)
        _given(self._uploads.pop(0) if self._uploads else None)


def _given(one: Any) -> Any:
    if isinstance(one, Exception):
        raise one
    return one() if callable(one) else one


def sync(reads: list[Any], uploads: list[Any] = [], **more: Any) -> tuple[IntervalSync, Script, Outside]:  # noqa: B006
    script, outside = Script(reads, list(uploads)), Outside(StandInClock())
    return IntervalSync(script.read, script.upload, outside=outside, **more), script, outside


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (None, FailedReading),
        ([], FailedReading),
        ({}, FailedReading),
        (OSError("the terminal is gone"), FailedReading),
        (KeyError("symbol"), FailedReading),
        (lambda: read_positions(None, EASYXT), FailedReading),
        (lambda: Reading.whole(read_positions([], EASYXT)), EmptyReading),
        (lambda: Reading.whole(read_positions([ROW, {**ROW, "quantity": "?"}], EASYXT)), BadRows),
    ],
)
def test_a_failed_empty_or_partial_reading_is_never_uploaded(read: Any, error: type[Exception]) -> None:
    made, script, _ = sync([read] * 3)
    done = made.once()
    assert type(done.error) is error and not done.done and done.reading is None
    assert script.uploaded == []
    assert done.tries == (3 if error is FailedReading else 1)


def test_an_empty_list_is_uploaded_when_its_reader_vouches_for_it() -> None:
    made, script, _ = sync([Reading.nothing_held()])
    assert made.once() == Round(1, Reading.nothing_held())
    assert script.uploaded == [Reading.nothing_held()]


def test_what_can_be_tried_again_is_read_anew_and_uploaded_later() -> None:
    made, script, outside = sync(
        [FailedReading("busy"), Reading.nothing_held(), READING], [Unreachable("cut"), None], tries=3
    )
    assert made.once() == Round(3, READING)
    assert script.uploaded == [Reading.nothing_held(), READING] and outside.waited == [1, 2]


def test_a_refusal_is_not_repeated() -> None:
    made, script, outside = sync([READING], [NotFound("no such strategy")])
    done = made.once()
    assert isinstance(done.error, NotFound) and done.tries == len(script.uploaded) == 1 and outside.waited == []


def test_what_an_upload_of_ones_own_raises_is_told_and_the_next_round_comes() -> None:
    stop, told = threading.Event(), []
    made, _, outside = sync([READING, READING], [ValueError("no file"), None], tell=told.append)
    outside.after_wait = lambda: stop.set() if len(told) == 2 else None
    made.run(stop)
    assert [done.done for done in told] == [False, True] and "no file" in str(told[0].error)


def test_tries_end_and_the_servers_wish_is_heard() -> None:
    made, script, outside = sync([READING] * 3, [Busy("x", 5), Busy("x"), Busy("x")])
    assert made.once().tries == 3 and len(script.uploaded) == 3
    assert outside.waited == [5, 2]


@pytest.mark.parametrize(("luck", "seconds"), [(0.0, 27.0), (0.5, 30.0), (1.0, 33.0)])
def test_rounds_are_thirty_seconds_apart_a_little_more_or_less(luck: float, seconds: float) -> None:
    stop, told = threading.Event(), []
    made, script, outside = sync([READING, OSError("gone"), READING], tries=1, tell=told.append)
    outside.luck = luck
    outside.after_wait = lambda: stop.set() if len(told) == 3 else None
    made.run(stop)
    assert outside.waited == pytest.approx([seconds] * 3)
    assert [done.done for done in told] == [True, False, True] and len(script.uploaded) == 2


def test_the_same_list_is_uploaded_in_every_round() -> None:
    stop, told = threading.Event(), []
    made, script, outside = sync([READING] * 4, tell=told.append)
    outside.after_wait = lambda: stop.set() if len(told) == 4 else None
    made.run(stop)
    assert script.uploaded == [READING] * 4


def test_a_stop_ends_a_wait_between_tries() -> None:
    stop = threading.Event()
    made, script, outside = sync([OSError("gone")] * 9, tries=9)
    outside.after_wait = stop.set
    made.run(stop)
    assert len(outside.waited) <= 2 and script.uploaded == []


@pytest.mark.parametrize("more", [{"interval_s": 0}, {"tries": 0}])
def test_an_interval_or_a_number_of_tries_that_is_none_is_refused(more: dict[str, Any]) -> None:
    nothing: Callable[..., Any] = lambda *_: None  # noqa: E731
    with pytest.raises(ValueError):
        IntervalSync(nothing, nothing, **more)
