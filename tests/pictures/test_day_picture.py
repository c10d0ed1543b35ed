"""The picture of a day shows what the journal says; where it cannot be drawn the same stands in markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from desk.console.day_facts import day_facts
from desk.core.values import Verdict
from desk.journal import AccountView
from desk.pictures import fonts
from desk.pictures.day import draw
from desk.texts.day_picture import MARKDOWN_BYTES, DayDifference, DayFacts, markdown
from tests.cli.homes import verb, write_home
from tests.world import World, strategy

BANK, BANK_HERE = "000001.XSHE", "000001.SZ"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, strategies=[strategy("小市值", "xsz", "0.5")])
    made.scene(BANK_HERE, price=Decimal(10))
    yield made
    made.close()


def facts_of(world: World, day: date | None = None) -> DayFacts:
    world.journal.ask("reconcile", {}, "test")  # a durable write: the account's look is stored as well
    world.settle()
    return day_facts(world.journal, world.config, day or world.clock.now().date())


def full(**changed: object) -> DayFacts:
    facts = DayFacts(
        day=date(2026, 11, 20),
        subtitle="主账户　小市值（实盘）",
        worth=Decimal(100500),
        profit=Decimal(500),
        exposure=Decimal("0.7312"),
        bought=Decimal(2000),
        sold=Decimal(1000),
        fees=Decimal("5.50"),
        days=[date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)],
        ours=[0, -0.5, 1.25],
        theirs={"小$市$值": [None, 0, 1.5]},
        funnel=[6, 5, 5, 4],
        verdicts={Verdict.DONE: 4, Verdict.REFUSED: 2},
        reasons=[("涨停", 1), ("比例后不足一手", 1)],
        holdings=[("平安银行 000001.SZ", Decimal(20000))],
        differences=[
            DayDifference(
                strategy="小$市$值", account="主账户", symbol=BANK_HERE, target=300, own=200, cause="少了\n<b>[序号](x)"
            )
        ],
        more_differences=3,
    )
    return replace(facts, **changed)  # type: ignore[arg-type]


EMPTY = full(
    worth=None, profit=None, exposure=None, days=[], ours=[], theirs={}, funnel=[0, 0, 0, 0], verdicts={},
    reasons=[], holdings=None, differences=[], more_differences=0,
)  # fmt: skip


def test_the_facts_are_those_of_the_journal(world: World) -> None:
    world.order("1", BANK, "buy", 1000)
    world.order("2", BANK, "buy", 50)
    world.pass_time(10)
    facts = facts_of(world)
    assert (facts.funnel, facts.verdicts[Verdict.DONE], facts.reasons) == ([2, 1, 1, 1], 1, [("比例后不足一手", 1)])
    assert facts.worth is not None and facts.profit is not None and facts.exposure is not None
    assert round(facts.exposure * facts.worth) == 5000
    assert facts.holdings is not None and [value for _, value in facts.holdings] == [Decimal(5000)]
    assert facts.bought > 5000 > facts.sold == 0


def test_the_curve_is_chained_by_days_and_a_new_accounts_money_makes_no_jump(world: World) -> None:
    day = world.clock.now() - timedelta(days=9)
    look = AccountView(
        name="甲",
        channel="paper",
        connected=True,
        cash=Decimal(0),
        market_value=Decimal(0),
        total_asset=Decimal(1000),
        at=day,
    )
    for name, days, total in (("甲", 0, 1000), ("甲", 1, 1100), ("乙", 1, 5000), ("甲", 2, 1100), ("乙", 2, 5610)):
        world.journal.save_account(
            replace(look, name=name, total_asset=Decimal(total), at=day + timedelta(days=days)), []
        )
        world.journal.ask("reconcile", {}, "test")
    facts = facts_of(world, (day + timedelta(days=2)).date())
    # The second day: 100 of 1000 + 5000; the third: 610 of 6100.
    assert [round(value, 4) for value in facts.ours] == [0, 1.6667, 11.8333]
    assert facts.holdings is None


def test_a_strategys_curve_is_what_it_told(world: World) -> None:
    world.snapshot({}, equity=100000)
    world.go_to(world.clock.now() + timedelta(days=3), 3600)
    world.snapshot({}, equity=102000)
    facts = facts_of(world)
    known = [value for value in facts.theirs["小市值"] if value is not None]
    assert known == [0, 2]


def test_differences_are_listed_by_their_value(world: World) -> None:
    world.order("1", BANK, "buy", 1000)
    world.pass_time(10)
    book = world.book(BANK_HERE)
    world.trader.ledger.put_book(replace(book, entitled=Decimal(800)), "test", "test", world.clock.now())
    facts = facts_of(world)
    assert [(one.symbol, one.target, one.own) for one in facts.differences] == [(BANK_HERE, 800, 500)]


@pytest.mark.parametrize("facts", [full(), EMPTY], ids=["full", "empty"])
def test_a_picture_comes_of_any_facts(facts: DayFacts) -> None:
    try:
        fonts.chinese_family()
    except fonts.NoChineseFont as error:
        pytest.skip(str(error))
    assert draw(facts).startswith(b"\x89PNG\r\n")


def test_the_markdown_says_the_same_and_takes_no_mark_up_of_strangers() -> None:
    said = markdown(full())
    for part in (
        "100,500.00",
        "+500.00（+0.50%）",
        "73.12%",
        "收到 6 → 要跟 5",
        "涨停 × 1",
        "应有 300 实有 200",
        "另有 3 处",
    ):
        assert part in said
    assert "<b>" not in said and "](" not in said
    assert "账目与策略一致" in markdown(EMPTY)


def test_the_markdown_is_cut_at_a_line() -> None:
    many = [
        DayDifference(strategy="小市值", account="主账户", symbol=BANK_HERE, target=1, own=0, cause="原因" * 20)
    ] * 60
    said = markdown(full(differences=many))
    assert 3500 < len(said.encode()) <= MARKDOWN_BYTES
    assert said.splitlines()[-1].startswith("- 小市值")


def test_report_writes_the_picture_or_the_text_beside_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = write_home(tmp_path / "home")
    monkeypatch.setattr(fonts, "FAMILIES", ())
    code, _, err = verb(capsys, home, "report", "--png", str(tmp_path / "图.png"))
    assert (code, "没有中文字体" in err) == (0, True)
    assert "跟单日报" in (tmp_path / "图.md").read_text(encoding="utf-8")
    monkeypatch.undo()
    try:
        fonts.chinese_family()
    except fonts.NoChineseFont as error:
        pytest.skip(str(error))
    code, _, err = verb(capsys, home, "report", "--png", str(tmp_path / "图.png"))
    assert (code, (tmp_path / "图.png").read_bytes()[:4]) == (0, b"\x89PNG")
    assert verb(capsys, home, "report", "--png", str(tmp_path / "none" / "图.png"))[0] == 2
