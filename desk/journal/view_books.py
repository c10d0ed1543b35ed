"""The books as people see them: what a strategy holds, what we are entitled to, own, and have on its way."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from base_func import UnsupportedSymbol, legal_buy, legal_sell
from desk.core.book import scaled
from desk.core.values import Book, Side
from desk.journal.columns import listing
from desk.journal.database import Session
from desk.journal.history import rebuild_books
from desk.journal.journal import Journal
from desk.journal.records import BOOK, JQ_RATE
from desk.journal.tables import LIVE_STATES, OPEN_JQ
from desk.journal.values import iso, micros, plain
from desk.journal.views import View

_Key = tuple[str, str, str]  # strategy, account, symbol


@dataclass(slots=True)
class _Underway:
    in_flight: int = 0  # signed: what live orders may still trade
    pending: int = 0  # signed: decided, not ended, not with the broker
    busy: bool = False  # an intent or an order is not done: what is missing is no debt yet


def books(journal: Journal, *, strategy: str | None = None, account: str | None = None) -> list[View]:
    """Every book, by strategy, account and symbol."""
    with journal.look() as look:
        found = [BOOK.read(row) for row in look.rows(f"{BOOK.select} ORDER BY strategy, account, symbol")]
        held = {
            (name, symbol): shares
            for name, symbol, shares in look.rows("SELECT strategy, symbol, strategy_shares FROM holdings")
        }
        underway = _underway(look)
        unsold = _still_sold_there(look)
        gaps = _gaps(look)
    rows = []
    for book in found:
        if strategy not in (None, book.strategy) or account not in (None, book.account):
            continue
        key = (book.strategy, book.account, book.symbol)
        moving = underway.get(key, _Underway())
        causes = [book.frozen] if book.frozen else []
        causes += gaps.get((book.strategy, book.symbol), [])
        rows.append(
            {
                "strategy": book.strategy,
                "account": book.account,
                "symbol": book.symbol,
                "strategy_shares": held.get((book.strategy, book.symbol), 0),
                "entitled_shares": plain(book.entitled),
                "target_shares": target(book),
                "own_shares": book.own,
                "in_flight_shares": moving.in_flight,
                "pending_shares": moving.pending,
                "debt_shares": 0 if moving.busy else debt(book, unsold.get(key, Decimal(0))),
                "gap": "; ".join(causes) or None,
                "frozen": book.frozen,
            }
        )
    return rows


def books_at(journal: Journal, moment: datetime) -> list[View]:
    """Every book as it stood at a moment of the past, itself included, with the change that had made it so.

    What was on its way then is not told: orders keep their facts, books their changes.
    """
    with journal.look() as look:
        holdings, found = rebuild_books(look, moment)
        last = {
            (strategy, account, symbol): (at, cause, ref)
            for strategy, account, symbol, at, cause, ref in look.rows(
                "SELECT strategy, account, symbol, at, cause, ref FROM book_changes WHERE id IN (SELECT MAX(id) "
                "FROM book_changes WHERE at <= ? AND account IS NOT NULL GROUP BY strategy, account, symbol)",
                (micros(moment),),
            )
        }
    rows = []
    for key in sorted(found):
        strategy, account, symbol = key
        (entitled, own), (at, cause, ref) = found[key], last[key]
        strategy_shares, counted_shares = holdings.get((strategy, symbol), (0, 0))
        rows.append(
            {
                "strategy": strategy,
                "account": account,
                "symbol": symbol,
                "strategy_shares": strategy_shares,
                "counted_shares": counted_shares,
                "entitled_shares": plain(entitled),
                "own_shares": own,
                "changed_at": iso(at),
                "cause": cause,
                "ref": ref,
            }
        )
    return rows


def positions_at(journal: Journal, moment: datetime) -> list[View]:
    """What strategies owned on each account at a moment of the past, itself included.

    What a person had bought there by hand is not told: its past is not kept.
    """
    owned: dict[tuple[str, str], list[View]] = defaultdict(list)
    for book in books_at(journal, moment):
        if book["own_shares"]:
            share = {"strategy": book["strategy"], "own_shares": book["own_shares"]}
            owned[book["account"], book["symbol"]].append(share)
    return [
        {
            "account": account,
            "symbol": symbol,
            "own_shares": sum(share["own_shares"] for share in shares),
            "strategies": shares,
        }
        for (account, symbol), shares in sorted(owned.items())
    ]


def target(book: Book) -> int:
    """What the book settles at by legal orders: own 100 with T 90 stays 100, 10 shares are no legal sale."""
    missing = book.entitled - book.own
    try:
        if missing >= 0:
            return book.own + legal_buy(book.symbol, missing)
        return book.own - legal_sell(book.symbol, -missing, book.own)
    except UnsupportedSymbol:
        return book.own


def debt(book: Book, unsold: Decimal) -> int:
    """Shares owned beyond the entitlement that can legally be sold; `unsold` is what JoinQuant has not yet sold."""
    surplus = book.own - book.entitled - unsold
    if surplus <= 0:
        return 0
    try:
        return legal_sell(book.symbol, surplus, book.own)
    except UnsupportedSymbol:
        return 0


def _underway(look: Session) -> dict[_Key, _Underway]:
    moving: dict[_Key, _Underway] = defaultdict(_Underway)
    live = listing(LIVE_STATES)
    with_broker: dict[str, int] = defaultdict(int)
    traded: dict[str, int] = defaultdict(int)
    for strategy, account, symbol, side, intent_id, rest in look.rows(
        f"SELECT strategy, account, symbol, side, intent_id, shares - filled FROM orders WHERE state IN ({live})"
    ):
        entry = moving[strategy, account, symbol]
        entry.busy = True
        remaining = max(0, rest)
        entry.in_flight += _signed(side, remaining)
        with_broker[intent_id] += remaining
    for intent_id, filled in look.rows(
        "SELECT intent_id, SUM(filled) FROM orders WHERE intent_id IN (SELECT intent_id FROM intents WHERE ended = 0) "
        "GROUP BY intent_id"
    ):
        traded[intent_id] = int(filled)
    for strategy, account, symbol, side, intent_id, decided, given_up in look.rows(
        "SELECT strategy, account, symbol, side, intent_id, decided, given_up FROM intents WHERE ended = 0"
    ):
        entry = moving[strategy, account, symbol]
        entry.busy = True
        rest = decided - given_up - traded[intent_id] - with_broker[intent_id]
        entry.pending += _signed(side, max(0, rest))
    return moving


def _signed(side: str, shares: int) -> int:
    return shares if side == Side.BUY.value else -shares


def _still_sold_there(look: Session) -> dict[_Key, Decimal]:
    """Our shares of what JoinQuant counts as sold but has not sold yet: no debt before it has (FOLLOWING §2)."""
    columns = ", ".join(f"r.{column}" for column in JQ_RATE.columns)
    unsold: dict[_Key, Decimal] = defaultdict(Decimal)
    for symbol, counted, filled, *rate in look.rows(
        f"SELECT j.symbol, j.counted, j.filled, {columns} FROM jq_orders j JOIN jq_rates r "
        "ON r.strategy = j.strategy AND r.day = j.day AND r.jq_order_id = j.jq_order_id "
        f"WHERE j.status IN ({listing(OPEN_JQ)}) AND j.side = ? AND j.closed = 0 AND j.counted > j.filled",
        (Side.SELL.value,),
    ):
        frozen = JQ_RATE.read(tuple(rate))
        unsold[frozen.strategy, frozen.account, symbol] += scaled(counted - filled, frozen)
    return unsold


def _gaps(look: Session) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for strategy, symbol, text in look.rows(
        "SELECT strategy, symbol, text FROM gaps WHERE closed_at IS NULL AND symbol IS NOT NULL ORDER BY at, key"
    ):
        found[strategy, symbol].append(text)
    return found
