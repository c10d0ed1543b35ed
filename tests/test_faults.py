"""Unknown outcomes, lying answers, broken lines, hand-made trades: one story a test, judged at the exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from base_func import BEIJING
from desk.broker.paper.faults import CancelTrouble, PlaceTrouble, ReportTrouble, SnapshotTrouble
from desk.core.config import AccountConfig, ChaseConfig, Limits
from desk.core.values import OrderState, Side
from desk.journal import JournalUnavailable
from tests import checks
from tests.world import NO_LIMITS, World, strategy

PINGAN, SZ = "000001.XSHE", "000001.SZ"
Make = Callable[..., World]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[World] = []

    def build(ratio: object = 1, **more: object) -> World:
        strategies = more.pop("strategies", None) or [strategy("小市值", "xsz", ratio)]
        world = World(tmp_path, strategies=strategies, **more)  # type: ignore[arg-type]
        made.append(world)
        world.scene(SZ, price=Decimal(10))
        world.pass_time(1)
        return world

    yield build
    for world in made:
        if not world.broken_by_test:
            checks.assert_never_more_than_meant(world)
        world.close()


def states(world: World) -> list[OrderState]:
    return [order.state for order in world.trader.ledger.orders.values()]


def titles(world: World) -> list[str]:
    return [told.message.title for told in world.journal.outbox_list(100)]


# --- placing ---


def test_an_order_without_an_answer_that_exists_is_found_and_not_sent_again(make: Make) -> None:
    world = make(settle_s=60.0)
    world.exchange.faults.once(PlaceTrouble.UNANSWERED)
    world.exchange.faults.rates[ReportTrouble.LOST] = 1.0
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(10)
    assert len(world.broker_orders()) == 1
    assert world.own(SZ) == 1000
    assert world.verdict(event) == ("done", None)


def test_an_order_that_never_arrived_is_sent_again_only_after_the_settle_time(make: Make) -> None:
    world = make(settle_s=60.0)
    world.exchange.faults.once(PlaceTrouble.LOST)
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(58)
    assert states(world) == [OrderState.IN_DOUBT]
    assert not world.broker_orders()
    assert any("结果未知" in title for title in titles(world))
    world.pass_time(20)
    assert [o.client_order_id[-2:] for o in world.broker_orders()] == ["-2"], "a new id: a remark is never used twice"
    assert world.verdict(event) == ("done", None)


def test_an_order_that_lands_late_is_not_doubled(make: Make) -> None:
    world = make(settle_s=60.0)
    world.exchange.faults.once(PlaceTrouble.LANDS_LATE, 45)
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(120, step=1)
    assert world.held(SZ) == 1000 == world.own(SZ)


def test_an_order_in_doubt_freezes_its_symbol_and_side_only(make: Make) -> None:
    world = make(settle_s=600.0)
    world.scene("600000.SH", price=Decimal(8))
    world.exchange.faults.once(PlaceTrouble.LOST)
    world.order("1", PINGAN, "buy", 1000)
    second = world.order("2", PINGAN, "buy", 500)
    other = world.order("3", "600000.XSHG", "buy", 500, price=8)
    world.pass_time(30)
    assert world.verdict(second)[0] == "working"
    assert world.verdict(other)[0] == "done"
    assert not [o for o in world.broker_orders() if o.symbol == SZ]


def test_a_person_resolves_an_order_in_doubt(make: Make) -> None:
    world = make(settle_s=6000.0)
    world.exchange.faults.once(PlaceTrouble.LOST)
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(10)
    (order,) = world.trader.ledger.live_orders()
    assert not world.command("resolve", id=order.client_order_id, how="filled", filled="2000")[0]
    assert world.command("resolve", id=order.client_order_id, how="absent")[0]
    world.pass_time(10)
    assert world.verdict(event) == ("done", None)
    assert world.held(SZ) == 1000


def test_a_late_answer_beaten_by_the_fill_changes_nothing(make: Make) -> None:
    world = make()
    world.exchange.faults.once(PlaceTrouble.ANSWERED_LATE, 4)
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(20)
    assert world.own(SZ) == 1000
    assert world.verdict(event) == ("done", None)


def test_a_report_of_an_order_ruled_absent_halts_the_strategy(make: Make) -> None:
    world = make(settle_s=5.0)
    world.exchange.faults.once(PlaceTrouble.LANDS_LATE, 30)  # later than the channel's word
    world.scene(SZ, price=Decimal(10), thin=100)
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(60)
    assert "stopped:小市值" in world.trader.ledger.flags
    later = world.order("2", "600000.XSHG", "buy", 300)
    assert world.verdict(later) == ("refused", "已熔断")
    world.broken_by_test = True


# --- cancelling ---


@pytest.mark.parametrize("trouble", list(CancelTrouble))
def test_a_cancel_is_confirmed_before_the_remainder_is_sent_again(make: Make, trouble: CancelTrouble) -> None:
    world = make()
    world.scene(SZ, price=Decimal(10), thin=100)
    world.exchange.faults.cancel_delay_s = 3.0
    world.exchange.faults.once(trouble, 2)
    event = world.order("1", PINGAN, "buy", 3000)
    for _ in range(200):
        world.pass_time(0.5)
        checks.assert_one_side_live(world)
        checks.assert_never_more_than_meant(world)
    assert world.verdict(event)[0] in ("done", "partial")
    assert world.own(SZ) == world.held(SZ)


def test_fills_that_arrive_while_cancelling_are_not_bought_again(make: Make) -> None:
    world = make()
    world.scene(SZ, price=Decimal(10), thin=100)
    world.exchange.faults.cancel_delay_s = 8.0
    world.exchange.faults.rates[ReportTrouble.LATE] = 0.7
    world.exchange.faults.seconds[ReportTrouble.LATE] = (1.0, 20.0)
    event = world.order("1", PINGAN, "buy", 4000)
    world.pass_time(200)
    assert world.verdict(event)[0] in ("done", "partial")
    checks.assert_books_agree(world)


def test_a_cancel_without_an_end_is_told(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.exchange.faults.rates[CancelTrouble.LOST] = 1.0
    world.cancel("1", PINGAN)
    world.pass_time(80, step=1)
    assert "撤单没有确认" in titles(world)
    world.exchange.faults.rates.clear()
    world.pass_time(60, step=1)
    assert states(world) == [OrderState.CANCELLED]


# --- fail closed ---


@pytest.mark.parametrize("trouble", list(SnapshotTrouble))
def test_a_failed_or_empty_query_is_never_no_position(make: Make, trouble: SnapshotTrouble) -> None:
    world = make(settle_s=10.0)
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    world.go_to(datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING), step=3600)
    world.exchange.faults.rates[trouble] = 1.0
    world.exchange.faults.once(PlaceTrouble.UNANSWERED)
    world.exchange.faults.rates[ReportTrouble.LOST] = 1.0
    world.order("2", PINGAN, "buy", 500)
    world.pass_time(120, step=1)
    assert len(world.broker_orders()) == 1, "the silent order is not sent again"
    assert world.book(SZ).frozen is None
    world.exchange.faults.rates.clear()
    world.pass_time(20)
    assert world.own(SZ) == 1500 == world.held(SZ)


def test_nothing_is_sent_while_disconnected_and_all_is_matched_after(make: Make) -> None:
    world = make()
    world.exchange.disconnect()
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(30)
    assert not world.broker_orders()
    assert world.verdict(event)[0] == "working"
    world.exchange.reconnect()
    world.pass_time(70, step=1)
    assert world.verdict(event) == ("done", None)
    assert "券商断开" in titles(world)


def test_a_wall_clock_jump_pauses_sending(make: Make) -> None:
    world = make()
    world.clock.jump(3.0)
    world.order("1", PINGAN, "buy", 1000)
    assert not world.broker_orders()
    assert "系统时间跳变" in titles(world)
    world.pass_time(6)
    assert len(world.broker_orders()) == 1


def test_a_journal_that_cannot_commit_sends_nothing(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make()
    told: list[str] = []
    world.trader._shout = lambda title, text: told.append(title)
    world.order("1", PINGAN, "buy", 1000, settle=False)

    def full(batch: object) -> None:
        raise JournalUnavailable("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(world.journal, "commit", full)
        for _ in range(5):
            assert world.trader.safe_step() > 0
    assert told and not world.broker_orders()
    world.pass_time(5)
    assert world.own(SZ) == 1000


def test_a_stranger_with_our_kind_of_remark_halts_everything(make: Make) -> None:
    from desk.broker import PlaceRequest

    world = make()
    world.exchange.place(
        PlaceRequest(
            client_order_id="gabcdefghijklmno-1",
            symbol=SZ,
            side=Side.BUY,
            shares=100,
            price=Decimal("10.02"),
            strategy="",
        ),
        world.clock.now(),
    )
    world.pass_time(5)
    assert "halted" in world.trader.ledger.flags
    event = world.order("1", PINGAN, "buy", 1000)
    assert world.verdict(event) == ("refused", "急停中")
    world.broken_by_test = True


# --- hand-made trades ---


def test_hand_made_holdings_are_out_of_reach(make: Make) -> None:
    world = make()
    world.exchange.deposit(SZ, 700, Decimal(9))
    world.pass_time(5)
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    world.go_to(datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING), step=3600)
    world.order("2", PINGAN, "sell", 1000, n=0)
    world.pass_time(10)
    assert (world.own(SZ), world.held(SZ)) == (0, 700)


def test_a_hand_made_sale_of_strategy_shares_freezes_the_symbol(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    world.go_to(datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING), step=3600)
    world.exchange.trade_by_hand(SZ, Side.SELL, 400, now=world.clock.now())
    world.pass_time(45)
    assert world.book(SZ).frozen is not None
    assert "持仓对不上" in titles(world)
    sell = world.order("2", PINGAN, "sell", 1000)
    world.pass_time(10)
    assert world.held(SZ) == 600
    assert world.verdict(sell)[0] == "working"
    assert world.command("cancel", id="nothing")[0] is False
    ok, text = world.command("reconcile")
    assert ok and "少 400 股" in text
    assert not world.command("reconcile", apply="1")[0], "a sale is waiting: first it must end"
    world.command("halt", reason="对账", cancel="1")
    assert world.command("reconcile", apply="1")[0]
    assert (world.own(SZ), world.book(SZ).frozen) == (600, None)
    world.command("unhalt", reason="对好了")
    world.pass_time(10)
    assert world.held(SZ) == 0, "the debt of the halted sale"


# --- refusals and limits ---


def test_a_late_reject_counts_as_an_attempt_and_ends(make: Make) -> None:
    world = make()
    world.scene(SZ, limit_up=False, price=Decimal(10), thin=100)
    world.exchange.faults.rates[PlaceTrouble.REJECTED_LATER] = 1.0
    world.exchange.faults.seconds[PlaceTrouble.REJECTED_LATER] = (0.1, 0.2)
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(120)
    assert len(world.broker_orders()) <= 5
    assert world.verdict(event)[0] in ("refused", "done", "partial")


def test_limit_up_is_not_chased_and_limit_down_queues_once(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    world.go_to(datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING), step=3600)
    world.scene(SZ, limit_up=True)
    buy = world.order("2", PINGAN, "buy", 500)
    world.pass_time(5)
    assert world.verdict(buy) == ("refused", "涨停不追")
    world.scene(SZ, limit_down=True)
    sell = world.order("3", PINGAN, "sell", 1000)
    world.pass_time(120, step=1)
    live = [o for o in world.broker_orders() if o.side is Side.SELL]
    assert len(live) == 1 and not live[0].status.final, "queued once at the limit, not chased"
    world.scene(SZ, price=Decimal("9.50"))
    world.pass_time(20)
    assert world.verdict(sell)[0] in ("done", "partial")


def test_a_suspended_symbol_waits_and_ends_with_its_reason(make: Make) -> None:
    world = make()
    world.scene(SZ, suspended=True)
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(700, step=10)
    assert world.verdict(event) == ("refused", "停牌")
    assert not world.broker_orders()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(order_value=Decimal(5000)), "超单笔金额"),
        (Limits(day_turnover=Decimal(5000)), "超单日成交额"),
        (Limits(day_orders=0), "超单日笔数"),
        (Limits(position_share=Decimal("0.005")), "超单票仓位"),
    ],
)
def test_limits_refuse_a_buy_as_a_whole(make: Make, limits: Limits, reason: str) -> None:
    world = make(accounts=[AccountConfig(name="主账户", limits=limits)])
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    assert world.verdict(event) == ("refused", reason)
    assert not world.broker_orders()


def test_pace_spreads_orders_over_seconds(make: Make) -> None:
    world = make(accounts=[AccountConfig(name="主账户", limits=replace(NO_LIMITS, orders_per_second=3))])
    symbols = [f"60{n:04d}.XSHG" for n in range(10)]
    for n, symbol in enumerate(symbols):
        world.order(str(n), symbol, "buy", 100, settle=False)
    world.settle()
    assert len(world.broker_orders()) == 3
    world.pass_time(5)
    assert len(world.broker_orders()) == 10


def test_white_and_black_lists_refuse_buys(make: Make) -> None:
    world = make(strategies=[strategy("小市值", "xsz", blacklist=(SZ,))])
    assert world.verdict(world.order("1", PINGAN, "buy", 1000)) == ("refused", "在黑名单")
    world.reconfigure(blacklist=(), whitelist=("600000.SH",))
    assert world.verdict(world.order("2", PINGAN, "buy", 1000)) == ("refused", "不在白名单")


def test_an_unsupported_code_and_a_short_side_are_refused(make: Make) -> None:
    world = make()
    assert world.verdict(world.order("1", "IF2612.CCFX", "buy", 1)) == ("refused", "不支持的品种")
    assert world.verdict(world.order("2", "900901.XSHG", "buy", 100)) == ("refused", "不支持的品种")


def test_a_price_outside_todays_band_refuses_the_buy_and_frees_the_sell(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    world.go_to(datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING), step=3600)
    buy = world.order("2", PINGAN, "buy", 500, price="25")
    assert world.verdict(buy) == ("refused", "价格口径不符")
    world.order("3", PINGAN, "sell", 1500, price="25", limit="24", n=0)
    world.pass_time(10)
    assert world.own(SZ) == 0
    assert any("不是今天的市价" in title for title in titles(world))


def test_attempts_widen_and_a_sell_goes_to_the_edge_after_its_tries(make: Make) -> None:
    world = make(chase=ChaseConfig(force_sell_after=2, max_attempts=4))
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    world.go_to(datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING), step=3600)
    world.scene(SZ, price=Decimal(10), thin=100)
    world.order("2", PINGAN, "sell", 1000)
    world.pass_time(100)
    prices = [o.price for o in world.broker_orders() if o.side is Side.SELL]
    assert prices == sorted(prices, reverse=True)


def test_missing_sequence_numbers_are_told_and_mended(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 100)
    world._seq["xsz"] = 3
    world.order("2", PINGAN, "buy", 100)
    assert any("缺少信号" in title for title in titles(world))
    world._seq["xsz"] = 1
    world.order("3", PINGAN, "buy", 100)
    world._seq["xsz"] = 2
    world.order("4", PINGAN, "buy", 100)
    assert not world.trader.ledger.gaps
    world._seq["xsz"] = 2
    world.order("5", PINGAN, "buy", 100)
    assert any("序号回退" in title for title in titles(world))


# --- a desk that was not there ---


def sleep_over_the_close(world: World) -> None:
    """The desk is dead from now until Monday 09:31; the exchange goes on."""
    for desk in world.desks.values():
        desk.broker.close()
    while world.clock.now() < datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING):
        world.clock.turn(600)
        world.exchange.advance(world.clock.now())
    world.kill()
    world.pass_time(20)


@pytest.mark.parametrize("fills", [True, False])
def test_what_an_order_traded_while_the_desk_was_dead_is_found_by_the_positions(make: Make, fills: bool) -> None:
    world = make()
    event = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.90")
    world.pass_time(5)
    if fills:
        world.scene(SZ, price=Decimal("9.80"))
    sleep_over_the_close(world)
    assert world.own(SZ) == world.held(SZ) == (1000 if fills else 0)
    with world.journal.look() as look:
        assert look.rows("SELECT state FROM orders") == [("filled" if fills else "cancelled",)]
    assert world.signal(event)["filled_shares"] == (1000 if fills else 0)
    assert not world.trader.ledger.live_orders()


def test_an_order_in_doubt_of_a_dead_day_is_settled_by_the_positions(make: Make) -> None:
    world = make(settle_s=600.0)
    world.exchange.faults.once(PlaceTrouble.UNANSWERED)
    world.exchange.faults.rates[ReportTrouble.LOST] = 1.0
    world.exchange.faults.rates[SnapshotTrouble.NONE] = 1.0
    world.order("1", PINGAN, "buy", 1000)
    assert states(world) == [OrderState.IN_DOUBT]
    world.exchange.faults.rates.clear()
    sleep_over_the_close(world)
    assert world.own(SZ) == world.held(SZ) == 1000


def test_an_overnight_change_that_nothing_explains_freezes_the_symbol(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    for desk in world.desks.values():
        desk.broker.close()
    world.exchange.deposit(SZ, 300, Decimal(10))
    sleep_over_the_close(world)
    assert world.book(SZ).frozen is not None
    assert world.own(SZ) == 1000


def test_a_halt_leaves_a_live_order_but_lets_joinquant_cancel_it(make: Make) -> None:
    world = make()
    world.scene(SZ, price=Decimal(10), thin=100)
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(2)
    world.command("halt", reason="看看")
    world.pass_time(20)
    assert [o.status.final for o in world.broker_orders()] == [False]
    world.order("1", PINGAN, "buy", 1000, 0, status="canceled", limit="9.50")
    world.pass_time(5)
    assert [o.status.final for o in world.broker_orders()] == [True]
