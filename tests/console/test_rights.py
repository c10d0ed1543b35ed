"""Every route × everybody who may come × every token: the table is compared with the app's URL map."""

from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from desk.access import SCOPES, Scope
from tests.console.room import PASSWORD, PEOPLE, TRADING, Room
from tests.console.routes import BY_THEMSELVES, ROUTES, Route

PASSWORDS = {"trading": {"trading_password": TRADING}, "login": {"password": PASSWORD}}
CHANGING = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def room(house: Room) -> Room:
    house.people()
    return house


def named(route: Route) -> str:
    return f"{route.method} {route.rule}"


def ask(room: Room, who: str, route: Route, token: str, *, keyed: Scope | None = None) -> TestResponse:
    """`token`: right | none | forged | another's."""
    client, own = room.entered(who if keyed is None else "")
    form = {**route.form, **PASSWORDS.get(route.asks, {})}
    if route.method in CHANGING and token != "none":
        form["csrf_token"] = {"right": own, "forged": "x.y.z", "another's": room.entered("操盘")[1]}[token]
    headers = room.key(who, keyed) if keyed is not None else {}
    return client.open(route.path, method=route.method, data=form or None, headers=headers)


def test_the_table_has_every_route_and_no_other(room: Room) -> None:
    there = {
        (method, rule.rule)
        for rule in room.app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] not in BY_THEMSELVES
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert there == {(route.method, route.rule) for route in ROUTES}


def test_every_view_says_what_it_needs_as_the_table_does(room: Room) -> None:
    said = {}
    for rule in room.app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] not in BY_THEMSELVES:
            view = room.app.view_functions[rule.endpoint]
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                said[method, rule.rule] = (view.needs, getattr(view, "by_login", False), getattr(view, "asks", ""))
    assert said == {(route.method, route.rule): (route.scope, route.by_login, route.asks) for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_a_stranger_is_let_in_where_it_is_open_to_all_only(room: Room, route: Route) -> None:
    answer = ask(room, "", route, "right")
    if route.scope is None:
        assert answer.status_code in route.passes
    else:
        assert answer.status_code in (302, 401)
        assert answer.status_code == 401 or answer.location.startswith("/login")


@pytest.mark.parametrize("route", [route for route in ROUTES if route.scope], ids=named)
def test_a_role_is_let_in_as_far_as_its_scope(room: Room, route: Route) -> None:
    for who, role in PEOPLE.items():
        answer = ask(room, who, route, "right")
        may = SCOPES[role].covers(route.scope or Scope.READ)
        assert answer.status_code in (route.passes if may else (403,)), (who, answer.text)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method in CHANGING], ids=named)
def test_without_its_own_token_no_browser_changes_anything(room: Room, route: Route) -> None:
    before = room.noted()
    for token in ("none", "forged", "another's"):
        assert ask(room, "店主", route, token).status_code == 400, token
    assert [row for row in room.noted()[len(before) :] if row[1] != "login"] == []


@pytest.mark.parametrize("route", [route for route in ROUTES if route.scope], ids=named)
def test_a_key_is_let_in_as_far_as_its_scope_and_needs_no_token(room: Room, route: Route) -> None:
    for scope in Scope:
        answer = ask(room, "店主", route, "none", keyed=scope)
        may = scope.covers(route.scope or Scope.READ) and not route.by_login
        assert answer.status_code in (route.passes if may else (403,)), (scope, answer.text)


def test_a_keys_owner_bounds_it(room: Room) -> None:
    """A key of an administrator who has become a viewer since."""
    header, owner = room.key("店主", Scope.ADMIN), room.user("店主")
    room.book.change_user(owner.user_id, role="viewer")
    try:
        client = room.app.test_client()
        for route in [route for route in ROUTES if route.scope]:
            answer = client.open(route.path, method=route.method, data=dict(route.form), headers=header)
            assert (answer.status_code == 403) == (route.scope is not Scope.READ or route.by_login), route
    finally:
        room.book.change_user(owner.user_id, role="admin")


@pytest.mark.parametrize("who", ["", "店主"])
@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_every_answer_carries_the_policy_and_obeys_it(room: Room, route: Route, who: str) -> None:
    answer = ask(room, who, route, "right")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    if answer.mimetype == "text/html":
        for forbidden in ("style=", "<style", "javascript:", " onclick", " onload", " onsubmit", " onchange"):
            assert forbidden not in answer.text
        assert answer.text.count("<script") == answer.text.count("<script src=")
    if route.rule != "/static/<path:filename>":
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_view_that_says_nothing_is_served_to_nobody(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.people()
    try:
        room.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
        assert room.browser("店主").get("/forgotten").status_code == 403
        assert room.app.test_client().get("/forgotten", headers=room.key("店主", Scope.ADMIN)).status_code == 403
    finally:
        room.close()
