"""Made-up requests of programs at the console's real door: answered as described, never by a failure of ours.

What is described in OpenAPI is asked as the document allows and as it does not; the routes of the two earlier trading
servers are described here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from desk.access import Scope
from tests.attack.fuzz import LONG, damaged, examples, object_text, scratch
from tests.console.lived_in import LivedIn

A_FEW = ("get_orders", "post_orders", "post_trade", "get_mini_orders")
WEB, MINI = "/qmt/trade/api", "/api/v1/trading"


@dataclass
class Door:
    """The programs' side of a console, through its keys."""

    room: LivedIn
    keys: Mapping[Scope, dict[str, str]]
    described: dict[str, Any]


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with scratch() as folder:
        room = LivedIn(Path(folder))
        keys = {scope: room.key("店主", scope) for scope in Scope}
        described = room.app.test_client().get("/api/v2/openapi.json", headers=keys[Scope.READ]).get_json()
        yield Door(room, keys, described)
        room.close()


# --- the two earlier servers, described -------------------------------------------------------------------------------

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
    "additionalProperties": False,
}
_TEXT_OR_NUMBER: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]}
_SYMBOL = {"anyOf": [{"enum": ["000001", "000001.SZ", "600000.XSHG", "688001.SH"]}, {"type": "string"}]}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9.-]{1,20}$"},
}
_ORDER = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("price", "trade_price", "quantity", "shares", "position_pct"), _TEXT_OR_NUMBER),
        **{name: {"enum": ["buy", "sell"]} for name in ("action", "side")},
        **dict.fromkeys(("symbol", "stock_code"), _SYMBOL),
        "trader_index": {"enum": [0, "0", 1, None]},
        "order_type": {"enum": ["limit", "market"]},
        "account_id": {"enum": ["主账户", "别人"]},
    },
}  # fmt: skip


def _answers(good: Mapping[str, Any], bad: Mapping[str, Any]) -> dict[str, Any]:
    def said(schema: Mapping[str, Any]) -> dict[str, Any]:
        return {"description": "-", "content": {"application/json": {"schema": schema}}}

    return {"200": said(good), **{code: said(bad) for code in ("400", "401", "403", "404", "409", "413")}}


def _web(name: str, good: str, *, word: str = "", body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return _operation(name, {"type": "object", "required": [good]}, _ERROR, word=word, body=body)


def _mini(
    name: str, *fields: str, word: str = "", query: tuple[str, ...] = (), body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    data = {"type": "object", "required": list(fields)}
    needed = ["success", "data", "message"]
    good = {"type": "object", "required": needed, "properties": {"success": {"const": True}, "data": data}}
    bad = {
        "type": "object",
        "required": [*needed, "code"],
        "properties": {"success": {"const": False}, "code": {"type": "integer"}},
    }
    said = _operation(name, good, {"anyOf": [bad, _ERROR]}, word=word, body=body)
    said["parameters"] += [{"name": one, "in": "query", "schema": {"type": "string"}} for one in query]
    return said


def _operation(
    name: str, good: Mapping[str, Any], bad: Mapping[str, Any], *, word: str, body: Mapping[str, Any] | None
) -> dict[str, Any]:
    said: dict[str, Any] = {"operationId": name, "parameters": [_KEY], "responses": _answers(good, bad)}
    if word:
        schema = {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}
        said["parameters"] = [{"name": word, "in": "path", "required": True, "schema": schema}, _KEY]
    if body is not None:
        said["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return said


_CANCEL = {"type": "object", "properties": {"order_id": {"type": "string"}, "trader_index": {"enum": [0, "0", 7]}}}
_LIST = {
    "type": "object",
    "properties": {"cancelable_only": {"type": "boolean"}, "trader_index": {"enum": [0, "0", 7]}},
}
EARLIER: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "the two earlier servers", "version": "1"},
    "paths": {
        f"{WEB}/accounts": {"get": _web("get_accounts", "accounts")},
        f"{WEB}/portfolio/{{index}}": {"get": _web("get_portfolio", "portfolio", word="index")},
        f"{WEB}/positions/{{index}}": {"get": _web("get_web_positions", "positions", word="index")},
        f"{WEB}/orders": {"post": _web("post_list", "orders", body=_LIST)},
        f"{WEB}/trade": {"post": _web("post_trade", "results", body=_ORDER)},
        f"{WEB}/sell": {"post": _web("post_sell", "results", body=_ORDER)},
        f"{WEB}/outer/trade/buy": {"post": _web("post_outer_buy", "results", body=_ORDER)},
        f"{WEB}/outer/trade/sell": {"post": _web("post_outer_sell", "results", body=_ORDER)},
        f"{WEB}/cancel_order": {"post": _web("post_cancel", "result", body=_CANCEL)},
        f"{WEB}/cancel_orders/{{which}}": {"post": _web("post_cancels", "results", word="which", body=_CANCEL)},
        f"{MINI}/status": {"get": _mini("get_mini_status", "connected")},
        f"{MINI}/account": {"get": _mini("get_mini_account", "account_id", query=("account_id",))},
        f"{MINI}/positions": {"get": _mini("get_mini_positions", "positions", query=("account_id",))},
        f"{MINI}/orders": {
            "get": _mini("get_mini_orders", "orders", "total", query=("page", "page_size", "status", "stock_code"))
        },
        f"{MINI}/orders/{{order_id}}": {"get": _mini("get_mini_order", "order_id", word="order_id")},
        f"{MINI}/records": {"get": _mini("get_mini_records", "records")},
        f"{MINI}/order": {"post": _mini("post_mini_order", "order_id", body=_ORDER)},
        f"{MINI}/execute": {"post": _mini("post_mini_execute", "order_id", body=_ORDER)},
    },
}  # fmt: skip


# --- asked as described -----------------------------------------------------------------------------------------------


def fuzz(
    door: Door, scope: Scope, *, only: tuple[str, ...] = (), most: int, as_described: bool = True
) -> dict[str, int]:
    """Random requests made of both descriptions, their answers judged by them; how many of each were sent."""
    import schemathesis  # it takes its time to load
    from schemathesis import GenerationMode

    mode = GenerationMode.POSITIVE if as_described else GenerationMode.NEGATIVE
    sent = {}
    for document in (door.described, EARLIER):
        for found in schemathesis.openapi.from_dict(document).get_all_operations():
            operation = found.ok()
            name = operation.definition.raw["operationId"]
            if not only or name in only:
                sent[name] = ask(door, scope, operation.as_strategy(generation_mode=mode), most)
    return sent


def ask(door: Door, scope: Scope, cases: st.SearchStrategy[Any], most: int) -> int:
    """Send at most so many of the cases and judge the answers; how many were sent."""
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    judges = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    sent = 0

    @settings(
        max_examples=most,
        deadline=None,
        database=None,
        derandomize=not LONG,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def send(case: Any) -> None:
        nonlocal sent
        sent += 1
        case.call_and_validate(app=door.room.app, headers=door.keys[scope], checks=judges)

    send()
    return sent


def test_made_up_requests_with_an_administrators_key_are_answered_as_described(door: Door) -> None:
    assert set(fuzz(door, Scope.ADMIN, only=A_FEW, most=2)) == set(A_FEW)


def test_made_up_requests_with_a_readers_key_wish_for_nothing(door: Door) -> None:
    before = len(door.room.wished)
    fuzz(door, Scope.READ, only=A_FEW, most=2)
    assert len(door.room.wished) == before


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("scope", [Scope.ADMIN, Scope.READ])
@pytest.mark.parametrize("as_described", [True, False], ids=["as described", "as not"])
def test_many_made_up_requests_are_answered_as_described(door: Door, scope: Scope, as_described: bool) -> None:
    before = len(door.room.wished)
    sent = fuzz(door, scope, most=200, as_described=as_described)
    print(f"{scope}, as described: {as_described}: {sum(sent.values())} requests to {len(sent)} operations")
    print(" ".join(f"{name}={count}" for name, count in sorted(sent.items())))
    assert scope is Scope.ADMIN or len(door.room.wished) == before


# --- asked as no description allows -----------------------------------------------------------------------------------

POSTED = (
    *("/api/v2/orders", "/api/v2/halt", "/api/v2/unhalt", "/api/v2/orders/x/cancel", "/api/v2/waiting/x/approve"),
    "/api/v2/accounts/x/connect",
    *(f"{WEB}/{what}" for what in ("orders", "trade", "sell", "cancel_order", "cancel_orders/buy", "outer/trade/buy")),
    *(f"{MINI}/order", f"{MINI}/execute"),
)
HONEST = {
    "account": "主账户", "symbol": "000001.SZ", "side": "buy", "shares": 100, "percent": 1, "price": 10.5,
    "reason": "x", "action": "buy", "quantity": 100, "trader_index": 0, "order_id": "x", "stock_code": "000001",
    "order_type": "limit",
}  # fmt: skip
KINDS = (
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/json; charset=utf-16",
)


@given(path=st.sampled_from(POSTED), body=damaged(object_text(HONEST)), kind=st.sampled_from(KINDS))
@examples(60, 5000)
def test_any_bytes_in_a_body_are_answered_in_json_and_break_nothing(
    door: Door, path: str, body: bytes, kind: str
) -> None:
    headers = {**door.keys[Scope.ADMIN], "Idempotency-Key": "same"}
    answer = door.room.app.test_client().post(path, data=body, content_type=kind, headers=headers)
    assert answer.status_code < 500, answer.text
    assert isinstance(answer.get_json(), dict)


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"symbol":"\\ud800","order_id":"\\ud800","stock_code":"\\ud800","reason":"\\ud800"}',
        b'{"trader_index":' + b"9" * 4000 + b"}",
        b'{"price":1e400,"quantity":1e400,"reason":"\\u0000","order_id":"\\u0000"}',
        json.dumps({**HONEST, "order_type": [], "side": {}, "action": [], "account_id": {}, "symbol": []}).encode(),
    ],
    ids=["deep", "deeper", "half a character", "long index", "infinite", "other kinds"],
)  # fmt: skip
def test_a_body_that_would_break_a_parser_breaks_none(door: Door, path: str, body: bytes) -> None:
    headers = {**door.keys[Scope.ADMIN], "Idempotency-Key": "odd"}
    answer = door.room.app.test_client().post(path, data=body, content_type="application/json", headers=headers)
    assert answer.status_code < 500, answer.text
