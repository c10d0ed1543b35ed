"""The console of a real daemon on a paper account, and one Chromium that looks at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.browser.desk import Desk
from tests.browser.window import Window


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("needs Chromium and its driver: apt-get install chromium chromium-driver")
    opened = Window(browser, driver, tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture
def window(chromium: Window) -> Iterator[Window]:
    """A browser that has never been here; it must have nothing to complain about."""
    chromium.forget()
    yield chromium
    assert chromium.complaints() == []


@pytest.fixture(scope="module")
def desk(chromium: Window, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A daemon that nobody has set up."""
    with Desk.opened(tmp_path_factory.mktemp("home")) as opened:
        yield opened


@pytest.fixture
def inside(desk: Desk, window: Window) -> Window:
    """The window of the administrator, who has a trading password."""
    desk.let_in(window)
    return window
