"""The verbs `books` and `positions`: as they are, or as they stood at a moment of the past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from pathlib import Path

import click

from base_func import BEIJING
from desk.cli import showing
from desk.cli.home import Home
from desk.cli.options import Verb, with_home, with_json
from desk.cli.usage import ChineseVerb
from desk.clock import SystemClock
from desk.journal import Journal
from desk.journal.view_books import books_at, positions_at
from desk.journal.views import View
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


def _with_moment(what: str) -> Callable[[Verb], Verb]:
    return click.option(
        "--at",
        "moment",
        callback=_as_moment,
        help=f'过去某一刻的{what}，例如 "2026-11-20 10:30"；只写日期是那天结束时',
    )


@click.command(cls=ChineseVerb)
@_with_moment("账本")
@click.option("--limit", type=click.IntRange(min=0), help="只要前几行")
@with_home
@with_json
def books(home: Path, as_json: bool, limit: int | None, moment: datetime | None) -> None:
    """看每个策略的账本：应持、实持、欠卖；--at 看过去某一刻的。"""
    _show(home, "books", books_at, as_json=as_json, limit=limit, moment=moment)


@click.command(cls=ChineseVerb)
@_with_moment("持仓（策略名下的）")
@click.option("--limit", type=click.IntRange(min=0), help="只要前几行")
@with_home
@with_json
def positions(home: Path, as_json: bool, limit: int | None, moment: datetime | None) -> None:
    """看账户持仓；--at 看过去某一刻策略名下的。"""
    _show(home, "positions", positions_at, as_json=as_json, limit=limit, moment=moment)
    if moment is not None and not as_json:
        showing.say(texts.OWNED_ONLY)


def _show(
    home: Path,
    name: str,
    view_at: Callable[[Journal, datetime], Sequence[View]],
    *,
    as_json: bool,
    limit: int | None,
    moment: datetime | None,
) -> None:
    place = Home(home)
    with place.look(place.config(), SystemClock()) as journal:
        if moment is None:
            rows = showing.rows_of(journal, name, None, None, limit)
        else:
            rows, name = view_at(journal, moment)[:limit], f"{name}_at"
    showing.show_list(name, rows, as_json=as_json, bounded=limit is not None or moment is not None)
