"""信号: the list and the way of one signal, over a desk that has traded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.console.pages.signals import redacted
from desk.journal import views
from tests.console.lived_in import LivedIn
from tests.console.room import Browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedIn]:
    made = LivedIn(Path(tmp_path_factory.mktemp("signals")))
    yield made
    made.close()


@pytest.fixture
def viewer(house: LivedIn) -> Browser:
    return house.browser("看客")


def test_the_list_shows_what_strategies_asked_for_newest_first(viewer: Browser) -> None:
    text = viewer.get("/signals").text
    assert text.count('<td class="stamp">') == 4  # three buys, one below a lot; the snapshot is none of them
    assert "比例后不足一手" in text and "已完成" in text
    assert viewer.get("/signals?all=1").text.count('<td class="stamp">') == 5


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ("strategy=小市值", 2),
        ("verdict=refused", 1),
        ("verdict=nonsense", 4),
        ("day=2026-11-20", 4),
        ("day=2026-11-19", 0),
        ("day=0001-01-01", 4),
        ("strategy=" + "x" * 5000, 0),
    ],
)
def test_the_list_is_narrowed_and_odd_wishes_are_none(viewer: Browser, asked: str, rows: int) -> None:
    answer = viewer.get(f"/signals?{asked}")
    assert answer.status_code == 200
    assert answer.text.count('<td class="stamp">') == rows
    assert rows or "还没有信号" in answer.text


def test_a_mark_that_no_page_gave_is_refused(viewer: Browser) -> None:
    assert viewer.get("/signals?mark=a~b").status_code == 400


def test_one_signal_shows_when_it_passed_each_point(house: LivedIn, viewer: Browser) -> None:
    text = viewer.get(f"/signals/{house.desk.first}").text
    points = ["聚宽发出", "收到", "决定", "发往券商", "券商答复", "首笔成交", "结束"]
    at = [text.index(f"<b>{point}</b>") for point in points]
    assert at == sorted(at)
    order = views.orders(house.journal)[0]["client_order_id"]
    assert order in text and "券商已接受" in text and "应有变动 +300 · 实有变动 —" in text


def test_what_was_not_followed_says_why(house: LivedIn, viewer: Browser) -> None:
    small = next(row for row in views.signals(house.journal) if row["verdict"] == "refused")
    text = viewer.get(f"/signals/{small['id']}").text
    assert "没有照做的部分" in text and "比例后不足一手" in text


def test_the_way_to_a_signal_is_found_by_its_beginning_or_an_orders_id(house: LivedIn, viewer: Browser) -> None:
    order = views.orders(house.journal)[0]["client_order_id"]
    for wanted in (house.desk.first[:12], order):
        answer = viewer.get("/signals", query_string={"id": wanted}, follow_redirects=True)
        assert answer.status_code == 200 and house.desk.first in answer.text
    nothing = viewer.get("/signals", query_string={"id": "../../etc"}, follow_redirects=True)
    assert "没有编号是 ../../etc 的信号" in nothing.text or nothing.status_code == 404


def test_english_is_english(house: LivedIn) -> None:
    browser = house.browser("看客")
    browser.post("/look", {"language": "en"})
    text = browser.get(f"/signals/{house.desk.first}").text
    assert "Broker answered" in text and "Every step" in text
    assert "bought at JoinQuant" in text and "聚宽买入" not in text

    refused = browser.get("/signals?verdict=refused").text
    assert "less than a lot at this ratio" in refused and "比例后不足一手" not in refused
    found = re.search(r'href="(/signals/[0-9a-f]+)"', refused)
    assert found is not None
    assert "added up" in browser.get(found[1]).text

    told = house.browser("操盘")
    told.post("/look", {"language": "en"})
    answer = told.post("/orders/o-1/cancel", follow_redirects=True)
    assert "There is no order o-1 today" in answer.text


def test_raw_facts_hold_no_secret() -> None:
    facts = {
        "text": "资金账号 8880012345678 可用不足 key=0f1e2d3c-aaaa",
        "token": "abc",
        "event": {"note": "gd2_" + "A" * 43, "amount": 300, "list": ["gdc_0123456789"]},
    }
    shown = str(redacted(facts))
    for secret in ("0012345678", "0f1e2d3c", "abc", "AAAA", "gdc_"):
        assert secret not in shown
    assert "300" in shown and "可用不足" in shown
