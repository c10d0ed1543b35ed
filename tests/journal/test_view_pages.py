"""Pages of long lists, newest first; figures that pages and monitoring show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from desk.core.values import Verdict
from desk.journal import AccountView, Journal, view_pages, views
from desk.journal.view_figures import (
    account_days,
    hops,
    manual_order,
    monitored,
    newest,
    news_since,
    percentiles,
    usage,
    waiting,
)
from desk.journal.view_pages import (
    BadMark,
    Page,
    changes_page,
    fills_page,
    messages_page,
    orders_page,
    settings_page,
    signals_page,
)
from desk.journal.view_worth import strategy_days
from tests.world import TurnedClock, World, strategy

BANK, BANK_HERE = "000001.XSHE", "000001.SZ"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Five buys of one strategy and one of another, all filled."""
    made = World(tmp_path, strategies=[strategy("小市值", "xsz"), strategy("白马", "bm")])
    made.scene(BANK_HERE, price=Decimal(10))
    made.scene("600000.SH", price=Decimal(10))
    for number in range(1, 6):
        made.order(str(number), BANK, "buy", 100)
        made.pass_time(10)
    made.order("6", "600000.XSHG", "buy", 200, kid="bm")
    made.pass_time(10)
    yield made
    made.close()


def walked(page: Callable[[str | None], Page]) -> list[dict[str, object]]:
    """All rows of a list, page by page."""
    rows: list[dict[str, object]] = []
    mark: str | None = None
    while True:
        found = page(mark)
        rows += found.rows
        if found.next is None:
            return rows
        mark = found.next


def test_pages_joined_are_the_list_newest_first(world: World) -> None:
    for limit in (1, 2, 3, 6, 50):
        assert_pages_join(world.journal, limit)


def assert_pages_join(journal: Journal, limit: int) -> None:
    assert walked(lambda mark: signals_page(journal, mark=mark, limit=limit)) == views.signals(journal)[::-1]
    assert walked(lambda mark: orders_page(journal, mark=mark, limit=limit)) == views.orders(journal)[::-1]
    assert walked(lambda mark: fills_page(journal, mark=mark, limit=limit)) == views.fills(journal)[::-1]
    told = walked(lambda mark: messages_page(journal, mark=mark, limit=limit))
    assert [row["id"] for row in told] == [one.id for one in journal.outbox_list(500)]


def test_rows_that_come_meanwhile_shift_nothing(world: World) -> None:
    first = orders_page(world.journal, mark=None, limit=3)
    world.order("7", BANK, "buy", 100)
    world.pass_time(10)
    rest = orders_page(world.journal, mark=first.next, limit=3)
    assert len({row["client_order_id"] for row in first.rows + rest.rows}) == 6


def test_pages_are_asked_by_strategy_account_day_and_openness(world: World) -> None:
    journal, today = world.journal, world.clock.now().date()
    assert len(signals_page(journal, mark=None, limit=50, strategy="白马").rows) == 1
    assert len(signals_page(journal, mark=None, limit=50, day=today - timedelta(days=1)).rows) == 0
    assert len(orders_page(journal, mark=None, limit=50, strategy="小市值", day=today).rows) == 5
    assert len(orders_page(journal, mark=None, limit=50, account="别的").rows) == 0
    assert orders_page(journal, mark=None, limit=50, open_only=True).rows == []
    assert len(fills_page(journal, mark=None, limit=50, strategy="白马", account="主账户").rows) == 1


def test_a_mark_that_no_page_gave_is_refused(tmp_path: Path) -> None:
    with Journal.open(tmp_path, clock=TurnedClock()) as journal:
        for mark in ("", "x", "1~", "~", "1~2~3~x", "９", "-1", "1~x", "9" * 30):
            for page in (signals_page, messages_page, settings_page):
                with pytest.raises(BadMark):
                    page(journal, mark=mark, limit=5)
            with pytest.raises(BadMark):
                changes_page(journal, strategy="小市值", symbol=BANK_HERE, account=None, mark=mark, limit=5)


def test_a_book_tells_how_it_came_to_be(world: World) -> None:
    rows = walked(
        lambda mark: changes_page(
            world.journal, strategy="小市值", symbol=BANK_HERE, account="主账户", mark=mark, limit=4
        )
    )
    assert sum(int(str(row["own_shares"])) for row in rows) == world.own(BANK_HERE) == 500
    assert rows[0]["cause"] == "成交"


def test_the_hops_of_a_signal_are_measured(world: World) -> None:
    found = hops(world.journal)
    assert found["signals"] == 6
    by_name = {row["hop"]: row for row in found["hops"]}
    assert by_name["delivery"] == {"hop": "delivery", "count": 6, "p50": 0.0, "p90": 0.0, "p99": 0.0}
    assert by_name["broker"]["count"] == 6


def test_percentiles_are_of_the_nearest_rank() -> None:
    assert percentiles(range(1, 101)) == {"p50": 50, "p90": 90, "p99": 99}
    assert percentiles([7]) == {"p50": 7, "p90": 7, "p99": 7}
    assert percentiles([]) == {"p50": None, "p90": None, "p99": None}


def test_the_usage_of_the_limits_is_what_the_trading_loop_counts(world: World) -> None:
    today = world.clock.now().date()
    counted = world.trader.ledger.counts_of("主账户", today)
    used = usage(world.journal, today)["主账户"]
    assert (used["orders"], used["cancels"], used["buy_turnover"]) == (
        counted.orders,
        counted.cancels,
        counted.buy_turnover,
    )


def test_what_waits_for_a_person_is_listed(tmp_path: Path) -> None:
    from desk.core.values import Mode

    world = World(tmp_path, strategies=[strategy("小市值", "xsz", mode=Mode.CONFIRM)])
    world.scene(BANK_HERE, price=Decimal(10))
    event = world.order("1", BANK, "buy", 100)
    (row,) = waiting(world.journal)
    assert (row["signal_id"], row["shares"], row["ended"]) == (event, 100, False)
    world.command("approve", id="all")
    assert waiting(world.journal) == []
    world.close()


def test_a_manual_order_is_found_by_its_key(world: World) -> None:
    assert manual_order(world.journal, "k1") is None
    args = {"key": "k1", "account": "主账户", "symbol": BANK_HERE, "side": "buy", "shares": "300"}
    assert world.command("order", **args)[0]
    world.pass_time(10)
    found = manual_order(world.journal, "k1")
    assert found is not None
    assert (found["filled_shares"], found["ended"], [row["state"] for row in found["orders"]]) == (
        300,
        True,
        ["filled"],
    )


def test_an_accounts_days_are_its_curve(world: World) -> None:
    look = AccountView(
        name="甲",
        channel="paper",
        connected=True,
        cash=Decimal(1000),
        market_value=Decimal(0),
        total_asset=Decimal(1000),
        at=world.clock.now(),
    )
    for days, total in ((0, 1000), (0, 1010), (1, 1030), (4, 990)):
        world.journal.save_account(replace(look, total_asset=Decimal(total), at=look.at + timedelta(days=days)), [])
        world.journal.ask("reconcile", {}, "test")  # a durable write behind it
    world.journal.save_account(replace(look, connected=False, at=look.at + timedelta(days=5)), [])
    world.journal.ask("reconcile", {}, "test")
    first = look.at.date()

    def days_from(day: int) -> list[tuple[str, str]]:
        rows = account_days(world.journal, first + timedelta(days=day), first + timedelta(days=9))
        return [(row["total_asset"], row["profit"]) for row in rows if row["account"] == "甲"]

    assert days_from(0) == [("1010", "10"), ("1030", "20"), ("990", "-40")]
    assert days_from(4) == [("990", "-40")]


def test_a_strategys_days_are_its_last_snapshots(world: World) -> None:
    today = world.clock.now().date()
    world.snapshot({BANK: 500}, equity=100000)
    world.pass_time(5)
    world.snapshot({BANK: 500}, equity=101000)
    world.snapshot({BANK: 500})
    assert strategy_days(world.journal, "小市值", today, today) == []
    world.snapshot({BANK: 500}, equity=102000)
    (row,) = strategy_days(world.journal, "小市值", today - timedelta(days=3), today)
    assert (row["day"], row["equity"]) == (today.isoformat(), "102000")


def test_what_a_strategy_was_worth_is_read_on_day_by_day(world: World) -> None:
    first = world.clock.now().date()

    def told(since: date) -> list[tuple[str, str]]:
        days = strategy_days(world.journal, "小市值", since, world.clock.now().date())
        return [(row["day"], row["equity"]) for row in days]

    world.snapshot({BANK: 500}, equity=102000)
    assert told(first) == [(first.isoformat(), "102000")]
    world.snapshot({BANK: 500}, equity=103000)
    world.go_to(world.clock.now() + timedelta(days=3))
    monday = world.clock.now().date()
    world.snapshot({BANK: 500}, equity=104000)
    assert told(first) == [(first.isoformat(), "103000"), (monday.isoformat(), "104000")]
    assert told(monday) == [(monday.isoformat(), "104000")]
    assert told(first - timedelta(days=30)) == told(first)


def test_monitoring_counts_and_reads_on_from_where_it_was(world: World) -> None:
    counts = monitored(world.journal, world.clock.now().date())
    assert counts["events"] == {"done": 6}
    assert counts["orders"] == {"filled": 6}
    event, fact = newest(world.journal)
    assert news_since(world.journal, event, fact, 100) == (event, fact, [], [])
    world.order("7", BANK, "buy", 100)
    world.pass_time(10)
    after_event, after_fact, delivered, answered = news_since(world.journal, event, fact, 100)
    assert (after_event, len(delivered), len(answered)) == (event + 1, 1, 1)
    assert after_fact > fact


def test_changes_of_the_configuration_are_listed(world: World) -> None:
    for number in range(3):
        world.journal.note_settings_change(at=world.clock.now(), who="test", key=str(number), old=None, new="1")
    rows = walked(lambda mark: settings_page(world.journal, mark=mark, limit=2))
    assert [row["key"] for row in rows] == ["2", "1", "0"]


def test_what_has_no_index_is_looked_for_among_some_rows_for_each_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_pages, "LOOKED_AT", 2)
    journal = world.journal
    assert len(walked(lambda mark: orders_page(journal, mark=mark, limit=10))) == 6
    first = orders_page(journal, mark=None, limit=10, strategy="nobody")
    assert (first.rows, first.next is None) == ([], False)
    for asked in ("小市值", "白马"):
        found = walked(lambda mark, asked=asked: orders_page(journal, mark=mark, limit=10, strategy=asked))
        assert {row["strategy"] for row in found} == {asked}
    assert len(walked(lambda mark: orders_page(journal, mark=mark, limit=1, strategy="小市值"))) == 5
    of_bank = [row for row in views.fills(journal) if row["symbol"] == BANK_HERE]
    assert walked(lambda mark: fills_page(journal, mark=mark, limit=10, symbol=BANK_HERE)) == of_bank[::-1]
    assert len(walked(lambda mark: signals_page(journal, mark=mark, limit=2, asked_only=True))) == 6
    assert walked(lambda mark: signals_page(journal, mark=mark, limit=2, verdict=Verdict.REFUSED)) == []
