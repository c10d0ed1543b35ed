"""Uploads: proven, whole, once, durable; each fault of the earlier system is shown to be gone."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from base_func import BEIJING
from desk.journal import JournalUnavailable
from desk.texts import journal as journal_texts
from desk.texts import positions as texts
from tests.positions.room import BANK, NOW, PASSWORD, PRIVATE, WINE, Room, strategy
from tests.stand_in.position_client import key_pair, token
from tests.stand_in.post import VECTORS

STAMP = int(NOW.timestamp())


def held(room: Room, name: str = "小市值") -> list[tuple[str, int]]:
    target = room.book.target(name)
    assert target is not None
    return [(position.symbol, position.shares) for position in target.positions]


def test_the_upload_that_others_made_is_accepted(tmp_path: Path) -> None:
    vector = json.loads((VECTORS / "position_upload.json").read_text(encoding="utf-8"))
    room = Room(tmp_path)
    room.turned.jump(vector["now"] - STAMP)
    room.add_client("jq_client", public_key=vector["public_key_pem"])
    room.switch(strategies=(strategy("多策略V1.0", "dcl"), *room.config.strategies))
    answer = room.door.post("/api/v1/positions/update", json=vector["body"], headers=vector["headers"])
    assert (answer.status_code, answer.get_json()) == (
        200, {"message": texts.STORED, "client_id": "jq_client", "auth_type": "rsa"}
    )  # fmt: skip
    assert held(room, "多策略V1.0") == [("000001.SZ", 1000), ("600519.SH", 100)]
    again = room.door.post("/api/v1/positions/update", json=vector["body"], headers=vector["headers"])
    assert (again.status_code, again.get_json()) == (401, {"error": texts.TOKEN_USED})
    room.journal.close()


def test_what_was_acknowledged_is_there_after_a_restart(room: Room) -> None:
    assert room.upload(BANK, WINE)[0] == 200
    room.restart()
    assert held(room) == [("000001.SZ", 1000), ("600519.SH", 100)]


# --- who it was -------------------------------------------------------------------------------------------------------


def test_a_token_is_good_for_one_upload_also_after_a_restart(room: Room) -> None:
    used = token(PRIVATE, "jq", STAMP)
    assert room.upload(BANK, auth=used)[0] == 200
    assert room.upload(WINE, auth=used) == (401, {"error": texts.TOKEN_USED})
    room.restart()
    assert room.upload(WINE, auth=used)[0] == 401
    assert held(room) == [("000001.SZ", 1000)]


@pytest.mark.parametrize("seconds", [-301, 301, -86400, 5 * 365 * 86400])
def test_a_token_from_another_time_is_refused_whichever_way_it_is_off(room: Room, seconds: int) -> None:
    assert room.upload(BANK, at=STAMP + seconds) == (401, {"error": texts.TOKEN_STALE})
    assert room.book.target("小市值") is None


@pytest.mark.parametrize("seconds", [-300, 300])
def test_a_clock_that_is_five_minutes_off_is_borne(room: Room, seconds: int) -> None:
    assert room.upload(BANK, at=STAMP + seconds)[0] == 200


def test_a_token_of_another_key_of_nobody_or_of_nonsense_is_refused(room: Room) -> None:
    stranger, _ = key_pair()
    for auth in (token(stranger, "jq", STAMP), token(PRIVATE, "nobody", STAMP), "nonsense", "e30=", ""):
        status, said = room.upload(BANK, auth=auth)
        assert (status, said) == (401, {"error": texts.UNAUTHORIZED})
    assert room.book.target("小市值") is None


def test_an_upload_that_a_later_one_has_overtaken_is_refused_also_after_a_restart(room: Room) -> None:
    held_back = token(PRIVATE, "jq", STAMP - 1)
    assert room.upload(WINE, at=STAMP)[0] == 200
    assert room.upload(BANK, auth=held_back) == (409, {"error": texts.OVERTAKEN})
    room.restart()
    assert room.upload(BANK, auth=held_back)[0] == 409
    assert held(room) == [("600519.SH", 100)]
    assert room.upload(BANK, name="白马", at=STAMP - 1)[0] == 200  # another strategy's order is its own


def test_one_token_sent_many_times_at_once_counts_once(room: Room) -> None:
    room.switch(failed_per_minute=100)
    used = token(PRIVATE, "jq", STAMP)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: room.upload(BANK, auth=used)[0], range(16)))
    assert sorted(statuses) == [200] + [401] * 15
    with room.journal.look() as look:
        assert look.rows("SELECT COUNT(*) FROM position_uploads") == [(1,)]


def test_a_revoked_client_is_nobody(room: Room) -> None:
    assert room.book.revoke_client("jq", NOW)
    assert room.upload(BANK) == (401, {"error": texts.UNAUTHORIZED})


def test_an_api_key_uploads_its_own_strategy_and_no_other(room: Room) -> None:
    api_key = room.add_key("py", strategy="小市值")
    body = {"strategy_name": "小市值", "positions": [BANK]}
    said = {"message": texts.STORED, "client_id": "py", "auth_type": "api_key"}
    assert room.post("/positions/update", body, X_API_Key=api_key) == (200, said)
    status, _ = room.post("/positions/update", body | {"strategy_name": "白马"}, X_API_Key=api_key)
    assert status == 403 and room.book.target("白马") is None
    assert room.post("/positions/update", body, X_API_Key=api_key[:-1])[0] == 401


def test_too_many_failures_are_answered_429_while_the_rightful_are_served(room: Room) -> None:
    statuses = [room.upload(BANK, auth="nonsense")[0] for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    assert room.upload(BANK)[0] == 200
    room.turned.advance(61)
    assert room.upload(BANK, auth="nonsense")[0] == 401


# --- what it said -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "why"),
    [
        pytest.param(BANK | {"volume": -100}, texts.VOLUME_EXPECTED, id="a negative volume"),
        pytest.param(BANK | {"volume": True}, texts.VOLUME_EXPECTED, id="a volume that is true"),
        pytest.param(BANK | {"volume": [100]}, texts.VOLUME_EXPECTED, id="a volume that is a list"),
        pytest.param(BANK | {"name": {}}, texts.NAME_EXPECTED, id="a name that is an object"),
        pytest.param(BANK | {"volume": 100.5}, texts.VOLUME_EXPECTED, id="half a share"),
        pytest.param(BANK | {"volume": "100"}, texts.VOLUME_EXPECTED, id="a volume as text"),
        pytest.param(BANK | {"volume": 10**12}, texts.VOLUME_EXPECTED, id="an absurd volume"),
        pytest.param(BANK | {"cost": 0}, texts.COST_EXPECTED, id="no cost"),
        pytest.param({"code": "000001.XSHE", "volume": 100}, texts.COST_EXPECTED, id="a cost left out"),
        pytest.param(BANK | {"name": "x" * 33}, texts.NAME_EXPECTED, id="a long name"),
        pytest.param(BANK | {"code": "AAPL.US"}, texts.unsupported("AAPL.US"), id="a code from abroad"),
        pytest.param(BANK | {"code": 1}, texts.CODE_EXPECTED, id="a code that is a number"),
        pytest.param(WINE, texts.repeated("600519.XSHG", 1), id="a code that stands twice"),
        pytest.param(["000001.XSHE", 100, 1], texts.ROW_NOT_AN_OBJECT, id="a row that is a list"),
    ],
)
def test_a_bad_row_is_named_and_nothing_of_the_list_is_taken(room: Room, row: Any, why: str) -> None:
    assert room.upload(BANK)[0] == 200
    status, said = room.upload(WINE, row)
    assert status == 400
    assert [(bad["row"], bad["error"]) for bad in said["rows"]] == [(2, why)]
    assert "第 2 行" in said["error"] and texts.NOTHING_SAVED in said["error"]
    assert held(room) == [("000001.SZ", 1000)]


def test_a_volume_that_is_true_is_not_taken_for_the_1_that_was_read_before(room: Room) -> None:
    assert room.upload(BANK | {"volume": 1})[0] == 200
    assert room.upload(BANK | {"volume": True})[0] == 400
    assert room.upload(BANK | {"volume": 1.0})[0] == 200
    assert held(room) == [("000001.SZ", 1)]


@pytest.mark.parametrize(
    "raw",
    [
        b" ", b"[]", b"null", b"{", b"\xff", b'{"strategy_name":"\xe5\xb0\x8f"}', b'{"positions":[]}',
        b'{"strategy_name":"","positions":[]}', b'{"strategy_name":"a","strategy_name":"b","positions":[]}',
        b'{"strategy_name":"a","positions":{}}', b'{"strategy_name":"a","positions":[{"cost":NaN}]}',
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_read_is_a_400_and_no_empty_list(room: Room, raw: bytes) -> None:
    assert room.upload(BANK)[0] == 200
    room.turned.advance(1)
    assert room.upload(raw=raw)[0] == 400
    assert held(room) == [("000001.SZ", 1000)]


def test_a_misspelt_strategy_is_told_and_makes_no_new_one(room: Room) -> None:
    status, said = room.upload(BANK, name="小市直")
    assert (status, said) == (404, {"error": texts.unknown_strategy("小市直", "小市值")})
    assert room.book.targets() == []


def test_a_body_beyond_the_limit_is_refused(room: Room) -> None:
    raw = json.dumps({"strategy_name": "小市值", "positions": [BANK] * 2000}).encode()
    assert room.upload(raw=raw) == (413, {"error": texts.TOO_LARGE})


def test_an_upload_like_the_one_before_renews_the_time_and_keeps_no_second_copy(room: Room) -> None:
    room.upload(BANK)
    room.turned.advance(30)
    room.upload(BANK)
    target = room.book.target("小市值")
    assert target is not None and target.updated_at == room.clock.now()
    with room.journal.look() as look:
        kept = look.rows("SELECT positions IS NULL FROM position_uploads ORDER BY id")
    assert [bool(repeated) for (repeated,) in kept] == [False, True]


def test_an_upload_that_empties_a_strategy_is_taken_and_told(room: Room) -> None:
    room.upload(BANK)
    room.turned.advance(1)
    assert room.upload()[0] == 200
    assert held(room) == []
    (row,) = room.journal.outbox_due("robot", room.clock.now(), 10)
    assert row.message.urgent and row.message.title == journal_texts.EMPTIED_TITLE


def test_what_cannot_be_stored_is_answered_503(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise JournalUnavailable("磁盘已满")

    monkeypatch.setattr(room.book, "upload", fail)
    assert room.upload(BANK) == (503, {"error": texts.UNAVAILABLE})


# --- where it is served -----------------------------------------------------------------------------------------------


def test_the_tunnelled_port_knows_the_upload_only_when_it_is_switched_on(room: Room) -> None:
    room.switch(position_upload=False)
    assert room.upload(BANK) == (404, None)
    api_key = room.add_key("py")
    body = {"strategy_name": "小市值", "positions": [BANK]}
    assert room.post("/positions/update", body, X_API_Key=api_key) == (403, {"error": texts.UPLOAD_OFF})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/positions/update/internal"), ("GET", "/positions/all"), ("GET", "/positions/total"),
        ("GET", "/positions/strategy/小市值"), ("GET", "/auth/info"), ("GET", "/internal/password/info"),
        ("POST", "/internal/password/set"), ("POST", "/positions/adjustments"),
    ],
)  # fmt: skip
def test_the_tunnelled_port_serves_nothing_else_of_it(room: Room, method: str, path: str) -> None:
    assert room.door.open(f"/api/v1{path}", method=method).status_code == 404


# --- the internal password --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["internal_password", "password"])
def test_the_internal_upload_takes_the_password_in_either_field(room: Room, field: str) -> None:
    room.set_password()
    body = {"strategy_name": "小市值", "positions": [BANK, WINE], field: PASSWORD}
    said = {
        "message": texts.STORED, "strategy_name": "小市值", "positions_count": 2, "auth_type": "internal_password"
    }  # fmt: skip
    assert room.post("/positions/update/internal", body) == (200, said)
    assert room.post("/positions/update/internal", body | {field: "something else"})[0] == 401


def test_the_internal_upload_takes_the_password_in_its_header(room: Room) -> None:
    room.set_password("plain and long")
    body = {"strategy_name": "小市值", "positions": [BANK]}
    assert room.post("/positions/update/internal", body, X_Internal_Password="plain and long")[0] == 200


def test_there_is_no_default_password(room: Room) -> None:
    body = {"strategy_name": "小市值", "positions": [BANK]}
    for guess in ("", "admin", "admin123", "password", "123456"):
        status, said = room.post("/positions/update/internal", body | {"password": guess})
        assert (status, said) == (403, {"error": texts.NO_PASSWORD_YET})


def test_a_guesser_of_passwords_is_slowed_and_the_known_password_is_not(room: Room) -> None:
    room.set_password()
    body = {"strategy_name": "小市值", "positions": [BANK]}
    assert room.post("/positions/update/internal", body | {"password": PASSWORD})[0] == 200
    statuses = [room.post("/positions/update/internal", body | {"password": f"guess {n}"})[0] for n in range(6)]
    assert statuses[-1] == 429
    assert room.post("/positions/update/internal", body | {"password": PASSWORD})[0] == 200


# --- all of it --------------------------------------------------------------------------------------------------------


def test_no_secret_is_logged(room: Room, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    room.set_password()
    api_key = room.add_key("py")
    auth = token(PRIVATE, "jq", STAMP)

    def fail(*_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(room.book, "upload", fail)
    body = {"strategy_name": "小市值", "positions": [BANK]}
    with caplog.at_level(logging.DEBUG):
        assert room.upload(BANK, auth=auth)[0] == 503
        assert room.post("/positions/update", body, X_API_Key=api_key)[0] == 503
        assert room.post("/positions/update/internal", body | {"password": PASSWORD})[0] == 503
    assert "broken" in caplog.text
    assert all(secret not in caplog.text for secret in (api_key, auth, PASSWORD))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_name = st.just("小市值") | _json
_row = st.fixed_dictionaries(
    {
        "code": st.sampled_from(["000001.XSHE", "600519.XSHG", "000001.SZ", "688981.XSHG", "x"]) | _json,
        "volume": st.integers(-5, 10**10) | st.floats() | _json,
        "cost": st.floats() | _json,
    },
    optional={"name": st.text(max_size=40) | _json},
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.fixed_dictionaries(
        {"strategy_name": st.just("小市值") | _json, "positions": st.lists(_row | _json) | _json}
    )
    | _json
)
def test_whatever_is_uploaded_is_stored_whole_or_not_at_all(room: Room, body: Any) -> None:
    api_key = room.add_key(f"k{len(room.book.clients())}")
    before = room.book.target("小市值")
    answer = room.local.post("/api/v1/positions/update", data=json.dumps(body).encode(), headers={"X-API-Key": api_key})
    after = room.book.target("小市值")
    assert answer.status_code in (200, 400, 404)
    if answer.status_code != 200:
        assert after == before
        return
    assert after is not None
    sent = [(row["code"].split(".")[0], int(row["volume"])) for row in body["positions"]]
    assert [(p.symbol.split(".")[0], p.shares) for p in after.positions] == sent


def test_the_times_are_beijings(room: Room) -> None:
    room.upload(BANK)
    target = room.book.target("小市值")
    assert target is not None and target.updated_at == datetime(2026, 11, 20, 9, 35, tzinfo=BEIJING)
