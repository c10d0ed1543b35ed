"""Defects that a review proved and that were mended: one story a test, told as it must go."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import Trader as trading
from base_func import BEIJING
from desk.broker.paper import PaperBroker
from desk.broker.paper.faults import PlaceTrouble, ReportTrouble, SnapshotTrouble
from desk.core.config import AccountConfig, AccountShare, ChaseConfig
from desk.core.market import BrokerTrade, Instrument, Report, ReportKind, Snapshot
from desk.core.values import EventKind, Mode, Order, OrderState, Side
from desk.dealing.persons import Persons
from desk.texts import dealing as texts
from desk.texts import paper as paper_texts
from tests import checks
from tests.world import NO_LIMITS, World, strategy

PINGAN, SZ = "000001.XSHE", "000001.SZ"
PUFA, SH = "600000.XSHG", "600000.SH"
MONDAY = datetime(2026, 11, 23, 9, 29, 50, tzinfo=BEIJING)
TUESDAY = MONDAY + timedelta(days=1)

Make = Callable[..., World]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[World] = []

    def build(ratio: object = 1, **more: object) -> World:
        strategies = more.pop("strategies", None) or [strategy("小市值", "xsz", ratio)]
        world = World(tmp_path, strategies=strategies, **more)  # type: ignore[arg-type]
        made.append(world)
        for exchange in world.exchanges.values():
            exchange.scene(SZ, price=Decimal(10))
            exchange.scene(SH, price=Decimal(10))
        return world

    yield build
    for world in made:
        if not world.broken_by_test:
            checks.assert_never_more_than_meant(world)
            checks.assert_history_explains_books(world)
        world.close()


def hold(world: World, shares: int, kid: str = "xsz") -> None:
    """Let the strategy buy `shares` of 平安 today and own them."""
    world.order(f"hold {kid}", PINGAN, "buy", shares, kid=kid)
    world.pass_time(10)


def next_session(world: World, moment: datetime = MONDAY) -> None:
    world.go_to(moment, step=3600)
    world.pass_time(20)


def sleep_until(world: World, moment: datetime, step: float = 600) -> None:
    """The desk is dead until then; the exchange goes on."""
    for desk in world.desks.values():
        desk.broker.close()
    while world.clock.now() < moment:
        world.clock.turn(min(step, (moment - world.clock.now()).total_seconds()))
        for exchange in world.exchanges.values():
            exchange.advance(world.clock.now())
    world.kill()
    world.settle()


def titles(world: World) -> list[str]:
    return [told.message.title for told in world.journal.outbox_list(200)]


def alarms(world: World) -> list[str]:
    """Flags that stop something: halted, 已熔断, strangers."""
    return [name for name in world.trader.ledger.flags if name.startswith(("halted", "stopped:", "stranger:"))]


def sent(world: World) -> list[tuple[str, int, str]]:
    return [(o.side.value, o.shares, o.status.value) for o in world.broker_orders()]


def use_broker(world: World, kind: type[PaperBroker]) -> None:
    """Let the desk's channel behave like `kind` from now on."""
    world.desks["主账户"].broker.__class__ = kind  # type: ignore[assignment]


def trail(world: World, seconds: float, *what: str) -> None:
    """Let the terminal's pictures be that old: in the fields named (asset, positions), or in everything."""
    seen: deque[Snapshot] = deque(maxlen=400)

    class Trailing(PaperBroker):
        def snapshot(self) -> Snapshot | None:
            taken = super().snapshot()
            if taken is None:
                return None
            seen.append(taken)
            old = [s for s in seen if (taken.taken_at - s.taken_at).total_seconds() >= seconds]
            if not old:
                return taken
            if not what:
                return replace(old[-1], taken_at=taken.taken_at, generation=taken.generation)
            return replace(taken, **{field: getattr(old[-1], field) for field in what})

    use_broker(world, Trailing)


# --- order_target: JoinQuant cancels its live order and places another one in one breath ---


def in_one_body(world: World, *, pause: bool, side: str, limit: str) -> tuple[str, str]:
    """The final of order 1 and order 2, in one body or ten seconds apart; returns the event ids of both."""
    final = world.order_event("1", PINGAN, side, 1000, 0, "canceled", limit=limit)
    target = world.order_event("2", PINGAN, side, 1000, n=0 if side == "sell" else None)
    if not pause:
        one, two = world.send(final, target)
        return one, two
    (one,) = world.send(final)
    world.pass_time(10)
    (two,) = world.send(target)
    return one, two


@pytest.mark.parametrize("pause", [False, True])
def test_a_target_of_nothing_after_a_resting_sell_sells_everything(make: Make, pause: bool) -> None:
    world = make()
    hold(world, 1000)
    next_session(world)
    resting = world.order("1", PINGAN, "sell", 1000, status="open", limit="10.90")
    world.pass_time(3)
    _, target = in_one_body(world, pause=pause, side="sell", limit="10.90")
    world.pass_time(30)
    assert (world.own(SZ), world.entitled(SZ)) == (0, 0)
    assert sent(world) == [("sell", 1000, "cancelled"), ("sell", 1000, "filled")]
    assert world.verdict(resting) == ("refused", "聚宽未成交")
    assert world.verdict(target) == ("done", None)


@pytest.mark.parametrize("pause", [False, True])
def test_a_target_after_a_resting_buy_buys_once(make: Make, pause: bool) -> None:
    world = make()
    resting = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(3)
    _, target = in_one_body(world, pause=pause, side="buy", limit="9.50")
    world.pass_time(30)
    assert (world.own(SZ), world.entitled(SZ)) == (1000, 1000)
    assert sent(world) == [("buy", 1000, "cancelled"), ("buy", 1000, "filled")]
    assert world.verdict(resting) == ("refused", "聚宽未成交")
    assert world.verdict(target) == ("done", None)


@pytest.mark.parametrize("status", [None, "canceled"])
def test_a_cancel_frees_the_room_of_the_next_sell(make: Make, status: str | None) -> None:
    world = make()
    hold(world, 1000)
    next_session(world)
    world.order("1", PINGAN, "sell", 1000, status="open", limit="10.90")
    world.pass_time(3)
    cancel = world.cancel_event("1", PINGAN, amount=1000, filled=0, status=status)
    _, target = world.send(cancel, world.order_event("2", PINGAN, "sell", 1000, n=0))
    world.pass_time(30)
    assert (world.own(SZ), world.entitled(SZ)) == (0, 0)
    assert world.verdict(target) == ("done", None)


@pytest.mark.parametrize("resting", [1000, 500])
def test_a_sell_off_that_overtakes_the_final_of_a_resting_sell_sells_everything(make: Make, resting: int) -> None:
    world = make("0.5")
    hold(world, 1000)
    next_session(world)
    world.order("1", PINGAN, "sell", resting, status="open", limit="10.90")
    world.pass_time(3)
    final = world.order_event("1", PINGAN, "sell", resting, 0, "canceled", limit="10.90")
    target = world.order("2", PINGAN, "sell", 1000, n=0)
    world.pass_time(2)
    world.send(final)
    world.pass_time(30)
    assert world.verdict(target) == ("done", None)
    holding = world.trader.ledger.holding("小市值", SZ)
    assert (holding.strategy_shares, holding.counted_shares, world.entitled(SZ), world.own(SZ)) == (0, 0, 0, 0)


def test_a_live_buy_that_joinquant_cancels_leaves_the_residue_of_earlier_ones(make: Make) -> None:
    world = make("0.3")
    world.order("1", PINGAN, "buy", 500)
    world.pass_time(10)
    assert (world.own(SZ), world.entitled(SZ)) == (100, 150)
    # 60 of its own and the residue of 50 are an order of 100
    world.order("2", PINGAN, "buy", 200, status="open", limit="9.50")
    world.cancel("2", PINGAN)
    world.pass_time(5)
    world.order("2", PINGAN, "buy", 200, 0, "canceled", limit="9.50")
    assert (world.own(SZ), world.entitled(SZ)) == (100, 150)


def test_a_sell_event_leaves_alone_what_a_cancelled_sell_had_not_sold(make: Make) -> None:
    world = make()
    hold(world, 1000)
    next_session(world)
    world.order("1", PINGAN, "sell", 500, status="open", limit="10.90")
    world.cancel("1", PINGAN)
    world.pass_time(5)
    assert not world.trader.ledger.intents, "the chase has ended; C and T wait for the final"
    world.order("2", PINGAN, "sell", 300)
    world.pass_time(10)
    assert world.own(SZ) == 700, "300 sold, not 300 and the 500 that JoinQuant has kept"
    world.order("1", PINGAN, "sell", 500, 0, "canceled", limit="10.90")
    assert world.entitled(SZ) == 700


def test_the_cancel_of_a_resting_buy_takes_nothing_from_the_buy_behind_it(make: Make) -> None:
    world = make()
    resting = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(3)
    behind = world.order("2", PINGAN, "buy", 500, settle=False)
    world.order("1", PINGAN, "buy", 1000, 0, "canceled", limit="9.50")
    world.pass_time(30)
    assert (world.own(SZ), world.entitled(SZ)) == (500, 500)
    assert world.verdict(resting) == ("refused", "聚宽未成交")
    assert world.verdict(behind) == ("done", None)


@pytest.mark.parametrize("filled", [0, 300])
def test_shares_that_joinquant_took_back_are_given_up_once(make: Make, filled: int) -> None:
    world = make()
    hold(world, 1000)
    next_session(world)
    world.exchange.trade_by_hand(SZ, Side.SELL, 400, now=world.clock.now())
    world.pass_time(45)
    assert world.command("reconcile", apply="1")[0]
    assert (world.own(SZ), world.entitled(SZ)) == (600, 1000), "a shortfall of 400 that only a plan buys"
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(3)
    world.order("1", PINGAN, "buy", 1000, filled, "canceled", limit="9.50")
    world.pass_time(60)
    # JoinQuant took 1000 - filled back; what it had filled we cannot have at 9.50 and give up: the shortfall stays
    assert (world.own(SZ), world.entitled(SZ)) == (600, 1000)
    assert world.trader.ledger.holding("小市值", SZ).counted_shares == 1000 + filled


# --- restarts and reloads on days without trading ---


@pytest.mark.parametrize("how", ["restart", "reload"])
def test_a_weekend_restart_knows_its_own_orders(make: Make, how: str) -> None:
    world = make()
    hold(world, 1000)
    world.go_to(datetime(2026, 11, 21, 10, 0, tzinfo=BEIJING), step=3600)
    if how == "restart":
        world.kill()
    else:
        world.trader._loaded = False  # as after a turn that failed
    world.pass_time(5)
    assert alarms(world) == []
    assert world.own(SZ) == 1000 == world.held(SZ)
    next_session(world)
    assert world.book(SZ).frozen is None
    sell = world.order("2", PINGAN, "sell", 1000, n=0)
    world.pass_time(10)
    assert world.verdict(sell) == ("done", None)


def test_a_weekend_restart_books_no_fill_twice(make: Make) -> None:
    world = make()
    hold(world, 1000)
    world.exchange.faults.rates[SnapshotTrouble.NONE] = 1.0
    world.order("1", PUFA, "buy", 100)
    world.pass_time(10)
    assert world.trader.ledger.unsettled, "no snapshot has agreed yet"
    world.exchange.faults.rates.clear()
    sleep_until(world, datetime(2026, 11, 21, 10, 0, tzinfo=BEIJING))
    world.pass_time(30, step=1)
    next_session(world)
    assert alarms(world) == []
    assert (world.own(SH), world.held(SH)) == (100, 100)
    checks.assert_books_agree(world)


# --- a sale brings the cash of a purchase ---


@pytest.mark.parametrize("settle_s, trails", [(0.0, False), (60.0, False), (60.0, True)])
@pytest.mark.parametrize("at", ["09:27:05", "09:29:30", "09:40:00"])
def test_a_rebalancing_waits_for_its_own_sale(make: Make, at: str, settle_s: float, trails: bool) -> None:
    account = AccountConfig(name="主账户", initial_cash=Decimal(10100), limits=NO_LIMITS)
    world = make(accounts=[account], settle_s=settle_s)
    hold(world, 1000)
    moment = datetime.fromisoformat(f"2026-11-23T{at}").replace(tzinfo=BEIJING)
    if trails:
        trail(world, 3, "asset")
    world.go_to(moment, step=3600)
    sell = world.order("1", PINGAN, "sell", 1000, settle=False)
    buy = world.order("2", PUFA, "buy", 900)
    opening = max((MONDAY.replace(second=55) - moment).total_seconds(), 0)
    world.pass_time(opening, step=5)
    world.pass_time(20, step=0.1)
    assert world.verdict(sell) == ("done", None)
    assert world.verdict(buy) == ("done", None)
    assert world.own(SH) == 900


# --- the close ---


def test_a_fill_of_the_closing_call_that_comes_ten_seconds_late_is_ours(make: Make) -> None:
    world = make(start=datetime(2026, 11, 20, 14, 50, tzinfo=BEIJING), settle_s=60.0)
    world.go_to(datetime(2026, 11, 20, 14, 57, 30, tzinfo=BEIJING), step=60)
    event = world.order("1", PINGAN, "buy", 300)
    trail(world, 10)
    world.exchange.faults.rates[ReportTrouble.LATE] = 1.0
    world.exchange.faults.seconds[ReportTrouble.LATE] = (10.0, 10.0)
    world.pass_time(150 + 9, step=1)
    assert world.verdict(event)[0] == "working", "15:00:09: nothing has been said yet, nothing has lapsed"
    world.pass_time(60, step=1)
    assert world.verdict(event) == ("done", None)
    world.exchange.faults.rates.clear()
    next_session(world)
    assert world.own(SZ) == 300 == world.held(SZ) == world.entitled(SZ)
    assert alarms(world) == [] and world.book(SZ).frozen is None


def test_a_line_that_is_down_at_the_close_and_comes_back_shows_what_was_traded(make: Make) -> None:
    world = make(start=datetime(2026, 11, 20, 14, 50, tzinfo=BEIJING), settle_s=60.0)
    event = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(5)
    world.exchange.disconnect()
    world.pass_time(5)
    world.scene(SZ, price=Decimal("9.40"))
    world.go_to(datetime(2026, 11, 20, 15, 2, tzinfo=BEIJING), step=30)
    assert (world.verdict(event)[0], world.entitled(SZ)) == ("working", 1000)
    world.exchange.reconnect()
    world.pass_time(90, step=5)
    assert world.verdict(event) == ("done", None)
    world.order("1", PINGAN, "buy", 1000, status="held", limit="9.50", price="9.45")
    next_session(world)
    assert world.own(SZ) == 1000 == world.entitled(SZ) == world.held(SZ)


# --- nights ---


def test_a_bonus_issue_over_a_dead_night_scales_the_books_beside_a_resting_order(make: Make) -> None:
    world = make()
    hold(world, 1000)
    world.order("5", PINGAN, "buy", 500, status="open", limit="9.30")
    world.pass_time(5)
    friday = world.clock.now()
    world.exchange.corporate_action(SZ, MONDAY.date(), Decimal("1.3"))
    sleep_until(world, datetime(2026, 11, 23, 9, 0, tzinfo=BEIJING), step=1800)
    next_session(world)
    assert (world.own(SZ), world.held(SZ), world.entitled(SZ)) == (1300, 1300, 1300)
    assert world.book(SZ).frozen is None
    world.order("5", PINGAN, "buy", 500, 0, "canceled", limit="9.30", when=friday)
    assert world.entitled(SZ) == 1300, "what we did not buy had been given up"
    next_session(world, TUESDAY)
    assert world.own(SZ) == 1300


def test_a_bonus_issue_scales_the_books_beside_an_order_in_doubt(make: Make) -> None:
    world = make(settle_s=60.0)
    hold(world, 1000)
    world.exchange.corporate_action(SZ, MONDAY.date(), Decimal("1.3"))
    world.go_to(datetime(2026, 11, 20, 14, 59, 40, tzinfo=BEIJING), step=600)
    world.exchange.faults.once(PlaceTrouble.LOST)
    world.order("5", PINGAN, "buy", 300)
    next_session(world)
    assert (world.own(SZ), world.held(SZ), world.entitled(SZ)) == (1300, 1300, 1300)
    assert world.book(SZ).frozen is None
    assert not world.trader.ledger.live_orders()


def test_a_factor_that_cannot_be_asked_at_the_days_first_look_is_applied_later(make: Make) -> None:
    world = make()

    class NoInstruments(PaperBroker):
        def instrument(self, symbol: str, anchor: Decimal | None = None) -> Instrument | None:
            return None if world.clock.now() < MONDAY else super().instrument(symbol, anchor)

    hold(world, 1000)
    world.exchange.corporate_action(SZ, MONDAY.date(), Decimal("1.3"))
    use_broker(world, NoInstruments)
    world.go_to(MONDAY - timedelta(minutes=5), step=3600)
    assert (world.own(SZ), world.held(SZ), world.book(SZ).frozen) == (1000, 1300, None)
    next_session(world)
    assert (world.own(SZ), world.entitled(SZ), world.book(SZ).frozen) == (1300, 1300, None)


@pytest.mark.parametrize("overnight", [False, True])
def test_an_increase_that_nothing_explains_freezes_the_symbol_and_is_told(make: Make, overnight: bool) -> None:
    world = make()
    hold(world, 1000)
    if overnight:
        world.go_to(datetime(2026, 11, 22, 12, 0, tzinfo=BEIJING), step=3600)
    world.exchange.deposit(SZ, 300, Decimal(1))
    if overnight:
        next_session(world)
    else:
        world.pass_time(60, step=5)
    assert world.book(SZ).frozen is not None
    assert "持仓对不上" in titles(world)
    assert (world.own(SZ), world.held(SZ)) == (1000, 1300)


def test_positions_that_trail_their_trades_by_ten_seconds_freeze_nothing(make: Make) -> None:
    world = make(settle_s=60.0)
    trail(world, 10, "asset", "positions")
    world.pass_time(15)
    hold(world, 1000)
    world.pass_time(20)
    next_session(world)
    sell = world.order("2", PINGAN, "sell", 400)
    world.pass_time(40)
    assert world.verdict(sell) == ("done", None)
    assert world.book(SZ).frozen is None and "持仓对不上" not in titles(world)
    assert world.own(SZ) == 600 == world.held(SZ)


# --- orders against our word ---


def only(orders: list[Order]) -> Order:
    (order,) = orders
    return order


def late_trade(order: Order, shares: int, at: datetime) -> Report:
    trade = BrokerTrade(
        trade_id="late",
        broker_order_id=order.broker_order_id,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        shares=shares,
        price=order.price,
        fee=Decimal(0),
        at=at,
    )
    return Report(kind=ReportKind.TRADE, generation=1, at=at, trade=trade)


def test_a_late_fill_of_a_settled_order_is_not_bought_again(make: Make) -> None:
    world = make()
    world.broken_by_test = True
    event = world.order("1", PINGAN, "buy", 1000, limit="9.50")
    world.pass_time(8)
    first = only([o for o in world.trader.ledger.orders.values() if o.attempt == 1])
    assert first.settled and first.state is OrderState.CANCELLED
    assert only(world.trader.ledger.live_orders()).attempt == 2
    world.desks["主账户"].take(late_trade(first, 300, world.clock.now()))
    world.settle()
    world.scene(SZ, price=Decimal("9.40"))
    world.pass_time(20)
    ((decided, _, filled),) = checks.intents(world).values()
    assert filled == world.own(SZ) <= decided == 1000
    assert not world.trader.ledger.live_orders()
    assert alarms(world) == ["stopped:小市值"] and "小市值 已熔断" in titles(world)
    assert world.verdict(event)[0] == "partial"


def test_a_late_fill_of_an_earlier_day_does_not_free_what_was_bought_today(make: Make) -> None:
    world = make()
    world.broken_by_test = True
    world.order("1", PINGAN, "buy", 100, status="open", limit="9.50")
    world.pass_time(5)
    friday = world.clock.now()
    old = only(world.trader.ledger.live_orders())
    next_session(world)
    world.order("2", PINGAN, "buy", 500)
    world.pass_time(10)
    world.desks["主账户"].take(late_trade(old, 100, friday))
    world.settle()
    book = world.book(SZ)
    assert (book.own, book.bought_today, book.bought_day) == (600, 500, MONDAY.date())


def test_an_order_that_appears_beside_its_successor_stops_both_and_nobody_else(make: Make) -> None:
    world = make(strategies=[strategy("小市值", "xsz"), strategy("别的", "bd")])
    world.broken_by_test = True
    world.exchange.faults.once(PlaceTrouble.LANDS_LATE, 3.0)
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50", settle=False)
    for _ in range(100):
        assert world.trader.safe_step() < 1, "the loop never fails"
        world.clock.turn(0.1)
        world.exchange.advance(world.clock.now())
    assert [status for _, _, status in sent(world)] == ["cancelled", "cancelled"]
    assert alarms(world) == ["stopped:小市值"]
    other = world.order("2", PUFA, "buy", 100, kid="bd")
    world.pass_time(10)
    assert world.verdict(other) == ("done", None)


def blank(snapshot: Snapshot | None, *, numbers: bool) -> Snapshot | None:
    """A terminal that has lost the remarks, and perhaps renumbered the orders."""
    if snapshot is None:
        return None
    lost = {"broker_order_id": ""} if numbers else {}
    return replace(
        snapshot,
        orders=tuple(replace(o, client_order_id="", **lost) for o in snapshot.orders),
        trades=tuple(replace(t, client_order_id="", **lost) for t in snapshot.trades),
    )


class NoRemarks(PaperBroker):
    def snapshot(self) -> Snapshot | None:
        return blank(super().snapshot(), numbers=False)


class NoRemarksNorNumbers(PaperBroker):
    def snapshot(self) -> Snapshot | None:
        return blank(super().snapshot(), numbers=True)


def test_orders_whose_remarks_are_gone_after_a_reconnect_are_known_by_their_numbers(make: Make) -> None:
    world = make()
    hold(world, 1000)
    use_broker(world, NoRemarks)
    world.exchange.disconnect()
    world.pass_time(3)
    world.exchange.reconnect()
    world.pass_time(120, step=2)
    event = world.order("2", PUFA, "buy", 100)
    world.pass_time(30, step=1)
    assert world.verdict(event) == ("done", None)
    assert (world.own(SZ), world.held(SZ), world.book(SZ).frozen) == (1000, 1000, None)
    assert "券商查询不完整" not in titles(world)


def test_orders_that_cannot_be_found_after_a_reconnect_stop_sending_and_are_told(make: Make) -> None:
    world = make()
    hold(world, 1000)
    use_broker(world, NoRemarksNorNumbers)
    world.exchange.disconnect()
    world.pass_time(3)
    world.exchange.reconnect()
    event = world.order("2", PUFA, "buy", 100)
    world.pass_time(150, step=2)
    assert len(world.broker_orders()) == 1, "nothing is sent before all is matched"
    assert world.verdict(event)[0] == "working"
    assert "券商查询不完整" in titles(world)


def test_an_order_in_doubt_is_not_sent_again_beside_one_without_a_remark(make: Make) -> None:
    world = make(settle_s=60.0)
    use_broker(world, NoRemarksNorNumbers)
    world.exchange.faults.once(PlaceTrouble.UNANSWERED)
    world.exchange.faults.rates[ReportTrouble.LOST] = 1.0
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(200, step=1)
    assert sent(world) == [("buy", 1000, "filled")]
    assert world.verdict(event)[0] == "working"
    assert any("结果未知" in title for title in titles(world))


def test_a_resting_order_that_somebody_cancels_by_hand_is_not_sent_for_ever(make: Make) -> None:
    world = make()
    event = world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50")
    world.pass_time(2)
    for _ in range(20):
        for order in [o for o in world.broker_orders() if not o.status.final]:
            world.exchange.cancel(order.client_order_id, order.broker_order_id, world.clock.now())
        world.pass_time(2)
    assert len(world.broker_orders()) == ChaseConfig().max_attempts
    assert world.verdict(event)[0] == "refused"


def test_a_refused_price_after_six_pieces_is_tried_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper_texts, "REJECTED_LATER", "委托价格超出范围")
    world = make(accounts=[AccountConfig(name="主账户", initial_cash=Decimal(10**10), limits=NO_LIMITS)])
    kechuang = "688981.SH"
    world.scene(kechuang, price=Decimal(80))
    event = world.order("1", "688981.XSHG", "buy", 1_000_000, price=80, settle=False)
    ordered = False
    for _ in range(300):
        world.pass_time(0.25, step=0.25)
        if sum(o.status.value == "filled" for o in world.broker_orders()) == 6 and not ordered:
            ordered = True
            world.exchange.faults.once(PlaceTrouble.REJECTED_LATER, 0.01)
    assert [o.status.value for o in world.broker_orders()].count("rejected") == 1
    assert world.own(kechuang) == 1_000_000
    assert world.verdict(event) == ("done", None)


# --- a resting order starves nobody ---


def test_a_stop_loss_is_sold_although_another_strategys_buy_rests(make: Make) -> None:
    world = make(strategies=[strategy("甲", "jia"), strategy("乙", "yi")])
    hold(world, 1000, kid="jia")
    next_session(world)
    resting = world.order("2", PINGAN, "buy", 500, kid="yi", status="open", limit="9.20")
    world.pass_time(3)
    stop = world.order("3", PINGAN, "sell", 1000, kid="jia", n=0)
    world.pass_time(15)
    assert world.verdict(stop) == ("done", None)
    assert (world.own(SZ, "甲"), world.own(SZ, "乙")) == (0, 0)
    world.scene(SZ, price=Decimal("9.15"))
    world.pass_time(15)
    assert world.own(SZ, "乙") == 500, "it rested again"
    assert world.verdict(resting) == ("done", None)


def test_a_market_buy_is_bought_although_the_same_strategys_buy_rests(make: Make) -> None:
    world = make()
    world.order("2", PINGAN, "buy", 500, status="open", limit="9.20")
    world.pass_time(3)
    market = world.order("3", PINGAN, "buy", 1000)
    world.pass_time(15)
    assert world.verdict(market) == ("done", None)
    assert (world.own(SZ), world.entitled(SZ)) == (1000, 1500)
    assert [status for _, _, status in sent(world)] == ["cancelled", "filled", "working"], "it rests again"


def test_a_sell_off_leaves_what_a_live_buy_still_wants(make: Make) -> None:
    world = make("0.5")
    hold(world, 1000)
    next_session(world)
    world.order("1", PINGAN, "buy", 600, status="open", limit="9.50")
    world.pass_time(3)
    world.order("2", PINGAN, "sell", 1000, n=0)
    holding = world.trader.ledger.holding("小市值", SZ)
    assert (holding.strategy_shares, holding.counted_shares, world.entitled(SZ)) == (0, 600, 300)
    world.pass_time(15)
    assert world.own(SZ) == 300, "200 sold of 500; the buy of 300 is netted against the rest"
    world.order("1", PINGAN, "buy", 600, status="held", limit="9.50", price="9.50")
    world.pass_time(15)
    assert (world.own(SZ), world.entitled(SZ)) == (300, 300)


# --- liquidation, accounts and strategies that are gone ---


def test_joinquants_cancel_of_a_buy_from_before_a_liquidation_takes_nothing_of_what_came_after(make: Make) -> None:
    world = make()
    hold(world, 1000)
    next_session(world)
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.20")
    world.pass_time(3)
    world.command("halt", reason="试一下", liquidate="1")
    world.pass_time(10)
    assert (world.own(SZ), world.entitled(SZ)) == (0, 0)
    world.command("unhalt", reason="好了")
    world.order("2", PINGAN, "buy", 300)
    world.pass_time(10)
    world.order("1", PINGAN, "buy", 1000, 0, "canceled", limit="9.20")
    assert world.entitled(SZ) == 300
    next_session(world, TUESDAY)
    assert world.own(SZ) == 300 == world.held(SZ)


def test_what_a_removed_account_was_to_do_ends(make: Make) -> None:
    accounts = [AccountConfig(name="主账户", limits=NO_LIMITS), AccountConfig(name="副账户", limits=NO_LIMITS)]
    both = tuple(AccountShare(account=a.name, ratio=Decimal(1)) for a in accounts)
    world = make(accounts=accounts, strategies=[replace(strategy("小市值", "xsz"), accounts=both)])
    hold(world, 1000)
    next_session(world)
    assert world.own(SZ, account="副账户") == 1000
    first = world.config.strategies[0]
    world.config = replace(world.config, accounts=tuple(accounts[:1]), strategies=(replace(first, accounts=both[:1]),))
    world.kill()
    event = world.order("2", PINGAN, "sell", 500)
    world.pass_time(10)
    assert world.own(SZ) == 500
    assert world.verdict(event) == ("partial", "券商未连接")
    assert not world.trader.ledger.intents


@pytest.mark.parametrize("who", ["removed strategy", "test"])
def test_live_orders_of_a_strategy_that_is_not_configured_are_closed_at_their_days_end(make: Make, who: str) -> None:
    world = make()
    hold(world, 1000)
    next_session(world)
    if who == "test":
        world.send(world.order_event("1", PINGAN, "buy", 100, status="open", limit="9.50", kind=EventKind.TEST))
        world.pass_time(5)
    else:
        world.order("1", PINGAN, "sell", 1000, status="open", limit="10.90")
        world.pass_time(3)
        world.config = replace(world.config, strategies=(strategy("别的", "bd"),))
        world.kill()
    next_session(world, TUESDAY)
    name = "测试" if who == "test" else "小市值"
    assert world.trader.ledger.jq_orders[name, MONDAY.date(), "1"].closed
    assert (world.own(SZ), world.entitled(SZ)) == (1000, 1000)
    assert any("缺口" in title for title in titles(world))


# --- limits, prices, waiting ---


def test_the_days_turnover_counts_what_was_traded_and_what_is_live(make: Make) -> None:
    limits = replace(NO_LIMITS, day_turnover=Decimal(30000))
    world = make(accounts=[AccountConfig(name="主账户", limits=limits)])
    first = world.order("1", PINGAN, "buy", 1000, limit="9.50")
    world.pass_time(60)
    assert world.verdict(first) == ("refused", "超出策略限价"), "five attempts of 9,500 yuan, none traded"
    second = world.order("2", PUFA, "buy", 1000)
    world.pass_time(10)
    assert world.verdict(second) == ("done", None)
    world.kill()
    world.order("3", "600004.XSHG", "buy", 1000, status="open", limit="9.50")
    world.pass_time(5)
    third = world.order("4", "600006.XSHG", "buy", 1200)
    world.pass_time(5)
    # 10,000 traded, 9,500 live; 12,000 more are too many
    assert world.verdict(third) == ("refused", "超单日成交额")


def test_buys_of_one_turn_count_towards_the_days_turnover_together(make: Make) -> None:
    world = make(accounts=[AccountConfig(name="主账户", limits=replace(NO_LIMITS, day_turnover=Decimal(15000)))])
    first, second = (world.order(n, stock, "buy", 1000, settle=False) for n, stock in (("1", PINGAN), ("2", PUFA)))
    world.pass_time(10)
    assert [world.verdict(first), world.verdict(second)] == [("done", None), ("refused", "超单日成交额")]


def test_buys_of_one_turn_count_towards_the_days_orders_together(make: Make) -> None:
    world = make(accounts=[AccountConfig(name="主账户", limits=replace(NO_LIMITS, day_orders=1))])
    first, second = (world.order(n, stock, "buy", 1000, settle=False) for n, stock in (("1", PINGAN), ("2", PUFA)))
    world.pass_time(10)
    assert [world.verdict(first), world.verdict(second)] == [("done", None), ("refused", "超单日笔数")]


def test_a_forced_sale_of_a_fund_stays_near_the_best_bid(make: Make) -> None:
    world = make(chase=ChaseConfig(force_sell_after=1, max_attempts=3))
    fund = "510300.SH"
    world.scene(fund, price=Decimal("4.000"))
    world.order("1", "510300.XSHG", "buy", 50_000, price="4")
    world.pass_time(10)
    next_session(world)
    world.scene(fund, price=Decimal("4.000"), thin=100)
    world.order("2", "510300.XSHG", "sell", 50_000, price="4")
    world.pass_time(40)
    prices = [o.price for o in world.broker_orders()]
    assert len(prices) > 1
    assert all(price >= Decimal("4.000") * Decimal("0.97") for price in prices), "never at the day's limit of 3.600"


def test_a_signal_of_the_night_waits_for_its_approval_until_the_session(make: Make) -> None:
    world = make(strategies=[strategy("小市值", "xsz", mode=Mode.CONFIRM)])
    world.go_to(datetime(2026, 11, 22, 20, 0, tzinfo=BEIJING), step=3600)
    event = world.order("1", PINGAN, "buy", 1000)
    world.go_to(MONDAY, step=3600)
    assert world.verdict(event)[0] == "working"
    assert world.command("approve", id=event)[0]
    world.pass_time(20)
    assert world.verdict(event) == ("done", None)
    late = world.order("2", PINGAN, "buy", 1000)
    world.pass_time(700, step=20)
    assert world.verdict(late) == ("refused", "等待确认超时")


# --- what breaks the program ---


def keep_going(world: World, turns: int) -> int:
    """Turn the guarded loop; returns how many turns failed."""
    failed = 0
    for _ in range(turns):
        failed += world.trader.safe_step() >= 1
        world.clock.turn(0.5)
        world.exchange.advance(world.clock.now())
    return failed


@pytest.fixture
def quiet_log() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("quiet_log")
def test_a_command_that_breaks_the_program_is_answered_and_stops_nothing_else(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make()
    world.settle()

    def break_down(self: Persons, *, apply: bool) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(Persons, "reconcile", break_down)
    row = world.journal.ask("reconcile", {}, "test")
    event = world.order("1", PINGAN, "buy", 1000, settle=False)
    assert keep_going(world, 10) == 1
    answer = world.journal.command_result(row)
    assert answer is not None and (answer.ok, answer.text) == (False, texts.BROKEN)
    assert world.verdict(event) == ("done", None)


@pytest.mark.usefixtures("quiet_log")
def test_an_event_that_breaks_the_program_is_refused_and_stops_nothing_else(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make()
    world.settle()
    real = trading.decide_event

    def decide(ledger: object, event: object, view: object) -> None:
        real(ledger, event, view)  # type: ignore[arg-type]
        if event.body.content.jq_order_id == "2":  # type: ignore[attr-defined]
            raise ZeroDivisionError

    monkeypatch.setattr(trading, "decide_event", decide)
    events = [world.order_event(n, PINGAN, "buy", 100) for n in ("1", "2", "3")]
    first, broken, third = world.send(*events)
    assert keep_going(world, 20) == 1
    assert world.verdict(broken)[0] == "refused"
    assert world.signal(broken)["reason_text"] == texts.BROKEN
    assert world.verdict(first) == world.verdict(third) == ("done", None)
    assert (world.own(SZ), world.held(SZ), world.entitled(SZ)) == (200, 200, 200), "nothing of the broken one stays"
    assert "一个信号没有处理" in titles(world)


@pytest.mark.usefixtures("quiet_log")
def test_a_filled_count_that_is_no_number_is_refused(make: Make) -> None:
    world = make(settle_s=60.0)
    world.pass_time(2)
    world.exchange.faults.once(PlaceTrouble.LOST)
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(3)
    doubtful = only(world.trader.ledger.live_orders())
    assert not world.command("resolve", id=doubtful.client_order_id, how="filled", filled="²")[0]
    assert world.trader.ledger.orders[doubtful.client_order_id].state is OrderState.IN_DOUBT
