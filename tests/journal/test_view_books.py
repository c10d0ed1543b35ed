"""The books as people see them: what they settle at, what is on its way, what is owed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from desk.core.values import (
    Gap,
    Holding,
    JqOrder,
    JqRate,
    JqStatus,
    OrderState,
    Side,
    Style,
)
from desk.journal import Journal
from desk.journal.view_books import books
from desk.journal.view_counts import status_counts
from tests.journal.making import (
    NOON,
    TODAY,
    batch,
    book,
    intent,
    order,
)


@pytest.mark.parametrize(
    ("symbol", "entitled", "text", "own", "target", "debt"),
    [
        ("000001.SZ", "300.5", "300.5", 0, 300, 0),  # legal_buy(300.5) = 300
        ("000001.SZ", "90", "90", 100, 100, 0),  # an excess of 10 is no legal sale
        ("000001.SZ", "0", "0", 150, 0, 150),  # all of it, the odd lot too
        ("000001.SZ", "50.0", "50", 250, 50, 200),
        ("688001.SH", "250", "250", 0, 250, 0),
        ("688001.SH", "150", "150", 0, 0, 0),  # STAR: at least 200
    ],
)
def test_a_book_shows_what_it_settles_at(
    journal: Journal, symbol: str, entitled: str, text: str, own: int, target: int, debt: int
) -> None:
    made = batch(book(symbol=symbol, entitled=Decimal(entitled), own=own))
    made.holdings["阿尔法", symbol] = Holding(strategy="阿尔法", symbol=symbol, strategy_shares=1000)
    journal.commit(made)
    [shown] = books(journal)
    assert (shown["target_shares"], shown["debt_shares"]) == (target, debt)
    assert (shown["strategy_shares"], shown["own_shares"]) == (1000, own)
    assert shown["entitled_shares"] == text
    assert (shown["in_flight_shares"], shown["pending_shares"], shown["gap"]) == (0, 0, None)


def test_a_book_counts_what_is_on_its_way_and_then_owes_nothing_yet(journal: Journal) -> None:
    sell = {"side": Side.SELL}
    journal.commit(
        batch(
            book(own=1000, entitled=Decimal(0)),
            intent(decided=1000, **sell),
            order("i1-1", shares=300, state=OrderState.FILLED, filled=300, **sell),
            order("i1-2", shares=400, state=OrderState.WORKING, filled=100, **sell),
        )
    )
    [shown] = books(journal)
    # 1000 decided = 400 traded + 300 with the broker + 300 not yet sent
    assert (shown["in_flight_shares"], shown["pending_shares"], shown["debt_shares"]) == (-300, -300, 0)


def test_a_sell_still_live_at_joinquant_makes_no_debt_before_it_fills(journal: Journal) -> None:
    sold = JqOrder(
        strategy="阿尔法", day=TODAY, jq_order_id="5", symbol="000001.SZ", side=Side.SELL, amount=1000, filled=400,
        status=JqStatus.FILLED, style=Style.LIMIT, limit=Decimal(11), counted=1000,
    )  # fmt: skip
    rate = JqRate(
        strategy="阿尔法",
        day=TODAY,
        jq_order_id="5",
        account="主账户",
        numerator=Decimal(500),
        denominator=Decimal(1000),
    )
    made = batch(book(own=500, entitled=Decimal(0)))
    made.jq_orders["a", "b", "c"] = sold
    made.jq_rates["a", "b", "c", "d"] = rate
    journal.commit(made)
    assert books(journal)[0]["debt_shares"] == 200  # 500 - (0 + (1000 - 400) x 0.5)
    made.jq_orders["a", "b", "c"] = replace(sold, status=JqStatus.HELD, filled=1000)
    journal.commit(made)
    assert books(journal)[0]["debt_shares"] == 500


def test_a_gap_and_a_freeze_are_told_with_the_book(journal: Journal) -> None:
    made = batch(book(frozen="持仓少于账本"))
    made.gaps["k"] = Gap(at=NOON, strategy="阿尔法", symbol="000001.SZ", cause="缺终态", text="缺终态：jq5", key="k")
    journal.commit(made)
    assert books(journal)[0]["gap"] == "持仓少于账本; 缺终态：jq5"
    [gap] = status_counts(journal)["strategies"]["阿尔法"]["gaps"]
    assert gap["cause"] == "缺终态"
