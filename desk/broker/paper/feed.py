"""Where the exchange's prices come from: a seeded walk, a file that is replayed, another channel's quotes.

A feed answers for any moment without having been asked for the moments before, so a restart or a jump of time changes
nothing of its path.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from base_func import BEIJING, Board, board_of, ceil_to_tick, floor_to_tick, lot_rule, round_to_tick, tick_of
from desk.core.matching import Level

TICK_MS = 250  # prices change and orders match on this grid of milliseconds

_EPOCH = datetime(1970, 1, 1, tzinfo=BEIJING)
_LEVELS = 5
_LEAST_LOTS = 100  # at each level: an order of this size that reaches the best fills at once
_MORE_LOTS = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Anchor:
    """The price that a symbol's path starts from; `basis` is what the feed stood at when it was taken."""

    price: Decimal
    basis: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a feed says of a symbol at a moment; sides are None where it shows none and one is to be built."""

    last: Decimal
    prev_close: Decimal
    asks: tuple[Level, ...] | None = None
    bids: tuple[Level, ...] | None = None
    suspended: bool = False
    band: tuple[Decimal, Decimal] | None = None  # (down, up) where the feed knows better than the tables


class Feed(Protocol):
    def anchored(self, symbol: str) -> bool:
        """Tell whether the symbol's path needs an anchor."""
        ...

    def basis(self, day_number: int) -> Decimal:
        """Tell what an anchor taken on this day stands for."""
        ...

    def reading(
        self, symbol: str, anchor: Anchor | None, *, day_number: int, day: date, at: datetime
    ) -> Reading | None:
        """Read the path; `day_number` counts the exchange's days from 0. None when the feed knows nothing just now."""
        ...


def milliseconds(at: datetime) -> int:
    """Count milliseconds since 1970-01-01 00:00 in Beijing, rounded down."""
    passed = at - _EPOCH
    return passed.days * 86_400_000 + passed.seconds * 1000 + passed.microseconds // 1000


def tick_before(at: datetime) -> int:
    """Tell the last moment of the grid that is not after `at`, in the milliseconds of `milliseconds`."""
    ms = milliseconds(at)
    return ms - ms % TICK_MS


def at_milliseconds(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


def noise(*parts: object) -> bytes:
    """Tell 32 bytes that look random and depend on the parts alone."""
    return hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=32).digest()


def table_price(symbol: str) -> Decimal:
    """Tell the fixed price of a symbol for which no signal has carried one.

    5 to 50 yuan, funds 0.8 to 5, bonds 100 to 140.
    """
    code = int.from_bytes(noise("table", symbol)[:4], "big")
    board = board_of(symbol)
    if board is Board.FUND:
        return Decimal(800 + code % 4200) / 1000
    if board is Board.BOND:
        return Decimal(100_000 + code % 40_000) / 1000
    return Decimal(500 + code % 4500) / 100


def fill_lot(symbol: str) -> int:
    """Tell the shares in which fills come: 100, bonds 10."""
    step = lot_rule(symbol).step
    return step if step > 1 else 100


# --- the book around a price ----------------------------------------------------------------------------------------


def book_around(
    last: Decimal, *, symbol: str, band: tuple[Decimal, Decimal] | None, salt: object
) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    """Build (asks, bids) of five levels: the best bid is the last price, the best ask one tick above it.

    Nothing is quoted beyond the day's limits: at limit-up nobody offers, at limit-down nobody bids.
    """
    tick = tick_of(symbol)
    lot = fill_lot(symbol)
    depth = noise("depth", symbol, salt)

    def lots(place: int) -> int:
        return _LEAST_LOTS + int.from_bytes(depth[2 * place : 2 * place + 2], "big") % _MORE_LOTS

    down, up = band if band is not None else (tick, None)
    asks = [(last + tick * (i + 1), lots(i) * lot) for i in range(_LEVELS)]
    bids = [(last - tick * i, lots(_LEVELS + i) * lot) for i in range(_LEVELS)]
    if band is not None and last <= down:
        asks = [(last + tick * i, shares) for i, (_, shares) in enumerate(asks)]
        bids = []
    return (
        tuple(level for level in asks if up is None or level[0] <= up),
        tuple(level for level in bids if level[0] >= down),
    )


# --- the seeded walk ------------------------------------------------------------------------------------------------

# Three layers of straight lines between seeded knots: (milliseconds between knots, greatest height in millionths).
# Together they never leave 1.4 %, which keeps the best ask, too, within the 1.5 % that is promised.
_LAYERS = ((600_000, 9_000), (60_000, 4_000), (5_000, 1_000))
_REACH = Decimal("0.015")


class SyntheticFeed:
    """A walk around each symbol's anchor, which is its previous close as well; any legal symbol has one."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._knots: dict[tuple[str, int, int], int] = {}

    def anchored(self, symbol: str) -> bool:
        return True

    def basis(self, day_number: int) -> Decimal:
        return Decimal(1)

    def reading(
        self, symbol: str, anchor: Anchor | None, *, day_number: int, day: date, at: datetime
    ) -> Reading | None:
        if anchor is None:
            return None
        tick = tick_of(symbol)
        height = sum(self._height(symbol, layer, tick_before(at)) for layer in range(len(_LAYERS)))
        lowest, highest = (
            ceil_to_tick(anchor.price * (1 - _REACH), tick),
            floor_to_tick(anchor.price * (1 + _REACH), tick),
        )
        last = round_to_tick(anchor.price * (1_000_000 + height) / 1_000_000, tick)
        last = max(min(last, max(highest - tick, anchor.price)), lowest)
        return Reading(last=last, prev_close=anchor.price)

    def _height(self, symbol: str, layer: int, ms: int) -> int:
        period, reach = _LAYERS[layer]
        knot, part = divmod(ms, period)
        here, there = self._knot(symbol, layer, knot), self._knot(symbol, layer, knot + 1)
        return reach * (here * (period - part) + there * part) // (period * 1_000_000)

    def _knot(self, symbol: str, layer: int, knot: int) -> int:
        """Tell a knot's height, -1,000,000 to 1,000,000."""
        key = (symbol, layer, knot)
        height = self._knots.get(key)
        if height is None:
            if len(self._knots) > 10_000:
                self._knots.clear()
            height = int.from_bytes(noise(self._seed, *key)[:8], "big") % 2_000_001 - 1_000_000
            self._knots[key] = height
        return height
