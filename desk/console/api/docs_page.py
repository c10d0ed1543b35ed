"""The description as a page that needs no script and nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from flask import Response
from markupsafe import Markup

from desk.console.api.description import describe
from desk.console.api.operations import PREFIX, Operation
from desk.console.api.routes import answered
from desk.texts import api as texts

CSS = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 15px/1.6 system-ui, "Microsoft YaHei", "PingFang SC", sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .4rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; overflow-wrap: anywhere; }
code { font: .92em ui-monospace, Consolas, monospace; }
.method { display: inline-block; min-width: 3.2rem; font-weight: 700; }
.get { color: #1677c8; } .post { color: #c8541a; }
.scope { float: right; opacity: .7; font-size: .85em; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0; font-size: .92em; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--soft); vertical-align: top; }
th { font-weight: 600; opacity: .75; }
a { color: inherit; }
"""


def pages(operations: Sequence[Operation], version: str) -> Mapping[str, Callable[[], Response]]:
    """What is served beside the operations: the description, its page, the page's style."""

    @cache  # made when somebody asks: it takes a fifth of a second of the start
    def description() -> dict[str, Any]:
        return describe(operations, version)

    @cache
    def page() -> str:
        return html_of(description())

    def styled() -> Response:
        return Response(CSS, content_type="text/css; charset=utf-8")

    def shown() -> Response:
        response = Response(page(), content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; frame-ancestors 'none'"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def described() -> Response:
        return answered(json.dumps(description(), ensure_ascii=False), 200)

    return {"/openapi.json": described, "/docs": shown, "/docs.css": styled}


def html_of(description: Mapping[str, Any]) -> str:
    """The whole page; every text is escaped."""
    info, schemas = description["info"], description["components"]["schemas"]
    groups: dict[str, list[Markup]] = {}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append(_operation(path, method, operation))
    parts = [Markup("<h2>{}</h2>{}").format(group, Markup("").join(rows)) for group, rows in groups.items()]
    models = [
        Markup('<details id="{0}"><summary><code>{0}</code> {1}</summary>{2}</details>').format(
            name, schema.get("description", ""), _fields(schema)
        )
        for name, schema in sorted(schemas.items())
    ]
    return Markup(
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title} {version}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="{prefix}/docs.css"></head><body><h1>{title} REST v2</h1><p>{summary}</p>'
        '<p><a href="{prefix}/openapi.json">OpenAPI {openapi}</a></p>{parts}'
        "<h2>{models_title}</h2>{models}</body></html>"
    ).format(
        title=info["title"],
        version=info["version"],
        summary=info["description"],
        openapi=description["openapi"],
        prefix=PREFIX,
        parts=Markup("").join(parts),
        models_title=texts.MODELS,
        models=Markup("").join(models),
    )


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Markup:
    rows = [
        (one["name"], one["in"], _kind(one["schema"]), "✓" if one["required"] else "", one.get("description", ""))
        for one in operation["parameters"]
    ]
    body = operation.get("requestBody")
    asked = Markup("<p>{}：{}</p>").format(texts.BODY, _kind(_schema_of(body))) if body else Markup("")
    answers = [(code, _kind(_schema_of(said)), said["description"]) for code, said in operation["responses"].items()]
    return Markup(
        '<details><summary><span class="method {0}">{1}</span> <code>{2}</code> {3}'
        '<span class="scope">{4}</span></summary>{5}{6}{7}</details>'
    ).format(
        method,
        method.upper(),
        path,
        operation["summary"],
        operation["description"],
        _table(texts.PARAMETERS, rows) if rows else Markup(""),
        asked,
        _table(texts.ANSWERS, answers),
    )


def _fields(schema: Mapping[str, Any]) -> Markup:
    if "enum" in schema:
        return Markup("<p>{}</p>").format("、".join(schema["enum"]))
    needed = set(schema.get("required", ()))
    rows = [
        (name, _kind(of), "✓" if name in needed else "", of.get("description", ""))
        for name, of in schema.get("properties", {}).items()
    ]
    return _table(texts.FIELDS, rows)


def _table(titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> Markup:
    head = Markup("").join(Markup("<th>{}</th>").format(title) for title in titles)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row))
        for row in rows
    )
    return Markup('<div class="table"><table><tr>{}</tr>{}</table></div>').format(head, body)


def _schema_of(said: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = said["content"]["application/json"]["schema"]
    return found


def _kind(schema: Mapping[str, Any]) -> Markup:
    """A schema in a few words; a model is a link."""
    if "$ref" in schema:
        return Markup('<a href="#{0}"><code>{0}</code></a>').format(schema["$ref"].rsplit("/", 1)[1])
    if "anyOf" in schema:
        return Markup(" | ").join(_kind(kind) for kind in schema["anyOf"])
    if schema.get("type") == "array":
        return Markup("[{}]").format(_kind(schema["items"]))
    return Markup("{}").format(schema.get("format") or schema.get("type", "any"))
