"""The client's wire against the vectors, which a third implementation has made."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from desk.core import wire
from gendan_client import BUY, SELL, Cancel, Heartbeat, Held, Order, Snapshot
from gendan_client.events import TestOrder as OrderOfTest
from gendan_client.events import fields_of
from gendan_client.exact import to_json
from gendan_client.wire import Ack, Body, Keys
from tests.stand_in.post import OTHER_SECRET, SECRET, VECTORS

WIRE = json.loads((VECTORS / "wire_v2.json").read_text(encoding="utf-8"))
AT = datetime.fromtimestamp(1795138500, UTC)


def packed(vector: dict[str, Any]) -> tuple[Keys, Body]:
    keys = Keys(vector["kid"], vector["secret"])
    return keys, keys.pack(bytes.fromhex(vector["id_hex"]), vector["t_ms"], vector["plaintext"].encode())


@pytest.mark.parametrize("vector", WIRE, ids=range(len(WIRE)))
def test_a_body_is_the_vector_byte_for_byte_and_its_acknowledgement_is_believed(vector: dict[str, Any]) -> None:
    keys, body = packed(vector)
    assert body.content.decode() == vector["body"]
    assert keys.read_ack(body, json.dumps(vector["ack"]).encode()) == Ack(vector["ack"]["st"], vector["ack"]["q"])


@pytest.mark.parametrize("vector", WIRE, ids=range(len(WIRE)))
def test_what_was_packed_is_known_again_and_nothing_else_is(vector: dict[str, Any]) -> None:
    keys, body = packed(vector)
    assert keys.own(body.content) == body
    assert Keys(vector["kid"], SECRET if vector["secret"] != SECRET else OTHER_SECRET).own(body.content) is None
    damaged = body.content.replace(b'"t":1', b'"t":2')
    assert keys.own(damaged) is keys.own(b"") is keys.own(b"[]") is keys.own(b"{}") is None


@pytest.mark.parametrize(
    "change",
    [{"st": "duplicate"}, {"q": 3}, {"q": True}, {"q": -1}, {"q": 2**64}, {"i": "AAAA"}, {"m": "x"}, {"m": None},
     {"m": "é"}, {"v": 1}, {"st": "stored"}, {"st": None}],
)  # fmt: skip
def test_a_forged_acknowledgement_is_not_believed(change: dict[str, Any]) -> None:
    keys, body = packed(WIRE[0])
    assert keys.read_ack(body, json.dumps({**WIRE[0]["ack"], **change}).encode()) is None


@pytest.mark.parametrize("answer", [b"", b"\xff", b"[]", b"[" * 60000, b'{"v":2,"st":"accepted"}', b"null", b'"x"'])
def test_an_answer_that_is_none_is_not_believed(answer: bytes) -> None:
    keys, body = packed(WIRE[0])
    assert keys.read_ack(body, answer) is None


def test_another_bodys_acknowledgement_is_not_believed() -> None:
    keys, body = packed(WIRE[0])
    other = keys.again(body, bytes(16))
    assert keys.read_ack(other, json.dumps(WIRE[0]["ack"]).encode()) is None


def test_the_same_content_under_another_id_opens_to_the_same_text_and_time() -> None:
    keys, body = packed(WIRE[0])
    envelope = wire.parse_envelope(keys.again(body, bytes(16)).content)
    assert (envelope.body_id, envelope.t_ms) == (bytes(16), WIRE[0]["t_ms"])
    assert wire.open_envelope(envelope, wire.derive_keys("xsz", WIRE[0]["secret"])).decode() == WIRE[0]["plaintext"]


@pytest.mark.parametrize(
    ("kid", "secret"),
    [("", SECRET), ("a" * 17, SECRET), ("小", SECRET), ("xsz", "password"), ("xsz", SECRET[:-1]), ("xsz", SECRET + "A"),
     ("xsz", SECRET[:-1] + "J")],
)  # fmt: skip
def test_a_key_that_the_program_cannot_have_made_is_refused_without_being_repeated(kid: str, secret: str) -> None:
    with pytest.raises(ValueError) as caught:
        Keys(kid, secret)
    assert secret not in str(caught.value)
    assert SECRET not in repr(Keys("xsz", SECRET)) and "xsz" in repr(Keys("xsz", SECRET))


# --- events -----------------------------------------------------------------------------------------------------------

BOUGHT = Order(
    order_id="1732208241", code="sz000001", side=BUY, amount=9400, filled=9400, avg_price=Decimal("10.51"),
    status="held", at=AT,
)  # fmt: skip
SOLD = Order(
    order_id="1732208242", code="688981.SH", side=SELL, amount=201, status="open", limit=Decimal("88.12"), at=AT
)  # fmt: skip
LINE = Held(code="000001.SZ", shares=9400, sellable=0, cost=Decimal("10.51"), price=Decimal("10.6"))
PICTURE = Snapshot(positions=(LINE,), cash=Decimal("1234.56"), equity=Decimal("100874.56"), at=AT.replace(second=3))


@pytest.mark.parametrize(("number", "event"), [(0, BOUGHT), (1, SOLD), (3, PICTURE)])
def test_an_event_is_written_as_the_vector_has_it(number: int, event: Order) -> None:
    plaintext = WIRE[number]["plaintext"]
    assert to_json(fields_of(event, json.loads(plaintext)["q"])) == plaintext


def test_a_batch_is_written_as_the_vector_has_it() -> None:
    cancel = Cancel(order_id="1732208241", code="000001.SZ", at=AT.replace(second=1))
    beat = Heartbeat(at=AT.replace(second=2))
    assert to_json([fields_of(cancel, 3), fields_of(beat, 4)]) == WIRE[2]["plaintext"]


def test_every_kind_of_event_is_read_by_the_receivers_own_reader() -> None:
    events = [
        replace(BOUGHT, style="stop_limit", limit=Decimal("10.5"), equity=Decimal("1e5"), holding_after=9400),
        SOLD,
        PICTURE,
        Snapshot(positions=(), at=AT, complete_and_empty=True),
        Cancel(order_id="1", code="600000.SH", at=AT, amount=300, filled=100, status="canceled"),
        Heartbeat(at=AT, backtest=True),
        OrderOfTest(code="600000.SH", side=BUY, amount=100, price=Decimal(10), order_id="t1", at=AT),
    ]
    read = wire.parse_events(to_json([fields_of(event, 7) for event in events]).encode())
    assert [event.kind.value for event in read] == [
        *("order", "order", "snapshot", "snapshot", "cancel", "heartbeat", "test"),
    ]
    assert [event.seq for event in read] == [7, 7, 7, 7, 7, 7, 0]
    assert [event.backtest for event in read] == [False] * 5 + [True, False]
    first = read[0].content
    assert (first.limit, first.equity, first.holding_after) == (Decimal("10.5"), 100_000, 9400)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("event", "changes", "said"),
    [
        (BOUGHT, {"filled": 9500}, "filled"),
        (BOUGHT, {"amount": 100.5}, "amount"),
        (BOUGHT, {"amount": -100}, "amount"),
        (BOUGHT, {"amount": True}, "amount"),
        (BOUGHT, {"avg_price": float("nan")}, "avg_price"),
        (BOUGHT, {"avg_price": Decimal(-1)}, "avg_price"),
        (BOUGHT, {"side": "Buy"}, "side"),
        (BOUGHT, {"status": "filled"}, "status"),
        (BOUGHT, {"style": "LimitOrderStyle"}, "style"),
        (BOUGHT, {"at": datetime(2026, 11, 20, 9, 35)}, "时区"),  # noqa: DTZ001
        (BOUGHT, {"code": "000001"}, "交易所"),
        (BOUGHT, {"order_id": ""}, "order_id"),
        (BOUGHT, {"order_id": "a\nb"}, "order_id"),
        (SOLD, {"limit": Decimal(0)}, "limit"),
        (PICTURE, {"positions": ()}, "complete_and_empty"),
        (PICTURE, {"complete_and_empty": True}, "complete_and_empty"),
        (PICTURE, {"positions": (LINE, LINE)}, "两次"),
    ],
)
def test_an_event_that_means_nothing_is_refused_at_birth(event: Any, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(event, **changes)
