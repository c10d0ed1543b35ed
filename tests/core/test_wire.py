"""The receiving side of the wire: vectors byte for byte, and no input that ends in anything but a declared error."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base_func import BEIJING
from desk.core import wire
from desk.core.values import (
    CancelSignal,
    EventKind,
    JqStatus,
    OrderSignal,
    Side,
    SnapshotOrder,
    SnapshotPosition,
    SnapshotSignal,
    Style,
    WireEvent,
)

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
V2 = json.loads((VECTORS / "wire_v2.json").read_text(encoding="utf-8"))
V1 = json.loads((VECTORS / "wire_v1.json").read_text(encoding="utf-8"))
ORDER: dict[str, Any] = {
    "y": "o",
    "q": 1,
    "r": "s",
    "d": 1795138500,
    "o": "17",
    "x": "000001.XSHE",
    "b": 1,
    "a": 100,
    "f": 100,
    "p": 10.51,
    "u": "h",
}


def parse_one(**changes: Any) -> WireEvent:
    (event,) = wire.parse_events(json.dumps({**ORDER, **changes}).encode())
    return event


def order_of(**changes: Any) -> OrderSignal:
    content = parse_one(**changes).content
    assert isinstance(content, OrderSignal)
    return content


def v1_body(plaintext: str | dict[str, Any], password: str = "令牌 test-token") -> bytes:
    text = plaintext if isinstance(plaintext, str) else json.dumps(plaintext, ensure_ascii=False)
    raw, key = text.encode("utf-8"), hashlib.sha256(password.encode("utf-8")).digest()
    data = bytes(byte ^ key[at % 32] for at, byte in enumerate(raw))
    inner = {
        "signature": hmac.new(key, raw, hashlib.sha256).hexdigest(),
        "data": base64.b64encode(data).decode(),
    }
    return json.dumps(
        {"encrypted_order": base64.b64encode(json.dumps(inner).encode()).decode(), "timestamp": "x"}
    ).encode()


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


@given(key=st.sampled_from(sorted(ORDER)), value=JSON)
def test_a_field_of_any_json_is_read_or_unusable(key: str, value: Any) -> None:
    try:
        event = parse_one(**{key: value})
    except wire.Malformed:
        return
    assert wire.event_from_json(wire.events_to_json(event)) == event


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


# --- events ---------------------------------------------------------------------------------------------------------


def test_an_order_is_read_with_everything_it_may_say() -> None:
    event = parse_one(
        u="o", f=0, p=0, k="l", l=10.5, z="s", e=100874.56, m=5.01, g=-0.5, n=300, b=0, future_key=[1], r="b"
    )
    assert event == WireEvent(
        kind=EventKind.ORDER,
        seq=1,
        backtest=True,
        strategy_time=datetime(2026, 11, 20, 9, 35, tzinfo=BEIJING),
        content=OrderSignal(
            jq_order_id="17",
            security="000001.XSHE",
            side=Side.SELL,
            amount=100,
            filled=0,
            avg_price=Decimal(0),
            status=JqStatus.OPEN,
            style=Style.LIMIT,
            limit=Decimal("10.5"),
            short=True,
            equity=Decimal("100874.56"),
            commission=Decimal("5.01"),
            avg_cost=Decimal("-0.5"),
            holding_after=300,
        ),
    )


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("n", JqStatus.NEW),
        ("o", JqStatus.OPEN),
        ("f", JqStatus.FILLED),
        ("c", JqStatus.CANCELED),
        ("r", JqStatus.REJECTED),
        ("h", JqStatus.HELD),
        ("held", JqStatus.HELD),
        ("OrderStatus.held", JqStatus.HELD),
        ("HELD", JqStatus.HELD),
        ("Filled", JqStatus.FILLED),
        ("canceled", JqStatus.CANCELED),
        (8, JqStatus.NEW),
        (0, JqStatus.OPEN),
        (1, JqStatus.FILLED),
        (2, JqStatus.CANCELED),
        (3, JqStatus.REJECTED),
        (4, JqStatus.HELD),
        ("4", JqStatus.HELD),
        (9, JqStatus.OPEN),
        ("pending_cancel", JqStatus.OPEN),
    ],
)
def test_every_spelling_of_a_status_is_one_status(said: str | int, status: JqStatus) -> None:
    assert order_of(u=said).status is status


@pytest.mark.parametrize(
    "changes",
    [
        {"y": "z"},
        {"y": None},
        {"y": ["o"]},
        {"r": "x"},
        {"r": None},
        {"q": -1},
        {"q": "1"},
        {"q": True},
        {"q": 1.0},
        {"q": 2**70},
        {"d": -1},
        {"d": 1.5},
        {"d": 10**15},
        {"d": None},
        {"o": ""},
        {"o": 17},
        {"o": "x" * 65},
        {"o": "a\x00b"},
        {"o": "\ud800"},
        {"x": ""},
        {"x": "x" * 21},
        {"x": None},
        {"b": 2},
        {"b": True},
        {"b": "1"},
        {"a": -1},
        {"a": 10**9 + 1},
        {"a": 100.0},
        {"a": None},
        {"a": "100"},
        {"a": 99},
        {"f": 101},
        {"f": None},
        {"p": -1},
        {"p": "10"},
        {"p": True},
        {"p": 1e30},
        {"u": "x"},
        {"u": None},
        {"u": 7},
        {"u": True},
        {"u": ""},
        {"u": []},
        {"k": "x"},
        {"k": 1},
        {"k": []},
        {"l": 0},
        {"l": -1},
        {"l": "9"},
        {"z": "x"},
        {"z": 1},
        {"e": "1"},
        {"n": -1},
        {"n": 1.5},
        {"g": [1]},
    ],
)
def test_a_field_that_is_wrong_makes_the_body_unusable(changes: dict[str, Any]) -> None:
    with pytest.raises(wire.Malformed) as raised:
        parse_one(**changes)
    assert raised.value.code == "unusable"


@pytest.mark.parametrize(
    "plaintext",
    [
        "",
        "[]",
        "1",
        "null",
        "[1]",
        "[[]]",
        '{"y":"h"}',
        "[" * 50000,
        '{"y":"h","q":1,"r":"s","d":Infinity}',
        '{"y":"h","q":1,"q":2,"r":"s","d":1}',
    ],
)
def test_a_plaintext_that_is_no_event_is_unusable(plaintext: str) -> None:
    with pytest.raises(wire.Malformed) as raised:
        wire.parse_events(plaintext.encode())
    assert raised.value.code == "unusable"


def test_a_batch_has_at_most_fifty_events_and_one_bad_one_spoils_it() -> None:
    assert len(wire.parse_events(json.dumps([ORDER] * 50).encode())) == 50
    for batch in ([ORDER] * 51, [ORDER, {**ORDER, "a": -1}]):
        with pytest.raises(wire.Malformed):
            wire.parse_events(json.dumps(batch).encode())


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("10.51", "10.51"),
        ("10.5100", "10.51"),
        ("10", "10"),
        ("1.05e1", "10.5"),
        ("1e3", "1000"),
        ("10.123456", "10.1235"),
        ("1e-9", "0"),
        ("0.1", "0.1"),
        ("123456789.1234", "123456789.1234"),
    ],
)
def test_a_price_is_exact_to_four_decimals(written: str, read: str) -> None:
    (event,) = wire.parse_events(json.dumps(ORDER).replace("10.51", written).encode())
    assert isinstance(event.content, OrderSignal)
    assert event.content.avg_price == Decimal(read)
    assert wire.event_from_json(wire.events_to_json(event)) == event


def test_null_and_absent_both_mean_nothing_to_say() -> None:
    assert parse_one(l=None, k=None, z=None, e=None, m=None, g=None, n=None) == parse_one()


def test_a_test_order_stands_outside_the_sequence_and_says_when_it_is_live() -> None:
    assert parse_one(y="t", q=0, w=1).live_test is True
    assert parse_one(y="t", q=77).seq == 0
    assert parse_one(y="o", w=1).live_test is False


def test_a_cancel_may_carry_what_was_known_after_it() -> None:
    bare = parse_one(y="c", a=None, f=None, u=None)
    assert bare.content == CancelSignal(jq_order_id="17", security="000001.XSHE")
    full = parse_one(y="c", a=500, f=200, u="c")
    assert full.content == CancelSignal(
        jq_order_id="17", security="000001.XSHE", amount=500, filled=200, status=JqStatus.CANCELED
    )
    with pytest.raises(wire.Malformed):
        parse_one(y="c", a=1, f=2)


SNAPSHOT: dict[str, Any] = {
    "y": "s",
    "q": 5,
    "r": "s",
    "d": 1795138503,
    "P": [["000001.XSHE", 9400, 0, 10.51, 10.6]],
    "C": 1234.56,
    "E": 100874.56,
    "O": [["17", "600000.XSHG", 0, 500, 100, "f", None], ["18", "600000.XSHG", 1, 500, 0, "o", 9.5]],
}


def test_a_snapshot_is_read_with_its_live_orders() -> None:
    (event,) = wire.parse_events(json.dumps(SNAPSHOT).encode())
    assert event.content == SnapshotSignal(
        positions=(
            SnapshotPosition(
                security="000001.XSHE", shares=9400, sellable=0, avg_cost=Decimal("10.51"), price=Decimal("10.6")
            ),
        ),
        cash=Decimal("1234.56"),
        equity=Decimal("100874.56"),
        orders=(
            SnapshotOrder(
                jq_order_id="17",
                security="600000.XSHG",
                side=Side.SELL,
                amount=500,
                filled=100,
                status=JqStatus.FILLED,
                limit=None,
            ),
            SnapshotOrder(
                jq_order_id="18",
                security="600000.XSHG",
                side=Side.BUY,
                amount=500,
                filled=0,
                status=JqStatus.OPEN,
                limit=Decimal("9.5"),
            ),
        ),
    )
    assert wire.event_from_json(wire.events_to_json(event)) == event


@pytest.mark.parametrize(
    "changes",
    [
        {"P": None},
        {"O": None},
        {"P": {}},
        {"P": [[]]},
        {"P": [1]},
        {"P": [["000001.XSHE", 1, 1, 1]]},
        {"P": [["000001.XSHE", -1, 0, 1, 1]]},
        {"P": SNAPSHOT["P"] * 2},
        {"O": [["17", "x", 0, 1, 1, "f"]]},
        {"C": "1"},
    ],
)
def test_a_snapshot_without_its_lists_never_reads_as_holding_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(wire.Malformed):
        wire.parse_events(json.dumps({**SNAPSHOT, **changes}).encode())


MONEY = st.decimals(min_value=0, max_value=10**9, places=4, allow_nan=False, allow_infinity=False)
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)


@st.composite
def wire_events(draw: st.DrawFn) -> WireEvent:
    kind = draw(st.sampled_from(EventKind))
    amount = draw(st.integers(0, 10**9))
    filled = draw(st.integers(0, amount))
    side, status = draw(st.sampled_from(Side)), draw(st.sampled_from(JqStatus))
    limit = draw(st.none() | MONEY.filter(bool))
    content: OrderSignal | CancelSignal | SnapshotSignal | None = None
    if kind in (EventKind.ORDER, EventKind.TEST):
        content = OrderSignal(
            jq_order_id=draw(NAMES),
            security=draw(NAMES),
            side=side,
            amount=amount,
            filled=filled,
            avg_price=draw(MONEY),
            status=status,
            style=draw(st.sampled_from(Style)),
            limit=limit,
            short=draw(st.booleans()),
            equity=draw(st.none() | MONEY),
            commission=draw(st.none() | MONEY),
            avg_cost=draw(st.none() | MONEY.map(lambda x: -x)),
            holding_after=draw(st.none() | st.integers(0, 10**9)),
        )
    elif kind is EventKind.CANCEL:
        content = CancelSignal(
            jq_order_id=draw(NAMES),
            security=draw(NAMES),
            amount=draw(st.none() | st.just(amount)),
            filled=draw(st.none() | st.just(filled)),
            status=draw(st.none() | st.just(status)),
        )
    elif kind is EventKind.SNAPSHOT:
        securities = draw(st.lists(NAMES, max_size=3, unique=True))
        content = SnapshotSignal(
            positions=tuple(
                SnapshotPosition(security=one, shares=amount, sellable=filled, avg_cost=draw(MONEY), price=draw(MONEY))
                for one in securities
            ),
            cash=draw(st.none() | MONEY),
            equity=draw(st.none() | MONEY),
            orders=tuple(
                SnapshotOrder(
                    jq_order_id=draw(NAMES),
                    security=one,
                    side=side,
                    amount=amount,
                    filled=filled,
                    status=status,
                    limit=limit,
                )
                for one in securities
            ),
        )
    return WireEvent(
        kind=kind,
        seq=0 if kind is EventKind.TEST else draw(st.integers(0, 2**53)),
        backtest=draw(st.booleans()),
        strategy_time=datetime.fromtimestamp(draw(st.integers(0, 4 * 10**9)), BEIJING),
        content=content,
        live_test=kind is EventKind.TEST and draw(st.booleans()),
    )


@given(st.lists(wire_events(), min_size=1, max_size=3))
@settings(max_examples=60)
def test_an_event_survives_its_storage_form_and_the_wire(events: list[WireEvent]) -> None:
    written = [wire.events_to_json(event) for event in events]
    assert [wire.event_from_json(text) for text in written] == events
    assert wire.parse_events(("[" + ",".join(written) + "]").encode()) == events


# --- v1 -------------------------------------------------------------------------------------------------------------


def test_a_foreign_v1_body_is_read() -> None:
    body = json.dumps({"encrypted_order": V1[0]["encrypted_order"], "timestamp": 1.5}).encode()
    order = wire.open_v1(wire.parse_v1(body), wire.v1_key(V1[0]["password"]))
    assert order.stamped_at == datetime(2026, 11, 20, 9, 35, 1, tzinfo=BEIJING)
    assert order.event == WireEvent(
        kind=EventKind.ORDER,
        seq=0,
        backtest=False,
        strategy_time=datetime(2026, 11, 20, 9, 35, tzinfo=BEIJING),
        content=OrderSignal(
            jq_order_id="1732208241",
            security="000001.XSHE",
            side=Side.BUY,
            amount=1000,
            filled=1000,
            avg_price=Decimal("10.51"),
            status=JqStatus.HELD,
            commission=Decimal(5),
            avg_cost=Decimal("10.51"),
        ),
    )


def test_the_identity_of_a_v1_body_does_not_depend_on_what_is_unsigned() -> None:
    first, second = (
        wire.parse_v1(json.dumps({"timestamp": t, "encrypted_order": V1[0]["encrypted_order"]}).encode())
        for t in (1, "later")
    )
    assert first.body_hash == second.body_hash


def open_plain(**changes: Any) -> wire.V1Order:
    fields = {**json.loads(V1[0]["plaintext"]), **changes}
    plain = {key: value for key, value in fields.items() if value is not None}
    return wire.open_v1(wire.parse_v1(v1_body(plain)), wire.v1_key("令牌 test-token"))


@pytest.mark.parametrize(
    "changes",
    [
        {"状态": None},
        {"状态": "gone"},
        {"买卖": "1"},
        {"买卖": None},
        {"下单数量": "1.5"},
        {"下单数量": "-1"},
        {"下单数量": "nan"},
        {"下单数量": "many"},
        {"已经成交": "1001"},
        {"股票代码": ""},
        {"股票代码": "x" * 30},
        {"订单ID": None},
        {"时间戳": "yesterday"},
        {"时间戳": None},
        {"时间戳": "0001-01-01 00:00:00"},
        {"时间戳": "2026-11-20T09:35:01+09:00"},
        {"平均成交价格": "inf"},
        {"平均成交价格": "-1"},
        {"平均成交价格": "1e99999999999999999999"},
        {"下单数量": 1000},
    ],
)
def test_an_authentic_v1_order_with_a_wrong_field_is_unusable(changes: dict[str, Any]) -> None:
    with pytest.raises(wire.Malformed) as raised:
        open_plain(**changes)
    assert raised.value.code == "unusable"


def test_what_python_prints_for_a_missing_number_is_nothing_to_say() -> None:
    content = open_plain(
        平均成交价格="nan", 持仓成本="None", 交易费用=None, 状态="OrderStatus.canceled", 买卖="False"
    ).event.content
    assert isinstance(content, OrderSignal)
    assert (content.avg_price, content.avg_cost, content.commission) == (Decimal(0), None, None)
    assert (content.status, content.side) == (JqStatus.CANCELED, Side.SELL)


@pytest.mark.parametrize(
    ("added", "backtest"),
    [("2026-11-20 09:25:01", False), ("2026-11-20 09:25:00", True), ("2024-11-20 09:35:00", True)],  # 600 s, 601 s, 2 y
)
def test_a_v1_order_added_more_than_ten_minutes_away_is_a_backtest(added: str, backtest: bool) -> None:
    assert open_plain(订单添加时间=added).event.backtest is backtest


def test_a_short_v1_order_is_seen() -> None:
    content = open_plain(多空="short").event.content
    assert isinstance(content, OrderSignal) and content.short


@given(at=st.integers(0, 999), flip=st.integers(1, 255))
def test_a_changed_v1_order_is_not_authentic_or_malformed(at: int, flip: int) -> None:
    raw = bytearray(v1_body(V1[0]["plaintext"]))
    inner = json.loads(base64.b64decode(json.loads(raw)["encrypted_order"]))
    data = bytearray(base64.b64decode(inner["data"]))
    data[at % len(data)] ^= flip
    inner["data"] = base64.b64encode(data).decode()
    body = json.dumps({"encrypted_order": base64.b64encode(json.dumps(inner).encode()).decode()}).encode()
    with pytest.raises(wire.NotAuthentic):
        wire.open_v1(wire.parse_v1(body), wire.v1_key("令牌 test-token"))


def test_a_v1_body_with_another_token_is_not_authentic() -> None:
    with pytest.raises(wire.NotAuthentic):
        wire.open_v1(wire.parse_v1(v1_body(V1[0]["plaintext"])), wire.v1_key("other"))


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b'{"encrypted_order":1}',
        b'{"encrypted_order":""}',
        b'{"encrypted_order":"e30="}',
        b'{"encrypted_order":"eyJzaWduYXR1cmUiOiAiIiwgImRhdGEiOiAiIn0="}',
    ],
)
def test_a_malformed_v1_body_is_malformed(body: bytes) -> None:
    with pytest.raises(wire.Malformed):
        wire.parse_v1(body)
