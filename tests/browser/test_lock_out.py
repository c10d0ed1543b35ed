"""A name whose password somebody guesses at."""

from __future__ import annotations

import pytest

from tests.browser.desk import OWNER, PASSWORD, Desk
from tests.browser.window import Window

pytestmark = pytest.mark.long


def test_five_wrong_passwords_lock_the_name_and_leave_who_is_in_alone(desk: Desk, window: Window) -> None:
    desk.set_up(window)
    window.at("/")
    mine = window.driver.get_cookies()

    window.forget()
    window.open("/login")
    for _ in range(5):
        _try(window, "falsch geraten")
        window.sees("用户名、密码或验证码不对。")
    _try(window, PASSWORD)
    window.sees("失败次数太多")
    window.shoot("locked")
    refused = window.complaints()
    assert refused != [] and all("/login" in one and ("403" in one or "429" in one) for one in refused)

    for cookie in mine:
        window.driver.add_cookie(cookie)
    window.open("/orders")
    window.at("/orders")
    window.sees(OWNER, ".who summary")


def _try(window: Window, password: str) -> None:
    window.fill(name=OWNER, password=password)
    window.send("登录")
