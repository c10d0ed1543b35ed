"""What the console serves to programs beside its pages: the REST interface, readiness and metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from flask import Blueprint, Response
from werkzeug.exceptions import Forbidden

from desk.access import Scope
from desk.console import door
from desk.console.api.acting import Acting
from desk.console.api.docs_page import pages
from desk.console.api.operations import reports, table
from desk.console.api.reading import Reading
from desk.console.api.reports import Reports
from desk.console.api.routes import make_api, problem
from desk.console.compat.counter import Counter
from desk.console.compat.mini_qmt import make_mini_qmt
from desk.console.compat.qmt_web import make_qmt_web
from desk.console.day_facts import day_facts
from desk.console.metrics import Metrics, make_health
from desk.console.sources import Sources
from desk.pictures.day import draw
from desk.pictures.fonts import NoChineseFont
from desk.texts.day_picture import DayFacts, markdown


def programs(
    sources: Sources, *, version: str, trading: Callable[[], bool], journal_file: Path | None
) -> tuple[Blueprint, ...]:
    """Make the blueprints; each lets in by itself. `trading`: whether a trading loop runs on this home."""
    reading = Reading(journal=sources.journal, config=sources.config, status_view=sources.status)
    acting = Acting(journal=sources.journal, ask=sources.ask, trading=trading, note=_note)
    beside = Reports(
        journal=sources.journal,
        config=sources.config,
        trail=sources.guard.trail,
        quote=sources.quote,
        instrument=sources.instrument,
    )
    operations = [*table(reading, acting), *reports(beside)]
    counter = Counter(journal=sources.journal, status_view=sources.status, acting=acting)
    return (
        make_api(operations, let_in, {**pages(operations, version), **_day(sources)}),
        make_qmt_web(counter, let_in, door.prove_signed),
        make_mini_qmt(counter, let_in),
        make_health(Metrics(sources.journal, journal_file, trading), let_in),
    )


def _day(sources: Sources) -> dict[str, Callable[[], Response]]:
    """The picture of today, and the same in markdown."""

    def facts() -> DayFacts:
        return day_facts(sources.journal, sources.config(), sources.clock.now().date())

    def picture() -> Response:
        try:
            return Response(draw(facts()), content_type="image/png")
        except NoChineseFont as error:
            return problem(503, str(error))

    def text() -> Response:
        return Response(markdown(facts()), content_type="text/markdown; charset=utf-8")

    return {"/day.png": picture, "/day.md": text}


def let_in(scope: str) -> str:
    """The name of who asks; an HTTPException for those who may not.

    A browser only reads here: it acts through the pages, which ask for the trading password.
    """
    caller = door.authorize(scope)
    if caller.login is not None and Scope(scope) is not Scope.READ:
        raise Forbidden
    return f"api:{caller.user.name}"


def _note(verb: str, args: Mapping[str, str]) -> None:
    door.note(f"api.{verb}", args.get("id") or args.get("key", ""), new=dict(args))
