"""A market made of what somebody has dealt at: his own prices, moved by a recording where there is one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from base_func import BEIJING, band_ratio, ceil_to_tick, floor_to_tick, round_to_tick, tick_of
from desk.broker.paper.feed import Anchor, Reading, book_around, milliseconds
from desk.broker.paper.replay import Recording

_Band = tuple[Decimal, Decimal]


@dataclass(frozen=True, kw_only=True, slots=True)
class Dealt:
    """A price that somebody dealt at, or, `fixed` False, one that he only asked for."""

    symbol: str
    at: datetime
    price: Decimal
    is_buy: bool
    fixed: bool = True


class DealtFeed:
    """Each symbol stands at its last dealt price, before its first one at that; a buy's price is the best ask.

    A symbol of the recording has the recording's prices on the days it knows. Any other moves, from each dealt price
    on, as the recording's first symbol does. Where only dealt prices are known the day's limits are not: they are set
    beyond all of the day's prices, so that nobody stands at a limit.
    """

    def __init__(self, deals: Iterable[Dealt], recording: Recording | None = None) -> None:
        self._recording = recording
        self._points: dict[str, list[Dealt]] = defaultdict(list)
        self._span: dict[tuple[str, date], _Band] = {}  # the day's lowest and highest price
        for deal in sorted(deals, key=lambda deal: deal.at):
            low, high = self._span.get((deal.symbol, deal.at.date()), (deal.price, deal.price))
            self._span[deal.symbol, deal.at.date()] = (min(low, deal.price), max(high, deal.price))
            if deal.fixed:
                self._points[deal.symbol].append(deal)
        self._times = {symbol: [milliseconds(p.at) for p in points] for symbol, points in self._points.items()}
        self._standing: dict[tuple[str, int, date], Reading] = {}
        self._asked: tuple[datetime | None, int] = (None, 0)  # the last question's very moment, in milliseconds

    def anchored(self, symbol: str) -> bool:
        return False

    def basis(self, day_number: int) -> Decimal:
        return Decimal(1)

    def reading(
        self, symbol: str, anchor: Anchor | None, *, day_number: int, day: date, at: datetime
    ) -> Reading | None:
        if self._asked[0] is not at:
            self._asked = (at, milliseconds(at))
        place = max(0, bisect_right(self._times.get(symbol, ()), self._asked[1]) - 1)
        points = self._points.get(symbol, ())
        known = self._recording.latest(symbol, at) if self._recording is not None else None
        if known is not None and (not points or known[0] >= points[place].at.date()):
            return self._recorded(symbol, day, *known)
        if not points:
            return None
        if self._recording is not None:
            moved = self._moved(points[place], at)
            if moved != 1:
                return self._read(symbol, place, day, moved)
        standing = self._standing.get((symbol, place, day))
        if standing is None:
            standing = self._standing[symbol, place, day] = self._read(symbol, place, day, Decimal(1))
        return standing

    def price(self, symbol: str, at: datetime) -> Decimal | None:
        """Tell what a share is worth at a moment, on the tick; None for what was never dealt at."""
        reading = self.reading(symbol, None, day_number=0, day=at.date(), at=at)
        return None if reading is None else round_to_tick(reading.last, tick_of(symbol))

    def _moved(self, point: Dealt, at: datetime) -> Decimal:
        """How far the recording has gone since a price was dealt at, as a factor."""
        if self._recording is None or at <= point.at:
            return Decimal(1)
        leader = self._recording.leader
        here, there = self._recording.latest(leader, at), self._recording.latest(leader, point.at)
        return here[1] / there[1] if here is not None and there is not None else Decimal(1)

    def _recorded(self, symbol: str, day: date, known_on: date, price: Decimal) -> Reading:
        before = self._recording.close_before(symbol, day) if self._recording is not None and known_on == day else None
        return Reading(last=price, prev_close=before or price)

    def _read(self, symbol: str, place: int, day: date, moved: Decimal) -> Reading:
        point, tick = self._points[symbol][place], tick_of(symbol)
        last = max(round_to_tick(point.price * moved, tick), tick)
        band = self._band(symbol, day, last)
        bid = max(last - tick, tick) if point.is_buy else last
        asks, bids = book_around(bid, symbol=symbol, band=band, salt=f"{place}:{last}")
        return Reading(last=last, prev_close=self._close_before(symbol, day), asks=asks, bids=bids, band=band)

    def _close_before(self, symbol: str, day: date) -> Decimal:
        midnight = milliseconds(datetime.combine(day, time(0), BEIJING))
        return self._points[symbol][max(0, bisect_left(self._times[symbol], midnight) - 1)].price

    def _band(self, symbol: str, day: date, last: Decimal) -> _Band | None:
        ratio, tick = band_ratio(symbol, on=day), tick_of(symbol)
        if ratio is None:
            return None
        low, high = self._span.get((symbol, day), (last, last))
        down = floor_to_tick(min(low, last) * (1 - ratio), tick)
        return max(down, tick), ceil_to_tick(max(high, last) * (1 + ratio), tick)
