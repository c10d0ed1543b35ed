"""The receiver and the old protocol: allowed by date and token, within two minutes, once, and ended by the first v2."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from desk.texts import receiver as texts
from tests.stand_in.post import MORNING, OLD, OTHER_SECRET, SMALL_CAP, TOKEN, VECTORS, Post
from tests.stand_in.senders import Sender, v1_body, v1_plaintext


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.journal.close()


def test_the_v1_vector_is_received(post: Post) -> None:
    (case,) = json.loads((VECTORS / "wire_v1.json").read_text("utf-8"))
    body = json.dumps({"encrypted_order": case["encrypted_order"], "timestamp": 1}).encode()
    assert post.send(body) == (200, {"status": "success", "message": texts.V1_STORED})
    (event,) = post.journal.undecided_events()
    assert (event.strategy, event.wire, event.body.seq, event.body.backtest) == ("老策略", 1, 0, False)


def test_a_v1_body_is_accepted_once_whatever_its_outer_timestamp(post: Post) -> None:
    plain = v1_plaintext(MORNING)
    assert "duplicate" not in post.send(v1_body(TOKEN, plain))[1]
    for timestamp in (0, 99):
        status, answer = post.send(v1_body(TOKEN, plain, timestamp=timestamp))
        assert (status, answer["status"], answer["duplicate"]) == (200, "success", True)
    assert len(post.journal.undecided_events()) == 1


@pytest.mark.parametrize(
    ("off_s", "status"), [(0, 200), (120, 200), (-120, 200), (121, 403), (-121, 403), (3600, 403), (-86400, 403)]
)
def test_a_v1_body_is_taken_within_two_minutes_of_its_stamp(post: Post, off_s: int, status: int) -> None:
    sent = v1_body(TOKEN, v1_plaintext(MORNING + timedelta(seconds=off_s)))
    assert post.send(sent)[0] == status
    assert post.titles == ([] if status == 200 else [texts.V1_TITLE])


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"v1_until": None}, 403),
        ({"v1_until": date(2026, 11, 19)}, 403),
        ({"v1_until": date(2026, 11, 20)}, 200),  # the last day itself
        ({"v1_token": "another"}, 403),
        ({"v1_token": ""}, 403),
    ],
)
def test_v1_is_off_unless_the_strategy_allows_it_today(post: Post, changes: dict[str, Any], status: int) -> None:
    post.config = replace(post.config, strategies=(SMALL_CAP, replace(OLD, **changes)))
    got, answer = post.send(v1_body(TOKEN, v1_plaintext(MORNING)))
    assert (got, answer["status"]) == (status, "success" if status == 200 else "error")


def test_v1_ends_with_the_first_v2_event_of_the_strategy(post: Post) -> None:
    assert post.send(post.order())[0] == 200  # another strategy's
    assert post.send(v1_body(TOKEN, v1_plaintext(MORNING)))[0] == 200
    post.sender = Sender("old", OTHER_SECRET)
    assert post.send(post.order())[0] == 200
    post.restart()
    assert post.send(v1_body(TOKEN, v1_plaintext(MORNING, 订单ID="2")))[0] == 403


@pytest.mark.parametrize(
    ("added_min", "backtest"), [(0, False), (10, False), (-10, False), (11, True), (-60 * 24, True)]
)
def test_a_v1_order_added_long_before_or_after_its_stamp_is_a_backtest(
    post: Post, added_min: int, backtest: bool
) -> None:
    added = MORNING + timedelta(minutes=added_min)
    plain = v1_plaintext(MORNING, 状态="open", 已经成交="0", 订单添加时间=f"{added:%Y-%m-%d %H:%M:%S}")
    assert post.send(v1_body(TOKEN, plain))[0] == 200
    (event,) = post.journal.undecided_events()
    assert (event.body.backtest, event.body.strategy_time) == (backtest, added)


@pytest.mark.parametrize(
    "body",
    [
        b'{"encrypted_order":1}',
        b'{"encrypted_order":"x"}',
        b'{"encrypted_order":"e30="}',
        b'{"encrypted_order"',
        v1_body(TOKEN, "[]"),
        v1_body(TOKEN, '{"时间戳":"2026-11-20 09:35:00"}'),
        v1_body(TOKEN, v1_plaintext(MORNING, 下单数量="-5")),
        v1_body(TOKEN, v1_plaintext(MORNING, 买卖="maybe")),
    ],
)
def test_a_malformed_v1_body_is_answered_400(post: Post, body: bytes) -> None:
    status, answer = post.send(body)
    assert (status, answer["status"]) == (400, "error")
    assert post.journal.undecided_events() == []
