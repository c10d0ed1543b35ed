from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.core.matching import AuctionOrder, TieRule, auction, sweep

CENT = D("0.01")


def levels(*pairs: tuple[str, int]) -> tuple[tuple[D, int], ...]:
    return tuple((D(price), shares) for price, shares in pairs)


@pytest.mark.parametrize(
    ("is_buy", "limit", "shares", "side", "fills", "left"),
    [
        # within the first level
        (True, "10.02", 500, [("10.01", 900)], [("10.01", 500)], [("10.01", 400)]),
        # 300 at 10.01, then 200 of the 400 at 10.02
        (True, "10.02", 500, [("10.01", 300), ("10.02", 400)], [("10.01", 300), ("10.02", 200)], [("10.02", 200)]),
        # the limit keeps out of 10.03: 300 of 500
        (True, "10.02", 500, [("10.01", 300), ("10.03", 400)], [("10.01", 300)], [("10.03", 400)]),
        # the odd rest of the order is taken: 250 of 1000
        (False, "9.99", 250, [("10.00", 1000)], [("10.00", 250)], [("10.00", 750)]),
        # an odd depth is not: 130 gives 100, then 150 of 500 finish the order
        (
            False,
            "9.99",
            250,
            [("10.00", 130), ("9.99", 500)],
            [("10.00", 100), ("9.99", 150)],
            [("10.00", 30), ("9.99", 350)],
        ),
        (True, "10.00", 100, [("10.01", 900)], [], [("10.01", 900)]),
        (True, "10.00", 100, [], [], []),
    ],
)
def test_an_order_sweeps_the_other_side_within_its_limit_in_whole_lots(is_buy, limit, shares, side, fills, left):
    swept = sweep(levels(*side), is_buy=is_buy, limit=D(limit), shares=shares, lot=100)
    assert swept.fills == levels(*fills)
    assert swept.left == levels(*left)


@given(
    depth=st.lists(st.tuples(st.integers(990, 1010), st.integers(1, 3000)), max_size=5),
    limit=st.integers(985, 1015),
    shares=st.integers(1, 9000),
)
def test_a_sweep_never_exceeds_the_order_the_limit_or_the_depth(depth, limit, shares):
    side = tuple((D(price) / 100, size) for price, size in sorted(depth))
    swept = sweep(side, is_buy=True, limit=D(limit) / 100, shares=shares, lot=100)
    traded = sum(size for _, size in swept.fills)
    assert traded <= shares
    assert all(price <= D(limit) / 100 for price, _ in swept.fills)
    assert sum(size for _, size in swept.left) + traded == sum(size for _, size in side)
    assert traded == shares or traded % 100 == 0


def call(*orders: tuple[str, bool, str, int], reference: str = "10.00", tie: TieRule = TieRule.MIDDLE):
    book = [AuctionOrder(key, is_buy, D(price), shares) for key, is_buy, price, shares in orders]
    return auction(book, reference=D(reference), tick=CENT, tie=tie)


def test_the_auction_takes_the_price_of_the_greatest_volume():
    # 10.02: buys 300, sells 900 -> 300; 10.00: buys 800, sells 700 -> 700; 9.98: buys 1200, sells 200 -> 200
    result = call(
        ("b1", True, "10.02", 300),
        ("b2", True, "10.00", 500),
        ("b3", True, "9.98", 400),
        ("s1", False, "9.98", 200),
        ("s2", False, "10.00", 500),
        ("s3", False, "10.02", 200),
    )
    assert (result.price, result.shares) == (D("10.00"), 700)
    assert result.fills == {"b1": 300, "b2": 400, "s1": 200, "s2": 500}


def test_at_the_auction_price_the_earlier_order_goes_first_and_the_better_price_before_it():
    result = call(("early", True, "10.00", 300), ("better", True, "10.01", 300), ("late", True, "10.00", 300),
                  ("s", False, "10.00", 500))  # fmt: skip
    assert result.fills == {"better": 300, "early": 200, "s": 500}


def test_of_equal_volumes_the_smaller_surplus_wins():
    # 10.00: buys 500, sells 300 -> 300, surplus 200; 10.01: buys 300, sells 300 -> 300, surplus 0
    result = call(("b1", True, "10.01", 300), ("b2", True, "10.00", 200), ("s", False, "10.00", 300))
    assert (result.price, result.shares) == (D("10.01"), 300)


@pytest.mark.parametrize(
    ("tie", "reference", "price"),
    [
        (TieRule.MIDDLE, "9.00", "10.05"),  # (10.00 + 10.10) / 2
        (TieRule.CLOSEST, "9.00", "10.00"),
        (TieRule.CLOSEST, "11.00", "10.10"),
    ],
)
def test_a_tie_goes_to_the_middle_in_shanghai_and_to_the_reference_in_shenzhen(tie, reference, price):
    result = call(("b", True, "10.10", 300), ("s", False, "10.00", 300), reference=reference, tie=tie)
    assert (result.price, result.shares) == (D(price), 300)


def test_an_auction_in_which_nothing_crosses_has_no_price():
    assert call(("b", True, "9.99", 300), ("s", False, "10.00", 300)).price is None
    assert call().price is None


@given(
    st.lists(st.tuples(st.booleans(), st.integers(990, 1010), st.integers(1, 900)), max_size=12),
    st.sampled_from(TieRule),
)
def test_an_auction_sells_what_it_buys_and_no_other_price_trades_more(orders, tie):
    book = [AuctionOrder(str(n), buy, D(price) / 100, size) for n, (buy, price, size) in enumerate(orders)]
    result = auction(book, reference=D("10.00"), tick=CENT, tie=tie)

    def volume(price: D) -> int:
        bought = sum(o.shares for o in book if o.is_buy and o.price >= price)
        return min(bought, sum(o.shares for o in book if not o.is_buy and o.price <= price))

    sides = {buy: sum(result.fills.get(o.key, 0) for o in book if o.is_buy is buy) for buy in (True, False)}
    assert sides[True] == sides[False] == result.shares
    assert all(volume(D(cents) / 100) <= result.shares for cents in range(985, 1016))
    if result.price is not None:
        assert volume(result.price) == result.shares
