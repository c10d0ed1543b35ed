"""What was told in a time: by kind, and what became of it at each robot."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from desk.journal.journal import Journal
from desk.journal.outbox import DeliveryState
from desk.journal.values import iso, micros
from desk.journal.views import View
from desk.texts.journal import SILENCED

_STATES = ("sent", "pending", "dead", "silenced")
_LOOKED_BACK = 100  # messages that the last delivery is looked for in


def outcome(delivery: DeliveryState) -> str:
    """sent, pending or dead; 'silenced' is dead because nobody wanted it."""
    return "silenced" if delivery.state == "dead" and delivery.error == SILENCED else delivery.state


def told(journal: Journal, since: datetime) -> View:
    """The messages since then by kind, their deliveries by robot, and when a robot has last taken one.

    `kinds`: kind -> count, urgent, last_at, robots (robot -> sent, pending, dead, silenced); `delivered_at` looks at
    the latest messages only.
    """
    with journal.look() as look:
        kinds = look.rows(
            "SELECT kind, COUNT(*), SUM(urgent), MAX(at) FROM messages WHERE at >= ? GROUP BY kind", (micros(since),)
        )
        deliveries = look.rows(
            "SELECT m.kind, d.robot, CASE WHEN d.state = 'dead' AND d.error = ? THEN 'silenced' ELSE d.state END, "
            "COUNT(*) FROM messages m JOIN deliveries d ON d.message = m.id WHERE m.at >= ? GROUP BY 1, 2, 3",
            (SILENCED, micros(since)),
        )
        robots = look.rows("SELECT robot FROM robots ORDER BY since, robot")
        delivered = look.one(
            "SELECT MAX(done_at) FROM deliveries WHERE state = 'sent' AND message IN "
            f"(SELECT id FROM messages ORDER BY id DESC LIMIT {_LOOKED_BACK})"
        )
    found: dict[str, dict[str, Any]] = {
        kind: {"count": count, "urgent": int(urgent), "last_at": iso(last_at), "robots": {}}
        for kind, count, urgent, last_at in kinds
    }
    for kind, robot, state, count in deliveries:
        found[kind]["robots"].setdefault(robot, dict.fromkeys(_STATES, 0))[state] = count
    return {
        "kinds": found,
        "robots": [robot for (robot,) in robots],
        "delivered_at": iso(delivered[0]) if delivered else None,
    }
