"""Every word that a person may read has a label, and money, shares, times and tables are written one way."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base_func import BEIJING
from desk.core import values
from desk.core.values import BrokerStatus, JqStatus, OrderState, Reason, Side
from desk.texts import labels

ENUMS = [
    kind for _, kind in inspect.getmembers(values, inspect.isclass) if issubclass(kind, StrEnum) and kind is not StrEnum
]


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_every_enum_value_has_a_chinese_label(kind: type[StrEnum]) -> None:
    for value in kind:
        assert any("\u4e00" <= char <= "\u9fff" for char in labels.label(value)), value


@pytest.mark.parametrize("reason", list(Reason), ids=lambda reason: reason.name)
def test_every_reason_has_one_full_sentence(reason: Reason) -> None:
    text = labels.reason_text(reason)
    assert text.endswith("。")
    assert text.count("。") == 1
    assert "\n" not in text
    assert "，" in text or "；" in text  # what happened, and what can be done


def test_labels_of_one_kind_differ_from_one_another() -> None:
    for kind in (Side, OrderState, JqStatus, Reason):
        assert len({labels.label(value) for value in kind}) == len(kind)


def test_joinquants_filled_reads_as_partly_filled_and_held_as_wholly_filled() -> None:
    assert labels.label(JqStatus.FILLED) == "部分成交"
    assert labels.label(JqStatus.HELD) == "全部成交"
    assert labels.label(BrokerStatus.CANCEL_PENDING) == "待撤"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1234.5"), "1,234.50"),
        (Decimal("0.005"), "0.01"),  # half up
        (Decimal("-0.001"), "0.00"),  # no minus zero
        (Decimal("-1234567.891"), "-1,234,567.89"),
        (Decimal(0), "0.00"),
    ],
)
def test_money_is_written_with_thousands_and_two_decimals(value: Decimal, text: str) -> None:
    assert labels.money(value) == text


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (Decimal("10.5"), "10.50"),
        (Decimal("1.235"), "1.235"),
        (Decimal("1.2345"), "1.235"),  # half up
        (Decimal("9.9996"), "10.00"),
    ],
)
def test_a_price_keeps_a_third_decimal_only_where_it_says_something(price: Decimal, text: str) -> None:
    assert labels.price_text(price) == text


@pytest.mark.parametrize(
    ("shares", "text"),
    [(1000, "1,000股"), (0, "0股"), (-300, "-300股"), (Decimal("33.30"), "33.3股"), (Decimal("1E+3"), "1,000股")],
)
def test_shares_are_written_whole_or_with_their_decimals(shares: int | Decimal, text: str) -> None:
    assert labels.shares_text(shares) == text


def test_a_ratio_is_written_as_a_percentage() -> None:
    assert labels.ratio_text(Decimal("0.0523")) == "5.23%"


def test_times_are_written_in_beijing_time() -> None:
    assert labels.when(datetime(2026, 11, 20, 9, 31, 5, tzinfo=BEIJING)) == "09:31:05"
    assert labels.when(datetime(2026, 11, 20, 1, 31, 5, tzinfo=UTC)) == "09:31:05"
    assert labels.day_and_time(datetime(2026, 11, 20, 1, 31, 5, tzinfo=UTC)) == "11-20 09:31:05"


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        labels.when(datetime(2026, 11, 20, 9, 31, 5))  # noqa: DTZ001 (the naive time is the case)


def test_a_table_lines_up_chinese_and_numbers() -> None:
    text = labels.table([["平安银行", 1000, None], ["A", 20, "12.5%"]], ["名称", "股数", "盈亏"])
    assert text.split("\n") == [
        "名称      股数   盈亏",
        "平安银行  1000      -",
        "A           20  12.5%",
    ]


def test_a_table_without_rows_is_its_header() -> None:
    assert labels.table([], ["名称", "股数"]) == "名称  股数"


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="number of cells"):
        labels.table([["a"]], ["名称", "股数"])


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=5))
def test_whatever_stands_in_a_cell_a_row_stays_one_line(rows: list[tuple[str, str]]) -> None:
    text = labels.table(rows, ["甲", "乙"])
    assert text.count("\n") == len(rows)
    assert not set("\r\x0b\x0c\x1b\x85\u2028\u2029") & set(text)
