"""Programs at the console's real door: keys by their scope, browsers to look only, everything they change noted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.access import Scope
from tests.console.room import Room

HALT = {"reason": "看看"}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    made.people()
    yield made
    made.close()


def test_a_key_acts_as_far_as_its_scope_and_what_it_does_is_noted(room: Room) -> None:
    client = room.app.test_client()
    may = {scope: room.key("店主", scope) for scope in Scope}
    assert client.post("/api/v2/halt", json=HALT).status_code == 401
    assert client.post("/api/v2/halt", json=HALT, headers=may[Scope.READ]).status_code == 403
    assert client.get("/api/v2/status", headers=may[Scope.READ]).status_code == 200
    assert client.get("/metrics", headers=may[Scope.READ]).status_code == 200
    assert room.asked.wishes == []
    assert client.post("/api/v2/halt", json=HALT, headers=may[Scope.TRADE]).status_code == 200
    assert room.asked.wishes == [("halt", {**HALT, "cancel": "", "liquidate": ""}, "api:店主")]
    assert room.noted()[-1][:2] == ("店主", "api.halt")


def test_a_browser_looks_but_acts_through_pages_only(room: Room) -> None:
    browser = room.browser("店主")
    assert browser.get("/api/v2/docs").status_code == 200
    token = {"X-CSRFToken": browser.token()}
    assert browser.client.post("/api/v2/halt", json=HALT).status_code == 400
    assert browser.client.post("/api/v2/halt", json=HALT, headers=token).status_code == 403
    assert room.asked.wishes == []


def test_health_and_readiness_are_open_metrics_are_not(room: Room) -> None:
    client = room.app.test_client()
    assert [client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 401]
