"""Getting in, as a person at the PC does it: the link that is printed, the login, the lock."""

from __future__ import annotations

import pytest

from tests.browser.desk import OWNER, PASSWORD, Desk
from tests.browser.window import Window

pytestmark = pytest.mark.long


def test_the_printed_link_leads_in_once_and_the_login_afterwards(desk: Desk, window: Window) -> None:
    desk.set_up(window)
    window.at("/")
    window.sees("小市值")
    window.sees(OWNER, ".who summary")

    window.tick(".who summary")
    window.send("退出登录")
    window.at("/login")

    window.open(desk.link())
    assert window.complaints() != [], "a used link is found nowhere"
    window.open("/holdings")
    window.at("/login")
    window.fill(name=OWNER, password=PASSWORD)
    window.send("登录")
    window.at("/holdings")
