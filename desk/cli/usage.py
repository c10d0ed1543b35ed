"""What click says, in Chinese: the help pages of every verb, and what is wrong with the words that were typed."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Iterable

import click

from desk.texts import usage as texts
from desk.texts.labels import width

_CLICKS = re.compile("|".join(re.escape(words) for words in sorted(texts.CLICKS, key=len, reverse=True)))
_PATH = re.compile(rf"\w+ (?P<path>.+) (?P<why>{'|'.join(texts.PATHS)})\.", re.DOTALL)
_TOO_MANY = re.compile(r"Got unexpected extra arguments? \((?P<words>.*)\)", re.DOTALL)


def _in_chinese(text: str) -> str:
    return _CLICKS.sub(lambda found: texts.CLICKS[found[0]], text)


class Page(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, _in_chinese(args), texts.USAGE if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        self.write(f"{_in_chinese(heading)}：\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Two columns as wide as they look: click counts a Chinese character as one column."""
        said = [(_in_chinese(term), _in_chinese(text)) for term, text in rows]
        wide = max(width(term) for term, _ in said) + col_spacing
        for term, text in said:
            self.write(f"{'':{self.current_indent}}{term}{'':{wide - width(term)}}{text}".rstrip() + "\n")


class Context(click.Context):
    formatter_class = Page


class ChineseVerb(click.Command):
    context_class = Context

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first line whole: click shortens between words, and Chinese has no spaces there."""
        return inspect.cleandoc(self.help or "").partition("\n")[0]


class ChineseGroup(ChineseVerb, click.Group):
    command_class = ChineseVerb


def wrong(error: click.UsageError) -> str:
    """Say what is wrong with the words that were typed, and where their use stands."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.message
    path = error.ctx.command_path if error.ctx is not None else "main.py"
    return f"{_sentence(error)}\n{texts.see_help(path)}"


def _sentence(error: click.UsageError) -> str:
    match error:
        case click.NoSuchOption():
            return texts.no_such_option(error.option_name, error.possibilities or [])
        case click.NoSuchCommand():
            group = error.ctx.command if error.ctx is not None else None
            known = group.commands if isinstance(group, click.Group) else {}
            return texts.no_such_verb(error.command_name, difflib.get_close_matches(error.command_name, known, n=2))
        case click.BadOptionUsage():
            say = texts.value_missing if " requires " in error.message else texts.takes_no_value
            return say(error.option_name)
        case click.MissingParameter() if error.param is not None:
            return texts.missing(_name(error.param, error.ctx))
        case click.BadParameter() if error.param is not None:
            return texts.bad_value(_name(error.param, error.ctx), _why(error.param.type, error.message))
    if found := _TOO_MANY.fullmatch(error.message):
        return texts.too_many(found["words"])
    return error.message


def _name(param: click.Parameter, context: click.Context | None) -> str:
    """The option as it is typed, or the argument as the help page calls it."""
    if isinstance(param, click.Option) or context is None:
        return param.opts[0]
    return param.make_metavar(context)


def _why(kind: object, message: str) -> str:
    """Why a value does not fit; a callback of ours has said it in Chinese itself."""
    match kind:
        case click.Choice():
            return texts.no_choice([str(choice) for choice in kind.choices])
        case click.IntRange() | click.FloatRange():
            return texts.no_number(isinstance(kind, click.IntRange), kind.min, kind.max, kind.min_open)
        case _ if kind is click.INT:
            return texts.no_number(True, None, None, False)
    found = _PATH.fullmatch(message)
    return texts.bad_path(found["path"].strip("'\""), found["why"]) if found else message
