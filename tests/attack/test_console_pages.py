"""Made-up words in the addresses and forms of the console's pages, sent by somebody who may do everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from desk.journal import views
from tests.attack.fuzz import MARKS, NUMBERS, examples, scratch
from tests.console.lived_in import LivedIn
from tests.console.room import PASSWORD, TRADING, Browser
from tests.console.routes import ROUTES

pytestmark = MARKS

OWN = {"/logout", "/account/password", "/account/trading-password"}  # what ends who asks, or what he proves himself by
PAGES = sorted({route.path.partition("?")[0] for route in ROUTES if route.method == "GET"})
BRANCHES = ("signals", "orders", "holdings", "waiting", "strategies", "static", "setup")
FORMS = sorted(
    {(route.path, *sorted(route.form)) for route in ROUTES if route.method == "POST" and route.path not in OWN}
)
NAMES = (
    *("account", "strategy", "symbol", "day", "state", "verdict", "id", "all", "mark", "page", "books", "span", "file"),
    *("before", "who", "action", "side", "shares", "price", "part", "key", "next", "watch", "number", "volume", "cost"),
    *("filled", "ratio", "mode", "sure", "grade", "reason", "name", "role", "scope", "shown", "back", "language", "on"),
)  # fmt: skip
ODD = st.sampled_from(
    (
        *NUMBERS, "", " ", "\x00", "\r\n", "~", "~~~", "1~2~3", "9" * 18 + "~x", "١", "２０２６-11-20", "2026-11-20",
        "2026-W01-1",
        "1990-01-01", "2999-12-31", "0001-01-01", "buy", "sell", "1", "1/3", "open", "filled", "主账户", "小市值",
        "手动",
        "000001.SZ", "000001", "688001.SH", "x" * 5000, "'; DROP TABLE orders; --", "%", "_", "%s", "{0}",
        "{x.__class__}",
        "../..", "\u202e", "\ufffe", "\U0001f4a5", "month", "week", "2026-11-20.log", "stop", "liquidate", "live",
        "实盘",
    )
) | st.text(max_size=20)  # fmt: skip
WORDS = st.sampled_from(
    ("nonsense", "0", "-1", "9" * 20, "9007199254740991", "%00", "all", "xsz", quote("\r\nX: y"), "%ff")
)


@dataclass
class Inside:
    """A browser of an administrator, and the token of its forms."""

    room: LivedIn
    browser: Browser
    token: str

    def looks(self, address: str) -> int:
        return self.judged(self.browser.client.get(address))

    def sends(self, path: str, form: Mapping[str, str]) -> int:
        proof = {"csrf_token": self.token, "password": PASSWORD, "trading_password": TRADING}
        words = {name: value.encode("utf-8", "replace") for name, value in form.items()}
        return self.judged(self.browser.client.post(path, data={**words, **proof}))

    def judged(self, answer: TestResponse) -> int:
        assert answer.status_code < 500, answer.text
        assert not (answer.location or "").startswith("/login"), "it was logged out"
        self.room.wished.clear()
        return answer.status_code


@pytest.fixture(scope="module")
def inside() -> Iterator[Inside]:
    with scratch() as folder:
        room = LivedIn(Path(folder))
        browser = room.browser("店主")
        yield Inside(room, browser, browser.token("/account"))
        room.close()


@given(path=st.sampled_from(PAGES), said=st.dictionaries(st.sampled_from(NAMES), ODD, max_size=5))
@examples(25, 2000)
def test_any_words_behind_an_address_are_answered(inside: Inside, path: str, said: dict[str, str]) -> None:
    inside.looks(f"{path}?{urlencode(said, errors='replace')}")


@given(page=st.sampled_from(BRANCHES), word=WORDS | ODD.map(lambda word: quote(word, safe="", errors="replace")))
@examples(10, 1000)
def test_any_word_of_an_address_is_answered(inside: Inside, page: str, word: str) -> None:
    for more in ("", "/cancel", "/mode", "/again"):
        inside.looks(f"/{page}/{word}{more}")


@given(form=st.sampled_from(FORMS), more=st.dictionaries(st.sampled_from(NAMES), ODD, max_size=4), data=st.data())
@examples(30, 2000)
def test_any_words_in_a_form_are_answered(
    inside: Inside, form: tuple[str, ...], more: dict[str, str], data: st.DataObject
) -> None:
    path, *names = form
    inside.sends(path, {**more, **{name: data.draw(ODD) for name in names}})


def test_a_number_that_no_row_has_is_none(inside: Inside) -> None:
    for number in ("9" * 19, "9" * 30, "9" * 5000, "-1", "0", "1e3"):
        for path in ("/audit?before=", "/adjustments?before=", "/log?before=", "/holdings?page=", "/messages?mark="):
            assert inside.looks(f"{path}{number}") in (200, 400)
        for path in ("/users/{}/role", "/users/logins/{}/end", "/keys/{}/revoke", "/account/logins/{}/end"):
            assert inside.sends(path.format(number), {"role": "viewer"}) == 404


def test_an_order_is_found_whatever_is_asked_beside_it(inside: Inside) -> None:
    order = views.orders(inside.room.journal)[0]["client_order_id"]
    for words in ("", "?x=1", "?mark=~", "?" + "a=b&" * 500):
        assert inside.looks(f"/signals/{order}{words}") == 200
