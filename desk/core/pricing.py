"""What price an order is sent at (FOLLOWING §3.3): k ticks through the book, inside cage, band and limit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from base_func import cage_edge, ceil_to_tick, floor_to_tick, round_to_tick
from desk.core.market import Instrument, Quote
from desk.core.values import Side

_NO_BOOK_SLIP = Decimal("0.003")
_UNCAGED_SLIP = Decimal("0.02")


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    price: Decimal
    marketable: bool  # would meet the opposite best
    bound_by_limit: bool  # the strategy's own limit is what keeps it from being better


def price_order(
    side: Side,
    quote: Quote,
    instrument: Instrument,
    *,
    ticks: int,
    limit: Decimal | None,
    to_edge: bool = False,
    caged: bool = True,
) -> Price:
    """Price an order: `ticks` through the opposite best, rounded half up to the tick, then clamped.

    `to_edge` takes the cage edge at once (a sell after 触发强制卖出次数); `caged` is off in the calls, where the
    cage does not hold. `limit` None: no limit of the strategy's own.
    """
    buy = side is Side.BUY
    tick = instrument.tick
    against = quote.asks if buy else quote.bids
    best = against[0][0] if against else None
    if best is not None:
        wanted = best + ticks * tick if buy else best - ticks * tick
    else:
        wanted = quote.last * (1 + _NO_BOOK_SLIP) if buy else quote.last * (1 - _NO_BOOK_SLIP)
    price = round_to_tick(wanted, tick)
    edge = _inside_cage(side, quote, instrument) if caged else None
    if edge is not None:
        price = edge if to_edge else (min(price, edge) if buy else max(price, edge))
    elif to_edge and best is not None:
        # No cage is known for funds and bonds: as far as a cage would let it go, never to the day's limit.
        slip = best * _UNCAGED_SLIP
        price = floor_to_tick(best + slip, tick) if buy else ceil_to_tick(best - slip, tick)
    if buy and instrument.up_limit is not None:
        price = min(price, instrument.up_limit)
    if not buy and instrument.down_limit is not None:
        price = max(price, instrument.down_limit)
    bound = False
    if limit is not None:
        own = floor_to_tick(limit, tick) if buy else ceil_to_tick(limit, tick)
        bound = own < price if buy else own > price
        price = min(price, own) if buy else max(price, own)
    marketable = best is not None and (price >= best if buy else price <= best)
    return Price(price=price, marketable=marketable, bound_by_limit=bound)


def _inside_cage(side: Side, quote: Quote, instrument: Instrument) -> Decimal | None:
    """The cage edge less one tick towards the inside, None where no cage is known."""
    buy = side is Side.BUY
    edge = cage_edge(
        quote.symbol,
        buy,
        best_ask=quote.asks[0][0] if quote.asks else None,
        best_bid=quote.bids[0][0] if quote.bids else None,
        last=quote.last,
        prev_close=quote.prev_close,
    )
    if edge is None:
        return None
    return edge - instrument.tick if buy else edge + instrument.tick


def out_of_band(price: Decimal | None, instrument: Instrument) -> bool:
    """True when a price proves that it is no market price of today (价格口径不符)."""
    if price is None or price <= 0:
        return False
    above = instrument.up_limit is not None and price > instrument.up_limit
    below = instrument.down_limit is not None and price < instrument.down_limit
    return above or below


def at_limit_up(quote: Quote, instrument: Instrument) -> bool:
    """Nothing is offered and the price stands at the day's upper limit (涨停)."""
    return instrument.up_limit is not None and not quote.asks and quote.last >= instrument.up_limit


def at_limit_down(quote: Quote, instrument: Instrument) -> bool:
    """Nobody bids and the price stands at the day's lower limit (跌停)."""
    return instrument.down_limit is not None and not quote.bids and quote.last <= instrument.down_limit
