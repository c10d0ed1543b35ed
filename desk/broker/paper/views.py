"""What the exchange tells when it is asked: the account as one picture, a quote, an instrument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from base_func import is_t0
from desk.broker.paper.account import Position
from desk.broker.paper.feed import at_milliseconds, tick_before
from desk.broker.paper.orders import value_of
from desk.broker.paper.pit import Pit
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
    positions = tuple([_position(pit, pit.account.positions[symbol]) for symbol in sorted(pit.account.positions)])
    value = sum((value_of(p.price, p.shares) for p in positions), Decimal("0.00"))
    account = pit.account
    return Picture(
        at=pit.now,
        day=pit.day,
        asset=BrokerAsset(
            cash=account.free,
            frozen_cash=account.frozen,
            market_value=value,
            total_asset=account.cash + value,
        ),
        positions=positions,
        orders=tuple([order.told() for order in pit.orders.values()]),
        trades=tuple(pit.trades),
    )


def _position(pit: Pit, position: Position) -> BrokerPosition:
    market = pit.market(position.symbol)
    return BrokerPosition(
        symbol=position.symbol,
        name=words.instrument_name(position.symbol),
        shares=position.shares,
        sellable=pit.account.sellable(position.symbol, pit.open.values()),
        cost_price=position.cost_price,
        price=market.last if market is not None else position.cost_price,
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
    market = pit.market(symbol)
    if market is None:
        return None
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
