"""The vendor's codes and ours, one table per concept; a code that no table knows raises or becomes UNKNOWN."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from base_func import BEIJING, Board, UnsupportedSymbol, board_of, round_to_tick, symbol_of, tick_of
from desk.core.values import BrokerStatus, Side

FIX_PRICE = 11  # xtconstant.FIX_PRICE 指定价; market types fail on simulation accounts
REMARK_BYTES = 23  # order_remark keeps 24 with its NUL and cuts silently

TYPE_OF_SIDE = {Side.BUY: 23, Side.SELL: 24}  # xtconstant.STOCK_BUY 证券买入, STOCK_SELL 证券卖出
SIDE_OF_TYPE = {code: side for side, code in TYPE_OF_SIDE.items()}

STATUS = {
    48: BrokerStatus.PENDING,  # ORDER_UNREPORTED 未报
    49: BrokerStatus.PENDING,  # ORDER_WAIT_REPORTING 待报
    50: BrokerStatus.WORKING,  # ORDER_REPORTED 已报
    51: BrokerStatus.CANCEL_PENDING,  # ORDER_REPORTED_CANCEL 已报待撤
    52: BrokerStatus.CANCEL_PENDING,  # ORDER_PARTSUCC_CANCEL 部成待撤
    53: BrokerStatus.CANCELLED,  # ORDER_PART_CANCEL 部撤
    54: BrokerStatus.CANCELLED,  # ORDER_CANCELED 已撤
    55: BrokerStatus.WORKING,  # ORDER_PART_SUCC 部成
    56: BrokerStatus.FILLED,  # ORDER_SUCCEEDED 已成
    57: BrokerStatus.REJECTED,  # ORDER_JUNK 废单
    255: BrokerStatus.UNKNOWN,  # ORDER_UNKNOWN 未知
}


class Login(StrEnum):
    """What an account status means for trading."""

    IN = "in"  # orders can be placed
    WAITING = "waiting"  # may become fine by itself
    OUT = "out"  # somebody has to log in


ACCOUNT_STATUS = {
    -1: (Login.OUT, "无效"),
    0: (Login.IN, "正常"),
    1: (Login.WAITING, "连接中"),
    2: (Login.WAITING, "登录中"),
    3: (Login.OUT, "登录失败"),
    4: (Login.WAITING, "初始化中"),
    5: (Login.WAITING, "数据刷新校正中"),
    6: (Login.IN, "收盘后"),  # queries go on; the session decides what is sent,
    7: (Login.OUT, "穿透副链接断开"),
    8: (Login.OUT, "系统停用"),
    9: (Login.OUT, "用户停用"),
}

MARKET_OF_SUFFIX = {"SH": 0, "SZ": 1, "BJ": 70}  # xtconstant.SH_MARKET, SZ_MARKET, MARKET_ENUM_BEIJING

_UNITS_PER_LOT = {Board.BOND: 10, Board.REPO: 10}  # ticks tell depth in lots (手); of everything else 100
_BEYOND_MONEY = 1e15  # no price, no account and no turnover comes near it
_NO_LIMIT_FROM = 90_000  # yuan; a new listing's upper limit comes as 0 or as a number that no price reaches
_MONEY = Decimal("0.01")
_AVERAGE = Decimal("0.0001")


class Unreadable(ValueError):
    """A vendor's record says something that no table knows; it must neither be believed nor dropped silently."""


def side_of(order_type: int) -> Side:
    """23 -> buy, 24 -> sell. Raises Unreadable for subscriptions, margin orders and all else."""
    try:
        return SIDE_OF_TYPE[order_type]
    except KeyError:
        raise Unreadable(f"order_type {order_type}") from None


def status_of(order_status: int) -> BrokerStatus:
    return STATUS.get(order_status, BrokerStatus.UNKNOWN)


def login_of(status: int) -> tuple[Login, str]:
    """What an account status means and its Chinese name; an unlisted one counts as logged out."""
    return ACCOUNT_STATUS.get(status, (Login.OUT, f"未知状态 {status}"))


def symbol_or_raise(code: str) -> str:
    try:
        return symbol_of(code)
    except UnsupportedSymbol as error:
        raise Unreadable(str(error)) from error


def decimal_of(value: float) -> Decimal:
    """The shortest decimal that is this float. Raises Unreadable for nan, infinities and what no market knows."""
    if not abs(value) < _BEYOND_MONEY:
        raise Unreadable(f"the number {value}")
    return Decimal(repr(float(value)))


def price_of(value: float, symbol: str, tick: Decimal | None = None) -> Decimal:
    """A price as it was meant: 9.729999999999999 -> 9.73, half up to the tick. Raises Unreadable."""
    return round_to_tick(decimal_of(value), tick or tick_of(symbol))


def average_of(value: float) -> Decimal:
    """An average or cost price, four places; 0 for what is no number."""
    return _shown(value, _AVERAGE)


def money_of(value: float) -> Decimal:
    """Yuan to the fen. Raises Unreadable."""
    return decimal_of(value).quantize(_MONEY, ROUND_HALF_UP)


def shown_price(value: float) -> Decimal:
    """A price that is only shown; 0 for what is no number."""
    return _shown(value, Decimal("0.001"))


def _shown(value: float, step: Decimal) -> Decimal:
    try:
        return decimal_of(value).quantize(step, ROUND_HALF_UP)
    except Unreadable:
        return Decimal(0)


def limit_of(value: float | None, symbol: str, tick: Decimal) -> Decimal | None:
    """A limit price of the day; None where there is none (新股无涨跌幅限制)."""
    if value is None or not math.isfinite(value) or value <= 0 or value >= _NO_LIMIT_FROM:
        return None
    return price_of(value, symbol, tick)


def units_per_lot(symbol: str) -> int:
    return _UNITS_PER_LOT.get(board_of(symbol), 100)


def moment_of(value: int, now: datetime) -> datetime:
    """A vendor's time: epoch seconds, epoch milliseconds or YYYYmmddHHMMSS; `now` for what is none of them."""
    try:
        if value >= 19_000_101_000_000:
            return datetime.strptime(str(value), "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
        if value >= 100_000_000_000:
            return datetime.fromtimestamp(value / 1000, BEIJING)
        if value >= 100_000_000:
            return datetime.fromtimestamp(value, BEIJING)
    except (ValueError, OverflowError, OSError):
        pass
    return now
