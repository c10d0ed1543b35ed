"""日志与审计: who changed what, newest first."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from desk.access import Scope
from desk.console import chosen
from desk.console.door import needs
from desk.console.sources import Sources

PAGE = 50


def make(sources: Sources) -> Blueprint:
    trail = sources.guard.trail
    audit = Blueprint("audit", __name__)

    @audit.get("/audit")
    @needs(Scope.ADMIN)
    def page() -> str:
        before = chosen.number("before")
        who, action = request.args.get("who", "")[:64], request.args.get("action", "")[:64]
        rows = trail.rows(before=before, limit=PAGE + 1, who=who, action=action)
        more = rows[PAGE - 1].row_id if len(rows) > PAGE else None
        return render_template("audit.html", rows=rows[:PAGE], more=more, before=before, who=who, action=action)

    return audit
