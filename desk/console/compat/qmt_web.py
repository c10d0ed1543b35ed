"""The routes of the QMT web trading server, prefix /qmt/trade/api."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Blueprint

from desk.console.api.acting import CannotDo
from desk.console.api.operations import READ, TRADE
from desk.console.api.routes import Authorize
from desk.console.compat.counter import (
    PENDING,
    Counter,
    body,
    idempotency_key,
    number,
    number_in,
    price_in,
    shares_in,
    side_in,
    symbol_in,
    total,
)
from desk.console.compat.outer import Prove, signed_order
from desk.console.compat.serving import BadRequest, Interface, View
from desk.core.values import Side
from desk.journal.view_pages import MOST, orders_page
from desk.texts import api as texts

PREFIX = "/qmt/trade/api"
_SIDES = {"sale": Side.SELL, "buy": Side.BUY}


def make_qmt_web(counter: Counter, authorize: Authorize, prove: Prove) -> Blueprint:
    """Make the blueprint; errors are `{"error"}`, as those programs read them. `prove`: of signed orders."""
    made = Interface("qmt_web", PREFIX, done=lambda view: view, failed=lambda _, text: {"error": text})
    serves = _QmtWeb(counter=counter, authorize=authorize, prove=prove)
    made.add("GET", "/accounts", serves.accounts)
    made.add("GET", "/portfolio/<index>", serves.portfolio)
    made.add("GET", "/positions/<index>", serves.positions)
    made.add("POST", "/orders", serves.orders)
    made.add("POST", "/trade", serves.trade)
    made.add("POST", "/sell", serves.sell)
    made.add("POST", "/cancel_order", serves.cancel_order)
    made.add("POST", "/cancel_orders/<which>", serves.cancel_orders)
    made.add("POST", "/outer/trade/<side>", serves.outer_trade)
    return made.blueprint


@dataclass(frozen=True, kw_only=True, slots=True)
class _QmtWeb:
    counter: Counter
    authorize: Authorize
    prove: Prove

    def accounts(self) -> View:
        self.authorize(READ)
        rows = self.counter.accounts()
        return {
            "accounts": [
                {"index": index, "account_id": row["name"], "nick_name": row["name"]} for index, row in enumerate(rows)
            ]
        }

    def portfolio(self, index: str) -> View:
        self.authorize(READ)
        account = self.counter.account(index)
        held = self.counter.positions(account["name"])
        profit = total(held, "profit")
        cost = total(held, "value") - profit
        worth, cash, value = (Decimal(account[name] or 0) for name in ("total_asset", "cash", "market_value"))
        return {
            "portfolio": {
                "total_asset": float(worth),
                "cash": float(cash),
                "frozen_cash": float(max(Decimal(0), worth - cash - value)),
                "market_value": float(value),
                "profit": float(profit),
                "profit_ratio": float(profit / cost) if cost else 0.0,
            }
        }

    def positions(self, index: str) -> View:
        self.authorize(READ)
        account = self.counter.account(index)["name"]
        return {
            "positions": [
                {
                    "symbol": row["symbol"],
                    "name": row["name"],
                    "volume": row["shares"],
                    "can_use_volume": row["sellable"],
                    "frozen_volume": row["shares"] - row["sellable"],
                    "market_value": number(row["value"]),
                    "avg_price": number(row["cost_price"]),
                    "open_price": number(row["cost_price"]),
                    "current_price": number(row["price"]),
                    "profit": number(row["profit"]),
                    "profit_ratio": number(row["profit_ratio"]),
                }
                for row in self.counter.positions(account)
            ]
        }

    def orders(self) -> View:
        self.authorize(READ)
        said = body(may_be_empty=True)
        rows = self._listed(said, open_only=said.get("cancelable_only") is True)
        return {"orders": [_order(row) for row in rows]}

    def trade(self) -> View:
        """Both forms: action, price, quantity; or trade_price, position_pct (a part of 1), which buys."""
        by, said = self.authorize(TRADE), body()
        side = side_in(said.get("action", "buy"))
        price = said.get("price", said.get("trade_price"))
        return self._ordered(said, side, price, said.get("quantity"), by, idempotency_key())

    def sell(self) -> View:
        by, said = self.authorize(TRADE), body()
        return self._ordered(said, Side.SELL, said.get("price"), said.get("shares"), by, idempotency_key())

    def outer_trade(self, side: str) -> View:
        said, by, key = signed_order(self.prove)
        return self._ordered(said, side_in(side), said.get("trade_price"), said.get("order_num"), by, key)

    def _ordered(self, said: View, side: Side, price: Any, shares: Any, by: str, key: str) -> View:
        """Order shares, or a `position_pct`; a price is a limit, whatever the type beside it says."""
        index = said.get("trader_index")
        account = self.counter.account(index)["name"]
        symbol = symbol_in(said.get("symbol"))
        whole, fraction = shares_in(shares), number_in(said.get("position_pct"))
        if (whole is None) == (fraction is None):
            raise BadRequest(texts.ONE_SIZE)
        done = self.counter.order(
            account=account,
            symbol=symbol,
            side=side,
            shares=whole,
            part=fraction,
            price=price_in(price, symbol),
            by=by,
            key=key,
        )
        orders = done["order"]["orders"] if done["order"] else []
        result = orders[0]["client_order_id"] if orders else done["text"]
        status = "success" if done["ok"] else "pending"  # kept, the trading loop has not answered yet
        return {"results": [{"trader_index": int(index or 0), "result": result, "status": status}]}

    def cancel_order(self) -> View:
        by, order_id = self.authorize(TRADE), body().get("order_id")
        if not isinstance(order_id, str) or not order_id:
            raise BadRequest(texts.NO_ORDER_ID)
        return {"result": self.counter.cancel(order_id, by), "status": "success"}

    def cancel_orders(self, which: str) -> View:
        by, side = self.authorize(TRADE), _SIDES.get(which)
        if side is None:
            raise BadRequest(texts.BAD_SIDE)
        done = []
        for row in self._listed(body(may_be_empty=True), open_only=True):
            if row["side"] == side.value:
                try:
                    text, status = self.counter.cancel(row["client_order_id"], by), "success"
                except CannotDo as error:
                    text, status = str(error), "failed"
                done.append({"order_id": row["client_order_id"], "result": text, "status": status})
        return {"results": done}

    def _listed(self, said: View, *, open_only: bool) -> list[View]:
        """The orders of the account that is named, else of all."""
        index = said.get("trader_index")
        account = None if index is None else self.counter.account(index)["name"]
        return orders_page(self.counter.journal, mark=None, limit=MOST, account=account, open_only=open_only).rows


def _order(row: View) -> View:
    return {
        "order_id": row["client_order_id"],
        "account_id": row["account"],
        "symbol": row["symbol"],
        "side": row["side"],
        "price": number(row["price"]),
        "volume": row["shares"],
        "traded_volume": row["filled_shares"],
        "traded_price": number(row["avg_price"]),
        "status": row["state"],
        "cancelable": row["state"] in PENDING,
        "strategy_name": row["strategy"],
        "order_time": row["created_at"],
    }
