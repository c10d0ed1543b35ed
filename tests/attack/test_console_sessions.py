"""Sessions of the console's browsers, under whoever plants, copies or keeps one; and where answers lead a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from desk.access import Scope
from tests.attack.fuzz import scratch
from tests.console.room import COOKIE, PASSWORD, TRADING, Browser, Room

FRESH = "ganz neu gewählt"
ELSEWHERE = (
    *("https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/x"),
    *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "http:evil.example", "evil.example"),
    *("//[", "/[" * 9, "http://[::1", "/\r\nSet-Cookie: a=b", "\x00/x", " //evil.example", "/ /evil.example"),
)  # fmt: skip


@pytest.fixture(scope="module")
def house() -> Iterator[Room]:
    with scratch() as folder:
        made = Room(Path(folder))
        yield made
        made.close()


@pytest.fixture
def room(house: Room) -> Room:
    house.empty()
    house.people()
    return house


def thief(room: Room, browser: Browser) -> Browser:
    """Who has copied a browser's cookie."""
    made = room.browser()
    made.client.set_cookie(COOKIE, browser.cookie())
    return made


def factor(room: Room, browser: Browser) -> str:
    """A code of the second factor that this browser is offered."""
    found = re.search(r"<code>([A-Z2-7]+)</code>", browser.get("/account/second-factor").text)
    assert found is not None
    return pyotp.TOTP(found[1]).at(room.clock.now())


# --- fixation ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/login", "/", "/static/console.css", "/setup/nonsense", "/healthz"])
def test_nobodys_cookie_becomes_somebodys(room: Room, path: str) -> None:
    """Whatever a stranger was given, and planted, stays a stranger's when its victim has logged in over it."""
    stranger = room.browser()
    stranger.get(path)
    stranger.token()
    planted = stranger.cookie()
    victim = thief(room, stranger)
    assert victim.log_in("店主").status_code == 302
    assert victim.is_in and victim.cookie() != planted
    stranger.client.set_cookie(COOKIE, planted)
    assert not stranger.is_in


def test_a_token_from_before_the_login_sends_no_form_after_it(room: Room) -> None:
    browser = room.browser()
    planted = browser.token()
    browser.log_in("店主")
    form = {"csrf_token": planted, "reason": "x", "grade": "stop", "trading_password": TRADING}
    assert browser.client.post("/halt", data=form).status_code == 400
    assert room.asked.wishes == []


def test_a_session_that_is_planted_over_another_ones_login_takes_nothing_along(room: Room) -> None:
    """Who is made to log in again as somebody else is that one alone."""
    browser = room.browser("店主")
    assert browser.log_in("看客").status_code == 302
    browser.client.post("/logout", data={"csrf_token": browser.token("/")})
    browser.log_in("看客")
    assert browser.get("/users").status_code == 403


@pytest.mark.parametrize("change", ["password", "second factor on", "second factor off", "reset", "role", "disabled"])
def test_a_copied_session_ends_when_its_user_is_changed(room: Room, change: str) -> None:
    browser, boss = room.browser("操盘"), room.browser("店主")
    if change == "second factor off":
        browser.post("/account/second-factor", {"code": factor(room, browser), "password": PASSWORD})
    copied, before = thief(room, browser), browser.cookie()
    assert copied.is_in
    user, own = room.user("操盘").user_id, {"password": PASSWORD}
    match change:
        case "password":
            browser.post("/account/password", {**own, "fresh": FRESH, "again": FRESH})
        case "second factor on":
            browser.post("/account/second-factor", {**own, "code": factor(room, browser)})
        case "second factor off":
            browser.post("/account/second-factor/off", own)
        case "reset":
            boss.post(f"/users/{user}/reset", {**own, "fresh": FRESH})
        case "role":
            boss.post(f"/users/{user}/role", {**own, "role": "viewer"})
        case "disabled":
            boss.post(f"/users/{user}/enabled", {**own, "enabled": "0"})
    assert not copied.is_in
    by_himself = change in ("password", "second factor on", "second factor off")
    assert browser.is_in == by_himself and (browser.cookie() != before or not by_himself)
    assert boss.is_in


def test_a_change_that_is_refused_ends_no_session(room: Room) -> None:
    browser, boss = room.browser("操盘"), room.browser("店主")
    user = room.user("操盘").user_id
    browser.post("/account/password", {"password": "wrong password", "fresh": FRESH, "again": FRESH})
    browser.post("/account/second-factor", {"password": PASSWORD, "code": "000000"})
    boss.post(f"/users/{user}/role", {"password": "wrong password", "role": "viewer"})
    boss.post(f"/users/{room.user('店主').user_id}/role", {"password": PASSWORD, "role": "viewer"})
    assert browser.is_in and boss.is_in


def test_an_ended_session_ends_on_every_kind_of_page(room: Room) -> None:
    browser = room.browser("店主")
    copied = thief(room, browser)
    browser.client.post("/logout", data={"csrf_token": browser.token("/")})
    for path in ("/", "/users", "/events", "/account/second-factor"):
        assert copied.get(path).location.startswith("/login"), path
    for path in ("/api/v2/status", "/api/v2/day.md", "/metrics"):
        assert copied.get(path).status_code == 401, path


def test_a_cookie_of_another_console_is_nobodys(room: Room) -> None:
    """Signed with another key, by the same program."""
    with scratch() as folder:
        other = Room(Path(folder))
        other.people()
        assert not thief(room, other.browser("店主")).is_in
        other.close()


# --- what a cookie says of itself -------------------------------------------------------------------------------------


def test_every_cookie_is_kept_from_scripts_and_from_other_sites(room: Room) -> None:
    browser = room.browser()
    said = browser.get("/login").headers.getlist("Set-Cookie")
    said += browser.log_in("店主").headers.getlist("Set-Cookie")
    said += browser.post("/look", {"light": "dark"}).headers.getlist("Set-Cookie")
    assert len(said) >= 3
    for cookie in said:
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie and "Domain" not in cookie


def test_the_session_in_the_cookie_holds_no_password(room: Room) -> None:
    browser = room.browser("店主")
    with browser.client.session_transaction() as session:
        kept = str(dict(session))
    assert PASSWORD not in kept and TRADING not in kept and "店主" not in kept


# --- where a browser is sent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ELSEWHERE)
def test_no_address_sends_a_browser_elsewhere(room: Room, place: str) -> None:
    stranger, browser = room.browser(), room.browser("店主")
    form = {"csrf_token": stranger.token(), "name": "店主", "password": PASSWORD}
    answers = [
        stranger.client.get("/login", query_string={"next": place}),
        browser.client.get("/login", query_string={"next": place}),
        browser.post("/look", {"light": "dark", "back": place}),
        stranger.client.post("/login", query_string={"next": place}, data=form),
    ]
    assert [answer.status_code for answer in answers] == [200, 302, 302, 302]
    for answer in answers[1:]:
        assert answer.location == "/" or (answer.location[0] == "/" and answer.location[1] not in "/\\"), (
            answer.location
        )
        assert "evil" not in answer.location.partition("?")[0].split("/")[1]
        assert "a=b" not in answer.headers.getlist("Set-Cookie")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"},
        {"X-Forwarded-Prefix": "//evil.example"},
        {"X-Original-URL": "/users"}, {"X-Rewrite-URL": "/users"}, {"X-HTTP-Method-Override": "POST"},
        {"X-Forwarded-Proto": "https"}, {"Origin": "null"}, {"Referer": "https://evil.example/"},
    ],
)  # fmt: skip
def test_no_header_of_a_proxy_is_believed(room: Room, headers: dict[str, str]) -> None:
    answer = room.browser().get("/users?x=1", headers=headers)
    assert answer.location == "/login?next=/users?x%3D1"
    assert "Secure" not in "".join(room.browser().get("/login", headers=headers).headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP", "X-Client-IP"])
def test_nobody_says_himself_that_he_is_on_this_pc(room: Room, name: str) -> None:
    token = room.guard.new_link()
    there = {"REMOTE_ADDR": "192.168.1.9"}
    said = {name: "for=127.0.0.1" if name == "Forwarded" else "127.0.0.1"}
    assert room.browser().get(f"/setup/{token}", environ_base=there, headers=said).status_code == 404
    room.browser().post("/login", {"name": "店主", "password": "x"}, environ_base=there, headers=said)
    assert room.guard.trail.rows(limit=1)[0].address == "192.168.1.9"


# --- what is not kept, framed or read from elsewhere ------------------------------------------------------------------


def test_what_is_shown_once_is_kept_by_no_cache_and_sent_to_no_referrer(room: Room) -> None:
    browser = room.browser("店主")
    secret = [
        browser.get("/account/second-factor"),
        browser.post("/keys", {"name": "x", "scope": "read", "password": PASSWORD}),
        room.browser().get(f"/setup/{room.guard.new_link()}"),
        browser.post("/strategies/xsz/snippet", {"trading_password": TRADING}),
        browser.get("/settings"),
        browser.get("/api/v2/day.md"),
    ]
    assert "gdc_" in secret[1].text
    for answer in secret:
        assert answer.headers["Cache-Control"] == "no-store", answer.request.path
        assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nonsense", 404), ("GET", "/api/v2/nonsense", 404), ("DELETE", "/", 405), ("TRACE", "/login", 405),
        ("POST", "/login", 400), ("HEAD", "/users", 302), ("OPTIONS", "/users", 302), ("OPTIONS", "/login", 200),
        ("GET", "/users", 302),
        ("GET", "/metrics", 401), ("GET", "/api/v1/trading/status", 401), ("GET", "/api/v1/positions/all", 401),
        ("PUT", "/api/v2/orders", 405), ("GET", "/static/nonsense", 404), ("HEAD", "/login", 200),
    ],
)  # fmt: skip
def test_every_refusal_carries_the_policy_too(room: Room, method: str, path: str, status: int) -> None:
    answer = room.app.test_client().open(path, method=method)
    assert answer.status_code == status
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY" and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_what_breaks_carries_the_policy_and_tells_nothing_of_the_inside(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(room.app.view_functions, "overview.page", broken)
    broken.needs = Scope.READ  # type: ignore[attr-defined]
    answer = room.browser("店主").get("/")
    assert answer.status_code == 503 and "geheim" not in answer.text and "Traceback" not in answer.text
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def broken() -> str:
    raise RuntimeError("geheim")


def test_no_page_elsewhere_reads_an_answer(room: Room) -> None:
    origin = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    key = room.key("店主", Scope.ADMIN)
    for method, path in (("GET", "/"), ("OPTIONS", "/api/v2/orders"), ("GET", "/api/v2/status"), ("GET", "/events")):
        answer = room.app.test_client().open(path, method=method, headers={**origin, **key})
        assert not any(name.lower().startswith("access-control") for name, _ in answer.headers)
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_looking_at_the_heads_of_pages_is_no_failed_login(room: Room) -> None:
    """A page elsewhere may have a browser ask for as many as it likes."""
    browser = room.browser()
    for _ in range(25):
        assert browser.client.head("/login").status_code == 200
    assert browser.client.head(f"/setup/{room.guard.new_link()}").status_code == 200
    assert browser.log_in("店主").status_code == 302
