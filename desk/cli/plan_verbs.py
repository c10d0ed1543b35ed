"""`plan list` and `plan show`; a plan is approved and rejected as everything is that waits for a person."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from desk.cli import exits, showing
from desk.cli.exits import Leave
from desk.cli.home import Home
from desk.cli.options import with_home, with_json
from desk.cli.usage import ChineseGroup
from desk.clock import SystemClock
from desk.core.values import Side
from desk.journal.view_plans import plans
from desk.texts import cli as texts
from desk.texts.labels import day_and_time, label, money, table


@click.group(cls=ChineseGroup)
@with_home
def plan(home: Path) -> None:
    """看等人批准的计划（快照要求的买卖）。"""


def _plans(home: Path) -> list[dict[str, Any]]:
    place = Home(home)
    with place.look(place.config(), SystemClock()) as journal:
        return plans(journal)


@plan.command("list")
@with_home
@with_json
def plan_list(home: Path, as_json: bool) -> None:
    """列出等人批准的计划。"""
    rows = _plans(home)
    if as_json:
        showing.document(rows)
    elif not rows:
        showing.say(texts.NO_PLANS)
    else:
        cells = [
            [row["id"], row["strategy"], row["kind"], _at(row), len(row["orders"]), "；".join(row["why"]) or None]
            for row in rows
        ]
        showing.say(table(cells, ["计划", "策略", "类型", "时间", "委托数", "为什么要人批准"]))


@plan.command("show")
@click.argument("wanted", metavar="计划编号")
@with_home
@with_json
def plan_show(home: Path, wanted: str, as_json: bool) -> None:
    """看一份计划：差在哪里、会下哪些委托。"""
    row = next((row for row in _plans(home) if row["id"] == wanted), None)
    if row is None:
        raise Leave(exits.CONFIG, texts.unknown_plan(wanted))
    if as_json:
        showing.document(row)
        return
    showing.say(f"计划 {row['id']}　{row['strategy']}　{row['kind']}　{_at(row)}")
    for line in [*row["why"], *row["differences"]]:
        showing.say(f"  · {line}")
    cells = [
        [
            order["account"],
            label(Side(order["side"])),
            order["symbol"],
            f"{order['shares']:,}",
            money(Decimal(order["value"])) if order["value"] else None,
        ]
        for order in row["orders"]
    ]
    showing.say(table(cells, ["账户", "方向", "代码", "股数", "约合金额"]) if cells else texts.PLAN_WITHOUT_ORDERS)
    showing.say(texts.plan_how(row["id"]))


def _at(row: dict[str, Any]) -> str:
    return day_and_time(datetime.fromisoformat(row["made_at"]))
