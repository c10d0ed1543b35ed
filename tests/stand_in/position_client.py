"""A position-sync client written from the description of the routes alone: it shares no code with the server."""

from __future__ import annotations

import base64
import json
from typing import Any

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def key_pair() -> tuple[rsa.RSAPrivateKey, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public.decode()


def token(private: rsa.RSAPrivateKey, client_id: str, timestamp: int) -> str:
    auth = {"client_id": client_id, "timestamp": timestamp}
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.MAX_LENGTH)
    signature = private.sign(json.dumps(auth, sort_keys=True).encode(), pss, hashes.SHA256())
    whole = {"auth_data": auth, "signature": base64.b64encode(signature).decode()}
    return base64.b64encode(json.dumps(whole).encode()).decode()


class PositionClient:
    """Talks to one server; every method gives the status and the JSON of the answer."""

    def __init__(self, address: str, *, api_key: str = "") -> None:
        self._base = f"{address}/api/v1"
        self._headers = {"X-API-Key": api_key} if api_key else {}

    def upload(
        self, strategy: str, positions: list[dict[str, Any]], *, auth_token: str = "", password: str = ""
    ) -> tuple[int, Any]:
        body: dict[str, Any] = {"strategy_name": strategy, "positions": positions}
        path, headers = "/positions/update", dict(self._headers)
        if auth_token:
            headers = {"X-Auth-Token": auth_token}
        if password:
            path, headers = "/positions/update/internal", {"X-Internal-Password": password}
        return self._ask("POST", path, headers, json=body)

    def strategy(self, name: str) -> tuple[int, Any]:
        return self._ask("GET", f"/positions/strategy/{requests.utils.quote(name)}", self._headers)  # type: ignore[attr-defined]

    def total(self, **query: str) -> tuple[int, Any]:
        return self._ask("GET", "/positions/total", self._headers, params=query)

    def everything(self) -> tuple[int, Any]:
        return self._ask("GET", "/positions/all", self._headers)

    def _ask(self, method: str, path: str, headers: dict[str, str], **more: Any) -> tuple[int, Any]:
        answer = requests.request(method, self._base + path, headers=headers, timeout=20, **more)
        return answer.status_code, answer.json()
