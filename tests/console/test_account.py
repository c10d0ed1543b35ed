"""Passwords, second factor, keys, users: what each changes, what it asks for, and what is noted."""

from __future__ import annotations

import re

import pyotp
import pytest
from sqlalchemy.exc import IntegrityError

from desk.access import Role, Scope
from tests.console.room import PASSWORD, TRADING, Browser, Room, Said

FRESH = "ganz neu gewählt"


def notices(answer_text: str) -> list[str]:
    return re.findall(r'class="notice (\w+)"', answer_text)


def told(browser: Browser, path: str, form: dict[str, str]) -> list[str]:
    """The kinds of notices on the page that a form leads to."""
    return notices(browser.post(path, form, follow_redirects=True).text)


# --- passwords --------------------------------------------------------------------------------------------------------


def test_a_new_password_asks_for_the_old_one_and_ends_all_other_logins(room: Room) -> None:
    browser, elsewhere = room.browser("操盘"), room.browser("操盘")
    cookie = browser.cookie()
    form = {"fresh": FRESH, "again": FRESH}
    assert told(browser, "/account/password", {**form, "password": "wrong password"}) == ["bad"]
    assert elsewhere.is_in
    assert told(browser, "/account/password", {**form, "password": PASSWORD}) == ["good"]
    assert browser.is_in and browser.cookie() != cookie and not elsewhere.is_in
    assert room.browser().log_in("操盘").status_code == 403
    assert room.browser().log_in("操盘", FRESH).status_code == 302
    assert ("操盘", "password.changed", "操盘", None, None) in room.noted()


@pytest.mark.parametrize("fresh", ["kurz", "操盘", "", "x" * 300])
def test_an_unfit_password_changes_nothing(room: Room, fresh: str) -> None:
    form = {"password": PASSWORD, "fresh": fresh, "again": fresh}
    assert told(room.browser("操盘"), "/account/password", form) == ["bad"]
    assert room.browser().log_in("操盘").status_code == 302


@pytest.mark.parametrize("fresh", ["12345", "操盘", PASSWORD, PASSWORD.upper()])
def test_the_trading_password_is_another_than_the_logins(room: Room, fresh: str) -> None:
    form = {"password": PASSWORD, "fresh": fresh, "again": fresh}
    assert told(room.browser("操盘"), "/account/trading-password", form) == ["bad"]


def test_guessing_a_password_inside_is_locked_as_it_is_at_the_door(room: Room) -> None:
    browser = room.browser("操盘")
    form = {"fresh": FRESH, "again": FRESH, "password": "wrong password"}
    for _ in range(5):
        browser.post("/account/password", form)
    assert told(browser, "/account/password", {**form, "password": PASSWORD}) == ["bad"]
    assert room.browser().log_in("操盘").status_code == 429


# --- the second factor ------------------------------------------------------------------------------------------------


def with_factor(room: Room, browser: Browser) -> pyotp.TOTP:
    page = browser.get("/account/second-factor").text
    found = re.search(r"<code>([A-Z2-7]+)</code>", page)
    assert found and "<svg" in page
    otp = pyotp.TOTP(found[1])
    form = {"code": otp.at(room.clock.now()), "password": PASSWORD}
    assert told(browser, "/account/second-factor", form) == ["good"]
    return otp


def test_a_second_factor_is_asked_for_from_then_on_and_a_code_works_once(room: Room) -> None:
    otp = with_factor(room, room.browser("操盘"))
    assert room.browser().log_in("操盘").status_code == 403
    assert room.browser().log_in("操盘", code=otp.at(room.clock.now())).status_code == 403, "it was used to turn it on"
    room.clock.advance(30)
    code = otp.at(room.clock.now())
    assert room.browser().log_in("操盘", code=code).status_code == 302
    assert room.browser().log_in("操盘", code=code).status_code == 403
    room.clock.advance(300)
    assert room.browser().log_in("操盘", code=otp.at(room.clock.now(), counter_offset=1)).status_code == 302
    assert room.browser().log_in("操盘", code=otp.at(room.clock.now())).status_code == 403, "older than one used"


def test_a_code_does_not_replace_the_password(room: Room) -> None:
    otp = with_factor(room, room.browser("操盘"))
    room.clock.advance(30)
    code = otp.at(room.clock.now())
    assert room.browser().log_in("操盘", "wrong password", code).status_code == 403
    assert room.browser().log_in("操盘", code=code).status_code == 302, "a wrong password has not used it up"


def test_turning_the_second_factor_off_asks_for_the_password(room: Room) -> None:
    browser = room.browser("操盘")
    with_factor(room, browser)
    assert told(browser, "/account/second-factor/off", {"password": "wrong password"}) == ["bad"]
    assert told(browser, "/account/second-factor/off", {"password": PASSWORD}) == ["good"]
    assert room.browser().log_in("操盘").status_code == 302


def test_no_second_factor_is_turned_on_without_a_right_code(room: Room) -> None:
    browser = room.browser("操盘")
    assert told(browser, "/account/second-factor", {"code": "123456", "password": PASSWORD}) == ["bad"]
    browser.get("/account/second-factor")
    assert told(browser, "/account/second-factor", {"code": "", "password": PASSWORD}) == ["bad"]
    assert room.browser().log_in("操盘").status_code == 302


# --- logins -----------------------------------------------------------------------------------------------------------


def test_a_user_ends_his_own_logins_and_nobody_elses(room: Room) -> None:
    browser, phone, boss = room.browser("操盘"), room.browser("操盘"), room.browser("店主")
    ids = {login.user.name: login.login_id for login in room.book.logins()}
    assert browser.post(f"/account/logins/{ids['店主']}/end").status_code == 404
    assert boss.is_in
    assert told(browser, "/account/logins/end-others", {}) == ["good"]
    assert browser.is_in and not phone.is_in and boss.is_in


# --- API keys ---------------------------------------------------------------------------------------------------------


def made_key(room: Room, browser: Browser, **form: str) -> str:
    asked = {"name": "脚本", "scope": "read", "password": PASSWORD, **form}
    found = re.search(r'class="secret">(gdc_[\w-]{43})<', browser.post("/keys", asked, follow_redirects=True).text)
    return found[1] if found else ""


def test_a_key_is_shown_once_and_lets_in_until_it_is_revoked(room: Room) -> None:
    browser = room.browser("操盘")
    key = made_key(room, browser)
    assert key and key not in browser.get("/keys").text
    program = room.app.test_client()
    assert program.get("/", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert program.get("/", headers={"X-API-Key": key}).status_code == 200
    (row,) = room.book.keys()
    assert row.used_at == room.clock.now()
    assert browser.post(f"/keys/{row.key_id}/revoke").status_code == 302
    assert program.get("/", headers={"X-API-Key": key}).status_code == 302
    assert [action for _, action, *_ in room.noted()][-2:] == ["key.made", "key.revoked"]


def test_a_key_that_may_trade_asks_for_the_trading_password(room: Room) -> None:
    browser = room.browser("操盘")
    assert not made_key(room, browser, scope="trade")
    assert not made_key(room, browser, scope="trade", trading_password="000000")
    assert not made_key(room, browser, scope="trade", trading_password=TRADING, password="wrong password")
    assert made_key(room, browser, scope="trade", trading_password=TRADING)


def test_nobody_makes_a_key_that_may_do_more_than_he(room: Room) -> None:
    form = {"name": "脚本", "scope": "admin", "password": PASSWORD, "trading_password": TRADING}
    assert room.browser("操盘").post("/keys", form).status_code == 403
    assert room.browser("看客").post("/keys", {**form, "scope": "trade"}).status_code == 403
    assert room.browser("店主").post("/keys", {**form, "scope": "everything"}).status_code == 400
    assert room.book.keys() == []


def test_the_keys_of_others_are_seen_and_ended_by_an_administrator_alone(room: Room) -> None:
    made_key(room, room.browser("操盘"), name="策略脚本")
    (row,) = room.book.keys()
    viewer, boss = room.browser("看客"), room.browser("店主")
    assert "策略脚本" not in viewer.get("/keys").text and "策略脚本" in boss.get("/keys").text
    assert viewer.post(f"/keys/{row.key_id}/revoke").status_code == 404
    assert boss.post(f"/keys/{row.key_id}/revoke").status_code == 302


def test_a_wrong_key_is_nobody_and_a_program_is_told_so_in_json(room: Room) -> None:
    for header in ({"X-API-Key": "gdc_" + "A" * 43}, {"Authorization": "Bearer "}, {"Authorization": "Basic YTpi"}):
        answer = room.app.test_client().get("/api/v2/status", headers=header)
        assert answer.status_code == 401 and answer.is_json


def test_the_keys_of_a_disabled_user_let_nobody_in(room: Room) -> None:
    header = room.key("操盘", Scope.READ)
    room.guard.enable(room.user("操盘"), False)
    assert room.app.test_client().get("/", headers=header).status_code == 302


# --- users ------------------------------------------------------------------------------------------------------------


def test_an_administrator_adds_changes_and_disables_users_with_his_password(room: Room) -> None:
    boss = room.browser("店主")
    form = {"name": "新人", "role": "viewer", "fresh": FRESH}
    assert told(boss, "/users", {**form, "password": "wrong password"}) == ["bad"]
    assert told(boss, "/users", {**form, "password": PASSWORD}) == ["good"]
    assert told(boss, "/users", {**form, "password": PASSWORD}) == ["bad"], "the name is taken"
    new = room.user("新人")
    assert told(boss, f"/users/{new.user_id}/role", {"role": "trader", "password": PASSWORD}) == ["good"]
    assert told(boss, f"/users/{new.user_id}/reset", {"fresh": FRESH + "2", "password": PASSWORD}) == ["good"]
    assert room.browser().log_in("新人", FRESH + "2").status_code == 302
    assert told(boss, f"/users/{new.user_id}/enabled", {"enabled": "0", "password": PASSWORD}) == ["good"]
    assert room.browser().log_in("新人", FRESH + "2").status_code == 403
    changes = [row for row in room.noted() if row[1].startswith("user.")]
    assert changes == [
        ("店主", "user.added", "新人", None, "viewer"),
        ("店主", "user.role", "新人", "viewer", "trader"),
        ("店主", "user.reset", "新人", None, None),
        ("店主", "user.enabled", "新人", "true", "false"),
    ]


def test_a_new_role_counts_at_once_and_asks_for_a_new_login(room: Room) -> None:
    browser = room.browser("操盘")
    assert browser.get("/halt").status_code == 200
    room.guard.set_role(room.user("操盘"), Role.VIEWER)
    assert not browser.is_in, "a login is for the role that it was made in"
    browser.log_in("操盘")
    assert browser.get("/halt").status_code == 403
    assert "/halt" not in browser.get("/").text


def test_the_last_administrator_stays(room: Room) -> None:
    boss, user_id = room.browser("店主"), room.user("店主").user_id
    assert told(boss, f"/users/{user_id}/role", {"role": "viewer", "password": PASSWORD}) == ["bad"]
    assert told(boss, f"/users/{user_id}/enabled", {"enabled": "0", "password": PASSWORD}) == ["bad"]
    assert room.user("店主").role is Role.ADMIN and room.user("店主").enabled


def test_an_administrator_ends_the_logins_of_others(room: Room) -> None:
    browser, boss = room.browser("操盘"), room.browser("店主")
    login_id = next(login.login_id for login in room.book.logins() if login.user.name == "操盘")
    assert told(boss, f"/users/logins/{login_id}/end", {}) == ["good"]
    assert not browser.is_in


# --- halt, and what is noted ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grade", "args"),
    [("stop", {}), ("cancel", {"cancel": "1"}), ("liquidate", {"cancel": "1", "liquidate": "1"})],
)
def test_a_halt_is_asked_of_the_trader_in_its_grade_and_noted(room: Room, grade: str, args: dict[str, str]) -> None:
    form = {"grade": grade, "reason": "看不懂", "trading_password": TRADING, "sure": "1"}
    assert told(room.browser("操盘"), "/halt", form) == ["good"]
    assert room.asked.wishes == [("halt", {"reason": "看不懂", **args}, "console:操盘")]
    who, action, _, old, new = room.noted()[-1]
    assert (who, action, old) == ("操盘", "halt", None) and new is not None and "看不懂" in new


@pytest.mark.parametrize(
    "wrong",
    [{"trading_password": "000000"}, {"trading_password": PASSWORD}, {"reason": " "}, {"grade": "liquidate"}],
)
def test_a_halt_wants_the_trading_password_a_reason_and_for_the_gravest_a_tick(
    room: Room, wrong: dict[str, str]
) -> None:
    form = {"grade": "stop", "reason": "看不懂", "trading_password": TRADING, **wrong}
    assert told(room.browser("操盘"), "/halt", form) == ["bad"]
    assert room.asked.wishes == []


def test_without_a_trading_password_nothing_that_asks_for_it_is_done(room: Room) -> None:
    room.book.change_user(room.user("操盘").user_id, trading_hash=None)
    form = {"grade": "stop", "reason": "看不懂", "trading_password": ""}
    assert told(room.browser("操盘"), "/halt", form) == ["bad"]
    assert room.asked.wishes == []


def test_five_wrong_trading_passwords_lock_it_and_not_the_login(room: Room) -> None:
    browser = room.browser("操盘")
    form = {"reason": "好了", "trading_password": "000000"}
    for _ in range(5):
        browser.post("/halt/lift", form)
    assert told(browser, "/halt/lift", {**form, "trading_password": TRADING}) == ["bad"]
    assert room.asked.wishes == []
    assert room.browser().log_in("操盘").status_code == 302
    room.clock.advance(15 * 60 + 1)
    assert told(browser, "/halt/lift", {**form, "trading_password": TRADING}) == ["good"]
    assert room.asked.wishes == [("unhalt", {"reason": "好了"}, "console:操盘")]


def test_guessing_at_the_door_keeps_nobody_from_halting(room: Room) -> None:
    browser, stranger = room.browser("操盘"), room.browser()
    for n in range(21):
        stranger.log_in(f"name{n}", "wrong password")
    assert stranger.log_in("操盘").status_code == 429
    form = {"grade": "stop", "reason": "看不懂", "trading_password": TRADING}
    assert told(browser, "/halt", form) == ["good"]


def test_a_long_answer_of_the_trader_does_not_burst_the_cookie(room: Room) -> None:
    room.asked.answer = Said(text="".join(chr(0x4E00 + n * 7 % 20000) for n in range(5000)))
    browser = room.browser("操盘")
    answer = browser.post("/halt/lift", {"reason": "好了", "trading_password": TRADING})
    assert len(answer.headers["Set-Cookie"]) < 4000
    assert browser.is_in


def test_a_wish_that_the_trader_has_not_answered_is_said_to_be_kept(room: Room) -> None:
    room.asked.answer = Said(ok=None, text="没有回答")
    form = {"reason": "好了", "trading_password": TRADING}
    assert told(room.browser("操盘"), "/halt/lift", form) == ["warn"]


def test_the_audit_log_says_who_when_from_where_and_is_not_changed(room: Room) -> None:
    browser = room.browser("操盘")
    browser.post("/halt/lift", {"reason": "好了", "trading_password": TRADING})
    row = room.guard.trail.rows(limit=1)[0]
    assert (row.who, row.at, row.address) == ("操盘", room.clock.now(), "127.0.0.1")
    assert row.via == f"login:{room.book.logins()[0].login_id}"
    for statement in ("UPDATE audit SET who = 'x'", "DELETE FROM audit"):
        with pytest.raises(IntegrityError), room.book.database.change() as change:
            change.exec_driver_sql(statement)


def test_the_audit_log_is_paged_and_narrowed(room: Room) -> None:
    for n in range(60):
        room.guard.trail.note(
            "strategy.ratio",
            at=room.clock.now(),
            who="脚本",
            via="key:1",
            address="::1",
            target=f"策略{n}",
            old="1",
            new="2",
        )
    boss = room.browser("店主")
    first = boss.get("/audit?who=脚本").text
    assert "策略59" in first and "策略10" in first and "策略9<" not in first
    older = re.search(r'href="(/audit\?before=[^"]+)"', first)
    assert older
    second = boss.get(older[1].replace("&amp;", "&")).text
    assert "策略9<" in second and "策略0<" in second and "策略10<" not in second


SCRIPT = "<script>alert(1)</script>"


def test_no_text_of_a_stranger_becomes_a_script(room: Room) -> None:
    room.asked.answer = Said(ok=True, text=SCRIPT)
    room.browser().log_in("操盘", PASSWORD)
    browser = room.browser()
    form = {"csrf_token": browser.token(), "name": SCRIPT, "password": PASSWORD}
    agent = {"User-Agent": SCRIPT}
    assert SCRIPT not in browser.client.post("/login", data=form, headers=agent).text
    form = {**form, "name": "店主"}
    assert browser.client.post("/login", data=form, headers=agent).status_code == 302
    halt = {"grade": "stop", "reason": SCRIPT, "trading_password": TRADING}
    pages = [browser.post("/halt", halt, follow_redirects=True).text]
    pages += [
        browser.get(path).text for path in ("/", "/account", "/users", "/audit", f"/audit?who={SCRIPT}", f"/{SCRIPT}")
    ]
    assert all(SCRIPT not in page for page in pages)
    assert "&lt;script&gt;" in pages[0] and "&lt;script&gt;" in pages[2], "they are shown, as text"
