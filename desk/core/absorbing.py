"""News of a JoinQuant order put into the ledger's books, and what it changes for the intents that follow the order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from desk.core.book import Absorbed, OrderNews, absorb, scaled
from desk.core.endings import note_gap
from desk.core.ledger import JqKey, Ledger, missing
from desk.core.values import JqOrder, Part, Reason, Side
from desk.core.verdict import merged
from desk.core.view import View


def absorb_news(
    ledger: Ledger, news: OrderNews, where: dict[str, Decimal], ref: str, cause: str | None = None
) -> Absorbed:
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
        live_buys=[
            (order, ledger.jq_rates.get(jq_key, {})) for jq_key, order in _live_buys(ledger, news.strategy, news.symbol)
        ],
    )
    by_side = "聚宽买入" if news.side is Side.BUY else "聚宽卖出"
    store(ledger, done, cause or by_side, ref, news.at)
    return done


def _live_buys(ledger: Ledger, strategy: str, symbol: str) -> list[tuple[JqKey, JqOrder]]:
    return [
        (key, order)
        for key, order in ledger.live_jq_orders(strategy, symbol)
        if order.side is Side.BUY and order.counted > order.filled
    ]


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


def tell_resting_intents(ledger: Ledger, order: JqOrder, received_at: datetime, now: datetime) -> None:
    """Once JoinQuant's order is final, what rested for it is chased, aged from the final event."""
    if not order.status.final:
        return
    for intent in ledger.intents_of_jq((order.strategy, order.day, order.jq_order_id)):
        if intent.resting:
            ledger.put_intent(replace(intent, resting=False, received_at=received_at, updated_at=now))


def take_back(ledger: Ledger, done: Absorbed, view: View) -> None:
    """What JoinQuant took back is wanted no longer by the intents that followed that order: it frees their room."""
    if done.delta >= 0:
        return
    order = done.order
    left: dict[str, int] = {}
    for intent in reversed(ledger.intents_of_jq((order.strategy, order.day, order.jq_order_id))):
        rate = done.rates.get(intent.account)
        if rate is None:
            continue
        fall = left.setdefault(intent.account, int(scaled(-done.delta, rate)))
        cut = min(fall, missing(intent))
        if cut > 0:
            left[intent.account] -= cut
            reason = Reason.JQ_NOT_FILLED
            part = Part(shares=cut, reason=reason, text=view.sentence(reason))
            ledger.put_intent(replace(intent, parts=merged((*intent.parts, part)), updated_at=view.now))
