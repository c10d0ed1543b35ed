"""The verb `replay`: a JoinQuant export played on paper, its table worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.homes import facts, verb, write_home
from tests.exports import export_line as line
from tests.exports import write_export

ACCOUNT = {"名称": "模拟账户", "初始资金": 100000}
SPDB, SMIC, PAB = "600000.XSHG", "688981.XSHG", "000001.XSHE"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return write_home(tmp_path / "home", 账户=[ACCOUNT])


def played(capsys: pytest.CaptureFixture[str], home: Path, file: Path, *words: str) -> Any:
    return facts(capsys, home, "replay", str(file), "--strategy", "小市值", *words)


def rows(found: Any) -> list[tuple[str, str | None, int]]:
    return [(row["verdict"], row["reason"], row["filled_shares"]) for row in found["rows"]]


# --- a case worked out by hand ----------------------------------------------------------------------------------------

BY_HAND = (
    line("2026-11-02 09:31:00", SPDB, "买", 1000, "10.00", fee="5"),
    line("2026-11-02 10:00:00", SPDB, "买", 300, "10.20", fee="5"),
    line("2026-11-02 10:30:00", PAB, "买", 0, "0", status="已撤单"),
    line("2026-11-02 11:00:00", SMIC, "买", 200, "50.00", fee="5"),
    line("2026-11-03 09:31:00", SPDB, "买", 100, "10.10", fee="5", limit="10.10", ended="2026-11-03 09:40:00"),
    line("2026-11-04 14:00:00", SPDB, "卖", 1400, "10.50", fee="12.35"),
    line("2026-11-04 14:10:00", SMIC, "买", 300, "51.00", fee="5"),
)


def test_the_table_agrees_with_the_hand_to_the_fen(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    """Ratio 0.5; 万 2.5, at least 5 yuan; duty 0.05 % of sales, transfer fee 0.001 %, each to the fen."""
    found = played(capsys, home, write_export(tmp_path / "transaction.csv", BY_HAND))
    assert rows(found) == [
        ("done", None, 500),  # 1000 x 0.5
        ("done", None, 100),  # 300 x 0.5 = 150, a lot of 100; T 650, own 600
        ("ignored", "聚宽未成交", 0),
        ("refused", "比例后不足一手", 0),  # 200 x 0.5 = 100, STAR begins at 200; T 100
        ("done", None, 100),  # 100 x 0.5 + 50 left = 100
        ("done", None, 700),  # all of it
        ("done", None, 250),  # 300 x 0.5 + 100 left = 250
    ]
    fees = [
        Decimal("5.00") + Decimal("0.05"),  # 500 x 10.00 = 5000.00: 1.25 < 5; 0.05
        Decimal("5.00") + Decimal("0.01"),  # 100 x 10.20 = 1020.00: 0.0102
        Decimal(0),
        Decimal(0),
        Decimal("5.00") + Decimal("0.01"),  # 100 x 10.10 = 1010.00: 0.0101
        Decimal("5.00") + Decimal("3.68") + Decimal("0.07"),  # 700 x 10.50 = 7350.00: duty 3.675, transfer 0.0735
        Decimal("5.00") + Decimal("0.13"),  # 250 x 51.00 = 12750.00: 3.1875 < 5; 0.1275
    ]
    assert [Decimal(row["fee"]) for row in found["rows"]] == fees
    (account,) = found["accounts"]
    # 5000 + 1020 + 1010 + 7350 + 12750
    assert account["turnover"] == "27130.00"
    assert account["fees"] == "28.95" == str(sum(fees))
    # 7350 - (5000 + 1020 + 1010) + 250 x 51 - 12750 - 28.95
    assert account["profit"] == "291.05"
    # 14700 - (10000 + 3060 + 1010) + 500 x 51 - (10000 + 15300) - (5 + 5 + 5 + 5 + 12.35 + 5) = 792.65; x 0.5
    assert account["scaled_profit"] == "396.33"
    # 291.05 - 396.325
    assert account["difference"] == "-105.28"
    # bought and sold at JoinQuant's own prices: nothing; 37.35 x 0.5 - 28.95
    assert (account["price_difference"], account["fee_difference"]) == ("0.00", "-10.28")
    # 600000: (7350 - 7030) - (7350 - 0.5 x (10000 + 3060 + 1010)) = 5; 688981: 100 shares at 51 instead of 50: -100
    assert account["share_difference"] == "-95.00"
    assert [(book["symbol"], book["own_shares"], book["residue_shares"]) for book in found["books"]] == [
        ("000001.SZ", 0, "0"),
        ("600000.SH", 0, "0"),
        ("688981.SH", 250, "0"),
    ]
    # 4th, close: 600000 is sold, 688981 stands at its last price
    assert found["days"][-1] == {"day": "2026-11-04", "scaled_profit": "396.33", "profit": "291.05"}
    # 2nd, close: 600 at 10.20 - 6020 - 10.06; 0.5 x (1300 x 10.20 + 200 x 50 - 23060 - 15)
    assert found["days"][0] == {"day": "2026-11-02", "scaled_profit": "92.50", "profit": "89.94"}


def test_a_person_reads_the_same_figures(capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path) -> None:
    file = write_export(tmp_path / "transaction.csv", BY_HAND)
    code, out, _ = verb(capsys, home, "replay", str(file), "--strategy", "小市值")
    assert code == 0
    figures = ("27,130.00", "28.95", "291.05", "396.33", "-105.28", "0.00", "-10.28", "-95.00")
    (told,) = [row for row in out.splitlines() if row.startswith("模拟账户")]
    assert told.split()[-8:] == list(figures)
    assert "没有给分钟线" in out


# --- what is followed and what is not ---------------------------------------------------------------------------------


def test_the_users_limits_and_lists_hold(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    home = write_home(tmp_path / "home", 账户=[{**ACCOUNT, "限额": {"单笔金额": 6000}}])
    deals = (
        line("2026-11-02 09:31:00", SPDB, "买", 1300, "10.00"),  # 650 -> 600 x 10.02 = 6012 > 6000
        line("2026-11-02 09:32:00", SPDB, "买", 1000, "10.00"),
    )
    found = played(capsys, home, write_export(tmp_path / "t.csv", deals))
    assert rows(found) == [("refused", "超单笔金额", 0), ("done", None, 500)]


def test_another_ratio_may_be_tried(capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path) -> None:
    file = write_export(tmp_path / "t.csv", [line("2026-11-02 09:31:00", SPDB, "买", 1000, "10.00")])
    assert rows(played(capsys, home, file, "--ratio", "0.2")) == [("done", None, 200)]
    code, _, err = verb(capsys, home, "replay", str(file), "--strategy", "小市值", "--ratio", "0")
    assert code == 2 and "跟单比例" in err


def test_what_was_bought_today_is_sold_tomorrow(capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path) -> None:
    """JoinQuant sells what it held before the export; ours, bought today, is a debt that the next opening works."""
    deals = (
        line("2026-11-06 09:31:00", SPDB, "买", 1000, "10.00"),
        line("2026-11-06 14:00:00", SPDB, "卖", 1000, "10.00"),
    )
    found = played(capsys, home, write_export(tmp_path / "t.csv", deals))
    assert rows(found) == [("done", None, 500), ("refused", "可卖不足(T+1)", 0)]
    assert [(book["own_shares"], book["debt_shares"]) for book in found["books"]] == [(0, 0)]
    assert found["ended_at"].startswith("2026-11-09")  # the Monday after


def test_a_limit_order_rests_until_joinquants_has_ended(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    deals = (
        line("2026-11-02 09:31:00", SPDB, "买", 1000, "10.00"),
        line("2026-11-02 10:00:00", SPDB, "买", 1000, "9.80", limit="9.80", ended="2026-11-02 13:30:00"),
        line("2026-11-02 14:00:00", SPDB, "买", 1000, "0", limit="9.50", status="已撤单", ended="2026-11-02 15:00:00"),
    )
    found = played(capsys, home, write_export(tmp_path / "t.csv", deals))
    assert [(row["filled_shares"], row["avg_price"]) for row in found["rows"]] == [(500, "10"), (500, "9.8"), (0, None)]
    assert found["books"][0]["residue_shares"] == "0"


def test_an_order_after_the_close_is_worked_at_the_next_opening(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    deals = [line("2026-11-06 15:30:00", SPDB, "买", 1000, "10.00")]
    found = played(capsys, home, write_export(tmp_path / "t.csv", deals))
    assert rows(found) == [("done", None, 500)]
    assert found["ended_at"].startswith("2026-11-09")


def test_what_is_not_followed_here_is_said_and_left_out_of_the_comparison(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    deals = (
        line("2026-11-02 09:31:00", "900901.XSHG", "买", 1000, "1.00"),
        line("2026-11-02 09:32:00", SPDB, "买", 1000, "10.00"),
    )
    found = played(capsys, home, write_export(tmp_path / "t.csv", deals))
    assert rows(found) == [("refused", "不支持的品种", 0), ("done", None, 500)]
    assert found["accounts"][0]["scaled_profit"] == "-2.50"  # the fee of 5 yuan, halved


def test_shares_that_jump_on_an_ex_day_are_said(capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path) -> None:
    deals = (
        line("2026-11-02 09:31:00", SPDB, "买", 1000, "13.00"),
        line("2026-11-03 09:31:00", SPDB, "卖", 1300, "10.00"),  # below 13.00 x 0.9 in one day: 10 送 3
    )
    file = write_export(tmp_path / "t.csv", deals)
    found = played(capsys, home, file)
    assert found["oversold"] == [
        {
            "symbol": "600000.SH",
            "shares": 300,
            "day": "2026-11-03",
            "held": 1000,
            "sold": 1300,
            "price": "10",
            "last_day": "2026-11-02",
            "last_price": "13",
            "origin": "ex_rights",
        }
    ]
    assert rows(found)[1] == ("done", None, 500)
    _, out, _ = verb(capsys, home, "replay", str(file), "--strategy", "小市值")
    (told,) = [row for row in out.splitlines() if row.startswith("600000.SH")]
    assert told.split()[1:8] == ["2026-11-03", "1000", "1300", "300", "10.00", "2026-11-02", "13.00"]
    assert "除权" in told


def test_shares_from_before_the_export_are_not_taken_for_a_bonus(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    deals = (
        line("2026-11-02 09:31:00", PAB, "卖", 500, "10.00"),
        line("2026-11-02 09:32:00", SPDB, "买", 1000, "13.00"),
        line("2026-11-03 09:31:00", SPDB, "卖", 1100, "11.70"),  # 13.00 x 0.9: the limit itself
        line("2026-11-06 09:31:00", SMIC, "买", 200, "50.00"),
        line("2026-11-10 09:31:00", SMIC, "卖", 400, "32.00"),  # two trading days of 20 %: 50 x 0.8 x 0.8
    )
    found = played(capsys, home, write_export(tmp_path / "t.csv", deals))
    told = [(one["symbol"], one["shares"], one["origin"]) for one in found["oversold"]]
    assert told == [("000001.SZ", 500, "before"), ("600000.SH", 100, "unsure"), ("688981.SH", 200, "unsure")]


def test_years_that_the_calendar_does_not_know_are_played_by_weekdays(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    deals = (
        line("2016-01-04 09:31:00", SPDB, "买", 1000, "10.00"),
        line("2016-01-05 09:31:00", SPDB, "卖", 1000, "10.10"),
    )
    found = played(capsys, home, write_export(tmp_path / "t.csv", deals))
    assert rows(found) == [("done", None, 500), ("done", None, 500)]


# --- the file ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-8-sig"])
def test_either_encoding_and_order_is_read(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path, encoding: str
) -> None:
    file = write_export(tmp_path / "t.csv", BY_HAND[::-1], encoding=encoding)
    assert played(capsys, home, file)["accounts"][0]["profit"] == "291.05"


def test_every_line_that_cannot_be_read_is_named_and_nothing_is_played(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    good = BY_HAND[0]
    bad = (
        good.replace("10.00", "十元", 1),
        good.replace("1000股", "0股", 1),
        good.replace("全部成交", "谁知道"),
        good.replace(f"({SPDB})", ""),
        good.replace("2026-11-02,", "2026-13-02,", 1),
        good.replace(",买,", ",看,"),
        good.rpartition(",")[0],
        good.replace("1000股", "10.5股", 1),
    )
    file = write_export(tmp_path / "t.csv", (good, *bad))
    code, out, err = verb(capsys, home, "replay", str(file), "--strategy", "小市值")
    assert (code, out) == (2, "")
    assert [f"第 {number} 行" in err for number in range(2, 11)] == [False] + [True] * 8
    named = ("成交价", "没有成交数量", "状态", "标的", "日期", "交易类型", "14 格", "成交数量")
    assert [word for word, told in zip(named, err.splitlines()[1:], strict=True) if word not in told] == []


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "缺少列"), ("日期,代码\n".encode(), "缺少列"), (b"\xff\xfe\x00\x80", "编码")],
)
def test_a_file_of_another_kind_is_refused(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(content)
    code, _, err = verb(capsys, home, "replay", str(file), "--strategy", "小市值")
    assert code == 2 and said in err


def test_a_home_of_several_strategies_has_to_be_told_which(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    file = write_export(tmp_path / "t.csv", BY_HAND)
    code, _, err = verb(capsys, home, "replay", str(file))
    assert code == 2 and "小市值、轮动" in err
    assert verb(capsys, home, "replay", str(file), "--strategy", "别的")[0] == 2


def test_nothing_of_the_home_is_touched(capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path) -> None:
    played(capsys, home, write_export(tmp_path / "t.csv", BY_HAND))
    assert sorted(path.name for path in home.iterdir()) == ["config"]


# --- minute bars ------------------------------------------------------------------------------------------------------

_BARS = """symbol,dt,open,close,high,low,vol
600000.XSHG,2026-11-02 09:31:00,10.05,10.05,10.05,10.05,1
600000.XSHG,2026-11-02 09:32:00,10.05,10.05,10.05,10.05,1
600000.XSHG,2026-11-02 15:00:00,10.30,10.30,10.30,10.30,1
"""


def test_minute_bars_give_the_prices_of_their_symbols(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    bars = tmp_path / "bars.csv"
    bars.write_text(_BARS, encoding="utf-8")
    deals = (
        line("2026-11-02 09:31:30", SPDB, "买", 1000, "10.00", fee="0"),
        line("2026-11-02 09:32:30", PAB, "买", 1000, "20.00", fee="0"),
    )
    found = played(capsys, home, write_export(tmp_path / "t.csv", deals), "--bars", str(bars))
    # bought at the ask, a tick above the bars' 10.05; what the file has not costs what JoinQuant paid
    assert [row["avg_price"] for row in found["rows"]] == ["10.06", "20"]
    (account,) = found["accounts"]
    assert account["price_difference"] == "-30.00"  # (10.00 - 10.06) x 500
    # 000001 goes on as the file's first symbol does: 20 x 10.30 / 10.05 = 20.4975 -> 20.50
    assert account["scaled_profit"] == "400.00"  # 0.5 x (1000 x 0.30 + 1000 x 0.50)


def test_bars_that_cannot_be_read_name_their_line(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    bars = tmp_path / "bars.csv"
    bars.write_text(_BARS.replace("10.30,", "x,", 1), encoding="utf-8")
    file = write_export(tmp_path / "t.csv", BY_HAND)
    code, _, err = verb(capsys, home, "replay", str(file), "--strategy", "小市值", "--bars", str(bars))
    assert code == 2 and "bars.csv" in err and "4" in err
