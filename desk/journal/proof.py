"""Prove on a live server that the constraint which everything rests on is really kept."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from base_func import BEIJING
from desk.core.values import Intent, Order, OrderState, Origin, Side
from desk.journal import records
from desk.journal.database import Database
from desk.journal.errors import JournalRefused, is_database_error, translate

_AT = datetime(2000, 1, 1, tzinfo=BEIJING)


def second_open_order_is_refused(database: Database, connection: Any) -> bool:
    """Try to store two open orders of one account, symbol and side; nothing of it stays."""
    session = database.session(connection)
    session.run(database.begin_write)
    try:
        session.run(records.INTENT.upsert, records.INTENT.row(_intent()))
        session.run(records.ORDER.upsert, records.ORDER.row(_order(1)))
        try:
            session.run(records.ORDER.upsert, records.ORDER.row(_order(2)))
        except Exception as error:
            if not is_database_error(error):
                raise
            return isinstance(translate(error), JournalRefused)
        return False
    finally:
        session.run("ROLLBACK")


def _intent() -> Intent:
    return Intent(
        intent_id="?proof", origin=Origin.PLAN, event_id=None, strategy="?proof", account="?proof", symbol="?",
        side=Side.BUY, decided=100, day=_AT.date(), created_at=_AT, received_at=_AT, updated_at=_AT,
    )  # fmt: skip


def _order(attempt: int) -> Order:
    return Order(
        client_order_id=f"?proof-{attempt}", intent_id="?proof", event_id=None, origin=Origin.PLAN, strategy="?proof",
        account="?proof", symbol="?", side=Side.BUY, shares=100, price=Decimal(1), attempt=attempt,
        state=OrderState.WORKING, day=_AT.date(), created_at=_AT, updated_at=_AT,
    )  # fmt: skip
