from datetime import timedelta
from decimal import Decimal as D

import pytest

from base_func import tick_of
from desk.broker.paper import SyntheticFeed
from desk.core.values import BrokerStatus
from desk.texts import paper as words

from .stage import Stage, at, pinned

STOCK = "600000.SH"
BOARDS = ("600000.SH", "000001.SZ", "300001.SZ", "688001.SH", "920001.BJ", "510300.SH", "113001.SH")


@pytest.mark.parametrize("symbol", BOARDS)
@pytest.mark.parametrize("anchor", ["0.35", "3.33", "10.00", "1700.00"])
def test_the_walk_stays_within_one_and_a_half_percent_of_its_anchor(symbol, anchor):
    stage = Stage(now=at("10:00"), always_open=True)
    price, tick = D(anchor), tick_of(symbol)
    seen = set()
    for _ in range(400):
        quote = stage.broker.quote(symbol, price)
        assert quote.prev_close == price
        assert abs(quote.last - price) <= price * D("0.015")
        assert quote.bids[0][0] == quote.last
        assert quote.asks[0][0] == quote.last + tick
        assert [len(quote.asks), len(quote.bids)] == [5, 5] or price < 1
        seen.add(quote.last)
        stage.now += timedelta(seconds=7)
    assert len(seen) > 1 or price * D("0.015") < tick


@pytest.mark.parametrize("symbol", BOARDS)
def test_an_order_of_a_hundred_lots_that_reaches_the_best_fills_within_two_ticks(symbol):
    stage = Stage(now=at("10:00"), always_open=True, cash=D(100_000_000))
    lot = 10 if symbol.startswith("113") else 100
    for n in range(30):
        quote = stage.broker.quote(symbol, D("20.00"))
        stage.buy(symbol, 100 * lot, str(quote.asks[0][0]), f"b-{n}")
        stage.ticks(2)
        assert stage.order(f"b-{n}").status is BrokerStatus.FILLED
        assert stage.fills(f"b-{n}") == [(100 * lot, str(quote.asks[0][0]))]
        stage.pass_by(13.1)


def test_the_book_has_moved_on_twice_a_second_at_least():
    stage = Stage(now=at("10:00"), always_open=True)
    times = []
    for _ in range(40):
        times.append(stage.broker.quote(STOCK, D(10)).at)
        stage.now += timedelta(milliseconds=500)
    assert len(set(times)) == 40
    assert all(stage_time <= stage.now for stage_time in times)


def test_the_first_price_of_a_signal_is_kept_and_later_ones_change_nothing(tmp_path):
    stage = Stage(now=at("10:00"), always_open=True, store=tmp_path / "paper.db")
    assert stage.broker.quote(STOCK, D("10.004")).prev_close == D("10.00")
    assert stage.broker.quote(STOCK, D("12.00")).prev_close == D("10.00")
    assert stage.broker.instrument(STOCK, D("12.00")).prev_close == D("10.00")
    stage.restart(timedelta(days=2))
    assert stage.broker.quote(STOCK, D("12.00")).prev_close == D("10.00")


def test_without_a_price_a_fixed_table_speaks_until_a_signal_or_an_order_settles_it(tmp_path):
    stage = Stage(now=at("10:00"), always_open=True, store=tmp_path / "paper.db")
    table = stage.broker.quote("000001.SZ").prev_close
    assert Stage(now=at("11:00"), feed=SyntheticFeed(99)).broker.quote("000001.SZ").prev_close == table
    assert stage.broker.quote("000001.SZ", D("33.00")).prev_close == D("33.00")
    other = stage.broker.quote("000002.SZ").prev_close
    stage.buy("000002.SZ", 100, str(other))
    stage.restart()
    assert stage.broker.quote("000002.SZ", D("33.00")).prev_close == other


def test_the_same_seed_and_the_same_calls_give_the_same_results():
    def run(seed: int) -> list[object]:
        stage = Stage(now=at("10:00"), always_open=True, feed=SyntheticFeed(seed))
        for n in range(12):
            ask = stage.broker.quote(STOCK, D("10.00")).asks[0][0]
            stage.buy(STOCK, 100 * (n + 1), str(ask - D("0.01") * (n % 3)), f"r-{n}")
            stage.pass_by(2.3)
        return [*stage.reports, stage.snapshot]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_a_path_does_not_depend_on_how_often_it_is_looked_at():
    often, once = Stage(now=at("10:00")), Stage(now=at("10:00"))
    often.broker.quote(STOCK, D(10))
    once.broker.quote(STOCK, D(10))
    often.ticks(200)
    once.pass_by(50)
    assert often.broker.quote(STOCK) == once.broker.quote(STOCK)


def test_a_resting_order_trades_at_its_limit_when_the_market_comes_to_it():
    stage = pinned()
    stage.buy(STOCK, 100, "9.95", "a-1")
    stage.ticks(4)
    assert stage.fills("a-1") == []
    stage.exchange.scene(STOCK, price=D("9.90"))
    stage.ticks()
    assert stage.fills("a-1") == [(100, "9.95")]


def test_an_order_trades_with_the_book_that_it_met():
    stage = pinned()
    stage.buy(STOCK, 100, "10.01", "a-1")
    stage.exchange.scene(STOCK, price=D("10.40"))  # the market runs away before the next tick
    stage.ticks()
    assert stage.fills("a-1") == [(100, "10.01")]


def test_a_large_order_eats_through_the_levels_in_whole_lots():
    stage = pinned(cash=D(100_000_000))
    book = stage.broker.quote(STOCK).asks
    stage.buy(STOCK, 1_000_000, "10.03", "a-1")
    stage.ticks()
    first = [(trade.price, trade.shares) for trade in stage.trades("a-1")][:3]
    assert first == list(book[:3])  # 10.01, 10.02, 10.03
    assert all(trade.shares % 100 == 0 for trade in stage.trades("a-1"))
    stage.ticks(40)
    assert stage.order("a-1").status is BrokerStatus.FILLED


def test_a_thin_market_fills_its_shares_per_tick_and_the_odd_rest_at_last():
    stage = pinned()
    stage.exchange.deposit(STOCK, 350, D(9))
    stage.exchange.scene(STOCK, price=D("10.00"), thin=150)
    quote = stage.broker.quote(STOCK)
    assert (quote.asks, quote.bids) == (((D("10.01"), 150),), ((D("10.00"), 150),))
    stage.sell(STOCK, 350, "10.00", "a-1")
    stage.ticks(2)
    order = stage.order("a-1")
    assert (order.status, order.filled, order.avg_price) == (BrokerStatus.WORKING, 200, D("10.00"))
    stage.ticks(2)
    assert stage.fills("a-1") == [(100, "10.00"), (100, "10.00"), (150, "10.00")]
    assert stage.order("a-1").status is BrokerStatus.FILLED


def test_a_thin_market_is_shared_by_the_orders_in_it_in_the_order_of_time():
    stage = pinned()
    stage.exchange.scene(STOCK, price=D("10.00"), thin=300)
    stage.buy(STOCK, 200, "10.01", "first")
    stage.buy(STOCK, 200, "10.01", "second")
    stage.ticks()
    assert (stage.order("first").filled, stage.order("second").filled) == (200, 100)


def test_at_limit_up_nobody_offers_and_everybody_buys():
    stage = pinned()
    stage.exchange.deposit(STOCK, 500, D(9))
    stage.exchange.scene(STOCK, limit_up=True)
    quote = stage.broker.quote(STOCK)
    assert (quote.last, quote.asks, quote.bids[0][0]) == (D("11.00"), (), D("11.00"))
    stage.buy(STOCK, 100, "11.00", "buy")
    stage.sell(STOCK, 200, "10.90", "sell")
    stage.ticks(8)
    assert stage.fills("buy") == []
    assert stage.fills("sell") == [(200, "11.00")]
    stage.to("14:57")
    stage.sell(STOCK, 100, "10.50", "call")
    stage.to("15:00")
    assert stage.fills("buy") == []
    assert stage.fills("call") == [(100, "11.00")]


def test_at_limit_down_nobody_bids_and_a_queued_sell_trades_when_it_opens():
    stage = pinned()
    stage.exchange.deposit(STOCK, 500, D(9))
    stage.exchange.scene(STOCK, limit_down=True)
    quote = stage.broker.quote(STOCK)
    assert (quote.last, quote.bids, quote.asks[0][0]) == (D("9.00"), (), D("9.00"))
    stage.sell(STOCK, 200, "9.00", "sell")
    stage.buy(STOCK, 100, "9.10", "buy")
    stage.ticks(8)
    assert stage.fills("sell") == []
    assert stage.fills("buy") == [(100, "9.00")]
    stage.exchange.scene(STOCK, price=D("9.20"))
    stage.ticks()
    assert stage.fills("sell") == [(200, "9.00")]


def test_a_queue_at_limit_down_is_not_served_by_the_closing_call():
    stage = pinned()
    stage.exchange.deposit(STOCK, 500, D(9))
    stage.exchange.scene(STOCK, limit_down=True)
    stage.sell(STOCK, 200, "9.00", "sell")
    stage.to("15:00")
    assert stage.order("sell").filled == 0
    assert stage.order("sell").status is BrokerStatus.CANCELLED


def test_a_suspended_symbol_takes_no_orders_and_trades_none():
    stage = pinned()
    stage.buy(STOCK, 100, "10.01", "before")
    stage.exchange.scene(STOCK, suspended=True)
    assert stage.refused("buy", STOCK, 100, "10.00") == words.SUSPENDED
    assert stage.broker.instrument(STOCK).suspended
    quote = stage.broker.quote(STOCK)
    assert (quote.asks, quote.bids, quote.last) == ((), (), quote.prev_close)
    stage.ticks(4)
    assert stage.fills("before") == []
    stage.exchange.scene(STOCK)
    assert not stage.broker.instrument(STOCK).suspended
    stage.ticks()
    assert stage.order("before").status is BrokerStatus.FILLED


def test_scenes_survive_a_restart(tmp_path):
    stage = pinned(store=tmp_path / "paper.db")
    stage.exchange.scene(STOCK, price=D("10.20"), thin=200)
    quote = stage.broker.quote(STOCK)
    stage.restart()
    assert stage.broker.quote(STOCK) == quote


def test_scenes_that_no_market_could_show_are_refused():
    stage = pinned()
    for scene in ({"price": D("11.01")}, {"price": D("10.005")}, {"thin": 99}, {"limit_up": True, "limit_down": True}):
        with pytest.raises(ValueError, match=r".+"):
            stage.exchange.scene(STOCK, **scene)
    with pytest.raises(ValueError, match=r".+"):
        stage.exchange.scene("900901.SH", price=D(1))
    assert stage.broker.quote(STOCK).last == D("10.00")


def test_a_long_jump_of_time_still_fills_what_the_market_passed():
    stage = Stage(now=at("10:00"))
    quote = stage.broker.quote(STOCK, D("10.00"))
    stage.buy(STOCK, 100, str(quote.bids[0][0]), "near")
    stage.buy(STOCK, 100, "9.80", "far")  # 2 % away: out of the walk's reach
    stage.to("14:56")
    assert stage.order("near").status is BrokerStatus.FILLED
    assert stage.order("far").status is BrokerStatus.WORKING
