"""What has changed since the last look, at a cost that no length of the journal raises."""

from __future__ import annotations

from decimal import Decimal

from desk.core.values import Side
from desk.journal.database import marks
from desk.journal.journal import Journal
from desk.journal.values import plain
from desk.journal.views import View

_NEWEST = {
    "signals": "SELECT MAX(id) FROM events",
    "orders": "SELECT MAX(id) FROM order_facts",
    "books": "SELECT MAX(id) FROM book_changes",
    "messages": "SELECT MAX(id) FROM messages",
    "persons": "SELECT MAX(command) FROM command_results",
    "outcomes": "SELECT COUNT(*) FROM undecided",
    "accounts": "SELECT SUM(connected) FROM accounts",
}


def newest_of_each(journal: Journal) -> dict[str, int]:
    """A number for each kind of what pages show; whenever something of that kind is added, its number changes."""
    with journal.look() as look:
        found = {kind: look.one(sql) for kind, sql in _NEWEST.items()}
    return {kind: int(row[0]) if row and row[0] is not None else 0 for kind, row in found.items()}


def slippage(journal: Journal, client_order_ids: list[str]) -> dict[str, View]:
    """By order: the price that its signal carried, and how much worse per share it was traded, in yuan.

    Only orders that have traded and whose signal carried a price are told.
    """
    if not client_order_ids:
        return {}
    with journal.look() as look:
        rows = look.rows(
            "SELECT o.client_order_id, o.side, i.anchor, o.turnover, o.fills_sum FROM orders o "
            "JOIN intents i ON i.intent_id = o.intent_id "
            f"WHERE o.client_order_id IN ({marks(len(client_order_ids))}) AND i.anchor IS NOT NULL AND o.fills_sum > 0",
            client_order_ids,
        )
    told = {}
    for order_id, side, anchor_text, turnover, shares in rows:
        anchor = Decimal(anchor_text)
        worse = Decimal(turnover) / shares - anchor
        worse = worse if side == Side.BUY.value else -worse
        told[order_id] = {
            "expected": plain(anchor),
            "worse": plain(worse.quantize(Decimal("0.0001"))),
            "ratio": plain((worse / anchor).quantize(Decimal("0.000001"))) if anchor else None,
        }
    return told
