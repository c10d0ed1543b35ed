"""What a person orders by hand: one intent of the pseudo-strategy 手动, under the law that holds for signals.

T of that book is what it owns and what is under way, always: nothing is owed to it, and it owes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from base_func import UnsupportedSymbol, board_of, is_t0, legal_buy, legal_sell, lot_rule, tick_of
from desk.core.book import sold_today_bound
from desk.core.ledger import Ledger
from desk.core.pricing import out_of_band
from desk.core.values import Intent, Origin, Reason, Side
from desk.core.view import View, intent_id_for

STRATEGY = "手动"
PREFIX = "manual:"
KEY_CHARACTERS = 64
_KEPT = timedelta(days=30)  # how long an idempotency key is remembered


class CannotOrder(Exception):
    """The order is not taken; the text says why, in Chinese. Nothing was changed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ManualOrder:
    """What a person wants: whole shares at a limit in yuan, or without one at the market's price."""

    key: str  # the caller's idempotency key
    account: str
    symbol: str
    side: Side
    shares: int
    limit: Decimal | None

    @property
    def digest(self) -> str:
        words = (self.account, self.symbol, self.side.value, str(self.shares), str(self.limit))
        return hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:16]


def read_order(args: Mapping[str, str]) -> ManualOrder:
    """Read a command's words. Raises CannotOrder."""
    key, shares, price = args.get("key", ""), args.get("shares", ""), args.get("price", "")
    if not 0 < len(key) <= KEY_CHARACTERS:
        raise CannotOrder(f"手动委托要有幂等键,最多 {KEY_CHARACTERS} 个字符。")
    if args.get("side") not in tuple(Side):
        raise CannotOrder("方向只能是 buy 或 sell。")
    if not (shares.isascii() and shares.isdigit()) or len(shares) > 9 or int(shares) == 0:
        raise CannotOrder("股数要是大于 0 的整数。")
    symbol = args.get("symbol", "")
    try:
        board_of(symbol)
    except UnsupportedSymbol as error:
        raise CannotOrder(f"不认识的股票代码 {symbol}。") from error
    return ManualOrder(
        key=key,
        account=args.get("account", ""),
        symbol=symbol,
        side=Side(args["side"]),
        shares=int(shares),
        limit=_price(symbol, price) if price else None,
    )


def _price(symbol: str, text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation as error:
        raise CannotOrder("价格要是一个数。") from error
    if not price.is_finite() or not 0 < price < 1_000_000 or price % tick_of(symbol):
        raise CannotOrder(f"价格要大于 0,并且是 {tick_of(symbol)} 元的整数倍。")
    return price


def taken(flags: Mapping[str, str], key: str) -> dict[str, str] | None:
    """The order that a key stands for: `intent`, `digest`, `day`; None when the key is new."""
    text = flags.get(PREFIX + key)
    return None if text is None else dict(json.loads(text))


def order_by_hand(ledger: Ledger, wish: ManualOrder, view: View) -> Intent | None:
    """Book the wish and make its intent; None when the key has led to this very order before. Raises CannotOrder."""
    known = taken(ledger.flags, wish.key)
    if known is not None:
        if known["digest"] != wish.digest:
            raise CannotOrder("这个幂等键已经用于另一笔手动委托。")
        return None
    book_key = (STRATEGY, wish.account, wish.symbol)
    _refuse_if_stopped(ledger, view)
    _refuse_if_not_legal(ledger, wish, view)
    book = ledger.book(*book_key)
    under_way = ledger.open_shares(book_key, wish.side)
    after = book.own + under_way + wish.shares if wish.side is Side.BUY else book.own - under_way - wish.shares
    day = view.trading_day(wish.account, view.now)
    intent = Intent(
        intent_id=intent_id_for(view.now, "manual", view.now.isoformat(), wish.key),
        origin=Origin.MANUAL,
        event_id=None,
        strategy=STRATEGY,
        account=wish.account,
        symbol=wish.symbol,
        side=wish.side,
        decided=wish.shares,
        limit=wish.limit,
        inputs=json.dumps({"config": view.config.version, "decided": wish.shares, "own": book.own, "open": under_way}),
        day=day,
        created_at=view.now,
        received_at=view.now,
        updated_at=view.now,
    )
    ledger.put_book(replace(book, entitled=Decimal(after)), "手动下单", intent.intent_id, view.now)
    ledger.put_intent(intent)
    fields = {"intent": intent.intent_id, "digest": wish.digest, "day": view.now.date().isoformat()}
    ledger.put_flag(PREFIX + wish.key, json.dumps(fields))
    return intent


def _refuse_if_stopped(ledger: Ledger, view: View) -> None:
    if view.halted:
        raise CannotOrder(view.sentence(Reason.HALTED))
    reason = view.stopped(STRATEGY)
    if reason is not None:
        raise CannotOrder(view.sentence(reason))


def _refuse_if_not_legal(ledger: Ledger, wish: ManualOrder, view: View) -> None:
    """What the exchange or the book forbids is told at once, not after an order."""
    key = (STRATEGY, wish.account, wish.symbol)
    book = ledger.book(*key)
    if book.frozen is not None:
        raise CannotOrder(book.frozen)
    if ledger.open_shares(key, wish.side.opposite):
        raise CannotOrder(f"{wish.symbol} 反方向的手动委托还没有结束,请先撤掉或等它结束。")
    instrument = view.instrument(wish.account, wish.symbol, wish.limit)
    if instrument is not None and instrument.day == view.now.date() and out_of_band(wish.limit, instrument):
        raise CannotOrder(f"价格 {wish.limit} 超出今天的涨跌停 {instrument.down_limit}–{instrument.up_limit}。")
    most = lot_rule(wish.symbol).max_shares
    if wish.shares > most:
        raise CannotOrder(f"一笔最多 {most} 股。")
    if wish.side is Side.BUY:
        legal = legal_buy(wish.symbol, wish.shares)
        if legal != wish.shares:
            raise CannotOrder(f"{wish.shares} 股不是合法的买入数量,往下最近的是 {legal} 股。")
        return
    free = sold_today_bound(book, view.now.date(), is_t0(wish.symbol)) - ledger.open_shares(key, Side.SELL)
    if wish.shares > max(0, free):
        raise CannotOrder(
            f"手动账本里 {wish.symbol} 今天可卖 {max(0, free)} 股;策略的股票由策略卖,券商软件里买的请在券商软件里卖。"
        )
    legal = legal_sell(wish.symbol, wish.shares, book.own)
    if legal != wish.shares:
        raise CannotOrder(f"{wish.shares} 股不是合法的卖出数量,往下最近的是 {legal} 股。")


def forget_keys(ledger: Ledger, today: date) -> None:
    """Forget the idempotency keys of long ago."""
    for name, text in list(ledger.flags.items()):
        if name.startswith(PREFIX) and date.fromisoformat(json.loads(text)["day"]) < today - _KEPT:
            ledger.put_flag(name, None)
