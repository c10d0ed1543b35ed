"""The receiver with the real journal: every row of the wire's table, by senders that share no code with it."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import Receiver as door
from desk.core import wire
from desk.core.probe import probe_key, proves
from desk.core.values import EventKind, OrderSignal
from desk.journal import JournalUnavailable
from desk.texts import receiver as texts
from tests.stand_in.post import MORNING, OTHER_SECRET, SECRET, SMALL_CAP, TOKEN, VECTORS, Post
from tests.stand_in.senders import HELD_ORDER, Sender, v1_body, v1_plaintext


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.journal.close()


# --- v2 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case", json.loads((VECTORS / "wire_v2.json").read_text("utf-8")), ids=lambda case: case["ack"]["st"]
)
def test_acknowledgements_agree_with_the_vectors_byte_for_byte(post: Post, case: dict[str, Any]) -> None:
    wanted = case["ack"]
    post.config = replace(post.config, strategies=(replace(SMALL_CAP, kid=case["kid"], secret=case["secret"]),))
    if wanted["st"] == "clock":
        post.clock.jump(-601)
    body = case["body"].encode()
    if wanted["st"] == "duplicate":
        post.receiver.receive(body)
    response = post.http.post("/api/order", data=body)
    assert response.data == json.dumps(wanted, separators=(",", ":")).encode()
    assert response.status_code == 200


def test_a_new_body_is_stored_before_it_is_acknowledged(post: Post) -> None:
    assert post.send(post.order(seq=1)) == (200, ("accepted", 2))
    (event,) = post.journal.undecided_events()
    assert (event.strategy, event.kid, event.wire, event.clock_ahead) == ("小市值", "xsz", 2, False)
    assert (event.sent_at, event.received_at) == (MORNING, MORNING)
    assert isinstance(event.body.content, OrderSignal)
    assert event.body.content.amount == 9400
    assert post.alarms == []


def test_a_repeated_body_is_a_duplicate_also_after_a_restart_and_re_spelt(post: Post) -> None:
    body = post.order()
    assert post.send(body)[1][0] == "accepted"
    assert post.send(body) == (200, ("duplicate", 2))
    post.restart()
    assert post.send(body) == (200, ("duplicate", 2))
    assert post.send(json.dumps(json.loads(body), indent=1).encode()) == (200, ("duplicate", 2))
    assert len(post.journal.undecided_events()) == 1


def test_another_body_under_a_known_id_is_refused_and_told(post: Post) -> None:
    one, other = (post.sender.body(HELD_ORDER | {"a": a}, at=MORNING, body_id=b"i" * 16) for a in (9400, 9500))
    assert post.send(one)[0] == 200
    assert post.send(other) == (409, {"error": "conflict"})
    assert len(post.journal.undecided_events()) == 1
    (row,) = post.journal.outbox_due("robot", post.clock.now(), 10)
    assert row.message.urgent and b"i".hex() * 16 in row.message.text


def test_a_batch_is_numbered_from_one_and_its_tests_go_to_their_own_book(post: Post) -> None:
    batch = [HELD_ORDER, {"y": "h", "q": 2, "r": "s", "d": 1795138500}, HELD_ORDER | {"y": "t", "q": 9}]
    assert post.send(post.sender.body(batch, at=MORNING, body_id=b"\x01" * 16)) == (200, ("accepted", 3))
    events = post.journal.undecided_events()
    assert [(e.event_id, e.strategy) for e in events] == [
        ("01" * 16 + "-1", "小市值"),
        ("01" * 16 + "-2", "小市值"),
        ("01" * 16 + "-3", "测试"),
    ]
    assert events[2].body.kind is EventKind.TEST
    post.send(post.sender.body([HELD_ORDER | {"q": 3}], at=MORNING, body_id=b"\x02" * 16))
    assert post.journal.undecided_events()[-1].event_id == "02" * 16 + "-1"


@pytest.mark.parametrize(
    "plaintext",
    [
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b'{"y":"o"}', id="an order without its fields"),
        pytest.param([], id="an empty array"),
        pytest.param([{"y": "h", "q": n, "r": "s", "d": 1795138500} for n in range(51)], id="51 events"),
        pytest.param(HELD_ORDER | {"a": -1}, id="a negative amount"),
        pytest.param([HELD_ORDER, HELD_ORDER | {"u": "?"}], id="one bad event spoils the batch"),
    ],
)
def test_an_unusable_plaintext_is_kept_raw_and_acknowledged_as_refused(
    post: Post, plaintext: Any, tmp_path: Path
) -> None:
    body = post.sender.body(plaintext, at=MORNING)
    assert post.send(body) == (200, ("refused", 1))
    assert post.send(body) == (200, ("duplicate", 1))
    assert post.journal.undecided_events() == []
    assert post.titles == [texts.UNUSABLE_TITLE]
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as read:
        (kept,) = read.execute("SELECT raw FROM bodies").fetchone()
    assert kept == (
        plaintext if isinstance(plaintext, bytes) else json.dumps(plaintext, separators=(",", ":")).encode()
    )


@pytest.mark.parametrize(
    ("ahead_s", "st", "title"),
    [
        (-3600, "accepted", None),  # old is judged behind the journal
        (5, "accepted", None),
        (6, "accepted", texts.CLOCK_TITLE),
        (600, "accepted", texts.CLOCK_TITLE),
        (601, "clock", texts.CLOCK_TITLE),
    ],
)
def test_a_sender_whose_clock_is_ahead_is_stored_and_told(post: Post, ahead_s: int, st: str, title: str | None) -> None:
    body = post.sender.body(HELD_ORDER, at=MORNING + timedelta(seconds=ahead_s))
    assert post.send(body) == (200, (st, 2))
    assert [event.clock_ahead for event in post.journal.undecided_events()] == [st == "clock"]
    assert post.titles == ([] if title is None else [title])


def test_a_disabled_strategy_is_still_received(post: Post) -> None:
    post.config = replace(post.config, strategies=(replace(SMALL_CAP, enabled=False),))
    assert post.send(post.order())[1] == ("accepted", 2)


def test_a_new_key_holds_from_the_next_body_on(post: Post) -> None:
    old, post.config = post.order(), replace(post.config, strategies=(replace(SMALL_CAP, secret=OTHER_SECRET),))
    assert post.send(old) == (401, {"error": "unauthorized"})
    post.sender = Sender("xsz", OTHER_SECRET)
    assert post.send(post.order())[0] == 200


# --- what is not accepted ---------------------------------------------------------------------------------------------


def test_an_unknown_kid_and_a_bad_mac_get_one_answer_for_the_same_work(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[int] = []
    plain_hmac = wire._hmac
    monkeypatch.setattr(wire, "_hmac", lambda key, message: work.append(len(message)) or plain_hmac(key, message))
    good = post.order()
    bodies = [
        Sender("nobody", SECRET).body(HELD_ORDER, at=MORNING, kid="abc"),
        Sender("xsz", OTHER_SECRET).body(HELD_ORDER, at=MORNING),
        json.dumps(json.loads(good) | {"t": 1795138500999}).encode(),
    ]
    answers, costs = [], []
    for body in bodies:
        work.clear()
        answers.append(post.http.post("/api/order", data=body))
        costs.append(list(work))
    assert {(answer.status_code, answer.data) for answer in answers} == {(401, b'{"error": "unauthorized"}')}
    assert costs[0] == costs[1] == costs[2]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"not json",
        b"\xff" * 100,
        b'{"v":2}',
        b"[" * 60_000,
        b'{"v":2,"v":2}',
        b'{"v":NaN}',
        b'{"v":' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_body_is_answered_400(post: Post, body: bytes) -> None:
    status, answer = post.send(body)
    assert (status, list(answer)) == (400, ["error"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("v", 1),
        ("v", "2"),
        ("v", True),
        ("k", ""),
        ("k", "名字"),
        ("k", "a" * 17),
        ("k", 5),
        ("i", "AAAA"),
        ("i", None),
        ("t", -1),
        ("t", 1.5),
        ("t", "1"),
        ("t", 10**30),
        ("c", "*"),
        ("c", 1),
        ("m", "AAAA"),
        ("m", ""),
        ("x", 1),
    ],
)
def test_a_field_of_the_wrong_form_is_answered_400(post: Post, field: str, value: Any) -> None:
    assert post.send(json.dumps(json.loads(post.order()) | {field: value}).encode())[0] == 400


@pytest.mark.parametrize(("size", "status"), [(64 * 1024, 400), (64 * 1024 + 1, 413), (3_000_000, 413)])
def test_more_than_64_kib_is_answered_413(post: Post, size: int, status: int) -> None:
    response = post.http.post("/api/order", data=b"x" * size)
    assert (response.status_code, list(response.get_json())) == (status, ["error"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/api/order", 405),
        ("DELETE", "/api/order", 405),
        ("OPTIONS", "/api/order", 405),
        ("POST", "/healthz", 405),
        ("GET", "/", 404),
        ("POST", "/", 404),
        ("POST", "/api/order/", 404),
        ("GET", "/api/orders", 404),
        ("GET", "//api//order", 404),
        ("GET", "/static/x", 404),
    ],
)
def test_wrong_methods_and_paths_are_answered_with_nothing(post: Post, method: str, path: str, status: int) -> None:
    response = post.http.open(path, method=method)
    assert (response.status_code, response.data) == (status, b"")


def test_a_look_by_get_is_answered_as_it_always_was(post: Post) -> None:
    response = post.http.get("/api/order")
    assert (response.status_code, response.get_json()["status"]) == (200, "success")


def test_only_failed_attempts_are_limited_and_the_authentic_never(post: Post) -> None:
    forged = Sender("xsz", OTHER_SECRET)
    for _ in range(3):
        assert post.send(forged.body(HELD_ORDER, at=MORNING))[0] == 401
        post.clock.advance(10)
    assert [post.send(b"junk")[0] for _ in range(3)] == [400, 400, 429]
    assert post.send(forged.body(HELD_ORDER, at=MORNING)) == (429, {"error": "too_many_failures"})
    assert post.send(v1_body("wrong", v1_plaintext(MORNING)))[0] == 429
    assert post.http.post("/api/order", data=b"junk").headers["Retry-After"] == "30"
    assert [post.send(post.order(seq))[0] for seq in range(1, 80)] == [200] * 79
    post.clock.advance(30)  # a minute after the first failure
    assert [post.send(b"junk")[0] for _ in range(2)] == [400, 429]
    assert post.titles == [texts.FAILURES_TITLE]


@pytest.mark.parametrize("failure", [JournalUnavailable("磁盘已满"), RuntimeError("a mistake of ours")])
def test_what_cannot_be_stored_is_answered_503_and_can_be_sent_again(post: Post, failure: Exception) -> None:
    body, old = post.order(), v1_body(TOKEN, v1_plaintext(MORNING))
    post.gate.failure = failure
    response = post.http.post("/api/order", data=body)
    assert (response.status_code, response.get_json()) == (503, {"error": "unavailable"})
    assert int(response.headers["Retry-After"]) > 0
    assert post.send(old) == (503, {"status": "error", "message": texts.V1_UNAVAILABLE})
    assert len(post.alarms) == 1
    assert post.http.get("/healthz").status_code == 200
    post.gate.failure = None
    assert post.send(body) == (200, ("accepted", 2))
    assert post.http.get("/healthz").get_json() == {"ok": True, "journal": "ok", "last_stored_seconds_ago": 0.0}


def test_a_teller_that_fails_does_not_touch_the_answer(post: Post) -> None:
    def fails(*_: str) -> None:
        raise OSError("no way to tell")

    post.receiver._tell = fails
    assert post.send(post.order(seq=7))[1] == ("accepted", 8)


# --- together ---------------------------------------------------------------------------------------------------------


def test_of_sixteen_copies_at_once_one_is_accepted_and_fifteen_are_duplicates(post: Post) -> None:
    stop, start = threading.Event(), threading.Barrier(16)
    server = door.open_door(door.make_app(post.receiver), "127.0.0.1", 0, clock=post.clock)
    serving = threading.Thread(target=server.run, args=(stop,))
    serving.start()
    body = post.order()
    request = b"POST /api/order HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    answers: list[bytes] = []

    def send() -> None:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
            start.wait(20)
            sock.sendall(request)
            data = b""
            while piece := sock.recv(4096):
                data += piece
            answers.append(data.partition(b"\r\n\r\n")[2])

    senders = [threading.Thread(target=send) for _ in range(16)]
    for thread in senders:
        thread.start()
    for thread in senders:
        thread.join(30)
    stop.set()
    serving.join(10)
    told = sorted(post.sender.read_ack(body, answer) for answer in answers)
    assert told == [("accepted", 2)] + [("duplicate", 2)] * 15
    assert len(post.journal.undecided_events()) == 1


_DECLARED = {200, 400, 401, 403, 409, 413, 429, 503}
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("vkitcm") | st.text(), inner, max_size=6)
    ),
    max_leaves=12,
)


@given(data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_get_a_declared_answer(post: Post, data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from(["bytes", "json", "v2", "v2 plaintext", "v1", "v1 plaintext"]))
    if shape == "bytes":
        body = data.draw(st.binary(max_size=300))
    elif shape == "json":
        body = json.dumps(data.draw(_JSON)).encode()
    elif shape == "v2 plaintext":
        body = post.sender.body(data.draw(st.binary(max_size=100) | _JSON), at=MORNING)
    elif shape == "v1 plaintext":
        body = v1_body(TOKEN, json.dumps(data.draw(_JSON)))
    else:
        good = bytearray(post.order() if shape == "v2" else v1_body(TOKEN, v1_plaintext(MORNING)))
        for _ in range(data.draw(st.integers(0, 3))):
            good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
        body = bytes(good[: data.draw(st.integers(0, len(good)))])
    before = len(post.alarms)
    response = post.http.post("/api/order", data=body)
    assert response.status_code in _DECLARED - {503}
    assert response.content_type == "application/json"
    response.get_json()
    assert texts.INCIDENT_TITLE not in post.titles[before:]


def test_the_health_page_proves_a_nonce_and_signs_nothing_else(post: Post) -> None:
    nonce, key = "5f" * 16, probe_key([SECRET, OTHER_SECRET])
    assert key is not None
    assert proves(key, nonce, post.http.get(f"/healthz?nonce={nonce}").get_json()["proof"])
    for other in ("", nonce[1:], nonce + "00", "x" * 32, nonce.upper()):
        assert "proof" not in post.http.get(f"/healthz?nonce={other}").get_json()
