from datetime import timedelta
from decimal import Decimal as D

import pytest

from desk.broker import BrokerUnavailable
from desk.broker.paper import CancelTrouble, Faults, PaperBroker, PlaceTrouble, ReportTrouble, SnapshotTrouble
from desk.core.market import Outcome, ReportKind
from desk.core.values import BrokerStatus

from .stage import Stage, at, pinned

STOCK = "600000.SH"


def test_a_lost_request_leaves_no_order_and_no_answer():
    stage = pinned()
    stage.faults.once(PlaceTrouble.LOST)
    assert stage.place("buy", STOCK, 100, "10.01", "a-1").outcome is Outcome.NO_ANSWER
    assert stage.snapshot.orders == ()
    assert stage.place("buy", STOCK, 100, "10.01", "a-1").outcome is Outcome.ACCEPTED  # the remark is still free


def test_a_lost_answer_leaves_an_order_that_snapshots_and_reports_show():
    stage = pinned()
    stage.faults.once(PlaceTrouble.UNANSWERED)
    assert stage.place("buy", STOCK, 100, "10.01", "a-1").outcome is Outcome.NO_ANSWER
    assert stage.order("a-1").status is BrokerStatus.WORKING
    stage.ticks()
    assert stage.order("a-1").status is BrokerStatus.FILLED
    assert stage.kinds("a-1") == [ReportKind.ORDER, ReportKind.TRADE, ReportKind.ORDER]


def test_a_late_answer_comes_as_a_report_after_the_fill():
    stage = pinned()
    stage.faults.once(PlaceTrouble.ANSWERED_LATE, seconds=2)
    assert stage.place("buy", STOCK, 100, "10.01", "a-1") is None
    stage.pass_by(1)
    assert ReportKind.PLACED not in stage.kinds("a-1")
    stage.pass_by(1)
    assert stage.kinds("a-1") == [ReportKind.ORDER, ReportKind.TRADE, ReportKind.ORDER, ReportKind.PLACED]
    assert stage.told("a-1")[-1].placed.outcome is Outcome.ACCEPTED


def test_a_request_may_land_long_after_it_was_given_up():
    stage = pinned()
    stage.faults.once(PlaceTrouble.LANDS_LATE, seconds=40)
    assert stage.place("buy", STOCK, 100, "10.00", "a-1").outcome is Outcome.NO_ANSWER
    stage.pass_by(39)
    assert stage.snapshot.orders == ()
    stage.pass_by(1)
    assert stage.order("a-1").status is BrokerStatus.WORKING
    assert stage.order("a-1").at == at("10:00:40")


def test_an_answer_may_come_without_the_exchanges_number():
    stage = pinned()
    stage.faults.once(PlaceTrouble.BLANK_ID)
    answer = stage.place("buy", STOCK, 100, "10.00", "a-1")
    assert (answer.outcome, answer.broker_order_id) == (Outcome.ACCEPTED, "")
    assert stage.cancel("a-1") is Outcome.ACCEPTED  # by its remark


def test_an_accepted_order_may_turn_into_a_rejected_one():
    stage = pinned()
    stage.faults.once(PlaceTrouble.REJECTED_LATER, seconds=1)
    assert stage.place("buy", STOCK, 100, "10.00", "a-1").outcome is Outcome.ACCEPTED
    stage.pass_by(1)
    assert stage.order("a-1").status is BrokerStatus.REJECTED
    assert stage.snapshot.asset.frozen_cash == 0


@pytest.mark.parametrize(
    ("trouble", "answer", "status"),
    [
        (CancelTrouble.LOST, Outcome.ACCEPTED, BrokerStatus.WORKING),
        (CancelTrouble.UNANSWERED, Outcome.NO_ANSWER, BrokerStatus.WORKING),
        (CancelTrouble.UNANSWERED_DONE, Outcome.NO_ANSWER, BrokerStatus.CANCELLED),
        (CancelTrouble.REFUSED_DONE, Outcome.REFUSED, BrokerStatus.CANCELLED),
    ],
)
def test_a_cancels_answer_may_lie(trouble, answer, status):
    stage = pinned()
    stage.buy(STOCK, 100, "10.00", "a-1")
    stage.faults.once(trouble)
    assert stage.cancel("a-1") is answer
    stage.ticks()
    assert stage.order("a-1").status is status


def test_a_cancels_answer_may_be_late():
    stage = pinned()
    stage.buy(STOCK, 100, "10.00", "a-1")
    stage.faults.once(CancelTrouble.ANSWERED_LATE, seconds=3)
    assert stage.broker.cancel("a-1", "") is None
    stage.pass_by(3)
    late = stage.told("a-1")[-1]
    assert (late.kind, late.client_order_id) == (ReportKind.CANCEL, "a-1")
    assert late.cancelled.outcome is Outcome.ACCEPTED


def test_fills_go_on_while_a_slow_cancel_is_under_way():
    stage = pinned()
    stage.faults.cancel_delay_s = 16
    stage.buy(STOCK, 300, "9.95", "a-1")
    stage.cancel("a-1")
    stage.pass_by(10)
    assert stage.order("a-1").status is BrokerStatus.CANCEL_PENDING
    stage.exchange.scene(STOCK, price=D("9.90"), thin=100)
    stage.ticks(2)
    assert (stage.order("a-1").status, stage.order("a-1").filled) == (BrokerStatus.CANCEL_PENDING, 200)
    stage.exchange.scene(STOCK, price=D("10.30"))
    stage.pass_by(6)
    order = stage.order("a-1")
    assert (order.status, order.filled) == (BrokerStatus.CANCELLED, 200)


def test_an_order_may_be_filled_whole_before_its_cancel_takes_effect():
    stage = pinned()
    stage.faults.cancel_delay_s = 5
    stage.buy(STOCK, 300, "10.01", "a-1")
    assert stage.cancel("a-1") is Outcome.ACCEPTED
    stage.pass_by(6)
    assert stage.order("a-1").status is BrokerStatus.FILLED


def test_reports_may_come_twice_late_out_of_order_or_never():
    stage = pinned()
    stage.faults.once(ReportTrouble.LOST)  # working
    stage.faults.once(ReportTrouble.OVERTAKEN)  # the trade comes after the filled order
    stage.buy(STOCK, 100, "10.01", "a-1")
    stage.ticks()
    assert stage.kinds("a-1") == [ReportKind.ORDER, ReportKind.TRADE]
    stage.faults.once(ReportTrouble.TWICE, seconds=1)
    stage.faults.once(ReportTrouble.LATE, seconds=2)
    stage.buy(STOCK, 100, "10.01", "a-2")
    stage.pass_by(3)
    assert stage.kinds("a-2") == [ReportKind.ORDER, ReportKind.ORDER, ReportKind.ORDER, ReportKind.TRADE]
    statuses = [r.order.status for r in stage.told("a-2") if r.order]
    assert statuses == [BrokerStatus.WORKING, BrokerStatus.FILLED, BrokerStatus.WORKING]


def test_a_snapshot_may_be_missing_empty_or_blind_to_young_orders():
    stage = pinned()
    stage.exchange.deposit(STOCK, 100, D(9))
    stage.buy(STOCK, 100, "10.00", "a-1")
    stage.faults.once(SnapshotTrouble.NONE)
    stage.faults.once(SnapshotTrouble.EMPTY)
    assert stage.broker.snapshot() is None
    empty = stage.broker.snapshot()
    assert (empty.orders, empty.positions, empty.trades) == ((), (), ())
    stage.faults.invisible_s = 5
    assert stage.snapshot.orders == ()
    stage.pass_by(5)
    assert len(stage.snapshot.orders) == 1


def test_a_broken_line_tells_once_answers_nothing_and_can_be_opened_again():
    stage = pinned()
    stage.buy(STOCK, 100, "10.00", "a-1")
    stage.exchange.disconnect()
    assert stage.reports[-1].kind is ReportKind.DISCONNECTED
    assert not stage.broker.connected
    assert stage.place("buy", STOCK, 100, "10.00", "a-2").outcome is Outcome.NO_ANSWER
    assert stage.broker.cancel("a-1", "").outcome is Outcome.NO_ANSWER
    assert stage.broker.snapshot() is stage.broker.quote(STOCK) is stage.broker.instrument(STOCK) is None
    with pytest.raises(BrokerUnavailable):
        stage.broker.open(stage.reports.append)
    before = len(stage.reports)
    stage.exchange.scene(STOCK, price=D("9.50"))
    stage.ticks()
    assert len(stage.reports) == before  # what happened meanwhile is not told, the snapshot shows it
    stage.exchange.reconnect()
    stage.broker.open(stage.reports.append)
    assert stage.broker.generation == 2
    assert (stage.snapshot.generation, stage.order("a-1").status) == (2, BrokerStatus.FILLED)
    assert [o.client_order_id for o in stage.snapshot.orders] == ["a-1"]


def test_a_report_under_way_dies_with_its_connection():
    stage = pinned()
    stage.faults.once(ReportTrouble.LATE, seconds=5)
    stage.buy(STOCK, 100, "10.00", "a-1")
    stage.exchange.disconnect()
    stage.exchange.reconnect()
    stage.broker.open(stage.reports.append)
    stage.pass_by(6)
    assert stage.told("a-1") == []


def test_a_listener_that_was_thrown_away_is_forgotten_and_the_next_one_hears():
    stage = pinned()
    stage.broker = PaperBroker("模拟", stage.exchange, lambda: stage.now)
    heard = []
    stage.broker.open(heard.append)
    stage.buy(STOCK, 100, "10.01", "a-1")
    stage.ticks()
    assert [r.kind for r in heard] == [ReportKind.CONNECTED, ReportKind.ORDER, ReportKind.TRADE, ReportKind.ORDER]
    assert stage.told("a-1") == []


def test_troubles_by_chance_repeat_with_their_seed_and_never_touch_the_account():
    def run(seed: int) -> Stage:
        faults = Faults(
            seed=seed,
            rates={
                PlaceTrouble.UNANSWERED: 0.3,
                PlaceTrouble.LOST: 0.2,
                ReportTrouble.LOST: 0.3,
                ReportTrouble.LATE: 0.3,
            },
        )
        stage = pinned(faults=faults)
        for n in range(40):
            stage.place("buy", STOCK, 100, "10.01", f"r-{n}")
            stage.ticks(2)
        stage.pass_by(10)
        return stage

    first, again, other = run(1), run(1), run(2)
    assert first.reports == again.reports != other.reports
    bought = sum(trade.shares for trade in first.snapshot.trades)
    assert 0 < bought < 4000
    assert first.shares(STOCK) == (bought, 0)
    spent = sum(trade.shares * trade.price + trade.fee for trade in first.snapshot.trades)
    assert first.snapshot.asset.cash == 1_000_000 - spent
    assert timedelta(0) < first.now - at("10:00")
