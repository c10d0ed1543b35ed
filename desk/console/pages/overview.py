"""总览: how things stand."""

from __future__ import annotations

from flask import Blueprint, render_template

from desk.access import Scope
from desk.console.door import needs
from desk.console.sources import Sources


def make(sources: Sources) -> Blueprint:
    overview = Blueprint("overview", __name__)

    @overview.get("/")
    @needs(Scope.READ)
    def page() -> str:
        return render_template("overview.html", status=sources.status())

    return overview
