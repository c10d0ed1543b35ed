"""What a robot is told next, how a text is cut, what an answer means and how long a failure waits."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.core.telling import (
    LONGEST_WAIT_S,
    PER_MINUTE,
    WINDOW_S,
    Answered,
    Letter,
    Window,
    choose,
    read_answer,
    split_text,
    wait_after,
)


def letter(number: int, *, urgent: bool = False, alone: bool = False, refusals: int = 0, size: int = 50) -> Letter:
    return Letter(id=number, urgent=urgent, alone=alone, refusals=refusals, line_bytes=size)


@given(st.text(max_size=300), st.integers(4, 60))
def test_pieces_joined_are_the_text_and_none_is_too_long(text: str, limit: int) -> None:
    pieces = split_text(text, limit)
    assert "".join(pieces) == text
    assert all(0 < len(piece.encode()) <= limit for piece in pieces)


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("ab\ncd\nef", 6, ["ab\ncd\n", "ef"]),  # 3 + 3 bytes, then 2
        ("跟单跟单", 6, ["跟单", "跟单"]),  # 3 bytes a character
        ("跟单跟单", 7, ["跟单", "跟单"]),  # never inside a character
        ("a\n" + "b" * 7, 4, ["a\n", "bbbb", "bbb"]),
        ("", 4, []),
    ],
)
def test_a_text_is_cut_at_line_breaks_where_it_can_be(text: str, limit: int, pieces: list[str]) -> None:
    assert split_text(text, limit) == pieces


@pytest.mark.parametrize(
    ("letters", "room", "chosen"),
    [
        ([letter(1), letter(2)], 20, [1]),  # 2 <= (20 - 5) // 2: singly
        ([letter(n) for n in range(1, 11)], 20, list(range(1, 11))),  # 10 > 7: merged
        ([letter(1), letter(2)], 6, [1, 2]),  # one slot left for both
        ([letter(1), letter(2)], 5, []),  # the last five are kept for urgent ones
        ([letter(1), letter(2, urgent=True)], 1, [2]),  # urgent first, and never with others
        ([letter(n, urgent=True) for n in (1, 2, 3)], 2, [1, 2, 3]),  # more urgent ones than slots: together
        ([letter(n, urgent=True) for n in (1, 2, 3)], 3, [1]),
        ([letter(1, alone=True), *(letter(n) for n in range(2, 20))], 20, [1]),
        ([letter(1), letter(2, alone=True), *(letter(n) for n in range(3, 20))], 20, [1]),  # order before merging
        ([letter(1, refusals=1), letter(2)], 20, [2]),  # a refused one waits behind the others
        ([letter(1, refusals=2), letter(2, refusals=1)], 20, [2]),
        ([letter(1, size=900), letter(2, size=900), *(letter(n) for n in range(3, 20))], 20, [1, 2]),  # 1,802 of 1,850
        ([letter(1, size=9000), *(letter(n) for n in range(2, 20))], 20, [1]),  # too long for a line: alone
        ([], 20, []),
    ],
)
def test_the_next_letter_is_chosen(letters: list[Letter], room: int, chosen: list[int]) -> None:
    assert [one.id for one in choose(letters, room, 1850)] == chosen


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=120))
def test_no_minute_holds_more_than_twenty(pauses: list[float]) -> None:
    window, mono, posts = Window(), 0.0, []
    for pause in pauses:
        mono += pause
        mono += window.wait(mono, 0)
        window.note(mono)
        posts.append(mono)
    for first, last in zip(posts, posts[PER_MINUTE:], strict=False):
        assert last - first >= WINDOW_S - 1e-6


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"errcode": 0, "errmsg": "ok"}, Answered.DELIVERED),
        (200, {"errcode": 45009}, Answered.TOO_FAST),
        (200, {"errcode": 93000}, Answered.BAD_ROBOT),
        (200, {"errcode": 93004}, Answered.BAD_ROBOT),
        (200, {"errcode": 40058}, Answered.TOO_LONG),
        (200, {"errcode": 12345}, Answered.REFUSED),
        (200, {"errcode": "0"}, Answered.FAILED),  # not WeCom's
        (200, {"errcode": False}, Answered.FAILED),
        (200, {}, Answered.FAILED),
        (200, [0], Answered.FAILED),
        (302, {"errcode": 0}, Answered.FAILED),
        (500, {"errcode": 0}, Answered.FAILED),
        (429, {}, Answered.TOO_FAST),
    ],
)
def test_only_a_plain_yes_is_a_delivery(status: int, body: object, kind: Answered) -> None:
    assert read_answer(status, json.dumps(body).encode()).kind is kind


@given(st.binary(max_size=60))
def test_any_bytes_are_read_without_an_error(body: bytes) -> None:
    read_answer(200, body)


def test_deep_nesting_is_a_failed_answer() -> None:
    assert read_answer(200, b"[" * 100_000).kind is Answered.FAILED


@pytest.mark.parametrize(
    ("failures", "jitter", "seconds"),
    [
        (1, 0.5, 2.0),  # 2 x (0.75 + 0.25)
        (1, 0.0, 1.5),
        (1, 1.0, 2.5),
        (4, 0.5, 16.0),
        (500, 0.5, LONGEST_WAIT_S),
    ],
)
def test_waiting_doubles_with_each_failure_up_to_a_bound(failures: int, jitter: float, seconds: float) -> None:
    assert wait_after(failures, jitter) == seconds
