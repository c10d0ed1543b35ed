"""委托/成交 over a desk that trades: what is shown, cancelled and settled, and what stands in the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from desk.journal import views
from tests.console.desk_room import BANK, BANK_HERE
from tests.console.lived_in import LivedIn
from tests.console.room import TRADING


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LivedIn]:
    made = LivedIn(tmp_path)
    yield made
    made.close()


def resting(house: LivedIn) -> str:
    """An order that lies at the broker, its price out of reach."""
    house.world.order("9", BANK, "buy", 500, limit=Decimal("9.50"), filled=0, status="open")
    house.world.pass_time(2)
    (order,) = views.open_orders(house.journal)
    return str(order["client_order_id"])


def test_orders_and_fills_are_listed_and_narrowed(house: LivedIn) -> None:
    viewer = house.browser("看客")
    text = viewer.get("/orders").text
    assert text.count('<td class="stamp"') == 2 and "已成" in text and "小市值" in text
    assert viewer.get("/orders?state=rejected").text.count('<td class="stamp"') == 0
    assert viewer.get(f"/orders?symbol={BANK_HERE}").text.count('<td class="stamp"') == 1
    fills = viewer.get("/orders/fills").text
    assert fills.count('<td class="stamp"') == len(views.fills(house.journal)) > 0
    assert "没有这样的成交" in viewer.get("/orders/fills?account=nobody").text
    assert viewer.get("/orders?mark=~~").status_code == 400


def test_a_viewer_sees_no_buttons(house: LivedIn) -> None:
    resting(house)
    assert "全部撤单" not in house.browser("看客").get("/orders").text
    assert "全部撤单" in house.browser("操盘").get("/orders").text


def test_a_cancel_goes_the_way_of_the_command_and_is_noted(house: LivedIn) -> None:
    order = resting(house)
    answer = house.browser("操盘").post(f"/orders/{order}/cancel", follow_redirects=True)
    assert answer.status_code == 200
    house.world.pass_time(5)
    assert views.open_orders(house.journal) == []
    assert house.wished == [("cancel", {"id": order}, "console:操盘")]
    assert ("操盘", "order.cancel", order) in [row[:3] for row in house.noted()]


def test_cancelling_what_has_ended_is_refused_in_a_sentence(house: LivedIn) -> None:
    order = views.orders(house.journal)[0]["client_order_id"]
    answer = house.browser("操盘").post(f"/orders/{order}/cancel", follow_redirects=True)
    assert 'class="notice bad"' in answer.text


def test_all_that_is_open_is_cancelled(house: LivedIn) -> None:
    resting(house)
    browser = house.browser("操盘")
    assert "1 笔委托中，1 笔已请求撤单" in browser.post("/orders/cancel-all", follow_redirects=True).text
    house.world.pass_time(5)
    assert views.open_orders(house.journal) == []
    assert "没有可以撤的委托" in browser.post("/orders/cancel-all", follow_redirects=True).text


def test_without_a_trader_nothing_is_cancelled_and_that_is_said(house: LivedIn) -> None:
    resting(house)
    house.running = False
    assert "交易程序没有运行" in house.browser("操盘").post("/orders/cancel-all", follow_redirects=True).text
    assert house.wished == []


def test_settling_an_order_wants_the_trading_password_and_a_known_word(house: LivedIn) -> None:
    order = views.orders(house.journal)[0]["client_order_id"]
    browser = house.browser("操盘")
    browser.post(f"/orders/{order}/resolve", {"how": "absent", "trading_password": "wrong"})
    assert house.wished == []
    right = {"trading_password": TRADING}
    assert browser.post(f"/orders/{order}/resolve", {"how": "nonsense", **right}).status_code == 400
    answer = browser.post(
        f"/orders/{order}/resolve", {"how": "filled", "filled": "100", **right}, follow_redirects=True
    )
    assert house.wished == [("resolve", {"id": order, "how": "filled", "filled": "100"}, "console:操盘")]
    assert 'class="notice bad"' in answer.text  # it is not in doubt
    assert "order.resolve" in [row[1] for row in house.noted()]


def test_what_the_address_says_is_text_and_no_page(house: LivedIn) -> None:
    viewer = house.browser("看客")
    for path in ("/orders", "/orders/fills"):
        assert "<script>" not in viewer.get(f"{path}?symbol=<script>&account=<script>").text
