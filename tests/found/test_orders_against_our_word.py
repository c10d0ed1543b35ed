"""What the broker shows contradicts what was settled: late fills, twins, lost remarks and numbers, cancels by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from desk.broker.paper import PaperBroker
from desk.broker.paper.faults import PlaceTrouble, ReportTrouble
from desk.core.config import AccountConfig, ChaseConfig
from desk.core.market import BrokerTrade, Report, ReportKind, Snapshot
from desk.core.values import Order, OrderState
from desk.texts import paper as paper_texts
from tests import checks
from tests.stories import MONDAY, PINGAN, PUFA, SZ, Make, alarms, hold, next_session, only, sent, titles, use_broker
from tests.world import NO_LIMITS, strategy


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
