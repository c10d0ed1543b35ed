"""Copies of what the vendor hands out, field by named field: its objects are native, they have no __dict__ and may die.

A missing field is 0 or ''; what follows from that is decided where the copy is translated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRow:
    order_id: int  # 0 for orders made by hand on another client
    order_sysid: str
    remark: str  # '' for orders made by hand
    stock_code: str
    order_type: int
    shares: int
    price: float
    traded_shares: int
    traded_price: float
    status: int
    text: str
    time: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TradeRow:
    traded_id: str
    order_id: int
    order_sysid: str
    remark: str
    stock_code: str
    order_type: int
    shares: int
    price: float
    commission: float  # yuan; 0 where the broker does not tell
    time: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionRow:
    stock_code: str
    name: str
    shares: int
    sellable: int
    average_price: float
    open_price: float
    last_price: float


@dataclass(frozen=True, kw_only=True, slots=True)
class AssetRow:
    cash: float
    frozen_cash: float
    market_value: float
    total_asset: float


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusRow:
    account_id: str
    status: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedRow:
    """The answer to an order; order_id -1 is no proof that there is no order."""

    seq: int
    order_id: int
    remark: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelledRow:
    """The answer to a cancel; result 0 means that the request was sent."""

    seq: int
    result: int
    order_id: int
    order_sysid: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderErrorRow:
    """A hint: the terminal may replay another order's error."""

    order_id: int
    remark: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelErrorRow:
    order_id: int
    order_sysid: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DisconnectedRow:
    """on_disconnected was called."""


Row = OrderRow | TradeRow | StatusRow | PlacedRow | CancelledRow | OrderErrorRow | CancelErrorRow | DisconnectedRow


def order_row(said: Any) -> OrderRow:
    return OrderRow(
        order_id=_int(said, "order_id"),
        order_sysid=_str(said, "order_sysid"),
        remark=_str(said, "order_remark"),
        stock_code=_str(said, "stock_code"),
        order_type=_int(said, "order_type"),
        shares=_int(said, "order_volume"),
        price=_float(said, "price"),
        traded_shares=_int(said, "traded_volume"),
        traded_price=_float(said, "traded_price"),
        status=_int(said, "order_status", 255),
        text=_str(said, "status_msg"),
        time=_int(said, "order_time"),
    )


def trade_row(said: Any) -> TradeRow:
    return TradeRow(
        traded_id=_str(said, "traded_id"),
        order_id=_int(said, "order_id"),
        order_sysid=_str(said, "order_sysid"),
        remark=_str(said, "order_remark"),
        stock_code=_str(said, "stock_code"),
        order_type=_int(said, "order_type"),
        shares=_int(said, "traded_volume"),
        price=_float(said, "traded_price"),
        commission=_float(said, "commission"),
        time=_int(said, "traded_time"),
    )


def position_row(said: Any) -> PositionRow:
    return PositionRow(
        stock_code=_str(said, "stock_code"),
        name=_str(said, "instrument_name"),
        shares=_int(said, "volume"),
        sellable=_int(said, "can_use_volume"),
        average_price=_float(said, "avg_price"),
        open_price=_float(said, "open_price"),
        last_price=_float(said, "last_price"),
    )


def asset_row(said: Any) -> AssetRow:
    return AssetRow(
        cash=_float(said, "cash"),
        frozen_cash=_float(said, "frozen_cash"),
        market_value=_float(said, "market_value"),
        total_asset=_float(said, "total_asset"),
    )


def status_row(said: Any) -> StatusRow:
    return StatusRow(account_id=_str(said, "account_id"), status=_int(said, "status", -1))


def placed_row(said: Any) -> PlacedRow:
    return PlacedRow(
        seq=_int(said, "seq"),
        order_id=_int(said, "order_id", -1),
        remark=_str(said, "order_remark"),
        text=_str(said, "error_msg"),
    )


def cancelled_row(said: Any) -> CancelledRow:
    return CancelledRow(
        seq=_int(said, "seq"),
        result=_int(said, "cancel_result", -1),
        order_id=_int(said, "order_id"),
        order_sysid=_str(said, "order_sysid"),
        text=_str(said, "error_msg"),
    )


def order_error_row(said: Any) -> OrderErrorRow:
    return OrderErrorRow(
        order_id=_int(said, "order_id"), remark=_str(said, "order_remark"), text=_str(said, "error_msg")
    )


def cancel_error_row(said: Any) -> CancelErrorRow:
    return CancelErrorRow(
        order_id=_int(said, "order_id"), order_sysid=_str(said, "order_sysid"), text=_str(said, "error_msg")
    )


def rows(said: Any, read: Callable[[Any], T]) -> tuple[T, ...] | None:
    """A queried list as rows; None when the query failed, which the vendor tells by None."""
    return None if said is None else tuple(read(one) for one in said)


def _get(said: Any, name: str) -> Any:
    """A field, None where it is missing or its native getter fails."""
    try:
        return getattr(said, name, None)
    except Exception:  # noqa: BLE001 - a native getter may raise anything; missing is what it means
        return None


def _int(said: Any, name: str, default: int = 0) -> int:
    value = _get(said, name)
    try:
        return default if value is None or value == "" else int(value)
    except (TypeError, ValueError, OverflowError):
        return default


def _float(said: Any, name: str) -> float:
    value = _get(said, name)
    try:
        return 0.0 if value is None or value == "" else float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0


def _str(said: Any, name: str) -> str:
    value = _get(said, name)
    if isinstance(value, bytes):
        return value.decode("gb18030", errors="replace")
    return "" if value is None else str(value)
