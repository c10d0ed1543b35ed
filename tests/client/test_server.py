"""The position sync's routes through the client, before the real server: a doubt is an error, never an empty list."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from desk.core.targets import Adjustment
from gendan_client import (
    ApiKey,
    BadAnswer,
    Busy,
    GendanError,
    InternalPassword,
    Keys,
    NoAnswer,
    NotAllowed,
    NotFound,
    Overtaken,
    Position,
    PositionServer,
    Reading,
    Refused,
    Signed,
    Token,
    Unsigned,
)
from gendan_client.transport import Answer, Request
from tests.client.stage import BANK, READING, WINE, Stage, losing
from tests.positions.room import PASSWORD, PRIVATE
from tests.stand_in.position_client import token
from tests.stand_in.post import SECRET

SIGNED = Signed(Keys("xsz", SECRET))


def server(stage: Stage, place: str = "local", **more: Any) -> PositionServer:
    return PositionServer(f"http://{place}", transport=stage.line, outside=stage.outside, **more)


def answered(status: int, body: bytes, retry_after_s: float = 0) -> PositionServer:
    """Before somebody who always answers this."""
    return PositionServer("http://x", transport=lambda request: Answer(status, body, retry_after_s))


def reader(stage: Stage) -> PositionServer:
    return server(stage, api_key=stage.room.add_key("qmt", may_read=True))


def test_what_was_uploaded_is_read_back_to_the_last_digit_one_by_one_and_merged(stage: Stage) -> None:
    writer = server(stage, api_key=stage.room.add_key("py"))
    writer.upload("小市值", READING)
    writer.upload("白马", Reading.whole([Position(code="000001.SZ", shares=500, cost=Decimal(14))]))
    look = reader(stage)
    held = look.strategy("小市值")
    assert (held.strategy, held.positions, held.update_time) == ("小市值", (BANK, WINE), "2026-11-20 09:35:00")
    merged = look.total().positions
    assert [(row.code, row.shares, row.cost) for row in merged] == [
        ("000001.SZ", 1500, Decimal(13)), ("600519.SH", 100, WINE.cost),
    ]  # fmt: skip
    assert [row.shares for row in look.total(["白马"], include_adjustments=False).positions] == [500]
    assert {one.strategy: len(one.positions) for one in look.all()} == {"小市值": 2, "白马": 1}


def test_what_a_person_has_added_without_a_cost_is_read_as_well(stage: Stage) -> None:
    server(stage, "door").upload("小市值", Reading.whole([BANK]), SIGNED)
    added = Adjustment(symbol="600000.SH", shares=200, cost=Decimal(0))
    stage.room.book.save_adjustments([added], by="internal", at=stage.clock.now())
    look = reader(stage)
    assert [(row.code, row.shares, row.cost) for row in look.total().positions] == [
        ("000001.SZ", 1000, Decimal("12.5")), ("600000.SH", 200, 0),
    ]  # fmt: skip
    assert [row.code for row in look.total(include_adjustments=False).positions] == ["000001.SZ"]


def test_every_way_of_proving_oneself_is_taken(stage: Stage) -> None:
    room = stage.room
    room.add_client("jq")
    room.set_password()
    made: list[int] = []

    def fresh() -> str:
        made.append(int(stage.clock.now().timestamp()) + len(made))
        return token(PRIVATE, "jq", made[-1])

    door, local = server(stage, "door"), server(stage)
    for n, (port, proof) in enumerate(
        [
            (local, ApiKey(room.add_key("py"))), (door, Token(fresh)), (door, Token(fresh)), (door, SIGNED),
            (local, SIGNED), (local, InternalPassword(PASSWORD)),
        ],
        start=1,
    ):  # fmt: skip
        port.upload("小市值", Reading.whole([Position(code="000001.SZ", shares=n, cost=Decimal(12))]), proof)
        assert stage.target() == [("000001.SZ", n, Decimal(12))]
    assert len(set(made)) == 2
    assert PASSWORD not in repr(InternalPassword(PASSWORD)) and "gdk_" not in repr(ApiKey("gdk_x"))


def test_a_signed_upload_shows_nothing_on_the_way(stage: Stage) -> None:
    server(stage, "door").upload("小市值", READING, SIGNED)
    (request,) = stage.line.requests
    assert b"000001" not in request.body and b"X-API-Key" not in str(request.headers).encode()


@pytest.mark.parametrize(
    ("name", "key", "error"),
    [("小市直", True, NotFound), ("小市值", True, NotFound), ("小市值", False, NotAllowed)],
)
def test_an_unknown_a_silent_and_a_locked_strategy_are_errors(
    stage: Stage, name: str, key: bool, error: type[GendanError]
) -> None:
    look = reader(stage) if key else server(stage)
    for ask in (lambda: look.strategy(name), lambda: look.total([name]), look.total):
        with pytest.raises(error) as caught:
            ask()
        assert caught.value.retry_safe is False


def test_a_misspelt_strategy_changes_nothing(stage: Stage) -> None:
    port = server(stage, "door")
    port.upload("小市值", READING, SIGNED)
    with pytest.raises(NotFound, match="小市直"):
        port.upload("小市直", Reading.whole([BANK]), SIGNED)
    with pytest.raises(NotAllowed, match="白马"):
        port.upload("白马", Reading.whole([BANK]), SIGNED)
    assert len(stage.target()) == 2


def test_a_refused_list_names_the_servers_rows(stage: Stage) -> None:
    odd = Position(code="600000.SZ", shares=100, cost=Decimal(8))
    with pytest.raises(Refused) as caught:
        server(stage, "door").upload("小市值", Reading.whole([BANK, odd]), SIGNED)
    assert [(row["row"], row["code"]) for row in caught.value.rows] == [(2, "600000.XSHE")]
    assert "第 2 行" in str(caught.value) and not caught.value.retry_safe


def test_an_older_list_than_the_stored_one_is_overtaken(stage: Stage) -> None:
    port = server(stage, "door")
    port.upload("小市值", READING, SIGNED)
    stage.clock.jump(-10)
    with pytest.raises(Overtaken):
        port.upload("小市值", Reading.whole([BANK]), SIGNED)
    assert len(stage.target()) == 2


@pytest.mark.parametrize("key", ["密钥", "gdk_x\n", "gdk\x00"])
def test_a_key_that_no_header_can_carry_is_told_before_anything_is_sent(key: str) -> None:
    def never(request: Request) -> Answer:
        raise AssertionError(request)

    port = PositionServer("http://x", api_key=key, transport=never)
    for ask in (port.all, lambda: port.upload("小市值", READING), lambda: port.upload("小市值", READING, ApiKey(key))):
        with pytest.raises(NotAllowed):
            ask()


@pytest.mark.parametrize("body", [b'{"message":"ok"}', b'{"v":2,"st":"accepted","q":0,"m":"AA=="}', b""])
def test_a_signed_upload_believes_only_a_signed_answer(body: bytes) -> None:
    with pytest.raises((Unsigned, BadAnswer)) as caught:
        answered(200, body).upload("小市值", READING, SIGNED)
    assert caught.value.retry_safe is True


def test_after_a_lost_answer_the_same_list_may_be_uploaded_again(stage: Stage) -> None:
    port = server(stage, "door")
    stage.line.faults = [losing(NoAnswer("lost"))]
    with pytest.raises(NoAnswer) as caught:
        port.upload("小市值", READING, SIGNED)
    assert caught.value.retry_safe is True
    port.upload("小市值", READING, SIGNED)
    assert len(stage.target()) == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_server_says_when_to_come_again(status: int) -> None:
    with pytest.raises(Busy) as caught:
        answered(status, b'{"error":"x"}', 5).total()
    assert caught.value.retry_safe is True and caught.value.retry_after_s == 5


ROW = {"code": "000001.XSHE", "total_volume": 100, "avg_cost": 12.5}
WHOLE = {"positions": [ROW], "update_time": "2026-11-20 09:35:00"}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b"<html>", b"\xff", b"[" * 60000, b'{"positions":[],"positions":[],"update_time":"x"}',
        b'{"positions":[],"update_time"', b'{"positions":null,"update_time":"x"}', b'{"update_time":"x"}',
        b'{"positions":{},"update_time":"x"}', b'{"positions":[]}', b'{"positions":[],"update_time":""}',
        json.dumps({**WHOLE, "positions": [ROW, {**ROW, "code": "600000.XSHG", "total_volume": -1}]}).encode(),
        json.dumps({**WHOLE, "positions": [ROW, None]}).encode(),
        json.dumps({**WHOLE, "positions": [ROW, ROW]}).encode(),
        json.dumps({**WHOLE, "positions": [{**ROW, "avg_cost": float("nan")}]}).encode(),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_whole_is_never_a_list(body: bytes) -> None:
    with pytest.raises(BadAnswer) as caught:
        answered(200, body).total()
    assert caught.value.retry_safe is True


@pytest.mark.parametrize("status", [204, 206, 301, 302, 304, 405, 418])
def test_an_answer_outside_the_agreement_is_never_a_list(status: int) -> None:
    with pytest.raises(BadAnswer):
        answered(status, json.dumps(WHOLE).encode()).total()


@pytest.mark.parametrize(
    "broken", [{"positions": None}, {"strategy_name": ""}, {"strategy_name": 7}, {"update_time": None}]
)
def test_all_with_one_broken_strategy_is_no_answer(broken: dict[str, Any]) -> None:
    good = {"strategy_name": "小市值", "positions": [], "update_time": "x"}
    with pytest.raises(BadAnswer):
        answered(200, json.dumps({"strategies": [good, {**good, **broken}]}).encode()).all()


def test_names_cannot_lead_to_another_route(stage: Stage) -> None:
    look = reader(stage)
    for name in ("../total", "a/b", "a?b", "小市值/../白马", "%2e%2e"):
        with pytest.raises(NotFound):
            look.strategy(name)
    for names in ([], ["a,b"]):
        with pytest.raises(ValueError, match="strategies"):
            look.total(names)


@pytest.mark.parametrize(
    "address", ["", "http://", "ftp://a", "http://a:x", "http://a:99999", "http://u:p@a", "http://a?b"]
)
def test_an_address_that_is_none_is_refused_at_once(address: str) -> None:
    with pytest.raises(ValueError):
        PositionServer(address)
