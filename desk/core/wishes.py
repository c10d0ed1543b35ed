"""What one event wants on one account: the legal order it decides, or the reason why it decides none."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from base_func import legal_buy, legal_sell
from desk.core.book import Absorbed, decide_buy, decide_sell, scaled
from desk.core.config import StrategyConfig
from desk.core.endings import end_intent
from desk.core.ledger import BookKey, Ledger
from desk.core.market import Instrument
from desk.core.pricing import out_of_band
from desk.core.values import Event, Intent, JqOrder, Message, Mode, OrderSignal, Origin, Part, Reason, Side, Style
from desk.core.view import View, intent_id_for, routes


def wish_to_buy(
    ledger: Ledger,
    event: Event,
    signal: OrderSignal,
    strategy: StrategyConfig,
    account: str,
    done: Absorbed,
    view: View,
    where: dict[str, Decimal],
) -> Part | None:
    if account not in where:
        return None  # an account that no longer follows: its rate was never frozen, it buys nothing
    symbol = done.order.symbol
    rate = done.rates[account]
    key = (event.strategy, account, symbol)
    book = done.books[account]
    delta_scaled = scaled(done.delta, rate)
    open_buys = ledger.open_shares(key, Side.BUY)
    decided, residue = decide_buy(
        symbol,
        delta_scaled=delta_scaled,
        entitled_before=done.entitled_before[account],
        own=book.own,
        open_buys=open_buys,
    )
    if decided == 0:
        if residue < 0 and legal_buy(symbol, delta_scaled) > 0:
            return Part(
                shares=int(delta_scaled), reason=Reason.ALREADY_FOLLOWED, text="账户里多出的股票抵掉了这次买入。"
            )
        return Part(shares=int(delta_scaled), reason=Reason.BELOW_LOT, text=view.sentence(Reason.BELOW_LOT))
    intent = _intent(event, signal, strategy, account, done.order, decided, view)
    intent = replace(
        intent,
        inputs=_inputs(
            view,
            intent,
            rate=f"{rate.numerator}/{rate.denominator}",
            delta=done.delta,
            residue=str(residue),
            entitled=str(book.entitled),
            own=book.own,
            open=open_buys,
        ),
    )
    ledger.put_intent(intent)
    reason = _why_no_buy(event, signal, strategy, account, symbol, view)
    if reason is not None:
        end_intent(ledger, intent, view.now, Part(shares=decided, reason=reason, text=view.sentence(reason)))
    return None


def _why_no_buy(
    event: Event, signal: OrderSignal, strategy: StrategyConfig, account: str, symbol: str, view: View
) -> Reason | None:
    if view.halted:
        return Reason.HALTED
    stopped = view.stopped(event.strategy)
    if stopped is not None:
        return stopped
    if not strategy.enabled:
        return Reason.PAUSED
    if strategy.sell_only:
        return Reason.SELL_ONLY
    if strategy.whitelist and symbol not in strategy.whitelist:
        return Reason.NOT_WHITELISTED
    if symbol in strategy.blacklist:
        return Reason.BLACKLISTED
    if too_old(event, strategy):
        return Reason.TOO_OLD
    if signal.style in (Style.LIMIT, Style.STOP_LIMIT) and signal.limit is None and not signal.status.final:
        return Reason.LIMIT_UNKNOWN
    instrument = view.instrument(account, symbol, anchor_of(signal))
    if instrument is not None and _wrong_basis(event, signal, account, instrument, view):
        return Reason.PRICE_BASIS
    return None


def too_old(event: Event, strategy: StrategyConfig) -> bool:
    """Delivery age: received − made; a sender's clock up to 10 min ahead is aged from receipt, beyond that too old."""
    return event.clock_ahead or event.received_at - event.sent_at > timedelta(seconds=strategy.signal_valid_s)


def anchor_of(signal: OrderSignal) -> Decimal | None:
    """The first price that a signal carries: p, else l."""
    return signal.avg_price if signal.avg_price > 0 else signal.limit


def _wrong_basis(event: Event, signal: OrderSignal, account: str, instrument: Instrument, view: View) -> bool:
    """A price outside today's band is no market price; only a signal of the instrument's own day can prove it."""
    if event.body.strategy_time.date() != instrument.day:
        return False
    return out_of_band(signal.avg_price, instrument) or out_of_band(signal.limit, instrument)


def wish_to_sell(
    ledger: Ledger,
    event: Event,
    signal: OrderSignal,
    strategy: StrategyConfig,
    account: str,
    done: Absorbed,
    view: View,
    where: dict[str, Decimal],
) -> Part | None:
    symbol = done.order.symbol
    key = (event.strategy, account, symbol)
    book = done.books[account]
    open_sells = ledger.open_shares(key, Side.SELL)
    decided = decide_sell(symbol, entitled=book.entitled, own=book.own, open_sells=open_sells)
    kept = still_to_sell(ledger, key, but=done.order)
    if kept > 0:
        # What older live sells have not sold is not this event's: it sells its own part and what was owed before.
        owed = max(Decimal(0), book.own - open_sells - done.entitled_before[account] - kept)
        part = scaled(done.delta, done.rates[account]) + owed
        decided = min(decided, legal_sell(symbol, part, book.own - open_sells))
    if decided == 0:
        return _why_no_sell(ledger, event, account, done, open_sells, view)
    intent = _intent(event, signal, strategy, account, done.order, decided, view)
    rate = done.rates.get(account)
    intent = replace(
        intent,
        inputs=_inputs(
            view,
            intent,
            rate=f"{rate.numerator}/{rate.denominator}" if rate else "0",
            delta=done.delta,
            entitled=str(book.entitled),
            own=book.own,
            open=open_sells,
        ),
    )
    instrument = view.instrument(account, symbol, anchor_of(signal))
    if instrument is not None and _wrong_basis(event, signal, account, instrument, view):
        intent = replace(intent, limit=None)
        ledger.say(_wrong_basis_alarm(intent, view.now))
    if too_old(event, strategy) and view.trading_day(account, event.sent_at) != view.trading_day(account, view.now):
        # Its part is a debt that a person approves: the market may have changed since the strategy meant it.
        debt_id = intent_id_for(event.received_at, event.event_id, account, Origin.DEBT)
        debt = replace(intent, intent_id=debt_id, origin=Origin.DEBT, event_id=None, limit=None, resting=False)
        ledger.put_intent(replace(debt, approved=False, waiting=Reason.TOO_OLD))
        return Part(shares=decided, reason=Reason.TOO_OLD, text=view.sentence(Reason.TOO_OLD))
    ledger.put_intent(intent)
    reason = (
        Reason.HALTED if view.halted else view.stopped(event.strategy) or (None if strategy.enabled else Reason.PAUSED)
    )
    if reason is not None:
        end_intent(ledger, intent, view.now, Part(shares=decided, reason=reason, text=view.sentence(reason)))
    return None


def still_to_sell(ledger: Ledger, key: BookKey, *, but: JqOrder | None = None) -> Decimal:
    """Our part of what the strategy's live sells have not yet sold at JoinQuant, `but` one of them."""
    strategy, account, symbol = key
    total = Decimal(0)
    for jq_key, order in ledger.live_jq_orders(strategy, symbol):
        if order.side is Side.BUY or order.closed or order.counted <= order.filled:
            continue
        if but is not None and (but.day, but.jq_order_id) == (order.day, order.jq_order_id):
            continue
        rate = ledger.jq_rates.get(jq_key, {}).get(account)
        if rate is not None:
            total += max(Decimal(0), scaled(order.counted - order.filled, rate) - rate.given_up)
    return total


def _why_no_sell(
    ledger: Ledger, event: Event, account: str, done: Absorbed, open_sells: int, view: View
) -> Part | None:
    book = done.books[account]
    rate = done.rates.get(account)
    asked = int(scaled(done.delta, rate)) if rate else 0
    if book.own == 0:
        if not done.entitled_before.get(account) and account not in _following(view, event):
            return None  # an account that has nothing to do with this strategy any more
        return Part(shares=max(asked, 1), reason=Reason.NO_POSITION, text=view.sentence(Reason.NO_POSITION))
    if open_sells >= book.own:
        return Part(shares=asked, reason=Reason.ALREADY_FOLLOWED, text="在途的卖单已经包含了这次卖出。")
    return Part(shares=max(asked, 1), reason=Reason.BELOW_LOT, text=view.sentence(Reason.BELOW_LOT))


def _following(view: View, event: Event) -> set[str]:
    strategy = view.config.by_kid(event.kid)
    return set(routes(view.config, strategy)) if strategy else set()


def _wrong_basis_alarm(intent: Intent, now: datetime) -> Message:
    return Message(
        at=now,
        kind="alarm",
        title=f"{intent.strategy} 的价格不是今天的市价",
        text=f"{intent.symbol} 卖出照常执行,但不再使用策略的限价;请在聚宽打开 use_real_price。",
        urgent=True,
        key=f"basis:{intent.strategy}:{intent.symbol}:{now.date()}",
    )


def _intent(
    event: Event, signal: OrderSignal, strategy: StrategyConfig, account: str, order: JqOrder, decided: int, view: View
) -> Intent:
    return Intent(
        intent_id=intent_id_for(event.received_at, event.event_id, account, signal.side),
        origin=Origin.SIGNAL,
        event_id=event.event_id,
        strategy=event.strategy,
        account=account,
        symbol=order.symbol,
        side=signal.side,
        decided=decided,
        limit=None if signal.style.stop and signal.limit is None else order.limit,
        anchor=anchor_of(signal),
        resting=not order.status.final and not order.style.stop and order.limit is not None,
        jq_day=order.day,
        jq_order_id=order.jq_order_id,
        approved=strategy.mode is not Mode.CONFIRM,
        day=view.trading_day(account, view.now),
        created_at=view.now,
        received_at=event.received_at,
        updated_at=view.now,
    )


def _inputs(view: View, intent: Intent, **facts: object) -> str:
    return json.dumps({"config": view.config.version, "decided": intent.decided, **facts}, ensure_ascii=False)
