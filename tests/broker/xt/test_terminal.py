"""The simulated MiniQMT behaves as the real one does under the genuine library; each of its troubles happens once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from desk.broker.xt_sim import (
    CallbacksStuck,
    CancelTrouble,
    ConnectTrouble,
    PlaceTrouble,
    PushTrouble,
    QueryTrouble,
    ResponseTrouble,
    SubscribeTrouble,
    TerminalFaults,
)
from desk.broker.xt_sim import client as native_client
from tests.broker.xt.genuine import ACCOUNT, MARKET, SELL, House, house, needs_xtquant

pytestmark = needs_xtquant

FIRST = 1_082_130_001  # the order_id of the exchange's first order


@pytest.fixture
def home() -> Iterator[House]:
    with house() as built:
        yield built


# --- an ordinary day --------------------------------------------------------------------------------------------------


def test_an_order_is_answered_pushed_filled_and_found(home: House) -> None:
    link = home.joined()
    seq = link.order("g-1")
    assert link.told.heard == []
    home.pump()
    assert link.told.names == ["order_stock_async_response", "stock_order", "stock_order"]
    (answer,) = link.told.of("order_stock_async_response")
    assert (answer.seq, answer.order_id, answer.order_remark, answer.error_msg) == (seq, FIRST, "g-1", "")
    home.pump(0.5)
    assert link.told.statuses == [49, 50, 56]
    (trade,) = link.told.of("stock_trade")
    assert (trade.order_id, trade.order_remark, trade.traded_volume, trade.order_type) == (FIRST, "g-1", 1000, 23)
    (order,) = home.ask(link, "stock_orders")
    assert (order.order_id, order.order_sysid, order.stock_code) == (FIRST, "500001", "600000.SH")
    assert (order.order_volume, order.traded_volume, order.order_status, order.price_type) == (1000, 1000, 56, 50)
    assert order.order_time == int(home.stage.now.timestamp())
    assert round(trade.traded_price, 3) == round(order.traded_price, 3) == 10.01
    assert (trade.order_sysid, trade.traded_id, trade.commission > 0) == ("500001", "00000001", True)
    assert [t.traded_id for t in home.ask(link, "stock_trades")] == ["00000001"]
    (position,) = home.ask(link, "stock_positions")
    assert (position.volume, position.can_use_volume, position.yesterday_volume, position.on_road_volume) == (
        (1000, 0, 0, 1000)  # bought today: T+1
    )
    # 1,000,000 - 1,000 x 10.01 - 5.00 commission - 0.10 transfer fee
    asset = home.ask(link, "stock_asset")
    assert (asset.cash, asset.frozen_cash) == (989_984.9, 0.0)
    assert asset.total_asset == pytest.approx(989_984.9 + 10_000)


def test_a_resting_order_is_cancelled_and_only_the_push_says_so(home: House) -> None:
    link = home.joined()
    link.order("g-1", price=9.90)
    home.pump()
    assert [o.order_status for o in home.ask(link, "stock_orders", cancelable_only=True)] == [50]
    link.cancel(FIRST)
    home.pump()
    assert (link.told.cancels, link.told.statuses) == ([0], [49, 50, 51])
    home.pump(0.5)
    assert link.told.statuses == [49, 50, 51, 54]
    assert home.ask(link, "stock_orders", cancelable_only=True) == []
    link.cancel(FIRST)
    home.pump()
    assert link.told.cancels == [0, 0]  # sent again all the same
    (error,) = link.told.of("cancel_error")
    assert (error.order_id, "不能撤单" in error.error_msg) == (FIRST, True)


def test_a_part_is_filled_the_rest_is_cancelled(home: House) -> None:
    link = home.joined()
    home.stage.exchange.scene("600000.SH", price=Decimal("10.00"), thin=300)
    link.order("g-1", price=10.01)
    home.pump(0.25)
    assert link.told.statuses == [49, 50, 55]
    home.stage.exchange.scene("600000.SH", limit_up=True)
    link.cancel(FIRST)
    home.pump(0.5)
    assert link.told.statuses == [49, 50, 55, 52, 53]


def test_an_unknown_order_is_not_cancelled(home: House) -> None:
    link = home.joined()
    link.cancel(12345)
    home.pump()
    assert link.told.cancels == [-1]


def test_the_counters_refusal_is_a_dead_order_and_an_error(home: House) -> None:
    link = home.joined()
    link.order("g-1", shares=1_000_000)
    home.pump()
    assert link.told.statuses == [57]
    (order,), (error,) = link.told.of("stock_order"), link.told.of("order_error")
    assert "[可用资金不足]" in order.status_msg and "[可用资金不足]" in error.error_msg
    assert (error.order_id, error.order_remark) == (FIRST, "g-1")


@pytest.mark.parametrize(("kind", "price"), [(MARKET, 0.0), (44, 10.0), (11, float("nan"))])
def test_other_price_types_are_refused_without_an_order(home: House, kind: int, price: float) -> None:
    link = home.joined()
    link.order("g-1", kind=kind, price=price)
    home.pump()
    assert (link.told.responses, home.at_exchange) == ([-1], [])


def test_a_person_trades_beside_us(home: House) -> None:
    link = home.joined()
    sysid = home.terminal.order_by_hand(ACCOUNT, "600000.SH", "buy", 200)
    home.pump(0.5)
    orders = link.told.of("stock_order")
    assert {(o.order_id, o.order_remark) for o in orders} == {(0, "")}
    assert (orders[-1].order_sysid, orders[-1].order_status) == (sysid, 56)
    (trade,) = link.told.of("stock_trade")
    assert (trade.order_id, trade.order_sysid, trade.order_remark) == (0, sysid, "")


def test_a_persons_order_is_cancelled_by_its_sysid(home: House) -> None:
    link = home.joined()
    sysid = home.terminal.order_by_hand(ACCOUNT, "600000.SH", "buy", 200, Decimal("9.90"))
    link.trader.cancel_order_stock_sysid_async(link.account, "SH", sysid)
    home.pump()
    home.pump(0.5)
    assert link.told.cancels == [0]
    assert home.at_exchange == [("", 200, "cancelled")]


def test_what_was_sold_out_stays_listed_with_nothing_in_it(home: House) -> None:
    home.stage.exchange.deposit("600000.SH", 1000, Decimal(9))
    link = home.joined()
    link.order("g-1", SELL, price=9.95)
    home.pump(0.5)
    (row,) = home.ask(link, "stock_positions")
    assert (row.stock_code, row.volume, row.can_use_volume, row.yesterday_volume) == ("600000.SH", 0, 0, 1000)


def test_open_sells_are_frozen(home: House) -> None:
    home.stage.exchange.deposit("600000.SH", 1000, Decimal(9))
    link = home.joined()
    link.order("g-1", SELL, shares=400, price=10.10)
    home.pump()
    (row,) = home.ask(link, "stock_positions")
    assert (row.volume, row.can_use_volume, row.frozen_volume) == (1000, 600, 400)


def test_the_account_and_its_state_are_told(home: House) -> None:
    link = home.joined()
    assert [(a.account_id, a.account_type, a.login_status) for a in home.ask(link, "account_infos")] == [
        (ACCOUNT, 2, 0)
    ]
    assert [(a.account_id, a.status) for a in home.ask(link, "account_status")] == [(ACCOUNT, 0)]


def test_what_is_told_is_native(home: House) -> None:
    link = home.joined()
    link.order("g-1")
    home.pump(0.5)
    import xtquant.xttype as xttype

    for said, plain in (
        (link.told.of("stock_order")[0], xttype.XtOrder),
        (link.told.of("stock_trade")[0], xttype.XtTrade),
    ):
        assert not hasattr(said, "__dict__")
        assert not isinstance(said, plain)


def test_callbacks_come_on_the_librarys_own_thread(home: House) -> None:
    link = home.joined()
    link.order("g-1")
    home.pump()
    assert all(name.startswith("ThreadPoolExecutor") for name in link.told.threads)


# --- what MiniQMT always does -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remark", "kept"),
    [("g" * 23, "g" * 23), ("g" * 24, "g" * 23), ("跟单跟单跟单跟单", "跟单跟单跟单跟"), ("", "")],  # 3 bytes a letter
)
def test_a_remark_is_cut_without_a_word(home: House, remark: str, kept: str) -> None:
    link = home.joined()
    link.order(remark)
    home.pump(0.5)
    assert {o.order_remark for o in link.told.of("stock_order")} == {kept}
    assert link.told.of("stock_trade")[0].order_remark == kept
    assert link.told.responses == [FIRST]


def test_a_remark_used_again_tells_the_other_orders_id(home: House) -> None:
    link = home.joined()
    for price in (9.90, 9.91):
        link.order("g-1", price=price)
        home.pump()
    assert link.told.responses == [FIRST, FIRST]
    found = [(o.order_id, o.order_remark, round(o.price, 2)) for o in home.ask(link, "stock_orders")]
    assert found == [(FIRST, "g-1", 9.90), (FIRST + 1, "g-1", 9.91)]  # two live orders


@pytest.mark.parametrize(
    ("shares", "price"), [(1000, Decimal("10.05")), (1000, "10.05"), (Decimal(1000), 10.05), ("1000", 10.05)]
)
def test_other_types_are_refused_by_the_struct(home: House, shares: object, price: object) -> None:
    link = home.joined()
    with pytest.raises(TypeError):
        link.order("g-1", shares=shares, price=price)
    home.pump()
    assert home.at_exchange == []


def test_shares_are_cut_to_whole_ones(home: House) -> None:
    link = home.joined()
    link.order("g-1", shares=300.9)
    home.pump()
    assert home.at_exchange == [("g-1", 300, "working")]


def test_an_account_that_is_no_text_is_no_account(home: House) -> None:
    import xtquant.xttype as xttype

    assert isinstance(xttype.StockAccount(8881234567), str)


def test_strangers_get_nothing(home: House) -> None:
    import xtquant.xttype as xttype

    link = home.joined()
    for stranger in (xttype.StockAccount("1"), xttype.StockAccount(ACCOUNT, "CREDIT")):
        assert link.trader.subscribe(stranger) == -1
        link.trader.order_stock_async(stranger, "600000.SH", 23, 100, 11, 10.0, "", "g-1")
        link.account = stranger
        assert home.ask(link, "stock_asset") is None
        assert home.ask(link, "stock_orders") == []
    assert (link.told.responses, home.at_exchange) == ([-1, -1], [])


def test_without_a_subscription_nothing_is_pushed(home: House) -> None:
    link = home.link()
    assert link.trader.connect() == 0
    link.order("g-1")
    home.pump(0.5)
    assert link.told.names == ["order_stock_async_response"]
    assert link.trader.subscribe(link.account) == 0
    assert link.trader.unsubscribe(link.account) == 0
    link.order("g-2")
    home.pump(0.5)
    assert set(link.told.names) == {"order_stock_async_response"}


# --- life, death and sessions -----------------------------------------------------------------------------------------


def test_a_death_is_noticed_seconds_later_and_the_object_is_lost_for_ever(home: House) -> None:
    link = home.joined()
    link.order("g-1", price=9.90)
    home.pump()
    got: list[Any] = []
    link.trader.query_stock_asset_async(link.account, got.append)
    home.terminal.die()
    link.order("g-2")
    home.pump(2.9)
    assert "disconnected" not in link.told.names
    home.pump(1.2)
    assert link.told.names[-1] == "disconnected"
    assert got == []  # what was pending is never answered
    assert (home.ask(link, "stock_asset"), home.ask(link, "stock_orders")) == (None, [])
    link.order("g-3")
    home.pump()
    assert link.told.responses == [FIRST, -1]
    assert link.trader.connect() == -1
    home.terminal.start()
    assert link.trader.connect() == -1
    assert home.at_exchange == [("g-1", 1000, "working")]  # the exchange lives on
    again = home.joined(2)
    assert [o.order_remark for o in home.ask(again, "stock_orders")] == ["g-1"]


def test_a_restart_before_the_death_is_noticed_helps_the_old_object_nothing(home: House) -> None:
    link = home.joined()
    home.terminal.die()
    home.terminal.start()
    assert home.ask(link, "stock_asset") is ...
    assert link.trader.connect() == -1
    home.pump(4.1)
    assert link.told.names == ["disconnected"]


def test_a_young_terminal_takes_nobody_and_its_accounts_come_later(home: House) -> None:
    home.faults.refuse_connect_s, home.faults.login_s = 5.0, 20.0
    home.terminal.die()
    assert home.link(1).trader.connect() == -1
    home.terminal.start()
    assert home.link(2).trader.connect() == -1
    home.pump(5)
    link = home.joined(3)
    assert home.ask(link, "stock_asset") is None
    home.pump(15)
    assert [s.status for s in link.told.of("account_status")] == [0]
    assert home.ask(link, "stock_asset").cash == 1_000_000


def test_a_session_is_released_a_while_after_the_stop(home: House) -> None:
    first = home.joined(7)
    assert home.link(7).trader.connect() == -1
    first.stop()
    home.clock.turn(4.1)
    assert home.link(7).trader.connect() == -1
    home.clock.turn(0.2)
    assert home.link(7).trader.connect() == 0


def test_a_session_used_again_gets_its_old_trades_again(home: House) -> None:
    first = home.joined(7)
    first.order("g-1")
    home.pump(0.5)
    first.stop()
    home.clock.turn(5)
    again, fresh = home.joined(7), home.joined(8)
    home.pump()
    assert [t.traded_id for t in again.told.of("stock_trade")] == ["00000001"]
    assert fresh.told.heard == []
    home.terminal.replay_session(7)
    home.pump()
    assert (len(again.told.of("stock_trade")), len(fresh.told.of("stock_trade"))) == (2, 1)


def test_a_connection_is_refused_once_or_to_a_path_without_a_terminal(home: House) -> None:
    home.faults.once(ConnectTrouble.REFUSED)
    link = home.link()
    assert (link.trader.connect(), link.trader.connect()) == (-1, 0)
    assert home.link(2, path="D:/elsewhere").trader.connect() == -1


def test_a_stuck_connection_comes_back_when_it_is_let_go(home: House) -> None:
    home.faults.once(ConnectTrouble.STUCK)
    link, got = home.link(), []
    thread = threading.Thread(target=lambda: got.append(link.trader.connect()))
    thread.start()
    assert got == []
    while thread.is_alive():
        home.terminal.unstick()
        thread.join(0.01)
    assert got == [-1]


def test_a_subscription_is_refused(home: House) -> None:
    home.faults.once(SubscribeTrouble.REFUSED)
    assert home.link().join() == -1


def test_a_subscription_without_an_answer_waits_for_ever(home: House) -> None:
    home.faults.once(SubscribeTrouble.UNANSWERED)
    link, waiting = home.link(), threading.Event()
    assert link.trader.connect() == 0
    link.trader.common_op_sync_with_seq = lambda seq, call: (call[0](*call[1:]), waiting.set())
    link.trader.subscribe(link.account)
    home.pump(60)
    assert waiting.is_set()
    assert home.terminal.clients()[0].subscribed == set()


def test_a_hung_terminal_serves_late_what_it_was_asked(home: House) -> None:
    link = home.joined()
    home.terminal.hang()
    link.order("g-1")
    assert home.ask(link, "stock_asset") is ...
    assert home.link(2).trader.connect() == -1
    home.pump(30)
    assert (link.told.heard, home.at_exchange) == ([], [])
    home.terminal.hang(False)
    home.pump()
    assert (link.told.responses, home.at_exchange) == ([FIRST], [("g-1", 1000, "working")])


def test_a_hung_terminal_that_dies_has_never_sent_the_order(home: House) -> None:
    link = home.joined()
    home.terminal.hang()
    link.order("g-1")
    home.pump(1)
    home.terminal.die()
    home.pump(5)
    assert (link.told.names, home.at_exchange) == (["disconnected"], [])


def test_an_account_without_a_line_is_told_and_answers_nothing(home: House) -> None:
    link = home.joined()
    home.terminal.logout(ACCOUNT)
    link.order("g-1")
    home.pump()
    assert [s.status for s in link.told.of("account_status")] == [3]
    assert (link.told.responses, home.at_exchange) == ([-1], [])
    assert (home.ask(link, "stock_asset"), home.ask(link, "stock_positions")) == (None, [])
    home.terminal.login(ACCOUNT)
    assert home.ask(link, "stock_asset").cash == 1_000_000
    home.stage.exchange.disconnect()  # the exchange's own line, too
    home.stage.exchange.reconnect()
    home.pump()
    assert [s.status for s in link.told.of("account_status")] == [3, 0, 3, 0]


# --- troubles of orders -----------------------------------------------------------------------------------------------

# trouble, ids in the responses (None: no response), remarks at the exchange, order errors
PLACES: list[tuple[PlaceTrouble, int | None, int, int]] = [
    (PlaceTrouble.REFUSED, -1, 0, 0),
    (PlaceTrouble.MINUS_ONE_LIVE, -1, 1, 0),
    (PlaceTrouble.BLANK_ID, 0, 1, 0),
    (PlaceTrouble.LOST, None, 0, 0),
    (PlaceTrouble.UNANSWERED, None, 1, 0),
    (PlaceTrouble.ANSWERED_EARLY, FIRST + 1, 1, 0),
    (PlaceTrouble.ANOTHERS_ID, FIRST, 1, 0),
    (PlaceTrouble.ANOTHERS_ERROR, FIRST + 1, 1, 1),
    (PlaceTrouble.DIES_BEFORE, None, 0, 0),
    (PlaceTrouble.DIES_AFTER, None, 1, 0),
]


@pytest.mark.parametrize(("trouble", "answered", "placed", "errors"), PLACES)
def test_an_order_meets_each_trouble(
    home: House, trouble: PlaceTrouble, answered: int | None, placed: int, errors: int
) -> None:
    link = home.joined()
    link.order("g-1", price=9.90)
    home.pump()
    home.faults.once(trouble)
    link.order("g-2", price=9.91)
    home.pump()
    assert link.told.responses == ([FIRST] if answered is None else [FIRST, answered])
    assert [remark for remark, *_ in home.at_exchange] == ["g-1", "g-2"][: 1 + placed]
    assert [e.order_remark for e in link.told.of("order_error")] == ["g-1"] * errors
    assert home.terminal.alive == (trouble not in (PlaceTrouble.DIES_BEFORE, PlaceTrouble.DIES_AFTER))
    pushed = [o.order_remark for o in link.told.of("stock_order")]
    assert ("g-2" in pushed) == (bool(placed) and home.terminal.alive)


def test_answer_and_pushes_come_before_the_call_returns(home: House) -> None:
    link = home.joined()
    home.faults.once(PlaceTrouble.ANSWERED_EARLY)
    link.order("g-1")
    assert (link.told.responses, link.told.statuses) == ([FIRST], [49, 50])


def test_an_order_is_answered_late(home: House) -> None:
    link = home.joined()
    home.faults.once(PlaceTrouble.ANSWERED_LATE, 8.0)
    link.order("g-1")
    home.pump(7.9)
    assert (link.told.responses, link.told.statuses) == ([], [49, 50, 56])
    home.pump(0.2)
    assert link.told.responses == [FIRST]


@pytest.mark.parametrize("dies", [False, True])
def test_an_order_lands_late_even_behind_a_terminal_that_died(home: House, dies: bool) -> None:
    link = home.joined()
    home.faults.once(PlaceTrouble.LANDS_LATE, 60.0)
    link.order("g-1", price=9.90)
    home.pump(59.5)
    assert home.ask(link, "stock_orders") == []
    if dies:
        home.terminal.die()
    home.pump(1)
    assert home.at_exchange == [("g-1", 1000, "working")]
    assert link.told.responses == []
    assert link.told.statuses == ([] if dies else [49, 50])


def test_an_accepted_order_turns_bad(home: House) -> None:
    link = home.joined()
    home.faults.once(PlaceTrouble.REJECTED_LATER, 2.0)
    link.order("g-1", price=9.90)
    home.pump()
    home.pump(3)
    assert (link.told.responses, link.told.statuses) == ([FIRST], [49, 50, 57])


# trouble, results in the response (None: none), whether the order is cancelled in the end, whether that is pushed
CANCELS: list[tuple[CancelTrouble, int | None, bool, bool]] = [
    (CancelTrouble.LOST, 0, False, False),
    (CancelTrouble.UNANSWERED, None, False, False),
    (CancelTrouble.UNANSWERED_DONE, None, True, True),
    (CancelTrouble.REFUSED_DONE, -1, True, True),
    (CancelTrouble.DONE_SILENTLY, 0, True, False),
    (CancelTrouble.DIES_BEFORE, None, False, False),
    (CancelTrouble.DIES_AFTER, None, True, False),
]


@pytest.mark.parametrize(("trouble", "answered", "done", "pushed"), CANCELS)
def test_a_cancel_meets_each_trouble(
    home: House, trouble: CancelTrouble, answered: int | None, done: bool, pushed: bool
) -> None:
    link = home.joined()
    link.order("g-1", price=9.90)
    home.pump()
    home.faults.once(trouble)
    link.cancel(FIRST)
    home.pump()
    home.pump(1)
    assert link.told.cancels == ([] if answered is None else [answered])
    assert home.at_exchange == [("g-1", 1000, "cancelled" if done else "working")]
    assert (link.told.statuses[-1] == 54) == pushed


def test_a_cancel_is_answered_late(home: House) -> None:
    link = home.joined()
    link.order("g-1", price=9.90)
    home.faults.once(CancelTrouble.ANSWERED_LATE, 5.0)
    home.pump()
    link.cancel(FIRST)
    home.pump(1)
    assert (link.told.cancels, link.told.statuses[-1]) == ([], 54)
    home.pump(5)
    assert link.told.cancels == [0]


# --- troubles of queries, responses and pushes ------------------------------------------------------------------------


def test_a_query_lies_is_silent_is_late_and_kills(home: House) -> None:
    link = home.joined()
    home.faults.once(QueryTrouble.EMPTY)
    home.faults.once(QueryTrouble.UNANSWERED)
    home.faults.once(QueryTrouble.LATE, 3.0)
    assert home.ask(link, "stock_asset") is None
    assert home.ask(link, "stock_asset") is ...
    got: list[Any] = []
    link.trader.query_stock_asset_async(link.account, got.append)
    home.pump()
    assert got == []
    home.pump(3)
    assert got[0].cash == 1_000_000
    home.faults.once(QueryTrouble.DIES)
    assert home.ask(link, "stock_asset") is ...
    assert not home.terminal.alive


def test_a_query_does_not_know_the_status(home: House) -> None:
    link = home.joined()
    link.order("g-1", price=9.90)
    home.pump()
    home.faults.once(QueryTrouble.STATUS_255)
    assert [o.order_status for o in home.ask(link, "stock_orders")] == [255]
    assert [o.order_status for o in home.ask(link, "stock_orders")] == [50]


def test_young_orders_are_invisible(home: House) -> None:
    home.faults.invisible_s = 10.0
    link = home.joined()
    link.order("g-1")
    home.pump(9.9)
    assert home.ask(link, "stock_orders") == []
    assert len(home.ask(link, "stock_trades")) == 1  # a trade without its order
    home.pump(0.2)
    assert [o.order_remark for o in home.ask(link, "stock_orders")] == ["g-1"]


@pytest.mark.parametrize(
    ("trouble", "soon", "then"),
    [
        (ResponseTrouble.LOST, [], []),
        (ResponseTrouble.LATE, [], [FIRST]),
        (ResponseTrouble.TWICE, [FIRST], [FIRST]),  # the library lets the second pass by: its seq is used up
        (ResponseTrouble.OVERTAKEN, [FIRST], [FIRST]),
    ],
)
def test_a_response_meets_each_trouble(home: House, trouble: ResponseTrouble, soon: list[int], then: list[int]) -> None:
    link = home.joined()
    home.faults.once(trouble, 2.0)
    link.order("g-1", price=9.90)
    home.pump()
    assert link.told.responses == soon
    if trouble is ResponseTrouble.OVERTAKEN:
        assert link.told.names == ["stock_order", "order_stock_async_response", "stock_order"]
    home.pump(3)
    assert link.told.responses == then


@pytest.mark.parametrize(
    ("trouble", "soon", "then"),
    [
        (PushTrouble.LOST, [50], [50]),
        (PushTrouble.LATE, [50], [50, 49]),
        (PushTrouble.TWICE, [49, 50], [49, 50, 49]),
        (PushTrouble.OVERTAKEN, [50, 49], [50, 49]),
        (PushTrouble.STATUS_255, [255, 50], [255, 50]),
    ],
)
def test_a_push_meets_each_trouble(home: House, trouble: PushTrouble, soon: list[int], then: list[int]) -> None:
    link = home.joined()
    home.faults.once(trouble, 2.0)
    link.order("g-1", price=9.90)
    home.pump()
    assert link.told.statuses == soon
    home.pump(3)
    assert link.told.statuses == then


def test_trades_come_late_and_twice_too(home: House) -> None:
    link = home.joined()
    link.order("g-1")
    home.pump()
    home.faults.once(PushTrouble.TWICE, 2.0)
    home.pump(0.25)
    home.pump(3)
    assert [t.traded_id for t in link.told.of("stock_trade")] == ["00000001"] * 2


def test_another_version_lacks_fields(home: House) -> None:
    home.faults.missing_fields = frozenset({"commission", "order_sysid"})
    link = home.joined()
    link.order("g-1")
    home.pump(0.5)
    trade = link.told.of("stock_trade")[0]
    assert trade.traded_id == "00000001"
    for name in ("commission", "order_sysid"):
        with pytest.raises(AttributeError):
            getattr(trade, name)


def test_latency_holds_back_both_ways(home: House) -> None:
    home.faults.latency_s = 0.2
    link = home.joined()
    link.order("g-1", price=9.90)
    home.pump(0.1)
    assert home.at_exchange == []
    home.pump(0.1)
    assert (len(home.at_exchange), link.told.heard) == (1, [])
    home.pump(0.2)
    assert link.told.responses == [FIRST]


def test_two_sessions_hear_of_each_others_orders(home: House) -> None:
    first, second = home.joined(1), home.joined(2)
    first.order("g-1", price=9.90)
    home.pump()
    assert (first.told.responses, second.told.responses) == ([FIRST], [])
    assert first.told.statuses == second.told.statuses == [49, 50]


def test_the_same_seed_gives_the_same_troubles() -> None:
    def play() -> list[tuple[str, Any]]:
        rates: dict[Any, float] = {
            PlaceTrouble.UNANSWERED: 0.2,
            PlaceTrouble.ANSWERED_LATE: 0.2,
            PushTrouble.TWICE: 0.2,
            PushTrouble.LOST: 0.2,
            ResponseTrouble.LATE: 0.2,
        }
        with house(faults=TerminalFaults(seed=5, rates=rates)) as built:
            link = built.joined()
            for number in range(20):
                link.order(f"g-{number}", shares=100)
                built.pump(0.5)
            built.faults.calm()
            built.pump(10)
            return [(name, getattr(said, "order_remark", None)) for name, said in link.told.heard]

    once = play()
    assert once == play()
    assert 0 < sum(name == "order_stock_async_response" for name, _ in once) < 20


def test_a_callback_that_does_not_end_is_told(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_client, "_DRAIN_S", 0.05)
    link, let_go = home.joined(), threading.Event()
    link.trader.callback.on_stock_order = lambda order: let_go.wait(30)
    link.order("g-1", price=9.90)
    with pytest.raises(CallbacksStuck):
        home.pump()
    let_go.set()
    monkeypatch.undo()
    home.pump()
    assert link.told.responses == [FIRST]


# --- by itself --------------------------------------------------------------------------------------------------------


def test_undriven_it_answers_by_itself_also_the_calls_that_wait() -> None:
    with house(driven=False) as built:
        link = built.joined()
        assert link.trader.order_stock(link.account, "600000.SH", 23, 1000, 11, 9.90, "", "g-1") == FIRST
        assert [o.order_status for o in link.trader.query_stock_orders(link.account)] == [50]
        assert link.trader.cancel_order_stock(link.account, FIRST) == 0
        assert link.trader.query_stock_asset(link.account).total_asset == 1_000_000


def test_nothing_is_left_behind() -> None:
    with house(driven=False) as built:
        built.joined()
        import xtquant

        assert hasattr(xtquant, "xtpythonclient")
    names = {"xtpythonclient", "datacenter", "xttrader", "xtdata", "xtdatacenter"}
    assert not names & vars(xtquant).keys()
    assert not {f"xtquant.{name}" for name in names} & sys.modules.keys()
    assert "xtquant-native" not in [thread.name for thread in threading.enumerate()]
