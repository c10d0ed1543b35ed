"""The exchange's records in the terminal's words: codes, ids, floats with their noise, epoch seconds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from desk.broker.paper.views import Picture
from desk.core.market import BrokerOrder, BrokerPosition, BrokerTrade
from desk.core.values import BrokerStatus, Side

SECURITY_ACCOUNT = 2
STOCK_BUY, STOCK_SELL = 23, 24
FIX_PRICE = 11
READ_BACK_LIMIT = 50  # price_type of an order that is read is of another enum
DIRECTION_NONE = 48
OFFSET_BUY, OFFSET_SELL = 48, 49
MARKETS = {"SH": 0, "SZ": 1, "BJ": 70}

_ORDER_ID_BASE = 1_082_130_000
_SYSID_BASE = 500_000

# status -> (code without fills, code with fills)
_STATUS = {
    BrokerStatus.PENDING: (49, 49),
    BrokerStatus.WORKING: (50, 55),
    BrokerStatus.CANCEL_PENDING: (51, 52),
    BrokerStatus.CANCELLED: (54, 53),
    BrokerStatus.FILLED: (56, 56),
    BrokerStatus.REJECTED: (57, 57),
    BrokerStatus.UNKNOWN: (255, 255),
}
PENDING_CODE = 49
UNKNOWN_CODE = 255
LIVE_CODES = frozenset({48, 49, 50, 51, 52, 55})


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What the terminal knows of an order beside the exchange's record; orders made by hand have none."""

    remark: str
    seq: int


def order_id_of(number: str) -> int:
    return _ORDER_ID_BASE + int(number)


def number_of(order_id: int) -> str:
    """Tell the exchange's number, '' for an id that this terminal has not given."""
    return str(order_id - _ORDER_ID_BASE) if order_id > _ORDER_ID_BASE else ""


def sysid_of(number: str) -> str:
    return str(_SYSID_BASE + int(number))


def number_of_sysid(sysid: str) -> str:
    return str(int(sysid) - _SYSID_BASE) if sysid.isdigit() and int(sysid) > _SYSID_BASE else ""


def noisy(value: Decimal) -> float:
    """Tell a price as the terminal does: a float that sometimes lies one step beside the nearest one."""
    exact = float(value)
    return math.nextafter(exact, math.inf) if exact and int(value * 1000) % 3 == 0 else exact


def order_values(account: str, order: BrokerOrder, origin: Origin | None) -> dict[str, Any]:
    """Tell an order; one without an origin was made by hand: order_id 0, no remark."""
    code = _STATUS[order.status][1 if order.filled else 0]
    is_buy = order.side is Side.BUY
    reported = order.status is not BrokerStatus.PENDING
    return {
        "account_type": SECURITY_ACCOUNT,
        "account_id": account,
        "stock_code": order.symbol,
        "order_id": 0 if origin is None else order_id_of(order.broker_order_id),
        "order_sysid": sysid_of(order.broker_order_id) if reported else "",
        "order_time": epoch_s(order.at),
        "order_type": STOCK_BUY if is_buy else STOCK_SELL,
        "order_volume": order.shares,
        "price_type": READ_BACK_LIMIT,
        "price": noisy(order.price),
        "traded_volume": order.filled,
        "traded_price": noisy(order.avg_price),
        "order_status": code,
        "status_msg": order.text,
        "strategy_name": "",
        "order_remark": "" if origin is None else origin.remark,
        "direction": DIRECTION_NONE,
        "offset_flag": OFFSET_BUY if is_buy else OFFSET_SELL,
        "secu_account": "",
        "instrument_name": "",
    }


def trade_values(account: str, trade: BrokerTrade, origin: Origin | None) -> dict[str, Any]:
    is_buy = trade.side is Side.BUY
    return {
        "account_type": SECURITY_ACCOUNT,
        "account_id": account,
        "stock_code": trade.symbol,
        "order_type": STOCK_BUY if is_buy else STOCK_SELL,
        "traded_id": f"{int(trade.trade_id):08d}",
        "traded_time": epoch_s(trade.at),
        "traded_price": noisy(trade.price),
        "traded_volume": trade.shares,
        "traded_amount": float(trade.price * trade.shares),
        "order_id": 0 if origin is None else order_id_of(trade.broker_order_id),
        "order_sysid": sysid_of(trade.broker_order_id),
        "strategy_name": "",
        "order_remark": "" if origin is None else origin.remark,
        "direction": DIRECTION_NONE,
        "offset_flag": OFFSET_BUY if is_buy else OFFSET_SELL,
        "commission": float(trade.fee),
        "secu_account": "",
        "instrument_name": "",
    }


def asset_values(account: str, picture: Picture) -> dict[str, Any]:
    asset = picture.asset
    return {
        "account_type": SECURITY_ACCOUNT,
        "account_id": account,
        "cash": float(asset.cash),
        "frozen_cash": float(asset.frozen_cash),
        "market_value": float(asset.market_value),
        "total_asset": float(asset.total_asset),
        "fetch_balance": float(asset.cash),
    }


def position_values(account: str, picture: Picture) -> list[dict[str, Any]]:
    """Tell every position of the day; a name that was sold out today stays listed with nothing in it."""
    held = {position.symbol: position for position in picture.positions}
    gone = {trade.symbol for trade in picture.trades if trade.symbol not in held}
    rows = [_position(account, position, picture) for position in held.values()]
    return rows + [_row(account, symbol, picture.trades) for symbol in sorted(gone)]


def _position(account: str, position: BrokerPosition, picture: Picture) -> dict[str, Any]:
    selling = sum(
        order.shares - order.filled
        for order in picture.orders
        if order.symbol == position.symbol and order.side is Side.SELL and not order.status.final
    )
    cost = float(position.cost_price)
    return _row(account, position.symbol, picture.trades, position.shares) | {
        "can_use_volume": position.sellable,
        "open_price": cost,
        "market_value": float(position.price * position.shares),
        "frozen_volume": selling,
        "avg_price": cost,
        "last_price": noisy(position.price),
        "profit_rate": float(position.price) / cost - 1 if cost else 0.0,
        "instrument_name": position.name,
    }


def _row(account: str, symbol: str, trades: Iterable[BrokerTrade], shares: int = 0) -> dict[str, Any]:
    of_it = [trade for trade in trades if trade.symbol == symbol]
    bought = sum(trade.shares for trade in of_it if trade.side is Side.BUY)
    sold = sum(trade.shares for trade in of_it if trade.side is Side.SELL)
    return {
        "account_type": SECURITY_ACCOUNT,
        "account_id": account,
        "stock_code": symbol,
        "volume": shares,
        "can_use_volume": 0,
        "open_price": 0.0,
        "market_value": 0.0,
        "frozen_volume": 0,
        "on_road_volume": min(bought, shares),
        "yesterday_volume": max(shares - bought + sold, 0),
        "avg_price": 0.0,
        "direction": DIRECTION_NONE,
        "last_price": 0.0,
        "profit_rate": 0.0,
        "secu_account": "",
        "instrument_name": "",
    }


def epoch_s(at: datetime) -> int:
    return int(at.timestamp())


def cut_remark(remark: str, limit: int) -> str:
    """Cut a remark to the bytes that the terminal keeps; a letter that is cut in two is gone."""
    return remark.encode("utf-8")[:limit].decode("utf-8", "ignore")
