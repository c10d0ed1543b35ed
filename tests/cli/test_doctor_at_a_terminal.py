"""The self-test's look at a broker's terminal: what is installed, the line, the money, quotes, a trial order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from base_func import BEIJING
from desk.cli import doctor_terminals, installation, terminals
from desk.cli.findings import BAD, GOOD, WARN, Finding
from desk.cli.home import Home
from desk.cli.line_watch import FLAG
from desk.core.config import AccountConfig
from desk.journal.view_counts import status_counts
from tests.cli.homes import verb, write_home
from tests.cli.terminals import ID, Room, needs_library, until

Rooms = Callable[..., Room]
ETF = "510300.SH"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """These clocks run ten times as fast, and a busy machine may stand still for a second."""
    for name in ("_LOOK_S", "_ORDER_S"):
        monkeypatch.setattr(doctor_terminals, name, 300.0)


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    made: list[Room] = []

    def make(*numbers: str, **changes: Any) -> Room:
        made.append(Room(tmp_path, *numbers, **changes))
        made[-1].exchanges[(numbers or (ID,))[0]].scene(ETF, price=Decimal("4.000"))
        return made[-1]

    yield make
    for room in made:
        room.close()


def examined(room: Room, order_test: str = "") -> dict[str, Finding]:
    """What was found, by its name, of the one account."""
    home = Home(room.home)
    found = list(doctor_terminals.examine(home, home.config(), room.clock, room.env, order_test))
    return {finding.name: finding for finding in found}


def states(found: dict[str, Finding]) -> dict[str, str]:
    return {name: finding.state for name, finding in found.items()}


# --- what is installed ------------------------------------------------------------------------------------------------


def library(folder: Path, *files: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text('__version__ = "xtquant_240101"\n', encoding="utf-8")
    (folder / "xttrader.py").write_text("", encoding="utf-8")
    for file in files:
        (folder / file).write_bytes(b"")
    return folder


def test_a_library_is_known_by_its_folder_or_by_the_one_that_holds_it(tmp_path: Path) -> None:
    folder = library(
        tmp_path / "xtquant",
        "xtpythonclient.cp36-win_amd64.pyd",
        "xtpythonclient.cp311-win_amd64.pyd",
        "datacenter.cp312-win_amd64.pyd",
    )
    for path in (folder, tmp_path):
        found = installation.find_library(str(path))
        assert found is not None
        assert (found.folder, found.version, found.minors) == (folder, "xtquant_240101", (6, 11))
    assert installation.find_library(str(tmp_path / "nowhere")) is None


@pytest.mark.parametrize(
    ("files", "platform", "minor", "missing"),
    [
        (("xtpythonclient.cp311-win_amd64.pyd",), "win32", 11, ""),
        (("xtpythonclient.cp36-win_amd64.pyd",), "win32", 11, "Windows 上 Python 3.11 的原生模块（它有的：3.6）"),
        ((), "win32", 11, "它有的：没有"),
        (("xtpythonclient.cp311-win_amd64.pyd",), "linux", 11, "linux 上 Python 3.11"),
    ],
)
def test_a_library_fits_where_its_native_part_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: tuple[str, ...], platform: str, minor: int, missing: str
) -> None:
    folder = library(tmp_path / "xtquant", *files)
    monkeypatch.setattr(installation.sys, "platform", platform)
    monkeypatch.setattr(installation.sys, "version_info", _Version(minor))
    said = installation.missing(AccountConfig(name="甲", channel="miniqmt", xtquant_path=str(folder)))
    assert said == "" if not missing else missing in said


class _Version:
    major = 3

    def __init__(self, minor: int) -> None:
        self.minor = minor


@pytest.mark.parametrize(
    ("folder", "inside", "good", "said"),
    [
        ("userdata_mini", "log", True, "能用"),
        ("userdata_mini", "down_queue_win_100", True, "能用"),
        ("userdata_mini", "", None, "没有登录过"),
        ("userdata", "log", False, "不是 userdata_mini"),
        ("bin.x64", "log", None, "不是 userdata_mini"),
        ("", "", False, "不存在"),
    ],
)
def test_the_right_folder_is_known(tmp_path: Path, folder: str, inside: str, good: bool | None, said: str) -> None:
    path = tmp_path / folder if folder else tmp_path / "nowhere"
    if folder:
        (path / inside).mkdir(parents=True)
    seen = installation.look_at_folder(str(path))
    assert seen.good is good and said in seen.text
    assert bool(seen.mend) is (good is not True)


@pytest.mark.parametrize(
    ("answer", "windows", "good"),
    [
        ((0, '"XtMiniQmt.exe","8812","Console","1","212,000 K"'), True, True),
        ((0, "信息: 没有运行的任务匹配指定标准。"), True, False),
        ((1, "拒绝访问"), True, None),
        ((0, ""), False, None),
    ],
)
def test_the_terminals_process_is_looked_for(answer: tuple[int, str], windows: bool, good: bool | None) -> None:
    seen = installation.look_for_process(lambda command: answer, windows=windows)
    assert seen.good is good
    assert bool(seen.mend) is (good is False)


# --- the line ---------------------------------------------------------------------------------------------------------


@needs_library
def test_everything_is_looked_at_and_nothing_is_ordered(rooms: Rooms) -> None:
    room = rooms()
    found = examined(room)
    assert states(found) == {
        "程序库": GOOD,
        "终端文件夹": GOOD,
        "终端进程": WARN if sys.platform != "win32" else BAD,
        "券商连接": GOOD,
        "资金": GOOD,
        "行情": GOOD,
        "涨跌停": GOOD,
    }
    assert "xtquant_250807" in found["程序库"].text and "Python 3.6" in found["程序库"].text
    assert "1,000,000.00" in found["资金"].text
    assert room.sent() == 0
    account = Home(room.home).config().accounts[0]
    assert not terminals.is_held(account, room.env)


@needs_library
def test_a_terminal_that_is_not_there_is_said_with_how_to_mend_it(rooms: Rooms) -> None:
    room = rooms()
    room.terminal.die()
    found = examined(room, ETF)
    assert found["券商连接"].state == BAD and "connect" in found["券商连接"].text
    assert "极简模式" in found["券商连接"].mend
    assert found["试下单"].state == BAD and room.sent() == 0


@needs_library
def test_an_account_that_is_logged_out_is_said(rooms: Rooms) -> None:
    room = rooms()
    room.terminal.logout(ID)
    found = examined(room)
    assert found["券商连接"].state == BAD and "登录失败" in found["券商连接"].text


@needs_library
def test_a_running_daemon_is_asked_instead_of_a_second_line(rooms: Rooms, tmp_path: Path) -> None:
    room = rooms()
    with room.daemon() as daemon:
        until(lambda: daemon.trading.desks["账户1"].ready)
        until(lambda: FLAG + "账户1" not in status_counts(daemon.journal)["flags"])
        found = examined(room, ETF)
        assert found["券商连接"].state == GOOD and "正在运行" in found["券商连接"].text
        assert found["试下单"].state == BAD and "先停下它" in found["试下单"].mend
        account = room.account("别名", ID)
        other = Home(write_home(tmp_path / "other", 账户=[account], 策略=[]))
        elsewhere = list(doctor_terminals.examine(other, other.config(), room.clock, room.env, ""))
        assert [f.state for f in elsewhere if f.name == "券商连接"] == [WARN]
        assert room.sent() == 0


# --- the trial order --------------------------------------------------------------------------------------------------


@needs_library
def test_a_trial_order_goes_there_and_back(rooms: Rooms) -> None:
    room = rooms()
    found = examined(room, ETF)
    assert {name: found[name].state for name in ("试下单", "试撤单", "委托备注")} == dict.fromkeys(
        ("试下单", "试撤单", "委托备注"), GOOD
    )
    (order,) = room.exchanges[ID].picture(room.clock.now()).orders
    assert (order.shares, order.price, order.filled) == (100, Decimal("3.600"), 0)  # 4.000 − 10 %
    assert order.client_order_id.startswith("doctor-") and order.client_order_id in found["委托备注"].text


@needs_library
def test_a_refused_trial_order_is_said_in_the_brokers_words(rooms: Rooms) -> None:
    room = rooms()
    room.exchanges[ID].scene(ETF, price=Decimal("4.000"))
    dear = "600519.SH"
    room.exchanges[ID].scene(dear, price=Decimal("60000.00"))  # 100 shares cost more than the account has
    found = examined(room, dear)
    assert found["试下单"].state == BAD and "资金不足" in found["试下单"].text
    assert "试撤单" not in found


@needs_library
def test_a_trial_order_waits_for_the_session(rooms: Rooms) -> None:
    room = rooms()
    room.clock._start = datetime(2026, 11, 20, 12, 0, tzinfo=BEIJING)
    found = examined(room, ETF)
    assert found["试下单"].state == WARN and room.sent() == 0


def test_a_trial_order_wants_a_persons_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real = {"名称": "真账户", "通道": "miniqmt", "qmt路径": "C:/x/userdata_mini", "qmt账户": "100"}
    one = {"名称": "小市值", "标识": "xsz", "密钥": "", "账户": "真账户"}
    home = write_home(tmp_path, 账户=[real], 策略=[one])
    code, out, err = verb(capsys, home, "doctor", "--order-test")
    assert (code, out) == (10, "") and "100 股" in err and "真账户" in err and "510300" in err
    assert verb(capsys, home, "doctor", "--order-test", "--security", "什么")[0] == 2
    paper = write_home(tmp_path / "paper")
    assert verb(capsys, paper, "doctor", "--order-test", "--yes")[0] == 2
