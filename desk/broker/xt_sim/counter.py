"""One account at a terminal: its orders, cancels, queries and pushes, the paper exchange behind them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from desk.broker.paper import PaperExchange, StoreFailed
from desk.broker.paper.views import Picture
from desk.broker.xt_sim import records
from desk.broker.xt_sim.client import XtQuantAsyncClient
from desk.broker.xt_sim.faults import (
    REMARK_BYTES,
    CancelTrouble,
    PlaceTrouble,
    PushTrouble,
    QueryTrouble,
)
from desk.broker.xt_sim.outgoing import ORDER, STATUS, TRADE
from desk.broker.xt_sim.records import Origin
from desk.core.market import BrokerOrder, BrokerTrade, Outcome, PlaceAnswer, PlaceRequest
from desk.core.values import BrokerStatus, Side
from desk.texts import paper as paper_words
from desk.texts import xt_sim as words

if TYPE_CHECKING:
    from desk.broker.xt_sim.terminal import Terminal

_SIDES = {records.STOCK_BUY: Side.BUY, records.STOCK_SELL: Side.SELL}
_FEN, _FINEST = Decimal("0.01"), Decimal("0.0001")
OK, FAILED, INITING = 0, 3, 4  # account status


class Counter:
    """Listens to its exchange; its requests are served on the terminal's pump."""

    def __init__(self, terminal: Terminal, account: str, exchange: PaperExchange) -> None:
        self.account = account
        self.exchange = exchange
        self.status = OK
        self._terminal = terminal
        self._origins: dict[str, Origin] = {}  # by the exchange's number
        self._entering: Origin | None = None
        self._pushed: set[str] = set()  # numbers of which a push has gone out
        self._muted: set[str] = set()
        self._last_order = "0"
        exchange.listen(self)

    # --- orders ------------------------------------------------------------------------------------------------------

    def order(
        self,
        client: XtQuantAsyncClient,
        seq: int,
        asked: dict[str, Any],
        trouble: PlaceTrouble | None = None,
        seconds: float = 0.0,
    ) -> None:
        terminal = self._terminal
        asked["m_strOrderRemark"] = records.cut_remark(asked["m_strOrderRemark"], REMARK_BYTES)

        def respond(order_id: int, text: str = "", due: datetime | None = None, place: int | None = None) -> None:
            told = {
                "account_id": self.account,
                "order_id": order_id,
                "strategy_name": asked["m_strStrategyName"],
                "order_remark": asked["m_strOrderRemark"],
                "error_msg": text,
            }
            resp = terminal.out.tell("OrderStockResp", told)
            terminal.out.respond(client, "OnOrderStockRespCallback", seq, resp, troubled=True, due=due, place=place)

        if trouble is PlaceTrouble.DIES_BEFORE:
            terminal.die()
            return
        if trouble is PlaceTrouble.LOST:
            return
        refusal = words.REFUSED_HERE if trouble is PlaceTrouble.REFUSED else self._refusal(asked)
        if refusal:
            respond(-1, refusal)
            return
        if trouble is PlaceTrouble.LANDS_LATE:
            self.exchange.later(seconds, lambda: self._land(seq, asked))
            return
        place, before = terminal.wire.place(), self._last_order
        answer, shown = self._enter(seq, asked)
        if trouble is PlaceTrouble.DIES_AFTER:
            terminal.die()
            return
        if trouble is PlaceTrouble.REJECTED_LATER and answer.outcome is Outcome.ACCEPTED:
            remark = asked["m_strOrderRemark"]
            self.exchange.later(seconds, lambda: self.exchange.reject(remark))
        if trouble is PlaceTrouble.UNANSWERED:
            return
        if trouble is PlaceTrouble.ANOTHERS_ID:
            shown = before
        if trouble is PlaceTrouble.MINUS_ONE_LIVE:
            respond(-1, words.LINE_LOST, place=place)
        elif trouble is PlaceTrouble.BLANK_ID:
            respond(0, place=place)
        elif trouble is PlaceTrouble.ANSWERED_LATE:
            respond(records.order_id_of(shown), due=terminal.now + timedelta(seconds=seconds))
        else:
            respond(records.order_id_of(shown), place=place)
        if trouble is PlaceTrouble.ANOTHERS_ERROR:
            self._order_error(client, seq, before, paper_words.NO_CASH)
        if answer.outcome is Outcome.REFUSED:
            self._order_error(client, seq, answer.broker_order_id, answer.text)

    def _refusal(self, asked: dict[str, Any]) -> str:
        if self.status != OK or asked["m_nAccountType"] != records.SECURITY_ACCOUNT:
            return words.NO_SUCH_ACCOUNT
        if asked["m_nOrderType"] not in _SIDES:
            return words.BAD_ORDER_TYPE
        good = asked["m_nPriceType"] == records.FIX_PRICE and math.isfinite(asked["m_dPrice"])
        return "" if good else words.PRICE_TYPE

    def _land(self, seq: int, asked: dict[str, Any]) -> None:
        self._enter(seq, asked)

    def _enter(self, seq: int, asked: dict[str, Any]) -> tuple[PlaceAnswer, str]:
        """Place an order; tell the answer and the number that the terminal takes for its own.

        A remark that was used before makes a second order all the same, but the terminal finds the first by it.
        """
        remark = asked["m_strOrderRemark"]
        request = PlaceRequest(
            client_order_id=remark,
            symbol=asked["m_strStockCode"],
            side=_SIDES[asked["m_nOrderType"]],
            shares=asked["m_nOrderVolume"],
            price=_price(asked["m_dPrice"]),
            strategy=asked["m_strStrategyName"],
        )
        self._entering = Origin(remark=remark, seq=seq)
        try:
            answer = self.exchange.place(request)
            if answer.text not in (paper_words.REMARK_BAD, paper_words.REMARK_USED):
                self._last_order = answer.broker_order_id
                return answer, answer.broker_order_id
            shown = self._number_of_remark(remark)
            # The exchange knows each remark once; the terminal does not care, so only the terminal knows this one.
            order = self.exchange.trade_by_hand(request.symbol, request.side, request.shares, request.price)
        finally:
            self._entering = None
        self._last_order = order.broker_order_id
        refused = order.status is BrokerStatus.REJECTED
        outcome = Outcome.REFUSED if refused else Outcome.ACCEPTED
        answer = PlaceAnswer(outcome=outcome, broker_order_id=order.broker_order_id, text=order.text)
        return answer, shown or order.broker_order_id

    def _number_of_remark(self, remark: str) -> str:
        known = (n for n, origin in self._origins.items() if remark and origin.remark == remark)
        return next(known, "")

    def _order_error(self, client: XtQuantAsyncClient, seq: int, number: str, text: str) -> None:
        origin = self._origins.get(number)
        told = {
            "account_type": records.SECURITY_ACCOUNT,
            "account_id": self.account,
            "seq": seq,
            "order_id": records.order_id_of(number),
            "error_id": -61,
            "error_msg": text,
            "strategy_name": "",
            "order_remark": "" if origin is None else origin.remark,
        }
        self._terminal.out.send(client, "OnOrderErrorCallback", self._terminal.out.tell("XtOrderError", told))

    # --- cancels -----------------------------------------------------------------------------------------------------

    def cancel(self, client: XtQuantAsyncClient, seq: int, asked: dict[str, Any]) -> None:
        terminal = self._terminal
        order_id, sysid = asked["m_nOrderID"], asked["m_strOrderSysID"]
        number = records.number_of(order_id) or records.number_of_sysid(sysid)
        known = bool(number) and any(order.broker_order_id == number for order in self.picture().orders)
        trouble, seconds = terminal.faults.draw(CancelTrouble)
        place = terminal.wire.place()

        def respond(result: int, text: str = "") -> None:
            told = {
                "account_id": self.account,
                "cancel_result": result,
                "order_id": order_id,
                "order_sysid": sysid,
                "error_msg": text,
            }
            late = timedelta(seconds=seconds if trouble is CancelTrouble.ANSWERED_LATE else 0.0)
            resp = terminal.out.tell("CancelOrderStockResp", told)
            due = terminal.now + late
            callback = "OnCancelOrderStockRespCallback"
            terminal.out.respond(client, callback, seq, resp, troubled=True, due=due, place=place)

        if trouble is CancelTrouble.DIES_BEFORE:
            terminal.die()
            return
        if trouble is CancelTrouble.UNANSWERED:
            return
        if self.status != OK or not known:
            respond(-1, words.NO_SUCH_ORDER if self.status == OK else words.NO_SUCH_ACCOUNT)
            return
        if trouble is CancelTrouble.LOST:
            respond(0)
            return
        if trouble is CancelTrouble.DONE_SILENTLY:
            self._muted.add(number)
        answer = self.exchange.cancel("", number)
        if trouble is CancelTrouble.DIES_AFTER:
            terminal.die()
        elif trouble is CancelTrouble.REFUSED_DONE:
            respond(-1, words.LINE_LOST)
        elif trouble is not CancelTrouble.UNANSWERED_DONE:
            respond(0)
        if answer.outcome is Outcome.REFUSED:
            self._cancel_error(client, seq, number, answer.text)

    def _cancel_error(self, client: XtQuantAsyncClient, seq: int, number: str, text: str) -> None:
        told = {
            "account_type": records.SECURITY_ACCOUNT,
            "account_id": self.account,
            "seq": seq,
            "order_id": records.order_id_of(number) if number in self._origins else 0,
            "market": 0,
            "order_sysid": records.sysid_of(number),
            "error_id": -62,
            "error_msg": text,
        }
        self._terminal.out.send(client, "OnCancelErrorCallback", self._terminal.out.tell("XtCancelError", told))

    # --- queries -----------------------------------------------------------------------------------------------------

    def query(self, client: XtQuantAsyncClient, what: str, seq: int, asked: dict[str, Any]) -> None:
        terminal = self._terminal
        trouble, seconds = terminal.faults.draw(QueryTrouble)
        if trouble is QueryTrouble.DIES:
            terminal.die()
        if trouble in (QueryTrouble.DIES, QueryTrouble.UNANSWERED):
            return
        usable = self.status == OK and asked["m_nAccountType"] == records.SECURITY_ACCOUNT
        silly = trouble is QueryTrouble.STATUS_255
        rows = self._rows(what, asked, silly) if usable and trouble is not QueryTrouble.EMPTY else []
        due = terminal.now + timedelta(seconds=seconds if trouble is QueryTrouble.LATE else 0.0)
        terminal.out.respond(client, QUERIES[what], seq, rows, due=due)

    def _rows(self, what: str, asked: dict[str, Any], silly: bool) -> list[Any]:
        tell, picture = self._terminal.out.tell, self.picture()
        if what == "asset":
            return [tell("XtAsset", records.asset_values(self.account, picture))]
        if what == "positions":
            rows = records.position_values(self.account, picture)
            wanted = asked["m_strStockCode"]
            return [tell("XtPosition", row) for row in rows if wanted in ("", row["stock_code"])]
        if what == "trades":
            return [tell("XtTrade", self._trade_values(trade)) for trade in picture.trades]
        shown_until = picture.at - timedelta(seconds=self._terminal.faults.invisible_s)
        orders = [self._order_values(order) for order in picture.orders if order.at <= shown_until]
        if asked["m_nOrderID"]:
            orders = [order for order in orders if order["order_id"] == asked["m_nOrderID"]]
        if asked["m_bCanCancel"]:
            orders = [order for order in orders if order["order_status"] in records.LIVE_CODES]
        code = {"order_status": records.UNKNOWN_CODE} if silly else {}
        return [tell("XtOrder", order | code) for order in orders]

    def picture(self) -> Picture:
        return self.exchange.picture()

    def _order_values(self, order: BrokerOrder) -> dict[str, Any]:
        return records.order_values(self.account, order, self._origin(order))

    def _trade_values(self, trade: BrokerTrade) -> dict[str, Any]:
        return records.trade_values(self.account, trade, self._origin(trade))

    def _origin(self, record: BrokerOrder | BrokerTrade) -> Origin | None:
        origin = self._origins.get(record.broker_order_id)
        if origin is None and record.client_order_id:  # of a terminal before this one
            origin = Origin(remark=record.client_order_id, seq=0)
        return origin

    # --- pushes ------------------------------------------------------------------------------------------------------

    def hear(self, at: datetime, news: BrokerOrder | BrokerTrade) -> None:
        """Push what the exchange tells. Called under the exchange's lock; sends, and nothing else."""
        number = news.broker_order_id
        if self._entering is not None and number not in self._origins and number not in self._pushed:
            self._origins[number] = self._entering
        if self.status != OK:
            return
        if isinstance(news, BrokerTrade):
            trade = self._terminal.out.tell("XtTrade", self._trade_values(news))
            self._terminal.out.push(self.account, TRADE, trade, at)
            return
        values = self._order_values(news)
        if number not in self._pushed and news.status is BrokerStatus.WORKING:
            first = values | {"order_status": records.PENDING_CODE, "order_sysid": "", "traded_volume": 0}
            self._push_order(first, at)
        self._pushed.add(number)
        if number not in self._muted:
            self._push_order(values, at)

    def _push_order(self, values: dict[str, Any], at: datetime) -> None:
        trouble, seconds = self._terminal.faults.draw(PushTrouble)
        if trouble is PushTrouble.STATUS_255:
            values = values | {"order_status": records.UNKNOWN_CODE}
        order = self._terminal.out.tell("XtOrder", values)
        self._terminal.out.push(self.account, ORDER, order, at, (trouble, seconds))

    def line(self, at: datetime, up: bool) -> None:
        self.set_status(OK if up else FAILED, at)

    # --- the account's own life --------------------------------------------------------------------------------------

    def set_status(self, status: int, at: datetime) -> None:
        """Bring the account to a status and push it."""
        self.status = status
        told = {"account_type": records.SECURITY_ACCOUNT, "account_id": self.account, "status": status}
        pushed = self._terminal.out.tell("XtAccountStatus", told)
        self._terminal.out.push(self.account, STATUS, pushed, at)

    def advance(self, moment: datetime) -> None:
        """Run the exchange's time; a store that fails takes the account's line with it."""
        if self.exchange.now < moment and not self.exchange.failed:
            try:
                self.exchange.advance(moment)
            except StoreFailed:
                self.set_status(FAILED, moment)


def _price(told: float) -> Decimal:
    """Tell the price that a float means."""
    fine = Decimal(str(told)).quantize(_FINEST)
    coarse = fine.quantize(_FEN)
    return coarse if coarse == fine else fine


# what is asked -> the callback that is answered
QUERIES = {
    "asset": "OnQueryStockAssetCallback",
    "orders": "OnQueryStockOrdersCallback",
    "trades": "OnQueryStockTradesCallback",
    "positions": "OnQueryStockPositionsCallback",
}
