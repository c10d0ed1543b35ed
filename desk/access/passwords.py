"""Passwords and tokens: what is fit to be one, and what is kept of it."""

from __future__ import annotations

import base64
import hashlib
import re
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from desk.access.errors import Unfit
from desk.clock import fresh_bytes

MIN_PASSWORD, MIN_TRADING, MAX_BYTES = 10, 6, 256
KEY_PREFIX = "gdc_"
_NAME = re.compile(r"[\w.-]{1,32}")


class Hasher:
    """argon2id, one at a time: whoever guesses shall not take the cores from trading."""

    def __init__(self, *, rounds: int = 3, memory_kib: int = 32 * 1024) -> None:
        self._argon = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)
        self._turn = threading.Lock()
        self._nobodys = self.hash("")

    def hash(self, password: str) -> str:
        with self._turn:
            return self._argon.hash(_bytes(password), salt=fresh_bytes(16))

    def right(self, password: str, hash_: str | None) -> bool:
        """Whether the hash was made of this password. Without a hash the same work is done, for nothing."""
        with self._turn:
            try:
                return self._argon.verify(hash_ or self._nobodys, _bytes(password)[: MAX_BYTES + 1]) and bool(hash_)
            except (VerificationError, InvalidHashError):
                return False


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def folded(name: str) -> str:
    """A name as it is compared."""
    return unicodedata.normalize("NFKC", name).casefold()


def fit_name(name: str) -> str:
    """The name as it is kept. Raises Unfit."""
    name = unicodedata.normalize("NFKC", name.strip())
    if not _NAME.fullmatch(name):
        raise Unfit("name")
    return name


def fit_password(password: str, *, at_least: int = MIN_PASSWORD, unlike: str = "") -> str:
    """Raises Unfit: too short, too long, or the word that it may not be."""
    if len(password) < at_least or len(_bytes(password)) > MAX_BYTES or folded(password) == folded(unlike):
        raise Unfit("password")
    return password


def new_token(prefix: str = "") -> str:
    return prefix + base64.urlsafe_b64encode(fresh_bytes(32)).decode().rstrip("=")


def digest(token: str) -> bytes:
    """What is kept of a token; its 256 random bits need no slow hash."""
    return hashlib.sha256(_bytes(token)).digest()
