"""The six lights with their age, the probe, the hops."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from desk.cli.home import TRADER, Home
from desk.console.lights import LIGHTS, lights
from desk.console.pages.links import bar, took
from desk.core.batch import Batch
from desk.core.config import AccountConfig
from tests.console.room import NOW, Room

TOLD: dict[str, Any] = {"kinds": {}, "robots": ["r1"], "delivered_at": NOW.isoformat()}
STATUS: dict[str, Any] = {
    "running": True,
    "receiving": True,
    "halted": False,
    "tunnel": "on",
    "tunnel_at": NOW.isoformat(),
    "outbox_pending": 0,
    "accounts": [{"connected": True, "at": NOW.isoformat()}, {"connected": True, "at": "2026-11-20T09:30:00+08:00"}],
    "strategies": [{"last_signal_at": "2026-11-20T09:33:00+08:00", "gaps": []}, {"last_signal_at": None, "gaps": []}],
}


def states(**changes: Any) -> dict[str, tuple[str, int]]:
    told = changes.pop("told", TOLD)
    return {light.name: (light.state, light.count) for light in lights({**STATUS, **changes}, told, NOW)}


def test_all_six_shine_where_all_works() -> None:
    assert states() == dict.fromkeys(LIGHTS, ("on", 0))


@pytest.mark.parametrize(
    ("changes", "name", "state"),
    [
        ({"halted": True}, "trader", ("off", 0)),
        ({"running": False}, "trader", ("off", 0)),
        ({"receiving": False}, "receiver", ("off", 0)),
        ({"tunnel": "off"}, "tunnel", ("off", 0)),
        ({"outbox_pending": 3}, "messenger", ("off", 3)),
        ({"told": {**TOLD, "kinds": {"fill": {"robots": {"r1": {"dead": 2}}}}}}, "messenger", ("off", 2)),
        ({"told": {**TOLD, "robots": []}}, "messenger", ("none", 0)),
        ({"accounts": []}, "broker", ("none", 0)),
        ({"accounts": [*STATUS["accounts"], {"connected": False, "at": None}]}, "broker", ("off", 1)),
        ({"strategies": []}, "joinquant", ("none", 0)),
        ({"strategies": [{"last_signal_at": "2026-11-19T14:00:00+08:00", "gaps": [{}]}]}, "joinquant", ("unknown", 1)),
    ],
)
def test_a_light_goes_out_for_its_own_cause(changes: dict[str, Any], name: str, state: tuple[str, int]) -> None:
    found = states(**changes)
    assert found.pop(name) == state
    assert found == {other: ("on", 0) for other in LIGHTS if other != name}


def test_accounts_are_as_old_as_the_oldest_look() -> None:
    [broker] = [light for light in lights(STATUS, TOLD, NOW) if light.name == "broker"]
    assert broker.age(NOW) == timedelta(minutes=5)
    never = {**STATUS, "accounts": [*STATUS["accounts"], {"connected": True, "at": None}]}
    [broker] = [light for light in lights(never, TOLD, NOW) if light.name == "broker"]
    assert broker.age(NOW) is None


def test_without_an_address_the_page_says_so_and_with_one_what_the_probe_has_found(room: Room) -> None:
    browser = room.browser("看客")
    assert "没有设置公网地址" in browser.get("/links").text
    room.config = replace(room.config, public_url="http://1.2.3.4:6000")
    assert "还没有结果" in browser.get("/links").text
    room.journal.commit(Batch(flags={"tunnel": "off", "tunnel_at": NOW.isoformat()}))
    assert "http://1.2.3.4:6000" in browser.get("/links").text


@pytest.mark.parametrize("page", ["/", "/links"])
def test_an_account_that_is_down_tells_when_it_is_tried_again(room: Room, page: str) -> None:
    room.config = replace(room.config, accounts=(AccountConfig(name="真账户", channel="miniqmt"),))
    room.journal.commit(Batch(flags={"line:真账户": "没有连上", "line_retry:真账户": "2026-11-20T09:36:07+08:00"}))
    with Home(room.folder).hold([TRADER]):
        assert "下次自动重连 09:36:07" in room.browser("看客").get(page).text
    assert "下次自动重连" not in room.browser("看客").get(page).text, "nobody tries where no trader runs"


def test_times_are_told_in_the_unit_that_fits() -> None:
    assert [took(ms) for ms in (None, 0.04, 9.96, 12.4, 999, 1250)] == [
        *("—", "0.0 ms", "10.0 ms", "12 ms", "999 ms", "1.25 s"),
    ]


def test_a_bar_is_as_long_as_the_logarithm_of_its_time() -> None:
    assert [bar(ms, 1000) for ms in (None, 0, -5, 1000)] == [0, 0, 0, 100]
    assert 0 < bar(3, 1000) < bar(30, 1000) < 100
    assert bar(3, 0) == 0
