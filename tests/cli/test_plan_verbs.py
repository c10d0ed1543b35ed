"""`plan list` and `plan show`: the plans that wait, for people and for scripts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from base_func import BEIJING
from desk.core.batch import Batch
from desk.core.ledger import Ledger
from desk.core.plans import Plan, PlanKind, PlanRow, put_plan
from desk.journal import FILE_NAME, Journal
from tests.cli.homes import facts, verb, write_home
from tests.world import TurnedClock

NOW = datetime(2026, 11, 20, 15, 1, tzinfo=BEIJING)


def with_a_plan(home: Path) -> Path:
    ledger = Ledger()
    rows = (
        PlanRow(account="模拟账户", symbol="000001.SZ", side="sell", shares=1200, value="12000.00"),
        PlanRow(account="模拟账户", symbol="600000.SH", side="buy", shares=300, value=None),
    )
    plan = Plan(
        plan_id="pabc",
        kind=PlanKind.HEAL,
        strategy="小市值",
        made_at=NOW,
        why=("快照是空的,而账本里还有持仓",),
        texts=("000001.SZ 聚宽持有 0 股,我们记着 1200 股",),
        rows=rows,
        figures="[]",
        event=None,
    )
    put_plan(ledger, plan)
    (home / "data").mkdir(exist_ok=True)
    with Journal.open(home / "data" / FILE_NAME, clock=TurnedClock(NOW)) as journal:
        journal.commit(Batch(flags=ledger.take_batch().flags))
    return home


def test_a_plan_is_listed_and_shown_with_its_orders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = with_a_plan(write_home(tmp_path))
    (listed,) = facts(capsys, home, "plan", "list")
    assert listed == facts(capsys, home, "plan", "show", "pabc")
    assert [(o["side"], o["symbol"], o["shares"]) for o in listed["orders"]] == [
        ("sell", "000001.SZ", 1200),
        ("buy", "600000.SH", 300),
    ]
    assert sum(Decimal(o["value"] or 0) for o in listed["orders"]) == 12000
    assert facts(capsys, home, "status")["waiting_approval"] == 1
    _, table, _ = verb(capsys, home, "plan", "list")
    assert "pabc" in table and "小市值" in table and "补齐" in table
    _, shown, _ = verb(capsys, home, "plan", "show", "pabc")
    assert "卖出" in shown and "1,200" in shown and "approve pabc" in shown


def test_without_plans_that_is_said_and_an_unknown_one_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = write_home(tmp_path)
    assert facts(capsys, home, "plan", "list") == []
    assert "没有等人批准的计划" in verb(capsys, home, "plan", "list")[1]
    assert verb(capsys, home, "plan", "show", "pxyz")[0] == 2
