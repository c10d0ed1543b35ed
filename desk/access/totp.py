"""The second factor: codes of a phone's app (RFC 6238), each good once."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime

import pyotp
import segno

from desk.clock import fresh_bytes

_STEP_S = 30


def new_secret() -> str:
    return base64.b32encode(fresh_bytes(20)).decode()


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The step that this code belongs to, one step early or late allowed; None for a wrong one."""
    now = int(at.timestamp()) // _STEP_S
    otp = pyotp.TOTP(secret)
    given = code.replace(" ", "").encode("utf-8", "replace")
    matching = [n for n in (now - 1, now, now + 1) if hmac.compare_digest(otp.generate_otp(n).encode(), given)]
    return matching[-1] if matching else None


def picture(secret: str, name: str) -> str:
    """The QR code for the phone, as an inline SVG."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Gendan")
    return segno.make(uri, micro=False).svg_inline(scale=4, border=3, dark="#000", light="#fff")
