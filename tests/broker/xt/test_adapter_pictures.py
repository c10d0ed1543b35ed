"""Pictures of the account: complete and of one connection, or none; and what nobody may call."""

from __future__ import annotations

import ast
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import desk.broker.xt
from base_func import FeeRule
from desk.broker.xt.rows import TradeRow
from desk.broker.xt.translate import Fees, Remarks, trade_of
from desk.broker.xt_sim import QueryTrouble
from desk.core.market import ReportKind
from tests.broker.xt.stage import BANK, ID, MORNING, Stage, needs_library, stage

pytestmark = needs_library
__all__ = ["stage"]


def test_the_first_look_begins_a_picture_and_a_ring_tells_that_it_has_come(stage: Stage) -> None:
    stage.open()
    stage.until(lambda: stage.of(ReportKind.RING))
    picture = stage.broker.snapshot()
    assert picture is not None and picture.generation == stage.broker.generation
    assert picture.asset.total_asset == Decimal("1000000.00")
    assert stage.broker.snapshot() is None  # each is handed out once
    stage.until(lambda: len(stage.of(ReportKind.RING)) == 2)
    assert stage.broker.snapshot() is not None


@pytest.mark.parametrize("call", [1, 2], ids=["before", "after"])
def test_an_asset_of_none_before_or_after_is_no_picture(stage: Stage, call: int) -> None:
    stage.open()
    stage.snapshot()
    line = stage.broker._session.line
    assert line is not None
    genuine, asked = line.trader.query_stock_asset_async, iter(range(1, 99))

    def ask(account: Any, hear: Any) -> None:
        if next(asked) == call:
            hear(None)
        else:
            genuine(account, hear)

    line.trader.query_stock_asset_async = ask
    failed = stage.broker._poller.failed
    assert stage.broker.snapshot() is None
    stage.until(lambda: stage.broker._poller.failed > failed)
    assert stage.broker._poller.take() is None


@pytest.mark.parametrize("what", ["orders", "trades", "positions"])
def test_a_list_that_is_none_is_no_picture(stage: Stage, what: str) -> None:
    stage.open()
    stage.snapshot()
    line = stage.broker._session.line
    assert line is not None
    setattr(line.trader, f"query_stock_{what}_async", lambda account, hear: hear(None))
    stage.broker.snapshot()
    stage.until(lambda: stage.broker._poller.failed)
    assert stage.broker.snapshot() is None


def test_empty_lists_of_a_disconnected_client_are_no_picture(stage: Stage) -> None:
    stage.exchange.deposit(BANK, 500, Decimal("9.5"))
    stage.open()
    stage.snapshot()
    stage.terminal.die()  # the object answers [] from now on, on_disconnected comes seconds later
    for _ in range(60):
        stage.settle(0.25)
        assert stage.broker.snapshot() is None
    assert not stage.broker.connected


def test_a_question_without_an_answer_is_no_picture_and_the_next_one_is(stage: Stage) -> None:
    stage.open()
    stage.snapshot()
    stage.faults.once(QueryTrouble.UNANSWERED)
    assert stage.broker.snapshot() is None
    stage.until(lambda: stage.broker._poller.failed, flow=0.05)
    assert stage.snapshot() is not None


def test_an_account_of_nothing_is_a_terminal_that_is_logging_in(stage: Stage) -> None:
    stage.open()
    stage.snapshot()
    line = stage.broker._session.line
    assert line is not None

    class Zero:
        cash = frozen_cash = market_value = total_asset = 0.0

    line.trader.query_stock_asset_async = lambda account, hear: hear(Zero())
    stage.broker.snapshot()
    stage.until(lambda: stage.broker._poller.failed)


def test_a_young_order_may_be_missing_from_a_picture_and_is_in_a_later_one(stage: Stage) -> None:
    stage.open()
    stage.faults.invisible_s = 2.0
    remark = stage.buy()
    stage.number(remark)
    assert stage.snapshot().orders == ()
    stage.settle(3)
    assert [order.client_order_id for order in stage.snapshot().orders] == [remark]
    assert stage.broker.settle_s >= 60  # why absence from one picture proves nothing


def test_a_picture_begun_before_an_order_was_sent_is_not_handed_out(stage: Stage) -> None:
    stage.open()
    stage.until(lambda: stage.of(ReportKind.RING))
    remark = stage.buy()
    assert stage.broker.snapshot() is None  # it would not show the money that the order has frozen
    stage.number(remark)
    assert stage.snapshot().asset.frozen_cash > 0


def test_an_old_picture_is_not_handed_out(stage: Stage) -> None:
    stage.open()
    stage.until(lambda: stage.of(ReportKind.RING))
    stage.settle(4)
    assert stage.broker.snapshot() is None


def test_a_picture_of_the_connection_before_is_not_handed_out(stage: Stage) -> None:
    stage.open()
    stage.until(lambda: stage.of(ReportKind.RING))
    stage.broker._session.lose(stage.broker.generation, "test")
    stage.until(lambda: stage.broker.connected and stage.broker.generation == 2, flow=0.01)
    picture = stage.snapshot()
    assert picture.generation == 2


def test_sold_out_names_stay_listed_with_nothing_in_them(stage: Stage) -> None:
    stage.exchange.deposit(BANK, 500, Decimal("9.5"))
    stage.open()
    stage.broker.place(stage.request("sell-1", side="sell", shares=500, price="9.90"))
    stage.until(lambda: "filled" in stage.statuses("sell-1"), flow=0.05)
    (position,) = stage.snapshot().positions
    assert (position.symbol, position.shares, position.sellable) == (BANK, 0, 0)


def test_orders_trades_positions_and_money_agree_to_the_fen(stage: Stage) -> None:
    stage.open()
    remark = stage.buy(shares=300, price="10.10")
    stage.until(lambda: "filled" in stage.statuses(remark), flow=0.05)
    picture, exact = stage.snapshot(), stage.exchange.picture()
    assert picture.asset == exact.asset
    assert [(o.client_order_id, o.filled, o.price) for o in picture.orders] == [(remark, 300, Decimal("10.10"))]
    assert [t.price for t in picture.trades] == [t.price for t in exact.trades]
    assert [(p.symbol, p.shares, p.sellable) for p in picture.positions] == [(BANK, 300, 0)]


# --- fees -----------------------------------------------------------------------------------------------------------


def trade(number: str, shares: int, commission: float, order_type: int = 23) -> TradeRow:
    return TradeRow(
        traded_id=number, order_id=7, order_sysid="", remark="", stock_code=BANK, order_type=order_type, shares=shares,
        price=10.0, commission=commission, time=int(MORNING.timestamp()),
    )  # fmt: skip


def test_the_brokers_own_fee_is_taken_as_it_is() -> None:
    fees = Fees(FeeRule(Decimal("0.00025"), Decimal(5)))
    assert trade_of(trade("1", 100, 3.21), Remarks(), fees, MORNING).fee == Decimal("3.21")


def test_without_the_brokers_fee_it_is_estimated_the_minimum_once_per_order() -> None:
    fees = Fees(FeeRule(Decimal("0.00025"), Decimal(5)))
    # 1,000 yuan: 5.00 + 0.01 transfer; 30,000 more: 7.75 - 5.00 + 0.30; the first told again: as before
    told = [trade_of(trade(n, s, 0.0), Remarks(), fees, MORNING).fee for n, s in (("1", 100), ("2", 3000), ("1", 100))]
    assert told == [Decimal("5.01"), Decimal("3.05"), Decimal("5.01")]
    # a sale of 1,000 yuan pays 0.50 stamp duty too; the order is another one on another day only, so 0.25 more
    assert trade_of(trade("3", 100, 0.0, 24), Remarks(), fees, MORNING).fee == Decimal("0.25") + Decimal("0.51")


def test_without_any_rate_an_untold_fee_is_zero() -> None:
    assert trade_of(trade("1", 100, 0.0), Remarks(), Fees(None), MORNING).fee == 0


# --- what nobody may call -------------------------------------------------------------------------------------------

FORBIDDEN = {
    # sync: each waits without a timeout, and deadlocks for ever inside a callback
    *("order_stock", "cancel_order_stock", "cancel_order_stock_sysid", "query_account_infos", "query_account_status"),
    *("query_stock_asset", "query_stock_order", "query_stock_orders", "query_stock_trades", "query_stock_position"),
    *("query_stock_positions", "unsubscribe", "common_op_sync_with_seq"),
    # never return
    *("run_forever", "sleep"),
    # invents answers: cancel_result 0, empty lists
    *("set_timeout", "setTimeout"),
    # gone after a restart of the terminal; raise beyond the published holidays
    *("subscribe_quote", "subscribe_whole_quote", "get_trading_calendar", "get_trading_dates", "get_holidays"),
}


def sources() -> list[Path]:
    return sorted(Path(desk.broker.xt.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.stem)
def test_nothing_that_blocks_or_lies_is_called(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert used & FORBIDDEN == set()


def test_one_file_imports_the_library() -> None:
    importing = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == "xtquant" for name in names):
                importing.add(path.stem)
    assert importing == {"library"}


def test_the_callbacks_know_neither_the_trader_nor_a_lock() -> None:
    source = (Path(desk.broker.xt.__file__).parent / "callbacks.py").read_text(encoding="utf-8")
    names = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    assert not names & {"trader", "acquire", "wait", "join"}


def test_hand_made_trades_are_told_without_a_remark(stage: Stage) -> None:
    stage.open()
    stage.terminal.order_by_hand(ID, BANK, "buy", 200)
    stage.until(lambda: stage.of(ReportKind.TRADE), flow=0.05)
    stage.snapshot()
    (told,) = stage.snapshot().trades
    assert (told.client_order_id, told.broker_order_id[:4], told.shares) == ("", "sys:", 200)
