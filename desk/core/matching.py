"""How an exchange matches: an order meeting a book, and the single price of a call auction.

Prices are yuan, shares whole shares. A level is (price, shares), a side of the book is its levels, best first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

Level = tuple[Decimal, int]


def reaches(is_buy: bool, limit: Decimal, price: Decimal) -> bool:
    """Tell whether an order with this limit may trade at `price`."""
    return price <= limit if is_buy else price >= limit


@dataclass(frozen=True, slots=True)
class Sweep:
    fills: tuple[Level, ...]  # in the order they happen
    left: tuple[Level, ...]  # what the side of the book shows afterwards


def sweep(levels: Sequence[Level], *, is_buy: bool, limit: Decimal, shares: int, lot: int) -> Sweep:
    """Match an order against the opposite side of the book, level by level.

    Fills come in whole lots, except that the order's last fill takes its odd rest: 250 against 1000 -> 250, against
    130 -> 100 with a lot of 100.
    """
    fills: list[Level] = []
    left: list[Level] = []
    remaining = shares
    for price, depth in levels:
        take = 0
        if remaining and reaches(is_buy, limit, price):
            take = remaining if depth >= remaining else depth - depth % lot
        if take:
            fills.append((price, take))
            remaining -= take
        if depth > take:
            left.append((price, depth - take))
    return Sweep(tuple(fills), tuple(left))


class TieRule(StrEnum):
    """Which price wins an auction when volume and surplus are equal."""

    MIDDLE = "middle"  # SSE: the middle of those prices (中间价)
    CLOSEST = "closest"  # SZSE, BSE: the one closest to the reference (最接近前收盘价/最近成交价)


@dataclass(frozen=True, slots=True)
class AuctionOrder:
    key: str
    is_buy: bool
    price: Decimal
    shares: int


@dataclass(frozen=True, slots=True)
class AuctionResult:
    price: Decimal | None  # None: nothing crosses
    shares: int  # traded, each side
    fills: dict[str, int]  # key -> shares, orders without a fill left out


def auction(orders: Iterable[AuctionOrder], *, reference: Decimal, tick: Decimal, tie: TieRule) -> AuctionResult:
    """Find the single price of maximal volume and who trades at it (集合竞价); `orders` come in the order of time.

    Of the prices with the greatest volume those with the smallest surplus of one side qualify, of these the tie rule
    picks one. At the price, better-priced orders go first, then earlier ones.
    """
    book = list(orders)
    volumes: dict[Decimal, tuple[int, int]] = {}  # price -> (volume, -surplus)
    for price in {order.price for order in book}:
        bought = sum(o.shares for o in book if o.is_buy and o.price >= price)
        sold = sum(o.shares for o in book if not o.is_buy and o.price <= price)
        volumes[price] = (min(bought, sold), -abs(bought - sold))
    best = max(volumes.values(), default=(0, 0))
    if best[0] == 0:
        return AuctionResult(None, 0, {})
    winners = sorted(price for price, score in volumes.items() if score == best)
    price = _tie_price(winners, reference, tick, tie)
    fills: dict[str, int] = {}
    for is_buy in (True, False):
        side = [o for o in book if o.is_buy is is_buy and reaches(is_buy, o.price, price)]
        side.sort(key=lambda o: -o.price if o.is_buy else o.price)  # stable: time decides among equals
        remaining = best[0]
        for order in side:
            take = min(order.shares, remaining)
            if take:
                fills[order.key] = take
                remaining -= take
    return AuctionResult(price, best[0], fills)


def _tie_price(winners: list[Decimal], reference: Decimal, tick: Decimal, tie: TieRule) -> Decimal:
    if tie is TieRule.CLOSEST:
        return min(winners, key=lambda price: (abs(price - reference), price))
    middle = (winners[0] + winners[-1]) / 2
    return (middle / tick).to_integral_value(ROUND_HALF_UP) * tick
