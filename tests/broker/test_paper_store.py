import sqlite3
import threading
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.broker import BrokerUnavailable
from desk.core.market import Outcome, ReportKind
from desk.core.values import BrokerStatus
from desk.texts import paper as words

from .stage import Stage, at, pinned

STOCK = "600000.SH"


def test_a_restart_changes_nothing_that_can_be_seen(tmp_path):
    stage = pinned(store=tmp_path / "paper.db", cash=D(50000))
    stage.exchange.deposit(STOCK, 1000, D("9.00"))
    stage.exchange.scene(STOCK, price=D("10.00"), thin=100)
    stage.buy(STOCK, 300, "10.01", "part")
    stage.sell(STOCK, 400, "10.50", "rests")
    stage.refused("buy", STOCK, 150, "10.00", "bad")
    stage.ticks()
    before = stage.snapshot
    stage.restart()
    assert stage.snapshot == before
    assert stage.order("part").filled == 100
    stage.ticks(2)
    assert (stage.order("part").status, stage.shares(STOCK)) == (BrokerStatus.FILLED, (1300, 600))
    # turnover 3003.00, fees 5.03 whatever happened in between
    assert stage.snapshot.asset.cash == 50000 - D("3003.00") - D("5.03")
    assert len({trade.trade_id for trade in stage.snapshot.trades}) == 3


def test_an_order_is_in_the_store_before_place_has_answered(tmp_path):
    stage = pinned(store=tmp_path / "paper.db")
    stage.buy(STOCK, 100, "10.00", "a-1")
    with closing(sqlite3.connect(tmp_path / "paper.db")) as other:
        assert other.execute("SELECT client_order_id, status FROM orders").fetchall() == [("a-1", "working")]


def test_what_was_reported_is_in_the_store_already(tmp_path):
    stage = pinned(store=tmp_path / "paper.db")
    seen = []

    def look(report):
        with closing(sqlite3.connect(tmp_path / "paper.db")) as other:
            seen.append((report.kind.value, other.execute("SELECT count(*) FROM trades").fetchone()[0]))

    stage.broker.open(look)
    stage.buy(STOCK, 100, "10.01", "a-1")
    stage.ticks()
    assert seen == [("connected", 0), ("order", 0), ("trade", 1), ("order", 1)]


def test_nothing_is_committed_when_nothing_happens(tmp_path):
    stage = pinned(store=tmp_path / "paper.db")
    stage.buy(STOCK, 100, "9.80", "a-1")
    with closing(sqlite3.connect(tmp_path / "paper.db")) as other:
        before = other.execute("PRAGMA data_version").fetchone()
        stage.ticks(20)
        assert stage.snapshot.orders
        assert stage.broker.quote(STOCK) is not None
        assert other.execute("PRAGMA data_version").fetchone() == before


def test_yesterdays_open_orders_are_gone_after_a_night_without_power(tmp_path):
    stage = pinned(store=tmp_path / "paper.db")
    stage.buy(STOCK, 100, "10.01", "bought")
    stage.ticks()
    stage.buy(STOCK, 100, "9.80", "open")
    stage.exchange.corporate_action(STOCK, date(2026, 11, 23), D(2))
    stage.restart(timedelta(days=3))
    assert (stage.snapshot.day, stage.snapshot.orders) == (date(2026, 11, 23), ())
    assert stage.shares(STOCK) == (200, 200)
    assert stage.snapshot.asset.frozen_cash == 0
    with closing(sqlite3.connect(tmp_path / "paper.db")) as other:
        assert other.execute("SELECT status FROM orders WHERE client_order_id = 'open'").fetchone() == ("cancelled",)


def test_a_close_that_was_slept_through_lapses_orders_without_an_auction(tmp_path):
    stage = pinned(store=tmp_path / "paper.db", clock="14:58")
    stage.buy(STOCK, 100, "10.50", "call")
    stage.restart(timedelta(minutes=10))
    order = stage.order("call")
    assert (order.status, order.filled, stage.snapshot.day) == (BrokerStatus.CANCELLED, 0, date(2026, 11, 20))


def test_a_cancel_under_way_and_a_queued_order_go_on_after_a_restart(tmp_path):
    stage = pinned(store=tmp_path / "paper.db", clock="12:59:58")
    stage.buy(STOCK, 100, "10.01", "queued")
    stage.buy(STOCK, 100, "9.90", "cancel")
    stage.faults.cancel_delay_s = 60
    stage.cancel("cancel")
    stage.restart(timedelta(seconds=5))
    stage.ticks()
    assert stage.order("cancel").status is BrokerStatus.CANCELLED
    assert stage.order("queued").status is BrokerStatus.FILLED


def test_a_restart_on_the_same_day_does_not_roll_it(tmp_path):
    stage = Stage(now=at("10:00", date(2026, 11, 21)), always_open=True, store=tmp_path / "paper.db")
    ask = stage.broker.quote(STOCK, D(10)).asks[0][0]
    stage.buy(STOCK, 100, str(ask), "a-1")
    stage.ticks()
    stage.restart(timedelta(hours=1))
    assert stage.shares(STOCK) == (100, 0)
    stage.restart(timedelta(hours=13))
    assert stage.shares(STOCK) == (100, 100)


def test_an_exchange_that_cannot_commit_says_nothing_and_stands_still():
    stage = pinned()
    stage.buy(STOCK, 100, "10.00", "a-1")
    told = len(stage.reports)
    stage.exchange._store._db.execute("PRAGMA query_only = ON")
    assert stage.place("buy", STOCK, 100, "10.00", "a-2").outcome is Outcome.NO_ANSWER
    assert [report.kind for report in stage.reports[told:]] == [ReportKind.DISCONNECTED]
    assert not stage.broker.connected
    assert stage.place("buy", STOCK, 100, "10.00", "a-3").outcome is Outcome.NO_ANSWER
    assert stage.broker.snapshot() is None
    with pytest.raises(BrokerUnavailable):
        stage.broker.open(stage.reports.append)
    with pytest.raises(BrokerUnavailable):
        stage.exchange.advance(stage.now + timedelta(seconds=1))


def test_a_store_that_is_no_store_is_refused_with_its_name(tmp_path):
    (tmp_path / "paper.db").write_bytes(b"not a database" * 100)
    with pytest.raises(BrokerUnavailable, match=r"paper\.db 无法打开"):
        Stage(now=at("10:00"), store=tmp_path / "paper.db")


@pytest.mark.parametrize("question", ["cancel", "snapshot", "quote", "instrument"])
def test_a_failed_commit_while_something_else_is_asked_answers_nothing_either(question):
    stage = pinned()
    stage.buy(STOCK, 100, "10.01", "a-1")
    stage.exchange._store._db.execute("PRAGMA query_only = ON")
    stage.now += timedelta(seconds=1)  # the fill cannot be kept
    if question == "cancel":
        assert stage.cancel("a-1") is Outcome.NO_ANSWER
    else:
        ask = getattr(stage.broker, question)
        assert (ask() if question == "snapshot" else ask(STOCK)) is None
    assert stage.reports[-1].kind is ReportKind.DISCONNECTED
    assert not any(report.trade for report in stage.reports)


def test_a_calendar_that_knows_nothing_any_more_keeps_the_last_day_and_trades_nothing(tmp_path):
    stage = pinned(store=tmp_path / "paper.db", is_trading_day=lambda day: day == date(2026, 11, 20))
    stage.buy(STOCK, 100, "9.90")
    stage.restart(timedelta(days=100))
    assert stage.snapshot.day == date(2026, 11, 20)
    assert stage.refused("buy", STOCK, 100, "10.00") == words.CLOSED


def test_a_clock_that_was_set_back_opens_no_day_again(tmp_path):
    stage = pinned(store=tmp_path / "paper.db")
    stage.to("10:00", date(2026, 11, 23))
    stage.restart(timedelta(days=-3))
    assert stage.snapshot.day == date(2026, 11, 23)
    assert stage.refused("buy", STOCK, 100, "10.00") == words.CLOSED
    stage.to("10:00", date(2026, 11, 23))
    stage.buy(STOCK, 100, "10.00")


def test_two_threads_share_the_exchange_without_losing_a_share():
    stage = pinned(always_open=True, cash=D(10_000_000))
    stage.exchange.advance(stage.now)
    start = stage.now

    def drive() -> None:
        for n in range(400):
            stage.exchange.advance(start + timedelta(milliseconds=250 * n))

    driver = threading.Thread(target=drive)
    driver.start()
    for n in range(200):
        stage.buy(STOCK, 100, "10.01", f"t-{n}x")
    driver.join()
    stage.now = start + timedelta(seconds=200)
    stage.exchange.advance(stage.now)
    assert stage.shares(STOCK)[0] == 20000
    assert sum(1 for report in stage.reports if report.trade) == 200
    # each order: 1001.00 + 5.00 + 0.01
    assert stage.snapshot.asset.cash == 10_000_000 - 200 * D("1006.01")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.sampled_from([100, 300, 1000, 150]), st.sampled_from([-5, 0, 1, 3])),
        st.tuples(st.just("sell"), st.sampled_from([100, 350, 50, 600]), st.sampled_from([-3, 0, 1, 5])),
        st.tuples(st.just("cancel"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("ticks"), st.integers(1, 5), st.just(0)),
        st.tuples(st.just("price"), st.integers(-9, 9), st.just(0)),
        st.tuples(st.just("thin"), st.sampled_from([100, 250]), st.just(0)),
        st.tuples(st.just("day"), st.just(0), st.just(0)),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_cash_and_shares_always_agree_with_the_trades(steps):
    stage = pinned(always_open=True, cash=D(30000))
    stage.exchange.deposit(STOCK, 950, D("9.00"))
    cash, shares = D(30000), 950
    seen = set()
    placed = []

    for verb, number, ticks in steps:
        last = stage.broker.quote(STOCK).last
        if verb in ("buy", "sell"):
            placed.append(f"s-{len(placed)}")
            stage.place(verb, STOCK, number, str(last + D("0.01") * ticks), placed[-1])
        elif verb == "cancel" and number < len(placed):
            stage.broker.cancel(placed[number], "")
        elif verb == "ticks":
            stage.ticks(number)
        elif verb == "price":
            stage.exchange.scene(STOCK, price=D("10.00") + D("0.01") * number)
        elif verb == "thin":
            stage.exchange.scene(STOCK, price=last, thin=number)
        elif verb == "day":
            stage.pass_by(86400)
        snapshot = stage.snapshot
        for report in stage.reports:
            trade = report.trade
            if trade is not None and trade.trade_id not in seen:
                seen.add(trade.trade_id)
                sign = 1 if trade.side == "buy" else -1
                cash -= sign * trade.shares * trade.price + trade.fee
                shares += sign * trade.shares
        assert snapshot.asset.cash + snapshot.asset.frozen_cash == cash
        assert snapshot.asset.cash >= 0
        held, sellable = stage.shares(STOCK)
        assert held == shares
        assert 0 <= sellable <= held
        for order in snapshot.orders:
            fills = [t.shares for t in snapshot.trades if t.client_order_id == order.client_order_id]
            assert sum(fills) == order.filled <= order.shares
            assert all(fill % 100 == 0 for fill in fills[:-1])
            assert (order.status is BrokerStatus.FILLED) == (order.filled == order.shares)
            limit_kept = [
                t.price <= order.price if order.side == "buy" else t.price >= order.price
                for t in snapshot.trades
                if t.client_order_id == order.client_order_id
            ]
            assert all(limit_kept)
