"""Long lists for pages, newest first: a page holds at most so many rows and says where the next one begins.

A mark names the last row of a page by what it is ordered by, so that rows which come meanwhile shift nothing. Every
question runs along an index: a page of a journal with a million rows costs what one of an empty journal costs. What has
no index is looked for among so many rows for one page; it may have few rows, or none, and a mark all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from desk.core.values import EventKind, OrderState, Verdict
from desk.journal import outbox
from desk.journal.columns import listing
from desk.journal.database import Row, Session, marks
from desk.journal.journal import Journal
from desk.journal.outbox import ToldMessage
from desk.journal.records import BOOK_CHANGE
from desk.journal.tables import NOT_FINAL
from desk.journal.values import day_bounds, iso, plain
from desk.journal.view_told import outcome
from desk.journal.views import (
    FILL_COLUMNS,
    ORDER_COLUMNS,
    SIGNAL_COLUMNS,
    SIGNAL_ROWS,
    View,
    fill_view,
    order_view,
    signal_views,
)

MOST = 500
LOOKED_AT = 10_000  # rows that one page is chosen from
_ASKED = listing((EventKind.ORDER.value, EventKind.CANCEL.value, EventKind.TEST.value))


class BadMark(ValueError):
    """The mark is none that a page has given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Rows newest first; `next` is the mark of the page after it, None at the end."""

    rows: list[View]
    next: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _List:
    """How a list is asked for: its rows, and their order, the first column of which is the time."""

    columns: str
    rows: str
    order: tuple[str, ...]  # the columns of a mark
    least: str  # what stands before all values of the columns but the first


_SIGNALS = _List(columns=SIGNAL_COLUMNS, rows=SIGNAL_ROWS, order=("e.received_at", "e.id"), least="0")
_ORDERS = _List(columns=ORDER_COLUMNS, rows="FROM orders", order=("created_at", "client_order_id"), least="")
_FILLS = _List(columns=FILL_COLUMNS, rows="FROM fills", order=("at", "account", "fill_id"), least="")


def signals_page(
    journal: Journal,
    *,
    mark: str | None,
    limit: int,
    strategy: str | None = None,
    day: date | None = None,
    verdict: Verdict | None = None,
    asked_only: bool = False,
) -> Page:
    """Events by the time they were received; `asked_only` without heartbeats and snapshots. Raises BadMark.

    A `verdict` is looked for row by row: name a day with it.
    """
    indexed: list[tuple[str, Any]] = [("e.strategy = ?", strategy)] if strategy is not None else []
    where: list[tuple[str, Any]] = []
    if asked_only:
        where.append((f"e.kind IN ({_ASKED})", None))
    if verdict is Verdict.WORKING:
        where.append(("COALESCE(o.verdict, 'working') = 'working'", None))
    elif verdict is not None:
        where.append(("o.verdict = ?", verdict.value))
    with journal.look() as look:
        rows, following = _page(look, _SIGNALS, where, mark, limit, day, indexed)
        return Page(rows=signal_views(look, rows), next=following)


def orders_page(
    journal: Journal,
    *,
    mark: str | None,
    limit: int,
    account: str | None = None,
    strategy: str | None = None,
    day: date | None = None,
    open_only: bool = False,
    state: OrderState | None = None,
    symbol: str | None = None,
) -> Page:
    """Our orders by the time they were made. Raises BadMark.

    A `state` or a `symbol` is looked for row by row: name a day with it.
    """
    where = _equal(account=account, strategy=strategy, symbol=symbol, state=state.value if state else None)
    indexed: list[tuple[str, Any]] = [(f"state IN ({listing(NOT_FINAL)})", None)] if open_only else []
    with journal.look() as look:
        rows, following = _page(look, _ORDERS, where, mark, limit, day, indexed)
    return Page(rows=[order_view(row) for row in rows], next=following)


def fills_page(
    journal: Journal,
    *,
    mark: str | None,
    limit: int,
    account: str | None = None,
    strategy: str | None = None,
    day: date | None = None,
    symbol: str | None = None,
) -> Page:
    """Our fills by their time. Raises BadMark."""
    where = _equal(account=account, strategy=strategy, symbol=symbol)
    with journal.look() as look:
        rows, following = _page(look, _FILLS, where, mark, limit, day)
    return Page(rows=[fill_view(row) for row in rows], next=following)


def _equal(**wanted: str | None) -> list[tuple[str, Any]]:
    return [(f"{name} = ?", value) for name, value in wanted.items() if value is not None]


def _page(
    look: Session,
    what: _List,
    where: Sequence[tuple[str, Any]],
    mark: str | None,
    limit: int,
    day: date | None,
    indexed: Sequence[tuple[str, Any]] = (),
) -> tuple[list[Row], str | None]:
    """The rows without their marks, and the mark of the last one if others follow. `where` has no index."""
    conditions = [text for text, _ in indexed]
    params = [value for _, value in indexed if value is not None]
    if day is not None:
        conditions.append(f"{what.order[0]} >= ? AND {what.order[0]} < ?")
        params += day_bounds(day, day)
    if mark is not None:
        conditions.append(f"({', '.join(what.order)}) < ({', '.join('?' * len(what.order))})")
        params += _read_mark(mark, what)
    floor = _floor(look, what, conditions, params) if where else None
    if floor is not None:
        conditions.append(f"{what.order[0]} >= ?")
        params.append(floor)
    conditions += [text for text, _ in where]
    params += [value for _, value in where if value is not None]
    most = max(1, min(limit, MOST))
    found = look.rows(
        f"SELECT {', '.join(what.order)}, {what.columns} {what.rows} {_all_of(conditions)} "
        f"ORDER BY {', '.join(f'{column} DESC' for column in what.order)} LIMIT ?",
        (*params, most + 1),
    )
    size = len(what.order)
    rows = found[:most]
    following = None
    if len(found) > most:
        following = "~".join(str(part) for part in rows[-1][:size])
    elif floor is not None:
        following = "~".join((str(floor), *(what.least,) * (size - 1)))
    return [row[size:] for row in rows], following


def _floor(look: Session, what: _List, conditions: Sequence[str], params: Sequence[Any]) -> int | None:
    """The time of the last row that is looked at for a page; None when there are no more than that."""
    first = what.order[0]
    table = what.rows.partition(" LEFT JOIN ")[0]
    found = look.one(
        f"SELECT {first} {table} {_all_of(conditions)} ORDER BY {first} DESC LIMIT 1 OFFSET ?", (*params, LOOKED_AT)
    )
    return None if found is None else int(found[0])


def _all_of(conditions: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _read_mark(mark: str, what: _List) -> list[Any]:
    parts: list[Any] = mark.split("~", len(what.order) - 1)
    numbers = 2 if what is _SIGNALS else 1
    if len(parts) != len(what.order) or not all(_is_number(part) for part in parts[:numbers]):
        raise BadMark(mark)
    return [*(int(part) for part in parts[:numbers]), *parts[numbers:]]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def messages_page(journal: Journal, *, mark: str | None, limit: int) -> Page:
    """What was told, with what became of it at each robot. Raises BadMark."""
    if mark is not None and not _is_number(mark):
        raise BadMark(mark)
    most = max(1, min(limit, MOST))
    with journal.look() as look:
        found = outbox.listing(look, most + 1, before=int(mark) if mark is not None else None)
    following = str(found[most - 1].id) if len(found) > most else None
    return Page(rows=[_message(told) for told in found[:most]], next=following)


def _message(told: ToldMessage) -> View:
    return {
        "id": told.id,
        "at": told.message.at.isoformat(),
        "kind": told.message.kind,
        "title": told.message.title,
        "text": told.message.text,
        "urgent": told.message.urgent,
        # A robot's name is a digest of its token: nobody can send with it.
        "deliveries": [
            {
                "robot": one.robot,
                "state": outcome(one),
                "attempts": one.attempts,
                "error": one.error,
                "done_at": one.done_at.isoformat() if one.done_at else None,
            }
            for one in told.deliveries
        ],
    }


def changes_page(
    journal: Journal, *, strategy: str, symbol: str, account: str | None, mark: str | None, limit: int
) -> Page:
    """What has made a book what it is: its changes with their causes. Raises BadMark."""
    if mark is not None and not _is_number(mark):
        raise BadMark(mark)
    most = max(1, min(limit, MOST))
    columns = ", ".join(BOOK_CHANGE.columns)
    where, params = "strategy = ? AND symbol = ?", [strategy, symbol]
    if account is not None:
        where, params = f"{where} AND (account IS NULL OR account = ?)", [*params, account]
    before = int(mark) if mark is not None else 2**62
    with journal.look() as look:
        found = look.rows(
            f"SELECT id, {columns} FROM book_changes WHERE {where} AND id < ? ORDER BY id DESC LIMIT ?",
            (*params, before, most + 1),
        )
    rows = []
    for _, *fields in found[:most]:
        change = BOOK_CHANGE.read(tuple(fields))
        rows.append(
            {
                "at": change.at.isoformat(),
                "strategy": change.strategy,
                "account": change.account,
                "symbol": change.symbol,
                "cause": change.cause,
                "ref": change.ref,
                "strategy_shares": change.strategy_shares,
                "counted_shares": change.counted_shares,
                "entitled_shares": plain(change.entitled),
                "own_shares": change.own,
            }
        )
    return Page(rows=rows, next=str(found[most - 1][0]) if len(found) > most else None)


def settings_page(journal: Journal, *, mark: str | None, limit: int) -> Page:
    """Who changed what in the configuration. Raises BadMark."""
    if mark is not None and not _is_number(mark):
        raise BadMark(mark)
    most = max(1, min(limit, MOST))
    with journal.look() as look:
        found = look.rows(
            "SELECT id, at, who, key, old, new FROM settings_changes WHERE id < ? ORDER BY id DESC LIMIT ?",
            (int(mark) if mark is not None else 2**62, most + 1),
        )
    rows = [
        {"id": number, "at": iso(at), "who": who, "key": key, "old": old, "new": new}
        for number, at, who, key, old, new in found[:most]
    ]
    return Page(rows=rows, next=str(found[most - 1][0]) if len(found) > most else None)


def numbered_orders(
    journal: Journal,
    *,
    page: int,
    size: int,
    states: Sequence[str] = (),
    symbol: str | None = None,
    order_id: str | None = None,
) -> tuple[int, list[View]]:
    """A page by its number, newest first, and how many orders there are: for programs that count pages."""
    where = _equal(symbol=symbol, client_order_id=order_id)
    conditions, params = [text for text, _ in where], [value for _, value in where]
    if states:
        conditions.append(f"state IN ({marks(len(states))})")
        params += states
    rows_text = f"FROM orders {'WHERE ' + ' AND '.join(conditions) if conditions else ''}"
    with journal.look() as look:
        count = look.one(f"SELECT COUNT(*) {rows_text}", params)
        rows = look.rows(
            f"SELECT {ORDER_COLUMNS} {rows_text} ORDER BY created_at DESC, client_order_id DESC LIMIT ? OFFSET ?",
            (*params, size, (page - 1) * size),
        )
    return int(count[0]) if count else 0, [order_view(row) for row in rows]
