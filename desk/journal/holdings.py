"""The accounts as last seen at the broker: for people to look at, no decision rests on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from desk.journal.database import Session
from desk.journal.values import decimal_text, micros


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountView:
    name: str
    channel: str
    connected: bool
    cash: Decimal  # yuan, available
    market_value: Decimal
    total_asset: Decimal
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionView:
    """`first_held_day` None: the day known from before is kept, for a new position it is the day of `at`."""

    account: str
    symbol: str
    name: str
    shares: int
    sellable: int
    cost_price: Decimal
    price: Decimal
    at: datetime
    first_held_day: date | None = None


_ACCOUNT = """
INSERT INTO accounts (name, channel, connected, cash, market_value, total_asset, at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET channel = excluded.channel, connected = excluded.connected, cash = excluded.cash,
market_value = excluded.market_value, total_asset = excluded.total_asset, at = excluded.at"""
_DAY = """
INSERT INTO account_days (account, day, first_asset, total_asset, cash, market_value, at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, day) DO UPDATE SET total_asset = excluded.total_asset, cash = excluded.cash,
market_value = excluded.market_value, at = excluded.at"""
_POSITION = """
INSERT INTO positions (account, symbol, name, shares, sellable, cost_price, price, first_held_day, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def save_account(session: Session, account: AccountView, positions: Sequence[PositionView]) -> None:
    """Replace what is known of an account; a position that is gone or empty is forgotten.

    Its worth is kept day by day while it is connected: the figures of a line that is down are those of its last day.
    """
    worth = (decimal_text(account.cash), decimal_text(account.market_value), decimal_text(account.total_asset))
    seen = micros(account.at)
    session.run(_ACCOUNT, (account.name, account.channel, int(account.connected), *worth, seen))
    if account.connected:
        cash, market_value, total = worth
        day = account.at.date().isoformat()
        session.run(_DAY, (account.name, day, total, total, cash, market_value, seen))
    held: dict[str, str] = dict(
        session.rows("SELECT symbol, first_held_day FROM positions WHERE account = ?", (account.name,))
    )
    session.run("DELETE FROM positions WHERE account = ?", (account.name,))
    for position in positions:
        if position.shares == 0:
            continue
        since = position.first_held_day.isoformat() if position.first_held_day else held.get(position.symbol)
        session.run(
            _POSITION,
            (
                account.name,
                position.symbol,
                position.name,
                position.shares,
                position.sellable,
                decimal_text(position.cost_price),
                decimal_text(position.price),
                since or position.at.date().isoformat(),
                micros(position.at),
            ),
        )
