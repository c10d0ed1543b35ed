"""The old wire: what existing strategies send is read, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base_func import BEIJING
from desk.core import wire
from desk.core.values import (
    EventKind,
    JqStatus,
    OrderSignal,
    Side,
    WireEvent,
)

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
V1 = json.loads((VECTORS / "wire_v1.json").read_text(encoding="utf-8"))


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
