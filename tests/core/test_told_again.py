"""What a snapshot tells again is passed over, exactly where learning it anew would change nothing."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal

import pytest

from desk.core.ledger import Ledger
from desk.core.market import BrokerOrder
from desk.core.order_state import fact_of
from desk.core.reconcile import absorb_order, learn
from desk.core.values import BrokerStatus, Fact, Order, OrderState, Side
from tests.journal.making import NOON, order

KNOWN = [status for status in BrokerStatus if status is not BrokerStatus.UNKNOWN]


def ledger_with(known: Order) -> Ledger:
    ledger = Ledger()
    ledger.remember_order(known)
    return ledger


@pytest.mark.parametrize("state", list(OrderState))
@pytest.mark.parametrize("status", KNOWN)
def test_a_report_is_passed_over_only_if_it_changes_nothing(state: OrderState, status: BrokerStatus) -> None:
    figures = (0, 200, 500, 600)
    for filled, said_filled, number, settled in itertools.product(figures, figures, ("", "7"), (False, True)):
        compare(state, status, filled, said_filled, number, settled)


def compare(state: OrderState, status: BrokerStatus, filled: int, said_filled: int, number: str, settled: bool) -> None:
    known = order(state=state, filled=filled, broker_order_id="7", broker_text="said", shares=500)
    known = replace(known, settled=settled and state.final, final_at=NOON if state.final else None)
    said = BrokerOrder(
        client_order_id=known.client_order_id,
        broker_order_id=number,
        symbol=known.symbol,
        side=Side.BUY,
        shares=500,
        price=known.price,
        filled=said_filled,
        avg_price=Decimal(0),
        status=status,
        text="said",
        at=NOON,
    )
    absorbed, learnt = ledger_with(known), ledger_with(known)
    absorb_order(absorbed, known.account, said, NOON, "snapshot")
    fact = fact_of(status, said_filled, 500)
    assert fact is not None
    if fact is Fact.SEEN_ALIVE and said_filled > filled:
        fact = Fact.FILLED_SOME
    text = "said" if status in (BrokerStatus.REJECTED, BrokerStatus.CANCELLED) else ""
    learn(learnt, known, fact, NOON, "snapshot", filled=said_filled, broker_order_id=number, text=text)
    assert absorbed.batch == learnt.batch
    assert (absorbed.orders, absorbed.flags, absorbed.unsettled) == (learnt.orders, learnt.flags, learnt.unsettled)
