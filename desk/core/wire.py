"""Receive the wire (v2): derive keys, verify, decrypt, acknowledge. HMAC-SHA256 is the only primitive.

Everything is checked on the received bytes before it is parsed further. Order of a caller: `parse_envelope` (400),
keys by kid (`burn` when unknown), `open_envelope` (401), `parse_events` (`refused`), store, `make_ack`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
from dataclasses import dataclass, field

from desk.core.wire_events import MAX_EVENTS as MAX_EVENTS
from desk.core.wire_events import event_from_json as event_from_json
from desk.core.wire_events import events_to_json as events_to_json
from desk.core.wire_events import parse_events as parse_events
from desk.core.wire_text import Malformed as Malformed
from desk.core.wire_text import NotAuthentic as NotAuthentic
from desk.core.wire_text import WireError as WireError
from desk.core.wire_text import strict_base64, strict_json
from desk.core.wire_v1 import V1Envelope as V1Envelope
from desk.core.wire_v1 import V1Order as V1Order
from desk.core.wire_v1 import open_v1 as open_v1
from desk.core.wire_v1 import parse_v1 as parse_v1
from desk.core.wire_v1 import v1_key as v1_key

ACCEPTED, DUPLICATE, REFUSED, CLOCK = "accepted", "duplicate", "refused", "clock"
_STATES = frozenset({ACCEPTED, DUPLICATE, REFUSED, CLOCK})
_KEYS = frozenset("vkitcm")
_KID = re.compile(r"[A-Za-z0-9_-]{1,16}", re.ASCII)
_SECRET = re.compile(r"gd2_[A-Za-z0-9_-]{43}", re.ASCII)
# The last whole day that a Beijing datetime can hold: a later t could not even be stored.
_LATEST_MS = 253_402_185_600_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """A well-formed body whose maker is not yet known."""

    kid: str
    body_id: bytes  # 16 bytes: nonce and identity
    t_ms: int  # when the body was made, epoch milliseconds
    ciphertext: bytes
    mac: bytes  # 32 bytes; covers everything above, so equal id and mac mean the same body


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """The three keys of one strategy; never shown."""

    enc: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    ack: bytes = field(repr=False)


_NOBODY = Keys(enc=bytes(32), mac=bytes(32), ack=bytes(32))


def _hmac(key: bytes, message: bytes) -> bytes:
    # hmac.digest lets go of the GIL at every call: with many callers that is a convoy, measured at 64 clients.
    return hmac.new(key, message, hashlib.sha256).digest()


def _lp(part: bytes) -> bytes:
    return struct.pack(">I", len(part)) + part


def valid_kid(kid: str) -> bool:
    return _KID.fullmatch(kid) is not None


def make_secret(random32: bytes) -> str:
    """Write 32 random bytes as a strategy's secret, `gd2_` + base64url without padding."""
    if len(random32) != 32:
        raise ValueError("a secret is made of 32 random bytes")
    return "gd2_" + base64.urlsafe_b64encode(random32).decode("ascii").rstrip("=")


def derive_keys(kid: str, secret_text: str) -> Keys:
    """Derive a strategy's keys (HKDF-SHA256); a chosen password or a damaged secret raises ValueError."""
    if not valid_kid(kid):
        raise ValueError("a kid is 1 to 16 of A-Z a-z 0-9 _ -")
    if _SECRET.fullmatch(secret_text) is None:
        raise ValueError("a secret is gd2_ and 43 characters, as the program made it")
    secret = base64.urlsafe_b64decode(secret_text[4:] + "=")
    if make_secret(secret) != secret_text:
        raise ValueError("the secret's last character is damaged")
    prk = _hmac(b"gendan/2|" + kid.encode("ascii"), secret)
    return Keys(enc=_hmac(prk, b"enc\x01"), mac=_hmac(prk, b"mac\x01"), ack=_hmac(prk, b"ack\x01"))


def parse_envelope(body: bytes) -> Envelope:
    """Read a body's outer form. Raises Malformed: bad_json, not_object, missing_key, unknown_key, bad_<field>."""
    data = strict_json(body, "bad_json")
    if not isinstance(data, dict):
        raise Malformed("not_object")
    if not data.keys() >= _KEYS:
        raise Malformed("missing_key", ",".join(sorted(_KEYS - data.keys())))
    if data.keys() - _KEYS:
        # The MAC does not cover them, so they can only come from somebody on the way.
        raise Malformed("unknown_key")
    if type(data["v"]) is not int or data["v"] != 2:
        raise Malformed("bad_version")
    kid, t_ms = data["k"], data["t"]
    if not isinstance(kid, str) or not valid_kid(kid):
        raise Malformed("bad_kid")
    if type(t_ms) is not int or not 0 <= t_ms < _LATEST_MS:
        raise Malformed("bad_time")
    body_id = strict_base64(data["i"], "bad_id")
    if len(body_id) != 16:
        raise Malformed("bad_id", "not 16 bytes")
    mac = strict_base64(data["m"], "bad_mac_field")
    if len(mac) != 32:
        raise Malformed("bad_mac_field", "not 32 bytes")
    ciphertext = strict_base64(data["c"], "bad_ciphertext")
    return Envelope(kid=kid, body_id=body_id, t_ms=t_ms, ciphertext=ciphertext, mac=mac)


def _authentic(envelope: Envelope, keys: Keys) -> bool:
    message = (
        b"gendan-2\x00"
        + _lp(envelope.kid.encode("ascii"))
        + envelope.body_id
        + struct.pack(">Q", envelope.t_ms)
        + _lp(envelope.ciphertext)
    )
    return hmac.compare_digest(_hmac(keys.mac, message), envelope.mac)


def open_envelope(envelope: Envelope, keys: Keys) -> bytes:
    """Verify in constant time, then decrypt. Raises NotAuthentic."""
    if not _authentic(envelope, keys):
        raise NotAuthentic("bad_mac")
    blocks = (len(envelope.ciphertext) + 31) // 32
    stream = b"".join(_hmac(keys.enc, envelope.body_id + struct.pack(">Q", block)) for block in range(blocks))
    size = len(envelope.ciphertext)
    mixed = int.from_bytes(envelope.ciphertext, "big") ^ int.from_bytes(stream[:size], "big")
    return mixed.to_bytes(size, "big")


def burn(envelope: Envelope) -> None:
    """Do for an unknown kid the work that a bad MAC costs, so that the time tells nobody which kids exist."""
    _authentic(envelope, _NOBODY)


def make_ack(envelope: Envelope, keys: Keys, st: str, q: int) -> bytes:
    """Sign the answer to this very request; `q` is the highest sequence seen + 1.

    Only what is durably stored may be answered with it: the sender forgets the body when it sees the signature.
    """
    if st not in _STATES:
        raise ValueError(f"{st} is no acknowledgement")
    message = b"gendan-ack-2\x00" + envelope.body_id + envelope.mac + _lp(st.encode("ascii")) + struct.pack(">Q", q)
    signature = base64.b64encode(_hmac(keys.ack, message)).decode("ascii")
    body_id = base64.b64encode(envelope.body_id).decode("ascii")
    return f'{{"v":2,"i":"{body_id}","st":"{st}","q":{q},"m":"{signature}"}}'.encode("ascii")
