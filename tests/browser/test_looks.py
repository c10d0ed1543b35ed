"""Every page as it looks: light, dark, on a phone; all within the screen, and the browser complains about nothing."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.browser.desk import TRADING, Desk
from tests.browser.window import Window

pytestmark = pytest.mark.long

BESIDES = (
    *("/account", "/keys", "/account/second-factor", "/orders/fills", "/trade?symbol=000001&shares=100&check=1"),
    "/holdings/book?strategy=小市值&symbol=000001.SZ",
)


@pytest.fixture
def lived_in(desk: Desk, inside: Window) -> Window:
    """There is a signal that was followed, and one that waits for approval."""
    inside.open("/signals")
    if "000001.SZ" not in inside.text("#list"):
        desk.signal("000001.XSHE", 1000)
        desk.signal("510300.XSHG", 10000, kid="etf", price=4)
        inside.sees("已完成", "#list")
        inside.sees("510300.SH", "#list")
    return inside


def pages(window: Window) -> Iterator[str]:
    """Open each page that the navigation and the user's menu lead to, and those behind them; tells a name for it."""
    window.open("/signals")
    stories = [link.get_attribute("href") for link in window.all("#list td.stamp a")]
    links = [link.get_attribute("href") for link in window.all("#nav a")]
    assert len(links) >= 17
    for where in (*links, stories[0], *BESIDES):
        window.open(str(where))
        assert window.all("main h1"), where
        yield _name(str(where), is_story=where == stories[0])


def _name(where: str, *, is_story: bool) -> str:
    return "signal" if is_story else urlsplit(where).path.strip("/").replace("/", "-") or "overview"


def faults(window: Window) -> list[str]:
    """What is wrong with the page that is open."""
    width, screen = window.run(
        "return (({scrollWidth, clientWidth}) => [scrollWidth, clientWidth])(document.documentElement)"
    )
    scrolls = [f"{width} px wide on {screen}"] if width > screen else []
    return [*scrolls, *window.too_wide(), *window.complaints()]


def unfold(window: Window) -> bool:
    """Open whatever the page keeps folded; tells whether there is any."""
    return bool(
        window.run("return [...document.querySelectorAll('main details')].map((one) => one.open = true).length")
    )


@pytest.mark.parametrize("light", ["light", "dark"])
def test_every_page_stands_in_the_screen(lived_in: Window, light: str) -> None:
    lived_in.prefer(light)
    found = {}
    for name in pages(lived_in):
        lived_in.shoot(f"{name}-{light}")
        found[name] = faults(lived_in)
        if (lived_in.brightness() < 80) != (light == "dark"):
            found[name].append(f"not {light}")
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_stands_in_a_phones_screen(lived_in: Window, language: str) -> None:
    lived_in.be_a_phone()
    if language == "en":
        lived_in.tick(".who summary")
        lived_in.send("English", within=".looks")
    found = {}
    for name in pages(lived_in):
        lived_in.shoot(f"{name}-390-{language}")
        found[name] = faults(lived_in)
        if unfold(lived_in):
            lived_in.shoot(f"{name}-390-{language}-unfolded")
            found[name] += faults(lived_in)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_the_menu_of_a_phone_opens_and_leads_on(inside: Window) -> None:
    inside.be_a_phone()
    inside.open("/")
    assert not inside.one("#nav").is_displayed()
    inside.tick(".menu")
    assert inside.one("#nav").is_displayed()
    inside.shoot("menu-390")
    inside.send("委托成交", within="#nav")
    inside.at("/orders")
    assert inside.one(".top .halt").is_displayed()


def test_dark_is_chosen_by_a_person_and_kept(inside: Window) -> None:
    inside.prefer("light")
    inside.open("/")
    bright = inside.brightness()
    inside.tick(".who summary")
    inside.send("明暗：跟随系统", within=".looks")
    assert inside.brightness() < 80 < bright
    inside.open("/orders")
    assert inside.brightness() < 80


def test_the_pages_of_nobody_stand_in_both_screens(desk: Desk, window: Window) -> None:
    window.root = desk.root
    for name, narrow in (("login", False), ("login-390", True)):
        if narrow:
            window.be_a_phone()
        window.open("/login")
        assert window.too_wide() == []
        window.shoot(name)


def test_a_form_that_is_open_is_not_taken_away_by_what_is_live(desk: Desk, inside: Window) -> None:
    inside.open("/waiting")
    inside.fill("#decide", trading_password=TRADING)
    desk.signal("510500.XSHG", 10000, kid="etf", price=6)
    inside.sees("510500.SH", "#waiting-orders")
    assert inside.one("#decide [name='trading_password']").get_attribute("value") == TRADING
