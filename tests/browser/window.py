"""A headless Chromium as a person uses it: open pages, fill forms in, press, wait until something is seen."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import (
    NoAlertPresentException,
    NoSuchElementException,
    StaleElementReferenceException,
    TimeoutException,
    WebDriverException,
)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE_S = 40.0  # how long a test waits before it calls something missing; nothing is judged by time
SHOTS = os.environ.get("GENDAN_SHOTS", "")

_OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--window-size=1280,900"),
)
# Whatever stands wider than the screen, unless it lies in a box that scrolls; a figure that runs into the next one.
_TOO_WIDE = """
const wide = document.documentElement.clientWidth;
return [...document.querySelectorAll("body *")]
  .filter((one) => one.getClientRects().length && !one.closest("pre, .skip, svg"))
  .filter((one) => {
    const { left, right } = one.getBoundingClientRect();
    const flows = one.matches("dd, button, .badge, .stack td:not(.cut)") && one.scrollWidth > one.clientWidth + 1;
    const scrolls = one.closest(".scroll") !== null;
    return flows || (!scrolls && (left < -1 || right > wide + 1));
  })
  .map((one) => `${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 40)}`);
"""
# Asked of the page in one go: a part that is live is another one before its buttons have been asked one by one.
_SAYS = """
const [among, text] = arguments;
return [...document.querySelectorAll(among)]
  .find((one) => one.getClientRects().length && one.innerText.trim() === text) || null;
"""


class Window:
    """One browser with one window; `root` is the console that it looks at."""

    def __init__(self, chromium: str, chromedriver: str, profile: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for option in (*_OPTIONS, f"--user-data-dir={profile}"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(chromedriver))
        self.driver.set_page_load_timeout(PATIENCE_S)
        self.root = ""

    def close(self) -> None:
        self.driver.quit()

    def forget(self) -> None:
        """Be a browser that has never been here, on a wide screen."""
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        self.complaints()

    # --- going about --------------------------------------------------------------------------------------------------

    def open(self, path: str) -> None:
        self.driver.get(path if path.startswith("http") else self.root + path)

    @property
    def path(self) -> str:
        return self.driver.current_url.removeprefix(self.root)

    def at(self, path: str) -> None:
        """Wait until the window stands at this path, whatever its query."""
        self.until(lambda: self.path.partition("?")[0] == path, f"to be at {path}")

    def fill(self, form: str = "", **fields: str) -> None:
        """Type into the fields of these names, over what stands there."""
        for name, text in fields.items():
            field = self.one(f"{form} [name='{name}']".strip())
            field.clear()
            field.send_keys(text)

    def press(self, text: str, *, within: str = "body") -> None:
        """Press the button or link that says just this."""
        self._click(lambda: self.run(_SAYS, f"{within} button, {within} a", text))

    def send(self, text: str, *, within: str = "body", asks: bool = False) -> None:
        """Press what leads to another page, say yes where it asks, and wait for the page."""
        before = self.one("html")
        self.press(text, within=within)
        if asks:
            self.until(self._said_yes, "a question")
        self.until(lambda: _gone(before), f"a page after {text}")
        self.until(lambda: self.run("return document.readyState") == "complete", "the page")

    def tick(self, css: str) -> None:
        self._click(lambda: self.one(css))

    def _click(self, find: Callable[[], WebElement | None]) -> None:
        def clicked() -> bool:
            found = find()
            if found is not None:
                found.click()
            return found is not None

        self.until(clicked, "something to press")

    def _said_yes(self) -> bool:
        self.driver.switch_to.alert.accept()
        return True

    # --- looking ------------------------------------------------------------------------------------------------------

    def one(self, css: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def run(self, script: str, *args: object) -> Any:
        return self.driver.execute_script(script, *args)

    def text(self, css: str = "body") -> str:
        return self.one(css).text

    def sees(self, text: str, css: str = "body") -> None:
        self.until(lambda: text in self.text(css), lambda: f"{text} in {css}: {self._text_or_nothing(css)}")

    def sees_no_more(self, text: str, css: str = "body") -> None:
        self.until(lambda: text not in self.text(css), lambda: f"no {text} in {css}: {self._text_or_nothing(css)}")

    def _text_or_nothing(self, css: str) -> str:
        found = self.all(css)
        return found[0].text if found else "nothing"

    def until(self, holds: Callable[[], object], what: str | Callable[[], str]) -> None:
        passing = (NoSuchElementException, StaleElementReferenceException, NoAlertPresentException)
        wait = WebDriverWait(self.driver, PATIENCE_S, poll_frequency=0.1, ignored_exceptions=passing)
        try:
            wait.until(lambda _: _of_this_page(holds))
        except TimeoutException as error:
            said = what if isinstance(what, str) else what()
            raise AssertionError(f"waited in vain at {self.path} for {said}") from error

    def complaints(self) -> list[str]:
        """What the browser's log says since it was read last: scripts' errors, what the policy refuses, not found."""
        said = self.driver.get_log("browser")
        return [f"{one['source']}: {one['message']}" for one in said if one["level"] in ("SEVERE", "WARNING")]

    def too_wide(self) -> list[str]:
        """What stands out of the screen at its sides."""
        return list(self.run(_TOO_WIDE))

    # --- how it looks -------------------------------------------------------------------------------------------------

    def be_a_phone(self, width: int = 390, height: int = 844) -> None:
        screen = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)

    def prefer(self, light: str) -> None:
        """Be a system that is `light` or `dark`."""
        feature = {"name": "prefers-color-scheme", "value": light}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def brightness(self) -> float:
        """Of the page's ground: 0 is black, 255 white."""
        colour = str(self.run("return getComputedStyle(document.body).backgroundColor"))
        red, green, blue = (int(part) for part in re.findall(r"\d+", colour)[:3])
        return (red + green + blue) / 3

    def shoot(self, name: str) -> None:
        """Keep a picture of the whole page in the folder GENDAN_SHOTS, where one is named."""
        if not SHOTS:
            return
        shown = {"format": "png", "captureBeyondViewport": True}
        picture = self.driver.execute_cdp_cmd("Page.captureScreenshot", {**shown, "clip": self._whole()})
        folder = Path(SHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.png").write_bytes(base64.b64decode(picture["data"]))

    def _whole(self) -> dict[str, float]:
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}


def _gone(element: WebElement) -> bool:
    try:
        _of_this_page(element.is_enabled)
    except StaleElementReferenceException:
        return True
    return False


def _of_this_page(ask: Callable[[], object]) -> object:
    """What is said; the driver has two ways to say that an element's page has gone, and here they are one."""
    try:
        return ask()
    except WebDriverException as error:
        if "does not belong to the document" in str(error):
            raise StaleElementReferenceException from error
        raise
