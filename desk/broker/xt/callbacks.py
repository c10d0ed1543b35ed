"""What the vendor calls back: copy, hand over, return. One worker thread runs all of it and swallows exceptions."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from desk.broker.xt.rows import (
    DisconnectedRow,
    Row,
    cancel_error_row,
    cancelled_row,
    order_error_row,
    order_row,
    placed_row,
    status_row,
    trade_row,
)

log = logging.getLogger(__name__)

Take = Callable[[int, Row], None]  # (generation, row); appends and rings, nothing else


class Callbacks:
    """The callback object of one connection. Its methods are named by the vendor (XtQuantTraderCallback)."""

    def __init__(self, generation: int, take: Take) -> None:
        self._generation = generation
        self._take = take

    def on_connected(self) -> None:
        """Never called by the library: what we call connected is our own flag."""

    def on_disconnected(self) -> None:
        self._hand(lambda _: DisconnectedRow(), None)

    def on_account_status(self, status: Any) -> None:
        self._hand(status_row, status)

    def on_stock_order(self, order: Any) -> None:
        self._hand(order_row, order)

    def on_stock_trade(self, trade: Any) -> None:
        self._hand(trade_row, trade)

    def on_order_error(self, order_error: Any) -> None:
        self._hand(order_error_row, order_error)

    def on_cancel_error(self, cancel_error: Any) -> None:
        self._hand(cancel_error_row, cancel_error)

    def on_order_stock_async_response(self, response: Any) -> None:
        self._hand(placed_row, response)

    def on_cancel_order_stock_async_response(self, response: Any) -> None:
        self._hand(cancelled_row, response)

    def _hand(self, read: Callable[[Any], Row], said: Any) -> None:
        try:
            self._take(self._generation, read(said))
        except Exception:  # the vendor would swallow it without a word
            log.exception("A report of the terminal could not be copied")

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Let pushes that nothing here needs (assets, positions, transfers) pass by."""
        if name.startswith("on_"):
            return _pass_by
        raise AttributeError(name)


def _pass_by(*said: object) -> None:
    """Do nothing."""
