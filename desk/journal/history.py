"""Check the book against its own history: what the appended rows add up to must be what the tables say (I10, I20)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal, localcontext

from desk.journal.database import Session
from desk.journal.journal import Journal
from desk.journal.values import micros
from desk.texts import journal as texts

Holdings = dict[tuple[str, str], tuple[int, int]]  # (strategy, symbol) -> S, C
Books = dict[tuple[str, str, str], tuple[Decimal, int]]  # (strategy, account, symbol) -> T, own

_EVER = 2**62
_DIGITS = 60  # sums of exact decimals stay exact


def rebuild_books(look: Session, until: datetime | None = None) -> tuple[Holdings, Books]:
    """Add up all book changes from zero; `until`: only those that were made by that moment, itself included."""
    holdings: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    entitled: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    own: dict[tuple[str, str, str], int] = defaultdict(int)
    with localcontext() as context:
        context.prec = _DIGITS
        for strategy, account, symbol, strategy_shares, counted, t_text, own_delta in look.rows(
            "SELECT strategy, account, symbol, strategy_shares, counted_shares, entitled, own FROM book_changes "
            "WHERE at <= ?",
            (micros(until) if until is not None else _EVER,),
        ):
            if strategy_shares or counted:
                holdings[strategy, symbol][0] += strategy_shares
                holdings[strategy, symbol][1] += counted
            if account is not None:
                entitled[strategy, account, symbol] += Decimal(t_text)
                own[strategy, account, symbol] += own_delta
    return (
        {key: (shares[0], shares[1]) for key, shares in holdings.items()},
        {key: (entitled[key], own[key]) for key in entitled},
    )


def check_history(journal: Journal) -> list[str]:
    """Sentences about what does not agree; none when the tables follow from the history."""
    with journal.look() as look:
        return [*_books(look), *_orders(look), *_queue(look)]


def _books(look: Session) -> list[str]:
    holdings, books = rebuild_books(look)
    said_holdings: Holdings = {
        (strategy, symbol): (s, c)
        for strategy, symbol, s, c in look.rows(
            "SELECT strategy, symbol, strategy_shares, counted_shares FROM holdings"
        )
    }
    said_books: Books = {
        (strategy, account, symbol): (Decimal(entitled), own)
        for strategy, account, symbol, entitled, own in look.rows(
            "SELECT strategy, account, symbol, entitled, own FROM books"
        )
    }
    problems = []
    for holding in sorted(holdings.keys() | said_holdings.keys()):
        added, said = holdings.get(holding, (0, 0)), said_holdings.get(holding, (0, 0))
        if added != said:
            problems.append(texts.differs(" ".join(holding), f"S/C {said}", str(added)))
    for book in sorted(books.keys() | said_books.keys()):
        summed, stands = books.get(book, (Decimal(0), 0)), said_books.get(book, (Decimal(0), 0))
        if summed != stands:
            problems.append(
                texts.differs(" ".join(book), f"T {stands[0]} own {stands[1]}", f"T {summed[0]} own {summed[1]}")
            )
    return problems


def _orders(look: Session) -> list[str]:
    problems = []
    sums: dict[str, tuple[int, Decimal]] = {}
    with localcontext() as context:
        context.prec = _DIGITS
        for order_id, shares, price in look.rows("SELECT client_order_id, shares, price FROM fills"):
            before = sums.get(order_id, (0, Decimal(0)))
            sums[order_id] = (before[0] + shares, before[1] + shares * Decimal(price))
        for order_id, fills_sum, turnover in look.rows("SELECT client_order_id, fills_sum, turnover FROM orders"):
            added = sums.get(order_id, (0, Decimal(0)))
            if (fills_sum, Decimal(turnover)) != added:
                problems.append(texts.differs(order_id, f"{fills_sum} / {turnover}", f"{added[0]} / {added[1]}"))
    for order_id, state, last in look.rows(
        "SELECT o.client_order_id, o.state, f.to_state FROM orders o JOIN order_facts f ON f.id = "
        "(SELECT MAX(x.id) FROM order_facts x WHERE x.client_order_id = o.client_order_id) WHERE o.state <> f.to_state"
    ):
        problems.append(texts.differs(order_id, state, last))
    for order_id, filled, shares in look.rows(
        "SELECT client_order_id, filled, fills_sum FROM orders WHERE filled < fills_sum"
    ):
        problems.append(texts.differs(order_id, str(filled), str(shares)))
    return problems


def _queue(look: Session) -> list[str]:
    return [
        texts.queue_differs(event_id)
        for (event_id,) in look.rows(
            "SELECT e.event_id FROM events e LEFT JOIN undecided u ON u.event = e.id "
            "LEFT JOIN outcomes o ON o.event_id = e.event_id "
            "WHERE (u.event IS NULL) <> (o.event_id IS NOT NULL) ORDER BY e.id"
        )
    ]
