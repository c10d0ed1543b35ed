"""Somebody who has heard everything: what was captured opens nothing, at no time, under no name, in no protocol."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from desk.core import wire
from tests.joinquant.pasted import Strategy
from tests.stand_in.post import MORNING, OLD, OTHER_SECRET, SECRET, SMALL_CAP, TOKEN, VECTORS, Post
from tests.stand_in.senders import HELD_ORDER, Sender, v1_body, v1_plaintext

VECTOR = json.loads((VECTORS / "wire_v2.json").read_text("utf-8"))[0]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    made.config = replace(made.config, failed_per_minute=1_000_000)
    made.restart()
    yield made
    made.journal.close()


def stored(post: Post) -> int:
    return len(post.journal.undecided_events(1_000_000))


# --- bits -------------------------------------------------------------------------------------------------------------


def test_a_bit_flipped_in_any_byte_of_a_vector_is_rejected(post: Post) -> None:
    post.config = replace(post.config, strategies=(replace(SMALL_CAP, kid=VECTOR["kid"], secret=VECTOR["secret"]),))
    good = VECTOR["body"].encode()
    for at in range(len(good)):
        for bit in (0x01, 0x20, 0x80):
            bad = good[:at] + bytes([good[at] ^ bit]) + good[at + 1 :]
            status, answer = post.send(bad)
            assert (status, set(answer)) in ((400, {"error"}), (401, {"error"})), bad
    assert stored(post) == 0
    assert post.send(good)[0] == 200


@pytest.mark.parametrize("field", ["i", "t", "c", "m"])
def test_a_bit_flipped_in_any_bit_of_what_the_mac_covers_is_not_authentic(post: Post, field: str) -> None:
    good = json.loads(post.order())
    raw = good["t"].to_bytes(6, "big") if field == "t" else base64.b64decode(good[field])
    for bit in range(len(raw) * 8):
        flipped = (int.from_bytes(raw, "big") ^ 1 << bit).to_bytes(len(raw), "big")
        said = int.from_bytes(flipped, "big") if field == "t" else base64.b64encode(flipped).decode()
        assert post.send(json.dumps(good | {field: said}).encode())[0] in (400, 401)
    assert stored(post) == 0


def test_no_part_of_one_body_fits_into_another(post: Post) -> None:
    one = json.loads(post.order(1))
    post.clock.advance(1)
    other = json.loads(post.order(2))
    for field in "itcm":
        assert post.send(json.dumps(one | {field: other[field]}).encode())[0] in (400, 401)
    assert stored(post) == 0


def test_a_shorter_ciphertext_under_the_same_mac_is_not_authentic(post: Post) -> None:
    good = json.loads(post.order())
    raw = base64.b64decode(good["c"])
    for size in range(len(raw)):
        cut = base64.b64encode(raw[:size]).decode()
        assert post.send(json.dumps(good | {"c": cut}).encode())[0] == 401


# --- replay -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("later_s", [0, 60, 3600, 86_400, 400 * 86_400])
def test_a_captured_body_is_a_duplicate_whenever_it_comes_again(post: Post, later_s: float) -> None:
    body = post.order()
    assert post.send(body) == (200, ("accepted", 2))
    post.clock.advance(later_s)
    post.restart()
    assert post.send(body) == (200, ("duplicate", 2))
    assert stored(post) == 1


def test_a_captured_body_is_a_duplicate_for_a_journal_that_was_opened_anew(tmp_path: Path) -> None:
    first = Post(tmp_path)
    body = first.order()
    first.send(body)
    first.journal.close()
    second = Post(tmp_path)
    try:
        assert second.send(body)[1][0] == "duplicate"
        assert stored(second) == 1
    finally:
        second.journal.close()


def test_a_body_held_back_in_the_tunnel_keeps_the_time_at_which_it_was_made(post: Post) -> None:
    body = post.order()
    post.clock.advance(3600)
    assert post.send(body)[1][0] == "accepted"  # authentic and new; what is too old is judged behind the journal
    (event,) = post.journal.undecided_events()
    assert event.received_at - event.sent_at == timedelta(hours=1)


def test_a_captured_body_is_nothing_under_another_strategys_name(post: Post) -> None:
    good = json.loads(post.order())
    assert post.send(json.dumps(good | {"k": "old"}).encode()) == (401, {"error": "unauthorized"})
    assert post.send(json.dumps(good | {"k": "nobody"}).encode()) == (401, {"error": "unauthorized"})
    assert stored(post) == 0


def test_one_secret_under_two_names_makes_keys_that_have_nothing_in_common() -> None:
    one, other = wire.derive_keys("a", SECRET), wire.derive_keys("b", SECRET)
    made = [keys for pair in (one, other) for keys in (pair.enc, pair.mac, pair.ack)]
    assert len(set(made)) == 6


def test_a_body_signed_for_one_name_with_the_shared_secret_is_not_the_others(post: Post) -> None:
    post.config = replace(post.config, strategies=(SMALL_CAP, replace(OLD, secret=SECRET)))
    good = json.loads(post.order())
    assert post.send(json.dumps(good | {"k": "old"}).encode())[0] == 401


def test_what_was_captured_before_a_rekey_opens_nothing_after_it(post: Post) -> None:
    body = post.order()
    post.config = replace(post.config, strategies=(replace(SMALL_CAP, secret=OTHER_SECRET),))
    assert post.send(body)[0] == 401


# --- the old protocol -------------------------------------------------------------------------------------------------


def key_of_whoever_listened(body: bytes, known: bytes) -> bytes:
    """The old key from one captured message of which the first 32 bytes are known: data XOR text."""
    data = base64.b64decode(json.loads(base64.b64decode(json.loads(body)["encrypted_order"]))["data"])
    return bytes(a ^ b for a, b in zip(data[:32], known[:32], strict=True))


def test_one_captured_old_message_gives_the_old_key_away_and_nothing_of_the_new(post: Post) -> None:
    plaintext = v1_plaintext(MORNING)
    stolen = key_of_whoever_listened(v1_body(TOKEN, plaintext), plaintext.encode())
    assert stolen == wire.v1_key(TOKEN)  # the weakness that docs/security.md tells of
    as_secret = wire.make_secret(stolen)
    for kid in ("old", "xsz"):
        body = Sender(kid, as_secret).body(HELD_ORDER, at=MORNING)
        assert post.send(body) == (401, {"error": "unauthorized"})
    assert stored(post) == 0


def test_the_stolen_old_key_is_worth_nothing_after_the_first_new_event(post: Post) -> None:
    post.sender = Sender("old", OTHER_SECRET)
    assert post.send(post.order())[0] == 200
    assert post.send(v1_body(TOKEN, v1_plaintext(MORNING)))[0] == 403
    assert stored(post) == 1


def test_the_new_secret_as_an_old_password_opens_nothing(post: Post) -> None:
    assert post.send(v1_body(SECRET, v1_plaintext(MORNING)))[0] == 403
    assert post.send(v1_body(SECRET.removeprefix("gd2_"), v1_plaintext(MORNING)))[0] == 403


def test_a_new_body_with_an_old_ones_mark_is_neither(post: Post) -> None:
    both = json.loads(post.order()) | json.loads(v1_body("wrong", v1_plaintext(MORNING)))
    assert post.send(json.dumps(both).encode())[0] in (400, 403)
    assert stored(post) == 0


@pytest.mark.parametrize("later_s", [1, 119, 3600, 86_400])
def test_a_captured_old_body_is_accepted_once_at_most(post: Post, later_s: float) -> None:
    body = v1_body(TOKEN, v1_plaintext(MORNING))
    assert post.send(body)[0] == 200
    post.clock.advance(later_s)
    post.restart()
    status, answer = post.send(body)
    assert status == 403 or answer["duplicate"] is True
    assert stored(post) == 1


# --- work -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 32, 33, 5000, 40_000])
def test_unknown_names_and_wrong_keys_cost_the_same_hmacs_over_the_same_bytes(
    post: Post, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    work: list[tuple[int, int]] = []
    plain_hmac = wire._hmac

    def counted(key: bytes, message: bytes) -> bytes:
        work.append((len(key), len(message)))
        return plain_hmac(key, message)

    monkeypatch.setattr(wire, "_hmac", counted)
    costs = []
    for kid in ("xsz", "abc"):
        body = Sender(kid, OTHER_SECRET).body(b"x" * size, at=MORNING)
        work.clear()
        assert post.send(body) == (401, {"error": "unauthorized"})
        costs.append(list(work))
    assert costs[0] == costs[1]
    assert len(costs[0]) == 1  # nothing is decrypted before it is known to be authentic


def test_macs_are_compared_in_constant_time(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    plain = wire.hmac.compare_digest
    monkeypatch.setattr(wire.hmac, "compare_digest", lambda a, b: compared.append(len(a)) or plain(a, b))
    post.send(post.order())
    post.send(Sender("nobody", SECRET).body(HELD_ORDER, at=MORNING))
    post.send(v1_body(TOKEN, v1_plaintext(MORNING)))
    assert compared == [32, 32, 32]


# --- the snippet and whoever holds the tunnel -------------------------------------------------------------------------

Answer = tuple[int, bytes]


def honest_ack(envelope: wire.Envelope, secret: str = SECRET, kid: str = "xsz") -> bytes:
    return wire.make_ack(envelope, wire.derive_keys(kid, secret), "accepted", 2)


CODES = (200, 201, 204, 301, 302, 307, 400, 401, 404, 409, 413, 429, 500, 502, 503, 504)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    "content",
    [b"", b"OK", b'{"status":"success"}', b'{"v":2,"st":"accepted","q":2}', b'{"error":"unauthorized"}', b"<html>"],
)
def test_no_status_code_without_a_signature_makes_the_snippet_forget(code: int, content: bytes) -> None:
    strategy = Strategy()
    strategy.receiver.answers = [lambda _: (code, content)] * 20
    strategy.call("order", "000001.XSHE", 100)
    assert len(strategy.spool) == 1
    strategy.receiver.answers = []
    strategy.call("gendan_heartbeat", strategy.jq.context)
    assert strategy.spool == [] and strategy.receiver.events()[0]["a"] == 100


@pytest.mark.parametrize("code", CODES)
def test_the_right_signature_is_believed_whatever_code_stands_above_it(code: int) -> None:
    strategy = Strategy()
    strategy.receiver.answers = [lambda e: (code, strategy.receiver.honest(e)[1])]
    strategy.call("order", "000001.XSHE", 100)
    assert strategy.spool == []


def test_every_cut_and_every_flipped_bit_of_an_acknowledgement_is_disbelieved() -> None:
    keys = Strategy().gendan.keys
    envelope = wire.Envelope(kid="xsz", body_id=b"i" * 16, t_ms=1, ciphertext=b"", mac=b"m" * 32)
    good = honest_ack(envelope)

    def believed(answer: bytes) -> Any:
        return keys.read_ack(envelope.body_id, envelope.mac, answer)

    assert believed(good) == ("accepted", 2)
    assert [size for size in range(len(good)) if believed(good[:size]) is not None] == []
    for at in range(len(good)):
        for bit in range(8):
            bad = good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :]
            assert believed(bad) is None, bad


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(lambda e: honest_ack(e, OTHER_SECRET), id="another secret"),
        pytest.param(lambda e: honest_ack(e, kid="old"), id="another name"),
        pytest.param(lambda e: honest_ack(replace(e, mac=b"m" * 32)), id="another body of this id"),
        pytest.param(lambda e: honest_ack(replace(e, body_id=b"i" * 16)), id="another id of this body"),
    ],
)
def test_an_acknowledgement_of_something_else_is_disbelieved(of: Any) -> None:
    strategy = Strategy()
    strategy.receiver.answers = [lambda e: (200, of(e))] * 20
    strategy.call("order", "000001.XSHE", 100)
    assert len(strategy.spool) == 1


def test_the_bodys_own_mac_is_no_acknowledgement() -> None:
    strategy = Strategy()

    def reflect(envelope: wire.Envelope) -> Answer:
        told = {"v": 2, "i": base64.b64encode(envelope.body_id).decode(), "st": "accepted", "q": 2}
        return 200, json.dumps(told | {"m": base64.b64encode(envelope.mac).decode()}).encode()

    strategy.receiver.answers = [reflect] * 20
    strategy.call("order", "000001.XSHE", 100)
    assert len(strategy.spool) == 1
