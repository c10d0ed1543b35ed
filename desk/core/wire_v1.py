"""Receive what existing strategies already send (v1): XOR with a repeating key, HMAC with the same key.

Whoever sees one message with 32 known bytes has the key, and nothing here stops a replay: both are why v1 is off unless
a strategy's config allows it, and why the caller remembers every `body_hash` for ever.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from base_func import BEIJING
from desk.core.values import EventKind, OrderSignal, Side, WireEvent
from desk.core.wire_events import MAX_SHARES, round_money, status_of
from desk.core.wire_text import Malformed, NotAuthentic, is_plain, strict_base64, strict_json

_HEX = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_BACKTEST_AFTER = timedelta(minutes=10)
_MAX_MONEY = Decimal(10**13)


@dataclass(frozen=True, kw_only=True, slots=True)
class V1Envelope:
    """A well-formed v1 body; the outer timestamp is not kept, because nothing vouches for it."""

    data: bytes  # plaintext XOR key
    signature: bytes
    body_hash: str  # hex SHA-256 of `data`: the identity that a changed outer timestamp or spelling cannot escape


@dataclass(frozen=True, kw_only=True, slots=True)
class V1Order:
    event: WireEvent  # kind order, seq 0, no limit (限价未知 while live)
    stamped_at: datetime  # 时间戳, inside the signature; must be within ±120 s of now
    body_hash: str


def v1_key(token: str) -> bytes:
    """Make the key of a 解码令牌."""
    return hashlib.sha256(token.encode("utf-8")).digest()


def parse_v1(body: bytes) -> V1Envelope:
    """Read a v1 body's outer form. Raises Malformed: bad_json, not_object, missing_key, bad_<field>."""
    outer = strict_json(body, "bad_json")
    if not isinstance(outer, dict):
        raise Malformed("not_object")
    if "encrypted_order" not in outer:
        raise Malformed("missing_key", "encrypted_order")
    inner = strict_json(strict_base64(outer["encrypted_order"], "bad_order"), "bad_order")
    if not isinstance(inner, dict) or not {"signature", "data"} <= inner.keys():
        raise Malformed("bad_order", "no signature or data")
    signature = inner["signature"]
    if not isinstance(signature, str) or _HEX.fullmatch(signature) is None:
        raise Malformed("bad_signature_field")
    data = strict_base64(inner["data"], "bad_data")
    return V1Envelope(data=data, signature=bytes.fromhex(signature), body_hash=hashlib.sha256(data).hexdigest())


def open_v1(envelope: V1Envelope, key: bytes) -> V1Order:
    """Decrypt, verify, read. Raises NotAuthentic for a wrong key, Malformed("unusable") for an unusable order."""
    repeated = (key * (len(envelope.data) // len(key) + 1))[: len(envelope.data)]
    plaintext = bytes(one ^ other for one, other in zip(envelope.data, repeated, strict=True))
    if not hmac.compare_digest(hmac.digest(key, plaintext, hashlib.sha256), envelope.signature):
        raise NotAuthentic("bad_mac")
    fields = strict_json(plaintext, "unusable")
    if not isinstance(fields, dict) or any(not isinstance(value, str) for value in fields.values()):
        raise Malformed("unusable", "not an object of strings")
    stamped_at, added_at = _time(fields, "时间戳"), _time(fields, "订单添加时间")
    event = WireEvent(
        kind=EventKind.ORDER,
        seq=0,
        backtest=abs(added_at - stamped_at) > _BACKTEST_AFTER,
        strategy_time=added_at,
        content=_order(fields),
    )
    return V1Order(event=event, stamped_at=stamped_at, body_hash=envelope.body_hash)


def _order(fields: Mapping[str, str]) -> OrderSignal:
    amount, filled = _shares(fields, "下单数量"), _shares(fields, "已经成交")
    if filled > amount:
        raise _bad("已经成交", "more than 下单数量")
    return OrderSignal(
        jq_order_id=_text(fields, "订单ID", 64),
        security=_text(fields, "股票代码", 20),
        side=_side(fields),
        amount=amount,
        filled=filled,
        avg_price=_money(fields, "平均成交价格") or Decimal(0),
        status=status_of(fields.get("状态")),
        short=fields.get("多空", "").strip().lower() == "short",
        commission=_money(fields, "交易费用", signed=True),
        avg_cost=_money(fields, "持仓成本", signed=True),
    )


def _bad(key: str, why: str) -> Malformed:
    return Malformed("unusable", f"{key}: {why}")


def _text(fields: Mapping[str, str], key: str, longest: int) -> str:
    text = fields.get(key, "").strip()
    if not is_plain(text, longest):
        raise _bad(key, "missing, too long or with control characters")
    return text


def _side(fields: Mapping[str, str]) -> Side:
    match _text(fields, "买卖", 5).lower():
        case "true":
            return Side.BUY
        case "false":
            return Side.SELL
    raise _bad("买卖", "neither True nor False")


def _number(text: str, key: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _bad(key, "not a number") from None
    return number


def _shares(fields: Mapping[str, str], key: str) -> int:
    number = _number(_text(fields, key, 20), key)
    if not number.is_finite() or not 0 <= number <= MAX_SHARES or number != number.to_integral_value():
        raise _bad(key, "not a number of whole shares")
    return int(number)


def _money(fields: Mapping[str, str], key: str, *, signed: bool = False) -> Decimal | None:
    """Read yuan; what Python prints for a missing number (None, nan) means nothing to say."""
    text = fields.get(key, "").strip()
    if text.lower() in ("", "none", "nan"):
        return None
    number = _number(_text(fields, key, 40), key)
    if not number.is_finite() or not (-_MAX_MONEY if signed else 0) <= number <= _MAX_MONEY:
        raise _bad(key, "out of range")
    return round_money(number)


def _time(fields: Mapping[str, str], key: str) -> datetime:
    """Read a naive Beijing time, whole seconds."""
    text = _text(fields, key, 32)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise _bad(key, "not a time") from None
    if time.tzinfo is not None or not 1970 <= time.year <= 9998:
        raise _bad(key, "not a plain Beijing time")
    return time.replace(microsecond=0, tzinfo=BEIJING)
