"""The structs of the native module: no `__dict__`, type-strict where Python writes them, read-only in effect elsewhere.

Each struct's attribute has its native name (`m_nOrderID`) and its Python name (`order_id`), as in xtpythonclient.
"""

from __future__ import annotations

import operator
from typing import Any

_DEFAULTS: dict[str, Any] = {"m_n": 0, "m_s": "", "m_d": 0.0, "m_b": False}


class Request:
    """A struct that the library fills: a value of another type raises TypeError, as pybind11 does."""

    __slots__ = ("_values",)
    fields: frozenset[str] = frozenset()

    def __init__(self) -> None:
        object.__setattr__(self, "_values", {name: _DEFAULTS[name[:3]] for name in self.fields})

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.fields:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        self._values[name] = _typed(name, value)

    def __getattr__(self, name: str) -> Any:
        try:
            return object.__getattribute__(self, "_values")[name]
        except KeyError:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'") from None

    def taken(self) -> dict[str, Any]:
        """Copy the values: the library may reuse the struct."""
        return dict(self._values)


def _typed(name: str, value: Any) -> Any:
    kind = name[:3]
    if kind == "m_n" and not isinstance(value, float):
        return operator.index(value)
    if kind == "m_s" and isinstance(value, str):
        return value
    if kind == "m_d" and isinstance(value, float | int):
        return float(value)
    if kind == "m_b" and isinstance(value, bool):
        return value
    raise TypeError(f"{name}: incompatible function arguments. Invoked with: {value!r}")


def _request(name: str, *fields: str) -> type[Request]:
    return type(name, (Request,), {"__slots__": (), "fields": frozenset(fields)})


_ACCOUNT = ("m_nAccountType", "m_strAccountID", "m_nMetaType")
REQUESTS: dict[str, type[Request]] = {
    made.__name__: made
    for made in (
        _request("SubscribeReq", *_ACCOUNT),
        _request("UnsubscribeReq", *_ACCOUNT),
        _request(
            "OrderStockReq",
            *_ACCOUNT,
            *("m_strStockCode", "m_nOrderType", "m_nOrderVolume", "m_nPriceType", "m_dPrice", "m_strStrategyName"),
            *("m_strOrderRemark", "m_strOrderRemarkNew", "m_dOrderAmount", "m_strStockCode1", "m_strAccountID1"),
        ),
        _request("CancelOrderStockReq", *_ACCOUNT, "m_nOrderID", "m_nMarket", "m_strOrderSysID", "m_strMarket"),
        _request("QueryStockAssetReq", *_ACCOUNT),
        _request("QueryStockOrdersReq", *_ACCOUNT, "m_bCanCancel", "m_nOrderID"),
        _request("QueryStockTradesReq", *_ACCOUNT),
        _request("QueryStockPositionsReq", *_ACCOUNT, "m_strStockCode", "m_strStockCode1"),
        _request("QueryAccountInfosReq", *_ACCOUNT),
        _request("QueryAccountStatusReq", *_ACCOUNT),
    )
}


# Python name -> native name of what the terminal tells
_TOLD: dict[str, dict[str, str]] = {
    "OrderStockResp": {
        "account_id": "m_strAccountID",
        "order_id": "m_nOrderID",
        "strategy_name": "m_strStrategyName",
        "order_remark": "m_strOrderRemark",
        "error_msg": "m_strErrorMsg",
    },
    "CancelOrderStockResp": {
        "account_id": "m_strAccountID",
        "cancel_result": "m_nCancelResult",
        "order_id": "m_nOrderID",
        "order_sysid": "m_strOrderSysID",
        "error_msg": "m_strErrorMsg",
    },
    "XtAccountInfo": {
        "account_type": "m_nAccountType",
        "account_id": "m_strAccountID",
        "broker_type": "m_nBrokerType",
        "platform_id": "m_nPlatformID",
        "login_status": "m_nStatus",
    },
    "XtAccountStatus": {"account_type": "m_nAccountType", "account_id": "m_strAccountID", "status": "m_nStatus"},
    "XtAsset": {
        "account_type": "m_nAccountType",
        "account_id": "m_strAccountID",
        "cash": "m_dCash",
        "frozen_cash": "m_dFrozenCash",
        "market_value": "m_dMarketValue",
        "total_asset": "m_dTotalAsset",
        "fetch_balance": "m_dFetchBalance",
    },
    "XtOrder": {
        "account_type": "m_nAccountType",
        "account_id": "m_strAccountID",
        "stock_code": "m_strStockCode",
        "order_id": "m_nOrderID",
        "order_sysid": "m_strOrderSysID",
        "order_time": "m_nOrderTime",
        "order_type": "m_nOrderType",
        "order_volume": "m_nOrderVolume",
        "price_type": "m_nPriceType",
        "price": "m_dPrice",
        "traded_volume": "m_nTradedVolume",
        "traded_price": "m_dTradedPrice",
        "order_status": "m_nOrderStatus",
        "status_msg": "m_strStatusMsg",
        "strategy_name": "m_strStrategyName",
        "order_remark": "m_strOrderRemark",
        "direction": "m_nDirection",
        "offset_flag": "m_nOffsetFlag",
        "secu_account": "m_strSecuAccount",
        "instrument_name": "m_strInstrumentName",
    },
    "XtTrade": {
        "account_type": "m_nAccountType",
        "account_id": "m_strAccountID",
        "stock_code": "m_strStockCode",
        "order_type": "m_nOrderType",
        "traded_id": "m_strTradedID",
        "traded_time": "m_nTradedTime",
        "traded_price": "m_dTradedPrice",
        "traded_volume": "m_nTradedVolume",
        "traded_amount": "m_dTradedAmount",
        "order_id": "m_nOrderID",
        "order_sysid": "m_strOrderSysID",
        "strategy_name": "m_strStrategyName",
        "order_remark": "m_strOrderRemark",
        "direction": "m_nDirection",
        "offset_flag": "m_nOffsetFlag",
        "commission": "m_dCommission",
        "secu_account": "m_strSecuAccount",
        "instrument_name": "m_strInstrumentName",
    },
    "XtPosition": {
        "account_type": "m_nAccountType",
        "account_id": "m_strAccountID",
        "stock_code": "m_strStockCode",
        "volume": "m_nVolume",
        "can_use_volume": "m_nCanUseVolume",
        "open_price": "m_dOpenPrice",
        "market_value": "m_dMarketValue",
        "frozen_volume": "m_nFrozenVolume",
        "on_road_volume": "m_nOnRoadVolume",
        "yesterday_volume": "m_nYesterdayVolume",
        "avg_price": "m_dAvgPrice",
        "direction": "m_nDirection",
        "last_price": "m_dLastPrice",
        "profit_rate": "m_dProfitRate",
        "secu_account": "m_strSecuAccount",
        "instrument_name": "m_strInstrumentName",
    },
    "XtOrderError": {
        "account_type": "m_nAccountType",
        "account_id": "m_strAccountID",
        "seq": "m_nSeq",
        "order_id": "m_nOrderID",
        "error_id": "m_nErrorID",
        "error_msg": "m_strErrorMsg",
        "strategy_name": "m_strStrategyName",
        "order_remark": "m_strOrderRemark",
    },
    "XtCancelError": {
        "account_type": "m_nAccountType",
        "account_id": "m_strAccountID",
        "seq": "m_nSeq",
        "order_id": "m_nOrderID",
        "market": "m_nMarket",
        "order_sysid": "m_strOrderSysID",
        "error_id": "m_nErrorID",
        "error_msg": "m_strErrorMsg",
    },
}


class Told:
    """A struct that the terminal hands out."""

    __slots__ = ()


def _told(name: str, both: dict[str, str]) -> type[Told]:
    return type(name, (Told,), {"__slots__": (*both, *both.values())})


TOLD: dict[str, type[Told]] = {name: _told(name, both) for name, both in _TOLD.items()}


def tell(struct: str, missing: frozenset[str], values: dict[str, Any]) -> Any:
    """Build a struct; what is `missing` raises AttributeError when it is read, under both names."""
    made = TOLD[struct]()
    for name, native in _TOLD[struct].items():
        if name not in missing and native not in missing:
            setattr(made, name, values[name])
            setattr(made, native, values[name])
    return made
