"""Options that many verbs share, and the group that takes no verb for `run`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from desk.cli.usage import ChineseGroup
from desk.texts import cli as texts

PROJECT = Path(__file__).resolve().parents[2]


def as_home(context: click.Context, _: click.Parameter, value: Path | None) -> Path:
    """--home stands before or after the verb; the nearest one counts."""
    place: click.Context | None = context
    while value is None and place is not None:
        value = place.params.get("home")
        place = place.parent
    return (value or PROJECT).resolve()


def as_day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise click.BadParameter(texts.bad_date(str(value))) from error


Verb = Callable[..., Any]


def with_home(verb: Verb) -> Verb:
    return click.option(
        "--home", type=click.Path(path_type=Path, file_okay=False), callback=as_home, is_eager=True,
        help="放 config/ 和 data/ 的文件夹；不写就是程序所在的文件夹",
    )(verb)  # fmt: skip


def with_json(verb: Verb) -> Verb:
    return click.option("--json", "as_json", is_flag=True, help="输出一个 JSON，供别的程序读")(verb)


def with_days(verb: Verb) -> Verb:
    @functools.wraps(verb)
    def checked(day_from: date | None, day_to: date | None, **others: Any) -> Any:
        if day_from and day_to and day_to < day_from:
            raise click.UsageError(texts.days_turned_round(day_from, day_to), click.get_current_context())
        return verb(day_from=day_from, day_to=day_to, **others)

    asked = checked
    for option, text in (("--to", "到哪天"), ("--from", "从哪天，例如 2026-11-20")):
        asked = click.option(option, f"day_{option[2:]}", callback=as_day, help=text)(asked)
    return asked


class Verbs(ChineseGroup):
    group_class = ChineseGroup

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Without a verb: `run`."""
        at = 2 if args[:1] == ["--home"] else 1 if args and args[0].startswith("--home=") else 0
        if not args[at:] or args[at] in ("--only", "--home") or args[at].startswith(("--only=", "--home=")):
            args = [*args[:at], "run", *args[at:]]
        return super().parse_args(context, args)
