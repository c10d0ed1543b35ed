"""The REST interface of our own: typed answers, pages, scopes, and orders that go the way of every command."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from desk.console.api import models
from desk.journal import JournalUnavailable, views
from desk.journal.view_books import books
from desk.journal.view_why import why
from tests import checks
from tests.console.desk_room import BANK, BANK_HERE, DeskRoom

READER = {"Authorization": "Bearer reader"}
BUY = {"account": "主账户", "symbol": BANK_HERE, "side": "buy", "shares": 300}


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


def asked(path: str) -> str:
    return f"{path}?strategy=小市值&symbol={BANK_HERE}" if path == "/books/changes" else path


def test_every_reading_route_answers_what_its_model_says(shown: DeskRoom) -> None:
    for one in shown.operations:
        if one.method == "GET" and not one.words:
            status, body = shown.get(asked(one.path), who="admin")
            assert status == 200, (one.path, body)
            assert set(body) == set(one.answer.model_fields), one.path


def test_the_models_leave_no_field_of_the_views_out(shown: DeskRoom) -> None:
    journal = shown.world.journal
    status = shown.operations[0].work(None)
    story = why(journal, shown.first)
    assert story is not None
    for model, view in (
        (models.Status, status),
        (models.StrategyState, status["strategies"][0]),
        (models.Account, status["accounts"][0]),
        (models.Order, views.orders(journal)[0]),
        (models.Fill, views.fills(journal)[0]),
        (models.Position, views.positions(journal)[0]),
        (models.Book, books(journal)[0]),
        (models.Why, story),
    ):
        assert set(model.model_fields) == set(view), model.__name__


def test_pages_follow_each_other(shown: DeskRoom) -> None:
    _, first = shown.get("/signals?limit=2")
    _, second = shown.get(f"/signals?limit=2&mark={first['next']}")
    ids = [row["id"] for row in first["items"] + second["items"]]
    assert len(set(ids)) == len(ids) == 4


def test_a_signal_is_told_step_by_step_by_the_beginning_of_its_id(shown: DeskRoom) -> None:
    status, body = shown.get(f"/signals/{shown.first[:10]}")
    assert (status, body["id"], body["verdict"]) == (200, shown.first, "done")
    assert len(body["steps"]) > 4


def test_what_is_not_there_is_404_and_what_is_not_clear_400(shown: DeskRoom) -> None:
    assert shown.get("/signals/ffffffffffffffff")[0] == 404
    assert shown.get("/orders/manual/none")[0] == 404
    for bad in ("limit=0", "limit=501", "limit=x", "mark=x", "day=2026-13-01", "day=20261120", "other=1", "open=?"):
        status, body = shown.get(f"/orders?{bad}")
        assert status == 400, bad
        assert set(body) == {"error"}


def test_scopes_are_asked_for(shown: DeskRoom) -> None:
    for one in shown.operations:
        path = re.sub(r"{\w+}", "x", one.path)
        ask = shown.get if one.method == "GET" else lambda path, who: shown.post(path, {}, who, "k")
        assert ask(asked(path), who="nobody")[0] == 401
        if one.scope != "read":
            assert ask(asked(path), who="reader")[0] == 403
    for page in ("/api/v2/openapi.json", "/api/v2/docs", "/api/v2/docs.css", "/metrics"):
        assert shown.client.get(page).status_code == 401


def test_a_manual_order_is_placed_once_and_followed_by_its_key(room: DeskRoom) -> None:
    for _ in range(2):
        status, body = room.post("/orders", BUY, key="k1")
        assert (status, body["ok"]) == (200, True)
        room.world.pass_time(10)
    assert [verb for verb, _ in room.noted] == ["order", "order"]
    _, found = room.get("/orders/manual/k1")
    assert (found["filled_shares"], [row["state"] for row in found["orders"]]) == (300, ["filled"])
    checks.assert_books_agree(room.world)


def test_an_order_needs_its_key_and_one_size(shown: DeskRoom) -> None:
    assert shown.post("/orders", BUY)[0] == 400
    assert shown.post("/orders", BUY, key="不是键")[0] == 400
    for bad in (
        {**BUY, "percent": 50},
        {name: value for name, value in BUY.items() if name != "shares"},
        {**BUY, "shares": 0},
        {**BUY, "shares": 100.5},
        {**BUY, "shares": "all"},
        {**BUY, "side": "both"},
        {**BUY, "price": "-1"},
        {**BUY, "price": "NaN"},
        {**BUY, "more": 1},
        [],
        "buy",
    ):
        assert shown.post("/orders", bad, key="k2")[0] == 400, bad
    assert shown.post("/orders", {**BUY, "symbol": "000001"}, key="k2")[0] == 409


def percent(side: str, value: object, **more: Any) -> dict[str, Any]:
    return {"account": "主账户", "symbol": BANK_HERE, "side": side, "percent": value, **more}


def test_a_percentage_is_rounded_down_and_one_that_comes_to_nothing_is_refused(room: DeskRoom) -> None:
    assert room.post("/orders", percent("buy", "0.25", price="10.10"), key="k1")[0] == 200
    room.world.pass_time(10)
    assert room.world.own(BANK_HERE, "手动") == 200  # 0.25 % of 999,9xx at 10.10 are 247 shares
    status, body = room.post("/orders", percent("buy", "0.01", price="10.10"), key="k2")
    assert (status, "不足一手" in body["error"]) == (409, True)
    room.next_day()
    assert room.post("/orders", percent("sell", 10), key="k3")[0] == 409
    assert room.post("/orders", percent("sell", 50), key="k4")[0] == 200
    room.world.pass_time(10)
    assert room.world.own(BANK_HERE, "手动") == 100
    # Asked again it is the same order, and no half of the half.
    assert room.post("/orders", percent("sell", 50), key="k4")[0] == 200
    room.world.pass_time(10)
    assert room.world.own(BANK_HERE, "手动") == 100


def test_a_percentage_of_a_stock_without_a_price_is_refused(shown: DeskRoom) -> None:
    assert shown.post("/orders", {**percent("buy", 10), "symbol": "600036.SH"}, key="k1")[0] == 409


def test_a_refusal_of_the_trading_loop_is_a_409_with_its_sentence(shown: DeskRoom) -> None:
    status, body = shown.post("/orders", {**BUY, "shares": 150}, key="k1")
    assert (status, "最近的是 100 股" in body["error"]) == (409, True)
    assert shown.post("/orders/nothing-1/cancel")[0] == 409
    assert shown.post("/waiting/nothing/approve")[0] == 409


def test_without_a_trading_loop_nothing_is_kept_for_later(room: DeskRoom) -> None:
    room.trading = False
    assert room.post("/orders", BUY, key="k1")[0] == 409
    assert room.world.journal.pending_commands() == []


def test_what_waits_is_approved_and_rejected(room: DeskRoom) -> None:
    _, waiting = room.get("/waiting")
    ((order,), (plan,)) = waiting["orders"], waiting["plans"]
    assert room.post(f"/waiting/{order['id']}/approve")[0] == 200
    assert room.post(f"/waiting/{plan['id']}/reject")[0] == 200
    assert room.get("/waiting")[1] == {"orders": [], "plans": []}


def test_a_halt_is_pulled_and_ended(room: DeskRoom) -> None:
    assert room.post("/halt", {"reason": "看看"})[0] == 200
    assert room.get("/status")[1]["halted"]
    assert room.post("/unhalt", {"reason": "好了"})[0] == 403
    assert room.post("/unhalt", {"reason": "好了"}, "admin")[0] == 200
    assert not room.get("/status")[1]["halted"]


def test_an_account_is_connected_at_once_by_whoever_may_trade(room: DeskRoom) -> None:
    assert room.post("/accounts/主账户/connect", who="reader")[0] == 403
    assert room.noted == []
    assert room.post("/accounts/主账户/connect") == (200, {"ok": True, "text": "账户 主账户 已经连接,不用再连。"})
    assert room.noted == [("connect", {"id": "主账户"})]
    status, body = room.post("/accounts/没有/connect")
    assert (status, "没有叫 没有 的账户" in body["error"]) == (409, True)
    room.world.exchange.disconnect()
    assert "正在连接账户 主账户" in room.post("/accounts/主账户/connect")[1]["text"]
    room.trading = False
    assert room.post("/accounts/主账户/connect")[0] == 409
    assert room.world.journal.pending_commands() == []


def test_a_cancel_stops_an_order(room: DeskRoom) -> None:
    room.post("/orders", {**BUY, "price": "9.50"}, key="k1")
    room.world.pass_time(1)
    _, found = room.get("/orders?open=true")
    (live,) = found["items"]
    assert room.post(f"/orders/{live['client_order_id']}/cancel")[0] == 200
    room.world.pass_time(5)
    assert room.get("/orders/manual/k1")[1]["ended"]


def test_texts_of_strangers_are_no_markup(room: DeskRoom) -> None:
    room.world.command("halt", reason="<script>alert(1)</script>")
    answer = room.client.get("/api/v2/status", headers=READER)
    assert "<" not in answer.text
    assert answer.get_json()["halted_reason"] == "<script>alert(1)</script>"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_an_unreadable_journal_is_a_503(room: DeskRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise JournalUnavailable("disk full")

    monkeypatch.setattr(room.world.journal, "look", broken)
    assert room.get("/orders")[0] == 503
    assert room.client.get("/readyz").status_code == 503
    assert room.client.get("/metrics", headers=READER).status_code == 503


def test_readiness_wants_a_trading_loop(room: DeskRoom) -> None:
    assert room.client.get("/readyz").status_code == 200
    room.trading = False
    assert room.client.get("/readyz").status_code == 503
    assert room.client.get("/healthz").status_code == 200


def test_metrics_count_what_has_come_since_the_start(room: DeskRoom) -> None:
    before = room.client.get("/metrics", headers=READER).text
    assert 'gendan_events_today{verdict="done"} 2.0' in before
    assert 'gendan_orders{state="filled"} 2.0' in before
    assert 'gendan_account_connected{account="主账户"} 1.0' in before
    assert "gendan_delivery_seconds_count 0.0" in before
    sent = room.world.clock.now() - timedelta(seconds=3)
    room.world.order("9", BANK, "buy", 100, sent_at=sent)
    room.world.pass_time(10)
    for _ in range(2):  # the second look counts nothing twice
        after = room.client.get("/metrics", headers=READER).text
    assert "gendan_delivery_seconds_sum 3.0" in after
    assert "gendan_broker_call_seconds_count 1.0" in after
