"""Files that a person, a program or an attacker has written: read, or refused with the file's name in a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base_func import BEIJING
from desk.broker.paper.replay import FeedFileError, FileFeed
from desk.calendar import BadCalendar, TradingCalendar, read_override, read_sessions
from desk.core.config import Config
from desk.journal import JournalError, JournalUnusable, restore
from desk.settings.loader import config_folder, examine, read
from desk.settings.problems import ConfigProblems
from desk.settings.redaction import redacted
from desk.settings.writer import CannotChange, set_strategy
from tests.attack.fuzz import BULKY, MARKS, NUMBERS, VALUES, WORDS, changed, damaged, examples, object_text, scratch
from tests.settings.homes import SECRETS, account, analysis, follow, strategy, write_home
from tests.stand_in.clock import StandInClock

pytestmark = MARKS

SHARES = [{"账户": "甲", "跟单比例": 0.5}, "乙"]
FOLLOW = follow(
    strategy(1, 跟单比例=0.5, 账户=SHARES, 模式="实盘", 允许旧协议="2026-12-31", 解码令牌="token-1234", 只卖不买=True),
    strategy(2),
    端口=8888,
    公网地址="http://1.2.3.4:8888",
    监听地址="127.0.0.1",
    委托等待秒数=3,
    限额={"单笔金额": 1000, "每秒委托数": None},
)
LEGACY = {"策略名称": ["一", "二"], "策略跟单比例": [0.5, 1], "解码令牌": ["aaaa1", "bbbb2"], "服务器": "1.2.3.4:8888"}
ANALYSIS = analysis(
    account("甲", 初始资金=100000, 全天交易=True, 限额={"单笔金额": 5}),
    account("乙", 行情="合成"),
    微信token=["11112222-3333-4444-5555-666677778888"],
    控制台端口=8889,
    发送摘要时间=["15:05"],
    交易日文件="",
)
SAID = st.sampled_from(("", "x", "1", "0", "是", "\ud800", "a" * 600, SECRETS[0], "key=", "http://[", "\x00"))
ENV = st.dictionaries(
    st.sampled_from(
        (
            "GENDAN_SECRET_k1",
            "GENDAN_SECRET_",
            "GENDAN_WECOM_TOKENS",
            "MINIQMT_ENABLED",
            "MINIQMT_ACCOUNT_ID",
            "MINIQMT_USERDATA_PATH",
            "MINIQMT_ACCOUNT_TYPE",
        )
    ),
    SAID,
    max_size=3,
)


@st.composite
def config_bytes(draw: st.DrawFn, honest: dict[str, Any]) -> bytes:
    """A configuration file with oddities at the top, or inside of one of its objects, or with damaged bytes."""
    inner = draw(st.sampled_from([key for key, value in honest.items() if isinstance(value, list | dict)] or [""]))
    text = draw(object_text(honest))
    if inner and draw(st.booleans()):
        place = honest[inner]
        objects = [one for one in place if isinstance(one, dict)] if isinstance(place, list) else [place]
        if objects:
            one = draw(st.sampled_from(objects))
            text = json.dumps(honest, ensure_ascii=False).replace(
                json.dumps(one, ensure_ascii=False), draw(object_text(one))
            )
    return draw(damaged(st.just(text)))


@given(first=config_bytes(FOLLOW) | config_bytes(LEGACY), second=config_bytes(ANALYSIS), env=ENV)
@examples(250)
def test_any_configuration_is_read_or_all_its_problems_are_said(
    first: bytes, second: bytes, env: dict[str, str]
) -> None:
    try:
        loaded = examine(first, second, Path("."), env)
    except ConfigProblems as error:
        assert error.problems and all(str(problem).isprintable() or "\n" in str(problem) for problem in error.problems)
        assert not any(secret in str(error) for secret in SECRETS)
        return
    assert isinstance(loaded.config, Config)
    shown = json.dumps(redacted(loaded.config), ensure_ascii=False)
    assert not any(secret in shown for secret in SECRETS)


@given(first=config_bytes(FOLLOW), value=st.text(max_size=10) | st.integers() | st.none() | st.booleans())
@examples(40, 600)
def test_a_change_never_leaves_a_file_that_does_not_load(first: bytes, value: object) -> None:
    with scratch() as folder:
        home = write_home(Path(folder), {}, ANALYSIS)
        file = config_folder(home) / "聚宽跟单设置.json"
        file.write_bytes(first)
        try:
            set_strategy(home, {}, "策略2", "跟单比例", value)
        except (ConfigProblems, CannotChange):
            assert file.read_bytes() == first
            return
        assert read(home, {}).config.strategies


# --- the paper exchange's recordings ----------------------------------------------------------------------------------

TICKS = "symbol,time,price,ask1,ask1_shares,bid1,bid1_shares"
BARS = "symbol,dt,open,close,high,low"
CELLS = st.sampled_from(
    (
        "",
        "600000.SH",
        "000001.XSHE",
        "x",
        ".",
        "2026-11-20 09:31:00",
        "09:31",
        "2026-11-20T09:31:00+08:00",
        "0001-01-01",
        "9999-12-31 23:59:59",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "24:00:00",
        "10.5",
        "-1",
        "0",
        '"',
        '""',
        "\x00",
        "é",
        "'",
    )
) | st.sampled_from(NUMBERS)


@st.composite
def recordings(draw: st.DrawFn) -> bytes:
    header, honest = draw(
        st.sampled_from(
            (
                (TICKS, "600000.SH,2026-11-20 09:31:0{n},10.5,10.51,100,10.5,200"),
                (BARS, "600000.SH,2026-11-20 09:3{n}:00,10.5,10.6,10.7,10.4"),
            )
        )
    )
    lines = [header]
    for n in range(draw(st.integers(0, 4))):
        cells = honest.format(n=n).split(",")
        for _ in range(draw(st.integers(0, 2))):
            cells[draw(st.integers(0, len(cells) - 1))] = draw(CELLS)
        lines.append(",".join(cells[: draw(st.integers(len(cells) - 2, len(cells)))]))
    return draw(damaged(st.just("\n".join(lines))))


@given(content=recordings(), always_open=st.booleans())
@examples(250)
def test_any_recording_is_replayed_or_refused_with_its_name(content: bytes, always_open: bool) -> None:
    with scratch() as folder:
        file = Path(folder) / "行情.csv"
        file.write_bytes(content)
        try:
            feed = FileFeed(file, always_open=always_open)
        except FeedFileError as error:
            assert file.name in str(error)
            return
    at = datetime(2026, 11, 20, 10, 0, tzinfo=BEIJING)
    reading = feed.reading("600000.SH", None, day_number=3, day=at.date(), at=at)
    assert reading is None or (reading.last.is_finite() and reading.last > 0)
    assert isinstance(feed.basis(7), Decimal)


# --- calendars --------------------------------------------------------------------------------------------------------

SESSIONS = {"first": "2020-01-01", "until": "2027-12-31", "closed": {"2026": ["2026-10-01"]}, "source": "x"}
DAYS = st.sampled_from(
    (
        "2026-11-20 开",
        "2026-11-20",
        "2026-11-21,休",
        "2027-12-31：止",
        "# x",
        "0000-00-00 开",
        '{"2026-11-20": "开"}',
        '{"2026-11-20": ["开"]}',
        "{",
        "9999-12-31 止",
    )
)


@given(content=damaged(object_text(SESSIONS) | VALUES))
@examples(200)
def test_any_calendar_is_read_or_refused(content: bytes) -> None:
    with scratch() as folder:
        file = Path(folder) / "日历.json"
        file.write_bytes(content)
        try:
            sessions = read_sessions(file)
        except BadCalendar as error:
            assert file.name in str(error)
            return
    TradingCalendar(sessions=sessions).is_trading_day(date(2026, 11, 20))


@given(content=damaged(st.lists(DAYS, max_size=3).map("\n".join) | object_text({"2026-11-20": "开"})))
@examples(200)
def test_any_list_of_days_is_read_or_refused_by_its_line(content: bytes) -> None:
    with scratch() as folder:
        file = Path(folder) / "交易日.txt"
        file.write_bytes(content)
        try:
            said = read_override(file)
        except BadCalendar as error:
            assert file.name in str(error)
            return
    calendar = TradingCalendar(sessions=read_sessions(Path("desk/calendar_sessions.json").resolve()), override=said)
    calendar.warnings(date(2026, 11, 20))


@pytest.mark.parametrize("content", [text.encode() for text in (*BULKY, *WORDS)])
def test_bulk_is_no_calendar(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "日历.json"
    file.write_bytes(content)
    with pytest.raises(BadCalendar):
        read_sessions(file)


# --- backups ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    from desk.journal import Journal

    folder = tmp_path_factory.mktemp("journal")
    with Journal.open(folder / "journal.sqlite3", clock=StandInClock()) as journal:
        journal.backup(folder / "copy.sqlite3")
    yield (folder / "copy.sqlite3").read_bytes()


@given(data=st.data())
@examples(40, 500)
def test_a_damaged_backup_never_replaces_the_journal(sound: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(sound) - 64))
    content = data.draw(
        st.just(b"")
        | st.binary(max_size=200)
        | st.integers(0, len(sound) - 1).map(lambda size: sound[:size])
        | changed(sound[at : at + 64]).map(lambda piece: sound[:at] + piece + sound[at + 64 :])
    )
    with scratch() as folder:
        backup, journal = Path(folder) / "backup.sqlite3", Path(folder) / "journal.sqlite3"
        backup.write_bytes(content)
        journal.write_bytes(sound)
        try:
            restore(backup, journal, clock=StandInClock())
        except JournalError as error:
            assert isinstance(error, JournalUnusable)
            assert journal.read_bytes() == sound
