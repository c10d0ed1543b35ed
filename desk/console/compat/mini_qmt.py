"""The routes of the MiniQMT service, prefix /api/v1/trading, with its envelope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, request

from desk.console.api.operations import READ, TRADE
from desk.console.api.reading import NotThere
from desk.console.api.routes import Authorize
from desk.console.compat.counter import (
    STATES,
    Counter,
    body,
    idempotency_key,
    number,
    price_in,
    shares_in,
    side_in,
    symbol_in,
    total,
)
from desk.console.compat.serving import BadRequest, Interface, View
from desk.journal.view_pages import MOST, fills_page, numbered_orders
from desk.texts import api as texts

PREFIX = "/api/v1/trading"
_DEEPEST = 100_000  # rows that a page number may skip


def make_mini_qmt(counter: Counter, authorize: Authorize) -> Blueprint:
    """Make the blueprint."""
    made = Interface("mini_qmt", PREFIX, done=_done, failed=_failed)
    serves = _MiniQmt(counter=counter, authorize=authorize)
    made.add("GET", "/status", serves.status)
    made.add("GET", "/account", serves.account)
    made.add("GET", "/positions", serves.positions)
    made.add("GET", "/orders", serves.orders)
    made.add("GET", "/orders/<order_id>", serves.one_order)
    made.add("GET", "/records", serves.records)
    made.add("POST", "/order", serves.order)
    made.add("POST", "/execute", serves.order)
    return made.blueprint


def _done(view: View) -> View:
    return {"success": True, "data": view, "message": texts.DONE}


def _failed(status: int, text: str) -> View:
    return {"success": False, "code": status, "message": text, "data": None}


@dataclass(frozen=True, kw_only=True, slots=True)
class _MiniQmt:
    counter: Counter
    authorize: Authorize

    def status(self) -> View:
        self.authorize(READ)
        status = self.counter.status_view()
        return {
            "connected": any(row["connected"] for row in status["accounts"]),
            "running": status["running"],
            "halted": status["halted"],
            "accounts": [{"account_id": row["name"], "connected": row["connected"]} for row in status["accounts"]],
        }

    def account(self) -> View:
        self.authorize(READ)
        account = self._account()
        held = self.counter.positions(account["name"])
        cash, value, worth = (number(account[name]) for name in ("cash", "market_value", "total_asset"))
        return {
            "account_id": account["name"],
            "available_cash": cash,
            "total_value": worth,
            "market_value": value,
            "frozen_cash": max(0.0, round(worth - cash - value, 2)),
            "positions_count": len(held),
            "total_profit_loss": float(total(held, "profit")),
            "connected": account["connected"],
        }

    def positions(self) -> View:
        self.authorize(READ)
        return {"positions": [_position(row) for row in self.counter.positions(self._account()["name"])]}

    def orders(self) -> View:
        self.authorize(READ)
        page, size = _whole("page", 1, _DEEPEST), _whole("page_size", 20, MOST)
        if page * size > _DEEPEST:
            raise BadRequest(texts.TOO_DEEP)
        wanted = request.args.get("status")
        if wanted is not None and wanted not in STATES:
            raise BadRequest(texts.bad_field("status", "、".join(STATES)))
        stock = request.args.get("stock_code")
        count, rows = numbered_orders(
            self.counter.journal,
            page=page,
            size=size,
            states=STATES[wanted] if wanted is not None else (),
            symbol=symbol_in(stock) if stock is not None else None,
        )
        return {"orders": [_order(row) for row in rows], "total": count, "page": page, "page_size": size}

    def one_order(self, order_id: str) -> View:
        self.authorize(READ)
        _, rows = numbered_orders(self.counter.journal, page=1, size=1, order_id=order_id)
        if not rows:
            raise NotThere(texts.no_such_order(order_id[:40]))
        return _order(rows[0])

    def records(self) -> View:
        self.authorize(READ)
        rows = fills_page(self.counter.journal, mark=None, limit=MOST).rows
        return {
            "records": [
                {
                    "trade_id": row["fill_id"],
                    "order_id": row["client_order_id"],
                    "account_id": row["account"],
                    "stock_code": row["symbol"],
                    "side": row["side"],
                    "quantity": row["shares"],
                    "price": number(row["price"]),
                    "commission": number(row["fee"]),
                    "trade_time": row["at"],
                }
                for row in rows
            ]
        }

    def order(self) -> View:
        by, said = self.authorize(TRADE), body()
        kind = said.get("order_type", "limit")
        if kind not in ("market", "limit"):
            raise BadRequest(texts.bad_field("order_type", "market、limit"))
        symbol = symbol_in(said.get("stock_code"))
        price = price_in(said.get("price"), symbol) if kind == "limit" else None
        if kind == "limit" and price is None:
            raise BadRequest(texts.BAD_PRICE)
        shares = shares_in(said.get("quantity"))
        if shares is None:
            raise BadRequest(texts.BAD_SHARES)
        account = self._account(said.get("account_id"))["name"]
        side = side_in(said.get("side"))
        done = self.counter.order(
            account=account,
            symbol=symbol,
            side=side,
            shares=shares,
            part=None,
            price=price,
            by=by,
            key=idempotency_key(),
        )
        orders = done["order"]["orders"] if done["order"] else []
        return {
            "success": done["ok"] is True,  # else it is kept, and the trading loop has not answered yet
            "order_id": orders[0]["client_order_id"] if orders else None,
            "stock_code": symbol,
            "quantity": shares,
            "price": float(price) if price is not None else 0.0,
            "order_type": kind,
            "message": done["text"],
        }

    def _account(self, name: Any = None) -> View:
        name = request.args.get("account_id") if name is None else name
        if name is None:
            return self.counter.account(None)
        for row in self.counter.accounts():
            if row["name"] == name:
                return row
        raise BadRequest(texts.NAME_AN_ACCOUNT)


def _whole(name: str, default: int, most: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or not 1 <= int(text) <= most:
        raise BadRequest(texts.bad_field(name, f"1–{most}"))
    return int(text)


def _position(row: View) -> View:
    since = datetime.fromisoformat(row["at"]).date() - timedelta(days=row["held_days"])
    return {
        "stock_code": row["symbol"],
        "stock_name": row["name"],
        "quantity": row["shares"],
        "can_sell": row["sellable"],
        "cost_price": number(row["cost_price"]),
        "current_price": number(row["price"]),
        "market_value": number(row["value"]),
        "profit_loss": number(row["profit"]),
        "profit_loss_pct": round(number(row["profit_ratio"]) * 100, 4),
        "holding_days": row["held_days"],
        "buy_date": since.isoformat(),
    }


def _order(row: View) -> View:
    status = next(name for name, states in STATES.items() if row["state"] in states)
    return {
        "order_id": row["client_order_id"],
        "account_id": row["account"],
        "stock_code": row["symbol"],
        "side": row["side"],
        "quantity": row["shares"],
        "price": number(row["price"]),
        "filled_quantity": row["filled_shares"],
        "filled_price": number(row["avg_price"]),
        "status": status,
        "message": row["broker_text"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }
