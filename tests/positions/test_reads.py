"""Reads: for those who may, and never an empty list where something is missing or doubtful."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from desk.core.targets import Adjustment
from desk.journal import JournalUnavailable
from desk.texts import positions as texts
from tests.positions.room import BANK, PASSWORD, WINE, Room


@pytest.fixture
def reader(room: Room) -> dict[str, str]:
    """The header of one who may read."""
    return {"X_API_Key": room.add_key("reader", may_read=True)}


def fill(room: Room) -> None:
    room.upload(BANK, WINE)
    room.upload(BANK | {"volume": 500, "cost": 14}, name="白马")


def test_a_strategys_positions_are_read_as_they_were_sent(room: Room, reader: dict[str, str]) -> None:
    fill(room)
    assert room.get("/positions/strategy/小市值", **reader) == (
        200, {"positions": [BANK, WINE | {"name": ""}], "update_time": "2026-11-20 09:35:00"}
    )  # fmt: skip


def test_the_total_adds_strategies_up(room: Room, reader: dict[str, str]) -> None:
    fill(room)
    bank = {"code": "000001.XSHE", "name": "平安银行", "total_volume": 1500, "avg_cost": 13.0}
    wine = {"code": "600519.XSHG", "name": "", "total_volume": 100, "avg_cost": 1450.0}
    assert room.get("/positions/total", **reader) == (
        200, {"positions": [bank, wine], "update_time": "2026-11-20 09:35:00"}
    )  # fmt: skip
    status, said = room.get("/positions/total?strategies=白马", **reader)
    assert (status, said["positions"]) == (200, [bank | {"total_volume": 500, "avg_cost": 14.0}])


def test_adjustments_are_on_top_of_the_total_unless_they_are_not_wanted(room: Room, reader: dict[str, str]) -> None:
    fill(room)
    room.set_password()
    rows = [
        {"code": "000001.XSHE", "volume": -9000, "remark": "不要了"},
        {"code": "600519.XSHG", "name": "贵州茅台", "volume": 100, "cost": 1550},
    ]
    assert room.post("/positions/adjustments", {"adjustments": rows, "password": PASSWORD})[0] == 200
    status, said = room.get("/positions/total", **reader)
    wine = {"code": "600519.XSHG", "name": "贵州茅台", "total_volume": 200, "avg_cost": 1500.0}
    assert (status, said["positions"]) == (200, [wine])
    status, said = room.get("/positions/total?include_adjustments=false", **reader)
    assert [row["total_volume"] for row in said["positions"]] == [1500, 100]
    assert room.get("/positions/total?include_adjustments=perhaps", **reader)[0] == 400
    status, said = room.get("/positions/adjustments", **reader)
    assert [(row["code"], row["volume"], row["remark"]) for row in said["adjustments"]] == [
        ("000001.XSHE", -9000, "不要了"), ("600519.XSHG", 100, "")
    ]  # fmt: skip


def test_every_saved_list_of_adjustments_stays_in_the_history(room: Room) -> None:
    first = (Adjustment(symbol="000001.SZ", shares=100, cost=Decimal("10.5")),)
    for by, rows in (("甲", first), ("乙", ()), ("丙", first)):
        room.book.save_adjustments(rows, by=by, at=room.clock.now())
    newest, second = room.book.adjustment_history(2)
    assert (newest.by, newest.adjustments, second.by, second.adjustments) == ("丙", first, "乙", ())
    [oldest] = room.book.adjustment_history(2, before=second.number)
    assert (oldest.by, oldest.at) == ("甲", room.clock.now())


def test_adjustments_need_the_password_and_are_whole_or_not_at_all(room: Room, reader: dict[str, str]) -> None:
    room.set_password()
    good = {"code": "600519.XSHG", "volume": 100, "cost": 1550}
    assert room.post("/positions/adjustments", {"adjustments": [good], "password": "not that one"})[0] == 401
    wrong = {"adjustments": [good, good | {"volume": 0}], "password": PASSWORD}
    status, said = room.post("/positions/adjustments", wrong)
    assert (status, said["rows"][0]["row"]) == (400, 2)
    assert room.get("/positions/adjustments", **reader) == (200, {"adjustments": []})


def test_all_strategies_are_listed(room: Room, reader: dict[str, str]) -> None:
    fill(room)
    status, said = room.get("/positions/all", **reader)
    assert status == 200
    assert [(s["strategy_name"], len(s["positions"])) for s in said["strategies"]] == [("小市值", 2), ("白马", 1)]


# --- nothing that reads as "holds nothing" ----------------------------------------------------------------------------


def test_a_misspelt_or_silent_strategy_is_a_404_and_no_empty_list(room: Room, reader: dict[str, str]) -> None:
    assert room.get("/positions/total", **reader) == (404, {"error": texts.NO_TARGETS})
    room.upload(BANK)
    for path in ("/positions/strategy/{}", "/positions/total?strategies=小市值,{}"):
        for name, said in (
            ("小市直", texts.unknown_strategy("小市直", "小市值")),
            ("白马", texts.never_uploaded("白马")),
        ):
            assert room.get(path.format(name), **reader) == (404, {"error": said})
    assert room.get("/positions/total?strategies=", **reader)[0] == 400


def test_a_book_that_cannot_be_read_is_a_503_and_no_empty_list(
    room: Room, reader: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    room.upload(BANK)

    def fail(*_: Any) -> None:
        raise JournalUnavailable("磁盘读写出错")

    monkeypatch.setattr(room.book, "target", fail)
    monkeypatch.setattr(room.book, "targets", fail)
    for path in ("/positions/strategy/小市值", "/positions/total", "/positions/all"):
        assert room.get(path, **reader) == (503, {"error": texts.UNAVAILABLE})


def test_a_strategy_that_left_the_configuration_keeps_its_target(room: Room, reader: dict[str, str]) -> None:
    fill(room)
    room.switch(strategies=room.config.strategies[:1])
    assert room.get("/positions/strategy/白马", **reader)[0] == 200
    assert room.upload(BANK, name="白马", at=int(room.clock.now().timestamp()) - 1)[0] == 404


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/positions/strategy/小市值", "/positions/total", "/positions/all", "/positions/adjustments",
        "/internal/password/info",
    ],
)  # fmt: skip
def test_reading_needs_the_key_of_a_reader(room: Room, path: str) -> None:
    fill(room)
    uploader = room.add_key("uploader")
    for headers in ({}, {"X_API_Key": uploader}, {"X_API_Key": "gdk_wrong"}):
        assert room.get(path, **headers) == (401, {"error": texts.READ_NEEDS_KEY})


def test_old_clients_may_read_without_a_key_where_that_is_switched_on(room: Room) -> None:
    fill(room)
    room.switch(open_legacy_reads=True)
    assert room.get("/positions/strategy/小市值")[0] == 200
    assert room.get("/positions/total")[0] == 200
    assert room.get("/internal/password/info")[0] == 401


def test_the_open_route_tells_what_is_on_and_nothing_more(room: Room) -> None:
    room.set_password()
    assert room.get("/auth/info") == (
        200,
        {
            "position_upload": True, "crypto_auth": True, "api_key": False, "internal_password": True,
            "reads_need_key": True, "window_seconds": 300, "max_body_bytes": 65536,
        },
    )  # fmt: skip


# --- the password -----------------------------------------------------------------------------------------------------


def test_the_password_is_changed_by_one_who_knows_it(room: Room, reader: dict[str, str]) -> None:
    room.set_password()
    room.turned.advance(60)
    body = {"current_password": PASSWORD, "new_password": "eine andere"}
    assert room.post("/internal/password/set", body | {"current_password": "nein"})[0] == 401
    assert room.post("/internal/password/set", body | {"new_password": "short"}) == (
        400, {"error": texts.PASSWORD_LENGTH}
    )  # fmt: skip
    assert room.post("/internal/password/set", body) == (200, {"message": texts.PASSWORD_SET})
    assert room.post("/internal/password/set", body)[0] == 401
    other = {"internal_password": "eine andere", "new_password": "noch eine andere"}
    assert room.post("/internal/password/set", other)[0] == 200
    status, said = room.get("/internal/password/info", **reader)
    assert (status, said) == (
        200,
        {
            "has_password": True, "is_default": False,
            "created_time": "2026-11-20 09:35:00", "created_at": "2026-11-20 09:35:00",
            "updated_time": "2026-11-20 09:36:00", "updated_at": "2026-11-20 09:36:00",
        },
    )  # fmt: skip


def test_nobody_sets_the_first_password_from_outside(room: Room, reader: dict[str, str]) -> None:
    body = {"current_password": "", "new_password": "mine now, all of it"}
    assert room.post("/internal/password/set", body) == (403, {"error": texts.NO_PASSWORD_YET})
    assert room.get("/internal/password/info", **reader)[1]["has_password"] is False


# --- pages of others --------------------------------------------------------------------------------------------------


def test_markup_in_a_name_stays_text(room: Room, reader: dict[str, str]) -> None:
    room.upload(BANK | {"name": "<script>alert(1)"})
    answer = room.local.get("/api/v1/positions/strategy/小市值", headers={"X-API-Key": reader["X_API_Key"]})
    assert b"<" not in answer.data and answer.get_json()["positions"][0]["name"] == "<script>alert(1)"
    assert answer.content_type.startswith("application/json")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_an_unknown_address_is_a_404_in_words(room: Room) -> None:
    assert room.get("/positions/nowhere") == (404, {"error": texts.NOT_FOUND})
    assert room.local.get("/healthz").get_json() == {"ok": True}
