"""What a hostile browser sends: bodies beyond the limit, paths that climb, odd headers and forms."""

from __future__ import annotations

import pytest

from tests.console.room import Room


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/..%5capp.py",
        "/static//etc/passwd", "/static/console.css%00.js", "/static/", "/setup/..%2f..%2fhealthz",
        "/%2e%2e/%2e%2e/etc/passwd",
    ],
)  # fmt: skip
def test_no_path_climbs_out(room: Room, path: str) -> None:
    answer = room.browser().get(path)
    assert answer.status_code in (404, 308) and b"import" not in answer.data and b"root:" not in answer.data


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(room: Room) -> None:
    browser = room.browser()
    form = {"csrf_token": browser.token(), "name": "x" * 200_000, "password": "y"}
    assert browser.client.post("/login", data=form).status_code == 413
    assert browser.client.post("/login", json={"name": "x" * 200_000}).status_code == 413
    assert browser.log_in("店主").status_code == 302


@pytest.mark.parametrize(
    "form",
    [
        {}, {"name": "店主"}, {"name": "\0", "password": "\0"}, {"name": "店主\ud800", "password": "\ud800"},
        {"name": "'; DROP TABLE users; --", "password": "x"}, {"name": "店主", "password": "x" * 60_000},
        {"name": "x" * 60_000, "password": "x"}, {"name": "店主", "password": "x", "code": "٣٤٥٦٧٨"},
    ],
)  # fmt: skip
def test_any_words_at_the_login_are_a_wrong_password(room: Room, form: dict[str, str]) -> None:
    form = {name: value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") for name, value in form.items()}
    assert room.browser().post("/login", form).status_code == 403


def test_a_damaged_cookie_is_nobodys(room: Room) -> None:
    browser = room.browser("店主")
    cookie = browser.cookie()
    for wrong in (cookie[:-1], cookie[1:], cookie + "x", "x", "", cookie.split(".")[0], "é" * 50):
        browser.client.set_cookie("gendan_console", wrong)
        assert browser.get("/").status_code == 302
    for wrong in ("a.b.c.d", "zh.light", "<script>", "zh.light.red-up.x"):
        browser.client.set_cookie("gendan_look", wrong)
        assert 'lang="zh-CN" data-light="auto"' in browser.get("/login").text


def test_the_look_is_kept_and_shown(room: Room) -> None:
    browser = room.browser("店主")
    assert browser.post("/look", {"language": "en", "back": "/account"}).location == "/account"
    browser.post("/look", {"light": "dark"})
    browser.post("/look", {"colours": "green-up"})
    page = browser.get("/account").text
    assert 'lang="en" data-light="dark" data-colours="green-up"' in page and "Trading password" in page
    assert browser.post("/look", {"light": "purple"}).status_code == 400
    assert browser.post("/look", {"light": "light", "back": "https://evil.example/"}).location == "/"


def test_own_files_are_packed_kept_and_named_by_their_content(room: Room) -> None:
    page = room.browser().get("/login").text
    style = page.split('rel="stylesheet" href="')[1].split('"')[0]
    plain = room.browser().get(style)
    packed = room.browser().get(style, headers={"Accept-Encoding": "gzip"})
    assert "?v=" in style and "immutable" in plain.headers["Cache-Control"]
    assert packed.headers["Content-Encoding"] == "gzip" and len(packed.data) < len(plain.data) / 2
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
