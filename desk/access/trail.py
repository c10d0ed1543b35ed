"""The audit log: every change that a person or a key made, old → new. Rows are added, never changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from desk.access.book import moment, stamp
from desk.access.database import Database
from desk.access.records import AuditRow
from desk.access.tables import audit


class Trail:
    """Usable from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(
        self,
        action: str,
        *,
        at: datetime,
        who: str,
        via: str,
        address: str,
        target: str = "",
        old: str | None = None,
        new: str | None = None,
    ) -> None:
        """Add a row; durable when it returns. Secrets do not belong in it."""
        row = {"at": stamp(at), "who": who, "via": via, "address": address, "action": action, "target": target}
        with self._database.change() as change:
            change.execute(audit.insert().values(**row, old=old, new=new))

    def rows(self, *, before: int | None = None, limit: int = 50, action: str = "", who: str = "") -> list[AuditRow]:
        """The newest rows, or the newest before the row `before`."""
        wanted = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(audit.c.id < before)
        if action:
            wanted = wanted.where(audit.c.action == action)
        if who:
            wanted = wanted.where(audit.c.who == who)
        with self._database.look() as look:
            return [
                AuditRow(
                    row_id=row.id,
                    at=moment(row.at),
                    who=row.who,
                    via=row.via,
                    address=row.address,
                    action=row.action,
                    target=row.target,
                    old=row.old,
                    new=row.new,
                )
                for row in look.execute(wanted)
            ]

    def count(self) -> int:
        with self._database.look() as look:
            return int(look.execute(select(func.count()).select_from(audit)).scalar_one())
