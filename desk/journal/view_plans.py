"""The plans that wait for a person, as people see them."""

from __future__ import annotations

import json

from desk.core.plans import PREFIX
from desk.journal.journal import Journal
from desk.journal.views import View

_SHOWN = ("id", "kind", "strategy", "made_at", "why", "differences", "orders")


def plans(journal: Journal) -> list[View]:
    """Every waiting plan, by strategy: `orders` are what it would send, `differences` what it is made of."""
    with journal.look() as look:
        flags: dict[str, str] = dict(look.rows("SELECT key, value FROM flags"))
    rows = []
    for key, text in sorted(flags.items()):
        if not key.startswith(PREFIX):
            continue
        fields = json.loads(text)
        rows.append({name: fields[name] for name in _SHOWN})
    return rows
