"""Codes, numbers, the platforms' forms: exact, whole, and every bad row named."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from base_func import security_of, symbol_of
from gendan_client import (
    EASYXT,
    PTRADE,
    QMT,
    SYNC,
    TOTAL,
    BadCode,
    BadRows,
    EmptyReading,
    FailedReading,
    Form,
    Position,
    Reading,
    joinquant_code,
    prefixed_code,
    ptrade_code,
    qmt_code,
    read_code,
    read_positions,
    write_positions,
)
from gendan_client.exact import to_json
from gendan_client.positions import upload_form
from tests.client.stage import BANK, WINE
from tests.stand_in.post import VECTORS

# --- codes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("600000.SH", "600000.SH"), ("600000.XSHG", "600000.SH"), ("600000.SS", "600000.SH"), ("sh600000", "600000.SH"),
        ("SHSE.600000", "600000.SH"), ("sh.600000", "600000.SH"), ("600000.sh", "600000.SH"),
        ("000001.SZ", "000001.SZ"), ("000001.XSHE", "000001.SZ"), ("sz000001", "000001.SZ"),
        (" SZSE.000001 ", "000001.SZ"),
        ("920001.BJ", "920001.BJ"), ("bj920001", "920001.BJ"), ("920001.XBSE", "920001.BJ"),
    ],
)  # fmt: skip
def test_every_known_spelling_is_one_code(written: str, code: str) -> None:
    assert read_code(written) == code


@pytest.mark.parametrize(
    "written",
    ["000001", "1", "", "600000.HK", "60000.SH", "6000000.SH", "600000.", ".SH", "sh60000", "SH", "６０００００.SH",
     "600000.SH.SZ", None, 600000, b"600000.SH"],
)  # fmt: skip
def test_a_code_in_doubt_is_refused(written: Any) -> None:
    with pytest.raises(BadCode):
        read_code(written)


def test_each_platform_gets_its_spelling() -> None:
    for code, expected in [
        ("600000.XSHG", ("600000.XSHG", "600000.SH", "600000.SS", "sh600000")),
        ("sz000001", ("000001.XSHE", "000001.SZ", "000001.SZ", "sz000001")),
        ("bj920001", ("920001.BJ", "920001.BJ", "920001.BJ", "bj920001")),
    ]:
        assert (joinquant_code(code), qmt_code(code), ptrade_code(code), prefixed_code(code)) == expected


@pytest.mark.parametrize("symbol", ["600000.SH", "688981.SH", "510300.SH", "000001.SZ", "300750.SZ", "920001.BJ"])
def test_the_spellings_are_those_of_the_house(symbol: str) -> None:
    assert joinquant_code(symbol) == security_of(symbol)
    assert {symbol_of(spell(symbol)) for spell in (joinquant_code, qmt_code)} == {symbol}
    assert {read_code(spell(symbol)) for spell in (joinquant_code, qmt_code, ptrade_code, prefixed_code)} == {symbol}


# --- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "row"),
    [
        (SYNC, {"code": "000001.XSHE", "name": "平安银行", "volume": 1000, "cost": 12.5}),
        (TOTAL, {"code": "000001.XSHE", "name": "平安银行", "total_volume": 1000, "avg_cost": 12.5}),
        (EASYXT, {"symbol": "000001.SZ", "name": "平安银行", "quantity": 1000, "avg_price": 12.5}),
    ],
)
def test_a_row_is_read_and_written_in_the_platforms_form(form: Form, row: dict[str, Any]) -> None:
    assert read_positions([row], form) == (BANK,)
    assert write_positions([BANK], form, float) == [row]


def test_the_objects_of_qmt_and_ptrade_are_read_as_well() -> None:
    held = SimpleNamespace(stock_code="000001.SZ", volume=1000, avg_price=12.5, last_price=12.0)
    other = SimpleNamespace(sid="600519.SS", amount=100, cost_basis=1450.0125, last_sale_price=1500)
    assert read_positions([held], QMT)[0].code == "000001.SZ"
    assert read_positions([other], PTRADE) == (WINE,)
    assert write_positions([WINE], PTRADE)[0] == {"sid": "600519.SS", "amount": 100, "cost_basis": Decimal("1450.0125")}


@pytest.mark.parametrize(
    ("written", "shares", "cost"),
    [
        ((1000, 10.51), 1000, "10.51"),
        ((1000.0, "10.51"), 1000, "10.51"),
        (("1000", 10), 1000, "10"),
        ((np.int64(1000), np.float64(10.51)), 1000, "10.51"),
        ((Decimal("1E+3"), Decimal("10.510")), 1000, "10.510"),
    ],
)
def test_numbers_are_kept_exactly_whatever_their_type(written: tuple[Any, Any], shares: int, cost: str) -> None:
    (read,) = read_positions([{"symbol": "sz000001", "quantity": written[0], "avg_price": written[1]}], EASYXT)
    assert (read.shares, str(read.cost)) == (shares, cost)


GOOD = {"symbol": "600519.SH", "quantity": 100, "avg_price": 1450}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"symbol": "000001"}, "交易所"),
        ({"symbol": None}, "代码"),
        ({"quantity": -100}, "quantity"),
        ({"quantity": 100.5}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": "many"}, "quantity"),
        ({"quantity": float("nan")}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"quantity": 10**10}, "quantity"),
        ({"avg_price": 0}, "avg_price"),
        ({"avg_price": -3}, "avg_price"),
        ({"avg_price": 0.00001}, "avg_price"),
        ({"avg_price": 10**8}, "avg_price"),
        ({"avg_price": float("inf")}, "avg_price"),
        ({"name": "长" * 33}, "name"),
        ({"symbol": "sh600519"}, "第 1 行重复"),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_are_not_lost(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRows) as caught:
        read_positions([GOOD, {**GOOD, "symbol": "000001.SZ", **changes}, {**GOOD, "symbol": "600000.SH"}], EASYXT)
    (bad,) = caught.value.bad
    assert bad.number == 2 and said in bad.why and "第 2 行" in str(caught.value)
    assert [position.code for position in caught.value.good] == ["600519.SH", "600000.SH"]
    assert caught.value.retry_safe is False


def test_rows_that_are_no_rows_are_named_too() -> None:
    with pytest.raises(BadRows) as caught:
        read_positions([GOOD, None, 7, {}, {"symbol": "600000.SH"}], EASYXT)
    assert [bad.number for bad in caught.value.bad] == [2, 3, 4, 5]
    assert "缺少 quantity" in caught.value.bad[3].why


def test_a_cost_of_zero_or_less_is_replaced_by_the_price_where_the_form_has_one() -> None:
    row = {"symbol": "600000.SH", "quantity": 100, "avg_price": -0.37, "current_price": 8.1}
    assert read_positions([row], EASYXT)[0].cost == Decimal("8.1")
    with pytest.raises(BadRows):
        read_positions([{**row, "current_price": 0}], EASYXT)


def test_what_was_sold_today_stays_in_the_list_and_out_of_the_upload() -> None:
    sold = {"symbol": "600000.SH", "quantity": 0, "avg_price": 0}
    reading = Reading.whole(read_positions([GOOD, sold], EASYXT))
    assert [position.shares for position in reading.positions] == [100, 0]
    assert [row["code"] for row in upload_form("小市值", reading)["positions"]] == ["600519.XSHG"]


@pytest.mark.parametrize("rows", [None, "600000.SH", b"", {"positions": []}, 0, False])
def test_what_is_no_list_is_a_failed_reading_and_not_an_empty_one(rows: Any) -> None:
    with pytest.raises(FailedReading):
        read_positions(rows, EASYXT)


def test_an_empty_list_counts_only_when_its_reader_says_so() -> None:
    with pytest.raises(EmptyReading):
        Reading.whole(read_positions([], EASYXT))
    with pytest.raises(EmptyReading):
        Reading.whole(read_positions([{"symbol": "600000.SH", "quantity": 0, "avg_price": 8}], EASYXT))
    assert Reading.nothing_held().positions == ()
    with pytest.raises(ValueError):
        Reading((BANK,), vouched_empty=True)
    with pytest.raises(ValueError, match="两次"):
        Reading.whole([BANK, BANK])


@pytest.mark.parametrize(
    "changes",
    [{"code": "sh600000"}, {"code": "600000"}, {"shares": -1}, {"shares": 1.0}, {"shares": True}, {"cost": 12.5},
     {"cost": Decimal("NaN")}],
)  # fmt: skip
def test_a_position_that_is_none_is_refused_at_birth(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        replace(BANK, **changes)


def test_the_upload_is_the_vectors() -> None:
    body = json.loads((VECTORS / "position_upload.json").read_text(encoding="utf-8"))["body"]
    reading = Reading.whole(read_positions(body["positions"], SYNC))
    assert json.loads(to_json(upload_form(body["strategy_name"], reading))) == body


@given(
    st.lists(
        st.tuples(
            st.integers(600000, 601999), st.integers(1, 10**9), st.decimals("0.0001", "1000000", places=4),
            st.text("平安银行ABC *", max_size=8),
        ),
        min_size=1, unique_by=lambda row: row[0],
    )
)  # fmt: skip
def test_whatever_is_read_is_written_back_to_the_last_digit(rows: list[tuple[int, int, Decimal, str]]) -> None:
    positions = tuple(
        Position(code=f"{number}.SH", shares=shares, cost=cost, name=name) for number, shares, cost, name in rows
    )
    for form in (SYNC, TOTAL, EASYXT):
        written = json.loads(to_json(write_positions(positions, form)), parse_float=Decimal)
        assert read_positions(written, form) == positions
