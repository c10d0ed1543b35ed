"""Orders through the genuine library: answers and pushes in any order, unknown outcomes, cancels."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from desk.broker.xt.rows import CancelErrorRow, OrderRow, PlacedRow, TradeRow
from desk.broker.xt.translate import Remarks, order_of
from desk.broker.xt_sim import CancelTrouble, PlaceTrouble, PushTrouble, ResponseTrouble
from desk.core.market import Outcome, ReportKind
from tests.broker.xt.stage import BANK, ID, MORNING, Stage, needs_library, stage

pytestmark = needs_library
__all__ = ["stage"]

ACCEPTED, NO_ANSWER, REFUSED = Outcome.ACCEPTED, Outcome.NO_ANSWER, Outcome.REFUSED


def outcomes(stage: Stage, remark: str) -> list[Outcome]:
    return [answer.outcome for answer in stage.answers(remark)]


def live_at_the_exchange(stage: Stage) -> list[str]:
    return [order.client_order_id for order in stage.exchange.picture().orders if not order.status.final]


def test_an_order_is_answered_pushed_and_filled_under_its_remark(stage: Stage) -> None:
    stage.open()
    remark = stage.buy(price="10.10")
    number = stage.number(remark)
    stage.until(lambda: "filled" in stage.statuses(remark), flow=0.05)
    stage.until(lambda: stage.of(ReportKind.TRADE))
    trades = [report.trade for report in stage.of(ReportKind.TRADE) if report.trade is not None]
    assert [(trade.client_order_id, trade.broker_order_id, trade.shares) for trade in trades] == [(remark, number, 100)]


# --- answers --------------------------------------------------------------------------------------------------------


def test_response_and_pushes_before_the_call_has_returned_find_their_order(stage: Stage) -> None:
    stage.open()
    stage.faults.once(PlaceTrouble.ANSWERED_EARLY)
    remark = stage.buy(price="10.10")
    stage.until(lambda: stage.answers(remark))
    stage.until(lambda: "filled" in stage.statuses(remark), flow=0.05)
    stage.settle(12)
    assert outcomes(stage, remark) == [ACCEPTED]  # nothing was thought missing afterwards


def test_an_early_response_without_a_remark_waits_for_its_seq(stage: Stage) -> None:
    stage.open()
    line = stage.broker._session.line
    assert line is not None
    genuine = line.trader.order_stock_async

    def answered_before_it_returns(*args: Any) -> Any:
        seq = genuine(*args)
        stage.broker._take(line.generation, PlacedRow(seq=seq, order_id=77, remark="", text=""))
        stage.settle()
        return seq

    line.trader.order_stock_async = answered_before_it_returns
    stage.faults.once(PlaceTrouble.LOST)
    remark = stage.buy()
    stage.until(lambda: outcomes(stage, remark) == [ACCEPTED])
    assert stage.answers(remark)[0].broker_order_id == "77"


def test_minus_one_with_a_live_order_behind_it_is_no_answer_and_the_order_is_seen(stage: Stage) -> None:
    stage.open()
    stage.faults.once(PlaceTrouble.MINUS_ONE_LIVE)
    remark = stage.buy()
    stage.until(lambda: stage.answers(remark))
    assert outcomes(stage, remark) == [NO_ANSWER]
    stage.until(lambda: "working" in stage.statuses(remark), flow=0.05)
    assert remark in {order.client_order_id for order in stage.snapshot().orders}


def test_minus_one_with_a_refusal_is_no_answer_and_keeps_its_words(stage: Stage) -> None:
    stage.open()
    stage.faults.once(PlaceTrouble.REFUSED)
    remark = stage.buy()
    stage.until(lambda: stage.answers(remark))
    assert {answer.outcome for answer in stage.answers(remark)} == {NO_ANSWER}
    assert any(answer.text for answer in stage.answers(remark))
    assert stage.snapshot().orders == ()


@pytest.mark.parametrize("trouble", [PlaceTrouble.UNANSWERED, PlaceTrouble.LOST])
def test_a_seq_without_a_response_becomes_no_answer_at_the_deadline(stage: Stage, trouble: PlaceTrouble) -> None:
    stage.open()
    stage.faults.once(trouble)
    remark = stage.buy()
    stage.settle(9)
    assert outcomes(stage, remark) == []
    stage.settle(2)
    stage.until(lambda: outcomes(stage, remark) == [NO_ANSWER])
    seen = {order.client_order_id for order in stage.snapshot().orders}
    assert (remark in seen) is (trouble is PlaceTrouble.UNANSWERED)


def test_an_answer_after_the_deadline_still_tells_the_number(stage: Stage) -> None:
    stage.open()
    stage.faults.once(PlaceTrouble.ANSWERED_LATE, 14)
    remark = stage.buy()
    stage.settle(20)
    stage.until(lambda: outcomes(stage, remark) == [NO_ANSWER, ACCEPTED])


def test_order_id_zero_is_no_answer(stage: Stage) -> None:
    stage.open()
    stage.faults.once(PlaceTrouble.BLANK_ID)
    remark = stage.buy()
    stage.until(lambda: outcomes(stage, remark) == [NO_ANSWER])


def test_another_orders_number_in_a_response_is_not_believed(stage: Stage) -> None:
    stage.open()
    first = stage.buy()
    number = stage.number(first)
    stage.faults.once(PlaceTrouble.ANOTHERS_ID)
    second = stage.buy()
    stage.until(lambda: stage.answers(second))
    assert stage.answers(second)[0].outcome is NO_ANSWER
    assert stage.answers(second)[0].broker_order_id == ""
    stage.until(lambda: stage.alarms)
    orders = {order.client_order_id: order.broker_order_id for order in stage.snapshot().orders}
    assert orders[first] == number != orders[second]


def test_on_order_error_of_another_order_changes_no_order_that_was_accepted(stage: Stage) -> None:
    stage.open()
    first = stage.buy()
    stage.number(first)
    stage.faults.once(PlaceTrouble.ANOTHERS_ERROR)
    second = stage.buy()
    stage.number(second)
    stage.settle(1)
    assert outcomes(stage, first) == outcomes(stage, second) == [ACCEPTED]


def test_a_refusal_by_the_counter_keeps_its_words_and_comes_by_the_status(stage: Stage) -> None:
    stage.open()
    remark = stage.buy(shares=1_000_000, price="10.00")  # ten million yuan, one is there
    stage.until(lambda: "rejected" in stage.statuses(remark), flow=0.05)
    texts = [r.order.text for r in stage.of(ReportKind.ORDER) if r.order is not None and r.order.status == "rejected"]
    assert any("可用资金不足" in text for text in texts)
    assert REFUSED not in outcomes(stage, remark)


@pytest.mark.parametrize("trouble", [ResponseTrouble.TWICE, ResponseTrouble.LATE, ResponseTrouble.OVERTAKEN])
def test_responses_twice_late_and_overtaken_are_told_under_their_remark(stage: Stage, trouble: ResponseTrouble) -> None:
    stage.open()
    stage.faults.once(trouble, 2)
    remark = stage.buy()
    stage.settle(3)
    stage.until(lambda: stage.answers(remark))
    assert set(outcomes(stage, remark)) == {ACCEPTED}


def test_an_order_in_flight_at_a_disconnect_is_no_answer_then(stage: Stage) -> None:
    stage.open()
    stage.faults.once(PlaceTrouble.DIES_AFTER)
    remark = stage.buy()
    stage.settle(5)
    stage.until(lambda: not stage.broker.connected)
    stage.until(lambda: outcomes(stage, remark) == [NO_ANSWER])


# --- what must not be sent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("remark", ["x" * 24, "跟单-1", "", "a\n"])
def test_a_remark_that_would_be_cut_or_changed_is_not_sent(stage: Stage, remark: str) -> None:
    stage.open()
    request = stage.request("placeholder")
    answer = stage.broker.place(
        type(request)(**{name: getattr(request, name) for name in request.__slots__} | {"client_order_id": remark})
    )
    assert answer is not None and answer.outcome is NO_ANSWER
    assert stage.exchange.picture().orders == ()


def test_twenty_three_bytes_of_remark_come_back_whole(stage: Stage) -> None:
    stage.open()
    remark = stage.buy("r" * 23)
    stage.until(lambda: "working" in stage.statuses(remark), flow=0.05)


def test_a_reused_remark_is_not_sent(stage: Stage) -> None:
    stage.open()
    remark = stage.buy()
    stage.number(remark)
    answer = stage.broker.place(stage.request(remark))
    assert answer is not None and answer.outcome is NO_ANSWER
    assert len(stage.exchange.picture().orders) == 1


@pytest.mark.parametrize("shares", [100.9, Decimal(100), True, 0, -100])
def test_shares_that_the_library_would_cut_are_not_sent(stage: Stage, shares: Any) -> None:
    stage.open()
    answer = stage.broker.place(stage.request(shares=shares))
    assert answer is not None and answer.outcome is NO_ANSWER
    assert stage.exchange.picture().orders == ()


def test_the_price_travels_as_a_float_and_arrives_exact(stage: Stage) -> None:
    stage.open()
    remark = stage.buy(price="9.29")
    stage.until(lambda: "working" in stage.statuses(remark), flow=0.05)
    assert [order.price for order in stage.exchange.picture().orders] == [Decimal("9.29")]


def test_a_price_that_no_float_says_exactly_is_not_sent(stage: Stage) -> None:
    stage.open()
    answer = stage.broker.place(stage.request(price="9.290000000000000001"))
    assert answer is not None and answer.outcome is NO_ANSWER


def test_nothing_is_placed_without_a_connection(stage: Stage) -> None:
    answer = stage.broker.place(stage.request())
    assert answer is not None and answer.outcome is NO_ANSWER


def test_what_waited_behind_a_call_that_hung_is_not_sent_late(stage: Stage) -> None:
    stage.open()
    line = stage.broker._session.line
    assert line is not None
    genuine, gate, entered = line.trader.order_stock_async, threading.Event(), threading.Event()

    def hang(*args: Any) -> Any:
        entered.set()
        gate.wait()
        return genuine(*args)

    line.trader.order_stock_async = hang
    first = stage.buy()
    stage.until(entered.is_set)
    second = stage.buy()
    stage.settle(4)
    assert stage.broker.snapshot() is None  # what hangs may still land: no picture proves its absence
    stage.settle(1)
    assert stage.broker.snapshot() is None
    gate.set()
    stage.until(lambda: first in live_at_the_exchange(stage), flow=0.01)
    stage.until(lambda: stage.answers(second))
    assert stage.answers(second)[0].outcome is NO_ANSWER
    assert live_at_the_exchange(stage) == [first]
    assert stage.snapshot() is not None


def test_an_exception_of_the_placing_call_is_no_answer(stage: Stage) -> None:
    stage.open()
    line = stage.broker._session.line
    assert line is not None

    def fail(*args: Any) -> int:
        raise RuntimeError("native")

    line.trader.order_stock_async = fail
    remark = stage.buy()
    stage.until(lambda: outcomes(stage, remark) == [NO_ANSWER])


# --- pushes ---------------------------------------------------------------------------------------------------------


def test_status_255_is_unknown_and_the_account_is_looked_at_again(stage: Stage) -> None:
    stage.open()
    stage.snapshot()
    stage.faults.once(PushTrouble.STATUS_255)
    rings = len(stage.of(ReportKind.RING))
    remark = stage.buy()
    stage.until(lambda: "unknown" in stage.statuses(remark), flow=0.02)
    stage.until(lambda: len(stage.of(ReportKind.RING)) > rings, flow=0.02)


def test_orders_made_by_hand_are_told_by_the_counters_number_without_a_remark(stage: Stage) -> None:
    stage.open()
    sysid = stage.terminal.order_by_hand(ID, BANK, "buy", 200, Decimal("9.00"))
    stage.until(
        lambda: any(r.order is not None and r.order.broker_order_id for r in stage.of(ReportKind.ORDER)), flow=0.02
    )
    (order,) = stage.snapshot().orders
    assert (order.client_order_id, order.broker_order_id, order.shares) == ("", f"sys:{sysid}", 200)


def test_a_counters_number_is_never_taken_for_a_terminals_number(stage: Stage) -> None:
    stage.open()
    remark = stage.buy()
    number = stage.number(remark)
    row = OrderRow(
        order_id=0, order_sysid=number, remark="", stock_code=BANK, order_type=23, shares=900, price=9.0,
        traded_shares=0, traded_price=0.0, status=50, text="", time=0,
    )  # fmt: skip
    stage.broker._take(stage.broker.generation, row)
    stage.until(lambda: any(r.order is not None and r.order.shares == 900 for r in stage.of(ReportKind.ORDER)))
    order = next(r.order for r in stage.of(ReportKind.ORDER) if r.order is not None and r.order.shares == 900)
    assert order.client_order_id == "" and order.broker_order_id != number


def test_duplicate_fills_are_all_passed_with_one_trade_id(stage: Stage) -> None:
    stage.open()
    stage.faults.rates[PushTrouble.TWICE] = 1.0
    remark = stage.buy(price="10.10")
    stage.until(lambda: len(stage.of(ReportKind.TRADE)) >= 2, flow=0.05)
    trades = {r.trade.trade_id for r in stage.of(ReportKind.TRADE) if r.trade is not None}
    assert len(trades) == 1
    assert {r.trade.client_order_id for r in stage.of(ReportKind.TRADE) if r.trade is not None} == {remark}


def test_an_order_push_without_its_remark_is_found_by_its_number(stage: Stage) -> None:
    stage.open()
    remark = stage.buy()
    number = stage.number(remark)
    stage.faults.missing_fields = frozenset({"order_remark"})
    found = {order.client_order_id: order.broker_order_id for order in stage.snapshot().orders}
    assert found == {remark: number}


def test_a_terminal_that_forgets_remarks_does_not_make_an_unknown_order_look_absent(stage: Stage) -> None:
    stage.open()
    stage.snapshot()
    stage.faults.missing_fields = frozenset({"order_remark", "m_strOrderRemark"})
    stage.faults.once(PlaceTrouble.UNANSWERED)
    stage.buy()
    stage.until(lambda: live_at_the_exchange(stage), flow=0.01)
    stage.broker.snapshot()
    stage.until(lambda: stage.alarms, flow=0.02)
    assert stage.broker.snapshot() is None


def test_an_order_of_yesterday_is_no_twin_of_a_programs_order_today(stage: Stage) -> None:
    remarks = Remarks()
    remarks.send(stage.request("yesterdays"), MORNING.date() - timedelta(days=1))
    row = OrderRow(
        order_id=5, order_sysid="", remark="", stock_code=BANK, order_type=23, shares=100, price=10.0,
        traded_shares=0, traded_price=0.0, status=50, text="", time=int(MORNING.timestamp()),
    )  # fmt: skip
    assert remarks.nameless_twin(order_of(row, remarks, MORNING)) == ""
    remarks.send(stage.request("todays"), MORNING.date())
    assert remarks.nameless_twin(order_of(row, remarks, MORNING)) == "todays"


def test_reports_of_another_day_are_left_out_and_of_another_generation_are_passed(stage: Stage) -> None:
    stage.open()
    today = int(stage.clock.now().timestamp())

    def trade(number: str, time: int) -> TradeRow:
        return TradeRow(
            traded_id=number, order_id=7, order_sysid="", remark="", stock_code=BANK, order_type=23, shares=100,
            price=10.0, commission=0.0, time=time,
        )  # fmt: skip

    stage.broker._take(0, trade("yesterday", today - 86400))
    stage.broker._take(0, trade("today", today))
    stage.until(lambda: stage.of(ReportKind.TRADE))
    stage.settle()
    told = [(r.trade.trade_id, r.generation) for r in stage.of(ReportKind.TRADE) if r.trade is not None]
    assert told == [("today", 0)]


def test_a_report_of_ours_that_cannot_be_read_is_told_to_a_person(stage: Stage) -> None:
    stage.open()
    row = OrderRow(
        order_id=5, order_sysid="", remark="gabcdefghijklmno-9", stock_code=BANK, order_type=23, shares=0, price=9.0,
        traded_shares=0, traded_price=0.0, status=50, text="", time=0,
    )  # fmt: skip
    stage.broker._take(1, row)
    stage.until(lambda: stage.alarms)
    assert not stage.of(ReportKind.ORDER)  # "0 of 0 shares" would have meant all filled


# --- cancels --------------------------------------------------------------------------------------------------------


def test_a_cancel_is_accepted_and_done_when_the_order_says_so(stage: Stage) -> None:
    stage.open()
    remark = stage.buy()
    number = stage.number(remark)
    stage.until(lambda: "working" in stage.statuses(remark), flow=0.05)
    assert stage.broker.cancel(remark, number) is None
    stage.until(lambda: "cancelled" in stage.statuses(remark), flow=0.05)
    assert [answer.outcome for answer in stage.cancels(remark)] == [ACCEPTED]


def test_a_cancel_without_a_known_number_is_no_answer(stage: Stage) -> None:
    stage.open()
    answer = stage.broker.cancel("gabcdefghijklmno-1", "")
    assert answer is not None and answer.outcome is NO_ANSWER


def test_a_cancel_by_the_counters_number_goes_out_with_its_market(stage: Stage) -> None:
    stage.open()
    remark = stage.buy()
    stage.until(lambda: "working" in stage.statuses(remark), flow=0.05)
    sysid = 500_000 + int(stage.exchange.picture().orders[0].broker_order_id)
    assert stage.broker.cancel(remark, f"sys:{sysid}") is None
    stage.until(lambda: "cancelled" in stage.statuses(remark), flow=0.05)


def test_a_cancel_that_was_refused_but_done_ends_by_the_orders_own_word(stage: Stage) -> None:
    stage.open()
    remark = stage.buy()
    number = stage.number(remark)
    stage.until(lambda: "working" in stage.statuses(remark), flow=0.05)
    stage.faults.once(CancelTrouble.REFUSED_DONE)
    stage.broker.cancel(remark, number)
    stage.until(lambda: "cancelled" in stage.statuses(remark), flow=0.05)
    assert [answer.outcome for answer in stage.cancels(remark)] == [REFUSED]


def test_a_cancel_without_a_response_becomes_no_answer(stage: Stage) -> None:
    stage.open()
    remark = stage.buy()
    number = stage.number(remark)
    stage.faults.once(CancelTrouble.UNANSWERED)
    stage.broker.cancel(remark, number)
    stage.settle(12)
    stage.until(lambda: [answer.outcome for answer in stage.cancels(remark)] == [NO_ANSWER])


def test_a_cancel_error_push_refuses_the_cancel_of_the_order_it_names(stage: Stage) -> None:
    stage.open()
    remark = stage.buy()
    number = stage.number(remark)
    stage.broker._take(1, CancelErrorRow(order_id=int(number), order_sysid="", text="[COUNTER][251203][不接受撤单]"))
    stage.until(lambda: stage.cancels(remark))
    assert stage.cancels(remark)[0].outcome is REFUSED
    assert "不接受撤单" in stage.cancels(remark)[0].text
