"""Connecting, watching, losing and reconnecting the terminal through the genuine library."""

from __future__ import annotations

import contextlib
import gc
import itertools
import sys
import threading
import weakref
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from desk.broker import BrokerUnavailable
from desk.broker.xt import SessionPool, XtBroker
from desk.broker.xt import library as vendor
from desk.broker.xt.callbacks import Callbacks
from desk.broker.xt.rows import OrderRow, Row
from desk.broker.xt_sim import ConnectTrouble, SubscribeTrouble
from desk.core.market import ReportKind
from tests.broker.xt.stage import ID, Stage, StageClock, needs_library, stage

pytestmark = needs_library
__all__ = ["stage"]


# --- importing ------------------------------------------------------------------------------------------------------


@pytest.fixture
def unimported(stage: Stage) -> Any:
    """The package as if nobody had imported it yet, over the stage's natives."""
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "xtquant"}
    natives = {"xtquant.xtpythonclient", "xtquant.datacenter"}
    for name in kept.keys() - natives:
        del sys.modules[name]
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "xtquant"]:
        del sys.modules[name]
    sys.modules.update(kept)


def test_the_import_does_not_phone_home(unimported: None, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    fake = ModuleType("requests")
    fake.get = lambda url, timeout: calls.append(url)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "requests", fake)
    vendor.load()
    assert calls == []
    assert sys.modules["requests"] is fake


def test_importing_and_connecting_print_nothing(
    unimported: None, stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.open()
    stage.until(lambda: stage.broker.quote("600000.SH") is not None, flow=0.01)  # xtdata says hello by itself
    assert capfd.readouterr().out == ""


def test_an_import_that_prints_leaves_other_threads_their_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    with vendor._quietly():
        print("xtquant has a new version")
        other = threading.Thread(target=lambda: print("ours"))
        other.start()
        other.join()
    print("after")
    assert capsys.readouterr().out == "ours\nafter\n"


def test_a_print_that_began_during_an_import_may_end_after_it() -> None:
    with vendor._quietly():
        begun_with = weakref.ref(sys.stdout)
    gc.collect()
    assert begun_with() is not None, "print() goes on with it and does not keep it alive"


def test_versions_and_folder_are_told(stage: Stage) -> None:
    assert stage.broker.versions() == ""
    stage.open()
    assert "xtquant_" in stage.broker.versions() and "xtquant" in stage.broker.versions()


def test_a_brokers_own_folder_goes_before_the_installed_package(unimported: None, tmp_path: Path) -> None:
    folder = tmp_path / "bin.x64" / "xtquant"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("__version__ = 'broker_1'\n", encoding="utf-8")
    (folder / "xttrader.py").write_text("class XtQuantTrader: ...\n", encoding="utf-8")
    (folder / "xttype.py").write_text("class StockAccount: ...\n", encoding="utf-8")
    found = vendor.load(folder)
    assert (found.version, found.data) == ("broker_1", None)
    assert Path(found.folder) == folder
    assert str(folder.parent) not in sys.path


def test_a_missing_library_is_unavailable_and_told_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(folder: Path | None) -> vendor.Library:
        raise vendor.LibraryMissing("no")

    monkeypatch.setattr(vendor, "load", missing)
    with contextlib.suppress(BrokerUnavailable):
        stage.broker.open(stage.reports.append)
    stage.until(lambda: stage.broker.trouble, flow=0.02)
    with pytest.raises(BrokerUnavailable):
        stage.broker.open(stage.reports.append)
    stage.settle(10)
    assert len(stage.alarms) == 1


# --- the account ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account_id", [88001234, "", "  ", None])
def test_an_account_that_is_no_text_is_refused_at_once(stage: Stage, account_id: Any) -> None:
    with pytest.raises(ValueError):
        XtBroker("实盘", path="x", account_id=account_id, clock=StageClock())


def test_the_error_string_that_stands_for_an_account_is_not_used_as_one(stage: Stage) -> None:
    stage.broker._session._account_id = 88001234  # type: ignore[assignment]
    stage.broker.open(stage.reports.append)
    stage.until(lambda: "字符串" in stage.broker.trouble, flow=0.05)
    assert not stage.broker.connected


def test_an_unknown_account_type_is_told(stage: Stage) -> None:
    stage.broker._session._account_type = "SAVINGS"
    stage.broker.open(stage.reports.append)
    stage.until(lambda: "SAVINGS" in stage.broker.trouble, flow=0.05)


# --- connecting -----------------------------------------------------------------------------------------------------


def test_open_does_not_wait_and_the_terminal_is_reported_when_it_is_there(stage: Stage) -> None:
    stage.faults.once(ConnectTrouble.STUCK)
    stage.broker.open(stage.reports.append)
    assert not stage.broker.connected
    stage.until(lambda: stage.broker.left_behind == 1, flow=0.05)
    stage.terminal.unstick()
    stage.until(lambda: stage.broker.connected, flow=0.02)
    assert [report.generation for report in stage.of(ReportKind.CONNECTED)] == [stage.broker.generation]


def test_connect_minus_one_is_tried_again_with_a_new_object_and_session(stage: Stage) -> None:
    for _ in range(3):
        stage.faults.once(ConnectTrouble.REFUSED)
    stage.broker.open(stage.reports.append)
    stage.until(lambda: stage.broker.connected, flow=0.02)
    assert stage.sessions == [100, 101, 102, 103]
    assert stage.broker.generation == 4
    assert len(stage.alarms) == 1  # a person hears of it after three failures


def test_the_pauses_between_attempts_grow(stage: Stage) -> None:
    stage.faults.rates[ConnectTrouble.REFUSED] = 1.0
    stage.broker.open(stage.reports.append)
    stage.settle(16)  # attempts at 0, 1, 3, 7 and 15 seconds
    assert 3 <= len(stage.sessions) <= 6


def in_its_fourth_pause(stage: Stage) -> None:
    """Let the terminal refuse until the session's thread stands in a pause of 8 s."""
    waits: list[float] = []
    wait = stage.clock.wait

    def noted(bell: threading.Event, seconds: float) -> bool:
        if threading.current_thread().name == f"xt-{stage.name}-session":
            waits.append(seconds)
        return wait(bell, seconds)

    stage.clock.wait = noted  # type: ignore[method-assign]
    stage.faults.rates[ConnectTrouble.REFUSED] = 1.0
    stage.broker.open(stage.reports.append)
    stage.until(lambda: 8.0 in waits, flow=0.02)
    assert len(stage.sessions) == 4


def test_a_pause_is_cut_short_for_who_does_not_want_to_wait(stage: Stage) -> None:
    assert stage.broker.retry_at is None
    in_its_fourth_pause(stage)
    assert stage.broker.retry_at is not None
    assert 7 < (stage.broker.retry_at - stage.clock.now()).total_seconds() <= 8
    stage.broker.hurry()
    stage.until(lambda: len(stage.sessions) == 5)  # no time goes by
    stage.faults.rates.clear()
    stage.until(lambda: stage.broker.connected, flow=0.02)
    assert stage.broker.retry_at is None


def test_a_wish_during_an_attempt_is_not_followed_by_another_attempt(stage: Stage) -> None:
    stage.faults.once(ConnectTrouble.STUCK)
    stage.broker.open(stage.reports.append)
    stage.until(lambda: stage.sessions)
    for _ in range(10):
        stage.broker.hurry()
    stage.until(lambda: stage.broker.trouble, flow=0.05)
    stage.settle()
    assert len(stage.sessions) == 1
    stage.terminal.unstick()
    stage.until(lambda: stage.broker.connected, flow=0.02)
    assert len(stage.sessions) == 2


def test_a_channel_that_is_closed_in_its_pause_ends_at_once(stage: Stage) -> None:
    in_its_fourth_pause(stage)
    stage.broker._session.close()
    mine = f"xt-{stage.name}-session"
    stage.until(lambda: mine not in {thread.name for thread in threading.enumerate()})  # no time goes by


@pytest.mark.parametrize("trouble", list(SubscribeTrouble))
def test_without_a_subscription_there_is_no_connection(stage: Stage, trouble: SubscribeTrouble) -> None:
    stage.faults.once(trouble)
    stage.broker.open(stage.reports.append)
    stage.until(lambda: stage.broker.connected, flow=0.05)
    assert stage.broker.generation == 2
    assert stage.broker.left_behind == (1 if trouble is SubscribeTrouble.UNANSWERED else 0)


def test_a_terminal_that_is_still_logging_in_is_not_connected_to(stage: Stage) -> None:
    stage.terminal.logout(ID)
    stage.broker.open(stage.reports.append)
    stage.until(lambda: "登录失败" in stage.broker.trouble, flow=0.02)
    stage.terminal.login(ID)
    stage.until(lambda: stage.broker.connected, flow=0.02)


# --- losing ---------------------------------------------------------------------------------------------------------


def test_a_dead_terminal_is_noticed_late_whatever_the_librarys_flag_says(stage: Stage) -> None:
    stage.open()
    line = stage.broker._session.line
    assert line is not None
    stage.terminal.die()
    stage.settle(2)
    assert stage.broker.connected  # on_disconnected comes three or four seconds late
    stage.until(lambda: not stage.broker.connected, flow=0.02)
    assert line.trader.connected is True  # the library's own word
    stage.until(lambda: stage.of(ReportKind.DISCONNECTED))


def test_a_reconnect_is_a_new_object_a_new_session_and_a_new_generation(stage: Stage) -> None:
    stage.open()
    old = stage.broker._session.line
    stage.terminal.die()
    stage.until(lambda: not stage.broker.connected, flow=0.02)
    stage.terminal.start()
    stage.until(lambda: stage.broker.connected, flow=0.02)
    new = stage.broker._session.line
    assert old is not None and new is not None
    assert new.trader is not old.trader
    assert new.session_id != old.session_id
    assert new.generation > old.generation


def test_a_disconnect_of_an_older_generation_changes_nothing(stage: Stage) -> None:
    stage.open()
    stage.broker._session.lose(stage.broker.generation - 1, "late")
    stage.settle(1)
    assert stage.broker.connected


def test_a_hung_terminal_is_noticed_by_questions_without_answers(stage: Stage) -> None:
    stage.open()
    stage.terminal.hang()
    stage.until(lambda: not stage.broker.connected, flow=0.05)
    stage.until(lambda: stage.of(ReportKind.DISCONNECTED) and stage.alarms)
    assert "没有结果" in stage.alarms[0][1]
    stage.terminal.hang(False)
    stage.until(lambda: stage.broker.connected, flow=0.05)


def test_a_lost_broker_line_is_noticed_by_the_accounts_status(stage: Stage) -> None:
    stage.open()
    stage.terminal.logout(ID)
    stage.until(lambda: not stage.broker.connected, flow=0.01)
    stage.until(lambda: stage.of(ReportKind.DISCONNECTED) and stage.alarms)
    assert "登录失败" in stage.alarms[0][1]
    stage.terminal.login(ID)
    stage.until(lambda: stage.broker.connected, flow=0.05)


def test_a_lost_broker_line_without_a_status_is_noticed_by_the_asset(stage: Stage) -> None:
    stage.open()
    stage.terminal.counters[ID].status = 3  # no push of it
    stage.until(lambda: not stage.broker.connected, flow=0.05)


def test_old_trades_that_a_session_replays_are_passed_for_the_core_to_count_once(stage: Stage) -> None:
    stage.open()
    stage.buy(price="10.10")
    stage.until(lambda: stage.of(ReportKind.TRADE), flow=0.05)
    before = len(stage.of(ReportKind.TRADE))
    stage.terminal.replay_session()
    stage.until(lambda: len(stage.of(ReportKind.TRADE)) > before)
    assert len({r.trade.trade_id for r in stage.of(ReportKind.TRADE) if r.trade is not None}) == 1


# --- ending ---------------------------------------------------------------------------------------------------------


def test_a_stop_that_hangs_is_left_behind_and_the_line_comes_back(stage: Stage) -> None:
    stage.open()
    line = stage.broker._session.line
    assert line is not None
    gate, genuine = threading.Event(), line.trader.stop

    def hang() -> None:
        gate.wait()
        genuine()

    line.trader.stop = hang
    stage.broker._session.lose(stage.broker.generation, "test")
    stage.until(lambda: stage.broker.left_behind == 1 and stage.broker.connected, flow=0.05)
    gate.set()


def test_close_ends_every_thread_of_the_channel(stage: Stage) -> None:
    stage.open()
    mine = [thread for thread in threading.enumerate() if thread.name.startswith(f"xt-{stage.name}-")]
    own = {f"xt-{stage.name}-{what}" for what in ("session", "sender", "reader", "poller", "quotes-1")}
    assert own <= {thread.name for thread in mine}
    assert all(thread.daemon for thread in mine)
    stage.close()
    stage.until(lambda: not any(thread.is_alive() for thread in mine), flow=0.05)
    with pytest.raises(BrokerUnavailable):
        stage.broker.open(stage.reports.append)


def test_close_is_bounded_while_the_terminal_hangs(stage: Stage) -> None:
    stage.open()
    line = stage.broker._session.line
    assert line is not None
    gate = threading.Event()
    line.trader.stop = gate.wait
    stage.close()
    gate.set()


# --- callbacks ------------------------------------------------------------------------------------------------------


class Native:
    """As the vendor's: no __dict__, some fields missing, one that raises."""

    __slots__ = ("order_id", "stock_code")

    def __init__(self) -> None:
        self.order_id = 7
        self.stock_code = b"600000.SH"

    @property
    def price(self) -> float:
        raise RuntimeError("native")


def test_native_objects_without_a_dict_are_copied_with_what_they_have() -> None:
    heard: list[tuple[int, Row]] = []
    Callbacks(3, lambda generation, row: heard.append((generation, row))).on_stock_order(Native())
    ((generation, row),) = heard
    assert generation == 3 and isinstance(row, OrderRow)
    assert (row.order_id, row.stock_code, row.price, row.status, row.remark) == (7, "600000.SH", 0.0, 255, "")


def test_a_callback_never_raises_and_never_answers() -> None:
    def fail(generation: int, row: Row) -> None:
        raise RuntimeError("sink")

    callbacks: Any = Callbacks(1, fail)
    callbacks.on_stock_trade(object())
    callbacks.on_order_error(None)
    callbacks.on_smt_appointment_async_response(object())
    callbacks.on_connected()
    with pytest.raises(AttributeError):
        callbacks.something_else  # noqa: B018


# --- session ids ----------------------------------------------------------------------------------------------------


def test_session_ids_turn_in_a_small_pool_over_restarts_and_old_queue_files_go(tmp_path: Path) -> None:
    (tmp_path / "up_queue_win_123456").touch()  # of another program
    used = []
    pool = SessionPool(str(tmp_path), ID)
    for n in range(20):
        if n == 7:
            pool = SessionPool(str(tmp_path), ID)  # a restart
        session = pool()
        used.append(session)
        for name in (f"up_queue_win_{session}", f"down_queue_xtquant{session}"):
            (tmp_path / name).touch()
    assert len(set(used)) == 16
    assert used[16] == used[0] and all(a != b for a, b in itertools.pairwise(used))
    left = {file.name for file in tmp_path.iterdir()}
    assert "up_queue_win_123456" in left
    assert len(left) == 1 + 2 * 2  # the last two sessions'


def test_accounts_have_pools_of_their_own(tmp_path: Path) -> None:
    assert abs(SessionPool(str(tmp_path), "1")() - SessionPool(str(tmp_path), "2")()) >= 16
