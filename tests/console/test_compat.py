"""The routes of the two earlier trading servers: their forms and envelopes, without their faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desk.cli.asking import Answer
from desk.journal import views
from desk.texts import api as texts
from tests import checks
from tests.console.desk_room import BANK_HERE, DeskRoom

WEB, MINI = "/qmt/trade/api", "/api/v1/trading"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[DeskRoom]:
    made = DeskRoom(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRoom]:
    """A room in which nothing is done."""
    made = DeskRoom(tmp_path_factory.mktemp("shown"))
    yield made
    made.close()


def get(room: DeskRoom, path: str, who: str = "reader") -> tuple[int, Any]:
    answer = room.client.get(path, headers={"Authorization": f"Bearer {who}"})
    return answer.status_code, answer.get_json()


def post(room: DeskRoom, path: str, body: Any, key: str = "", who: str = "trader") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {who}", **({"Idempotency-Key": key} if key else {})}
    answer = room.client.post(path, json=body, headers=headers)
    return answer.status_code, answer.get_json()


def by_hand(room: DeskRoom) -> int:
    room.world.pass_time(10)
    return room.world.own(BANK_HERE, "手动")


# --- the QMT web trading server ---------------------------------------------------------------------------------------


def test_accounts_portfolio_and_positions_have_their_fields(shown: DeskRoom) -> None:
    assert get(shown, f"{WEB}/accounts") == (
        200,
        {"accounts": [{"index": 0, "account_id": "主账户", "nick_name": "主账户"}]},
    )
    status, body = get(shown, f"{WEB}/portfolio/0")
    assert status == 200
    assert list(body["portfolio"]) == ["total_asset", "cash", "frozen_cash", "market_value", "profit", "profit_ratio"]
    assert body["portfolio"]["market_value"] == 4000.0
    _, body = get(shown, f"{WEB}/positions/0")
    assert [(row["symbol"], row["volume"], row["can_use_volume"]) for row in body["positions"]] == [
        ("000001.SZ", 300, 0),
        ("600000.SH", 100, 0),
    ]
    for wrong in ("1", "-1", "x", "９"):
        assert get(shown, f"{WEB}/portfolio/{wrong}") == (400, {"error": "无效的交易器索引"})


def test_both_forms_of_a_trade_buy(room: DeskRoom) -> None:
    documented = {"action": "buy", "symbol": "000001", "price": 10.5, "quantity": 1000, "trader_index": 0}
    status, body = post(room, f"{WEB}/trade", documented, "k1")
    assert (status, body["results"][0]["trader_index"], body["results"][0]["status"]) == (200, 0, "success")
    assert by_hand(room) == 1000
    in_use = {"symbol": "000001.SZ", "trade_price": "10.5", "position_pct": 0.1, "pricetype": 0}
    assert post(room, f"{WEB}/trade", in_use, "k2")[0] == 200
    assert by_hand(room) == 1000 + 9300  # a tenth of 985,9xx in cash, less room for fees, at 10.50
    checks.assert_books_agree(room.world)


def test_the_same_request_twice_orders_once(room: DeskRoom) -> None:
    for _ in range(3):
        status, _ = post(room, f"{WEB}/trade", {"symbol": "000001", "price": 10.5, "quantity": 300}, "same")
        assert status == 200
    assert by_hand(room) == 300


def test_an_order_without_a_key_is_refused(room: DeskRoom) -> None:
    assert post(room, f"{WEB}/trade", {"symbol": "000001", "price": 10.5, "quantity": 300})[0] == 400
    body = {"stock_code": "000001.SZ", "quantity": 300, "price": 10.5, "order_type": "limit", "side": "buy"}
    assert post(room, f"{MINI}/order", body)[0] == 400
    assert by_hand(room) == 0


def test_a_part_that_comes_to_no_lot_is_refused_and_never_all(room: DeskRoom) -> None:
    post(room, f"{WEB}/trade", {"symbol": "000001", "price": 10.5, "quantity": 300}, "k1")
    by_hand(room)
    room.next_day()
    for number, part in enumerate((0.1, "0.01", 0.3)):
        status, body = post(room, f"{WEB}/sell", {"symbol": "000001", "position_pct": part}, f"s{number}")
        assert (status, "不足一手" in body["error"]) == (409, True)
    assert by_hand(room) == 300
    for part in (0, -1, 1.5, 50, "all", True, None, [1]):
        assert post(room, f"{WEB}/sell", {"symbol": "000001", "position_pct": part}, "bad")[0] == 400
    assert post(room, f"{WEB}/sell", {"symbol": "000001", "position_pct": 0.5}, "half")[0] == 200
    assert by_hand(room) == 200
    assert post(room, f"{WEB}/sell", {"symbol": "000001", "shares": 200, "price": 9.9}, "rest")[0] == 200
    assert by_hand(room) == 0
    assert room.world.own(BANK_HERE) == 300


def test_orders_are_listed_and_cancelled(room: DeskRoom) -> None:
    post(room, f"{WEB}/trade", {"symbol": "000001", "price": 9.5, "quantity": 300}, "k1")
    room.world.pass_time(1)
    (row,) = post(room, f"{WEB}/orders", {"cancelable_only": True}, who="reader")[1]["orders"]
    assert (row["symbol"], row["volume"], row["cancelable"]) == (BANK_HERE, 300, True)
    assert post(room, f"{WEB}/cancel_order", {"order_id": row["order_id"], "trader_index": 0})[0] == 200
    room.world.pass_time(5)
    assert post(room, f"{WEB}/orders", {"cancelable_only": True}, who="reader")[1]["orders"] == []
    assert len(post(room, f"{WEB}/orders", {}, who="reader")[1]["orders"]) == 3
    assert post(room, f"{WEB}/cancel_order", {"order_id": row["order_id"]})[0] == 409
    assert post(room, f"{WEB}/cancel_orders/buy", {})[1] == {"results": []}
    assert post(room, f"{WEB}/cancel_orders/all", {})[0] == 400


def test_lists_and_cancels_want_no_body(shown: DeskRoom) -> None:
    headers = {"Authorization": "Bearer trader"}
    assert len(shown.client.post(f"{WEB}/orders", headers=headers).get_json()["orders"]) == 2
    assert shown.client.post(f"{WEB}/cancel_orders/sale", headers=headers).get_json() == {"results": []}
    assert post(shown, f"{WEB}/orders", {"trader_index": None})[0] == 200
    for path in (f"{WEB}/trade", f"{WEB}/cancel_order"):
        assert shown.client.post(path, headers={**headers, "Idempotency-Key": "k1"}).status_code == 400


def test_an_order_that_is_not_answered_yet_is_not_called_a_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DeskRoom, "ask", lambda *_: Answer(ok=None, text="已记下", running=True))
    made = DeskRoom(tmp_path)
    try:
        body = {"symbol": "000001", "price": 10.5, "quantity": 300}
        status, said = post(made, f"{WEB}/trade", body, "k1")
        assert (status, said["results"][0]["status"]) == (200, "pending")
        limit = {"stock_code": "000001.SZ", "quantity": 300, "price": 10.5, "side": "buy"}
        assert post(made, f"{MINI}/order", limit, "k2")[1]["data"]["success"] is False
    finally:
        made.close()


def test_what_breaks_is_answered_in_the_form_of_its_interface(
    room: DeskRoom, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(views, "positions", broken)
    assert get(room, f"{WEB}/positions/0") == (503, {"error": texts.BROKEN})
    status, said = get(room, f"{MINI}/positions")
    assert (status, said["success"], said["code"], said["message"]) == (503, False, 503, texts.BROKEN)
    assert room.get("/positions")[0] == 503
    assert [record.exc_info is not None for record in caplog.records].count(True) == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"symbol": "12345"},
        {"symbol": 1},
        {"symbol": None},
        {"price": "abc"},
        {"price": 10.505},
        {"price": -1},
        {"price": {"a": 1}},
        {"quantity": 0},
        {"quantity": 1.5},
        {"quantity": "1e400"},
        {"quantity": None},
        {"position_pct": 0.5},
        {"action": "hold"},
        {"trader_index": 7},
        {"trader_index": True},
    ],
)
def test_what_cannot_be_understood_is_a_400(shown: DeskRoom, changed: dict[str, Any]) -> None:
    body = {"action": "buy", "symbol": "000001", "price": 10.5, "quantity": 100, "trader_index": 0}
    status, said = post(shown, f"{WEB}/trade", {**body, **changed}, "k1")
    assert (status, set(said)) == (400, {"error"})


# --- the MiniQMT service ----------------------------------------------------------------------------------------------


def test_the_envelope_says_success_or_code(shown: DeskRoom) -> None:
    status, body = get(shown, f"{MINI}/status")
    assert (status, body["success"], set(body)) == (200, True, {"success", "data", "message"})
    status, body = get(shown, f"{MINI}/status", who="nobody")
    assert (status, body) == (401, {"success": False, "code": 401, "message": "Unauthorized", "data": None})
    status, body = get(shown, f"{MINI}/orders?page=0")
    assert (status, body["success"], body["code"], body["data"]) == (400, False, 400, None)


def test_the_account_has_its_fields(shown: DeskRoom) -> None:
    _, body = get(shown, f"{MINI}/account")
    assert list(body["data"]) == [
        *("account_id", "available_cash", "total_value", "market_value", "frozen_cash", "positions_count"),
        *("total_profit_loss", "connected"),
    ]
    assert (body["data"]["account_id"], body["data"]["positions_count"]) == ("主账户", 2)
    (first, _) = get(shown, f"{MINI}/positions")[1]["data"]["positions"]
    assert (first["stock_code"], first["quantity"], first["can_sell"], first["buy_date"]) == (
        BANK_HERE,
        300,
        0,
        "2026-11-20",
    )


def test_orders_are_paged_by_number_and_asked_by_state_stock_and_id(shown: DeskRoom) -> None:
    _, body = get(shown, f"{MINI}/orders?page=2&page_size=1")
    assert (body["data"]["total"], body["data"]["page"], len(body["data"]["orders"])) == (2, 2, 1)
    (order,) = body["data"]["orders"]
    assert get(shown, f"{MINI}/orders/{order['order_id']}")[1]["data"] == order
    assert get(shown, f"{MINI}/orders?status=pending")[1]["data"]["total"] == 0
    assert get(shown, f"{MINI}/orders?status=completed&stock_code=000001")[1]["data"]["total"] == 1
    assert get(shown, f"{MINI}/orders/nothing")[0] == 404
    for wrong in ("status=x", "page_size=1000", "page=99999&page_size=500", "page=１", "stock_code=x"):
        assert get(shown, f"{MINI}/orders?{wrong}")[0] == 400, wrong
    assert len(get(shown, f"{MINI}/records")[1]["data"]["records"]) == 2


def test_an_order_goes_to_the_desk_and_tells_its_real_number(room: DeskRoom) -> None:
    body = {"stock_code": "000001.SZ", "quantity": 300, "order_type": "market", "side": "buy"}
    status, said = post(room, f"{MINI}/order", body, "k1")
    assert (status, said["data"]["success"], said["data"]["quantity"]) == (200, True, 300)
    assert by_hand(room) == 300
    assert get(room, f"{MINI}/orders/{said['data']['order_id']}")[1]["data"]["status"] == "completed"
    for changed in ({"side": "both"}, {"order_type": "iceberg"}, {"order_type": "limit"}, {"account_id": "别人"}):
        assert post(room, f"{MINI}/order", {**body, **changed}, "k2")[0] == 400
    status, said = post(room, f"{MINI}/execute", {**body, "quantity": 150}, "k3")
    assert (status, said["success"], "最近的是 100 股" in said["message"]) == (409, False, True)


def test_who_may_only_read_orders_nothing(shown: DeskRoom) -> None:
    for path in (f"{WEB}/trade", f"{WEB}/sell", f"{WEB}/cancel_order", f"{WEB}/cancel_orders/buy", f"{MINI}/order"):
        assert post(shown, path, {}, "k1", who="reader")[0] == 403
        assert post(shown, path, {}, "k1", who="nobody")[0] == 401
