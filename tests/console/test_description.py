"""The description of the REST interface is true, and its page needs nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.console.desk_room import DeskRoom

HEADERS = {"Authorization": "Bearer admin"}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRoom]:
    made = DeskRoom(tmp_path_factory.mktemp("described"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def description(room: DeskRoom) -> dict[str, Any]:
    status, body = room.get("/openapi.json")
    assert status == 200
    return dict(body)


def test_every_operation_is_described_once(room: DeskRoom, description: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, methods in description["paths"].items() for method in methods}
    assert described == {(one.method, f"/api/v2{one.path}") for one in room.operations}
    names = [said["operationId"] for methods in description["paths"].values() for said in methods.values()]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    wanted = set(re.findall(r"#/components/schemas/(\w+)", str(description)))
    assert wanted == set(description["components"]["schemas"])


def test_the_page_names_everything_and_loads_nothing_from_elsewhere(room: DeskRoom) -> None:
    answer = room.client.get("/api/v2/docs", headers=HEADERS)
    for one in room.operations:
        assert f"<code>/api/v2{one.path}</code>" in answer.text
    assert set(re.findall(r'(?:href|src)="([^#"]*)', answer.text)) == {"/api/v2/docs.css", "/api/v2/openapi.json", ""}
    assert "<script" not in answer.text and "style=" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert room.client.get("/api/v2/docs.css", headers=HEADERS).status_code == 200
