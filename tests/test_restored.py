"""An older journal put back beside a broker that went on: what it sees there is never ordered a second time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from desk.journal import restore
from desk.journal.history import check_history
from tests import checks
from tests.world import OPENING, World, strategy

PINGAN, SZ = "000001.XSHE", "000001.SZ"
VANKE, VANKE_SZ = "000002.XSHE", "000002.SZ"
NEXT_MORNING = OPENING + timedelta(days=3)  # a Monday
SAME_DAY, NEXT_DAY = "the same day", "the next day"
HAND_MADE = 5000
STRANGER = "发现不认识的委托"
Make = Callable[..., World]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[World] = []

    def build() -> World:
        """A strategy that has bought 2000 beside hand-made shares of the same stock."""
        world = World(tmp_path / "home", strategies=[strategy("小市值", "xsz", 1)])
        made.append(world)
        world.exchange.deposit(SZ, HAND_MADE, Decimal(10))
        for symbol in (SZ, VANKE_SZ):
            world.scene(symbol, price=Decimal(10))
        world.pass_time(1)
        world.order("0", PINGAN, "buy", 2000)
        world.pass_time(5)
        assert world.own(SZ) == 2000
        return world

    (tmp_path / "home").mkdir()
    yield build
    for world in made:
        assert check_history(world.journal) == []
        world.close()


def back_up(world: World) -> Path:
    copy = world.path / "copy.sqlite3"
    world.journal.backup(copy)
    return copy


def put_back(world: World, copy: Path) -> None:
    """Stop the desk, restore its journal, start it again beside the same exchange."""
    for desk in world.desks.values():
        desk.broker.close()
    world.journal.close()
    restore(copy, world.path / "journal.db", clock=world.clock)
    world.start_trader()


def sent(world: World) -> list[tuple[str, str, int]]:
    return sorted((o.client_order_id, o.symbol, o.shares) for o in world.broker_orders())


def titles(world: World) -> list[str]:
    return [told.message.title for told in world.journal.outbox_list(100)]


def live_on_and_put_back(world: World, copy: Path, later: str) -> None:
    """What is at the exchange afterwards was there before, and stays so when a person lifts the halt of the day."""
    if later == NEXT_DAY:
        world.go_to(NEXT_MORNING + timedelta(days=1))
    shares, orders = world.held(SZ), sent(world)
    put_back(world, copy)
    world.pass_time(60)
    assert (world.held(SZ), sent(world)) == (shares, orders)
    assert ("halted" in world.trader.ledger.flags) == (STRANGER in titles(world)) == (later == SAME_DAY)
    world.command("unhalt", reason="looked at")
    world.pass_time(60)
    assert (world.held(SZ), sent(world)) == (shares, orders)


@pytest.mark.parametrize("later", [SAME_DAY, NEXT_DAY])
def test_a_buy_that_the_copy_has_not_decided_is_not_bought_again(make: Make, later: str) -> None:
    world = make()
    world.go_to(NEXT_MORNING)
    event = world.order("1", PINGAN, "buy", 1000, settle=False)
    copy = back_up(world)
    world.pass_time(10)
    assert world.held(SZ) == HAND_MADE + 3000
    live_on_and_put_back(world, copy, later)
    assert world.verdict(event) == ("refused", "急停中" if later == SAME_DAY else "信号过旧")


@pytest.mark.parametrize("later", [SAME_DAY, NEXT_DAY])
def test_a_sell_that_the_copy_has_not_decided_is_not_sold_again(make: Make, later: str) -> None:
    """Not out of hand-made shares either: the missing ones freeze the symbol, a person has to look."""
    world = make()
    world.go_to(NEXT_MORNING)
    world.order("1", PINGAN, "sell", 1000, settle=False)
    copy = back_up(world)
    world.pass_time(10)
    assert world.held(SZ) == HAND_MADE + 1000
    live_on_and_put_back(world, copy, later)
    assert world.book(SZ).frozen is not None and "持仓对不上" in titles(world)


@pytest.mark.parametrize("later", [SAME_DAY, NEXT_DAY])
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_chase_that_went_on_after_the_copy_is_not_chased_again(make: Make, side: str, later: str) -> None:
    world = make()
    world.go_to(NEXT_MORNING)
    world.scene(SZ, price=Decimal(10), thin=100)
    world.order("1", PINGAN, side, 1000)
    world.pass_time(1)
    copy = back_up(world)
    world.scene(SZ, price=Decimal("10.3") if side == "buy" else Decimal("9.7"), thin=None)
    world.pass_time(60)
    assert len(sent(world)) == 2, "a second attempt, of which the copy knows nothing"
    assert world.held(SZ) == HAND_MADE + (3000 if side == "buy" else 1000)
    live_on_and_put_back(world, copy, later)
    if later == NEXT_DAY:  # what the first attempt lacked is seen in the positions
        assert world.own(SZ) == (3000 if side == "buy" else 1000)


def test_what_the_copy_knows_as_live_is_found_with_its_fills(make: Make) -> None:
    world = make()
    world.scene(SZ, price=Decimal(10), thin=100)
    event = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.90")
    copy = back_up(world)
    world.scene(SZ, price=Decimal("9.80"), thin=None)
    world.pass_time(5)
    orders = sent(world)
    put_back(world, copy)
    world.pass_time(60)
    assert sent(world) == orders and world.own(SZ) == 3000
    assert "halted" not in world.trader.ledger.flags and world.verdict(event)[0] in ("working", "done")
    checks.assert_never_more_than_meant(world)


def test_a_gap_in_the_senders_numbers_shows_what_the_copy_lacks(make: Make) -> None:
    world = make()
    copy = back_up(world)
    world.order("1", VANKE, "buy", 1000)
    world.pass_time(5)
    world.go_to(NEXT_MORNING)
    put_back(world, copy)
    world.pass_time(5)
    world.order("2", VANKE, "buy", 500)
    world.pass_time(70)
    assert "小市值 缺少信号" in titles(world)
    assert (world.own(VANKE_SZ), world.held(VANKE_SZ)) == (500, 1500)
