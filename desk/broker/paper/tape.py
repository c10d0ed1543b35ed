"""What every symbol's market looks like: the feed's path, the anchors, the scenes and the ex-days put together."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from base_func import band_ratio, price_band, round_to_tick, tick_of
from desk.broker.paper.feed import (
    Anchor,
    Feed,
    Reading,
    at_milliseconds,
    book_around,
    fill_lot,
    milliseconds,
    table_price,
    tick_before,
)
from desk.broker.paper.rules import Market, tradable
from desk.broker.paper.scenes import PLAIN, Scene
from desk.broker.paper.store import Changes, Loaded, Rights
from desk.texts import paper as words


class Tape:
    """Markets by symbol. Used under the exchange's lock; what it learns goes into the turn's changes."""

    def __init__(self, feed: Feed, loaded: Loaded) -> None:
        self._feed = feed
        self._anchors = loaded.anchors
        self._shown: dict[str, Anchor] = {}  # table prices that were quoted and not yet kept
        self._scenes = loaded.scenes
        self._rights = {(r.symbol, r.day): r for r in loaded.rights}
        self._seen: dict[str, Market] = {}
        self._seen_at: tuple[date, int] | None = None
        self._asked: tuple[date | None, datetime | None] = (None, None)  # the last question's very objects
        self._tick_at = at_milliseconds(0)  # the moment of `_seen_at`
        self._built: dict[str, tuple[Reading, date, Market]] = {}  # by readings that bring their own book

    # --- anchors ---

    def hint(self, symbol: str, price: Decimal | None, day_number: int, changes: Changes) -> None:
        """Take the first price that a signal carries as the symbol's anchor; later ones change nothing."""
        if (
            price is None
            or not price.is_finite()
            or price <= 0
            or symbol in self._anchors
            or not self._feed.anchored(symbol)
        ):
            return
        tick = tick_of(symbol)
        self._keep(
            symbol, Anchor(price=max(round_to_tick(price, tick), tick), basis=self._feed.basis(day_number)), changes
        )

    def settle(self, symbol: str, price: Decimal, day_number: int, changes: Changes) -> None:
        """Make sure of an anchor before an order stands on it: the one already quoted, else the order's own price."""
        if symbol in self._shown:
            self._keep(symbol, self._shown[symbol], changes)
        else:
            self.hint(symbol, price, day_number, changes)

    def _keep(self, symbol: str, anchor: Anchor, changes: Changes) -> None:
        self._shown.pop(symbol, None)
        self._anchors[symbol] = changes.anchors[symbol] = anchor
        self._seen.pop(symbol, None)

    def _anchor(self, symbol: str, day_number: int) -> Anchor | None:
        if not self._feed.anchored(symbol):
            return None
        anchor = self._anchors.get(symbol) or self._shown.get(symbol)
        if anchor is None:
            anchor = Anchor(
                price=round_to_tick(table_price(symbol), tick_of(symbol)), basis=self._feed.basis(day_number)
            )
            self._shown[symbol] = anchor
        return anchor

    # --- scenes ---

    def scene(self, symbol: str, scene: Scene, changes: Changes) -> None:
        """Replace the symbol's scene; the plain one clears it."""
        lot = fill_lot(symbol)
        if scene.thin is not None and scene.thin < lot:
            raise ValueError(words.bad_thin(symbol, lot))
        if scene == PLAIN:
            self._scenes.pop(symbol, None)
            changes.scenes[symbol] = None
        else:
            self._scenes[symbol] = changes.scenes[symbol] = scene
        self._seen.pop(symbol, None)

    def thin(self, symbol: str) -> int | None:
        """Tell how many shares may trade per tick, None when nothing says so."""
        return self._scenes.get(symbol, PLAIN).thin

    # --- ex-days ---

    def plan_rights(self, rights: Rights, changes: Changes) -> None:
        self._rights[rights.symbol, rights.day] = rights
        changes.rights.append(rights)

    def rights_on(self, day: date) -> list[Rights]:
        return sorted((r for r in self._rights.values() if r.day == day), key=lambda r: r.symbol)

    def factor(self, symbol: str, day: date) -> Decimal:
        rights = self._rights.get((symbol, day))
        return Decimal(1) if rights is None else rights.factor

    def go_ex(self, rights: Rights, day_number: int, changes: Changes) -> None:
        """Move the anchor to the exchange's reference price: (previous close - dividend) / factor."""
        symbol = rights.symbol
        if self._feed.anchored(symbol):
            anchor = self._anchor(symbol, day_number)
            assert anchor is not None
            self._keep(symbol, replace(anchor, price=_ex_price(symbol, anchor.price, rights)), changes)

    # --- markets ---

    def look(self, symbol: str, *, day_number: int, day: date, at: datetime, dark: bool = False) -> Market | None:
        """Tell the market at the last tick of `at`, None when the feed knows nothing.

        `dark`: no book is shown (before the day's first call).
        """
        if self._asked[0] is not day or self._asked[1] is not at:
            self._asked = (day, at)
            self._turn_to((day, tick_before(at)))
        market = self._seen.get(symbol)
        if market is None:
            market = self._build(symbol, day_number, day)
            if market is None:
                return None
            self._seen[symbol] = market
        return replace(market, last=market.prev_close, asks=(), bids=()) if dark else market

    def _turn_to(self, moment: tuple[date, int]) -> None:
        if moment != self._seen_at:
            self._seen.clear()
            self._seen_at = moment
            self._tick_at = at_milliseconds(moment[1])

    def take(self, market: Market) -> None:
        """Remember what a match left of the book until the next tick."""
        self._seen[market.symbol] = market

    def _build(self, symbol: str, day_number: int, day: date) -> Market | None:
        if not tradable(symbol):
            return None
        anchor = self._anchor(symbol, day_number)
        reading = self._feed.reading(symbol, anchor, day_number=day_number, day=day, at=self._tick_at)
        if reading is None:
            return None
        whole = reading.asks is not None and reading.bids is not None
        built = self._built.get(symbol)
        plain = symbol not in self._scenes and (symbol, day) not in self._rights
        if plain and built is not None and built[0] is reading and built[1] == day:
            return built[2]
        market = self._put_together(symbol, reading, day)
        if plain and whole:
            self._built[symbol] = (reading, day, market)
        return market

    def _put_together(self, symbol: str, reading: Reading, day: date) -> Market:
        tick = tick_of(symbol)
        prev_close = round_to_tick(reading.prev_close, tick)
        rights = self._rights.get((symbol, day))
        if rights is not None and not self._feed.anchored(symbol):
            prev_close = _ex_price(symbol, prev_close, rights)
        ratio = band_ratio(symbol, on=day)
        band = reading.band
        if band is None and ratio is not None:
            band = price_band(prev_close, ratio, tick)
        scene = self._scenes.get(symbol, PLAIN)
        last = round_to_tick(reading.last, tick) if scene.price is None else scene.price
        if band is not None:
            last = max(min(last, band[1]), band[0])
            last = band[1] if scene.limit_up else band[0] if scene.limit_down else last
        asks, bids = reading.asks, reading.bids
        if asks is None or bids is None or scene != PLAIN:
            asks, bids = book_around(last, symbol=symbol, band=band, salt=milliseconds(self._tick_at))
        if scene.suspended or reading.suspended:
            last, asks, bids = prev_close, (), ()
        if scene.thin is not None:
            asks, bids = (tuple((price, scene.thin) for price, _ in side[:1]) for side in (asks, bids))
        return Market(
            symbol=symbol,
            last=last,
            prev_close=prev_close,
            up_limit=None if band is None else band[1],
            down_limit=None if band is None else band[0],
            tick=tick,
            asks=asks,
            bids=bids,
            suspended=scene.suspended or reading.suspended,
        )


def _ex_price(symbol: str, price: Decimal, rights: Rights) -> Decimal:
    tick = tick_of(symbol)
    return max(round_to_tick((price - rights.cash_per_share) / rights.factor, tick), tick)
