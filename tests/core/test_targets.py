"""Targets of several strategies as one list: averages weighted by shares, adjustments on top."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from desk.core.targets import Adjustment, TargetPosition, merged


def position(symbol: str, shares: int, cost: str, name: str = "") -> TargetPosition:
    return TargetPosition(symbol=symbol, shares=shares, cost=Decimal(cost), name=name)


def adjustment(symbol: str, shares: int, cost: str = "0") -> Adjustment:
    return Adjustment(symbol=symbol, shares=shares, cost=Decimal(cost))


def test_the_cost_is_the_average_weighted_by_shares() -> None:
    one, other = [position("000001.SZ", 1000, "12.5")], [position("000001.SZ", 500, "14", "平安银行")]
    # (1000 x 12.5 + 500 x 14) / 1500 = 13
    assert merged([one, other]) == (position("000001.SZ", 1500, "13.0000", "平安银行"),)


def test_the_average_is_rounded_half_up_at_the_fourth_place() -> None:
    # (1 x 1 + 2 x 1.0001) / 3 = 1.0000666…
    (total,) = merged([[position("600000.SH", 1, "1"), position("600000.SH", 2, "1.0001")]])
    assert total.cost == Decimal("1.0001")


def test_an_addition_weighs_in_and_what_is_taken_away_leaves_the_cost() -> None:
    held = [position("000001.SZ", 1000, "10")]
    assert merged([held], [adjustment("000001.SZ", 1000, "20")]) == (position("000001.SZ", 2000, "15.0000"),)
    assert merged([held], [adjustment("000001.SZ", -400, "99")]) == (position("000001.SZ", 600, "10.0000"),)


def test_what_is_taken_away_ends_at_nothing() -> None:
    held = [position("000001.SZ", 1000, "10"), position("600000.SH", 0, "10")]
    assert merged([held], [adjustment("000001.SZ", -5000), adjustment("600519.SH", -100)]) == ()


_rows = st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 10**9), st.decimals("0.0001", 10**7, places=4)))


@given(_rows, st.integers(-(10**9), 10**9))
def test_a_total_is_never_negative_nor_its_cost_outside_of_what_was_paid(
    rows: list[tuple[str, int, Decimal]], taken: int
) -> None:
    held = [position(symbol, shares, str(cost)) for symbol, shares, cost in rows]
    for total in merged([held], [adjustment("A", min(taken, -1))]):
        paid = [p.cost for p in held if p.symbol == total.symbol]
        assert total.shares > 0 and min(paid) <= total.cost <= max(paid)
