"""Events in a verified body: every field in its range, and the form that the journal keeps."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
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
from tests.core.test_wire import JSON

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


@given(key=st.sampled_from(sorted(ORDER)), value=JSON)
def test_a_field_of_any_json_is_read_or_unusable(key: str, value: Any) -> None:
    try:
        event = parse_one(**{key: value})
    except wire.Malformed:
        return
    assert wire.event_from_json(wire.events_to_json(event)) == event
