"""How an answer at the public address is known to be ours: it proves a fresh nonce with a key that strangers lack."""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
from collections.abc import Iterable

_LABEL = b"gendan-probe-1\x00"  # no message of the wire begins so
_NONCE = re.compile(r"[0-9a-f]{32}", re.ASCII)


def probe_key(secrets: Iterable[str]) -> bytes | None:
    """Derive the home's key from its strategies' secrets, in any order; None where there is no secret at all."""
    known = sorted({secret.encode() for secret in secrets if secret})
    if not known:
        return None
    return hmac.new(_LABEL, b"".join(struct.pack(">I", len(one)) + one for one in known), hashlib.sha256).digest()


def prove(key: bytes, nonce: str) -> str | None:
    """Sign a nonce of 16 bytes in hex; None for anything else, so that nobody has other words signed."""
    if _NONCE.fullmatch(nonce) is None:
        return None
    return hmac.new(key, _LABEL + nonce.encode("ascii"), hashlib.sha256).hexdigest()


def proves(key: bytes, nonce: str, proof: object) -> bool:
    """Whether the answer to this nonce was made with the key; compares in constant time."""
    expected = prove(key, nonce)
    return expected is not None and isinstance(proof, str) and hmac.compare_digest(expected.encode(), proof.encode())
