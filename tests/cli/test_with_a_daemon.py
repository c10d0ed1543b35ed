"""One daemon in a process of its own, asked and watched by the verbs as a user would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desk.cli import sending
from desk.cli.exits import Leave
from desk.core.values import Verdict
from tests.cli.homes import OTHER, SECRET, Running, facts, free_port, running, until, verb, write_home

FIELDS = {
    "signals": "id strategy kind symbol side amount filled jq_status jq_order_id seq verdict reason reason_text "
    "received_at first_order_at done_at ordered_shares filled_shares orders trades_on",
    "orders": "client_order_id signal_id origin account strategy symbol side shares price filled_shares avg_price "
    "state attempt broker_order_id broker_text created_at updated_at",
    "fills": "fill_id client_order_id account symbol side shares price fee at",
    "positions": "account symbol name shares sellable cost_price price value profit profit_ratio held_days",
    "books": "strategy account symbol strategy_shares entitled_shares target_shares own_shares in_flight_shares "
    "pending_shares debt_shares gap",
}
STATUS = {
    *("mode", "halted", "accounts", "strategies", "pending_signals", "open_orders", "in_doubt_orders"),
    *("outbox_pending", "tunnel", "versions"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def daemon(home: Path) -> Iterator[Running]:
    with running(home) as started:
        yield started


@pytest.fixture(scope="module")
def _traded(daemon: Running, home: Path) -> None:
    """A test signal through the real door has been followed."""
    import main

    words = ["test-signal", "小市值", "--security", "000001.XSHE", "--side", "buy", "--amount", "1000", "--price", "10"]
    assert main.main([*words, "--home", str(home)]) == 0


@pytest.mark.usefixtures("_traded")
@pytest.mark.parametrize("name", FIELDS)
def test_a_list_has_the_fields_that_the_contract_names(
    home: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    rows = facts(capsys, home, name)
    assert rows
    assert set(FIELDS[name].split()) <= set(rows[0])


@pytest.mark.usefixtures("_traded")
def test_a_test_signal_was_bought_for_the_pseudo_strategy_alone(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (signal,) = [one for one in facts(capsys, home, "signals") if one["kind"] == "test"]
    assert (signal["strategy"], signal["verdict"]) == ("测试", "done")
    assert signal["filled_shares"] == 500  # 1000 × 0.5
    assert {book["strategy"] for book in facts(capsys, home, "books")} == {"测试"}
    (difference,) = facts(capsys, home, "reconcile")
    assert (difference["state"], difference["own_shares"]) == ("agrees", 500)
    assert verb(capsys, home, "reconcile", "--apply")[0] == 10
    code, out, _ = verb(capsys, home, "reconcile", "--apply", "--yes")
    assert code == 0 and "一致" in out


@pytest.mark.usefixtures("_traded")
def test_why_tells_every_step_by_a_prefix_of_the_id(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (signal,) = facts(capsys, home, "signals")
    story = facts(capsys, home, "why", signal["id"][:8])
    assert story["id"] == signal["id"]
    assert {"at", "what", "facts"} <= set(story["steps"][0])
    code, out, _ = verb(capsys, home, "why", signal["id"][:8])
    assert code == 0 and "已完成" in out
    assert verb(capsys, home, "why", "ffffffffffff")[0] == 2


def test_status_has_the_fields_that_the_contract_names(
    daemon: Running, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = facts(capsys, home, "status")
    assert set(status) >= STATUS
    assert status["running"] and not status["halted"] and status["mode"] == "模拟" and status["tunnel"] == "unknown"
    (account,) = status["accounts"]
    assert account["name"] == "模拟账户" and account["connected"] and isinstance(account["cash"], str)
    assert status["strategies"][0]["accounts"] == [{"account": "模拟账户", "ratio": "0.5"}]


def test_halt_and_unhalt_are_answered_by_the_daemon(
    daemon: Running, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verb(capsys, home, "halt", "--reason", "演习")[0] == 0
    status = facts(capsys, home, "status")
    assert (status["halted"], status["halted_reason"]) == (True, "演习")
    assert facts(capsys, home, "unhalt", "--reason", "好了")["ok"] is True
    assert facts(capsys, home, "status")["halted"] is False


def test_a_connected_account_has_nothing_to_connect(
    daemon: Running, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = verb(capsys, home, "connect", "模拟账户")
    assert code == 0 and "模拟账户 已经连接" in out


@pytest.mark.parametrize(
    ("answer", "signal", "code"),
    [
        ("accepted", {"verdict": "refused", "reason": "停牌"}, 7),
        ("accepted", {"verdict": "refused", "reason": "券商未连接"}, 3),
        ("refused", None, 7),
        ("clock", None, 7),
    ],
)
def test_a_test_signal_that_is_refused_has_failed(answer: str, signal: object, code: int) -> None:
    with pytest.raises(Leave) as left:
        sending.judge({"answer": answer, "signal": signal})
    assert left.value.code == code and left.value.text.startswith("测试没有通过：")


@pytest.mark.parametrize("verdict", [Verdict.DONE, Verdict.PARTIAL, Verdict.WORKING])
def test_a_test_signal_that_is_followed_or_under_way_has_not_failed(verdict: Verdict) -> None:
    sending.judge({"answer": "accepted", "signal": {"verdict": verdict, "reason": None}})
    sending.judge({"answer": "duplicate", "signal": None})


@pytest.mark.parametrize(
    "words",
    [
        *(("approve", "all"), ("reject", "x"), ("cancel", "x"), ("resolve", "x", "absent"), ("connect", "x")),
        ("unhalt", "--reason", "x"),
    ],
    ids=lambda words: words[0],
)
def test_what_makes_no_sense_now_is_refused_with_a_sentence(
    daemon: Running, home: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code, out, err = verb(capsys, home, *words)
    assert code == 2 and not out and err.strip()


def test_a_second_daemon_leaves_with_6(daemon: Running, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = Running(home)
    assert second.process.wait(20) == 6
    second.stop()
    assert "已有一个" in second.said


def test_a_strategy_added_while_running_is_followed_at_once(
    daemon: Running, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    added = facts(capsys, home, "strategy", "add", "新策略", "--ratio", "0.2")
    assert added["kid"] == "s1" and added["secret"].startswith("gd2_")
    words = ("test-signal", "新策略", "--security", "510300.XSHG", "--side", "buy", "--amount", "5000", "--price", "4")
    sent = facts(capsys, home, *words)
    assert (sent["answer"], sent["signal"]["filled_shares"]) == ("accepted", 1000)  # 5000 × 0.2
    assert verb(capsys, home, "strategy", "rekey", "新策略")[0] == 0
    assert facts(capsys, home, *words)["answer"] == "accepted"


def test_a_paused_strategy_is_not_followed_until_it_is_resumed(
    daemon: Running, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verb(capsys, home, "strategy", "pause", "轮动")[0] == 0
    listed = {row["name"]: row for row in facts(capsys, home, "strategy", "list")}
    assert listed["轮动"]["enabled"] is False
    code, out, _ = verb(capsys, home, "strategy", "resume", "轮动")
    assert code == 0 and "已采用" in out
    assert (home / "config" / "聚宽跟单设置.json.bak").exists()


@pytest.mark.usefixtures("_traded")
def test_no_secret_is_printed_or_logged(daemon: Running, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said: Any = daemon.said
    for words in (
        ("status",), ("status", "--json"), ("signals",), ("check-config",), ("check-config", "--json"), ("doctor",),
        ("strategy", "list"), ("strategy", "rekey", "小市值"), ("notify", "list"), ("report",), ("orders", "--json"),
    ):  # fmt: skip
        _, out, err = verb(capsys, home, *words)
        said += out + err
    for log in (home / "data" / "日志").iterdir():
        said += log.read_text(encoding="utf-8")
    assert "gd2_" not in said.replace("gd2_******", "") and SECRET not in said and OTHER not in said


def test_the_self_test_of_a_running_home_is_good(
    daemon: Running, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checks = facts(capsys, home, "doctor")
    assert checks["ok"] is True
    assert {"配置", "时钟", "磁盘", "端口", "账本", "交易日历", "企业微信", "隧道"} <= {
        row["name"] for row in checks["checks"]
    }


def test_a_daemon_stops_cleanly_and_halts_before_its_next_start_sends_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = write_home(tmp_path)
    with running(home) as daemon:
        assert daemon.stop() == 0
        assert "已停止" in daemon.said
    for words in (("approve", "all"), ("cancel", "x"), ("resolve", "x", "live")):
        assert verb(capsys, home, *words)[0] == 5
    assert verb(capsys, home, "halt", "--reason", "先停")[0] == 0
    assert facts(capsys, home, "status")["halted"] is True
    with running(home):
        words = ("test-signal", "小市值", "--security", "600000.XSHG", "--side", "buy", "--amount", "1000")
        code, out, _ = verb(capsys, home, *words, "--json")
        signal = json.loads(out)["signal"]
        assert code == 7, "the test has failed"
        assert (signal["verdict"], signal["reason"], signal["orders"]) == ("refused", "急停中", [])


def test_receiver_and_trader_run_as_processes_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = write_home(tmp_path, 端口=free_port())
    with running(home, "--only", "receiver"), running(home, "--only", "trader,console"):
        words = ("test-signal", "小市值", "--security", "600000.XSHG", "--side", "buy", "--amount", "1000")
        assert facts(capsys, home, *words)["signal"]["filled_shares"] == 500
        added = facts(capsys, home, "strategy", "add", "后来的")
        words = ("test-signal", "后来的", *words[2:])
        until(lambda: verb(capsys, home, *words)[0] == 0)  # the receiver on its own looks at the file by itself
        assert added["kid"] == "s1"
