"""From an event to intents: what JoinQuant's order means for our books and what is decided on each account, once.

The functions change the ledger (an image in memory) and nothing else; sending is someone else's work. The decision is
stored with its inputs and never computed again (RELIABILITY I3).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from base_func import Board, UnsupportedSymbol, board_of, legal_buy, symbol_of
from desk.core.book import Absorbed, OrderNews, absorb, decide_buy, decide_sell, give_up, scaled
from desk.core.config import Config, StrategyConfig
from desk.core.ledger import Ledger, ended
from desk.core.market import Instrument
from desk.core.pricing import out_of_band
from desk.core.values import (
    CancelSignal,
    Event,
    EventKind,
    EventOutcome,
    Gap,
    Intent,
    JqOrder,
    JqStatus,
    Message,
    Mode,
    OrderSignal,
    Origin,
    Part,
    Reason,
    Side,
    Style,
    Verdict,
)
from desk.core.verdict import conclude, merged

TEST_STRATEGY = "测试"
_CLOCK_SLACK = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What deciding needs to know of the world, asked once for the moment `now`."""

    config: Config
    now: datetime
    halted: bool
    trading_day: Callable[[str, datetime], date]  # (account, moment) -> the trading day that the moment belongs to
    instrument: Callable[[str, str, Decimal | None], Instrument | None]  # (account, symbol, anchor)
    stopped: Callable[[str], Reason | None]  # strategy -> why it takes no buys (paused, 已熔断), else None
    sentence: Callable[[Reason], str]  # the full sentence for a reason


def shadow_of(account: str) -> str:
    """The paper account on which a 模拟 strategy of a real account trades, with the real quotes."""
    return f"{account}·模拟"


def routes(
    config: Config, strategy: StrategyConfig, *, test: bool = False, live_test: bool = False
) -> dict[str, Decimal]:
    """The accounts that a strategy's events are traded on, with their ratios; 模拟 never names a real account."""
    found: dict[str, Decimal] = {}
    for share in strategy.accounts:
        account = config.account(share.account)
        real = account is not None and account.channel != "paper"
        to_paper = not live_test if test else strategy.mode is Mode.PAPER
        found[shadow_of(share.account) if real and to_paper else share.account] = share.ratio
    return found


def intent_id_for(*words: str) -> str:
    """A short id, deterministic in its words: 16 ASCII characters, so that `<id>-<attempt>` fits QMT's remark."""
    digest = hashlib.sha256("\x1f".join(words).encode()).digest()
    return "g" + base64.b32encode(digest)[:15].decode().lower()


def decide_event(ledger: Ledger, event: Event, view: View) -> None:
    """Decide one event wholly: its books, its intents, and its outcome where nothing is left to do."""
    content = event.body.content
    if isinstance(content, OrderSignal):
        _decide_order(ledger, event, content, view)
    elif isinstance(content, CancelSignal):
        _decide_cancel(ledger, event, content, view)
    else:
        _end(ledger, event, view, Verdict.IGNORED, None)


def settle_event(ledger: Ledger, event_id: str, now: datetime) -> EventOutcome | None:
    """End an event whose intents have all ended; None while it is still at work (or has ended before)."""
    outcome = ledger.outcomes.get(event_id)
    if outcome is None:
        return None
    final = conclude(event_id, outcome, ledger.intents_of_event(event_id), now)
    if final is not None:
        ledger.end_event(final)
    return final


def end_intent(ledger: Ledger, intent: Intent, now: datetime, *parts: Part) -> Intent:
    """End an intent; a buy that ends short gives up what is left of T for it, and its order remembers that."""
    done = ended(replace(intent, parts=merged((*intent.parts, *(p for p in parts if p.shares > 0)))), now)
    short = done.decided - done.filled
    if done.side is Side.BUY and short > 0:
        key = (done.strategy, done.account, done.symbol)
        book = ledger.book(*key)
        others = ledger.open_shares(key, Side.BUY, but=done.intent_id)
        given = give_up(done.symbol, entitled=book.entitled, own=book.own, other_open_buys=others, missing=short)
        if given:
            done = replace(done, given_up=given)
            after = replace(book, entitled=max(Decimal(0), book.entitled - given))
            ledger.put_book(after, "放弃", done.intent_id, now)
            _remember_given_up(ledger, done, given)
    ledger.put_intent(done)
    return done


def _remember_given_up(ledger: Ledger, intent: Intent, given: int) -> None:
    if intent.jq_day is None or intent.jq_order_id is None:
        return
    rate = ledger.jq_rates.get((intent.strategy, intent.jq_day, intent.jq_order_id), {}).get(intent.account)
    if rate is not None:
        ledger.put_jq_rate(replace(rate, given_up=rate.given_up + given))


# --- orders ----------------------------------------------------------------------------------------------------------


def _decide_order(ledger: Ledger, event: Event, signal: OrderSignal, view: View) -> None:
    strategy = view.config.by_kid(event.kid)
    if strategy is None:
        return _end(ledger, event, view, Verdict.REFUSED, Reason.UNKNOWN_STRATEGY)
    test = event.body.kind is EventKind.TEST
    where = routes(view.config, strategy, test=test, live_test=event.body.live_test)
    if event.body.backtest and not (strategy.allow_backtest and _all_paper(view.config, where)):
        return _end(ledger, event, view, Verdict.IGNORED, Reason.BACKTEST)
    try:
        symbol = symbol_of(signal.security)
        supported = board_of(symbol) is not Board.REPO and not signal.short
    except UnsupportedSymbol:
        symbol, supported = "", False
    if not supported:
        return _end(ledger, event, view, Verdict.REFUSED, Reason.UNSUPPORTED, shares=signal.amount)
    if event.wire == 1 and not signal.status.final:
        # v1 carries no limit, and what its live order will become is told by its final event.
        return _end(ledger, event, view, Verdict.REFUSED, Reason.LIMIT_UNKNOWN, shares=signal.amount)
    news = OrderNews(
        strategy=event.strategy,
        day=event.body.strategy_time.date(),
        jq_order_id=signal.jq_order_id,
        symbol=symbol,
        side=signal.side,
        amount=signal.amount,
        filled=signal.filled,
        status=signal.status,
        style=signal.style,
        limit=signal.limit,
        holding_after=signal.holding_after,
        at=view.now,
    )
    done = absorb_news(ledger, news, where, event.event_id)
    _tell_resting_intents(ledger, done.order, event, view.now)
    if done.delta <= 0:
        return _end_without_wish(ledger, event, done, view)
    _check_holding(ledger, event, done, signal, view)
    outcome = EventOutcome(
        event_id=event.event_id, verdict=Verdict.WORKING, reason=None, reason_text="", decided_at=view.now
    )
    ledger.put_event(event, outcome)
    idle: list[Part] = []
    decide = _decide_buy if signal.side is Side.BUY else _decide_sell
    for account in done.books:
        part = decide(ledger, event, signal, strategy, account, done, view, where)
        if part is not None:
            idle.append(part)
    if idle:
        ledger.put_event(event, replace(outcome, parts=merged(idle)))
    if not ledger.intents_of_event(event.event_id):
        if not idle or all(part.reason is Reason.ALREADY_FOLLOWED for part in idle):
            ledger.end_event(_outcome(event, view, Verdict.IGNORED, Reason.ALREADY_FOLLOWED, tuple(idle)))
            return
    settle_event(ledger, event.event_id, view.now)


def absorb_news(ledger: Ledger, news: OrderNews, where: dict[str, Decimal], ref: str) -> Absorbed:
    """Work the news into the ledger's books; every account that follows or still owns something is concerned."""
    key = (news.strategy, news.day, news.jq_order_id)
    accounts = dict.fromkeys([*where, *ledger.accounts_of_book(news.strategy, news.symbol)])
    done = absorb(
        news,
        before=ledger.jq_orders.get(key),
        holding=ledger.holding(news.strategy, news.symbol),
        books={a: ledger.book(news.strategy, a, news.symbol) for a in accounts},
        rates=ledger.jq_rates.get(key, {}),
        ratios=where,
    )
    cause = "聚宽买入" if news.side is Side.BUY else "聚宽卖出"
    store(ledger, done, cause, ref, news.at)
    return done


def store(ledger: Ledger, done: Absorbed, cause: str, ref: str, at: datetime) -> None:
    """Write an absorbed change into the ledger, gaps told once."""
    ledger.put_jq_order(done.order)
    for rate in done.rates.values():
        ledger.put_jq_rate(rate)
    ledger.put_holding(done.holding, cause, ref, at)
    for book in done.books.values():
        ledger.put_book(book, cause, ref, at)
    for cause_text in done.gaps:
        order = done.order
        note_gap(ledger, order.strategy, order.symbol, cause_text, f"{order.day}:{order.jq_order_id}", at)


def note_gap(ledger: Ledger, strategy: str, symbol: str | None, text: str, ref: str, at: datetime) -> None:
    """Record a gap and tell it, both once."""
    gap = Gap(
        at=at, strategy=strategy, symbol=symbol, cause=text[:40], text=text, key=f"{strategy}:{symbol}:{text}:{ref}"
    )
    if ledger.put_gap(gap):
        ledger.say(
            Message(
                at=at,
                kind="alarm",
                title=f"{strategy} 出现缺口",
                text=f"{symbol or ''} {text}".strip(),
                urgent=True,
                key=f"gap:{gap.key}",
            )
        )


def _check_holding(ledger: Ledger, event: Event, done: Absorbed, signal: OrderSignal, view: View) -> None:
    """`n` unlike S with nothing live is a gap."""
    said = signal.holding_after
    if said is None or not done.order.status.final or done.holding.strategy_shares != done.holding.counted_shares:
        return
    if said != done.holding.strategy_shares:
        text = f"聚宽说持有 {said} 股,我们按成交记着 {done.holding.strategy_shares} 股"
        note_gap(ledger, event.strategy, done.order.symbol, text, str(done.order.day), view.now)


def _all_paper(config: Config, where: dict[str, Decimal]) -> bool:
    return all((account := config.account(name)) is None or account.channel == "paper" for name in where)


def _tell_resting_intents(ledger: Ledger, order: JqOrder, event: Event, now: datetime) -> None:
    """Once JoinQuant's order is final, what rested for it is chased, aged from the final event."""
    if not order.status.final:
        return
    for intent in intents_of_jq(ledger, order.strategy, order.day, order.jq_order_id):
        if intent.resting:
            ledger.put_intent(replace(intent, resting=False, received_at=event.received_at, updated_at=now))


def intents_of_jq(ledger: Ledger, strategy: str, day: date, jq_order_id: str) -> list[Intent]:
    return [
        i
        for i in ledger.intents.values()
        if i.jq_order_id == jq_order_id and i.strategy == strategy and i.jq_day == day
    ]


def _end_without_wish(ledger: Ledger, event: Event, done: Absorbed, view: View) -> None:
    order = done.order
    if done.delta < 0:
        return _end(
            ledger,
            event,
            view,
            Verdict.IGNORED,
            Reason.JQ_NOT_FILLED,
            text=f"聚宽有 {-done.delta} 股没有成交,账本已按它退回。",
        )
    nothing_had = order.counted == 0 and order.filled == 0
    reason = Reason.JQ_NOT_FILLED if nothing_had else Reason.ALREADY_FOLLOWED
    text = "止损单还没有触发。" if nothing_had and order.style.stop and not order.status.final else None
    _end(ledger, event, view, Verdict.IGNORED, reason, text=text)


# --- one account -----------------------------------------------------------------------------------------------------


def _decide_buy(
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


def _decide_sell(
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
        debt_id = intent_id_for(event.event_id, account, Origin.DEBT)
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
        intent_id=intent_id_for(event.event_id, account, signal.side),
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


# --- cancels ---------------------------------------------------------------------------------------------------------


def _decide_cancel(ledger: Ledger, event: Event, signal: CancelSignal, view: View) -> None:
    """A cancel ends the chase; with a status it is an order event as well, without one C and T wait for the final."""
    day = event.body.strategy_time.date()
    known = ledger.jq_orders.get((event.strategy, day, signal.jq_order_id))
    if event.body.backtest:
        return _end(ledger, event, view, Verdict.IGNORED, Reason.BACKTEST)
    if known is None:
        return _end(ledger, event, view, Verdict.IGNORED, Reason.ALREADY_FOLLOWED, text="我们没有跟过这张聚宽委托。")
    living = intents_of_jq(ledger, event.strategy, day, signal.jq_order_id)
    strategy = view.config.by_kid(event.kid)
    if signal.status is not None and strategy is not None:
        news = OrderNews(
            strategy=event.strategy,
            day=day,
            jq_order_id=signal.jq_order_id,
            symbol=known.symbol,
            side=known.side,
            amount=signal.amount if signal.amount is not None else known.amount,
            filled=signal.filled if signal.filled is not None else known.filled,
            status=signal.status,
            style=known.style,
            limit=known.limit,
            holding_after=None,
            at=view.now,
        )
        done = absorb_news(ledger, news, routes(view.config, strategy), event.event_id)
        _tell_resting_intents(ledger, done.order, event, view.now)
    if signal.status is None or signal.status is not JqStatus.HELD:
        partly = signal.status is not None and signal.status.final and (signal.filled or known.filled) > 0
        for intent in intents_of_jq(ledger, event.strategy, day, signal.jq_order_id):
            if not partly and intent.stopped is None:
                ledger.put_intent(replace(intent, stopped=Reason.JQ_NOT_FILLED, updated_at=view.now))
    if living:
        return _end(ledger, event, view, Verdict.DONE, None, text="已按聚宽撤单。")
    _end(ledger, event, view, Verdict.IGNORED, Reason.ALREADY_FOLLOWED, text="没有在途的委托需要撤。")


# --- ends ------------------------------------------------------------------------------------------------------------


def _outcome(
    event: Event,
    view: View,
    verdict: Verdict,
    reason: Reason | None,
    parts: tuple[Part, ...] = (),
    text: str | None = None,
) -> EventOutcome:
    sentence = text if text is not None else (view.sentence(reason) if reason else "")
    return EventOutcome(
        event_id=event.event_id,
        verdict=verdict,
        reason=reason,
        reason_text=sentence,
        parts=parts,
        decided_at=view.now,
        done_at=view.now,
    )


def _end(
    ledger: Ledger,
    event: Event,
    view: View,
    verdict: Verdict,
    reason: Reason | None,
    *,
    shares: int = 0,
    text: str | None = None,
) -> None:
    parts: tuple[Part, ...] = ()
    if reason is not None and shares:
        parts = (Part(shares=shares, reason=reason, text=view.sentence(reason)),)
    ledger.end_event(_outcome(event, view, verdict, reason, parts, text))
