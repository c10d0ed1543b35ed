"""How an uploader proves who it is: a token signed with its key pair, an API key, or the internal password."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from dataclasses import dataclass

import bcrypt

from desk.clock import fresh_bytes
from desk.core.wire_text import Malformed, strict_base64, strict_json

MIN_PASSWORD, MAX_PASSWORD_BYTES = 8, 72  # bcrypt reads no more
_KEY_PREFIX = "gdk_"


class BadToken(ValueError):
    """An X-Auth-Token that is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    client_id: str
    timestamp: int  # seconds since 1970
    signature: bytes
    signed: bytes  # the text that the signature is about

    @property
    def digest(self) -> bytes:
        """What is remembered of a used one: of the raw signature, which has one spelling only."""
        return hashlib.sha256(self.signature).digest()

    def made_by(self, public_key: str) -> bool:
        """Whether the holder of this key (PEM) signed it: RSA-PSS, MGF1-SHA256, maximum salt, SHA-256."""
        from desk.positions import signatures  # its library is large, and most homes never need it

        return signatures.verify(public_key, self.signature, self.signed)


def read_token(header: str) -> Token:
    """Read an X-Auth-Token. Raises BadToken."""
    try:
        outer = strict_json(strict_base64(header, "token"), "token")
        signature = strict_base64(outer.get("signature"), "token") if isinstance(outer, dict) else b""
    except Malformed:
        raise BadToken from None
    auth = outer.get("auth_data") if isinstance(outer, dict) else None
    if not isinstance(auth, dict) or auth.keys() != {"client_id", "timestamp"}:
        raise BadToken
    client_id, timestamp = auth["client_id"], auth["timestamp"]
    if not isinstance(client_id, str) or type(timestamp) is not int or abs(timestamp) > 2**40:
        raise BadToken
    return Token(
        client_id=client_id,
        timestamp=timestamp,
        signature=signature,
        signed=json.dumps(auth, sort_keys=True).encode(),
    )


def new_api_key() -> str:
    return _KEY_PREFIX + base64.urlsafe_b64encode(fresh_bytes(32)).decode().rstrip("=")


def key_digest(api_key: str) -> bytes:
    """What is kept of an API key; its 256 random bits need no slow hash."""
    return hashlib.sha256(api_key.encode("utf-8", "surrogatepass")).digest()


def fit_password(password: object) -> bool:
    return (
        isinstance(password, str)
        and len(password) >= MIN_PASSWORD
        and "\0" not in password
        and not any("\ud800" <= c <= "\udfff" for c in password)
        and len(password.encode()) <= MAX_PASSWORD_BYTES
    )


def hash_password(password: str, rounds: int = 12) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds)).decode()


class PasswordCheck:
    """Compares passwords with a bcrypt hash: one at a time, and one that was right is known again at once."""

    def __init__(self) -> None:
        self._key = fresh_bytes(32)
        self._right: tuple[str, bytes] | None = None
        self._lock = threading.Lock()

    def known(self, password: str, hash_: str) -> bool:
        """Whether this very password was right before, for this very hash; costs next to nothing."""
        right = self._right
        return right is not None and right[0] == hash_ and hmac.compare_digest(right[1], self._mark(password))

    def right(self, password: str, hash_: str) -> bool:
        """Ask bcrypt: a quarter of a second of one core."""
        if not fit_password(password):
            return False
        with self._lock:
            if not bcrypt.checkpw(password.encode(), hash_.encode()):
                return False
        self._right = (hash_, self._mark(password))
        return True

    def _mark(self, password: str) -> bytes:
        return hmac.digest(self._key, password.encode("utf-8", "surrogatepass"), "sha256")
