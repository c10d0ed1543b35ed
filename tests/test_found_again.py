"""Defects that a second review proved and that were mended: one story a test, told as it must go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from base_func import BEIJING
from desk.broker.paper import PaperBroker
from desk.core.config import AccountConfig
from desk.core.values import BrokerStatus, Mode
from tests import checks
from tests.world import NO_LIMITS, World, strategy

PINGAN, SZ = "000001.XSHE", "000001.SZ"
MONDAY = datetime(2026, 11, 23, 9, 29, 50, tzinfo=BEIJING)
TWO = [strategy("甲", "jia"), strategy("乙", "yi")]

Make = Callable[..., World]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[World] = []

    def build(**more: object) -> World:
        more.setdefault("strategies", [strategy("小市值", "xsz")])
        world = World(tmp_path, **more)  # type: ignore[arg-type]
        made.append(world)
        for exchange in world.exchanges.values():
            exchange.scene(SZ, price=Decimal(10))
        return world

    yield build
    for world in made:
        checks.assert_never_more_than_meant(world)
        world.close()


def hold(world: World, kid: str = "xsz") -> None:
    """Own 1000 since the last session, Monday's begun."""
    world.order("hold", PINGAN, "buy", 1000, kid=kid)
    world.pass_time(10)
    world.go_to(MONDAY, step=3600)
    world.pass_time(60)


# --- prices ---


def test_a_resting_sell_keeps_its_limit_at_limit_down(make: Make) -> None:
    world = make()
    hold(world)
    world.scene(SZ, limit_down=True)
    world.order("1", PINGAN, "sell", 1000, status="open", limit="10.50", n=1000)
    world.pass_time(5)
    world.scene(SZ, price=Decimal("9.20"))
    world.pass_time(30)
    assert world.own(SZ) == 1000, "JoinQuant still rests at 10.50"


def test_a_filled_limit_sell_is_not_queued_below_its_limit(make: Make) -> None:
    world = make()
    hold(world)
    world.scene(SZ, limit_down=True)
    world.order("1", PINGAN, "sell", 1000, limit="9.50", price="9.60", n=0)
    world.pass_time(5)
    assert all(o.price >= Decimal("9.50") for o in world.broker_orders() if o.side.value == "sell")


def test_a_buy_that_joinquant_rests_below_limit_up_rests_here_too(make: Make) -> None:
    world = make()
    world.scene(SZ, limit_up=True)
    event = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(5)
    assert world.verdict(event)[0] == "working"
    assert [(o.price, o.status.final) for o in world.broker_orders()] == [(Decimal("9.50"), False)]


# --- books ---


def test_shares_found_by_positions_after_a_restart_are_entitled_again(make: Make) -> None:
    world = make(start=datetime(2026, 11, 20, 14, 50, tzinfo=BEIJING), settle_s=60.0)
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(5)
    world.exchange.disconnect()
    world.pass_time(5)
    world.scene(SZ, price=Decimal("9.40"))
    world.order("1", PINGAN, "buy", 1000, status="held", limit="9.50", price="9.45")
    world.go_to(datetime(2026, 11, 20, 17, 30, tzinfo=BEIJING), step=60)
    world.kill()
    world.go_to(datetime(2026, 11, 23, 9, 0, tzinfo=BEIJING), step=3600)
    world.kill()
    world.exchange.reconnect()
    world.go_to(MONDAY, step=60)
    world.pass_time(60)
    assert world.own(SZ) == 1000 == world.entitled(SZ)


def test_a_late_sell_all_does_not_empty_what_was_bought_since(make: Make) -> None:
    world = make()
    hold(world)
    sell = world.order_event("1", PINGAN, "sell", 1000, n=0)
    made = world.clock.now()
    world.pass_time(60)
    world.order("2", PINGAN, "buy", 500, n=500)
    world.pass_time(10)
    world.send(sell, sent_at=made)
    world.pass_time(20)
    world.go_to(MONDAY + timedelta(days=1), step=3600)
    world.pass_time(60)
    assert world.own(SZ) == 500 == world.entitled(SZ)


def test_a_repeated_sell_all_changes_nothing(make: Make) -> None:
    world = make()
    hold(world)
    when = world.clock.now()
    world.order("1", PINGAN, "sell", 1000, n=0, when=when)
    world.pass_time(10)
    world.order("2", PINGAN, "buy", 1000, n=1000)
    world.pass_time(10)
    again = world.order("1", PINGAN, "sell", 1000, n=0, when=when)
    assert world.verdict(again) == ("ignored", "已跟过")
    assert world.entitled(SZ) == 1000


@pytest.mark.parametrize("how", ["pause", "halt", "halt --cancel"])
def test_an_old_sell_waits_for_approval_over_a_pause_and_a_halt(make: Make, how: str) -> None:
    world = make()
    world.order("hold", PINGAN, "buy", 1000)
    world.pass_time(10)
    friday = world.clock.now() + timedelta(hours=2)
    world.go_to(MONDAY, step=3600)
    world.pass_time(60)
    world.order("old", PINGAN, "sell", 1000, sent_at=friday, when=friday)
    if how == "pause":
        world.reconfigure(enabled=False)
        world.pass_time(5)
        first = world.config.strategies[0]
        world.config = replace(world.config, strategies=(replace(first, enabled=True),))
        world.command("reload", resumed="小市值")
    else:
        world.command("halt", reason="x", cancel="1" if "cancel" in how else "")
        world.pass_time(5)
        world.command("unhalt", reason="y")
    world.pass_time(20)
    assert world.own(SZ) == 1000
    assert world.command("approve", id="all")[0]
    world.pass_time(20)
    assert world.own(SZ) == 0


# --- resting orders ---


def resting(world: World) -> list[tuple[str, bool]]:
    return [(o.client_order_id, o.status.final) for o in world.broker_orders() if not o.status.final]


def test_a_resting_buy_that_gave_way_after_twenty_minutes_rests_again(make: Make) -> None:
    world = make(strategies=TWO)
    hold(world, "yi")
    event = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50", kid="jia")
    world.pass_time(1200, step=30)
    sell = world.order("2", PINGAN, "sell", 1000, kid="yi")
    world.pass_time(30)
    assert world.verdict(sell) == ("done", None)
    assert world.verdict(event)[0] == "working"
    assert len(resting(world)) == 1


def test_a_sell_that_can_not_sell_today_does_not_disturb_a_resting_order(make: Make) -> None:
    world = make(strategies=TWO)
    world.order("hold", PINGAN, "buy", 1000, kid="yi")
    world.pass_time(10)
    event = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50", kid="jia")
    world.pass_time(700, step=10)
    before = resting(world)
    world.order("2", PINGAN, "sell", 1000, kid="yi")
    world.pass_time(30)
    assert resting(world) == before and len(before) == 1
    assert world.verdict(event)[0] == "working"


def test_a_frozen_book_keeps_nobodys_resting_order_out(make: Make) -> None:
    world = make(strategies=TWO)
    hold(world, "yi")
    book = world.book(SZ, "乙")
    world.trader.ledger.put_book(replace(book, frozen="x"), "冻结", SZ, world.clock.now())
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50", kid="jia")
    world.pass_time(5)
    world.order("2", PINGAN, "sell", 1000, kid="yi")
    world.pass_time(30)
    assert len(resting(world)) == 1


def test_the_second_piece_of_a_resting_order_is_not_too_old(make: Make) -> None:
    rich = AccountConfig(name="主账户", initial_cash=Decimal(100_000_000), limits=NO_LIMITS)
    world = make(accounts=[rich])
    event = world.order("1", PINGAN, "buy", 2_000_000, status="open", limit="9.50")
    world.pass_time(900, step=30)
    world.scene(SZ, price=Decimal("9.40"))
    world.pass_time(60)
    assert world.verdict(event) == ("done", None)
    assert world.own(SZ) == 2_000_000


# --- channels that raise ---


class Broken(PaperBroker):
    def snapshot(self) -> None:
        raise RuntimeError("vendor")


class Stubborn(PaperBroker):
    def cancel(self, client_order_id: str, broker_order_id: str) -> None:
        raise RuntimeError("vendor")


def test_one_accounts_failing_channel_stops_no_other_account(make: Make) -> None:
    accounts = [AccountConfig(name=name, limits=NO_LIMITS) for name in ("主账户", "二")]
    world = make(accounts=accounts, strategies=[TWO[0], strategy("乙", "yi", account="二")])
    world.desks["主账户"].broker.__class__ = Broken
    world.order("1", PINGAN, "buy", 1000, kid="yi")
    world.pass_time(10)
    assert world.held(SZ, "二") == 1000
    assert any(told.message.title == "券商通道出错" for told in world.journal.outbox_list(50))


def test_a_cancel_that_raises_loses_no_order_of_the_same_turn(make: Make) -> None:
    world = make(strategies=TWO)
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50", kid="jia")
    world.pass_time(5)
    world.desks["主账户"].broker.__class__ = Stubborn
    world.order("2", PINGAN, "buy", 1000, kid="yi", settle=False)
    other = world.order("3", "600000.XSHG", "buy", 1000, kid="yi")
    world.pass_time(10)
    assert world.verdict(other) == ("done", None)


def test_the_counts_of_an_older_day_leave_todays_alone(make: Make) -> None:
    ledger = make().trader.ledger
    today = MONDAY.date()
    ledger.counts_of("主账户", today).orders = 7
    assert ledger.counts_of("主账户", today - timedelta(days=3)).orders == 0
    assert ledger.counts_of("主账户", today).orders == 7


# --- clocks ---


def test_a_close_is_run_again_when_the_wall_clock_comes_back_from_beyond_it(make: Make) -> None:
    fund = "510300.XSHG"
    world = make()
    world.order("1", fund, "buy", 1000)
    world.pass_time(10)
    world.go_to(world.clock.now().replace(hour=14, minute=40))
    world.clock.jump(8 * 3600)
    world.pass_time(10)
    world.clock.jump(-8 * 3600)
    world.pass_time(10)
    world.scene("510300.SH", suspended=True)
    event = world.order("2", fund, "sell", 1000)
    world.pass_time(10)
    assert world.verdict(event)[0] == "working"
    world.go_to(world.clock.now().replace(hour=15, minute=1))
    assert world.verdict(event)[0] == "refused"


def test_a_sale_waits_for_figures_that_know_of_the_end_of_the_one_before(make: Make) -> None:
    """210 of 300 STAR shares rest and are cancelled; a picture that still shows them frozen makes 90 look like all."""
    world = make(strategies=[strategy("小市值", "xsz", "0.3")], settle_s=60)
    world.scene("688981.SH", price=Decimal(88))
    world.order("1", "688981.XSHG", "buy", 1000, price="88")
    world.pass_time(10)
    assert world.own("688981.SH") == 300
    world.go_to(MONDAY, step=3600)
    world.pass_time(60)
    world.order("2", "688981.XSHG", "sell", 700, 0, "open", limit="95")
    world.pass_time(5)
    world.exchange.faults.invisible_s = 2.0
    world.order("3", PINGAN, "buy", 1000)  # young, hence not in the pictures of the next seconds
    world.order("2", "688981.XSHG", "sell", 700, 0, "canceled", limit="95")
    world.order("4", "688981.XSHG", "sell", 700, price="88")
    world.pass_time(20)
    assert [o.text for o in world.broker_orders() if o.status is BrokerStatus.REJECTED] == []
    assert world.own("688981.SH") == 90


# --- a sale that a person has refused ---


@pytest.mark.parametrize(
    ("bought", "own", "amount", "filled", "entitled"),
    [(1000, 1700, 1000, 0, 1700), (1000, 1700, 600, 0, 1700), (1000, 1700, 1000, 300, 1700), (200, 300, 200, 0, 340)],
)
def test_what_a_person_keeps_is_not_entitled_again_when_joinquant_takes_its_sale_back(
    make: Make, bought: int, own: int, amount: int, filled: int, entitled: int
) -> None:
    world = make(strategies=[strategy("小市值", "xsz", ratio="1.7", mode=Mode.CONFIRM)])
    world.order("hold", PINGAN, "buy", bought)
    world.command("approve", id="all")
    world.pass_time(10)
    world.go_to(MONDAY, step=3600)
    world.pass_time(60)
    world.order("1", PINGAN, "sell", amount, status="open", limit="10.50")
    assert (world.own(SZ), world.entitled(SZ)) == (own, entitled - Decimal(amount) * Decimal("1.7"))
    assert world.command("reject", id="all")[0]
    world.order("1", PINGAN, "sell", amount, filled, status="canceled", limit="10.50")
    world.pass_time(10)
    assert (world.own(SZ), world.entitled(SZ)) == (own, entitled)


def test_a_sale_that_joinquant_takes_back_after_a_liquidation_entitles_to_nothing(make: Make) -> None:
    world = make()
    hold(world)
    world.order("1", PINGAN, "sell", 1000, status="open", limit="10.50")
    assert world.command("halt", reason="test", cancel="1", liquidate="1")[0]
    world.pass_time(30)
    world.order("1", PINGAN, "sell", 1000, 0, status="canceled", limit="10.50")
    world.pass_time(30)
    assert (world.own(SZ), world.entitled(SZ)) == (0, 0)
