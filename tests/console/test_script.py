"""Every text that a stranger can set is shown as text: on pages, in notices, in answers for programs, in errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from desk.access import Scope
from desk.console.watching import COOKIE as WATCH
from desk.console.words import COOKIE as LOOK
from desk.journal import views
from tests.attack.fuzz import scratch
from tests.console.hostile_room import EVIL, LINK, STOCK, Hostile, Reader
from tests.console.room import PASSWORD, TRADING, Browser

# What pages and lists take from the address. A mark or an id stops the page: they come alone.
ASKED = (
    *("account", "strategy", "symbol", "day", "state", "verdict", "page", "books", "span", "file", "who", "action"),
    *("side", "shares", "price", "part", "key", "next", "first", "last", "limit", "open", "strategies", "status"),
    *("include_adjustments", "stock_code", "account_id", "page_size", "before"),
)
ALONE = ("mark", "id", "all", EVIL)
# Where the room's texts must be seen, or it would show nothing that could run.
SHOWN_ON = (
    *(
        "/",
        "/signals",
        "/orders",
        "/orders/fills",
        "/holdings?all=1",
        "/strategies",
        "/waiting",
        "/trade?symbol=000001",
    ),
    *(
        "/risk",
        "/halt",
        "/messages",
        "/links",
        "/returns",
        "/adjustments",
        "/log",
        "/audit",
        "/users",
        "/keys",
        "/keys/signed",
    ),
    *("/account", "/settings"),
)


@pytest.fixture(scope="module")
def room() -> Iterator[Hostile]:
    with scratch() as folder:
        made = Hostile(Path(folder))
        yield made
        made.close()


def harmless(answer: TestResponse) -> TestResponse:
    """Judge an answer by its kind: only HTML may run, and this HTML does not."""
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.status_code < 500, answer.text
    if answer.mimetype == "text/html":
        page = Reader(answer.text)
        assert page.runs() == []
        assert "49<script>" not in page.shown, "a text was taken for a template"
        assert all(attrs["src"].startswith("/static/") for tag, attrs in page.tags if tag == "script")
    elif answer.mimetype == "application/json":
        assert b"<" not in answer.data and b">" not in answer.data
        answer.get_json()
    else:
        assert answer.mimetype in ("text/css", "text/javascript", "image/svg+xml", "text/plain", "text/markdown") or (
            answer.mimetype == "text/event-stream" and EVIL not in answer.text
        )
    location = answer.headers.get("Location", "/")
    assert location.startswith("/") and not location.startswith("//")
    return answer


def addresses(room: Hostile) -> list[str]:
    """Every address that can be fetched, its words filled in with what is there and with what is not."""
    signal = views.signals(room.journal, day_from=room.clock.now().date(), day_to=room.clock.now().date())[0]["id"]
    order = views.open_orders(room.journal) or views.orders(room.journal)
    there = {
        "signal": signal,
        "order_id": order[0]["client_order_id"],
        "name": EVIL,
        "filename": "console.css",
        "index": "0",
    }

    def filled(rule: Rule, words: dict[str, str]) -> str:
        path = rule.rule
        for word in rule.arguments:
            path = path.replace(f"<path:{word}>", f"<{word}>").replace(
                f"<{word}>", quote(words.get(word, EVIL), safe="")
            )
        return path

    rules = [rule for rule in room.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    found = {filled(rule, words) for rule in rules for words in ([there, {}] if rule.arguments else [{}])}
    return sorted(found - {"/api/v2/day.png"})  # a picture: it is drawn, and nothing in it can run


def test_a_hostile_room_is_shown_as_text_at_every_address(room: Hostile) -> None:
    found = addresses(room)
    assert len(found) > 60
    for path in found:
        harmless(room.boss.get(path))


@pytest.mark.parametrize("path", SHOWN_ON)
def test_what_strangers_have_said_stands_on_the_page_word_for_word(room: Hostile, path: str) -> None:
    answer = harmless(room.boss.get(path))
    assert answer.status_code == 200
    assert (EVIL if path != "/settings" else LINK) in Reader(answer.text).shown


def test_what_strangers_have_said_is_text_in_english_too(room: Hostile) -> None:
    room.boss.client.set_cookie(LOOK, "en.dark.green-up")
    try:
        for path in SHOWN_ON:
            page = harmless(room.boss.get(path))
            assert 'lang="en"' in page.text and (EVIL if path != "/settings" else LINK) in Reader(page.text).shown
    finally:
        room.boss.client.delete_cookie(LOOK)


def test_what_a_browser_keeps_is_shown_as_text(room: Hostile) -> None:
    browser = Browser(room.app.test_client())
    assert browser.log_in("店主").status_code == 302
    for name in (LOOK, WATCH):
        browser.client.set_cookie(name, quote(EVIL, safe=""))
        assert 'alert(1)</script>"' not in harmless(browser.get("/account")).text
        harmless(browser.get("/"))


def test_one_signal_with_all_its_steps_is_shown_as_text(room: Hostile) -> None:
    day = room.clock.now().date()
    for signal in views.signals(room.journal, day_from=day, day_to=day):
        page = Reader(harmless(room.boss.get(f"/signals/{signal['id']}")).text)
        assert EVIL in page.shown


def test_what_stands_in_the_address_comes_back_as_text(room: Hostile) -> None:
    pages = [path for path in addresses(room) if not path.startswith(("/api/", "/static/", "/setup/"))]
    everything = urlencode(dict.fromkeys(ASKED, EVIL))
    for path in pages:
        harmless(room.boss.get(f"{path}?{everything}"))
    for path in ("/signals", "/orders", "/messages", "/settings", "/holdings/book", "/audit"):
        for name in ALONE:
            harmless(room.boss.get(f"{path}?{urlencode({name: EVIL})}"))


@pytest.mark.parametrize(
    "path", [f"/{quote(EVIL, safe='')}", f"/static/{quote(EVIL, safe='')}", f"/api/v2/{quote(EVIL, safe='')}"]
)
def test_an_address_that_is_not_there_is_not_said_back(room: Hostile, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = harmless(room.boss.client.open(path, method=method))
        assert answer.status_code in (400, 404, 405) and "alert(1)" not in answer.text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/trade", {"key": "k2", "account": EVIL, "symbol": EVIL, "side": EVIL, "shares": EVIL, "price": EVIL}),
        ("/trade", {"key": EVIL, "account": EVIL, "symbol": STOCK, "side": "buy", "shares": "100", "price": "9"}),
        ("/orders/x/cancel", {}), (f"/orders/{quote(EVIL, safe='')}/cancel", {}),
        ("/orders/x/resolve", {"how": "filled", "filled": EVIL}),
        ("/waiting/all/approve", {"shown": EVIL}), (f"/waiting/{quote(EVIL, safe='')}/reject", {}),
        ("/holdings/adjust", {"strategy": EVIL, "symbol": EVIL, "account": EVIL, "shares": EVIL}),
        ("/adjustments", {"number": "1", "code": EVIL, "volume": EVIL, "cost": EVIL, "name": EVIL, "remark": EVIL}),
        ("/adjustments", {"number": "1", "code": STOCK, "volume": "100", "name": EVIL, "remark": EVIL}),
        ("/adjustments/remove", {"number": EVIL, "symbol": EVIL}),
        ("/strategies/xsz/ratio", {"account": EVIL, "ratio": EVIL}), ("/strategies/xsz/mode", {"mode": EVIL}),
        ("/strategies/xsz/sell-only", {"on": EVIL}), ("/strategies/xsz/plan", {}), ("/strategies/xsz/pause", {}),
        ("/risk/limits", {"account": EVIL, "order_value": EVIL}), ("/settings/follow", {"委托等待秒数": EVIL}),
        (f"/settings/{quote(EVIL, safe='')}", {}), ("/halt/lift", {"reason": EVIL}),
        ("/halt", {"grade": EVIL, "reason": EVIL}), ("/halt", {"grade": "stop", "reason": EVIL}),
        ("/users", {"name": EVIL, "role": "viewer", "fresh": EVIL}),
        ("/users", {"name": "x", "role": EVIL, "fresh": EVIL}), ("/watch", {"symbol": EVIL}),
        ("/watch", {"gone": EVIL}),
        ("/keys/signed", {"client_id": EVIL}),
        ("/keys", {"name": EVIL, "scope": "read"}), ("/keys", {"name": "x", "scope": EVIL}),
        ("/account/second-factor", {"code": EVIL}), ("/look", {"language": EVIL}), ("/look", {"back": LINK}),
    ],
)  # fmt: skip
def test_what_a_form_has_sent_comes_back_as_text(room: Hostile, path: str, form: dict[str, str]) -> None:
    passwords = {"password": PASSWORD, "trading_password": TRADING}
    answer = harmless(room.boss.post(path, {**passwords, **form}))
    if answer.status_code == 302:
        harmless(room.boss.get(answer.location))


def test_the_page_of_the_code_to_paste_shows_it_as_text(room: Hostile) -> None:
    harmless(room.boss.post("/strategies/xsz/snippet", {"trading_password": TRADING}, follow_redirects=True))


def test_who_fails_to_log_in_is_not_said_back(room: Hostile) -> None:
    for path in ("/login", f"/login?next={quote(EVIL)}", f"/login?next={quote(LINK)}"):
        form = {"name": EVIL, "password": EVIL, "code": EVIL}
        stranger = room.browser()
        answer = harmless(stranger.post(path, form, headers={"User-Agent": EVIL, "Referer": LINK}))
        assert answer.status_code == 403 and "alert(1)" not in Reader(answer.text).text


def test_programs_are_told_in_json_that_holds_no_tag(room: Hostile) -> None:
    key = {"X-API-Key": room.guard.new_key(room.user("店主"), "programs", Scope.ADMIN)[1]}
    program = room.app.test_client()
    for path in ("/api/v2/orders", "/api/v1/trading/order", "/qmt/trade/api/trade", "/qmt/trade/api/orders"):
        for body in ({"symbol": EVIL, "stock_code": EVIL, "account": EVIL, "side": EVIL}, EVIL, [EVIL]):
            answer = harmless(program.post(path, data=json.dumps(body), content_type="application/json", headers=key))
            assert answer.mimetype == "application/json"
    told = harmless(program.get("/api/v2/messages", headers=key)).get_json()
    assert EVIL in {row["title"] for row in told["items"]}


def test_the_day_in_markdown_is_no_page(room: Hostile) -> None:
    assert harmless(room.boss.get("/api/v2/day.md")).mimetype == "text/markdown"
