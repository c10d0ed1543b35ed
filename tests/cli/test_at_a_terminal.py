"""A daemon whose accounts are at MiniQMT: the genuine library over a simulated terminal, everything else as it is."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import main
from desk.cli import facts, installation, terminals
from desk.cli.asking import wait_for
from desk.cli.daemon import Daemon
from desk.cli.exits import Leave
from desk.cli.home import TRADER, Home
from desk.cli.line_watch import FLAG, RETRY, LineState
from desk.cli.terminals import QuoteState
from desk.core.config import AccountConfig
from desk.core.values import Side
from desk.journal import FILE_NAME, Journal, views
from desk.journal.view_counts import status_counts
from desk.texts import summaries
from tests.cli.homes import ROOT, SECRET, verb, write_home
from tests.cli.terminals import ID, MORNING, PATIENCE_S, FastClock, Room, needs_library, until

Rooms = Callable[..., Room]


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    made: list[Room] = []

    def make(*numbers: str, **changes: Any) -> Room:
        made.append(Room(tmp_path, *numbers, **changes))
        return made[-1]

    yield make
    for room in made:
        room.close()


def told(daemon: Daemon) -> list[str]:
    return [f"{row.message.title}：{row.message.text}" for row in daemon.journal.outbox_list(200)]


def ready(room: Room, daemon: Daemon) -> None:
    until(lambda: all(daemon.trading.desks[name].ready for name in room.names), lambda: told(daemon))
    until(lambda: not any(line(daemon, name) for name in room.names))  # what is told of it follows


def check(daemon: Daemon, lines: Mapping[str, LineState]) -> tuple[bool, str]:
    found = facts.self_check(daemon.journal, daemon.config, daemon.home, at=daemon.clock.now(), lines=lines)
    message = summaries.self_check(found)
    return message.urgent, message.text


def line(daemon: Daemon, account: str) -> str:
    return str(status_counts(daemon.journal)["flags"].get(FLAG + account, ""))


# --- trading ----------------------------------------------------------------------------------------------------------


@needs_library
def test_a_signal_is_bought_and_sold_at_the_broker(rooms: Rooms) -> None:
    room = rooms()
    with room.daemon() as daemon:
        room.signal(daemon, Side.BUY, 1000)
        until(lambda: room.held() == 1000)
        until(lambda: views.signals(daemon.journal)[-1]["verdict"] == "done", lambda: views.orders(daemon.journal))
        *earlier, order = views.orders(daemon.journal)  # the clock runs fast: a busy machine may have chased it
        assert [(one["state"], one["filled_shares"]) for one in earlier] == [("cancelled", 0)] * len(earlier), earlier
        (fill, *others) = views.fills(daemon.journal)
        assert order["account"] == "账户1" and order["state"] == "filled"
        assert sum(one["shares"] for one in (fill, *others)) == order["shares"] == 1000
        assert Decimal(fill["fee"]) > 0  # the terminal tells none: the account's own rate

        def account() -> dict[str, Any]:
            return facts.status(daemon.journal, daemon.config, daemon.home)["accounts"][0]

        until(lambda: account()["trouble"] == "", account)  # the watch writes its state a moment later
        assert (account()["name"], account()["channel"]) == ("账户1", "miniqmt")
        assert Decimal(account()["total_asset"]) > 990000


@needs_library
def test_several_accounts_are_traded_by_one_daemon(rooms: Rooms) -> None:
    room = rooms("100", "200")
    with room.daemon() as daemon:
        room.signal(daemon, Side.BUY, 500)
        until(lambda: room.held("100") == room.held("200") == 500)
        assert {order["account"] for order in views.orders(daemon.journal)} == {"账户1", "账户2"}


@needs_library
def test_paper_beside_a_real_account_trades_at_its_quotes_and_sends_nothing(rooms: Rooms) -> None:
    room = rooms(mode="模拟")
    with room.daemon() as daemon:
        assert any("真实行情" in notice for notice in daemon.notices)
        room.signal(daemon, Side.BUY, 1000)
        until(lambda: views.fills(daemon.journal))
        fill = views.fills(daemon.journal)[0]
        assert fill["account"] == "账户1·模拟"
        assert abs(Decimal(fill["price"]) - Decimal("12.34")) <= Decimal("0.05")
        assert room.sent() == 0


# --- the line ---------------------------------------------------------------------------------------------------------


def _dies(room: Room) -> None:
    room.terminal.die()


def _hangs(room: Room) -> None:
    room.terminal.hang()


def _logs_out(room: Room) -> None:
    room.terminal.logout(ID)


@needs_library
@pytest.mark.parametrize(
    ("break_it", "mend_it"),
    [
        (_dies, lambda room: room.terminal.start()),
        (_hangs, lambda room: room.terminal.hang(False)),
        (_logs_out, lambda room: room.terminal.login(ID)),
    ],
    ids=["dies", "hangs", "logs out"],
)
def test_a_lost_line_is_told_and_nothing_is_sent_until_everything_is_matched_again(
    rooms: Rooms, break_it: Callable[[Room], None], mend_it: Callable[[Room], None]
) -> None:
    room = rooms()
    with room.daemon() as daemon:
        ready(room, daemon)
        generation = daemon.trading.desks["账户1"].broker.generation
        break_it(room)
        until(lambda: any("券商断开" in text for text in told(daemon)), lambda: told(daemon))
        until(lambda: line(daemon, "账户1"))
        (account, *_) = facts.status(daemon.journal, daemon.config, daemon.home)["accounts"]
        assert account["connected"] is False and account["trouble"]
        room.signal(daemon, Side.BUY, 1000)
        until(lambda: views.signals(daemon.journal)[-1]["verdict"] == "working")
        assert room.sent() == 0
        mend_it(room)
        until(lambda: room.held() == 1000, lambda: told(daemon))
        *earlier, _ = views.orders(daemon.journal)  # the clock runs fast: a busy machine may have chased it
        assert all((one["state"], one["filled_shares"]) == ("cancelled", 0) for one in earlier)
        assert room.sent() == len(earlier) + 1
        desk = daemon.trading.desks["账户1"]
        assert desk.broker.generation > generation and desk.matched_generation == desk.broker.generation
        until(lambda: any("恢复下单" in text for text in told(daemon)), lambda: told(daemon))
        assert line(daemon, "账户1") == ""


@needs_library
def test_a_terminal_that_is_not_there_is_told_and_waited_for(rooms: Rooms) -> None:
    room = rooms()
    room.terminal.die()
    with room.daemon() as daemon:
        until(lambda: any("连不上 MiniQMT" in text for text in told(daemon)), lambda: told(daemon))
        assert "connect" in line(daemon, "账户1")
        until(lambda: RETRY + "账户1" in status_counts(daemon.journal)["flags"])
        cut_short = threading.Event()
        session = daemon.trading.terminals["账户1"]._session  # type: ignore[attr-defined]
        session.hurry = cut_short.set
        answer = wait_for(daemon.journal, daemon.journal.ask("connect", {"id": "账户1"}, "test"), PATIENCE_S)
        assert answer.ok and "正在连接账户 账户1" in answer.text
        until(cut_short.is_set)
        del session.hurry
        room.terminal.start()
        ready(room, daemon)
        until(lambda: line(daemon, "账户1") == "")
        assert RETRY + "账户1" not in status_counts(daemon.journal)["flags"]


# --- the morning's message --------------------------------------------------------------------------------------------


@needs_library
def test_the_self_check_tells_the_account_its_money_and_its_quotes(rooms: Rooms) -> None:
    room = rooms()
    with room.daemon() as daemon:
        ready(room, daemon)
        until(lambda: "账户1" in [row["name"] for row in status_counts(daemon.journal)["accounts"]])
        urgent, said = check(daemon, daemon.lines.states())
        assert not urgent, said
        assert "账户 账户1（miniqmt）：已连接，总资产 1,000,000.00" in said and "秒前" in said
        room.terminal.die()
        until(lambda: line(daemon, "账户1"))
        urgent, said = check(daemon, daemon.lines.states())
        assert urgent and "账户 账户1 没有连接上" in said


@pytest.mark.parametrize(
    ("state", "wrong"),
    [
        (LineState(trouble="", quotes=QuoteState(answers=True, age_s=2.0)), ""),
        (LineState(trouble="", quotes=QuoteState(answers=True)), ""),  # the details are there, a tick is not yet
        (LineState(trouble="", quotes=QuoteState(answers=False)), "账户 甲 取不到行情"),
        (LineState(trouble="账号未登录", quotes=QuoteState(answers=False)), "账户 甲 没有连接上：账号未登录"),
    ],
)
def test_the_self_check_names_what_is_wrong_with_a_line(tmp_path: Path, state: LineState, wrong: str) -> None:
    home = Home(write_home(tmp_path))
    (home.data).mkdir()
    with Journal.open(home.data / FILE_NAME, clock=FastClock()) as journal:
        found = facts.self_check(journal, home.config(), home, at=MORNING, lines={"甲": state})
    assert [problem for problem in found.problems if "甲" in problem] == found.problems[: bool(wrong)]
    assert not wrong or wrong in found.problems[0]


# --- one program for an account ---------------------------------------------------------------------------------------


@needs_library
def test_an_account_has_one_program_whatever_the_home(rooms: Rooms, tmp_path: Path) -> None:
    room = rooms()
    with room.daemon() as daemon:
        assert daemon.trading.terminals
        account = room.account("别名", ID)
        other = write_home(
            tmp_path / "other", 账户=[account], 策略=[{"名称": "甲", "标识": "a", "密钥": SECRET, "账户": "别名"}]
        )
        with pytest.raises(Leave, match="另有一个跟单程序正在用账户 别名") as left:
            room.new_daemon(other).open()
        assert left.value.code == 6
    second = room.new_daemon(other)
    second.open()
    second.close()


@needs_library
def test_what_an_account_is_reached_by_needs_a_restart(rooms: Rooms) -> None:
    room = rooms(mode="模拟")
    with room.daemon() as daemon:
        file = room.home / "config" / "分析配置.json"
        changed = json.loads(file.read_text(encoding="utf-8"))
        changed["账户"][0]["qmt路径"] = "D:/elsewhere/userdata_mini"
        file.write_text(json.dumps(changed, ensure_ascii=False), encoding="utf-8")
        with pytest.raises(ValueError, match="再启动"):
            daemon.reload()


# --- without the library ----------------------------------------------------------------------------------------------

REAL = {"名称": "真账户", "通道": "miniqmt", "qmt路径": "C:/x/userdata_mini", "qmt账户": "100"}


def strategy(mode: str) -> dict[str, Any]:
    return {"名称": "小市值", "标识": "xsz", "密钥": SECRET, "账户": "真账户", "模式": mode}


@pytest.mark.skipif(sys.platform == "win32", reason="there the library works")
@pytest.mark.parametrize("mode", ["确认", "实盘"])
def test_without_the_library_a_real_strategy_is_refused_with_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    home = write_home(tmp_path, 账户=[REAL], 策略=[strategy(mode)])
    code, out, err = verb(capsys, home, "run")
    assert (code, out) == (3, "") and "xtquant" in err and "docs/windows.md" in err
    code, out, _ = verb(capsys, home, "doctor")
    assert code == 7 and "✘ 程序库" in out and "requirements.txt" in out
    code, out, _ = verb(capsys, home, "status")
    assert code == 0 and "! 真账户：" in out and "xtquant" in out


@pytest.mark.skipif(sys.platform == "win32", reason="there the library works")
def test_without_the_library_paper_goes_on_with_made_up_quotes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = write_home(tmp_path, 账户=[REAL], 策略=[strategy("模拟")])
    room_env = {"XDG_STATE_HOME": str(tmp_path / "state")}
    daemon = Daemon(Home(home), clock=FastClock(), roles=frozenset({TRADER}), env=room_env, console_level=None)
    daemon.open()
    try:
        assert list(daemon.trading.desks) == ["真账户·模拟"]
        assert any("合成行情" in notice for notice in daemon.notices)
        daemon.lines.step()
        (real, shadow) = facts.status(daemon.journal, daemon.config, daemon.home)["accounts"]
        assert "xtquant" in real["trouble"] and not real["connected"]
        assert shadow["trouble"] == "正在连接", "opened, and not started yet"
    finally:
        daemon.close()
    assert verb(capsys, home, "strategy", "mode", "小市值", "实盘", "--yes")[0] == 3
    _, out, _ = verb(capsys, home, "doctor")
    assert "! 程序库" in out


def test_a_paper_home_imports_no_vendor_module(tmp_path: Path) -> None:
    """Invariant 10, in a process that has met nothing else."""
    home = write_home(tmp_path)
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "import main\n"
        "from desk.cli.daemon import Daemon\n"
        "from desk.cli.home import RECEIVER, TRADER, Home\n"
        "from desk.clock import SystemClock\n"
        f"home = Home(Path({str(home)!r}))\n"
        "daemon = Daemon(home, clock=SystemClock(), roles=frozenset({RECEIVER, TRADER}), console_level=None)\n"
        "daemon.open(); daemon.start(); daemon.close()\n"
        f"main.main(['status', '--home', {str(home)!r}])\n"
        f"main.main(['doctor', '--home', {str(home)!r}])\n"
        "met = [name for name in sys.modules if name.startswith(('xtquant', 'desk.broker.xt'))]\n"
        "sys.exit(f'met {met}' if met else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")


def test_a_locks_name_does_not_tell_the_account(tmp_path: Path) -> None:
    account = AccountConfig(name="甲", channel="miniqmt", qmt_account=" 55011917 ")
    same = AccountConfig(name="乙", channel="miniqmt", qmt_account="55011917")
    env = {"XDG_STATE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    lock = terminals.account_lock(account, env)
    assert lock.lock_file == terminals.account_lock(same, env).lock_file
    assert "55011917" not in lock.lock_file
    with lock:
        assert terminals.is_held(same, env)
    assert not terminals.is_held(same, env)


# --- the demo ---------------------------------------------------------------------------------------------------------


def test_the_demo_at_a_terminal_wants_the_library(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(installation, "find_library", lambda path: None)
    assert main.main(["demo", "--channel", "miniqmt-sim"]) == 2
    assert "requirements-dev.txt" in capsys.readouterr().err


@pytest.mark.long
@needs_library
def test_the_demo_at_a_terminal_agrees_with_its_exchange() -> None:
    command = [sys.executable, str(ROOT / "main.py"), "demo", "--channel", "miniqmt-sim"]
    done = subprocess.run(command, capture_output=True, timeout=100, check=False)
    said = done.stdout.decode("utf-8")
    assert done.returncode == 0, said
    assert "三方一致" in said and "xtquant_" in said
