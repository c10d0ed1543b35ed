"""The wire (v2): pack a body, believe an answer. HMAC-SHA256 is the only primitive."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import struct
from dataclasses import dataclass
from typing import Any

STATES = ("accepted", "duplicate", "refused", "clock")
_KID = re.compile(r"[A-Za-z0-9_-]{1,16}", re.ASCII)
_SECRET = re.compile(r"gd2_[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True)
class Body:
    """One authenticated message, ready to be posted."""

    content: bytes
    body_id: bytes  # 16 bytes, never used twice
    mac: bytes
    t_ms: int  # when it was made, epoch milliseconds


@dataclass(frozen=True)
class Ack:
    """An answer that the receiver has signed for one very body; `next_seq` is the highest it has seen, plus 1."""

    state: str
    next_seq: int


class Keys:
    """The keys of one strategy; never shown."""

    def __init__(self, kid: str, secret: str) -> None:
        """Raises ValueError for what the program cannot have made; the text does not repeat the secret."""
        if _KID.fullmatch(kid) is None:
            raise ValueError("标识 kid 要是 1 到 16 个字母、数字、_ 或 -")
        if _SECRET.fullmatch(secret) is None:
            raise ValueError("密钥 secret 要是 gd2_ 开头的 47 个字符，由程序生成")
        raw = base64.urlsafe_b64decode(secret[4:] + "=")
        if base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=") != secret[4:]:
            raise ValueError("密钥 secret 的最后一个字符不对")
        self.kid = kid
        prk = _hmac(b"gendan/2|" + kid.encode("ascii"), raw)
        self._enc, self._mac, self._ack = (_hmac(prk, name + b"\x01") for name in (b"enc", b"mac", b"ack"))

    def __repr__(self) -> str:
        return f"Keys(kid={self.kid!r})"

    def pack(self, body_id: bytes, t_ms: int, plaintext: bytes) -> Body:
        """The same arguments give the same bytes."""
        ciphertext = self._mixed(body_id, plaintext)
        mac = self._signed(body_id, t_ms, ciphertext)
        names = f'"v":2,"k":"{self.kid}","i":"{_b64(body_id)}","t":{t_ms}'
        content = f'{{{names},"c":"{_b64(ciphertext)}","m":"{_b64(mac)}"}}'
        return Body(content.encode("ascii"), body_id, mac, t_ms)

    def own(self, content: bytes) -> Body | None:
        """The body that these keys have packed as these bytes; None if others did, or the bytes are damaged."""
        data = _object(content)
        try:
            body_id, ciphertext, mac = (base64.b64decode(data[key], validate=True) for key in "icm")
            t_ms = int(data["t"])
            if data["k"] != self.kid or not hmac.compare_digest(self._signed(body_id, t_ms, ciphertext), mac):
                return None
        except (KeyError, TypeError, ValueError, struct.error, binascii.Error):
            return None
        return Body(content, body_id, mac, t_ms)

    def again(self, body: Body, body_id: bytes) -> Body:
        """The same content and time under another id: for lists of positions alone, which do not add up."""
        ciphertext = base64.b64decode(_object(body.content)["c"])
        return self.pack(body_id, body.t_ms, self._mixed(body.body_id, ciphertext))

    def read_ack(self, body: Body, answer: bytes) -> Ack | None:
        """What the receiver has signed for this body; None for every other answer."""
        data = _object(answer)
        state, seq, mac = data.get("st"), data.get("q"), data.get("m")
        if data.get("v") != 2 or data.get("i") != _b64(body.body_id) or state not in STATES:
            return None
        if type(seq) is not int or not 0 <= seq < 2**63 or not isinstance(mac, str) or not mac.isascii():
            return None
        signed = b"gendan-ack-2\x00" + body.body_id + body.mac + _lp(state.encode("ascii")) + struct.pack(">Q", seq)
        return Ack(state, seq) if hmac.compare_digest(_b64(_hmac(self._ack, signed)), mac) else None

    def _mixed(self, body_id: bytes, text: bytes) -> bytes:
        blocks = range((len(text) + 31) // 32)
        stream = b"".join(_hmac(self._enc, body_id + struct.pack(">Q", block)) for block in blocks)
        mixed = int.from_bytes(text, "big") ^ int.from_bytes(stream[: len(text)], "big")
        return mixed.to_bytes(len(text), "big")

    def _signed(self, body_id: bytes, t_ms: int, ciphertext: bytes) -> bytes:
        named = _lp(self.kid.encode("ascii")) + body_id + struct.pack(">Q", t_ms)
        return _hmac(self._mac, b"gendan-2\x00" + named + _lp(ciphertext))


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _lp(part: bytes) -> bytes:
    return struct.pack(">I", len(part)) + part


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _object(content: bytes) -> dict[str, Any]:
    """The JSON object, {} for everything else."""
    try:
        data = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
