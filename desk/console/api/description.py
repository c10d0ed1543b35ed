"""The OpenAPI 3.1 description of the REST interface, made from its table of routes and their models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from desk.console.api import asking, models
from desk.console.api.operations import PREFIX, Operation
from desk.texts import api as texts

_REF = "#/components/schemas/{model}"
_PROBLEMS = {
    "400": "请求写得不对",
    "401": "没有登录,也没有密钥",
    "403": "没有这个权限",
    "404": "没有这个东西",
    "409": "现在不能做,没有做",
    "413": "请求体太大",
    "503": "账本现在读写不了",
}


def describe(routes: Sequence[Operation], version: str) -> dict[str, Any]:
    """The whole description as a JSON document."""
    answers = list(dict.fromkeys(route.answer for route in routes))
    bodies = [route.asked for route in routes if route.acts and route.asked is not asking.Nothing]
    kinds: list[tuple[type[BaseModel], Any]] = [(model, "serialization") for model in answers]
    kinds += [(models.Problem, "serialization")]
    kinds += [(model, "validation") for model in dict.fromkeys(bodies)]
    _, schemas = models_json_schema(kinds, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": texts.TITLE, "version": version, "description": texts.SUMMARY},
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}],
    }


def _operation(route: Operation) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": f"权限 {route.scope}",
        "tags": [route.group],
        "parameters": [*map(_word, route.words), *_query(route)],
        "responses": {"200": _json("好", route.answer.__name__), **_problems(route)},
    }
    if route.keyed:
        said["parameters"].append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "同一个键只下一次单",
                "schema": {"type": "string", "pattern": asking.KEY_PATTERN},
            }
        )
    if route.acts and route.asked is not asking.Nothing:
        schema = {"$ref": _REF.format(model=route.asked.__name__)}
        said["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return said


def _word(name: str) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query(route: Operation) -> list[dict[str, Any]]:
    if route.acts:
        return []
    schema = route.asked.model_json_schema(ref_template=_REF)
    needed = set(schema.get("required", ()))
    parameters = []
    for name, of in schema.get("properties", {}).items():
        # A query has no null: leaving the word out says it.
        kinds = [kind for kind in of.get("anyOf", [of]) if kind.get("type") != "null"]
        kind = kinds[0]
        if "$ref" in kind:  # words to choose from stand with their parameter
            kind = schema["$defs"][kind["$ref"].rpartition("/")[2]]
        plain = {key: value for key, value in kind.items() if key not in ("title", "description")}
        parameter = {"name": name, "in": "query", "required": name in needed, "schema": plain}
        if "description" in of:
            parameter["description"] = of["description"]
        parameters.append(parameter)
    return parameters


def _problems(route: Operation) -> dict[str, Any]:
    codes = ["400", "401", "403", "503"]
    if route.may_lack:
        codes.append("404")
    if route.acts:
        codes += ["409", "413"]
    return {code: _json(_PROBLEMS[code], models.Problem.__name__) for code in sorted(codes)}


def _json(text: str, model: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": {"$ref": _REF.format(model=model)}}}}
