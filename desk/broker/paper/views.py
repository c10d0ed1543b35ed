"""What the exchange tells when it is asked: the account as one picture, a quote, an instrument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from base_func import is_t0
from desk.broker.paper.account import frozen_shares
from desk.broker.paper.feed import at_milliseconds, tick_before
from desk.broker.paper.pit import Pit
from desk.broker.paper.rules import Market
from desk.core.market import BrokerAsset, BrokerOrder, BrokerPosition, BrokerTrade, Instrument, Quote
from desk.texts import paper as words


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """The account at one moment; orders and trades of `day` only."""

    at: datetime
    day: date
    asset: BrokerAsset
    positions: tuple[BrokerPosition, ...]
    orders: tuple[BrokerOrder, ...]
    trades: tuple[BrokerTrade, ...]


def picture(pit: Pit) -> Picture:
    """Tell the whole account, positions at the last price."""
    account, frozen = pit.account, frozen_shares(pit.open.values())
    value, positions = Decimal("0.00"), []
    for symbol in sorted(account.positions):
        market = pit.market(symbol)
        position, worth = account.positions[symbol].told(frozen[symbol], None if market is None else market.last)
        positions.append(position)
        value += worth
    return Picture(
        at=pit.now,
        day=pit.day,
        asset=BrokerAsset(
            cash=account.free,
            frozen_cash=account.frozen,
            market_value=value,
            total_asset=account.cash + value,
        ),
        positions=tuple(positions),
        orders=tuple([order.told() for order in pit.orders.values()]),
        trades=tuple(pit.trades),
    )


def quote(pit: Pit, symbol: str) -> Quote | None:
    market = pit.market(symbol)
    if market is None:
        return None
    shown, _ = pit.sessions.quoted_at(pit.day, pit.now)
    return Quote(
        symbol=symbol,
        at=at_milliseconds(tick_before(shown)),
        last=market.last,
        prev_close=market.prev_close,
        asks=market.asks,
        bids=market.bids,
    )


def instrument(pit: Pit, symbol: str) -> Instrument | None:
    """Tell the symbol's facts of the day; the same object as long as its market is the same."""
    market = pit.market(symbol)
    if market is None:
        return None
    known = pit.instruments.get(symbol)
    if known is not None and known[0] is market and known[1].day == pit.day:
        return known[1]
    made = _instrument(pit, symbol, market)
    pit.instruments[symbol] = (market, made)
    return made


def _instrument(pit: Pit, symbol: str, market: Market) -> Instrument:
    return Instrument(
        symbol=symbol,
        name=words.instrument_name(symbol),
        day=pit.day,
        prev_close=market.prev_close,
        up_limit=market.up_limit,
        down_limit=market.down_limit,
        tick=market.tick,
        suspended=market.suspended,
        t0=is_t0(symbol),
        share_factor=pit.tape.factor(symbol, pit.day),
    )
