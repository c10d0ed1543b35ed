"""The verb `books`: the books as they are, or as they stood at a moment of the past."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import click

from base_func import BEIJING
from desk.cli import showing
from desk.cli.home import Home
from desk.cli.options import with_home, with_json
from desk.clock import SystemClock
from desk.journal.view_books import books_at
from desk.texts import cli as texts


def _as_moment(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    """A Beijing time; a day alone is the day's end."""
    if value is None:
        return None
    try:
        if len(value) == len("2026-11-20"):
            return datetime.combine(date.fromisoformat(value), time.max, BEIJING)
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(texts.bad_moment(value)) from error
    return found.replace(tzinfo=BEIJING) if found.tzinfo is None else found.astimezone(BEIJING)


@click.command()
@click.option(
    "--at", "moment", callback=_as_moment, help='过去某一刻的账本，例如 "2026-11-20 10:30"；只写日期是那天结束时'
)
@click.option("--limit", type=click.IntRange(min=0), help="只要前几行")
@with_home
@with_json
def books(home: Path, as_json: bool, limit: int | None, moment: datetime | None) -> None:
    """看每个策略的账本：应有、实有、欠卖；--at 看过去某一刻的。"""
    place = Home(home)
    with place.look(place.config(), SystemClock()) as journal:
        if moment is None:
            rows, name = showing.rows_of(journal, "books", None, None, limit), "books"
        else:
            rows, name = books_at(journal, moment)[:limit], "books_at"
    showing.show_list(name, rows, as_json=as_json, bounded=limit is not None or moment is not None)
