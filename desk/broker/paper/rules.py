"""What the counter accepts: one order against the rules of MARKET, with a counter's words for each refusal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from base_func import (
    Board,
    Phase,
    UnsupportedSymbol,
    board_of,
    cage_edge,
    floor_to_tick,
    legal_buy,
    legal_sell,
    lot_rule,
)
from desk.core.market import PlaceRequest
from desk.core.matching import Level, reaches
from desk.core.values import Side
from desk.texts import paper as words

REMARK_BYTES = 23  # QMT's order_remark keeps 24 with its end mark

ACCEPTING = frozenset(
    {
        Phase.OPENING_CALL,
        Phase.OPENING_CALL_LOCKED,
        Phase.IDLE,
        Phase.CONTINUOUS,
        Phase.LUNCH,
        Phase.CLOSING_CALL,
    }
)
QUEUEING = frozenset({Phase.IDLE, Phase.LUNCH})  # the counter holds orders back until matching begins
NO_CANCEL = frozenset({Phase.OPENING_CALL_LOCKED, Phase.CLOSING_CALL})
# Orders that will meet continuous trading are measured by the price cage when they come; those of a call are not.
CAGED = frozenset({Phase.IDLE, Phase.CONTINUOUS, Phase.LUNCH})


@dataclass(frozen=True, kw_only=True, slots=True)
class Market:
    """One symbol at one moment, as the exchange sees it."""

    symbol: str
    last: Decimal
    prev_close: Decimal
    up_limit: Decimal | None
    down_limit: Decimal | None
    tick: Decimal
    asks: tuple[Level, ...]
    bids: tuple[Level, ...]
    suspended: bool = False

    def with_side(self, asks: bool, levels: tuple[Level, ...]) -> Market:
        """Tell the same market with other asks, or, `asks` False, other bids."""
        return replace(self, asks=levels) if asks else replace(self, bids=levels)


def tradable(symbol: str) -> bool:
    """Tell whether the exchange lists the symbol; repos are refused, they are neither bought nor held here."""
    try:
        return board_of(symbol) is not Board.REPO
    except UnsupportedSymbol:
        return False


def bad_remark(client_order_id: str) -> bool:
    plain = client_order_id.isascii() and client_order_id.isprintable()
    return not plain or not 1 <= len(client_order_id) <= REMARK_BYTES


def refusal(
    request: PlaceRequest, *, market: Market, phase: Phase, needed: Decimal, cash: Decimal, sellable: int
) -> str | None:
    """Tell why the counter refuses the order, None if it takes it.

    `needed` is what the order would freeze, `cash` what is free, in yuan; `sellable` is without what open sells hold.
    """
    is_buy = request.side is Side.BUY
    symbol, shares, price = request.symbol, request.shares, request.price
    if phase not in ACCEPTING:
        return words.CLOSED
    if market.suspended:
        return words.SUSPENDED
    if off_tick(market, price):
        return words.OFF_TICK
    if outside_band(market, price):
        return words.OUTSIDE_BAND
    edge = cage(market, is_buy) if phase in CAGED else None
    if edge is not None and not reaches(is_buy, edge, price):
        return words.OUTSIDE_CAGE
    if shares <= 0:
        return words.BAD_LOT
    if shares > lot_rule(symbol).max_shares:
        return words.TOO_MANY
    if is_buy:
        if legal_buy(symbol, shares) != shares:
            return words.BAD_LOT
        return words.NO_CASH if needed > cash else None
    if shares > sellable:
        return words.NOT_SELLABLE
    return None if legal_sell(symbol, shares, sellable) == shares else words.BAD_LOT


def off_tick(market: Market, price: Decimal) -> bool:
    return not price.is_finite() or price <= 0 or floor_to_tick(price, market.tick) != price


def outside_band(market: Market, price: Decimal) -> bool:
    above = market.up_limit is not None and price > market.up_limit
    return above or (market.down_limit is not None and price < market.down_limit)


def cage(market: Market, is_buy: bool) -> Decimal | None:
    """Tell the outermost price of the price cage just now, None where there is no cage."""
    return cage_edge(
        market.symbol,
        is_buy,
        best_ask=market.asks[0][0] if market.asks else None,
        best_bid=market.bids[0][0] if market.bids else None,
        last=market.last,
        prev_close=market.prev_close,
    )
