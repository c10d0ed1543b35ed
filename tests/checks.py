"""What must hold of a desk at any moment, and what must hold once nothing is under way; judged at the exchange."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from base_func import legal_sell, smallest_buy, symbol_of
from desk.core.values import Book, OrderState, Side
from tests.world import World

if TYPE_CHECKING:
    from tests.strategies import JoinQuant


def intents(world: World) -> dict[str, tuple[int, str, int]]:
    """(decided, side, filled) of every intent the journal has ever stored."""
    with world.journal.look() as look:
        return {
            row[0]: (row[1], row[2], row[3])
            for row in look.rows("SELECT intent_id, decided, side, filled FROM intents")
        }


def assert_never_more_than_meant(world: World) -> None:
    """I4: fills and live remainders at the exchange, by intent, never exceed what was decided; no side is changed."""
    decided = intents(world)
    exposure: dict[str, int] = {}
    for name in world.exchanges:
        for order in world.exchanges[name].picture(world.clock.now()).orders:
            if not order.client_order_id:
                continue
            intent_id = order.client_order_id.rsplit("-", 1)[0]
            assert intent_id in decided, f"{order.client_order_id} was sent without an intent in the journal"
            assert decided[intent_id][1] == order.side.value
            exposure[intent_id] = exposure.get(intent_id, 0) + (order.filled if order.status.final else order.shares)
    for intent_id, shares in exposure.items():
        assert shares <= decided[intent_id][0], (
            f"{intent_id}: {shares} at the exchange, {decided[intent_id][0]} decided"
        )


def assert_one_side_live(world: World) -> None:
    """Never a buy and a sell of one symbol on one account, never two orders of one side."""
    for name in world.exchanges:
        live = [
            (o.symbol, o.side)
            for o in world.exchanges[name].picture(world.clock.now()).orders
            if not o.status.final and o.client_order_id
        ]
        assert len(live) == len(set(live)), f"two live orders in one slot: {live}"
        symbols = [symbol for symbol, _ in live]
        assert len(symbols) == len(set(symbols)), f"both sides live: {live}"


def assert_books_agree(
    world: World, foreign: dict[str, int] | None = None, by_hand: Mapping[str, dict[str, int]] | None = None
) -> None:
    """The exchange holds exactly what the books own, besides the hand-made part: on every account, and `by_hand`."""
    for name, exchange in world.exchanges.items():
        held = {p.symbol: p.shares for p in exchange.picture(world.clock.now()).positions if p.shares}
        ours: dict[str, int] = {}
        for (_, account, symbol), book in world.trader.ledger.books.items():
            if account == name and book.own:
                ours[symbol] = ours.get(symbol, 0) + book.own
        for symbol, shares in [*(foreign or {}).items(), *(by_hand or {}).get(name, {}).items()]:
            ours[symbol] = ours.get(symbol, 0) + shares
        ours = {symbol: shares for symbol, shares in ours.items() if shares}
        assert held == ours, f"exchange {held}, books {ours}"


def assert_quiet(world: World) -> None:
    """Nothing is under way: no living intent, no open or unknown order, every event ended."""
    ledger = world.trader.ledger
    assert not ledger.intents, [(i.intent_id, i.waiting, i.stopped, i.side, i.symbol) for i in ledger.intents.values()]
    assert not ledger.live_orders()
    assert not ledger.outcomes
    assert not any(o.state is OrderState.IN_DOUBT for o in ledger.orders.values())


def assert_within_a_lot(world: World) -> None:
    """Nothing is left to sell beyond T but what the exchange does not take; a shortfall is bought only by a plan."""
    for key, book in world.trader.ledger.books.items():
        assert debt_left(world, book) == 0, f"{key}: debt left, own {book.own}, entitled {book.entitled}"


def assert_bought_within_entitlement(world: World) -> None:
    """Rounding is downwards: what was bought for a book is no more than its JoinQuant orders, by their frozen rates.

    What we had sold of an order that JoinQuant then took back may be bought again with the next buy.
    """
    meant: Counter[tuple[str, str, str, str]] = Counter()
    done: Counter[tuple[str, str, str, str]] = Counter()
    with world.journal.look() as look:
        for *key, side, amount, counted, numerator, denominator in look.rows(
            "SELECT o.strategy, r.account, o.symbol, o.side, o.amount, o.counted, r.numerator, r.denominator"
            " FROM jq_orders o JOIN jq_rates r USING (strategy, day, jq_order_id)"
        ):
            shares = Decimal(amount if side == "buy" else counted)
            meant[*key, side] += shares * Decimal(numerator) / Decimal(denominator)  # type: ignore[assignment]
        for *key, side, shares in look.rows(
            "SELECT strategy, account, symbol, side, SUM(shares) FROM fills GROUP BY strategy, account, symbol, side"
        ):
            done[*key, side] = shares
    for (*book, side), shares in done.items():
        if side == "buy":
            too_much_sold = max(Decimal(0), Decimal(done[*book, "sell"]) - meant[*book, "sell"])
            most = meant[*book, "buy"] + too_much_sold
            assert shares <= most + Decimal("1e-6"), f"{book}: {shares} bought, entitled to {most} at most"


def debt_left(world: World, book: Book) -> int:
    """Shares beyond T that are a legal sale of the book's and of the account's shares (零股待处理 are not)."""
    over = Decimal(book.own) - book.entitled
    positions = world.exchanges[book.account].picture(world.clock.now()).positions
    held = sum(p.shares for p in positions if p.symbol == book.symbol)
    return min(legal_sell(book.symbol, over, book.own), legal_sell(book.symbol, over, held))


def assert_holdings_are_joinquants(world: World, players: Sequence[JoinQuant]) -> None:
    """S and C are what each simulated strategy holds at JoinQuant, once all its orders are final."""
    for player in players:
        config = world.config.by_kid(player.kid)
        assert config is not None
        for security, shares in player.held.items():
            holding = world.trader.ledger.holding(config.name, symbol_of(security))
            assert (holding.strategy_shares, holding.counted_shares) == (shares, shares), (config.name, security)


def assert_entitled_in_proportion(world: World, players: Sequence[JoinQuant]) -> None:
    """T is the ratio's part of what JoinQuant holds, and own is within the smallest legal order of T."""
    for player in players:
        config = world.config.by_kid(player.kid)
        assert config is not None
        for security, shares in player.held.items():
            for share in config.accounts:
                book = world.trader.ledger.book(config.name, share.account, symbol_of(security))
                key = (config.name, share.account, security)
                assert abs(book.entitled - shares * share.ratio) < Decimal("1e-6"), (key, book.entitled, shares)
                lacking = book.entitled - book.own
                assert lacking < smallest_buy(book.symbol), (key, book.own, book.entitled)
                assert debt_left(world, book) == 0, (key, book.own, book.entitled)


def assert_history_explains_books(world: World) -> None:
    """I20: replaying the history of book changes from zero gives the books."""
    totals: dict[tuple[str, str, str], list[Decimal]] = {}
    with world.journal.look() as look:
        for strategy, account, symbol, entitled, own in look.rows(
            "SELECT strategy, account, symbol, entitled, own FROM book_changes WHERE account IS NOT NULL"
        ):
            row = totals.setdefault((strategy, account, symbol), [Decimal(0), Decimal(0)])
            row[0] += Decimal(entitled)
            row[1] += int(own)
    for key, book in world.trader.ledger.books.items():
        found = totals.get(key, [Decimal(0), Decimal(0)])
        assert (found[0], int(found[1])) == (book.entitled, book.own), key


def orders_by_side(world: World) -> dict[Side, int]:
    return {
        side: sum(1 for o in world.trader.ledger.orders.values() if o.side is side) for side in (Side.BUY, Side.SELL)
    }
