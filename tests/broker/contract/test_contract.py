"""What every channel must do, whatever stands behind it: one suite, over each."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from desk.core.market import Outcome, ReportKind
from desk.core.values import BrokerStatus, Side
from tests.broker.contract.bench import ACCOUNT, BANK, Bench

LIVE = (BrokerStatus.PENDING, BrokerStatus.WORKING, BrokerStatus.CANCEL_PENDING)


# --- orders ---------------------------------------------------------------------------------------------------------


def test_an_order_lives_under_its_remark_and_is_answered_as_accepted(bench: Bench) -> None:
    remark = bench.rest()
    order = bench.order(remark)
    said = (order.client_order_id, order.symbol, order.side, order.shares, order.price, order.filled)
    assert said == (remark, BANK, Side.BUY, 100, Decimal("9.50"), 0)
    assert bench.outcomes(remark) == [Outcome.ACCEPTED]
    assert bench.said_of(remark)[0].broker_order_id == order.broker_order_id != ""


def test_a_fill_is_reported_and_shown_with_the_same_figures(bench: Bench) -> None:
    remark = bench.buy(300)
    bench.until(lambda: BrokerStatus.FILLED in bench.statuses(remark))
    bench.until(lambda: sum(bench.reported_trades(remark).values()) == 300)
    picture = bench.snapshot()
    order = bench.order(remark, picture)
    trades = bench.trades(remark, picture)
    assert (order.status, order.filled) == (BrokerStatus.FILLED, 300)
    assert {t.trade_id: t.shares for t in trades} == bench.reported_trades(remark)
    assert all(t.broker_order_id == order.broker_order_id and t.side is Side.BUY for t in trades)
    assert order.avg_price == sum(t.price * t.shares for t in trades) / 300


def test_a_partly_filled_order_stays_alive_and_its_cancel_keeps_the_fills(bench: Bench) -> None:
    bench.pin("10.00", thin=200)
    remark = bench.buy(1000, "10.01")
    bench.until(lambda: bench.order(remark).filled > 0)
    bench.pin("10.40")  # the market goes away: what is left rests
    bench.until(lambda: bench.order(remark).filled == sum(t.shares for t in bench.trades(remark)))
    assert bench.order(remark).status in LIVE
    bench.cancel(remark)
    bench.until(lambda: bench.order(remark).status.final)
    order = bench.order(remark)
    assert order.status is BrokerStatus.CANCELLED
    assert 0 < order.filled < 1000
    assert order.filled == sum(t.shares for t in bench.trades(remark))


def test_a_cancel_is_done_when_the_order_says_so(bench: Bench) -> None:
    bench.exchange.faults.cancel_delay_s = 3.0
    remark = bench.rest()
    bench.cancel(remark)
    bench.pass_time(1)
    assert bench.order(remark).status in LIVE
    bench.until(lambda: BrokerStatus.CANCELLED in bench.statuses(remark))
    assert bench.order(remark).status is BrokerStatus.CANCELLED


def test_a_fill_that_races_the_cancel_is_told_whole(bench: Bench) -> None:
    bench.exchange.faults.cancel_delay_s = 5.0
    remark = bench.rest(300)
    bench.cancel(remark)
    bench.pass_time(1)
    bench.pin("9.00")  # the market falls through it before the cancel takes effect
    bench.until(lambda: bench.order(remark).status.final)
    order = bench.order(remark)
    assert (order.status, order.filled) == (BrokerStatus.FILLED, 300)
    assert sum(t.shares for t in bench.trades(remark)) == 300


def test_a_cancel_of_a_final_order_changes_nothing(bench: Bench) -> None:
    remark = bench.buy()
    bench.until(lambda: bench.orders(remark) and bench.order(remark).status.final)
    bench.cancel(remark)
    bench.pass_time(5)
    assert bench.order(remark).status is BrokerStatus.FILLED


@pytest.mark.parametrize(
    ("side", "shares", "price", "words"),
    [
        ("buy", 900_000, "10.05", "资金"),  # 9,045,000 yuan of 1,000,000
        ("sell", 100, "9.95", "可用数量"),  # nothing is held
    ],
)
def test_the_words_of_a_refusal_are_kept(bench: Bench, side: str, shares: int, price: str, words: str) -> None:
    remark = bench.place(side, shares, price)

    def told() -> bool:
        texts = [answer.text for answer in bench.said_of(remark)]
        texts += [r.order.text for r in bench.of(ReportKind.ORDER) if r.order and r.order.client_order_id == remark]
        return any(words in text for text in texts)

    bench.until(told)
    assert all(order.status is BrokerStatus.REJECTED for order in bench.orders(remark))
    assert not bench.trades(remark)


def test_what_is_bought_today_is_sellable_tomorrow(bench: Bench) -> None:
    bench.hold(500)
    bench.buy(200)
    bench.until(lambda: (p := bench.position()) is not None and p.shares == 700)
    position = bench.position()
    assert position is not None
    assert (position.shares, position.sellable) == (700, 500)
    bench.next_day()
    position = bench.position()
    assert position is not None
    assert (position.shares, position.sellable) == (700, 700)


# --- remarks --------------------------------------------------------------------------------------------------------


def test_a_remark_of_23_bytes_comes_back_whole_and_a_longer_one_never_becomes_an_order(bench: Bench) -> None:
    longest = "g" + "x" * 22
    bench.buy(100, "9.50", longest)
    bench.until(lambda: bench.orders(longest))
    too_long = bench.buy(100, "9.50", "h" + "x" * 23)
    bench.pass_time(5)
    assert Outcome.ACCEPTED not in bench.outcomes(too_long)
    assert [o.client_order_id for o in bench.snapshot().orders] == [longest]


def test_a_remark_is_never_used_twice(bench: Bench) -> None:
    remark = bench.rest()
    bench.buy(100, "9.40", remark)
    bench.pass_time(5)
    assert [o.price for o in bench.exchange.picture(bench.clock.now()).orders] == [Decimal("9.50")]
    assert bench.order(remark).price == Decimal("9.50")


# --- unknown outcomes -----------------------------------------------------------------------------------------------


def test_an_order_accepted_without_a_word_is_found_by_its_remark(bench: Bench) -> None:
    bench.channel.deafen(ACCOUNT)
    bench.channel.swallow_next_answer(ACCOUNT)
    remark = bench.buy(100, "9.50")
    bench.until(lambda: Outcome.NO_ANSWER in bench.outcomes(remark))
    assert Outcome.REFUSED not in bench.outcomes(remark)
    assert bench.order(remark).status is BrokerStatus.WORKING


def test_an_order_that_never_arrived_is_no_answer_and_absent_from_complete_snapshots(bench: Bench) -> None:
    other = bench.rest()
    bench.channel.lose_next_order(ACCOUNT)
    remark = bench.buy()
    bench.until(lambda: Outcome.NO_ANSWER in bench.outcomes(remark))
    bench.pass_time(bench.broker.settle_s)
    for _ in range(2):
        assert {o.client_order_id for o in bench.snapshot().orders} == {other}
    assert bench.outcomes(remark)[-1] is Outcome.NO_ANSWER


def test_an_order_that_lands_late_lands_within_the_settle_time(bench: Bench) -> None:
    if not bench.broker.settle_s:
        pytest.skip("this channel promises that nothing lands late")
    late_s = bench.broker.settle_s - 5
    bench.channel.land_next_order_late(ACCOUNT, late_s)
    remark = bench.buy(100, "9.50")
    bench.pass_time(late_s - 5)
    assert bench.orders(remark) == []
    assert Outcome.REFUSED not in bench.outcomes(remark)
    bench.pass_time(10)
    assert bench.order(remark).status is BrokerStatus.WORKING


# --- the line -------------------------------------------------------------------------------------------------------


def test_a_line_cut_in_the_middle_is_told_and_the_orders_are_found_after_it(bench: Bench) -> None:
    resting = bench.rest()
    generation = bench.broker.generation
    going = bench.buy(200)
    bench.cut()
    assert ReportKind.DISCONNECTED in {report.kind for report in bench.reports}
    bench.mend()
    assert bench.broker.generation > generation
    picture = bench.snapshot()
    assert picture.generation == bench.broker.generation
    assert bench.order(resting, picture).status is BrokerStatus.WORKING
    bench.pass_time(1)  # what was on its way is there wholly, or not at all
    shown = bench.orders(going)
    assert [(o.status, o.filled) for o in shown] in ([], [(BrokerStatus.FILLED, 200)])
    assert len(shown) == len(bench.at_exchange(going))


def test_nothing_is_accepted_and_nothing_is_shown_while_the_line_is_cut(bench: Bench) -> None:
    bench.rest()
    bench.cut()
    remark = bench.buy()
    for _ in range(20):
        assert bench.broker.snapshot() is None
        bench.pass_time(0.5)
    assert bench.outcomes(remark) == [Outcome.NO_ANSWER]
    bench.mend()
    assert bench.orders(remark) == bench.at_exchange(remark) == []


def test_a_snapshot_that_cannot_be_told_is_none_and_never_empty(bench: Bench) -> None:
    bench.rest()
    bench.buy(300)
    bench.until(bench.position)
    bench.channel.fail_queries(ACCOUNT)
    bench.broker.snapshot()  # what is kept from before
    for _ in range(60):
        bench.pass_time(0.25)
        assert bench.broker.snapshot() is None
    bench.channel.fail_queries(ACCOUNT, False)
    bench.open()
    picture = bench.snapshot()
    assert len(picture.orders) == 2
    assert [p.shares for p in picture.positions] == [300]


def test_after_a_restart_the_orders_are_found_by_remark_and_each_fill_once(bench: Bench) -> None:
    bench.pin("10.00", thin=200)
    remark = bench.buy(1000, "10.01")
    bench.until(lambda: bench.order(remark).filled > 0)
    resting = bench.buy(100, "9.50")
    bench.restart()
    bench.until(lambda: bench.orders(remark) and bench.order(remark).status is BrokerStatus.FILLED)
    picture = bench.snapshot()
    trades = bench.trades(remark, picture)
    assert sum(t.shares for t in trades) == 1000
    assert len({t.trade_id for t in trades}) == len(trades)
    # What is reported again, from before the restart, carries the trade id that it had.
    assert bench.reported_trades(remark).items() <= {t.trade_id: t.shares for t in trades}.items()
    assert len(bench.orders(resting, picture)) == len(bench.at_exchange(resting)) <= 1


def test_an_order_of_before_a_restart_can_be_cancelled_after_it(bench: Bench) -> None:
    remark = bench.rest()
    bench.restart()
    bench.cancel(remark)
    bench.until(lambda: bench.order(remark).status is BrokerStatus.CANCELLED)


def test_orders_made_by_hand_are_kept_apart(bench: Bench) -> None:
    bench.hold(1000)
    ours = bench.rest()
    bench.by_hand("buy", 100, "9.50")  # like ours in all but the remark
    bench.by_hand("sell", 400)
    bench.until(lambda: sum(t.shares for t in bench.snapshot().trades) == 400)
    picture = bench.snapshot()
    hand = [o for o in picture.orders if not o.client_order_id]
    assert sorted((o.side, o.shares) for o in hand) == [(Side.BUY, 100), (Side.SELL, 400)]
    assert len({o.broker_order_id for o in picture.orders}) == 3
    assert {t.client_order_id for t in picture.trades} == {""}
    bench.cancel(ours)
    bench.until(lambda: bench.order(ours).status is BrokerStatus.CANCELLED)
    assert [o.status for o in bench.snapshot().orders if o.side is Side.BUY and not o.client_order_id] == [
        BrokerStatus.WORKING
    ]


# --- quotes ---------------------------------------------------------------------------------------------------------


def test_quotes_and_figures_are_of_today_or_none(bench: Bench) -> None:
    def told() -> bool:
        today = bench.clock.now().date()
        quote, figures = bench.broker.quote(BANK), bench.broker.instrument(BANK)
        assert quote is None or quote.at.date() == today
        assert figures is None or figures.day == today
        return quote is not None and figures is not None

    bench.until(told)
    quote, figures = bench.broker.quote(BANK), bench.broker.instrument(BANK)
    assert quote is not None and figures is not None
    assert (quote.bids[0][0], quote.asks[0][0]) == (Decimal("10.00"), Decimal("10.01"))
    assert all(isinstance(p, Decimal) and p % Decimal("0.01") == 0 for p, _ in (*quote.asks, *quote.bids))
    assert figures.up_limit is not None and figures.down_limit is not None
    assert figures.down_limit < figures.prev_close < figures.up_limit
    bench.next_day("08:30")
    told()
    bench.next_day("09:31")
    bench.until(told)


def test_a_symbol_that_nobody_knows_has_no_quote(bench: Bench) -> None:
    for _ in range(8):
        assert bench.broker.quote("600000.XX") is None
        assert bench.broker.instrument("600000.XX") is None
        bench.pass_time(0.5)


# --- days -----------------------------------------------------------------------------------------------------------


def test_a_day_order_is_gone_on_the_next_day_and_shares_stay(bench: Bench) -> None:
    remark = bench.rest()
    bought = bench.buy(200)
    bench.until(bench.position)
    bench.next_day()
    bench.open()
    picture = bench.snapshot()
    assert picture.day == bench.clock.now().date()
    assert bench.orders(remark, picture) == bench.orders(bought, picture) == []
    assert picture.trades == ()
    assert [p.shares for p in picture.positions] == [200]
    again = bench.rest()
    assert bench.order(again).at.date() == picture.day


# --- manners --------------------------------------------------------------------------------------------------------


def test_reports_come_while_nobody_takes_them(bench: Bench) -> None:
    remarks = [bench.buy(100) for _ in range(30)]
    bench.until(lambda: all(BrokerStatus.FILLED in bench.statuses(r) for r in remarks))
    assert all(sum(bench.reported_trades(r).values()) == 100 for r in remarks)
    assert bench.broker.connected


def test_a_closed_broker_leaves_no_thread_and_reports_nothing_more(bench: Bench) -> None:
    remark = bench.rest(300)
    bench.channel.retire(bench.broker)
    assert bench.channel.threads() == []
    said = len(bench.reports)
    bench.pin("9.00")
    bench.pass_time(5)
    assert bench.at_exchange(remark)[0].status is BrokerStatus.FILLED
    assert len(bench.reports) == said
    assert not bench.broker.connected


def test_a_terminal_that_takes_two_seconds_for_each_answer_still_shows_complete_pictures(bench: Bench) -> None:
    if not bench.channel.hangs:
        pytest.skip("there is no terminal that could be slow")
    bench.channel.slow(ACCOUNT, 2.0)
    remark = bench.buy(200)
    begun = bench.clock.now()
    picture = bench.snapshot()
    assert bench.order(remark, picture).filled == 200
    assert begun <= picture.taken_at <= bench.clock.now()


def test_closing_at_a_terminal_that_hangs_comes_to_an_end(bench: Bench) -> None:
    if not bench.channel.hangs:
        pytest.skip("there is no terminal that could hang")
    bench.rest()
    bench.channel.hang(ACCOUNT)
    bench.buy()
    bench.broker.snapshot()
    bench.pass_time(1)
    bench.channel.retire(bench.broker)
    assert bench.channel.threads() == []


def test_no_method_waits_for_a_terminal_that_hangs(bench: Bench) -> None:
    """The bench's clock raises at once when the trading loop's thread would wait at it."""
    if not bench.channel.hangs:
        pytest.skip("there is no terminal that could hang")
    resting = bench.rest()
    number = bench.order(resting).broker_order_id
    bench.channel.hang(ACCOUNT)
    remark = bench.buy()
    bench.broker.cancel(resting, number)
    seen = [(bench.broker.snapshot(), bench.broker.quote(BANK)) for _ in range(5)]
    assert all(snapshot is None for snapshot, _ in seen[1:])
    bench.until(lambda: Outcome.NO_ANSWER in bench.outcomes(remark))
    bench.until(lambda: not bench.broker.connected)  # the questions that watch the line stay unanswered
    bench.channel.wake(ACCOUNT)
    bench.open()
    bench.until(lambda: len(bench.orders(remark)) == len(bench.at_exchange(remark)))


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_done_in_between_figures_never_fall_and_finals_stay(bench: Bench, seed: int) -> None:
    """I9 at the channel: shares traded never fall between pictures, a final order never lives again."""
    chance = random.Random(seed)
    bench.hold(5000)
    traded: dict[str, int] = {}
    finals: set[str] = set()
    remarks: list[str] = []
    for _ in range(14):
        act = chance.choice(["buy", "sell", "cancel", "thin", "restart", "cut", "wait"])
        if act == "buy":
            remarks.append(bench.buy(chance.choice([100, 500]), chance.choice(["9.98", "10.01", "10.05"])))
        elif act == "sell":
            remarks.append(bench.sell(100, chance.choice(["9.95", "10.03"])))
        elif act == "cancel" and remarks and (found := bench.orders(chance.choice(remarks))):
            bench.broker.cancel(found[0].client_order_id, found[0].broker_order_id)
        elif act == "thin":
            bench.pin(chance.choice(["9.97", "10.00", "10.02"]), thin=chance.choice([100, 300]))
        elif act == "restart":
            bench.restart(killed=chance.random() < 0.5)
        elif act == "cut":
            bench.cut()
            bench.mend()
        bench.pass_time(chance.choice([0.25, 1.0]))
        picture = bench.snapshot()
        for order in picture.orders:
            key = order.client_order_id
            assert order.filled >= traded.get(key, 0)
            assert order.status.final or key not in finals
            traded[key] = order.filled
            finals |= {key} if order.status.final else set()
        assert len({o.client_order_id for o in picture.orders}) == len(picture.orders)
        assert set(finals) <= {o.client_order_id for o in picture.orders}
