"""Triggers that keep history append-only, decisions as they were and traded shares from falling.

They catch mistakes of our own code at the lowest place there is (I3, I9, I20); a broken one raises like any constraint.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

APPEND_ONLY = (
    *("bodies", "events", "book_changes", "order_facts", "fills", "reports", "commands", "settings_changes"),
    *("position_uploads", "position_adjustments"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Guard:
    """A forbidden change: `action` on `table`, only when `condition` holds ('' is always)."""

    table: str
    action: str
    condition: str
    message: str

    @property
    def name(self) -> str:
        return f"guard_{self.table}_{self.action.lower()}"


GUARDS = (
    *(
        Guard(table=table, action=action, condition="", message=f"{table} is append-only")
        for table in APPEND_ONLY
        for action in ("UPDATE", "DELETE")
    ),
    Guard(
        table="orders",
        action="UPDATE",
        condition="NEW.filled < OLD.filled OR NEW.fills_sum < OLD.fills_sum",
        message="traded shares never fall",
    ),
    Guard(
        table="intents",
        action="UPDATE",
        condition="NEW.decided <> OLD.decided OR NEW.side <> OLD.side OR NEW.symbol <> OLD.symbol",
        message="what was decided is decided once",
    ),
    Guard(table="orders", action="DELETE", condition="", message="orders are never deleted"),
)

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION gendan_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0]; END $$
"""


def statements(dialect: str, only: Iterable[str] | None = None) -> list[str]:
    """The DDL of all guards, or of those named, in a database's own words."""
    wanted = None if only is None else frozenset(only)
    chosen = [guard for guard in GUARDS if wanted is None or guard.name in wanted]
    if dialect == "sqlite":
        return [_sqlite(guard) for guard in chosen]
    return [_POSTGRES_FUNCTION, *(_postgres(guard) for guard in chosen)]


def _sqlite(guard: Guard) -> str:
    when = f"WHEN {guard.condition} " if guard.condition else ""
    return (
        f"CREATE TRIGGER {guard.name} BEFORE {guard.action} ON {guard.table} FOR EACH ROW {when}"
        f"BEGIN SELECT RAISE(ABORT, '{guard.message}'); END"
    )


def _postgres(guard: Guard) -> str:
    when = f"WHEN ({guard.condition}) " if guard.condition else ""
    return (
        f"CREATE TRIGGER {guard.name} BEFORE {guard.action} ON {guard.table} FOR EACH ROW {when}"
        f"EXECUTE FUNCTION gendan_refuse('{guard.message}')"
    )
