"""What a strategy sends, written from the wire's description alone and sharing no code with the receiving side."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
from datetime import datetime
from typing import Any

HELD_ORDER = {
    "y": "o",
    "q": 1,
    "r": "s",
    "d": 1795138500,
    "o": "1732208241",
    "x": "000001.XSHE",
    "b": 1,
    "a": 9400,
    "f": 9400,
    "p": 10.51,
    "u": "h",
}


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _measured(part: bytes) -> bytes:
    return struct.pack(">I", len(part)) + part


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


class Sender:
    """A v2 sender; ids count up, so every body of a test is another and every run is the same."""

    def __init__(self, kid: str, secret: str) -> None:
        self.kid = kid
        raw = base64.urlsafe_b64decode(secret[4:] + "=")
        prk = _mac(b"gendan/2|" + kid.encode(), raw)
        self._enc, self._sign, self._ack = (_mac(prk, name + b"\x01") for name in (b"enc", b"mac", b"ack"))
        self._made = 0

    def body(
        self, content: object, *, at: datetime, body_id: bytes | None = None, kid: str | None = None, **changes: Any
    ) -> bytes:
        """A signed body; `content` is JSON, or bytes that are no JSON; `changes` replace outer fields after signing."""
        self._made += 1
        kid = kid or self.kid
        body_id = body_id or hashlib.sha256(f"{kid} {self._made}".encode()).digest()[:16]
        t_ms = round(at.timestamp() * 1000)
        plain = content if isinstance(content, bytes) else json.dumps(content, separators=(",", ":")).encode()
        blocks = range(len(plain) // 32 + 1)
        stream = b"".join(_mac(self._enc, body_id + struct.pack(">Q", block)) for block in blocks)
        cipher = bytes(a ^ b for a, b in zip(plain, stream, strict=False))
        signed = b"gendan-2\0" + _measured(kid.encode()) + body_id + struct.pack(">Q", t_ms) + _measured(cipher)
        fields = {
            "v": 2,
            "k": kid,
            "i": _text(body_id),
            "t": t_ms,
            "c": _text(cipher),
            "m": _text(_mac(self._sign, signed)),
        }
        return json.dumps(fields | changes, separators=(",", ":")).encode()

    def read_ack(self, request: bytes, answer: bytes) -> tuple[str, int]:
        """(st, q) of an acknowledgement of just this request; an unsigned one fails the test."""
        asked, ack = json.loads(request), json.loads(answer)
        st, q = ack["st"], ack["q"]
        assert ack.keys() == {"v", "i", "st", "q", "m"}
        assert (ack["v"], ack["i"]) == (2, asked["i"])
        signed = b"gendan-ack-2\0" + base64.b64decode(asked["i"]) + base64.b64decode(asked["m"])
        signed += _measured(st.encode()) + struct.pack(">Q", q)
        assert ack["m"] == _text(_mac(self._ack, signed))
        return st, q


def v1_plaintext(at: datetime, **changes: str) -> str:
    stamp = f"{at:%Y-%m-%d %H:%M:%S}"
    fields = {
        "状态": "held",
        "订单添加时间": stamp,
        "买卖": "True",
        "下单数量": "1000",
        "已经成交": "1000",
        "股票代码": "000001.XSHE",
        "订单ID": "1732208241",
        "平均成交价格": "10.51",
        "持仓成本": "10.51",
        "多空": "long",
        "交易费用": "5.0",
        "时间戳": stamp,
        "密码": "xxx",
    }
    return json.dumps(fields | changes, ensure_ascii=False)


def v1_body(password: str, plaintext: str, *, timestamp: float = 0) -> bytes:
    """A v1 body; `timestamp` is the outer one, which nothing vouches for."""
    key, plain = hashlib.sha256(password.encode()).digest(), plaintext.encode()
    data = bytes(byte ^ key[n % 32] for n, byte in enumerate(plain))
    inner = {"signature": hmac.new(key, plain, hashlib.sha256).hexdigest(), "data": _text(data)}
    return json.dumps({"encrypted_order": _text(json.dumps(inner).encode()), "timestamp": timestamp}).encode()
