"""What stands still until a person has looked: strategies that were stopped, books that are frozen."""

from __future__ import annotations

from desk.journal.journal import Journal
from desk.journal.views import View

_STOPPED = "stopped:"


def stopped(journal: Journal) -> View:
    """`strategies`: the names of those that were stopped, pseudo-strategies too; `books`: how many are frozen."""
    with journal.look() as look:
        flags = look.rows("SELECT key FROM flags WHERE key LIKE ? ORDER BY key", (f"{_STOPPED}%",))
        frozen = look.one("SELECT COUNT(*) FROM books WHERE frozen IS NOT NULL")
    return {"strategies": [key.removeprefix(_STOPPED) for (key,) in flags], "books": frozen[0] if frozen else 0}
