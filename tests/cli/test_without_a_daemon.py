"""The verbs where nothing runs: exit codes, set-up, kept wishes, files."""

from __future__ import annotations

import csv
import json
import socket
import subprocess
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import main
from base_func import BEIJING
from desk.cli import VERSION, keeping
from desk.cli.exits import Leave
from desk.cli.home import TRADER, Home
from desk.core.batch import Batch
from desk.core.values import Book, BookChange, EventKind, JqStatus, OrderSignal, Side, WireEvent
from desk.core.wire import events_to_json
from desk.journal import FILE_NAME, Journal, NewBody, NewEvent
from tests.cli.homes import ROOT, SECRET, TOKEN, facts, verb, write_home
from tests.world import TurnedClock

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=BEIJING)


def keep_signal(home: Path, at: datetime, jq_order_id: str, number: int) -> None:
    """Store one event as the receiver does."""
    signal = OrderSignal(
        jq_order_id=jq_order_id, security="000001.XSHE", side=Side.BUY, amount=100, filled=100, avg_price=Decimal(10),
        status=JqStatus.HELD,
    )  # fmt: skip
    event = WireEvent(kind=EventKind.ORDER, seq=number, backtest=False, strategy_time=at, content=signal)
    body_id = f"{number:032x}"
    new = NewEvent(event_id=body_id, strategy="小市值", kind=EventKind.ORDER, seq=number, payload=events_to_json(event))
    with Journal.open(home / "data" / FILE_NAME, clock=TurnedClock(at)) as journal:
        journal.accept(
            NewBody(
                kid="xsz", strategy="小市值", body_id=body_id, digest=body_id.encode(), wire=2, sent_at=at,
                received_at=at, clock_ahead=False, events=(new,),
            )
        )  # fmt: skip


# --- exit codes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("status",), 0),
        (("signals", "--json"), 0),
        (("books",), 0),
        (("approve", "all"), 5),
        (("reject", "x"), 5),
        (("cancel", "x"), 5),
        (("connect", "模拟账户"), 5),
        (("resolve", "x", "filled", "100"), 5),
        (("test-signal", "小市值", "--security", "000001.XSHE", "--side", "buy", "--amount", "100"), 5),
        (("halt", "--liquidate", "--reason", "x"), 10),
        (("strategy", "mode", "小市值", "实盘"), 10),
        (("strategy", "mode", "小市值", "live"), 10),
        (("strategy", "mode", "小市值", "confirm"), 0),
        (("strategy", "mode", "小市值", "实盘", "--yes"), 0),
        (("strategy", "mode", "小市值", "真的"), 2),
        (("strategy", "ratio", "小市值", "一半"), 2),
        (("strategy", "ratio", "小市值", "0.7"), 0),
        (("strategy", "ratio", "没有", "0.7"), 2),
        (("restore", "x"), 10),
        (("restore", "x", "--yes"), 4),
        (("reconcile",), 0),
        (("reconcile", "--apply"), 10),
        (("why", "x"), 2),
        (("signals", "--from", "昨天"), 2),
        (("export", "没有这张表"), 2),
        (("backup",), 2),
        (("keys", "new"), 2),
        (("replay", "FILE"), 2),
        (("autostart", "install"), 2),
        (("jq-positions", "小市值"), 0),
        (("run", "--only", "nobody"), 2),
        (("no-such-verb",), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_a_verb_leaves_with_its_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int
) -> None:
    got, out, err = verb(capsys, write_home(tmp_path), *words)
    assert got == code, err
    assert "Traceback" not in err
    if code not in (0, 10):
        assert err.strip() and not out.strip()


def test_home_stands_before_or_after_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = str(write_home(tmp_path))
    for words in (["--home", home, "status"], ["status", "--home", home], ["strategy", "--home", home, "list"]):
        assert main.main(words) == 0
        assert "小市值" in capsys.readouterr().out


def test_every_verb_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for name, command in main.cli.commands.items():
        assert command.get_short_help_str().strip(), name
        assert main.main([name, "--help"]) == 0
        capsys.readouterr()


@pytest.mark.parametrize("verbs", [("status",), ("run",), ("halt",), ("orders", "--json"), ("doctor",)])
def test_all_problems_of_the_configuration_are_said_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verbs: tuple[str, ...]
) -> None:
    home = write_home(tmp_path, 端口=0, 账户=[{"名称": "模拟账户", "通到": "paper"}])
    code, out, err = verb(capsys, home, *verbs)
    assert code == (7 if verbs == ("doctor",) else 2)
    said = out + err
    assert "端口" in said and "通到" in said and "通道" in said
    assert not (home / "data" / "journal.sqlite3").exists()


def test_check_config_lists_problems_as_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = verb(capsys, write_home(tmp_path, 端口=0), "check-config", "--json")
    assert code == 2
    answer = json.loads(out)
    assert answer["ok"] is False and answer["problems"][0]["path"] == "端口"


def test_check_config_masks_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = write_home(tmp_path, 微信token=[TOKEN])
    _, out, _ = verb(capsys, home, "check-config", "--json")
    assert json.loads(out)["ok"] is True
    assert SECRET not in out and TOKEN not in out


def test_a_journal_that_is_none_ends_every_verb_with_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = write_home(tmp_path)
    (home / "data").mkdir()
    (home / "data" / "journal.sqlite3").write_bytes(b"this was never a journal" * 400)
    for words in (("run",), ("status",), ("signals",), ("halt", "--reason", "x")):
        code, out, err = verb(capsys, home, *words)
        assert code == 4 and not out and "Traceback" not in err
    code, out, _ = verb(capsys, home, "doctor")
    assert code == 7 and "✘ 账本" in out


def test_a_data_folder_that_cannot_be_used_ends_with_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = write_home(tmp_path)
    (home / "data").write_text("a file where the folder should be", encoding="utf-8")
    for words in (("run",), ("halt", "--reason", "x")):
        code, _, err = verb(capsys, home, *words)
        assert code == 4 and "数据文件夹" in err
    assert verb(capsys, home, "doctor")[0] == 7


def test_a_paper_store_that_is_none_ends_the_start_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = write_home(tmp_path)
    (home / "data" / "paper").mkdir(parents=True)
    (home / "data" / "paper" / "模拟账户.db").write_bytes(b"no database" * 900)
    code, _, err = verb(capsys, home, "run")
    assert code == 3 and "模拟账户" in err and not Home(home).runs(TRADER)


def test_an_occupied_port_is_a_sentence_and_nothing_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        home = write_home(tmp_path, 端口=taken.getsockname()[1])
        code, _, err = verb(capsys, home, "run")
        assert code == 2 and "端口被占用" in err
        code, out, _ = verb(capsys, home, "doctor")
        assert code == 7 and "✘ 端口" in out
    assert not Home(home).runs(TRADER)


def test_a_live_strategy_on_a_channel_that_comes_later_is_refused_with_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = {"名称": "真账户", "通道": "bigqmt", "qmt账户": "100"}
    one = {"名称": "小市值", "标识": "xsz", "密钥": SECRET, "账户": "真账户", "模式": "实盘"}
    home = write_home(tmp_path, 账户=[real], 策略=[one])
    code, _, err = verb(capsys, home, "run")
    assert code == 3 and "bigqmt" in err
    assert verb(capsys, home, "strategy", "mode", "小市值", "模拟")[0] == 0
    assert verb(capsys, home, "strategy", "mode", "小市值", "实盘", "--yes")[0] == 3
    names = [account["name"] for account in facts(capsys, home, "status")["accounts"]]
    assert names == ["真账户", "真账户·模拟"]


# --- the kill switch while nothing runs -------------------------------------------------------------------------------


def test_a_halt_is_kept_and_shown_before_the_next_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = write_home(tmp_path)
    code, out, _ = verb(capsys, home, "halt", "--reason", "先停")
    assert code == 0 and "下次启动" in out
    status = facts(capsys, home, "status")
    assert (status["halted"], status["halted_reason"], status["running"]) == (True, "先停", False)
    assert verb(capsys, home, "unhalt")[0] == 0
    assert facts(capsys, home, "status")["halted"] is False


# --- set-up -----------------------------------------------------------------------------------------------------------


def test_init_writes_a_paper_configuration_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"策略名称": "小市值", "标识": "xsz"}, ensure_ascii=False), encoding="utf-8")
    home = tmp_path / "home"
    code, out, _ = verb(capsys, home, "init", "--answers", str(answers))
    assert code == 0 and "gd2_" not in out
    assert facts(capsys, home, "status")["mode"] == "模拟"
    before = (home / "config" / "聚宽跟单设置.json").read_bytes()
    assert verb(capsys, home, "init", "--answers", str(answers))[0] == 2
    assert (home / "config" / "聚宽跟单设置.json").read_bytes() == before


def test_init_says_what_is_wrong_with_the_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = tmp_path / "answers.json"
    for text in ("[]", "{", '{"策略名": "x"}', '{"端口": "x"}'):
        answers.write_text(text, encoding="utf-8")
        code, out, err = verb(capsys, tmp_path / "home", "init", "--answers", str(answers))
        assert code == 2 and not out and err.strip()
    assert not (tmp_path / "home" / "config").exists()


def test_an_added_strategy_names_its_account_and_starts_in_paper_mode(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = write_home(tmp_path)
    added = facts(capsys, home, "strategy", "add", "新的", "--kid", "new", "--ratio", "0.25")
    assert (added["kid"], added["mode"], added["accounts"]) == ("new", "模拟", "模拟账户 ×0.25")
    text = (home / "config" / "聚宽跟单设置.json").read_text(encoding="utf-8")
    assert added["secret"] in text
    assert json.loads(text)["策略"][-1]["账户"] == "模拟账户"
    assert verb(capsys, home, "strategy", "add", "新的")[0] == 2


def test_the_snippet_carries_address_kid_and_secret_and_compiles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = write_home(tmp_path, 公网地址="http://1.2.3.4:6000")
    code, out, err = verb(capsys, home, "snippet", "小市值")
    assert code == 0 and not err
    compile(out, "pasted.py", "exec")
    assert "'http://1.2.3.4:6000'" in out and "'xsz'" in out and SECRET in out
    file = tmp_path / "跟单代码.py"
    code, shown, _ = verb(capsys, home, "snippet", "小市值", "--out", str(file))
    assert code == 0 and SECRET not in shown
    assert file.read_text(encoding="utf-8").strip() == out.strip()


def test_a_snippet_without_a_public_address_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = verb(capsys, write_home(tmp_path), "snippet", "小市值")
    assert code == 0 and "http://127.0.0.1:" in out and "公网地址" in err


# --- keeping ----------------------------------------------------------------------------------------------------------


def test_signals_are_exported_a_file_a_day_for_excel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = write_home(tmp_path)
    keep_signal(home, NOW, "=HYPERLINK(1)", 1)
    keep_signal(home, NOW + timedelta(days=3), "17", 2)
    code, _, _ = verb(capsys, home, "export", "signals", "--from", "2026-11-01", "--to", "2026-11-30")
    assert code == 0
    folder = home / "data" / "原始数据"
    assert sorted(path.name for path in folder.iterdir()) == ["signals_2026-11-20.csv", "signals_2026-11-23.csv"]
    raw = (folder / "signals_2026-11-20.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(raw.decode("utf-8-sig").splitlines())
    assert (row["symbol"], row["amount"], row["jq_order_id"]) == ("000001.SZ", "100", "'=HYPERLINK(1)")


def test_a_table_goes_into_one_file_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = write_home(tmp_path)
    keep_signal(home, NOW, "1", 1)
    keep_signal(home, NOW + timedelta(days=1), "2", 2)
    out = tmp_path / "all.csv"
    assert verb(capsys, home, "export", "events", "--from", "2026-11-01", "--out", str(out))[0] == 0
    assert len(out.read_text(encoding="utf-8-sig").splitlines()) == 3
    assert verb(capsys, home, "export", "all", "--out", str(out))[0] == 2


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd", "'+cmd"),
        ("-cmd", "'-cmd"),
        ("-12.50", "-12.50"),
        (" =1", "' =1"),
        ("\t=1", "'\t=1"),
        ("000001.SZ", "000001.SZ"),
        (-5, -5),
        (None, ""),
        (True, "true"),
        (["a", "b"], "a b"),
    ],
)
def test_no_cell_is_taken_for_a_formula(value: object, cell: object) -> None:
    assert keeping.cell(value) == cell


def test_a_table_may_be_named_by_its_folder() -> None:
    assert keeping.tables("下单股票池") == ["orders", "fills"]
    assert set(keeping.tables("all")) == set(keeping.FOLDERS)
    with pytest.raises(Leave):
        keeping.tables("x")


def test_a_backup_is_put_back_and_the_replaced_journal_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = write_home(tmp_path)
    keep_signal(home, NOW, "1", 1)
    copy = tmp_path / "copy.sqlite3"
    assert verb(capsys, home, "backup", "--out", str(copy))[0] == 0
    keep_signal(home, NOW, "2", 2)
    assert len(facts(capsys, home, "signals", "--limit", "10")) == 2
    assert verb(capsys, home, "restore", str(copy), "--yes")[0] == 0
    assert len(facts(capsys, home, "signals", "--limit", "10")) == 1
    assert list((home / "data").glob("journal.sqlite3.replaced-*"))


def test_a_backup_does_not_take_the_place_of_a_file_that_is_in_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = write_home(tmp_path)
    keep_signal(home, NOW, "1", 1)
    journal = home / "data" / "journal.sqlite3"
    before = journal.stat().st_ino
    code, _, err = verb(capsys, home, "backup", "--out", str(journal))
    assert code == 2 and "不能拿备份盖掉它" in err
    assert journal.stat().st_ino == before
    night = tmp_path / "night.sqlite3"
    for _ in range(2):  # last night's is replaced
        assert verb(capsys, home, "backup", "--out", str(night))[0] == 0


# --- the program itself -----------------------------------------------------------------------------------------------


def test_the_daemon_loads_no_heavy_library() -> None:
    heavy = ("pandas", "numpy", "alembic", "exchange_calendars", "cryptography")
    code = f"import sys, main; from desk.cli import daemon; sys.exit(sum(name in sys.modules for name in {heavy!r}))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_version_is_the_projects_own() -> None:
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_demo_ends_with_0_and_says_that_the_books_agree() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), "demo"], capture_output=True, timeout=100, check=False
    )
    out = done.stdout.decode("utf-8")
    assert done.returncode == 0, out + done.stderr.decode("utf-8")
    assert "✘" not in out and "演示通过" in out
    assert "gd2_" not in out


# --- the past ---------------------------------------------------------------------------------------------------------


def test_books_of_a_past_moment_are_shown_as_json_and_as_a_table(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    home = write_home(tmp_path)
    keep_signal(home, NOW, "1", 1)
    assert facts(capsys, home, "books", "--at", "2026-11-20 10:30") == []
    change = BookChange(
        at=NOW, strategy="小市值", account="模拟账户", symbol="000001.SZ", cause="聚宽买入", ref=f"{1:032x}",
        entitled=Decimal(50),
    )  # fmt: skip
    with Journal.open(home / "data" / FILE_NAME, clock=TurnedClock(NOW)) as journal:
        journal.commit(Batch(book_changes=[change]))
    assert facts(capsys, home, "books", "--at", "2026-11-20 09:59:59") == []
    for moment in ("2026-11-20 10:00", "2026-11-20", "2026-11-20T02:00:00+00:00"):
        [row] = facts(capsys, home, "books", "--at", moment)
        assert (row["entitled_shares"], row["cause"], row["changed_at"]) == ("50", "聚宽买入", NOW.isoformat())
    code, out, _ = verb(capsys, home, "books", "--at", "2026-11-20 10:00")
    assert code == 0 and "聚宽买入" in out


def test_why_a_book_is_what_it_is_is_told_change_by_change_and_page_by_page(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    home = write_home(tmp_path)
    keep_signal(home, NOW, "1", 1)
    changes = [
        BookChange(
            at=NOW + timedelta(seconds=number), strategy="小市值", account="模拟账户", symbol="000001.SZ",
            cause=cause, ref="gx-1", entitled=entitled, own=own,
        )
        for number, (cause, entitled, own) in enumerate(
            [("聚宽买入", Decimal("50.5"), 0), ("成交", Decimal(0), 100), ("成交", Decimal(0), -100)]
        )
    ]  # fmt: skip
    book = Book(strategy="小市值", account="模拟账户", symbol="000001.SZ", entitled=Decimal("50.5"))
    with Journal.open(home / "data" / FILE_NAME, clock=TurnedClock(NOW)) as journal:
        journal.commit(Batch(book_changes=changes, books={("小市值", "模拟账户", "000001.SZ"): book}))
    wanted = "小市值/模拟账户/000001.XSHE"
    found = facts(capsys, home, "why", wanted, "--limit", "2")
    assert (found["book"]["symbol"], found["book"]["entitled_shares"]) == ("000001.SZ", "50.5")
    assert [(row["cause"], row["own_shares"]) for row in found["changes"]] == [("成交", -100), ("成交", 100)]
    older = facts(capsys, home, "why", wanted, "--limit", "2", "--before", found["next"])
    assert [(row["cause"], row["entitled_shares"]) for row in older["changes"]] == [("聚宽买入", "50.5")]
    assert older["next"] is None
    code, out, _ = verb(capsys, home, "why", wanted, "--limit", "2")
    assert code == 0 and "-100" in out and f"--before {found['next']}" in out
    [held] = facts(capsys, home, "positions", "--at", "2026-11-20 10:00:01")
    assert (held["account"], held["own_shares"]) == ("模拟账户", 100)
    code, out, _ = verb(capsys, home, "positions", "--at", "2026-11-20 10:00:01")
    assert code == 0 and "小市值 100" in out and "手工" in out
    assert facts(capsys, home, "positions", "--at", "2026-11-20") == []


@pytest.mark.parametrize("words", [["小市值/模拟账户/600519.XSHG"], ["小市值/x"], ["小市值/模拟账户/x"]])
def test_a_book_that_is_none_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str]) -> None:
    home = write_home(tmp_path)
    keep_signal(home, NOW, "1", 1)
    code, _, err = verb(capsys, home, "why", *words)
    assert code == 2 and words[0] in err


def test_a_moment_that_is_none_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = verb(capsys, write_home(tmp_path), "books", "--at", "昨天上午")
    assert code == 2 and "2026-11-20 10:30" in err


def test_a_strategys_own_limits_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_limits = {"名称": "小市值", "标识": "xsz", "密钥": SECRET, "账户": "模拟账户"}
    with_limits |= {"不交易带宽": 0.05, "单策略持仓市值": 100000, "单票权重": 0.2}
    home = write_home(tmp_path, 策略=[with_limits])
    code, out, _ = verb(capsys, home, "strategy", "list")
    assert code == 0 and "不交易带宽 0.05，单策略持仓市值 100000 元，单票权重 0.2" in out
    (row,) = facts(capsys, home, "strategy", "list")
    assert (row["no_trade_band"], row["value_limit"], row["symbol_weight"]) == ("0.05", "100000", "0.2")
