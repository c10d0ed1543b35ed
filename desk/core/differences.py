"""A snapshot beside what we remember of the strategy: what differs, why where that is known, and what it is worth."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from base_func import Board, UnsupportedSymbol, board_of, symbol_of
from desk.core.ledger import JqKey, Ledger
from desk.core.values import JqOrder, SnapshotOrder, SnapshotSignal

UNKNOWN_CAUSE = "原因不明(可能有人在聚宽手动调整)"
_NO_SIGNAL = "缺少信号"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One symbol in which JoinQuant's word differs from ours, in JoinQuant's shares."""

    symbol: str
    said: int
    held: int
    price: Decimal | None  # yuan; None where nobody has said one
    cause: str
    orders: tuple[str, ...] = ()  # what differs in its live orders, in words

    @property
    def change(self) -> int:
        return self.said - self.held

    @property
    def text(self) -> str:
        words: list[str] = []
        if self.change:
            worth = f",约 {abs(self.change) * self.price:.0f} 元" if self.price else ""
            words.append(f"聚宽持有 {self.said} 股,我们记着 {self.held} 股,差 {self.change:+d} 股{worth}")
        return ";".join([*words, *self.orders]) + f":{self.cause}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A snapshot in our symbols."""

    shares: Mapping[str, int]
    prices: Mapping[str, Decimal]
    orders: Mapping[str, tuple[SnapshotOrder, str]]  # by JoinQuant's order id, with the symbol
    unsupported: tuple[str, ...]  # securities that cannot be followed


def supported(security: str) -> str | None:
    """The symbol of a security that can be followed."""
    try:
        symbol = symbol_of(security)
        return None if board_of(symbol) is Board.REPO else symbol
    except UnsupportedSymbol:
        return None


def said_by(snapshot: SnapshotSignal) -> Said:
    shares: dict[str, int] = {}
    prices: dict[str, Decimal] = {}
    orders: dict[str, tuple[SnapshotOrder, str]] = {}
    unsupported: list[str] = []
    for position in snapshot.positions:
        symbol = supported(position.security)
        if symbol is None:
            unsupported.append(position.security)
            continue
        shares[symbol] = position.shares
        if position.price > 0:
            prices[symbol] = position.price
    for order in snapshot.orders:
        symbol = supported(order.security)
        if symbol is not None and not order.status.final:
            orders[order.jq_order_id] = (order, symbol)
    return Said(shares=shares, prices=prices, orders=orders, unsupported=tuple(unsupported))


def held_by(ledger: Ledger, strategy: str) -> dict[str, int]:
    """S of every symbol that the strategy holds as far as we remember."""
    return {
        holding.symbol: holding.strategy_shares
        for (name, _), holding in ledger.holdings.items()
        if name == strategy and holding.strategy_shares
    }


def gone_orders(ledger: Ledger, strategy: str, symbol: str, said: Said) -> list[tuple[JqKey, JqOrder]]:
    """Orders that live as far as we know, and that JoinQuant no longer shows; a stop that waits may not be shown."""
    return [
        (key, order)
        for key, order in ledger.live_jq_orders(strategy, symbol)
        if order.jq_order_id not in said.orders and not order.style.stop
    ]


def known_live(ledger: Ledger, strategy: str, symbol: str, jq_order_id: str) -> tuple[JqKey, JqOrder] | None:
    for key, order in ledger.live_jq_orders(strategy, symbol):
        if order.jq_order_id == jq_order_id:
            return key, order
    return None


def compare(ledger: Ledger, strategy: str, said: Said, price_of: Callable[[str], Decimal | None]) -> list[Difference]:
    """Every symbol whose shares or live orders differ, by symbol; `price_of` is asked where the snapshot has none."""
    held = held_by(ledger, strategy)
    living = {symbol for (name, symbol) in _with_live_orders(ledger) if name == strategy}
    found: list[Difference] = []
    for symbol in sorted({*said.shares, *held, *living, *(symbol for _, symbol in said.orders.values())}):
        orders = _orders_that_differ(ledger, strategy, symbol, said)
        one = Difference(
            symbol=symbol,
            said=said.shares.get(symbol, 0),
            held=held.get(symbol, 0),
            price=said.prices.get(symbol),
            cause=_cause(ledger, strategy, symbol),
            orders=orders,
        )
        if not one.change and not orders:
            continue
        if one.price is None:
            one = Difference(
                symbol=symbol,
                said=one.said,
                held=one.held,
                price=price_of(symbol),
                cause=one.cause,
                orders=orders,
            )
        found.append(one)
    return found


def _with_live_orders(ledger: Ledger) -> set[tuple[str, str]]:
    return {(order.strategy, order.symbol) for order in ledger.jq_orders.values() if not order.status.final}


def _orders_that_differ(ledger: Ledger, strategy: str, symbol: str, said: Said) -> tuple[str, ...]:
    words = [f"聚宽委托 {order.jq_order_id} 已经不在途" for _, order in gone_orders(ledger, strategy, symbol, said)]
    for jq_order_id, (order, of) in said.orders.items():
        if of != symbol:
            continue
        known = known_live(ledger, strategy, symbol, jq_order_id)
        if known is None:
            words.append(f"聚宽有在途委托 {jq_order_id},我们没有收到")
        elif known[1].filled != order.filled:
            words.append(f"聚宽委托 {jq_order_id} 已成交 {order.filled} 股,我们只知道 {known[1].filled} 股")
    return tuple(words)


def _cause(ledger: Ledger, strategy: str, symbol: str) -> str:
    """What is known of the symbol already, else the signals that are missing."""
    known = [gap.cause for gap in ledger.gaps_of(strategy, symbol) if not gap.key.startswith("snapshot:")]
    if known:
        return known[0]
    missing = json.loads(ledger.flags.get(f"missing:{strategy}", "[]"))
    open_holes = [gap for gap in ledger.gaps.values() if gap.key.startswith(f"seq:{strategy}:")]
    if missing and open_holes:
        return f"{_NO_SIGNAL},序号 {', '.join(map(str, missing[-5:]))}"
    return UNKNOWN_CAUSE


def apart(differences: list[Difference], band: Decimal) -> tuple[list[Difference], list[Difference]]:
    """What is to be traded, and what is left aside because it is less than the band's share of the target (不交易带宽).

    A target of zero, one that is new, and live orders that differ are never left aside.
    """
    aside = [one for one in differences if not one.orders and abs(one.change) < band * one.said]
    return [one for one in differences if one not in aside], aside


def why_not_by_itself(
    differences: list[Difference],
    said: Said,
    price_of: Callable[[str], Decimal | None],
    held: Mapping[str, int],
    *,
    most: Decimal,
    blocked: str,
) -> list[str]:
    """The guards: why this snapshot must not change the books without a person; empty where it may.

    `most`: the share of the book's value that it may take away (快照最大减仓); `blocked`: why the strategy may not
    trade now.
    """
    why: list[str] = [blocked] if blocked else []
    if said.unsupported:
        why.append(f"里面有不支持的品种 {', '.join(said.unsupported[:5])}")
    if held and not any(said.shares.values()):
        why.append("快照是空的,而账本里还有持仓")
        return why
    less = [one for one in differences if one.change < 0]
    if not less or most >= 1:
        return why
    worth = {symbol: price_of(symbol) for symbol in held}
    if None in worth.values():
        why.append("有股票没有价格,算不出会减掉多少")
        return why
    before = sum((shares * (worth[symbol] or Decimal(0)) for symbol, shares in held.items()), Decimal(0))
    cut = sum((-one.change * (one.price or Decimal(0)) for one in less), Decimal(0))
    if cut > most * before:
        why.append(f"会减掉持仓市值的 {cut / before:.0%},超过快照最大减仓 {most:.0%}")
    return why
