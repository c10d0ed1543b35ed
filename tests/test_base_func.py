"""The A-share arithmetic against hand-computed tables (MARKET.md, line by line) and brute force."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import base_func as bf
from base_func import BEIJING, Board, FeeRule, LotRule, Phase, UnsupportedSymbol

MAIN, STAR, CHINEXT, BSE, FUND, BOND, REPO = (
    "600000.SH",
    "688001.SH",
    "300001.SZ",
    "920001.BJ",
    "510300.SH",
    "113001.SH",
    "204001.SH",
)
TRADABLE = (MAIN, STAR, CHINEXT, BSE, FUND, BOND)

# --- codes ----------------------------------------------------------------------------------------------------------

BOARDS = {
    Board.MAIN: "600000.SH 601318.SH 603259.SH 605499.SH 000001.SZ 001979.SZ 002594.SZ 003816.SZ",
    Board.STAR: "688981.SH 689009.SH",
    Board.CHINEXT: "300750.SZ 301269.SZ 302132.SZ",
    Board.BSE: "920118.BJ 430047.BJ 830799.BJ 871981.BJ 889999.BJ",
    Board.FUND: "510300.SH 511880.SH 518880.SH 520500.SH 530050.SH 562500.SH 588000.SH 501018.SH 508000.SH "
    "159915.SZ 150001.SZ 161725.SZ 180101.SZ",
    Board.BOND: "110059.SH 111001.SH 113050.SH 118003.SH 123107.SZ 127005.SZ 128036.SZ",
    Board.REPO: "204001.SH 131810.SZ",
}


@pytest.mark.parametrize(
    ("symbol", "board"), [(symbol, board) for board, symbols in BOARDS.items() for symbol in symbols.split()]
)
def test_every_prefix_of_the_table_has_its_board_and_survives_the_way_to_joinquant_and_back(symbol, board):
    assert bf.board_of(symbol) is board
    assert bf.symbol_of(symbol) == symbol
    assert bf.symbol_of(bf.security_of(symbol)) == symbol


@pytest.mark.parametrize(
    ("security", "symbol"),
    [
        ("000001.XSHE", "000001.SZ"),
        ("600000.XSHG", "600000.SH"),
        ("600000.xshg", "600000.SH"),
        ("600000.sh", "600000.SH"),
        ("300001.Sz", "300001.SZ"),
        ("920001.bj", "920001.BJ"),
    ],
)
def test_both_spellings_in_any_case_give_one_symbol(security, symbol):
    assert bf.symbol_of(security) == symbol


@pytest.mark.parametrize(
    ("symbol", "security"), [(MAIN, "600000.XSHG"), ("000001.SZ", "000001.XSHE"), (BSE, "920001.BJ")]
)
def test_a_symbol_is_spelt_as_joinquant_does(symbol, security):
    assert bf.security_of(symbol) == security


@pytest.mark.parametrize(
    "code",
    [
        "900901.SH",  # B share
        "900901.XSHG",
        "200011.SZ",  # B share
        "000001.SH",  # the index 上证指数, not the bank
        "000300.XSHG",
        "399001.SZ",  # index
        "600000.SZ",  # prefix of the other exchange
        "000001.BJ",
        "300001.SH",
        "113001.SZ",
        "204001.SZ",
        "131810.SH",
        "131990.SZ",
        "604000.SH",
        "010107.SH",  # treasury bond
        "700001.SH",  # subscription code
        "IF2612.CCFX",
        "600000.HK",
        "600000.XBSE",
        "600000",
        "",
        ".",
        "600000.",
        ".SH",
        "60000.SH",
        "6000000.SH",
        "600000.SH.SH",
        "60000a.SH",
        " 600000.SH",
        "600000.SH ",
        "６０００００.SH",
        "600000.ſh",  # upper() would make SH of it
        "SH600000",
    ],
)
def test_an_unknown_code_is_refused_and_carried_in_the_error(code):
    with pytest.raises(UnsupportedSymbol) as caught:
        bf.symbol_of(code)
    assert caught.value.code == code
    assert repr(code) in str(caught.value)


@pytest.mark.parametrize("code", ["600000.XSHG", "600000.sh", "600000", "900901.SH", "000001.SH"])
def test_only_a_canonical_symbol_has_a_board(code):
    for function in (bf.board_of, bf.security_of, bf.lot_rule, bf.tick_of, bf.is_t0):
        with pytest.raises(UnsupportedSymbol):
            function(code)


@given(st.text(max_size=12))
def test_any_text_gives_a_canonical_symbol_or_the_typed_error(text):
    try:
        symbol = bf.symbol_of(text)
    except UnsupportedSymbol:
        return
    assert bf.symbol_of(symbol) == symbol
    assert bf.board_of(symbol) in Board


# --- lots -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "rule"),
    [
        (MAIN, LotRule(100, 100, 1_000_000, 100)),
        ("000001.SZ", LotRule(100, 100, 1_000_000, 100)),
        (CHINEXT, LotRule(100, 100, 300_000, 100)),
        (STAR, LotRule(200, 1, 100_000, 200)),
        (BSE, LotRule(100, 1, 1_000_000, 100)),
        (FUND, LotRule(100, 100, 1_000_000, 100)),
        (BOND, LotRule(10, 10, 1_000_000, 10)),
        (REPO, LotRule(10, 10, 1_000_000, 10)),
    ],
)
def test_the_lot_rule_is_that_of_the_board(symbol, rule):
    assert bf.lot_rule(symbol) == rule
    if symbol != REPO:
        assert bf.smallest_buy(symbol) == rule.first


def test_a_repo_is_never_bought():
    assert bf.legal_buy(REPO, 1000) == 0
    with pytest.raises(UnsupportedSymbol):
        bf.smallest_buy(REPO)


@pytest.mark.parametrize(
    ("symbol", "shares", "legal"),
    [
        (MAIN, 99, 0),
        (MAIN, 100, 100),
        (MAIN, 199, 100),
        (MAIN, 0, 0),
        (MAIN, -500, 0),
        (MAIN, D("-0.5"), 0),
        (MAIN, D("0.3") * 1100, 300),  # 330 -> 300
        (MAIN, D("99.9999995"), 100),  # 0.0000005 below 100: within a millionth
        (MAIN, D("99.999999"), 100),  # exactly a millionth below
        (MAIN, D("99.9999989"), 0),  # 0.0000011 below: too far
        (MAIN, D(1000) / 3 * 3, 1000),  # 999.99...9 in 28 digits
        (MAIN, 2_345_678, 2_345_600),  # not capped at one order
        (STAR, 199, 0),
        (STAR, 200, 200),
        (STAR, D("201.7"), 201),
        (STAR, D("200.9999999"), 201),
        (CHINEXT, 350, 300),
        (BSE, 99, 0),
        (BSE, 101, 101),
        (FUND, 1250, 1200),
        (BOND, 9, 0),
        (BOND, 25, 20),
    ],
)
def test_a_buy_is_cut_to_what_the_exchange_takes(symbol, shares, legal):
    assert bf.legal_buy(symbol, shares) == legal


@pytest.mark.parametrize(
    ("symbol", "shares", "sellable", "legal"),
    [
        (MAIN, 250, 250, 250),
        (MAIN, 230, 250, 200),  # 200 even; 150 with the odd 50
        (MAIN, 180, 250, 150),  # 150 = 100 + odd 50 beats 100
        (MAIN, 149, 250, 100),
        (MAIN, 99, 250, 50),
        (MAIN, 49, 250, 0),
        (MAIN, 50, 50, 50),
        (MAIN, 30, 50, 0),
        (MAIN, 1000, 300, 300),  # cut at what can be sold
        (MAIN, 100, 0, 0),
        (MAIN, 100, -100, 0),
        (MAIN, -100, 250, 0),
        (MAIN, D("249.9999999"), 250, 250),
        (MAIN, D("249.99"), 250, 200),
        (MAIN, 150, 300, 100),  # own 150 beside 150 by hand, close-out
        (MAIN, 2_000_050, 2_000_050, 2_000_050),
        (CHINEXT, 60, 160, 60),
        (FUND, 160, 160, 160),
        (FUND, 159, 160, 100),
        (STAR, 250, 300, 250),  # 50 are left and can be sold whole later
        (STAR, 199, 300, 0),
        (STAR, 200, 300, 200),
        (STAR, 150, 150, 150),  # fewer than 200 left: all
        (STAR, 149, 150, 0),
        (STAR, 200, 150, 150),
        (STAR, 10, 0, 0),
        (STAR, 0, -3, 0),
        (BSE, 101, 300, 101),
        (BSE, 99, 300, 0),
        (BSE, 99, 99, 99),
        (BSE, 98, 99, 0),
        (BOND, 25, 35, 25),
        (BOND, 24, 35, 20),
        (BOND, 35, 35, 35),
        (BOND, 4, 35, 0),
        (REPO, 25, 100, 20),
        (REPO, 25, 25, 20),  # no remainder of a repo
        (REPO, 9, 100, 0),
    ],
)
def test_a_sale_is_cut_to_what_the_exchange_takes(symbol, shares, sellable, legal):
    assert bf.legal_sell(symbol, shares, sellable) == legal


@pytest.mark.parametrize(
    ("symbol", "sellable", "smallest"),
    [
        (MAIN, 0, 0),
        (MAIN, -1, 0),
        (MAIN, 250, 50),
        (MAIN, 300, 100),
        (MAIN, 7, 7),
        (STAR, 150, 150),
        (STAR, 200, 200),
        (STAR, 5000, 200),
        (BSE, 30, 30),
        (BSE, 5000, 100),
        (BOND, 35, 5),
        (BOND, 30, 10),
        (REPO, 9, 0),
        (REPO, 19, 10),
    ],
)
def test_the_smallest_sale_counts_the_odd_lot(symbol, sellable, smallest):
    assert bf.smallest_sell(symbol, sellable) == smallest


def legal_sale_by_the_book(symbol: str, q: int, sellable: int) -> bool:
    """MARKET.md's lot table in its own words, one order of q out of `sellable`."""
    if not 0 < q <= sellable:
        return False
    match bf.board_of(symbol):
        case Board.MAIN | Board.CHINEXT | Board.FUND:
            return q % 100 == 0 or q % 100 == sellable % 100
        case Board.STAR:
            return q >= 200 or (sellable < 200 and q == sellable)
        case Board.BSE:
            return q >= 100 or (sellable < 100 and q == sellable)
        case Board.BOND:
            return q % 10 == 0 or q % 10 == sellable % 10
        case Board.REPO:
            return q % 10 == 0


def legal_purchase_by_the_book(symbol: str, q: int) -> bool:
    match bf.board_of(symbol):
        case Board.MAIN | Board.CHINEXT | Board.FUND:
            return q > 0 and q % 100 == 0
        case Board.STAR:
            return q >= 200
        case Board.BSE:
            return q >= 100
        case Board.BOND:
            return q > 0 and q % 10 == 0
        case Board.REPO:
            return False


@settings(max_examples=600)
@given(st.sampled_from((*TRADABLE, REPO)), st.integers(-20, 700), st.integers(-20, 700))
def test_a_legal_sale_is_the_largest_that_brute_force_finds(symbol, shares, sellable):
    candidates = [q for q in range(1, max(shares, 0) + 1) if legal_sale_by_the_book(symbol, q, sellable)]
    assert bf.legal_sell(symbol, shares, sellable) == max(candidates, default=0)


@given(st.sampled_from((*TRADABLE, REPO)), st.integers(-20, 700))
def test_the_smallest_sale_is_the_smallest_that_brute_force_finds(symbol, sellable):
    candidates = [q for q in range(1, max(sellable, 0) + 1) if legal_sale_by_the_book(symbol, q, sellable)]
    assert bf.smallest_sell(symbol, sellable) == min(candidates, default=0)


@given(st.sampled_from((*TRADABLE, REPO)), st.integers(-20, 700))
def test_a_legal_buy_is_the_largest_that_brute_force_finds(symbol, shares):
    candidates = [q for q in range(1, max(shares, 0) + 1) if legal_purchase_by_the_book(symbol, q)]
    assert bf.legal_buy(symbol, shares) == max(candidates, default=0)


entitled = st.decimals(min_value=-1000, max_value=5_000_000, places=9)


@given(st.sampled_from(TRADABLE), entitled, entitled)
def test_a_legal_buy_grows_with_what_is_wished_and_never_passes_it(symbol, one, other):
    less, more = sorted((one, other))
    assert bf.legal_buy(symbol, less) <= bf.legal_buy(symbol, more)
    assert bf.legal_buy(symbol, more) <= max(more + D("0.000001"), D(0))


@given(st.sampled_from(TRADABLE), entitled, entitled, st.integers(0, 3_000_000))
def test_a_legal_sale_grows_with_what_is_wished(symbol, one, other, sellable):
    less, more = sorted((one, other))
    assert 0 <= bf.legal_sell(symbol, less, sellable) <= bf.legal_sell(symbol, more, sellable) <= sellable


# --- splitting ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "is_buy", "shares", "sellable", "chunks"),
    [
        (MAIN, True, 0, 0, []),
        (MAIN, True, 1_000_000, 0, [1_000_000]),
        (MAIN, True, 1_000_100, 0, [1_000_000, 100]),
        (CHINEXT, True, 700_000, 0, [300_000, 300_000, 100_000]),
        (STAR, True, 100_000, 0, [100_000]),
        (STAR, True, 100_050, 0, [99_850, 200]),  # 50 alone is no legal buy
        (STAR, True, 100_200, 0, [100_000, 200]),
        (STAR, True, 200_001, 0, [100_000, 99_801, 200]),
        (BSE, True, 1_000_001, 0, [999_901, 100]),
        (STAR, True, 100_199, 0, [99_999, 200]),
        (MAIN, False, 1_000_050, 1_000_150, [1_000_000, 50]),  # 50 of 150 left: the odd lot
        (STAR, False, 100_050, 100_050, [100_000, 50]),  # the last 50 go whole
        (STAR, False, 200_050, 200_050, [100_000, 100_000, 50]),
        (STAR, False, 100_050, 200_000, [99_850, 200]),  # 99,950 would be left: 50 is no legal sale
        (BOND, False, 1_000_005, 1_000_015, [1_000_000, 5]),
    ],
)
def test_a_total_is_split_into_orders_below_the_maximum(symbol, is_buy, shares, sellable, chunks):
    assert sum(chunks) == shares
    assert bf.split_order(symbol, is_buy, shares, sellable) == chunks


@pytest.mark.parametrize(
    ("symbol", "is_buy", "shares", "sellable"),
    [
        (MAIN, True, 150, 0),
        (MAIN, True, -100, 0),
        (STAR, True, 199, 0),
        (MAIN, False, 100, 0),
        (MAIN, False, 30, 250),
        (STAR, False, 50, 300),
        (REPO, True, 10, 0),
    ],
)
def test_an_illegal_total_is_not_split(symbol, is_buy, shares, sellable):
    with pytest.raises(ValueError, match="no legal"):
        bf.split_order(symbol, is_buy, shares, sellable)


@settings(max_examples=600)
@given(st.sampled_from(TRADABLE), st.integers(0, 3_500_000))
def test_each_order_of_a_split_buy_is_legal_and_they_sum_up(symbol, wish):
    shares = bf.legal_buy(symbol, wish)
    chunks = bf.split_order(symbol, True, shares)
    assert sum(chunks) == shares
    assert all(legal_purchase_by_the_book(symbol, chunk) for chunk in chunks)
    assert all(chunk <= bf.lot_rule(symbol).max_shares for chunk in chunks)


# Near the maxima and their multiples is where a split can go wrong.
large = st.integers(1, 30).flatmap(lambda n: st.integers(n * 100_000 - 300, n * 100_000 + 300))


@settings(max_examples=600)
@given(st.sampled_from(TRADABLE), large | st.integers(0, 900), large | st.integers(0, 900))
def test_each_order_of_a_split_sale_is_legal_when_it_is_sent(symbol, wish, sellable):
    shares = bf.legal_sell(symbol, wish, sellable)
    left = sellable
    chunks = bf.split_order(symbol, False, shares, sellable)
    for chunk in chunks:
        assert legal_sale_by_the_book(symbol, chunk, left)
        assert chunk <= bf.lot_rule(symbol).max_shares
        left -= chunk
    assert sum(chunks) == shares


# --- ticks and bands ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "tick"),
    [
        *((symbol, "0.01") for symbol in (MAIN, STAR, CHINEXT, BSE)),
        (FUND, "0.001"),
        ("180101.SZ", "0.001"),
        (BOND, "0.001"),
        (REPO, "0.005"),
    ],
)
def test_the_tick_is_that_of_the_board(symbol, tick):
    assert bf.tick_of(symbol) == D(tick)


@pytest.mark.parametrize(
    ("price", "tick", "down", "half_up", "up"),
    [
        ("9.735", "0.01", "9.73", "9.74", "9.74"),
        ("7.965", "0.01", "7.96", "7.97", "7.97"),
        ("2.5", "0.01", "2.50", "2.50", "2.50"),
        ("1.0004", "0.001", "1.000", "1.000", "1.001"),
        ("1.0025", "0.005", "1.000", "1.005", "1.005"),  # 200.5 ticks
        ("0.004", "0.01", "0.00", "0.00", "0.01"),
    ],
)
def test_prices_are_brought_to_the_tick(price, tick, down, half_up, up):
    assert bf.floor_to_tick(D(price), D(tick)) == D(down)
    assert str(bf.round_to_tick(D(price), D(tick))) == half_up
    assert bf.ceil_to_tick(D(price), D(tick)) == D(up)


@given(
    st.decimals(min_value="0.0001", max_value=5000, places=4),
    st.sampled_from([D("0.01"), D("0.001"), D("0.005")]),
)
def test_the_rounded_price_lies_between_floor_and_ceiling_one_tick_apart(price, tick):
    down, near, up = bf.floor_to_tick(price, tick), bf.round_to_tick(price, tick), bf.ceil_to_tick(price, tick)
    assert down <= price <= up
    assert near in (down, up)
    assert up - down in (0, tick)
    assert abs(near - price) * 2 <= tick


TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("symbol", "facts", "ratio"),
    [
        (MAIN, {}, "0.10"),
        (MAIN, {"st": True}, "0.10"),
        (MAIN, {"st": True, "on": date(2026, 7, 6)}, "0.10"),
        (MAIN, {"st": True, "on": date(2026, 7, 5)}, "0.05"),
        ("000001.SZ", {"st": True, "on": date(2026, 7, 3)}, "0.05"),
        (MAIN, {"on": date(2026, 7, 3)}, "0.10"),
        (CHINEXT, {}, "0.20"),
        (CHINEXT, {"st": True, "on": date(2026, 7, 3)}, "0.20"),
        (STAR, {}, "0.20"),
        (STAR, {"st": True, "on": date(2026, 7, 3)}, "0.20"),
        (BSE, {}, "0.30"),
        (FUND, {}, "0.10"),
        (FUND, {"wide_fund": True}, "0.20"),
        (MAIN, {"wide_fund": True}, "0.10"),  # says nothing about a stock
        (BOND, {}, "0.20"),
        (REPO, {}, None),
        (MAIN, {"days_listed": 1}, None),
        (MAIN, {"days_listed": 5}, None),
        (MAIN, {"days_listed": 6}, "0.10"),
        (CHINEXT, {"days_listed": 5}, None),
        (CHINEXT, {"days_listed": 6}, "0.20"),
        (STAR, {"days_listed": 5}, None),
        (STAR, {"days_listed": 6}, "0.20"),
        (BSE, {"days_listed": 1}, None),
        (BSE, {"days_listed": 2}, "0.30"),
        (FUND, {"days_listed": 1}, "0.10"),
        (BOND, {"days_listed": 1}, "0.20"),
    ],
)
def test_the_price_limit_is_that_of_the_board_and_the_day(symbol, facts, ratio):
    assert bf.band_ratio(symbol, **{"on": TODAY, **facts}) == (None if ratio is None else D(ratio))


def test_days_listed_begin_with_one():
    with pytest.raises(ValueError, match="counts from 1"):
        bf.band_ratio(MAIN, on=TODAY, days_listed=0)


@pytest.mark.parametrize(
    ("prev_close", "ratio", "tick", "down", "up"),
    [
        ("8.85", "0.10", "0.01", "7.97", "9.74"),  # 7.965 and 9.735, half up
        ("10.00", "0.10", "0.01", "9.00", "11.00"),
        ("1688.00", "0.10", "0.01", "1519.20", "1856.80"),
        ("3.33", "0.05", "0.01", "3.16", "3.50"),  # 3.1635, 3.4965
        ("12.34", "0.20", "0.01", "9.87", "14.81"),  # 9.872, 14.808
        ("5.55", "0.30", "0.01", "3.89", "7.22"),  # 3.885 up, 7.215 up
        ("3.875", "0.10", "0.001", "3.488", "4.263"),  # 3.4875 up, 4.2625 up
        ("121.345", "0.20", "0.001", "97.076", "145.614"),
        ("0.04", "0.10", "0.01", "0.03", "0.05"),  # 0.036, 0.044 round onto the close: one tick away instead
        ("0.01", "0.10", "0.01", "0.01", "0.02"),  # never below one tick
    ],
)
def test_the_band_is_rounded_half_up_to_the_tick(prev_close, ratio, tick, down, up):
    assert bf.price_band(D(prev_close), D(ratio), D(tick)) == (D(down), D(up))


# --- the cage -------------------------------------------------------------------------------------------------------


def cage(symbol, is_buy, ask=None, bid=None, last=None, prev=None):
    ask, bid, last, prev = (None if text is None else D(text) for text in (ask, bid, last, prev))
    return bf.cage_edge(symbol, is_buy, best_ask=ask, best_bid=bid, last=last, prev_close=prev)


@pytest.mark.parametrize(
    ("symbol", "is_buy", "base", "edge"),
    [
        (MAIN, True, "10.00", "10.20"),
        (MAIN, True, "10.03", "10.23"),  # 10.2306 inward
        (MAIN, True, "3.00", "3.10"),  # 2 % is 0.06, ten ticks are 0.10
        (MAIN, True, "5.00", "5.10"),  # both 0.10
        (MAIN, False, "10.00", "9.80"),
        (MAIN, False, "10.03", "9.83"),  # 9.8294 inward
        (MAIN, False, "3.00", "2.90"),
        (MAIN, False, "0.08", "0.01"),  # ten ticks lower would be below nothing
        (STAR, True, "3.00", "3.06"),  # no ten ticks
        (STAR, True, "50.49", "51.49"),  # 51.4998 inward
        (STAR, False, "3.00", "2.94"),
        (CHINEXT, True, "3.00", "3.06"),
        (CHINEXT, False, "3.01", "2.95"),  # 2.9498 inward
        (BSE, True, "10.00", "10.50"),
        (BSE, True, "1.00", "1.10"),  # 5 % is 0.05, ten ticks are 0.10
        (BSE, False, "10.01", "9.51"),  # 9.5095 inward
        (BSE, False, "1.00", "0.90"),
        (FUND, True, "1.000", None),
        (BOND, False, "120.000", None),
        (REPO, False, "1.500", None),
    ],
)
def test_the_cage_ends_at_its_fraction_or_its_ticks(symbol, is_buy, base, edge):
    found = cage(symbol, is_buy, ask=base, bid=base)
    assert found == (None if edge is None else D(edge))


@pytest.mark.parametrize(
    ("is_buy", "prices", "edge"),
    [
        (True, {"ask": "10", "bid": "20", "last": "30", "prev": "40"}, "10.20"),
        (True, {"bid": "20", "last": "30", "prev": "40"}, "20.40"),
        (True, {"last": "30", "prev": "40"}, "30.60"),
        (True, {"prev": "40"}, "40.80"),
        (False, {"ask": "10", "bid": "20", "last": "30", "prev": "40"}, "19.60"),
        (False, {"ask": "10", "last": "30", "prev": "40"}, "9.80"),
        (False, {"last": "30", "prev": "40"}, "29.40"),
        (False, {"prev": "40"}, "39.20"),
        (True, {"ask": "0", "bid": "20"}, "20.40"),  # QMT writes 0 for an empty side
        (True, {}, None),
        (False, {"last": "0", "prev": "0"}, None),
    ],
)
def test_the_base_of_the_cage_is_the_first_price_there_is(is_buy, prices, edge):
    assert cage(MAIN, is_buy, **prices) == (None if edge is None else D(edge))


@given(
    st.sampled_from((MAIN, STAR, CHINEXT, BSE)), st.decimals(min_value="0.01", max_value=3000, places=2), st.booleans()
)
def test_the_edge_is_a_whole_tick_inside_the_cage_and_not_inside_its_base(symbol, base, is_buy):
    edge = cage(symbol, is_buy, last=str(base))
    assert edge % D("0.01") == 0
    assert edge >= base if is_buy else 0 < edge <= base
    fraction = D("0.05") if symbol == BSE else D("0.02")
    floor = D("0.10") if symbol in (MAIN, BSE) else D(0)
    assert abs(edge - base) <= max(base * fraction, floor)


# --- sessions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "phase"),
    [
        ("00:00:00", Phase.BEFORE_OPEN),
        ("09:14:59.999999", Phase.BEFORE_OPEN),
        ("09:15:00", Phase.OPENING_CALL),
        ("09:19:59.999999", Phase.OPENING_CALL),
        ("09:20:00", Phase.OPENING_CALL_LOCKED),
        ("09:24:59", Phase.OPENING_CALL_LOCKED),
        ("09:25:00", Phase.IDLE),
        ("09:29:59", Phase.IDLE),
        ("09:30:00", Phase.CONTINUOUS),
        ("11:29:59", Phase.CONTINUOUS),
        ("11:30:00", Phase.LUNCH),
        ("12:59:59", Phase.LUNCH),
        ("13:00:00", Phase.CONTINUOUS),
        ("14:56:59.999999", Phase.CONTINUOUS),
        ("14:57:00", Phase.CLOSING_CALL),
        ("14:59:59", Phase.CLOSING_CALL),
        ("15:00:00", Phase.AFTER_CLOSE),
        ("23:59:59", Phase.AFTER_CLOSE),
    ],
)
def test_the_day_has_its_phases(at, phase):
    t = time.fromisoformat(at)
    assert bf.phase_at(t) is phase
    assert bf.phase_at(t.replace(tzinfo=BEIJING)) is phase


def test_a_time_of_another_zone_has_no_phase():
    with pytest.raises(ValueError, match="Beijing"):
        bf.phase_at(time(9, 30, tzinfo=UTC))


def weekday(day: date) -> bool:
    return day.weekday() < 5


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("2026-11-20 10:00:00", "2026-11-20 10:00:30.5", 30.5),
        ("2026-11-20 09:00:00", "2026-11-20 09:30:00", 0),  # the minutes before the open age nothing
        ("2026-11-20 09:27:00", "2026-11-20 09:30:05", 5),
        ("2026-11-20 11:29:50", "2026-11-20 13:00:07", 17),  # 10 before lunch + 7 after
        ("2026-11-20 11:30:00", "2026-11-20 13:00:00", 0),
        ("2026-11-20 00:00:00", "2026-11-21 00:00:00", 14400),  # 4 h
        ("2026-11-20 14:59:00", "2026-11-23 09:31:00", 120),  # Friday 60 + Monday 60
        ("2026-11-21 10:00:00", "2026-11-22 14:00:00", 0),  # a weekend
        ("2026-11-20 10:00:00", "2026-11-20 10:00:00", 0),
        ("2026-11-20 10:01:00", "2026-11-20 10:00:00", 0),  # backwards
        ("2026-11-23 10:00:00", "2026-11-20 10:00:00", 0),
        ("2026-06-01 00:00:00", "2026-07-01 00:00:00", 22 * 14400),  # June 2026 has 22 weekdays
    ],
)
def test_waiting_ages_in_trading_seconds_only(start, end, seconds):
    assert bf.trading_seconds(at(start), at(end), weekday) == seconds


def test_trading_seconds_read_any_zone_but_refuse_naive_times():
    start = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)  # 09:30 in Beijing
    end = datetime(2026, 11, 19, 21, 31, tzinfo=timezone(timedelta(hours=-4)))  # 09:31 in Beijing
    assert bf.trading_seconds(start, end, weekday) == 60
    naive = start.replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"):
        bf.trading_seconds(naive, end, weekday)
    with pytest.raises(ValueError, match="aware"):
        bf.trading_seconds(start, naive, weekday)


moments = st.integers(0, 90 * 86400 * 10).map(lambda tenths: at("2026-09-01 00:00:00") + timedelta(seconds=tenths / 10))


@given(moments, moments, moments)
def test_trading_seconds_add_up_over_a_moment_between(one, two, three):
    a, b, c = sorted((one, two, three))
    parts = bf.trading_seconds(a, b, weekday) + bf.trading_seconds(b, c, weekday)
    assert parts == pytest.approx(bf.trading_seconds(a, c, weekday))
    assert bf.trading_seconds(a, b, weekday) <= (b - a).total_seconds()


# --- fees -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "is_buy", "value", "stamp", "transfer"),
    [
        (MAIN, False, "10000", "5.00", "0.10"),  # 0.05 %, 0.001 %
        (MAIN, True, "10000", "0.00", "0.10"),
        (STAR, False, "12345.67", "6.17", "0.12"),  # 6.172835, 0.1234567
        (CHINEXT, False, "1000", "0.50", "0.01"),
        (BSE, False, "1500", "0.75", "0.02"),  # 0.015 half up
        (MAIN, True, "499", "0.00", "0.00"),  # 0.00499
        (MAIN, True, "500", "0.00", "0.01"),  # 0.005 half up
        (MAIN, False, "10", "0.01", "0.00"),  # 0.005 half up
        (FUND, False, "10000", "0.00", "0.00"),
        (BOND, False, "10000", "0.00", "0.00"),
        (BOND, True, "10000", "0.00", "0.00"),
    ],
)
def test_stocks_are_taxed_and_funds_and_bonds_are_not(symbol, is_buy, value, stamp, transfer):
    assert bf.stamp_duty(symbol, is_buy, D(value)) == D(stamp)
    assert bf.transfer_fee(symbol, D(value)) == D(transfer)
    assert bf.trade_taxes(symbol, is_buy, D(value)) == D(stamp) + D(transfer)


RULE = FeeRule(D("0.00025"), D(5))


@pytest.mark.parametrize(
    ("before", "value", "due"),
    [
        ("0", "1000", "5.00"),  # 0.25 -> the minimum
        ("1000", "1000", "0.00"),  # still under the minimum
        ("19000", "1000", "0.00"),  # 20,000 x 0.00025 = 5.00 exactly
        ("19000", "2000", "0.25"),  # 5.25 - 5
        ("0", "100000", "25.00"),
        ("100000", "100000", "25.00"),
        ("0", "0", "0.00"),
        ("1000", "0", "0.00"),
    ],
)
def test_the_minimum_commission_is_charged_once_per_order(before, value, due):
    assert bf.commission_due(RULE, D(before), D(value)) == D(due)


@given(st.lists(st.decimals(min_value=0, max_value=200_000, places=3), max_size=8))
def test_the_commission_of_all_fills_is_that_of_the_order(fills):
    paid, turnover = D(0), D(0)
    for value in fills:
        due = bf.commission_due(RULE, turnover, value)
        assert due >= 0
        paid, turnover = paid + due, turnover + value
    whole = max(D(5), (turnover * D("0.00025")).quantize(D("0.01"), "ROUND_HALF_UP")) if turnover else D(0)
    assert paid == whole


def test_no_minimum_and_a_negative_turnover():
    assert bf.commission_due(FeeRule(D("0.00005"), D(0)), D(0), D("3000")) == D("0.15")
    for before, value in ((D(0), D(-1)), (D(-1), D(1))):
        with pytest.raises(ValueError, match="negative"):
            bf.commission_due(RULE, before, value)


# --- same-day selling -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "t0"),
    [
        (MAIN, False),
        (STAR, False),
        (CHINEXT, False),
        (BSE, False),
        ("510300.SH", False),  # an ordinary ETF
        ("588000.SH", False),
        ("501018.SH", False),  # LOF
        ("161725.SZ", False),
        ("159915.SZ", False),
        ("159919.SZ", False),
        ("511880.SH", True),  # money market
        ("511010.SH", True),  # bonds
        ("513100.SH", True),  # cross-border
        ("518880.SH", True),  # gold
        ("159001.SZ", True),
        ("159920.SZ", True),
        ("159934.SZ", True),
        ("159937.SZ", True),
        ("159941.SZ", True),
        ("159985.SZ", True),  # commodity
        ("113050.SH", True),
        ("123107.SZ", True),
        (REPO, False),
    ],
)
def test_only_what_is_known_to_be_t0_may_be_sold_the_same_day(symbol, t0):
    assert bf.is_t0(symbol) is t0
