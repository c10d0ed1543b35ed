from decimal import Decimal as D

import pytest

from desk.core.market import Outcome
from desk.core.values import BrokerStatus, Side
from desk.texts import paper as words

from .stage import Stage, at, pinned


@pytest.mark.parametrize(
    ("symbol", "price", "legal", "illegal"),
    [
        ("600000.SH", "10.00", (100, 1000), (50, 99, 150, 1001)),  # main: whole lots of 100
        ("300001.SZ", "10.00", (100, 1000), (50, 150)),  # ChiNext: as main
        ("688001.SH", "10.00", (200, 201, 333), (100, 199)),  # STAR: 200, then single shares
        ("920001.BJ", "10.00", (100, 101, 150), (99,)),  # BSE: 100, then single shares
        ("510300.SH", "4.000", (100, 200), (150,)),  # ETF
        ("113001.SH", "120.000", (10, 20), (5, 15)),  # convertible bond
    ],
)
def test_buys_must_be_in_the_lots_of_their_board(symbol, price, legal, illegal):
    stage = pinned(price, symbol)
    for shares in legal:
        stage.buy(symbol, shares, price)
    for shares in (*illegal, 0, -100):
        assert stage.refused("buy", symbol, shares, price) == words.BAD_LOT


@pytest.mark.parametrize(
    ("symbol", "held", "legal", "illegal"),
    [
        ("600000.SH", 250, (50, 100, 150, 200, 250), (30, 249)),  # 250 % 100 = 50: the odd 50 go in one order
        ("688001.SH", 350, (200, 201, 350), (100, 150)),
        ("688001.SH", 150, (150,), (100, 149)),  # fewer than 200: all or nothing
        ("920001.BJ", 250, (100, 101, 250), (99,)),
        ("920001.BJ", 60, (60,), (50,)),
        ("113001.SH", 25, (5, 10, 15, 20, 25), (3, 24)),
    ],
)
def test_sells_must_be_in_lots_or_take_the_odd_rest_whole(symbol, held, legal, illegal):
    for shares in legal:
        stage = pinned("100.00", symbol)
        stage.exchange.deposit(symbol, held, D(100))
        stage.sell(symbol, shares, "100.00")
    for shares in illegal:
        stage = pinned("100.00", symbol)
        stage.exchange.deposit(symbol, held, D(100))
        assert stage.refused("sell", symbol, shares, "100.00") == words.BAD_LOT


@pytest.mark.parametrize(
    ("symbol", "most"),
    [("600000.SH", 1_000_000), ("300001.SZ", 300_000), ("688001.SH", 100_000), ("920001.BJ", 1_000_000)],
)
def test_one_order_holds_no_more_than_its_board_allows(symbol, most):
    stage = pinned("10.00", symbol, cash=D(100_000_000))
    stage.buy(symbol, most, "10.00")
    assert stage.refused("buy", symbol, most + 100, "10.00") == words.TOO_MANY


@pytest.mark.parametrize(
    ("symbol", "close", "down", "up", "tick"),
    [
        ("600000.SH", "8.85", "7.97", "9.74", "0.01"),  # 8.85 x 0.9 = 7.965, x 1.1 = 9.735: half up
        ("300001.SZ", "10.03", "8.02", "12.04", "0.01"),  # x 0.8 = 8.024, x 1.2 = 12.036
        ("688001.SH", "10.03", "8.02", "12.04", "0.01"),
        ("920001.BJ", "10.05", "7.04", "13.07", "0.01"),  # x 0.7 = 7.035, x 1.3 = 13.065
        ("510300.SH", "4.005", "3.605", "4.406", "0.001"),  # x 0.9 = 3.6045, x 1.1 = 4.4055
        ("113001.SH", "120.001", "96.001", "144.001", "0.001"),  # x 0.8 = 96.0008, x 1.2 = 144.0012
    ],
)
def test_prices_stay_within_the_day_and_on_the_tick(symbol, close, down, up, tick):
    stage = Stage(now=at("09:16"), cash=D(10_000_000))  # in a call there is no cage
    instrument = stage.broker.instrument(symbol, D(close))
    assert (instrument.down_limit, instrument.up_limit, instrument.tick) == (D(down), D(up), D(tick))
    assert instrument.prev_close == D(close)
    stage.buy(symbol, 200, down)
    stage.buy(symbol, 200, up)
    assert stage.refused("buy", symbol, 200, str(D(up) + D(tick))) == words.OUTSIDE_BAND
    assert stage.refused("buy", symbol, 200, str(D(down) - D(tick))) == words.OUTSIDE_BAND
    assert stage.refused("buy", symbol, 200, str(D(close) + D(tick) / 2)) == words.OFF_TICK
    assert stage.refused("buy", symbol, 200, "0") == words.OFF_TICK
    assert stage.refused("buy", symbol, 200, "-1") == words.OFF_TICK


@pytest.mark.parametrize(
    ("symbol", "last", "highest_buy", "lowest_sell"),
    [
        # best bid = last, best ask = last + 0.01
        ("600000.SH", "10.00", "10.21", "9.80"),  # 10.01 x 1.02 = 10.2102; 10.00 x 0.98
        ("600000.SH", "3.00", "3.11", "2.90"),  # ten ticks beat 2 %: 3.01 + 0.10, 3.00 - 0.10
        ("688001.SH", "3.00", "3.07", "2.94"),  # STAR has no ten ticks: 3.01 x 1.02 = 3.0702
        ("300001.SZ", "3.00", "3.07", "2.94"),
        ("920001.BJ", "10.00", "10.51", "9.50"),  # BSE 5 %: 10.01 x 1.05 = 10.5105
    ],
)
def test_the_price_cage_binds_in_continuous_trading_and_not_in_a_call(symbol, last, highest_buy, lowest_sell):
    stage = pinned(last, symbol)
    stage.exchange.deposit(symbol, 1000, D(last))
    stage.buy(symbol, 200, highest_buy)
    stage.sell(symbol, 200, lowest_sell)
    over, under = str(D(highest_buy) + D("0.01")), str(D(lowest_sell) - D("0.01"))
    assert stage.refused("buy", symbol, 200, over) == words.OUTSIDE_CAGE
    assert stage.refused("sell", symbol, 200, under) == words.OUTSIDE_CAGE
    stage.to("14:58")
    stage.buy(symbol, 200, over)
    stage.sell(symbol, 200, under)


def test_the_cage_binds_orders_that_wait_for_continuous_trading():
    stage = pinned("10.00", clock="11:45")
    assert stage.refused("buy", "600000.SH", 100, "10.30") == words.OUTSIDE_CAGE
    stage.buy("600000.SH", 100, "10.21")


def test_funds_and_bonds_have_no_cage():
    stage = pinned("4.000", "510300.SH")
    stage.buy("510300.SH", 100, "4.400")


@pytest.mark.parametrize(
    ("symbol", "price", "shares", "frozen"),
    [
        ("600000.SH", "10.00", 1000, "10005.10"),  # 10000 + max(5, 2.50) + transfer 0.10
        ("600000.SH", "25.00", 4000, "100026.00"),  # 100000 + 25.00 + 1.00
        ("510300.SH", "4.000", 1000, "4005.00"),  # funds: commission only
        ("113001.SH", "120.000", 10, "1205.00"),
    ],
)
def test_a_buy_freezes_its_limit_price_and_its_fees_and_a_cancel_gives_them_back(symbol, price, shares, frozen):
    stage = pinned(price, symbol)
    stage.buy(symbol, shares, price, "a-1")  # at the bid: rests
    asset = stage.snapshot.asset
    assert (asset.frozen_cash, asset.cash) == (D(frozen), 1_000_000 - D(frozen))
    assert asset.total_asset == 1_000_000
    assert stage.cancel("a-1") is Outcome.ACCEPTED
    stage.ticks()
    asset = stage.snapshot.asset
    assert (asset.frozen_cash, asset.cash) == (D("0.00"), D("1000000.00"))


def test_cash_is_enough_to_the_fen_or_not_at_all():
    # 1000 x 10.00 + 5 + 0.10 = 10005.10
    assert pinned(cash=D("10005.09")).refused("buy", "600000.SH", 1000, "10.00") == words.NO_CASH
    stage = pinned(cash=D("10005.10"))
    stage.buy("600000.SH", 1000, "10.00")
    assert stage.snapshot.asset.cash == 0
    assert stage.refused("buy", "600000.SH", 100, "10.00") == words.NO_CASH


def test_a_marketable_buy_pays_the_books_price_and_gets_the_rest_of_its_freeze_back():
    stage = pinned()
    stage.buy("600000.SH", 1000, "10.20", "a-1")
    assert stage.snapshot.asset.frozen_cash == D("10205.10")
    stage.ticks()
    # 1000 x 10.01 + 5 + 0.10 = 10015.10
    assert stage.fills("a-1") == [(1000, "10.01")]
    assert stage.trades("a-1")[0].fee == D("5.10")
    asset = stage.snapshot.asset
    assert (asset.cash, asset.frozen_cash, asset.market_value) == (D("989984.90"), D(0), D("10000.00"))
    position = stage.snapshot.positions[0]
    assert (position.cost_price, position.price) == (D("10.0151"), D("10.00"))


@pytest.mark.parametrize(
    ("symbol", "price", "shares", "fee"),
    [
        # stock: commission 0.025 %, at least 5; stamp duty 0.05 %; transfer fee 0.001 %
        ("600000.SH", "10.00", 1000, "10.10"),  # 5 + 5.00 + 0.10
        ("600000.SH", "50.00", 2000, "76.00"),  # 25 + 50 + 1
        ("688001.SH", "33.33", 301, "10.12"),  # 10032.33: 5 + 5.02 + 0.10
        ("510300.SH", "4.000", 1000, "5.00"),  # no taxes on funds
        ("113001.SH", "120.000", 200, "6.00"),  # 24000 x 0.025 %
    ],
)
def test_a_sell_is_charged_to_the_fen(symbol, price, shares, fee):
    stage = pinned(price, symbol)
    stage.exchange.deposit(symbol, shares, D(price))
    stage.sell(symbol, shares, price, "a-1")
    stage.ticks()
    trade = stage.trades("a-1")[0]
    assert (trade.shares, trade.price, trade.fee) == (shares, D(price), D(fee))
    assert stage.snapshot.asset.cash == 1_000_000 + D(price) * shares - D(fee)


def test_the_minimum_commission_is_charged_once_per_order_however_often_it_fills():
    stage = pinned()
    stage.exchange.scene("600000.SH", price=D("10.00"), thin=100)
    stage.buy("600000.SH", 300, "10.01", "a-1")
    stage.ticks(3)
    # the order's turnover after each fill: 1001, 2002, 3003; its fees: 5 + 0.01, 5 + 0.02, 5 + 0.03
    assert [(t.shares, str(t.fee)) for t in stage.trades("a-1")] == [(100, "5.01"), (100, "0.01"), (100, "0.01")]
    stage.buy("600000.SH", 100, "10.01", "a-2")
    stage.ticks()
    assert stage.trades("a-2")[0].fee == D("5.01")


def test_commission_grows_beyond_the_minimum_over_the_whole_order():
    stage = pinned("100.00")
    stage.exchange.scene("600000.SH", price=D("100.00"), thin=100)
    stage.exchange.deposit("600000.SH", 300, D(100))
    stage.sell("600000.SH", 300, "100.00", "a-1")
    stage.ticks(3)
    # turnover 10000, 20000, 30000: commission 5, 5, 7.50; stamp 5, 10, 15; transfer 0.10, 0.20, 0.30
    assert [str(t.fee) for t in stage.trades("a-1")] == ["10.10", "5.10", "7.60"]


def test_money_of_a_sell_buys_at_once():
    stage = pinned(cash=D("100.00"))
    stage.exchange.deposit("600000.SH", 1000, D("10.00"))
    assert stage.refused("buy", "600000.SH", 100, "10.00") == words.NO_CASH
    stage.sell("600000.SH", 1000, "10.00")
    stage.ticks()
    stage.buy("600000.SH", 900, "10.00")


@pytest.mark.parametrize(
    ("symbol", "price", "sellable"),
    [
        ("600000.SH", "10.00", 0),
        ("510300.SH", "4.000", 0),  # an ordinary ETF waits a day
        ("511010.SH", "100.000", 1000),  # bond ETF
        ("518880.SH", "4.000", 1000),  # gold
        ("113001.SH", "120.000", 1000),  # convertible bond
    ],
)
def test_what_is_bought_today_is_sellable_tomorrow_or_at_once_by_its_kind(symbol, price, sellable):
    stage = pinned(price, symbol)
    stage.buy(symbol, 1000, str(D(price) + D("0.010")))
    stage.ticks()
    assert stage.shares(symbol) == (1000, sellable)
    if not sellable:
        assert stage.refused("sell", symbol, 1000, price) == words.NOT_SELLABLE
    stage.to("10:00", at("10:00").date().replace(day=23))  # Friday to Monday
    assert stage.shares(symbol) == (1000, 1000)
    stage.sell(symbol, 1000, price)


def test_open_sells_freeze_their_shares_until_they_are_cancelled():
    stage = pinned()
    stage.exchange.deposit("600000.SH", 1000, D("10.00"))
    stage.sell("600000.SH", 600, "10.10", "a-1")
    assert stage.shares("600000.SH") == (1000, 400)
    assert stage.refused("sell", "600000.SH", 500, "10.10") == words.NOT_SELLABLE
    stage.sell("600000.SH", 400, "10.10")
    stage.cancel("a-1")
    stage.ticks()
    assert stage.shares("600000.SH") == (1000, 600)


def test_what_was_bought_today_does_not_become_sellable_by_selling_the_old():
    stage = pinned()
    stage.exchange.deposit("600000.SH", 300, D("9.00"))
    stage.buy("600000.SH", 500, "10.01")
    stage.ticks()
    stage.sell("600000.SH", 300, "10.00")
    stage.ticks()
    assert stage.shares("600000.SH") == (500, 0)


def test_the_cost_of_a_position_is_its_average_with_buy_fees():
    stage = pinned()
    stage.exchange.deposit("600000.SH", 1000, D("8.00"))
    stage.buy("600000.SH", 1000, "10.01")
    stage.ticks()
    # (8000 + 10010 + 5.10) / 2000 = 9.00755
    assert stage.snapshot.positions[0].cost_price == D("9.0076")
    stage.sell("600000.SH", 500, "10.00")
    stage.ticks()
    assert stage.snapshot.positions[0].cost_price == D("9.0076")


@pytest.mark.parametrize(
    "symbol", ["900901.SH", "200002.SZ", "000001.SH", "123456.XX", "60000.SH", "204001.SH", "131810.SZ"]
)
def test_what_is_not_listed_here_is_neither_quoted_nor_accepted(symbol):
    stage = Stage(now=at("10:00"))
    assert stage.broker.quote(symbol, D(10)) is None
    assert stage.broker.instrument(symbol, D(10)) is None
    assert stage.refused("buy", symbol, 100, "10.00", "a-1") == words.UNKNOWN_CODE
    assert stage.order("a-1").status is BrokerStatus.REJECTED


def test_a_refused_order_is_a_rejected_one_in_the_snapshot_with_its_text():
    stage = pinned(cash=D(100))
    text = stage.refused("buy", "600000.SH", 100, "10.00", "a-1")
    assert text == "[COUNTER][260200][可用资金不足]"
    order = stage.order("a-1")
    assert (order.status, order.text, order.filled) == (BrokerStatus.REJECTED, text, 0)
    assert [r.order.status for r in stage.told("a-1")] == [BrokerStatus.REJECTED]
    assert stage.cancel("a-1") is Outcome.REFUSED


def test_a_remark_is_never_used_twice_whatever_became_of_its_order():
    stage = pinned(cash=D(20000), always_open=True)
    stage.buy("600000.SH", 100, "10.00", "live")
    stage.buy("600000.SH", 100, "10.01", "filled")
    stage.refused("buy", "600000.SH", 150, "10.00", "rejected")
    stage.ticks()
    for _ in range(2):
        for remark in ("live", "filled", "rejected"):
            assert stage.refused("buy", "600000.SH", 100, "10.00", remark) == words.REMARK_USED
        stage.pass_by(86400)
    assert len(stage.exchange.picture().orders) == 0


@pytest.mark.parametrize("remark", ["x" * 24, "跟单", "a\n"])
def test_a_remark_that_would_not_travel_is_refused(remark):
    assert pinned().refused("buy", "600000.SH", 100, "10.00", remark) == words.REMARK_BAD


def test_hand_made_orders_have_no_remark_and_many_of_them_are_fine():
    stage = pinned()
    first = stage.exchange.trade_by_hand("600000.SH", Side.BUY, 500)
    second = stage.exchange.trade_by_hand("600000.SH", Side.BUY, 100, D("9.90"))
    stage.ticks()
    orders = stage.snapshot.orders
    assert [o.client_order_id for o in orders] == ["", ""]
    assert [o.status for o in orders] == [BrokerStatus.FILLED, BrokerStatus.WORKING]
    assert {first.broker_order_id, second.broker_order_id} == {o.broker_order_id for o in orders}
    answer = stage.broker.cancel("", second.broker_order_id)
    stage.ticks()
    assert answer.outcome is Outcome.ACCEPTED
    assert stage.snapshot.orders[1].status is BrokerStatus.CANCELLED
    assert stage.shares("600000.SH") == (500, 0)


@pytest.mark.parametrize("symbol", ["600000.SH", "688001.SH", "300001.SZ", "920001.BJ", "510300.SH"])
@pytest.mark.parametrize("price", ["0.50", "3.00", "10.00"])
def test_a_hand_made_order_without_a_price_is_legal_and_trades_at_once(symbol, price):
    stage = pinned(price, symbol)
    stage.exchange.deposit(symbol, 200, D(price))
    for side in Side:
        stage.exchange.trade_by_hand(symbol, side, 200)
    stage.ticks()
    assert [order.status for order in stage.snapshot.orders] == [BrokerStatus.FILLED] * 2


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-Infinity"])
def test_a_price_that_is_no_number_is_refused(price):
    stage = pinned()
    assert stage.refused("buy", "600000.SH", 100, price) == words.OFF_TICK
    assert stage.broker.quote("000001.SZ", D(price)) is not None


def test_shares_can_be_put_in_and_taken_out_without_an_order():
    stage = pinned()
    stage.exchange.deposit("600000.SH", 150, D("9.00"))
    assert stage.shares("600000.SH") == (150, 150)
    stage.exchange.withdraw("600000.SH", 50)
    assert stage.shares("600000.SH") == (100, 100)
    stage.sell("600000.SH", 100, "10.20")
    with pytest.raises(ValueError, match="not free"):
        stage.exchange.withdraw("600000.SH", 50)
    with pytest.raises(ValueError, match="cannot deposit"):
        stage.exchange.deposit("900901.SH", 100, D(1))
    assert stage.snapshot.orders[0].filled == 0
