"""The position sync's routes: read what strategies hold, one by one or merged, and upload a strategy's whole list.

Whatever is not a whole, well-formed answer is an error: no doubt ever ends as an empty list.
"""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Sequence, Union

from gendan_client.errors import (
    BadAnswer,
    BadRows,
    Busy,
    FailedReading,
    NotAllowed,
    NotFound,
    Overtaken,
    Refused,
    Unsigned,
)
from gendan_client.exact import from_json, to_json
from gendan_client.outside import Outside, System, new_id
from gendan_client.positions import SYNC, TOTAL, Form, Position, Reading, read_positions, upload_form
from gendan_client.transport import Answer, HttpTransport, Request, Transport, base_address
from gendan_client.wire import Keys

_PREFIX = "/api/v1/positions"
_REFUSALS: dict[int, type[Refused]] = {
    400: Refused, 401: NotAllowed, 403: NotAllowed, 404: NotFound, 409: Overtaken, 413: Refused,
}  # fmt: skip


@dataclass(frozen=True)
class ApiKey:
    """X-API-Key. It does not cover the body: use it on this PC, or over TLS."""

    key: str = field(repr=False)


@dataclass(frozen=True)
class Token:
    """X-Auth-Token of the earlier system, signed with an RSA key; `make` is asked for a new one at every upload."""

    make: Callable[[], str]


@dataclass(frozen=True)
class InternalPassword:
    password: str = field(repr=False)


@dataclass(frozen=True)
class Signed:
    """The v2 form: the whole list encrypted and signed with the strategy's secret, the answer signed too."""

    keys: Keys


Proof = Union[ApiKey, Token, InternalPassword, Signed]


@dataclass(frozen=True)
class Held:
    """A strategy's last list; `update_time` as the server writes it: Beijing, YYYY-MM-DD HH:MM:SS."""

    strategy: str
    positions: tuple[Position, ...]
    update_time: str


@dataclass(frozen=True)
class Merged:
    """Several strategies' lists added up; the cost is the average."""

    positions: tuple[Position, ...]
    update_time: str


class PositionServer:
    """Thread-safe. Every method raises Unreachable, NoAnswer, Busy, BadAnswer, Refused (NotAllowed, NotFound)."""

    def __init__(
        self,
        address: str,
        *,
        api_key: str = "",
        transport: Transport | None = None,
        outside: Outside | None = None,
    ) -> None:
        """`address`: the console's for reading and uploading, the receiver's for uploading. Raises ValueError."""
        self._base = base_address(address)
        self._api_key = api_key
        self._transport = transport or HttpTransport()
        self._outside = outside or System()

    # --- reading ------------------------------------------------------------------------------------------------------

    def strategy(self, name: str) -> Held:
        """One strategy's list. An unknown or silent strategy is NotFound, never an empty list."""
        return _held(self._get("/strategy/" + urllib.parse.quote(name, safe="")), name)

    def total(self, strategies: Sequence[str] | None = None, *, include_adjustments: bool = True) -> Merged:
        """The sum over these strategies, or over all; if one of them was never heard: NotFound."""
        query = {"include_adjustments": "true" if include_adjustments else "false"}
        if strategies is not None:
            if not strategies or any("," in name for name in strategies):
                raise ValueError("strategies 要至少有一个名字，名字里不能有逗号")
            query["strategies"] = ",".join(strategies)
        data = self._get("/total?" + urllib.parse.urlencode(query))
        return Merged(_positions(data, TOTAL), _update_time(data))

    def all(self) -> tuple[Held, ...]:
        """Every strategy that was ever heard."""
        rows = self._get("/all").get("strategies")
        if not isinstance(rows, list):
            raise BadAnswer("回答里没有 strategies 列表")
        return tuple(_held(_object(row), _text(_object(row), "strategy_name")) for row in rows)

    def _get(self, path: str) -> dict[str, Any]:
        headers = {"X-API-Key": _fit(self._api_key)} if self._api_key else {}
        return _understood(self._transport(Request("GET", self._base + _PREFIX + path, headers)))

    # --- uploading ----------------------------------------------------------------------------------------------------

    def upload(self, strategy: str, reading: Reading, proof: Proof | None = None) -> None:
        """Make this list the strategy's target; returns when the server has stored it durably.

        `proof`: the API key of this object if none is given. A list that is refused changes nothing; the error names
        the rows. Raises Unsigned when the answer to a signed list is not signed.
        """
        form = upload_form(strategy, reading)
        if isinstance(proof, Signed):
            self._upload_signed(to_json(form).encode("utf-8"), proof.keys)
            return
        path = "/update"
        if isinstance(proof, InternalPassword):
            path, form = "/update/internal", {**form, "internal_password": proof.password}
        content = to_json(form).encode("utf-8")
        headers = {"Content-Type": "application/json", **self._proven(proof)}
        _understood(self._transport(Request("POST", self._base + _PREFIX + path, headers, content)))

    def _proven(self, proof: Proof | None) -> Mapping[str, str]:
        if isinstance(proof, Token):
            return {"X-Auth-Token": _fit(proof.make())}
        if isinstance(proof, InternalPassword):
            return {}  # it stands in the body: a header cannot carry every character of it
        return {"X-API-Key": _fit(proof.key if isinstance(proof, ApiKey) else self._api_key)}

    def _upload_signed(self, content: bytes, keys: Keys) -> None:
        body = keys.pack(new_id(self._outside), self._outside.now_ms(), content)
        headers = {"Content-Type": "application/json"}
        answer = self._transport(Request("POST", self._base + _PREFIX + "/update", headers, body.content))
        ack = keys.read_ack(body, answer.body)
        if ack is None:
            _understood(answer)
            raise Unsigned("应答没有签名，不算保存", answer.status)
        if ack.state not in ("accepted", "duplicate"):
            raise Refused(f"接收端没有采用：{ack.state}")


def _fit(secret: str) -> str:
    if not secret.isascii() or not secret.isprintable():
        raise NotAllowed("密钥或令牌里有不该有的字符（空行、中文？），没有发送")
    return secret


def _understood(answer: Answer) -> dict[str, Any]:
    """The object of a 200. Raises what the status means."""
    if answer.status == 200:
        return _object(from_json(answer.body))
    said, rows = _error_text(answer.body)
    text = f"{said}（HTTP {answer.status}）"
    if answer.status in _REFUSALS:
        raise _REFUSALS[answer.status](text, rows)
    if answer.status == 429 or answer.status >= 500:
        raise Busy(text, answer.retry_after_s)
    raise BadAnswer(f"没有约定的回答：{text}")


def _error_text(content: bytes) -> tuple[str, Sequence[Any]]:
    try:
        data = from_json(content)
    except BadAnswer:
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("error"), str):
        return "没有说明", ()
    rows = data.get("rows")
    return data["error"], rows if isinstance(rows, list) else ()


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise BadAnswer("回答不是 JSON 对象")
    return data


def _text(data: dict[str, Any], key: str) -> str:
    text = data.get(key)
    if not isinstance(text, str) or not text:
        raise BadAnswer(f"回答里缺少 {key}")
    return text


def _update_time(data: dict[str, Any]) -> str:
    return _text(data, "update_time")


def _held(data: dict[str, Any], name: str) -> Held:
    return Held(name, _positions(data, SYNC), _update_time(data))


def _positions(data: dict[str, Any], form: Form) -> tuple[Position, ...]:
    rows: list[Any] | None = data.get("positions")
    if not isinstance(rows, list):
        raise BadAnswer("回答里没有 positions 列表")
    try:
        return read_positions(rows, form)
    except (BadRows, FailedReading) as error:
        raise BadAnswer(f"回答里的持仓不完整：{error}") from error
