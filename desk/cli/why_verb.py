"""The verb `why`: one signal step by step, or what has made a book what it is."""

from __future__ import annotations

from pathlib import Path

import click

from base_func import UnsupportedSymbol, symbol_of
from desk.cli import showing
from desk.cli.exits import CONFIG, Leave
from desk.cli.home import Home
from desk.cli.options import with_home, with_json
from desk.cli.usage import ChineseVerb
from desk.clock import SystemClock
from desk.journal import AmbiguousId, Journal
from desk.journal.view_books import books
from desk.texts import cli as texts

_PAGE = 20


@click.command(cls=ChineseVerb)
@click.argument("wanted", metavar="编号|策略/账户/代码")
@click.option("--limit", type=click.IntRange(min=1, max=500), default=_PAGE, help="账本：一页几行")
@click.option("--before", "mark", help="账本：再往前的一页，用上一页末尾给的号")
@with_home
@with_json
def why(home: Path, wanted: str, limit: int, mark: str | None, as_json: bool) -> None:
    """看一个信号从到达到结束的每一步；编号写开头几位就行。写 策略/账户/代码 是看这本账为什么是这个数。"""
    place = Home(home)
    with place.look(place.config(), SystemClock()) as journal:
        if "/" in wanted:
            _book(journal, wanted, limit=limit, mark=mark, as_json=as_json)
        else:
            _signal(journal, wanted, as_json=as_json)


def _signal(journal: Journal, wanted: str, *, as_json: bool) -> None:
    from desk.journal.view_why import why as explain

    try:
        view = explain(journal, wanted)
    except AmbiguousId as error:
        raise Leave(CONFIG, texts.ambiguous_id(wanted, error.candidates)) from error
    if view is None:
        raise Leave(CONFIG, texts.unknown_id(wanted))
    showing.document(view) if as_json else showing.show_why(view)


def _book(journal: Journal, wanted: str, *, limit: int, mark: str | None, as_json: bool) -> None:
    from desk.journal.view_pages import BadMark, changes_page

    strategy, account, symbol = _names(wanted)
    found = [book for book in books(journal, strategy=strategy, account=account) if book["symbol"] == symbol]
    if not found:
        raise Leave(CONFIG, texts.unknown_book(wanted))
    try:
        page = changes_page(journal, strategy=strategy, symbol=symbol, account=account, mark=mark, limit=limit)
    except BadMark as error:
        raise Leave(CONFIG, texts.bad_mark(str(error))) from error
    if as_json:
        showing.document({"book": found[0], "changes": page.rows, "next": page.next})
    else:
        showing.show_book(found[0], page.rows, page.next)


def _names(wanted: str) -> tuple[str, str, str]:
    """Strategy, account and symbol; the code in JoinQuant's spelling or ours. Raises Leave."""
    rest, _, code = wanted.rpartition("/")
    strategy, _, account = rest.rpartition("/")
    try:
        return strategy, account, symbol_of(code)
    except UnsupportedSymbol as error:
        raise Leave(CONFIG, texts.unknown_book(wanted)) from error
