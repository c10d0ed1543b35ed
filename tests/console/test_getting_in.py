"""Set-up link, login, lock-out, sessions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk.access import Role, Scope
from tests.console.room import COOKIE, PASSWORD, Browser, Room

NEW = {"name": "店主", "password": PASSWORD, "again": PASSWORD}


def set_up(room: Room, token: str, browser: Browser | None = None, **changes: str) -> int:
    browser = browser or room.browser()
    return browser.post(f"/setup/{token}", {**NEW, **changes}).status_code


def test_there_is_no_default_account(bare: Room) -> None:
    assert bare.book.users() == []
    assert "setup-link" in bare.browser().get("/login").text
    for name in ("admin", "root", "店主"):
        assert bare.browser().log_in(name, "admin").status_code == 403


def test_a_set_up_link_makes_an_administrator_and_works_once(bare: Room) -> None:
    token = bare.guard.new_link()
    browser = bare.browser()
    assert set_up(bare, token, browser) == 302
    assert browser.is_in
    assert [(user.name, user.role.value) for user in bare.book.users()] == [("店主", "admin")]
    assert set_up(bare, token, name="二号") == 404
    assert bare.browser().get(f"/setup/{token}").status_code == 404
    assert len(bare.book.users()) == 1


def test_a_set_up_link_ends_with_time_and_with_the_next_one(bare: Room) -> None:
    first = bare.guard.new_link()
    second = bare.guard.new_link()
    assert set_up(bare, first) == 404
    bare.clock.advance(30 * 60)
    assert set_up(bare, second) == 404
    assert bare.book.users() == []


def test_a_form_that_does_not_fit_does_not_use_the_link_up(bare: Room) -> None:
    token = bare.guard.new_link()
    for wrong in ({"password": "short", "again": "short"}, {"again": "another one"}, {"name": "<b>"}, {"name": ""}):
        assert set_up(bare, token, **wrong) == 400
    assert set_up(bare, token) == 302


def test_a_set_up_link_is_for_this_pc_alone(bare: Room) -> None:
    token = bare.guard.new_link()
    there = {"REMOTE_ADDR": "192.168.1.9"}
    assert bare.browser().get(f"/setup/{token}", environ_base=there).status_code == 404
    assert bare.browser().get(f"/setup/{token}", environ_base={"REMOTE_ADDR": "::1"}).status_code == 200
    assert bare.browser().get(f"/setup/{token}", headers={"Host": "192.168.1.5:8686"}).status_code == 404


def test_the_link_gives_a_forgetful_user_a_new_password_and_ends_his_logins(room: Room) -> None:
    before = room.browser("操盘")
    fresh = "ganz neu gewählt"
    assert set_up(room, room.guard.new_link(), name="操盘", password=fresh, again=fresh) == 302
    assert not before.is_in
    assert room.browser().log_in("操盘").status_code == 403
    assert room.browser().log_in("操盘", fresh).status_code == 302


def test_a_session_does_not_outlive_the_login_that_an_attacker_has_prepared(room: Room) -> None:
    """Fixation: the victim logs in with a cookie that the attacker knows."""
    attacker = room.browser()
    attacker.token()
    planted = attacker.cookie()
    victim = room.browser()
    victim.client.set_cookie(COOKIE, planted)
    victim.log_in("店主")
    assert victim.is_in and victim.cookie() != planted
    attacker.client.set_cookie(COOKIE, planted)
    assert not attacker.is_in


def test_logging_in_again_gives_a_new_session_and_a_new_token(room: Room) -> None:
    browser = room.browser("店主")
    cookie, token = browser.cookie(), browser.token("/")
    browser.client.post("/logout", data={"csrf_token": token})
    assert not browser.is_in
    browser.log_in("店主")
    assert browser.cookie() != cookie
    assert browser.client.post("/logout", data={"csrf_token": token}).status_code == 400


def test_a_copied_cookie_is_worth_nothing_after_the_logout(room: Room) -> None:
    browser, thief = room.browser("店主"), room.browser()
    thief.client.set_cookie(COOKIE, browser.cookie())
    assert thief.is_in
    browser.client.post("/logout", data={"csrf_token": browser.token("/")})
    assert not thief.is_in


def test_a_session_ends_unused_after_an_hour(room: Room) -> None:
    browser = room.browser("店主")
    for _ in range(3):
        room.clock.advance(59 * 60)
        assert browser.is_in
    room.clock.advance(60 * 60)
    assert not browser.is_in


def test_a_page_that_refreshes_itself_keeps_no_session_alive(room: Room) -> None:
    browser = room.browser("店主")
    for _ in range(11):
        room.clock.advance(5 * 60)
        assert browser.get("/", headers={"X-Background": "1"}).status_code == 200
    room.clock.advance(5 * 60)
    assert browser.get("/", headers={"X-Background": "1"}).status_code == 302


def test_a_session_ends_after_twelve_hours_however_busy(room: Room) -> None:
    browser = room.browser("店主")
    for _ in range(23):
        room.clock.advance(30 * 60)
        assert browser.is_in
    room.clock.advance(30 * 60)
    assert not browser.is_in


def test_sessions_outlive_a_restart_of_the_program(room: Room) -> None:
    browser = room.browser("店主")
    cookie = browser.cookie()
    room.restart()
    again = room.browser()
    again.client.set_cookie(COOKIE, cookie)
    assert again.is_in


def test_a_revoked_session_and_a_disabled_user_are_out_at_once(room: Room) -> None:
    one, other = room.browser("操盘"), room.browser("操盘")
    login = room.book.logins()[0]
    assert room.guard.end(login.login_id)
    assert [one.is_in, other.is_in].count(True) == 1
    room.guard.enable(room.user("操盘"), False)
    assert not one.is_in and not other.is_in
    assert room.browser().log_in("操盘").status_code == 403


def test_five_failures_lock_a_name_for_a_quarter_of_an_hour(room: Room) -> None:
    inside = room.browser("店主")
    browser = room.browser()
    for _ in range(5):
        assert browser.log_in("店主", "wrong password").status_code == 403
    refused = browser.log_in("店主")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "901"
    assert inside.is_in, "who is logged in stays so"
    assert room.browser().log_in("操盘").status_code == 302, "another name is not locked"
    room.clock.advance(15 * 60 - 1)
    assert browser.log_in("店主").status_code == 429
    room.clock.advance(2)
    assert browser.log_in("店主").status_code == 302


def test_the_spelling_of_a_name_gives_no_further_tries(room: Room) -> None:
    room.guard.add_user("Boss", Role.ADMIN, PASSWORD)
    for name in ("Boss", "boss", "BOSS", "ｂｏｓｓ", "boSS"):
        assert room.browser().log_in(name, "wrong password").status_code == 403
    assert room.browser().log_in("Boss").status_code == 429


def test_a_name_that_nobody_has_is_answered_and_locked_like_any_other(room: Room) -> None:
    known, unknown = room.browser(), room.browser()
    for _ in range(6):
        one, other = known.log_in("店主", "wrong password"), unknown.log_in("没有人", "wrong password")
        assert one.status_code == other.status_code
        strip = [answer.text.replace(answer.text.split('content="')[2].split('"')[0], "") for answer in (one, other)]
        assert strip[0] == strip[1]


def test_guessing_many_names_is_slowed_down_for_all_of_them(room: Room) -> None:
    browser = room.browser()
    answers = [browser.log_in(f"name{n}", "wrong password").status_code for n in range(21)]
    assert answers == [403] * 20 + [429]
    room.clock.advance(61)
    assert room.browser().log_in("店主").status_code == 302


def test_a_success_forgets_the_failures_before_it(room: Room) -> None:
    browser = room.browser()
    for _ in range(3):
        for _ in range(4):
            browser.log_in("店主", "wrong password")
        assert browser.log_in("店主").status_code == 302
        room.clock.advance(61)


def test_a_login_leads_back_to_a_page_of_this_console_only(room: Room) -> None:
    assert room.browser().get("/?x=1").location == "/login?next=/?x%3D1"
    for back, landed in (
        ("/?x=1", "/?x=1"), ("//evil.example", "/"), ("https://evil.example/", "/"), ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"), ("javascript:alert(1)", "/"), ("", "/"),
    ):  # fmt: skip
        browser = room.browser()
        form = {"csrf_token": browser.token(), "name": "店主", "password": PASSWORD}
        assert browser.client.post("/login", query_string={"next": back}, data=form).location == landed


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8686", "localhost.evil.example", "[evil]:1"])
def test_another_host_name_is_refused(room: Room, host: str) -> None:
    assert room.browser().get("/login", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "localhost:8686", "127.0.0.1:8686", "[::1]:8686", "192.168.1.5:8686"])
def test_an_address_or_our_own_name_is_served(room: Room, host: str) -> None:
    assert room.browser().get("/login", headers={"Host": host}).status_code == 200


def test_the_cookie_is_for_http_and_this_site_alone(room: Room) -> None:
    said = room.browser().get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in said and "SameSite=Lax" in said and "Path=/" in said


def test_behind_a_proxy_its_name_is_served_and_the_cookie_is_for_https_alone(room: Room) -> None:
    headers = {"Host": "desk.example"}
    assert room.browser().get("/login", headers=headers).status_code == 400
    room.config = replace(room.config, console_url="https://desk.example")
    try:
        answer = room.browser().get("/login", headers=headers)
        assert answer.status_code == 200 and "Secure" in answer.headers["Set-Cookie"]
        assert "Secure" not in room.browser().get("/login").headers["Set-Cookie"]
        token = room.guard.new_link()
        assert room.browser().get(f"/setup/{token}", headers=headers).status_code == 404
    finally:
        room.config = replace(room.config, console_url="")


def test_neither_tokens_nor_passwords_stand_in_the_file(room: Room) -> None:
    browser = room.browser("店主")
    with browser.client.session_transaction() as session:
        token = session["_user_id"]
    key = room.key("店主", Scope.ADMIN)["Authorization"].split()[1]
    link = room.guard.new_link()
    kept = b"".join(file.read_bytes() for file in room.folder.glob("console.db*"))
    for secret in (token, key, link, PASSWORD):
        assert secret.encode() not in kept
