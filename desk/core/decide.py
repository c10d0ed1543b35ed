"""From an event to intents: what JoinQuant's order means for our books and what is decided on each account, once.

The functions change the ledger (an image in memory) and nothing else; sending is someone else's work. The decision is
stored with its inputs and never computed again (RELIABILITY I3).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from base_func import Board, UnsupportedSymbol, board_of, symbol_of
from desk.core.absorbing import absorb_news, store, take_back, tell_resting_intents
from desk.core.book import Absorbed, OrderNews, close_without_final, counts
from desk.core.config import Config, StrategyConfig
from desk.core.endings import note_gap, settle_event
from desk.core.ledger import Ledger
from desk.core.scaling import Scale, note_equity, note_inputs, ratios_of, scales_of
from desk.core.snapshot import hear_snapshot, in_snapshot
from desk.core.values import (
    CancelSignal,
    Event,
    EventKind,
    EventOutcome,
    Follows,
    JqStatus,
    OrderSignal,
    Part,
    Reason,
    Side,
    SnapshotSignal,
    Verdict,
)
from desk.core.verdict import merged
from desk.core.view import View, routes
from desk.core.wishes import anchor_of, wish_to_buy, wish_to_sell

_BY_TARGET = "这个策略按目标持仓跟,不看单笔委托;下一份持仓会包含它。"


def decide_event(ledger: Ledger, event: Event, view: View) -> None:
    """Decide one event wholly: its books, its intents, and its outcome where nothing is left to do."""
    content = event.body.content
    if isinstance(content, OrderSignal):
        _decide_order(ledger, event, content, view)
    elif isinstance(content, CancelSignal):
        _decide_cancel(ledger, event, content, view)
    elif isinstance(content, SnapshotSignal):
        reason, text = hear_snapshot(ledger, event, content, view)
        verdict = Verdict.REFUSED if reason is Reason.UNKNOWN_STRATEGY else Verdict.IGNORED
        _end(ledger, event, view, verdict, reason, text=text)
    else:
        _end(ledger, event, view, Verdict.IGNORED, None)


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
    if strategy.follows is Follows.TARGET and not test:
        return _end(ledger, event, view, Verdict.IGNORED, Reason.IN_SNAPSHOT, text=_BY_TARGET)
    if in_snapshot(ledger, event, signal.jq_order_id):
        return _end(ledger, event, view, Verdict.IGNORED, Reason.IN_SNAPSHOT)
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
        # The holding after a call is news only while no later event is known: one that comes late would empty what
        # has been bought since.
        holding_after=signal.holding_after if event.body.seq in (0, ledger.seqs.get(event.strategy, 0)) else None,
        at=view.now,
    )
    if news.side is Side.SELL:
        _close_outsold(ledger, news, event.event_id, view)
    scales: dict[str, Scale] = {}
    if not test:
        note_equity(ledger, event, strategy)
    if news.side is Side.BUY:
        scales = _scales(ledger, event, news, strategy, signal, view)
        where = ratios_of(scales)
    done = absorb_news(ledger, news, where, event.event_id)
    take_back(ledger, done, view)
    tell_resting_intents(ledger, done.order, event.received_at, view.now)
    if done.delta <= 0:
        return _end_without_wish(ledger, event, done, view)
    _check_holding(ledger, event, done, news.holding_after, view)
    outcome = EventOutcome(
        event_id=event.event_id, verdict=Verdict.WORKING, reason=None, reason_text="", decided_at=view.now
    )
    ledger.put_event(event, outcome)
    idle: list[Part] = []
    decide = wish_to_buy if signal.side is Side.BUY else wish_to_sell
    for account in done.books:
        part = decide(ledger, event, signal, strategy, account, done, view, where)
        if part is not None:
            idle.append(part)
    idle += [
        Part(shares=done.delta, reason=scale.reason, text=view.sentence(scale.reason))
        for scale in scales.values()
        if scale.reason is not None
    ]
    note_inputs(ledger, event.event_id, scales)
    if idle:
        ledger.put_event(event, replace(outcome, parts=merged(idle)))
    followed = all(part.reason is Reason.ALREADY_FOLLOWED for part in idle)
    if followed and not ledger.intents_of_event(event.event_id):
        ledger.end_event(_outcome(event, view, Verdict.IGNORED, Reason.ALREADY_FOLLOWED, tuple(idle)))
        return
    settle_event(ledger, event.event_id, view.now)


def _scales(
    ledger: Ledger, event: Event, news: OrderNews, strategy: StrategyConfig, signal: OrderSignal, view: View
) -> dict[str, Scale]:
    return scales_of(
        ledger,
        strategy,
        view,
        symbol=news.symbol,
        amount=news.amount,
        price=anchor_of(signal),
        test=event.body.kind is EventKind.TEST,
        live_test=event.body.live_test,
        frozen=ledger.jq_rates.get((news.strategy, news.day, news.jq_order_id), {}),
    )


def _close_outsold(ledger: Ledger, news: OrderNews, ref: str, view: View) -> None:
    """Close older live sells that cannot live any more: JoinQuant locks their shares, and now it has sold those.

    So does an order_target that cancels a live order and sells everything, heard before (or without) that order's
    final. They are closed at the fills last reported; a final that comes later corrects it.
    """
    key = (news.strategy, news.day, news.jq_order_id)
    before = ledger.jq_orders.get(key)
    already = before.counted if before is not None else 0
    target = counts(not news.status.final, news.style, news.amount, news.filled)
    emptied = news.status is JqStatus.HELD and news.holding_after == 0
    if not emptied and target <= already + ledger.holding(news.strategy, news.symbol).counted_shares:
        return
    for other_key, other in ledger.live_jq_orders(news.strategy, news.symbol):
        if other.side is Side.BUY or other_key == key or other.closed or other.counted <= other.filled:
            continue
        accounts = ledger.accounts_of_book(news.strategy, news.symbol)
        done = close_without_final(
            other,
            holding=ledger.holding(news.strategy, news.symbol),
            books={a: ledger.book(news.strategy, a, news.symbol) for a in accounts},
            rates=ledger.jq_rates.get(other_key, {}),
        )
        store(ledger, done, "聚宽卖出", ref, news.at)
        take_back(ledger, done, view)


def _check_holding(ledger: Ledger, event: Event, done: Absorbed, said: int | None, view: View) -> None:
    """`n` unlike S with nothing live is a gap."""
    if said is None or not done.order.status.final or done.holding.strategy_shares != done.holding.counted_shares:
        return
    if said != done.holding.strategy_shares:
        text = f"聚宽说持有 {said} 股,我们按成交记着 {done.holding.strategy_shares} 股"
        note_gap(ledger, event.strategy, done.order.symbol, text, str(done.order.day), view.now)


def _all_paper(config: Config, where: dict[str, Decimal]) -> bool:
    return all((account := config.account(name)) is None or account.channel == "paper" for name in where)


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


# --- cancels ---------------------------------------------------------------------------------------------------------


def _decide_cancel(ledger: Ledger, event: Event, signal: CancelSignal, view: View) -> None:
    """A cancel ends the chase; with a status it is an order event as well, without one C and T wait for the final."""
    day = event.body.strategy_time.date()
    known = ledger.jq_orders.get((event.strategy, day, signal.jq_order_id))
    if event.body.backtest:
        return _end(ledger, event, view, Verdict.IGNORED, Reason.BACKTEST)
    if in_snapshot(ledger, event, signal.jq_order_id):
        return _end(ledger, event, view, Verdict.IGNORED, Reason.IN_SNAPSHOT)
    if known is None:
        return _end(ledger, event, view, Verdict.IGNORED, Reason.ALREADY_FOLLOWED, text="我们没有跟过这张聚宽委托。")
    living = ledger.intents_of_jq((event.strategy, day, signal.jq_order_id))
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
        take_back(ledger, done, view)
        tell_resting_intents(ledger, done.order, event.received_at, view.now)
    if signal.status is None or signal.status is not JqStatus.HELD:
        partly = signal.status is not None and signal.status.final and (signal.filled or known.filled) > 0
        for intent in ledger.intents_of_jq((event.strategy, day, signal.jq_order_id)):
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
