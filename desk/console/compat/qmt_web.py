"""The routes of the QMT web trading server, prefix /qmt/trade/api."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response
from werkzeug.exceptions import HTTPException

from desk.console.api.acting import CannotDo
from desk.console.api.operations import READ, TRADE
from desk.console.api.routes import Authorize, answered
from desk.console.compat.counter import (
    PENDING,
    BadRequest,
    Counter,
    View,
    body,
    number,
    number_in,
    price_in,
    shares_in,
    side_in,
    symbol_in,
    total,
)
from desk.core.values import Side
from desk.journal import JournalError
from desk.journal.view_pages import MOST, orders_page
from desk.texts import api as texts

log = logging.getLogger(__name__)

PREFIX = "/qmt/trade/api"


def make_qmt_web(counter: Counter, authorize: Authorize) -> Blueprint:
    """Make the blueprint; errors are `{"error"}`, as those programs read them."""
    made = Blueprint("qmt_web", __name__, url_prefix=PREFIX)
    serves = _QmtWeb(counter)

    def add(method: str, path: str, scope: str, work: Callable[..., View]) -> None:
        def serve(**words: str) -> Response:
            try:
                who = authorize(scope)
                return _answer(work(**words) if method == "GET" or path == "/orders" else work(**words, by=who), 200)
            except HTTPException:
                raise
            except BadRequest as error:
                return _answer({"error": str(error)}, 400)
            except CannotDo as error:
                return _answer({"error": str(error)}, 409)
            except JournalError:
                return _answer({"error": texts.UNAVAILABLE}, 503)
            except Exception:
                log.exception("%s %s failed", method, path)
                return _answer({"error": texts.BROKEN}, 500)

        name = f"{method.lower()}{path.replace('/', '_').replace('<', '').replace('>', '')}"
        made.add_url_rule(path, name, serve, methods=[method], provide_automatic_options=False)

    add("GET", "/accounts", READ, serves.accounts)
    add("GET", "/portfolio/<index>", READ, serves.portfolio)
    add("GET", "/positions/<index>", READ, serves.positions)
    add("POST", "/orders", READ, serves.orders)
    add("POST", "/trade", TRADE, serves.trade)
    add("POST", "/sell", TRADE, serves.sell)
    add("POST", "/cancel_order", TRADE, serves.cancel_order)
    add("POST", "/cancel_orders/<which>", TRADE, serves.cancel_orders)
    return made


def _answer(view: View, status: int) -> Response:
    return answered(json.dumps(view, ensure_ascii=False), status)


@dataclass(frozen=True, slots=True)
class _QmtWeb:
    counter: Counter

    def accounts(self) -> View:
        rows = self.counter.accounts()
        return {
            "accounts": [
                {"index": index, "account_id": row["name"], "nick_name": row["name"]} for index, row in enumerate(rows)
            ]
        }

    def portfolio(self, index: str) -> View:
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
        said = body()
        only = said.get("cancelable_only") is True
        account = self.counter.account(said["trader_index"])["name"] if "trader_index" in said else None
        rows = orders_page(self.counter.journal, mark=None, limit=MOST, account=account, open_only=only).rows
        return {"orders": [_order(row) for row in rows]}

    def trade(self, *, by: str) -> View:
        """Both forms: action, price, quantity; or trade_price, position_pct (a part of 1), which buys."""
        said = body()
        side = side_in(said.get("action", "buy"))
        price = said.get("price", said.get("trade_price"))
        return self._order(said, side, price, said.get("quantity"), said.get("position_pct"), by)

    def sell(self, *, by: str) -> View:
        said = body()
        return self._order(said, Side.SELL, said.get("price"), said.get("shares"), said.get("position_pct"), by)

    def _order(self, said: View, side: Side, price: Any, shares: Any, part: Any, by: str) -> View:
        index = said.get("trader_index")
        account = self.counter.account(index)["name"]
        symbol = symbol_in(said.get("symbol"))
        whole, fraction = shares_in(shares), number_in(part)
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
        )
        orders = done["order"]["orders"] if done["order"] else []
        result = orders[0]["client_order_id"] if orders else done["text"]
        return {"results": [{"trader_index": int(index or 0), "result": result, "status": "success"}]}

    def cancel_order(self, *, by: str) -> View:
        order_id = body().get("order_id")
        if not isinstance(order_id, str) or not order_id:
            raise BadRequest(texts.NO_ORDER_ID)
        return {"result": self.counter.cancel(order_id, by), "status": "success"}

    def cancel_orders(self, which: str, *, by: str) -> View:
        sides = {"sale": Side.SELL, "buy": Side.BUY}
        if which not in sides:
            raise BadRequest(texts.BAD_SIDE)
        said = body()
        account = self.counter.account(said["trader_index"])["name"] if "trader_index" in said else None
        rows = orders_page(self.counter.journal, mark=None, limit=MOST, account=account, open_only=True).rows
        done = []
        for row in rows:
            if row["side"] == sides[which].value:
                try:
                    text, status = self.counter.cancel(row["client_order_id"], by), "success"
                except CannotDo as error:
                    text, status = str(error), "failed"
                done.append({"order_id": row["client_order_id"], "result": text, "status": status})
        return {"results": done}


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
