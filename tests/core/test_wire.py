"""The receiving side of the wire: vectors byte for byte, and no input that ends in anything but a declared error."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base_func import BEIJING
from desk.core import wire

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
V2 = json.loads((VECTORS / "wire_v2.json").read_text(encoding="utf-8"))


# --- v2, outer form and signatures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", V2, ids=[vector["ack"]["st"] + str(at) for at, vector in enumerate(V2)])
def test_a_foreign_body_opens_and_its_acknowledgement_is_the_same_bytes(vector: dict[str, Any]) -> None:
    envelope, keys = wire.parse_envelope(vector["body"].encode()), wire.derive_keys(vector["kid"], vector["secret"])
    assert (envelope.kid, envelope.body_id.hex(), envelope.t_ms) == (vector["kid"], vector["id_hex"], vector["t_ms"])
    assert wire.open_envelope(envelope, keys).decode("utf-8") == vector["plaintext"]
    expected = json.dumps(vector["ack"], separators=(",", ":")).encode()
    assert wire.make_ack(envelope, keys, vector["ack"]["st"], vector["ack"]["q"]) == expected


@pytest.mark.parametrize("vector", V2, ids=range(len(V2)))
def test_the_storage_form_of_a_foreign_event_is_its_plaintext(vector: dict[str, Any]) -> None:
    events = wire.parse_events(vector["plaintext"].encode())
    written = [wire.events_to_json(event) for event in events]
    assert vector["plaintext"] == (written[0] if len(written) == 1 else "[" + ",".join(written) + "]")


@given(at=st.integers(0, len(V2[0]["body"]) - 1), byte=st.integers(0, 255))
def test_any_changed_byte_is_not_authentic_or_malformed(at: int, byte: int) -> None:
    original = V2[0]["body"].encode()
    body = original[:at] + bytes([byte]) + original[at + 1 :]
    keys = wire.derive_keys(V2[0]["kid"], V2[0]["secret"])
    try:
        envelope = wire.parse_envelope(body)
        opened = wire.open_envelope(envelope, keys)
    except wire.WireError:
        return
    # Only the same content may pass: the same byte, or white space where a digit of nothing stood.
    assert envelope == wire.parse_envelope(original)
    assert opened.decode() == V2[0]["plaintext"]


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_malformed(body: bytes) -> None:
    for parse in (wire.parse_envelope, wire.parse_events, wire.parse_v1):
        with pytest.raises(wire.Malformed):
            parse(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("vkitcmyqrdoxbafpu"), inner, max_size=9)
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_json_raises_anything_but_malformed(value: Any) -> None:
    body = json.dumps(value).encode()
    with pytest.raises(wire.Malformed):
        wire.parse_envelope(body)
    with pytest.raises(wire.Malformed):
        wire.parse_v1(body)
    try:
        wire.parse_events(body)
    except wire.Malformed as error:
        assert error.code == "unusable"


def outer(**changes: Any) -> bytes:
    return json.dumps({**json.loads(V2[0]["body"]), **changes}).encode()


B16, B32 = base64.b64encode(bytes(16)).decode(), base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b"\xff\xfe{\x00}\x00", "bad_json"),
        (b"\xef\xbb\xbf{}", "bad_json"),
        (b'{"v":NaN}', "bad_json"),
        (b'{"v":2,"v":2}', "bad_json"),
        (b'{"t":1e9999999999999999999}', "bad_json"),
        (b'{"t":' + b"9" * 5000 + b"}", "bad_json"),
        (b"[" * 60000, "bad_json"),
        (b'{"a":' * 10000, "bad_json"),
        (b"[]", "not_object"),
        (b"null", "not_object"),
        (b"{}", "missing_key"),
        (outer(zz=1), "unknown_key"),
        (outer(v=1), "bad_version"),
        (outer(v=True), "bad_version"),
        (outer(v="2"), "bad_version"),
        (outer(v=2.0), "bad_version"),
        (outer(k=""), "bad_kid"),
        (outer(k="a" * 17), "bad_kid"),
        (outer(k="xsz\n"), "bad_kid"),
        (outer(k="ｘsz"), "bad_kid"),
        (outer(k="\ud800"), "bad_kid"),
        (outer(k=None), "bad_kid"),
        (outer(t=True), "bad_time"),
        (outer(t=1.0), "bad_time"),
        (outer(t="1"), "bad_time"),
        (outer(t=-1), "bad_time"),
        (outer(t=2**63), "bad_time"),
        (outer(i=B16[:-1]), "bad_id"),
        (outer(i=B16.rstrip("=")), "bad_id"),
        (outer(i=B32), "bad_id"),
        (outer(i=B16 + "\n"), "bad_id"),
        (outer(i=B16[:-3] + "B=="), "bad_id"),
        (outer(i=7), "bad_id"),
        (outer(m=B16), "bad_mac_field"),
        (outer(m="é" * 44), "bad_mac_field"),
        (outer(c="-_-_"), "bad_ciphertext"),
        (outer(c=[]), "bad_ciphertext"),
    ],
)
def test_a_malformed_body_says_what_is_wrong_with_it(body: bytes, code: str) -> None:
    with pytest.raises(wire.Malformed) as raised:
        wire.parse_envelope(body)
    assert raised.value.code == code


def test_every_t_that_passes_is_a_time_that_can_be_stored() -> None:
    latest = 253_402_185_600_000 - 1
    assert wire.parse_envelope(outer(t=latest)).t_ms == latest
    assert datetime.fromtimestamp(latest / 1000, BEIJING).year == 9999


def test_an_unknown_kid_costs_work_and_raises_nothing() -> None:
    wire.burn(wire.parse_envelope(outer(k="nobody")))


def test_the_keys_of_another_strategy_open_nothing() -> None:
    envelope = wire.parse_envelope(V2[0]["body"].encode())
    for kid, secret in [(V2[0]["kid"], V2[2]["secret"]), ("other", V2[0]["secret"])]:
        with pytest.raises(wire.NotAuthentic):
            wire.open_envelope(envelope, wire.derive_keys(kid, secret))


@pytest.mark.parametrize(
    ("kid", "secret"),
    [
        ("xsz", "123456"),
        ("xsz", ""),
        ("xsz", "gd2_" + "A" * 42),
        ("xsz", "gd2_" + "A" * 42 + "B"),  # trailing bits that no program wrote: a typing error
        ("xsz", "gd2_" + "A" * 43 + "\n"),
        ("xsz", "gd1_" + "A" * 43),
        ("x z", "gd2_" + "A" * 43),
        ("", "gd2_" + "A" * 43),
    ],
)
def test_chosen_passwords_and_damaged_secrets_are_refused(kid: str, secret: str) -> None:
    with pytest.raises(ValueError):
        wire.derive_keys(kid, secret)


@given(st.binary(min_size=32, max_size=32))
def test_a_made_secret_is_accepted(random32: bytes) -> None:
    wire.derive_keys("a", wire.make_secret(random32))


def test_secrets_are_not_shown() -> None:
    assert repr(wire.derive_keys("xsz", V2[0]["secret"])) == "Keys()"
    with pytest.raises(ValueError):
        wire.make_secret(b"short")


def test_only_the_four_words_can_be_signed() -> None:
    envelope, keys = wire.parse_envelope(V2[0]["body"].encode()), wire.derive_keys("xsz", V2[0]["secret"])
    with pytest.raises(ValueError):
        wire.make_ack(envelope, keys, "ok", 1)


@given(
    kid=st.from_regex(r"\A[A-Za-z0-9_-]{1,16}\Z"),
    body_id=st.binary(min_size=16, max_size=16),
    t=st.integers(0, 2**47),
    plaintext=st.binary(max_size=300),
    secret=st.binary(min_size=32, max_size=32),
)
@settings(max_examples=50)
def test_what_is_packed_by_the_book_opens(kid: str, body_id: bytes, t: int, plaintext: bytes, secret: bytes) -> None:
    keys = wire.derive_keys(kid, wire.make_secret(secret))
    stream = b"".join(
        hmac.new(keys.enc, body_id + struct.pack(">Q", block), hashlib.sha256).digest() for block in range(10)
    )
    ciphertext = bytes(one ^ other for one, other in zip(plaintext, stream, strict=False))
    message = b"gendan-2\0" + struct.pack(">I", len(kid)) + kid.encode() + body_id + struct.pack(">Q", t)
    message += struct.pack(">I", len(ciphertext)) + ciphertext
    envelope = wire.Envelope(
        kid=kid,
        body_id=body_id,
        t_ms=t,
        ciphertext=ciphertext,
        mac=hmac.new(keys.mac, message, hashlib.sha256).digest(),
    )
    assert wire.open_envelope(envelope, keys) == plaintext
