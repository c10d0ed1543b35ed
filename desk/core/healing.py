"""What a snapshot says is booked: each difference as one buy or one sell, then own is brought to T by orders."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from base_func import legal_buy
from desk.core.absorbing import absorb_news, take_back, tell_resting_intents
from desk.core.book import OrderNews, exact
from desk.core.config import StrategyConfig
from desk.core.day import raise_debt
from desk.core.differences import Difference, Said, gone_orders, known_live
from desk.core.ledger import BookKey, Ledger
from desk.core.pricing import out_of_band
from desk.core.scaling import ratios_of, scales_of
from desk.core.values import Event, Holding, Intent, JqOrder, JqStatus, Origin, Side, Style
from desk.core.view import View, intent_id_for, routes

CAUSE = "快照"


def apply_differences(
    ledger: Ledger, event: Event, strategy: StrategyConfig, differences: Iterable[Difference], said: Said, view: View
) -> None:
    """Bring S, C and T to what the snapshot says; nothing is ordered here."""
    where = routes(view.config, strategy)
    for one in differences:
        _settle_orders(ledger, event, one.symbol, said, where, view)
        change = one.said - ledger.holding(event.strategy, one.symbol).strategy_shares
        if change:
            news = _news(event, one.symbol, change, view)
            scales = scales_of(ledger, strategy, view, symbol=one.symbol, amount=abs(change), price=one.price)
            absorb_news(ledger, news, ratios_of(scales), event.event_id, CAUSE)
        learn_orders(ledger, event, one.symbol, said, view)
        _make_exact(ledger, event, one, view)


def _make_exact(ledger: Ledger, event: Event, one: Difference, view: View) -> None:
    """S is what JoinQuant holds, C the same with what its live orders still want; what they have filled is in both.

    A sell may have counted less than it has filled, because we did not know of all that it sold. Where a live sell
    wants part of what the snapshot has just brought, that part leaves T with C, as by any sell: its cancel brings back
    both, and T would have it twice.
    """
    booked, counted = ledger.holding(event.strategy, one.symbol).counted_shares, one.said
    for _, order in ledger.live_jq_orders(event.strategy, one.symbol):
        if order.counted < order.filled:
            ledger.put_jq_order(replace(order, counted=order.filled, updated_at=view.now))
            continue
        wanted = order.counted - order.filled
        counted += wanted if order.side is Side.BUY else -wanted
    holding = Holding(
        strategy=event.strategy, symbol=one.symbol, strategy_shares=one.said, counted_shares=max(0, counted)
    )
    ledger.put_holding(holding, CAUSE, event.event_id, view.now)
    left = holding.counted_shares
    if left and left >= booked:
        return
    for account in ledger.accounts_of_book(event.strategy, one.symbol):
        book = ledger.book(event.strategy, account, one.symbol)
        entitled = exact(book.entitled * left / booked) if left else Decimal(0)
        ledger.put_book(replace(book, entitled=entitled), CAUSE, event.event_id, view.now)


def _news(event: Event, symbol: str, change: int, view: View) -> OrderNews:
    """The difference as one order of JoinQuant, wholly filled."""
    return OrderNews(
        strategy=event.strategy,
        day=event.body.strategy_time.date(),
        jq_order_id=f"{CAUSE}:{event.event_id[:12]}:{symbol}",
        symbol=symbol,
        side=Side.BUY if change > 0 else Side.SELL,
        amount=abs(change),
        filled=abs(change),
        status=JqStatus.HELD,
        style=Style.MARKET,
        limit=None,
        holding_after=None,
        at=view.now,
    )


def _settle_orders(
    ledger: Ledger, event: Event, symbol: str, said: Said, where: dict[str, Decimal], view: View
) -> None:
    """Live orders take over the fills that JoinQuant tells of; those that are gone are final with the fills we know.

    What a gone order has filled unseen is part of the difference in shares, and booked with it.
    """
    for _, order in gone_orders(ledger, event.strategy, symbol, said):
        status = JqStatus.CANCELED if order.filled < order.amount else JqStatus.HELD
        _absorb_order(ledger, event, order, order.filled, status, where, view)
    for jq_order_id, (shown, of) in said.orders.items():
        known = known_live(ledger, event.strategy, of, jq_order_id) if of == symbol else None
        if known is not None and shown.filled > known[1].filled:
            _absorb_order(ledger, event, known[1], shown.filled, shown.status, where, view)


def _absorb_order(
    ledger: Ledger,
    event: Event,
    order: JqOrder,
    filled: int,
    status: JqStatus,
    where: dict[str, Decimal],
    view: View,
) -> None:
    news = OrderNews(
        strategy=order.strategy,
        day=order.day,
        jq_order_id=order.jq_order_id,
        symbol=order.symbol,
        side=order.side,
        amount=order.amount,
        filled=filled,
        status=status,
        style=order.style,
        limit=order.limit,
        holding_after=None,
        at=view.now,
    )
    done = absorb_news(ledger, news, where, event.event_id, CAUSE)
    take_back(ledger, done, view)
    tell_resting_intents(ledger, done.order, event.received_at, view.now)


def learn_orders(ledger: Ledger, event: Event, symbol: str, said: Said, view: View) -> None:
    """Remember live orders that we never heard of; as a stop does, they count only what is filled, until we hear."""
    for jq_order_id, (shown, of) in said.orders.items():
        if of != symbol or known_live(ledger, event.strategy, of, jq_order_id) is not None:
            continue
        ledger.put_jq_order(
            JqOrder(
                strategy=event.strategy,
                day=event.body.strategy_time.date(),
                jq_order_id=jq_order_id,
                symbol=symbol,
                side=shown.side,
                amount=shown.amount,
                filled=shown.filled,
                status=shown.status,
                style=Style.STOP,
                limit=shown.limit,
                counted=shown.filled,
                updated_at=view.now,
            )
        )


# --- orders ----------------------------------------------------------------------------------------------------------


def bring_own_to_entitled(
    ledger: Ledger,
    strategy: StrategyConfig,
    *,
    ref: str,
    day: date,
    prices: Mapping[str, Decimal],
    view: View,
    approved: bool,
    unwanted: Collection[str] = (),
    only: BookKey | None = None,
) -> list[Intent]:
    """Raise the debts and buy the shortfalls of a strategy's books; what must not be bought stays a shortfall.

    `ref` names what asks for it (an event, a plan); `day` is the day that the prices, in yuan, are of; of `unwanted`
    symbols nothing is bought; `only` one book is looked at, where it is named.
    """
    raised: list[Intent] = []
    following = routes(view.config, strategy)
    for key, book in list(ledger.books.items()):
        if key[0] != strategy.name or book.frozen is not None or only not in (None, key):
            continue
        trading = view.trading_day(key[1], view.now)
        debt = raise_debt(ledger, key, origin=Origin.DEBT, approved=approved, day=trading, now=view.now)
        if debt is not None:
            raised.append(debt)
            continue
        if key[1] in following and key[2] not in unwanted and _may_buy(day, strategy, key, prices.get(key[2]), view):
            bought = _raise_purchase(ledger, strategy, ref, day, key, prices.get(key[2]), approved, view)
            raised += [bought] if bought is not None else []
    return raised


def within_band(entitled: Decimal, held: int, band: Decimal) -> bool:
    """True where what is held is so near to T that it is left as it is (不交易带宽); never for a T of 0."""
    return abs(entitled - held) < band * entitled


def shortfall_of(ledger: Ledger, key: BookKey, entitled: Decimal, band: Decimal) -> int:
    """The legal buy that own and the open buys lack to `entitled`; none within the band."""
    book = ledger.book(*key)
    held = book.own + ledger.open_shares(key, Side.BUY)
    return 0 if within_band(entitled, held, band) else legal_buy(book.symbol, entitled - held)


def buys(strategy: StrategyConfig, symbol: str) -> bool:
    """True where the strategy's own rules let it buy a symbol."""
    listed = (not strategy.whitelist or symbol in strategy.whitelist) and symbol not in strategy.blacklist
    return listed and not strategy.sell_only


def _may_buy(day: date, strategy: StrategyConfig, key: BookKey, price: Decimal | None, view: View) -> bool:
    _, account, symbol = key
    if not buys(strategy, symbol):
        return False
    instrument = view.instrument(account, symbol, price)
    if instrument is None or instrument.day != day:
        return True
    return not out_of_band(price, instrument)


def _raise_purchase(
    ledger: Ledger,
    config: StrategyConfig,
    ref: str,
    day: date,
    key: BookKey,
    price: Decimal | None,
    approved: bool,
    view: View,
) -> Intent | None:
    strategy, account, symbol = key
    book = ledger.book(*key)
    shares = shortfall_of(ledger, key, book.entitled, config.no_trade_band)
    if shares == 0:
        return None
    intent = Intent(
        intent_id=intent_id_for(view.now, ref, account, symbol, Origin.PLAN),
        origin=Origin.PLAN,
        event_id=None,
        strategy=strategy,
        account=account,
        symbol=symbol,
        side=Side.BUY,
        decided=shares,
        anchor=price,
        jq_day=day,
        approved=approved,
        inputs=json.dumps(
            {
                "config": view.config.version,
                "decided": shares,
                "asked_by": ref,
                "entitled": str(book.entitled),
                "own": book.own,
                "open": ledger.open_shares(key, Side.BUY),
            },
            ensure_ascii=False,
        ),
        day=view.trading_day(account, view.now),
        created_at=view.now,
        received_at=view.now,
        updated_at=view.now,
    )
    ledger.put_intent(intent)
    return intent
