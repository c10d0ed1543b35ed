"""Prices row by row: k ticks through the book, inside cage, band and the strategy's limit."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base_func import BEIJING, cage_edge
from desk.core.market import Instrument, Quote
from desk.core.pricing import at_limit_down, at_limit_up, out_of_band, price_order
from desk.core.values import Side

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=BEIJING)
BUY, SELL = Side.BUY, Side.SELL


def market(
    last: str = "10.00",
    bid: str | None = "10.00",
    ask: str | None = "10.01",
    symbol: str = "000001.SZ",
    up: str | None = "11.00",
    down: str | None = "9.00",
    tick: str = "0.01",
) -> tuple[Quote, Instrument]:
    quote = Quote(
        symbol=symbol,
        at=NOW,
        last=Decimal(last),
        prev_close=Decimal("10.00"),
        asks=((Decimal(ask), 1000),) if ask else (),
        bids=((Decimal(bid), 1000),) if bid else (),
    )
    instrument = Instrument(
        symbol=symbol,
        name="",
        day=DAY,
        prev_close=Decimal("10.00"),
        up_limit=Decimal(up) if up else None,
        down_limit=Decimal(down) if down else None,
        tick=Decimal(tick),
        suspended=False,
        t0=False,
    )
    return quote, instrument


@pytest.mark.parametrize(
    ("side", "ticks", "limit", "price", "marketable", "bound"),
    [
        (BUY, 2, None, "10.03", True, False),  # 10.01 + 2 x 0.01
        (SELL, 2, None, "9.98", True, False),  # 10.00 - 2 x 0.01
        (BUY, 8, "10.05", "10.05", True, True),  # the strategy's limit binds
        (BUY, 2, "9.90", "9.90", False, True),  # it rests
        (BUY, 2, "10.037", "10.03", True, False),  # a limit between ticks is cut to the tick
        (SELL, 2, "10.20", "10.20", False, True),
        (BUY, 99, None, "10.20", True, False),  # cage: max(10.01 x 1.02, +0.10) = 10.21, one tick inside
        (SELL, 99, None, "9.81", True, False),  # cage: min(10.00 x 0.98, -0.10) = 9.80, one tick inside
    ],
)
def test_the_price_of_an_order(
    side: Side, ticks: int, limit: str | None, price: str, marketable: bool, bound: bool
) -> None:
    quote, instrument = market()
    got = price_order(side, quote, instrument, ticks=ticks, limit=Decimal(limit) if limit else None)
    assert (got.price, got.marketable, got.bound_by_limit) == (Decimal(price), marketable, bound)


def test_without_a_book_the_last_price_is_slipped_by_three_in_a_thousand() -> None:
    quote, instrument = market(bid=None, ask=None)
    assert price_order(BUY, quote, instrument, ticks=2, limit=None).price == Decimal("10.03")
    assert price_order(SELL, quote, instrument, ticks=2, limit=None).price == Decimal("9.97")


def test_the_band_binds_where_the_cage_does_not() -> None:
    quote, instrument = market(last="10.95", bid="10.95", ask="10.96")
    assert price_order(BUY, quote, instrument, ticks=20, limit=None).price == Decimal("11.00")


def test_a_sell_after_its_tries_takes_the_edge_of_the_cage() -> None:
    quote, instrument = market()
    assert price_order(SELL, quote, instrument, ticks=2, limit=None, to_edge=True).price == Decimal("9.81")


def test_in_a_call_there_is_no_cage() -> None:
    quote, instrument = market()
    assert price_order(BUY, quote, instrument, ticks=60, limit=None, caged=False).price == Decimal("10.61")


def test_limit_up_and_limit_down_are_seen_in_quote_and_instrument_together() -> None:
    assert at_limit_up(*market(last="11.00", bid="11.00", ask=None))
    assert not at_limit_up(*market(last="11.00", bid="10.99", ask="11.00"))
    assert at_limit_down(*market(last="9.00", bid=None, ask="9.00"))
    assert not at_limit_up(*market(last="11.00", bid="11.00", ask=None, up=None))


@pytest.mark.parametrize(
    ("price", "out"), [("11.00", False), ("11.01", True), ("8.99", True), ("0", False), (None, False)]
)
def test_a_price_outside_the_band_proves_another_basis(price: str | None, out: bool) -> None:
    assert out_of_band(Decimal(price) if price else None, market()[1]) is out


@given(
    st.integers(850, 1100),
    st.integers(1, 5),
    st.integers(0, 30),
    st.sampled_from([BUY, SELL]),
    st.one_of(st.none(), st.integers(900, 1100)),
    st.booleans(),
)
def test_every_price_is_legal_and_never_beyond_the_limit(
    cents: int, spread: int, ticks: int, side: Side, limit: int | None, to_edge: bool
) -> None:
    bid, ask = Decimal(cents) / 100, Decimal(cents + spread) / 100
    quote, instrument = market(last=str(bid), bid=str(bid), ask=str(ask), up="11.00", down="8.50")
    own = Decimal(limit) / 100 if limit else None
    price = price_order(side, quote, instrument, ticks=ticks, limit=own, to_edge=to_edge).price
    assert price % Decimal("0.01") == 0
    edge = cage_edge(quote.symbol, side is BUY, best_ask=ask, best_bid=bid, last=bid, prev_close=Decimal(10))
    assert edge is not None
    if side is BUY:
        assert price <= Decimal("11.00") and price <= edge and (own is None or price <= own)
    else:
        assert price >= Decimal("8.50") and price >= edge and (own is None or price >= own)
