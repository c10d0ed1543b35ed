"""What one turn of the trading loop wants written: collected in memory, committed by the journal as one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from desk.core.values import (
    Book,
    BookChange,
    EventOutcome,
    Fill,
    Gap,
    Holding,
    Intent,
    JqOrder,
    JqRate,
    Message,
    Order,
    OrderFact,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandResult:
    row: int
    at: datetime
    ok: bool
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RawReport:
    """A broker report as it came, kept for diagnosis and replay (append-only)."""

    account: str
    at: datetime
    kind: str
    payload: str  # JSON, no secrets


@dataclass(slots=True)
class Batch:
    """Upserts by key (the last one wins) and appends; `flags` are the daemon's few persisted switches (halted, ...)."""

    jq_orders: dict[tuple[str, str, str], JqOrder] = field(default_factory=dict)
    jq_rates: dict[tuple[str, str, str, str], JqRate] = field(default_factory=dict)
    holdings: dict[tuple[str, str], Holding] = field(default_factory=dict)
    books: dict[tuple[str, str, str], Book] = field(default_factory=dict)
    book_changes: list[BookChange] = field(default_factory=list)
    intents: dict[str, Intent] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    order_facts: list[OrderFact] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    outcomes: dict[str, EventOutcome] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    reports: list[RawReport] = field(default_factory=list)
    command_results: list[CommandResult] = field(default_factory=list)
    late_fills: dict[str, int] = field(default_factory=dict)  # intent id -> shares filled after its end, to be added
    flags: dict[str, str | None] = field(default_factory=dict)  # None deletes

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)

    def take_in(self, later: Batch) -> None:
        """Add what a later turn wants written, so that one commit stores both."""
        shares = dict(self.late_fills)
        for name in self.__slots__:
            mine, theirs = getattr(self, name), getattr(later, name)
            if isinstance(mine, list):
                mine.extend(theirs)
            else:
                mine.update(theirs)
        for intent_id, filled in shares.items():
            if intent_id in later.late_fills:
                self.late_fills[intent_id] += filled
