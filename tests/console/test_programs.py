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


def test_who_is_known_at_the_door_reads_the_position_sync_and_uploads_nothing(room: Room) -> None:
    client, header = room.app.test_client(), room.key("看客", Scope.READ)
    for path in ("/api/v1/internal/password/info", "/api/v1/positions/all", "/api/v1/positions/adjustments"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=header).status_code == 200
        assert room.browser("看客").get(path).status_code == 200
    body = {"strategy_name": "小市值", "positions": []}
    for path in ("/api/v1/positions/update", "/api/v1/positions/update/internal"):
        assert client.post(path, json=body, headers=header).status_code in (401, 403)


@pytest.mark.parametrize(
    ("older", "ours"),
    [
        ("/trading", "/trade"),
        ("/config", "/settings"),
        ("/logout", "/account"),
        ("/adjustment", "/adjustments"),
        ("/password", "/adjustments"),
    ],
)
def test_addresses_of_older_pages_lead_to_ours_and_log_nobody_out(room: Room, older: str, ours: str) -> None:
    browser = room.browser("店主")
    assert browser.get(older).location == ours
    assert browser.is_in
