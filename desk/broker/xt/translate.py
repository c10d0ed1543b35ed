"""From the vendor's rows to the records of desk.broker; exact decimals, canonical symbols, one key per order."""

from __future__ import annotations

import threading
from datetime import date, datetime
from decimal import Decimal

from base_func import FeeRule, UnsupportedSymbol, commission_due, symbol_of, trade_taxes
from desk.broker.xt.rows import AssetRow, OrderRow, PositionRow, TradeRow
from desk.broker.xt.tables import (
    Unreadable,
    average_of,
    moment_of,
    money_of,
    price_of,
    shown_price,
    side_of,
    status_of,
    symbol_or_raise,
)
from desk.core.market import BrokerAsset, BrokerOrder, BrokerPosition, BrokerTrade, PlaceRequest
from desk.core.reconcile import looks_own
from desk.core.values import Side

_BY_SYSID = "sys:"  # order numbers and counter numbers are two series: the same digits must not meet


def broker_id_of(order_id: int, order_sysid: str) -> str:
    """The key of an order at the broker: its number, else the counter's (柜台合同编号) of orders made by hand."""
    if order_id > 0:
        return str(order_id)
    return f"{_BY_SYSID}{order_sysid}" if order_sysid else ""


def sysid_of(broker_order_id: str) -> str | None:
    """The counter's number inside a key, None for the key of an order that has a number of the terminal's."""
    return broker_order_id.removeprefix(_BY_SYSID) if broker_order_id.startswith(_BY_SYSID) else None


class Remarks:
    """Which of our orders the broker's numbers name; kept for the day, used by the reader's and the poller's threads.

    An old terminal may return no remark: the number, once known, still tells.
    """

    def __init__(self) -> None:
        self.sent: dict[str, PlaceRequest] = {}  # by remark: what this process has handed to the terminal, or tried to
        self._sent_on: dict[str, date] = {}
        self._by_broker_id: dict[str, str] = {}
        self._day: date | None = None

    def send(self, request: PlaceRequest, day: date) -> None:
        self._sent_on[request.client_order_id] = day
        self.sent[request.client_order_id] = request

    def learn(self, broker_order_id: str, client_order_id: str, day: date) -> None:
        if self._day != day:
            self._day, self._by_broker_id = day, {}
        if broker_order_id and client_order_id:
            self._by_broker_id.setdefault(broker_order_id, client_order_id)

    def ours(self, remark: str, broker_order_id: str) -> bool:
        """Whether a row speaks of an order of ours: then it is never left out."""
        return bool(self.of(broker_order_id)) or remark in self.sent or looks_own(remark)

    def nameless_twin(self, order: BrokerOrder) -> str:
        """The remark of an order of ours without a number that this one, without a remark, could be; else ''.

        Orders made by hand have no number of the terminal's: one that has a number and no remark was sent by a program,
        and a terminal that forgets remarks must not make ours look absent.
        """
        if order.client_order_id or sysid_of(order.broker_order_id) is not None or not order.broker_order_id:
            return ""
        numbered = set(self._by_broker_id.values())
        shape = (order.symbol, order.side, order.shares, order.price)
        for remark, asked in list(self.sent.items()):
            open_today = remark not in numbered and self._sent_on[remark] == order.at.date()
            if open_today and (asked.symbol, asked.side, asked.shares, asked.price) == shape:
                return remark
        return ""

    def of(self, broker_order_id: str) -> str:
        """The remark of a broker's number, '' if it names none of ours."""
        return self._by_broker_id.get(broker_order_id, "")

    def broker_id(self, client_order_id: str) -> str:
        found = (key for key, remark in list(self._by_broker_id.items()) if remark == client_order_id)
        return next(found, "")

    def whole(self, remark: str, broker_order_id: str) -> str:
        """The remark as it was sent: by itself, or by the number where it came back empty."""
        return remark or self.of(broker_order_id)


class Fees:
    """Fees of trades: the broker's own figure, else the account's rate, minimum and the taxes (an estimate).

    Many brokers leave `commission` 0 until the evening. The minimum falls on an order's first trade.
    """

    def __init__(self, rule: FeeRule | None) -> None:
        self._rule = rule
        self._lock = threading.Lock()  # the reader and the poller ask
        self._trades: dict[tuple[date, str], dict[str, tuple[Decimal, Decimal]]] = {}  # order -> trade -> value, fee

    def of(self, row: TradeRow, symbol: str, is_buy: bool, value: Decimal, day: date) -> Decimal:
        """Yuan. A trade that was estimated before keeps its estimate; 0 without a rule."""
        if row.commission > 0:
            return money_of(row.commission)
        if self._rule is None:
            return Decimal(0)
        with self._lock:
            for key in [key for key in self._trades if key[0] != day]:
                del self._trades[key]
            seen = self._trades.setdefault((day, broker_id_of(row.order_id, row.order_sysid)), {})
            if row.traded_id not in seen:
                before = sum((turnover for turnover, _ in seen.values()), Decimal(0))
                fee = commission_due(self._rule, before, value) + trade_taxes(symbol, is_buy, value)
                seen[row.traded_id] = (value, fee)
            return seen[row.traded_id][1]


def order_of(row: OrderRow, remarks: Remarks, now: datetime) -> BrokerOrder:
    """Raises Unreadable for what is no order of shares at a price."""
    key = broker_id_of(row.order_id, row.order_sysid)
    remark = remarks.whole(row.remark, key)
    symbol = symbol_or_raise(row.stock_code)
    if row.shares <= 0 or row.traded_shares < 0:
        raise Unreadable(f"an order of {row.shares} shares with {row.traded_shares} traded")
    at = moment_of(row.time, now)
    if remark and at.date() == now.date():
        remarks.learn(key, remark, now.date())
    return BrokerOrder(
        client_order_id=remark,
        broker_order_id=key,
        symbol=symbol,
        side=side_of(row.order_type),
        shares=row.shares,
        price=price_of(row.price, symbol),
        filled=row.traded_shares,
        avg_price=average_of(row.traded_price),
        status=status_of(row.status),
        text=row.text,
        at=at,
    )


def trade_of(row: TradeRow, remarks: Remarks, fees: Fees, now: datetime) -> BrokerTrade:
    """Raises Unreadable."""
    key = broker_id_of(row.order_id, row.order_sysid)
    symbol = symbol_or_raise(row.stock_code)
    side = side_of(row.order_type)
    if row.shares <= 0 or row.price <= 0 or not row.traded_id:
        raise Unreadable(f"a trade {row.traded_id!r} of {row.shares} shares at {row.price}")
    price = price_of(row.price, symbol)
    at = moment_of(row.time, now)
    fee = fees.of(row, symbol, side is Side.BUY, price * row.shares, at.date())
    return BrokerTrade(
        trade_id=row.traded_id,
        broker_order_id=key,
        client_order_id=remarks.whole(row.remark, key),
        symbol=symbol,
        side=side,
        shares=row.shares,
        price=price,
        fee=fee,
        at=at,
    )


def position_of(row: PositionRow) -> BrokerPosition:
    """A position; of a kind that is not followed here (国债, 港股通) it keeps the vendor's code."""
    try:
        symbol = symbol_of(row.stock_code)
    except UnsupportedSymbol:
        symbol = row.stock_code
    return BrokerPosition(
        symbol=symbol,
        name=row.name,
        shares=row.shares,
        sellable=max(0, min(row.sellable, row.shares)),
        cost_price=average_of(row.average_price if row.average_price > 0 else row.open_price),
        price=shown_price(row.last_price),
    )


def asset_of(row: AssetRow) -> BrokerAsset:
    """Raises Unreadable."""
    return BrokerAsset(
        cash=money_of(row.cash),
        frozen_cash=money_of(row.frozen_cash),
        market_value=money_of(row.market_value),
        total_asset=money_of(row.total_asset),
    )


def of_the_day(at: datetime, now: datetime) -> bool:
    return at.date() == now.date()
