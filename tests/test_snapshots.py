"""What a snapshot of JoinQuant's leads to: told, healed within guards, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from base_func import BEIJING
from desk.core.plans import plan_of
from desk.core.values import Follows, JqStatus, Mode, Side, SnapshotOrder, SnapshotPolicy, Style
from tests import checks
from tests.world import World, strategy

PING_AN, PU_FA = "000001.XSHE", "600000.XSHG"
MONDAY = datetime(2026, 11, 23, tzinfo=BEIJING)
Opening = Callable[..., World]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opening]:
    worlds: list[World] = []

    def make(policy: SnapshotPolicy = SnapshotPolicy.HEAL, *, ratio: object = 1, **more: object) -> World:
        world = World(tmp_path, strategies=[strategy("小市值", "xsz", ratio, snapshot_policy=policy, **more)])
        for symbol in ("000001.SZ", "600000.SH"):
            world.scene(symbol, price=Decimal(10))
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        world.close()


def lose(world: World, *arguments: object, **more: object) -> object:
    """An order event that is made but does not arrive; returned, so that it may arrive late."""
    return world.order_event(*arguments, **more)  # type: ignore[arg-type]


def live(jq_order_id: str, side: str, amount: int, filled: int, limit: str = "9.5") -> SnapshotOrder:
    return SnapshotOrder(
        jq_order_id=jq_order_id,
        security=PING_AN,
        side=Side(side),
        amount=amount,
        filled=filled,
        status=JqStatus.OPEN,
        limit=Decimal(limit),
    )


# --- alarm ------------------------------------------------------------------------------------------------------------


def test_an_alarm_tells_the_difference_and_its_value_and_trades_nothing(opened: Opening) -> None:
    world = opened(SnapshotPolicy.ALARM)
    world.order("1", PING_AN, "buy", 1000)
    lose(world, "2", PING_AN, "buy", 500)
    event_id = world.snapshot({PING_AN: 1500})
    world.pass_time(10)
    assert world.own("000001.SZ") == 1000
    assert world.trader.ledger.holding("小市值", "000001.SZ").strategy_shares == 1000
    told = [text for text in world.gaps() if "000001" not in text and "差 +500 股" in text]
    assert told == ["聚宽持有 1500 股,我们记着 1000 股,差 +500 股,约 5000 元:缺少信号,序号 2"]
    assert world.verdict(event_id) == ("ignored", None)


def test_a_gap_ends_with_the_first_snapshot_that_agrees(opened: Opening) -> None:
    world = opened(SnapshotPolicy.ALARM)
    world.order("1", PING_AN, "buy", 1000)
    world.snapshot({PING_AN: 900})
    assert len(world.gaps()) == 1
    world.snapshot({PING_AN: 800})
    assert ["差 -200 股" in text for text in world.gaps()] == [True]
    world.snapshot({PING_AN: 1000})
    assert world.gaps() == []


def test_a_late_signal_is_followed_as_long_as_no_snapshot_was_booked(opened: Opening) -> None:
    world = opened(SnapshotPolicy.ALARM)
    world.order("1", PING_AN, "buy", 1000)
    late = lose(world, "2", PING_AN, "buy", 500)
    world.snapshot({PING_AN: 1500})
    world.send(late)  # type: ignore[arg-type]
    world.pass_time(10)
    assert world.own("000001.SZ") == 1500


# --- healing ----------------------------------------------------------------------------------------------------------


def test_a_lost_buy_is_bought(opened: Opening) -> None:
    world = opened(ratio="0.5")
    world.order("1", PING_AN, "buy", 1000)
    lose(world, "2", PU_FA, "buy", 2000)
    world.snapshot({PING_AN: 1000, PU_FA: 2000})
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.own("600000.SH")) == (500, 1000)
    assert world.entitled("600000.SH") == 1000
    assert world.gaps() == []
    checks.assert_history_explains_books(world)


def test_a_lost_sell_is_sold_in_the_strategys_own_fraction(opened: Opening) -> None:
    world = opened(ratio="0.1")
    world.order("1", PING_AN, "buy", 10000)
    world.pass_time(10)
    world.reconfigure(accounts=strategy("小市值", "xsz", "0.5").accounts)
    lose(world, "2", PING_AN, "sell", 2000)
    world.snapshot({PING_AN: 8000})
    world.go_to(world.clock.now() + timedelta(days=3))
    world.pass_time(10)
    assert world.own("000001.SZ") == 800


def test_a_late_signal_changes_nothing_once_a_snapshot_that_held_it_is_booked(opened: Opening) -> None:
    world = opened()
    world.order("1", PING_AN, "buy", 1000)
    late = lose(world, "2", PING_AN, "buy", 500)
    world.snapshot({PING_AN: 1500})
    world.pass_time(10)
    (event_id,) = world.send(late)  # type: ignore[arg-type]
    world.pass_time(10)
    assert world.verdict(event_id) == ("ignored", "快照已含")
    assert world.own("000001.SZ") == 1500
    assert world.entitled("000001.SZ") == 1500


def test_the_final_of_an_order_that_a_snapshot_has_closed_counts_once(opened: Opening) -> None:
    world = opened()
    world.order("1", PING_AN, "buy", 1000, 0, "open", limit="9.9")
    world.pass_time(2)
    final = lose(world, "1", PING_AN, "buy", 1000, 1000, "held", limit="9.9")
    world.clock.turn(60)
    world.snapshot({PING_AN: 1000})
    world.pass_time(60)
    assert world.own("000001.SZ") == 1000
    world.send(final)  # type: ignore[arg-type]
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.entitled("000001.SZ")) == (1000, 1000)


def test_a_final_with_a_later_number_of_an_order_that_was_over_counts_once(opened: Opening) -> None:
    world = opened()
    placed = world.clock.now()
    world.order("1", PING_AN, "buy", 1000, 0, "open", limit="9.9")
    world.clock.turn(60)
    world.snapshot({PING_AN: 1000})
    world.pass_time(60)
    event_id = world.order("1", PING_AN, "buy", 1000, 1000, "held", limit="9.9", when=placed)
    assert world.verdict(event_id) == ("ignored", "快照已含")
    assert world.entitled("000001.SZ") == 1000


def test_a_live_order_that_we_never_heard_of_is_followed_as_it_fills(opened: Opening) -> None:
    world = opened()
    world.order("1", PU_FA, "buy", 1000)
    placed = world.clock.now()
    lose(world, "2", PING_AN, "buy", 1000, 0, "open", limit="9.5")
    world.clock.turn(60)
    world.snapshot({PU_FA: 1000, PING_AN: 300}, live=[live("2", "buy", 1000, 300, "10.5")])
    world.pass_time(10)
    assert world.own("000001.SZ") == 300
    world.order("2", PING_AN, "buy", 1000, 1000, "held", when=placed)
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.entitled("000001.SZ")) == (1000, 1000)


def test_fills_that_a_snapshot_tells_of_a_live_order_are_counted_once(opened: Opening) -> None:
    world = opened()
    placed = world.clock.now()
    world.order("1", PING_AN, "buy", 1000, 0, "open", limit="9.5")
    world.clock.turn(60)
    world.snapshot({PING_AN: 400}, live=[live("1", "buy", 1000, 400)])
    holding = world.trader.ledger.holding("小市值", "000001.SZ")
    assert (holding.strategy_shares, holding.counted_shares, world.entitled("000001.SZ")) == (400, 1000, 1000)
    world.order("1", PING_AN, "buy", 1000, 1000, "held", limit="9.5", when=placed)
    holding = world.trader.ledger.holding("小市值", "000001.SZ")
    assert (holding.strategy_shares, holding.counted_shares, world.entitled("000001.SZ")) == (1000, 1000, 1000)


def test_what_a_live_sale_wants_of_a_healed_stock_is_entitled_once_when_the_sale_is_cancelled(opened: Opening) -> None:
    world = opened()
    made = world.clock.now()
    world.order("1", PING_AN, "buy", 200, 0, "open", limit="9.5")
    lose(world, "2", PING_AN, "buy", 300)
    world.order("3", PING_AN, "buy", 200)
    world.clock.turn(60)
    placed = world.clock.now()
    world.order("4", PING_AN, "sell", 500, 0, "open", limit="10.5")
    world.clock.turn(60)
    world.snapshot({PING_AN: 500}, live=[live("4", "sell", 500, 0, "10.5")])
    world.pass_time(60)
    holding = world.trader.ledger.holding("小市值", "000001.SZ")
    assert (holding.counted_shares, world.entitled("000001.SZ")) == (100, 100)
    world.order("4", PING_AN, "sell", 500, 0, "canceled", limit="10.5", when=placed)
    world.pass_time(60)
    holding = world.trader.ledger.holding("小市值", "000001.SZ")
    assert (holding.strategy_shares, holding.counted_shares, world.entitled("000001.SZ")) == (500, 500, 500)
    world.snapshot({PING_AN: 500})
    world.pass_time(60)
    assert (world.own("000001.SZ"), world.entitled("000001.SZ")) == (500, 500)
    world.order("1", PING_AN, "buy", 200, 0, "canceled", limit="9.5", when=made)
    assert world.entitled("000001.SZ") == 500


def test_a_resting_stop_is_left_alone_by_a_snapshot_that_does_not_show_it(opened: Opening) -> None:
    world = opened()
    placed = world.clock.now()
    world.order("1", PING_AN, "buy", 1000, 0, "open", style=Style.STOP)
    world.clock.turn(60)
    world.snapshot({})
    world.order("1", PING_AN, "buy", 1000, 1000, "held", style=Style.STOP, when=placed)
    world.pass_time(10)
    assert world.own("000001.SZ") == 1000


def test_numbers_that_go_back_do_not_silence_new_orders(opened: Opening) -> None:
    world = opened()
    world.order("1", PING_AN, "buy", 1000)
    world.order("2", PU_FA, "buy", 1000)
    world.snapshot({PING_AN: 1000, PU_FA: 1000})
    world.pass_time(10)
    world._seq["xsz"] = 0
    world.order("3", PING_AN, "buy", 500)
    world.pass_time(10)
    assert world.own("000001.SZ") == 1500


def test_a_strategy_that_wants_a_persons_word_buys_nothing_by_itself(opened: Opening) -> None:
    world = opened(mode=Mode.CONFIRM)
    world.order("1", PING_AN, "buy", 1000)
    world.command("approve", id="all")
    world.pass_time(10)
    lose(world, "2", PING_AN, "buy", 500)
    world.snapshot({PING_AN: 1500})
    world.pass_time(10)
    assert world.own("000001.SZ") == 1000
    world.command("approve", id="all")
    world.pass_time(10)
    assert world.own("000001.SZ") == 1500


def test_what_may_not_be_bought_stays_a_shortfall(opened: Opening) -> None:
    world = opened(blacklist=("600000.SH",))
    world.order("1", PING_AN, "buy", 1000)
    world.snapshot({PING_AN: 1000, PU_FA: 1000})
    world.pass_time(10)
    assert (world.own("600000.SH"), world.entitled("600000.SH")) == (0, 1000)


def test_a_shortfall_at_limit_up_is_bought_by_the_next_snapshot(opened: Opening) -> None:
    world = opened()
    world.order("1", PING_AN, "buy", 1000)
    world.pass_time(10)
    world.scene("600000.SH", limit_up=True)
    world.snapshot({PING_AN: 1000, PU_FA: 1000})
    world.pass_time(10)
    assert (world.own("600000.SH"), world.entitled("600000.SH")) == (0, 1000)
    world.scene("600000.SH")
    world.snapshot({PING_AN: 1000, PU_FA: 1000})
    world.pass_time(60)
    assert (world.own("600000.SH"), world.entitled("600000.SH")) == (1000, 1000)


# --- guards -----------------------------------------------------------------------------------------------------------


def test_an_empty_snapshot_sells_nothing(opened: Opening) -> None:
    world = opened(snapshot_max_cut=Decimal(1))
    world.order("1", PING_AN, "buy", 1000)
    world.snapshot({})
    world.go_to(world.clock.now() + timedelta(days=3))
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.entitled("000001.SZ")) == (1000, 1000)
    assert len(world.gaps()) == 1


def test_a_snapshot_that_takes_away_too_much_changes_nothing(opened: Opening) -> None:
    world = opened()
    world.order("1", PING_AN, "buy", 1000)
    world.order("2", PU_FA, "buy", 1000)
    world.snapshot({PING_AN: 1000, PU_FA: 300})  # 700 of 2000 shares at one price: 35 %
    assert world.entitled("600000.SH") == 1000
    world.snapshot({PING_AN: 1000, PU_FA: 400})  # 30 %
    assert world.entitled("600000.SH") == 400


def test_a_snapshot_with_something_we_cannot_follow_changes_nothing_by_itself(opened: Opening) -> None:
    world = opened()
    world.order("1", PING_AN, "buy", 1000)
    world.snapshot({PING_AN: 1100, "IF2612.CCFX": 1})
    assert world.entitled("000001.SZ") == 1000
    assert any("IF2612" in text for text in world.gaps())
    world.snapshot({PING_AN: 1100})
    assert world.gaps() == []
    assert world.entitled("000001.SZ") == 1100


def test_a_snapshot_in_a_halt_changes_nothing(opened: Opening) -> None:
    world = opened()
    world.order("1", PING_AN, "buy", 1000)
    world.command("halt", reason="看看")
    world.snapshot({PING_AN: 1500})
    assert world.entitled("000001.SZ") == 1000


def test_a_snapshot_that_comes_after_newer_signals_changes_nothing(opened: Opening) -> None:
    world = opened()
    world.order("1", PING_AN, "buy", 1000)
    late = world.snapshot_event({PING_AN: 1000})
    world.order("2", PING_AN, "buy", 500)
    world.send(late)
    world.pass_time(10)
    assert world.own("000001.SZ") == 1500
    assert world.gaps() == []


def test_a_snapshot_of_a_backtest_or_too_old_or_older_than_the_last_changes_nothing(opened: Opening) -> None:
    world = opened()
    world.order("1", PING_AN, "buy", 1000)
    older = world.snapshot_event({PING_AN: 2000})
    assert world.verdict(world.snapshot({PING_AN: 2000}, backtest=True))[1] == "回测信号"
    hour_ago = world.clock.now() - timedelta(hours=1)
    assert world.verdict(world.snapshot({PING_AN: 2000}, sent_at=hour_ago))[1] == "信号过旧"
    world.snapshot({PING_AN: 1000})
    (event_id,) = world.send(older)
    world.settle()
    assert world.verdict(event_id)[1] == "快照已含"
    assert world.entitled("000001.SZ") == 1000


def test_a_healed_snapshot_survives_a_crash(opened: Opening) -> None:
    world = opened()
    world.order("1", PING_AN, "buy", 1000)
    late = lose(world, "2", PING_AN, "buy", 500)
    world.snapshot({PING_AN: 1500})
    world.kill()
    world.pass_time(10)
    world.send(late)  # type: ignore[arg-type]
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.entitled("000001.SZ")) == (1500, 1500)
    checks.assert_books_agree(world)


# --- what may be the exchange's doing ---------------------------------------------------------------------------------


def held_since_friday(opened: Opening, **more: object) -> World:
    world = opened(**more)
    if more.get("follows") is Follows.TARGET:
        world.snapshot({PING_AN: 1000})
        plan = plan_of(world.trader.ledger, "小市值")
        assert plan is not None
        world.command("approve", id=plan.plan_id)
    else:
        world.order("1", PING_AN, "buy", 1000)
    world.pass_time(10)
    assert world.own("000001.SZ") == 1000
    return world


def to_monday(world: World, hour: int, minute: int) -> None:
    world.go_to(MONDAY.replace(hour=hour, minute=minute), step=3600)


@pytest.mark.parametrize("follows", Follows)
def test_bonus_shares_told_before_the_account_was_seen_are_not_bought(opened: Opening, follows: Follows) -> None:
    world = held_since_friday(opened, follows=follows)
    world.exchange.corporate_action("000001.SZ", MONDAY.date(), factor=Decimal("1.3"))
    world.exchange.disconnect()
    to_monday(world, 9, 5)
    world.snapshot({PING_AN: 1300})
    world.exchange.reconnect()
    to_monday(world, 9, 40)
    assert (world.own("000001.SZ"), world.entitled("000001.SZ"), world.held("000001.SZ")) == (1300, 1300, 1300)
    world.snapshot({PING_AN: 1300})
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.held("000001.SZ"), world.gaps()) == (1300, 1300, [])


def test_shares_that_no_missing_signal_explains_wait_for_a_person(opened: Opening) -> None:
    world = held_since_friday(opened)
    to_monday(world, 9, 40)
    world.snapshot({PING_AN: 1300})
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.entitled("000001.SZ")) == (1000, 1000)
    assert plan_of(world.trader.ledger, "小市值") is not None


def test_a_frozen_stock_is_not_healed(opened: Opening) -> None:
    world = held_since_friday(opened)
    to_monday(world, 9, 40)
    lose(world, "2", PING_AN, "buy", 300)
    book = world.book("000001.SZ")
    world.trader.ledger.put_book(replace(book, frozen="看看"), "冻结", "test", world.clock.now())
    world.snapshot({PING_AN: 1300})
    world.pass_time(10)
    assert world.entitled("000001.SZ") == 1000


def test_what_a_missing_signal_explains_is_healed_on_the_next_day_as_well(opened: Opening) -> None:
    world = held_since_friday(opened)
    to_monday(world, 9, 40)
    lose(world, "2", PING_AN, "buy", 300)
    world.snapshot({PING_AN: 1300})
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.entitled("000001.SZ")) == (1300, 1300)


# --- a strategy that holds things already -----------------------------------------------------------------------------


@pytest.mark.parametrize("policy", SnapshotPolicy)
def test_what_a_strategy_held_before_we_followed_it_is_not_bought_and_its_sale_sells_nothing(
    opened: Opening, policy: SnapshotPolicy
) -> None:
    world = opened(policy)
    world.snapshot({PING_AN: 3000})
    assert world.gaps() == []
    world.order("1", PING_AN, "buy", 1000)
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.entitled("000001.SZ")) == (1000, 1000)
    world.order("2", PING_AN, "sell", 2000, n=2000)
    world.pass_time(10)
    assert world.entitled("000001.SZ") == 500  # 2000 of 4000: a half of what is ours
    assert world.gaps() == []
