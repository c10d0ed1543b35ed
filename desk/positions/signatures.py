"""RSA as the position sync's uploaders use it: PSS, MGF1-SHA256, maximum salt, SHA-256."""

from __future__ import annotations

from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

MIN_BITS = 2048
_NEW_BITS = 3072


@lru_cache(maxsize=64)
def _loaded(public_key: str) -> rsa.RSAPublicKey:
    loaded = serialization.load_pem_public_key(public_key.encode())
    assert isinstance(loaded, rsa.RSAPublicKey)  # no other is ever stored
    return loaded


def verify(public_key: str, signature: bytes, signed: bytes) -> bool:
    """Whether the holder of this key (PEM) signed these bytes."""
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.MAX_LENGTH)
    try:
        _loaded(public_key).verify(signature, signed, pss, hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def is_public_key(pem: str) -> bool:
    """Whether this is an RSA public key (PEM) that is long enough to be trusted."""
    try:
        loaded = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return False
    return isinstance(loaded, rsa.RSAPublicKey) and loaded.key_size >= MIN_BITS


def new_pair() -> tuple[bytes, str]:
    """A new private key and its public key, both PEM."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=_NEW_BITS)
    pkcs8, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.private_bytes(serialization.Encoding.PEM, pkcs8, none), public.decode()
