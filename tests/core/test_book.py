"""The arithmetic of the books, row by row, and properties over any sequence of a JoinQuant order's events."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base_func import BEIJING
from desk.core.book import Absorbed, OrderNews, absorb, close_without_final, decide_buy, decide_sell, exact, give_up
from desk.core.values import Book, Holding, JqOrder, JqRate, JqStatus, Side, Style

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 9, 35, tzinfo=BEIJING)
SZ = "000001.SZ"


class Books:
    """One strategy, one symbol, one account, as a test drives them."""

    def __init__(self, ratio: str = "1") -> None:
        self.holding = Holding(strategy="s", symbol=SZ)
        self.book = Book(strategy="s", account="a", symbol=SZ)
        self.ratio = Decimal(ratio)
        self.orders: dict[str, JqOrder] = {}
        self.rates: dict[str, dict[str, JqRate]] = {}
        self.gaps: list[str] = []

    def hear(
        self,
        jq: str,
        side: str,
        amount: int,
        filled: int,
        status: str,
        *,
        style: Style = Style.MARKET,
        n: int | None = None,
    ) -> Absorbed:
        news = OrderNews(
            strategy="s",
            day=DAY,
            jq_order_id=jq,
            symbol=SZ,
            side=Side(side),
            amount=amount,
            filled=filled,
            status=JqStatus(status),
            style=style,
            limit=None,
            holding_after=n,
            at=NOW,
        )
        done = absorb(
            news,
            before=self.orders.get(jq),
            holding=self.holding,
            books={"a": self.book},
            rates=self.rates.get(jq, {}),
            ratios={"a": self.ratio},
        )
        return self._take(jq, done)

    def close(self, jq: str) -> Absorbed:
        done = close_without_final(
            self.orders[jq], holding=self.holding, books={"a": self.book}, rates=self.rates.get(jq, {})
        )
        return self._take(jq, done)

    def give(self, jq: str, shares: int) -> None:
        self.book = replace(self.book, entitled=self.book.entitled - shares)
        rate = self.rates[jq]["a"]
        self.rates[jq]["a"] = replace(rate, given_up=rate.given_up + shares)

    def _take(self, jq: str, done: Absorbed) -> Absorbed:
        self.orders[jq], self.holding, self.book = done.order, done.holding, done.books["a"]
        self.rates[jq] = dict(done.rates)
        self.gaps.extend(done.gaps)
        return done

    @property
    def scT(self) -> tuple[int, int, Decimal]:  # the letters of the design
        return self.holding.strategy_shares, self.holding.counted_shares, self.book.entitled


def test_a_live_order_counts_its_amount_and_a_final_one_what_is_filled() -> None:
    books = Books("0.5")
    books.hear("1", "buy", 1000, 0, "open")
    assert books.scT == (0, 1000, 500)
    books.hear("1", "buy", 1000, 400, "filled")  # partly filled: nothing new is counted
    assert books.scT == (400, 1000, 500)
    books.hear("1", "buy", 1000, 400, "canceled")
    assert books.scT == (400, 400, 200)


def test_filled_never_falls_and_a_final_never_reopens() -> None:
    books = Books()
    books.hear("1", "buy", 1000, 1000, "held")
    again = books.hear("1", "buy", 1000, 300, "open")
    assert not again.changed
    assert books.scT == (1000, 1000, 1000)


def test_a_sell_takes_the_strategys_own_fraction() -> None:
    books = Books("0.1")
    books.hear("1", "buy", 10000, 10000, "held")
    books.ratio = Decimal("0.5")
    books.hear("2", "sell", 100, 100, "held")
    assert books.scT == (9900, 9900, 990)


def test_the_rate_of_a_sell_is_t_over_c_with_live_buys_counted() -> None:
    books = Books("0.5")
    books.hear("1", "buy", 100, 100, "held")
    books.hear("2", "buy", 100, 0, "open")
    books.hear("3", "sell", 50, 50, "held")
    assert books.scT == (50, 150, 75)


def test_selling_everything_makes_t_exactly_nothing() -> None:
    books = Books("0.3")
    for n in range(7):
        books.hear(str(n), "buy", 100, 100, "held")
    books.hear("x", "sell", 300, 300, "held")
    books.hear("y", "sell", 400, 400, "held")
    assert books.scT == (0, 0, 0)


def test_selling_more_than_is_counted_makes_all_nothing_and_is_a_gap() -> None:
    books = Books()
    books.hear("1", "buy", 500, 500, "held")
    books.hear("2", "sell", 800, 800, "held")
    assert books.scT == (0, 0, 0)
    assert books.gaps


def test_a_sell_counts_at_most_c_and_gives_back_only_what_it_counted() -> None:
    books = Books("0.5")
    books.hear("1", "buy", 400, 400, "held")
    books.hear("2", "sell", 1000, 0, "open")
    assert books.scT[1:] == (0, 0)
    books.hear("2", "sell", 1000, 0, "canceled")
    assert books.scT[1:] == (400, 200)


def test_given_up_shares_are_not_taken_twice_when_joinquant_takes_them_back() -> None:
    books = Books("0.5")
    books.hear("1", "buy", 400, 400, "held")
    books.hear("2", "buy", 1000, 0, "open")
    assert books.book.entitled == 700
    books.give("2", 500)
    books.hear("2", "buy", 1000, 0, "canceled")
    assert books.scT == (400, 400, 200)


def test_a_held_sell_that_leaves_nothing_empties_the_book() -> None:
    books = Books("0.5")
    books.hear("1", "buy", 1000, 1000, "held")
    books.hear("2", "sell", 900, 900, "held", n=0)
    assert books.scT == (0, 0, 0)
    assert books.gaps


def test_a_stop_order_counts_only_what_it_has_filled() -> None:
    books = Books()
    books.hear("1", "buy", 1000, 1000, "held")
    books.hear("2", "sell", 1000, 0, "open", style=Style.STOP)
    assert books.scT == (1000, 1000, 1000)
    books.hear("2", "sell", 1000, 400, "filled", style=Style.STOP)
    assert books.scT == (600, 600, 600)


def test_a_sell_without_a_final_is_closed_at_its_fills_and_a_later_final_corrects_it() -> None:
    books = Books("0.5")
    books.hear("1", "buy", 1000, 1000, "held")
    books.hear("2", "sell", 1000, 200, "filled")
    books.close("2")
    assert books.scT == (800, 800, 400)
    books.hear("2", "sell", 1000, 600, "canceled")
    assert books.scT == (400, 400, 200)


def test_a_buy_without_a_final_stays_counted() -> None:
    books = Books("0.5")
    books.hear("1", "buy", 1000, 0, "open")
    books.close("1")
    assert books.scT == (0, 1000, 500)
    books.hear("1", "buy", 1000, 0, "canceled")
    assert books.scT == (0, 0, 0)


@pytest.mark.parametrize(
    ("scaled", "before", "own", "open_buys", "decided", "residue"),
    [
        ("30", "0", 0, 0, 0, "0"),  # 30 -> nothing yet
        ("30", "90", 0, 0, 100, "90"),  # 90 + 30 = 120 -> 100
        ("150", "0", 0, 0, 100, "0"),  # 150 -> 100, 50 stay in T
        ("500", "500", 0, 0, 500, "0"),  # a shortfall of 500 is for a plan, not for this event
        ("500", "0", 600, 0, 0, "-600"),  # 500 - 600: netted
        ("500", "90", 100, 0, 400, "-10"),  # 500 - 10 = 490 -> 400
        ("100", "150", 0, 100, 100, "50"),  # the open 100 are not bought again
    ],
)
def test_a_buy_is_decided_with_its_residue(
    scaled: str, before: str, own: int, open_buys: int, decided: int, residue: str
) -> None:
    got = decide_buy(SZ, delta_scaled=Decimal(scaled), entitled_before=Decimal(before), own=own, open_buys=open_buys)
    assert got == (decided, Decimal(residue))


@pytest.mark.parametrize(
    ("entitled", "own", "open_sells", "decided"),
    [
        ("90", 100, 0, 0),  # an excess of 10 is no legal sale
        ("0", 150, 0, 150),  # all of it, the odd rest in one order
        ("350", 1000, 0, 600),  # 650 -> 600
        ("350", 1000, 500, 100),  # 500 are under way
        ("1100", 1000, 0, 0),  # a sell never buys
    ],
)
def test_a_sell_is_decided_from_what_is_owned_beyond_t(entitled: str, own: int, open_sells: int, decided: int) -> None:
    assert decide_sell(SZ, entitled=Decimal(entitled), own=own, open_sells=open_sells) == decided


@pytest.mark.parametrize(
    ("entitled", "own", "others", "missing", "given"),
    [
        ("550", 300, 0, 200, 200),  # 1100 x 0.5, decided 500, 300 had: 200 given up, 50 stay
        ("90", 0, 0, 0, 0),
        ("1000", 300, 500, 500, 200),  # 500 of it belong to another event
        ("250", 200, 0, 300, 0),
    ],
)
def test_giving_up_takes_the_legal_part(entitled: str, own: int, others: int, missing: int, given: int) -> None:
    assert give_up(SZ, entitled=Decimal(entitled), own=own, other_open_buys=others, missing=missing) == given


def test_entitlements_are_written_without_exponents() -> None:
    assert str(exact(Decimal("500.000"))) == "500"
    assert str(exact(Decimal(1) / Decimal(3))) == "0.333333333333"


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 20),
        st.integers(0, 20),
        st.sampled_from([s.value for s in JqStatus]),
    ),
    max_size=25,
)


@given(EVENTS, st.sampled_from(["0.1", "0.3", "0.5", "1", "1.7"]))
def test_any_sequence_keeps_the_books_sane(events: list[tuple[int, str, int, int, str]], ratio: str) -> None:
    books = Books(ratio)
    sides: dict[int, str] = {}
    for number, side, amount, filled, status in events:
        side = sides.setdefault(number, side)
        books.hear(str(number), side, amount * 100, min(filled, amount) * 100, status)
        s, c, t = books.scT
        assert s >= 0 and c >= 0 and t >= 0
        assert t == 0 or c > 0
        assert t <= Decimal(ratio) * c + Decimal("1e-9"), "T never exceeds the ratio of what is counted"


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 30)), min_size=1, max_size=20))
def test_t_follows_the_rates_exactly(steps: list[tuple[bool, int]]) -> None:
    """Buys add ratio x amount, sells take their fraction: the same with exact fractions."""
    books, t, c = Books("0.3"), Fraction(0), 0
    for index, (buy, lots) in enumerate(steps):
        shares = lots * 100
        if buy:
            books.hear(str(index), "buy", shares, shares, "held")
            t, c = t + Fraction(3, 10) * shares, c + shares
        else:
            shares = min(shares, c)
            if not shares:
                continue
            books.hear(str(index), "sell", shares, shares, "held")
            t, c = t - t * shares / c, c - shares
        assert abs(Fraction(books.book.entitled) - t) < Fraction(1, 10**9)
