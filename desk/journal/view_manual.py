"""What a person may sell by hand: the books of the pseudo-strategy 手动, with what T+1 lets go today."""

from __future__ import annotations

from base_func import UnsupportedSymbol, is_t0
from desk.core.book import sold_today_bound
from desk.core.manual import STRATEGY
from desk.journal.journal import Journal
from desk.journal.records import BOOK
from desk.journal.view_books import books
from desk.journal.views import View, positions


def manual_holdings(journal: Journal) -> list[View]:
    """What was bought by hand and is held still, by account and symbol; prices in yuan as last seen, None if never.

    `sellable_shares`: what a sale of today may still name.
    """
    today = journal.clock.now().date()
    with journal.look() as look:
        rows = look.rows(f"{BOOK.select} WHERE strategy = ? ORDER BY account, symbol", (STRATEGY,))
    moving = {
        (row["account"], row["symbol"]): row["in_flight_shares"] + row["pending_shares"]
        for row in books(journal, strategy=STRATEGY)
    }
    seen = {(row["account"], row["symbol"]): row for row in positions(journal)}
    found = []
    for book in map(BOOK.read, rows):
        key = (book.account, book.symbol)
        under_way = moving.get(key, 0)
        if not book.own and not under_way:
            continue
        free = sold_today_bound(book, today, _t0(book.symbol)) + min(0, under_way)
        there = seen.get(key, {})
        found.append(
            {
                "account": book.account,
                "symbol": book.symbol,
                "name": there.get("name", ""),
                "own_shares": book.own,
                "sellable_shares": max(0, free),
                "under_way_shares": under_way,
                "price": there.get("price"),
                "frozen": book.frozen,
            }
        )
    return found


def _t0(symbol: str) -> bool:
    try:
        return is_t0(symbol)
    except UnsupportedSymbol:
        return False
