"""Stories of a whole desk, with the real Trader and journal, over every channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from desk.core.config import AccountConfig, AccountShare
from desk.core.values import OrderState, Side
from tests import checks
from tests.broker.contract.channels import CHANNELS, MISSING
from tests.broker.contract.desks import ChannelWorld
from tests.world import NO_LIMITS, strategy

BANK, SH = "600000.XSHG", "600000.SH"
MAIN, OTHER = "主账户", "副账户"
Make = Callable[..., ChannelWorld]


@pytest.fixture(params=list(CHANNELS))
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """A desk over the channel, connected and matched; its market shows 10.00 bid and 10.01 asked."""
    if request.param in MISSING:
        pytest.skip(MISSING[request.param])
    made: list[ChannelWorld] = []

    def build(**more: object) -> ChannelWorld:
        world = ChannelWorld(tmp_path, CHANNELS[request.param], **more)  # type: ignore[arg-type]
        made.append(world)
        for exchange in world.exchanges.values():
            exchange.scene(SH, price=Decimal(10))
        world.go_ready()
        return world

    yield build
    for world in made:
        checks.assert_never_more_than_meant(world)
        for account in world.exchanges:
            assert len(set(world.sent(account))) == len(world.sent(account)), "a remark was sent twice"
        world.close()
        assert world.channel is not None
        assert world.channel.threads() == []


@pytest.fixture
def world(make: Make) -> ChannelWorld:
    return make()


def quiet(world: ChannelWorld) -> bool:
    return not world.trader.ledger.intents and not world.trader.ledger.live_orders()


# --- the usual day --------------------------------------------------------------------------------------------------


def test_an_open_order_rests_is_held_and_sold_the_next_day(world: ChannelWorld) -> None:
    first = world.order("1", BANK, "buy", 1000, 0, "open", limit="9.90")
    world.until(lambda: world.live_at())
    world.pass_time(20)
    assert [(o.shares, str(o.price)) for o in world.live_at()] == [(1000, "9.90")]
    world.scene(SH, price=Decimal("9.80"))
    world.until(lambda: world.own(SH) == 1000)
    held = world.order("1", BANK, "buy", 1000, price="9.90", limit="9.90")
    world.until(lambda: world.held(SH) == 1000 and quiet(world))
    assert (world.own(SH), len(world.sent())) == (1000, 1)
    assert world.verdict(first) == ("done", None)
    assert world.verdict(held) == ("ignored", "已跟过")
    world.go_to(world.clock.now().replace(hour=15, minute=1), step=3600)
    world.go_to(world.clock.now().replace(day=23, hour=9, minute=31), step=3600)
    sold = world.order("2", BANK, "sell", 1000)
    world.until(lambda: world.held(SH) == 0 and quiet(world))
    assert world.verdict(sold) == ("done", None)
    checks.assert_books_agree(world)
    checks.assert_history_explains_books(world)


def test_a_price_that_runs_away_is_chased_by_cancel_and_a_new_order(world: ChannelWorld) -> None:
    world.scene(SH, price=Decimal(10), thin=200)
    event = world.order("1", BANK, "buy", 1000)
    world.until(lambda: 0 < world.held(SH) < 1000)
    world.scene(SH, price=Decimal("10.15"))
    world.until(lambda: world.held(SH) == 1000 and quiet(world))
    assert len(world.sent()) > 1
    assert world.verdict(event) == ("done", None)
    checks.assert_books_agree(world)


def test_a_refusal_keeps_the_words_of_the_counter(world: ChannelWorld) -> None:
    world.exchange.trade_by_hand(SH, Side.BUY, 95_000, Decimal("9.50"))  # 902,500 yuan are gone before we have looked
    event = world.order("1", BANK, "buy", 20_000)
    world.pass_time(90)
    refused = [o for o in world.trader.ledger.orders.values() if o.state is OrderState.REJECTED]
    assert refused and all("可用资金不足" in order.broker_text for order in refused)
    assert world.verdict(event)[1] == "资金不足"
    checks.assert_books_agree(world)


# --- unknown outcomes -----------------------------------------------------------------------------------------------


def test_an_order_without_an_answer_that_exists_is_found_and_not_doubled(world: ChannelWorld) -> None:
    world.channel.deafen(MAIN)
    world.channel.swallow_next_answer(MAIN)
    event = world.order("1", BANK, "buy", 1000)
    world.until(lambda: world.own(SH) == 1000 and quiet(world))
    assert len(world.sent()) == 1
    assert world.verdict(event) == ("done", None)
    checks.assert_books_agree(world)


def test_an_order_that_never_arrived_is_sent_anew_only_by_evidence(world: ChannelWorld) -> None:
    world.channel.lose_next_order(MAIN)
    world.order("1", BANK, "buy", 1000)
    settle_s = world.desks[MAIN].broker.settle_s
    if settle_s:
        world.pass_time(settle_s - 2)
        assert len(world.sent()) == 1
        assert [o.state for o in world.trader.ledger.orders.values()] == [OrderState.IN_DOUBT]
        assert any("结果未知" in title for title in world.alarms())
    world.until(lambda: world.own(SH) == 1000 and quiet(world))
    assert [remark[-2:] for remark in world.sent()] == ["-1", "-2"]
    checks.assert_books_agree(world)


def test_an_order_that_lands_late_is_not_doubled(world: ChannelWorld) -> None:
    settle_s = world.desks[MAIN].broker.settle_s
    if not settle_s:
        pytest.skip("this channel promises that nothing lands late")
    world.channel.land_next_order_late(MAIN, settle_s - 5)
    world.order("1", BANK, "buy", 1000)
    world.until(lambda: world.own(SH) == 1000 and quiet(world))
    assert len(world.sent()) == 1
    checks.assert_books_agree(world)


def test_queries_that_fail_prove_nothing(world: ChannelWorld) -> None:
    world.channel.lose_next_order(MAIN)
    world.channel.fail_queries(MAIN)
    world.order("1", BANK, "buy", 1000)
    world.pass_time(300, step=1)
    assert len(world.sent()) == 1
    assert world.in_doubt() or world.trader.ledger.live_orders()
    world.channel.fail_queries(MAIN, False)
    world.until(lambda: world.own(SH) == 1000 and quiet(world), seconds=400)
    assert len(world.sent()) == 2


# --- the line -------------------------------------------------------------------------------------------------------


def test_after_a_cut_everything_is_matched_before_anything_is_sent(world: ChannelWorld) -> None:
    world.order("1", BANK, "buy", 1000, 0, "open", limit="9.90")
    world.until(lambda: world.live_at())
    world.channel.cut(MAIN)
    world.until(lambda: not world.desks[MAIN].broker.connected)
    world.scene(SH, price=Decimal("9.80"))  # it fills while nobody hears
    world.order("2", BANK, "buy", 500, price="9.80")
    world.pass_time(5)
    assert len(world.sent()) == 1
    assert any("断开" in title for title in world.alarms())
    world.channel.mend(MAIN)
    world.channel.fail_queries(MAIN)
    world.pass_time(40)
    assert len(world.sent()) == 1, "the gate stays shut until a complete picture has been matched"
    world.channel.fail_queries(MAIN, False)
    world.until(lambda: len(world.sent()) == 2)
    assert world.own(SH) >= 1000, "what was filled meanwhile is known before the next order goes out"
    world.until(lambda: world.own(SH) == 1500)
    checks.assert_books_agree(world)


def test_a_person_who_asks_for_the_line_does_not_wait_for_the_pause(world: ChannelWorld) -> None:
    world.channel.cut(MAIN)
    world.until(lambda: not world.desks[MAIN].broker.connected)
    world.pass_time(140, step=1)
    world.channel.mend(MAIN)
    world.pass_time(10)
    assert not world.desks[MAIN].broker.connected, "the pause has grown to a minute"
    assert world.command("connect", id=MAIN)[0]
    world.until(lambda: world.desks[MAIN].ready, seconds=5)
    assert world.command("connect", id=MAIN)[1].endswith("不用再连。")


def test_a_cut_right_after_sending_doubles_nothing(world: ChannelWorld) -> None:
    world.order("1", BANK, "buy", 1000, settle=False)
    world.trader.step()
    world.trader.step()
    world.channel.cut(MAIN)
    world.pass_time(5)
    world.channel.mend(MAIN)
    world.until(lambda: world.own(SH) == 1000 and quiet(world), seconds=400)
    assert world.held(SH) == 1000
    checks.assert_books_agree(world)


@pytest.mark.parametrize("steps", range(6))
def test_a_desk_that_is_killed_at_any_step_ends_with_what_was_meant(world: ChannelWorld, steps: int) -> None:
    world.scene(SH, price=Decimal(10), thin=300)
    world.order("1", BANK, "buy", 1000, settle=False)
    for _ in range(steps):
        world.channel.drive(2)
        world.trader.step()
    world.kill()
    world.until(lambda: world.own(SH) == 1000 and quiet(world), seconds=400)
    assert world.held(SH) == 1000
    checks.assert_books_agree(world)
    checks.assert_history_explains_books(world)


def test_orders_made_by_hand_stay_out_of_the_books(world: ChannelWorld) -> None:
    world.order("1", BANK, "buy", 1000)
    world.until(lambda: world.own(SH) == 1000)
    world.exchange.trade_by_hand(SH, Side.BUY, 700)
    world.pass_time(30)
    assert world.held(SH) == 1700
    assert world.own(SH) == 1000
    assert "halted" not in world.trader.ledger.flags
    checks.assert_books_agree(world, foreign={SH: 700})


# --- two accounts ---------------------------------------------------------------------------------------------------


def two(make: Make) -> ChannelWorld:
    accounts = [AccountConfig(name=name, limits=NO_LIMITS) for name in (MAIN, OTHER)]
    shares = tuple(AccountShare(account=name, ratio=Decimal(1)) for name in (MAIN, OTHER))
    return make(accounts=accounts, strategies=[replace(strategy("小市值", "xsz"), accounts=shares)])


def test_a_terminal_that_hangs_delays_no_order_of_the_other_account(make: Make) -> None:
    """Counted in turns of the loop: as many as with both well; no turn waits, or the clock would raise."""

    def turns_until_sent(world: ChannelWorld, jq_id: str) -> int:
        before = len(world.sent(MAIN))
        world.order(jq_id, BANK, "buy", 100, settle=False)
        for turn in range(1, 50):
            world.trader.step()
            world.channel.drive()
            if len(world.sent(MAIN)) > before:
                return turn
        raise AssertionError("the order did not go out at this moment")

    world = two(make)
    if not world.channel.hangs:
        pytest.skip("there is no terminal that could hang")
    cold = turns_until_sent(world, "1")  # its quote has to be fetched first
    world.until(lambda: quiet(world))
    world.pass_time(1)
    well = turns_until_sent(world, "2")
    world.until(lambda: quiet(world))
    world.channel.hang(OTHER)
    world.pass_time(1)
    assert turns_until_sent(world, "3") == well
    world.until(lambda: world.own(SH, account=MAIN) == 300)
    world.pass_time(2)
    assert turns_until_sent(world, "4") == well
    world.pass_time(20)
    assert turns_until_sent(world, "5") <= cold, "also after the line has been given up"
    world.channel.wake(OTHER)
    world.until(lambda: quiet(world), seconds=600)
    assert world.own(SH, account=MAIN) == 500
    checks.assert_books_agree(world)


def test_a_cut_line_delays_no_order_of_the_other_account(make: Make) -> None:
    world = two(make)
    world.channel.cut(OTHER)
    world.until(lambda: not world.desks[OTHER].broker.connected)
    world.order("1", BANK, "buy", 300)
    world.until(lambda: world.own(SH, account=MAIN) == 300, seconds=3)
    assert world.own(SH, account=OTHER) == 0
    world.channel.mend(OTHER)
    world.until(lambda: world.own(SH, account=OTHER) == 300, seconds=300)
    checks.assert_books_agree(world)


def test_a_terminal_that_answers_after_two_seconds_delays_no_order_of_the_other_account(make: Make) -> None:
    """Every answer of the other terminal takes 2 s; ours gets each order in the turn of its signal."""
    world = two(make)
    if not world.channel.hangs:
        pytest.skip("there is no terminal that could be slow")
    world.channel.slow(OTHER, 2.0)
    world.order("0", BANK, "buy", 100)
    world.until(lambda: quiet(world), seconds=600)
    for number in range(1, 6):
        begun = world.clock.now()
        before = len(world.sent(MAIN))
        world.order(str(number), BANK, "buy", 100)
        assert len(world.sent(MAIN)) == before + 1, "it is at the native call before any time has passed"
        assert world.clock.now() == begun
        world.pass_time(1.5)
    world.until(lambda: quiet(world), seconds=600)
    assert [world.own(SH, account=name) for name in (MAIN, OTHER)] == [600, 600]
    checks.assert_books_agree(world)
