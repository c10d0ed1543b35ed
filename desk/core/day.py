"""The ends and beginnings of a trading day: what lapses, what is closed without a final, which debts are worked."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from base_func import legal_sell
from desk.core.absorbing import store
from desk.core.book import close_without_final, exact, scaled
from desk.core.endings import end_intent, note_gap, settle_event
from desk.core.ledger import BookKey, Ledger, missing
from desk.core.reconcile import learn
from desk.core.values import Fact, Intent, Order, OrderState, Origin, Part, Reason, Side
from desk.core.view import intent_id_for
from desk.core.wishes import still_to_sell


def lapse(ledger: Ledger, order: Order, now: datetime) -> None:
    """Close an order of an ended day whose last reports are known: a day order lives no longer than its day."""
    learn(ledger, order, Fact.DAY_CLOSED, now, "day close")


def lapse_by_positions(ledger: Ledger, order: Order, change: int, now: datetime) -> bool:
    """Close an order of an earlier day by what the account's positions say it traded unseen (RELIABILITY I15).

    `change`: the account's shares less what books and hand-made part explain, signed. False when the order cannot
    explain it: then it is closed with what is known, and a person must look.
    """
    unseen = change if order.side is Side.BUY else -change
    fits = 0 <= unseen <= order.shares - order.filled
    traded = order.filled + (unseen if fits else 0)
    if traded >= order.shares:
        learn(ledger, order, Fact.FILLED_ALL, now, "positions", filled=traded)
    elif order.state is OrderState.IN_DOUBT and traded == 0:
        # Its day is over: whether it never arrived or lapsed untraded, it can trade no more.
        learn(ledger, order, Fact.RULED_ABSENT, now, "positions")
    else:
        learn(ledger, order, Fact.CANCELLED, now, "positions", filled=traded)
    known = ledger.orders[order.client_order_id]
    # No later snapshot will speak of it again.
    ledger.put_order(replace(known, settled=True), None, "positions")
    return fits


def end_intents(
    ledger: Ledger, account: str, close: datetime, now: datetime, sentence: dict[Reason, str]
) -> list[Intent]:
    """End what was made before this close: nothing more can happen for it today. Returns the ended intents.

    A debt that waits for a person's word lives on, a plan's purchase does not; what is in doubt ends 提交结果未知 and
    the books learn later.
    """
    done: list[Intent] = []
    for intent in list(ledger.intents.values()):
        if intent.account != account or intent.created_at >= close:
            continue
        if intent.origin not in (Origin.SIGNAL, Origin.PLAN) and not intent.approved:
            continue
        in_doubt = any(not order.state.final for order in ledger.orders_of(intent.intent_id))
        reason = Reason.UNKNOWN_RESULT if in_doubt else intent.stopped or intent.waited_for or Reason.CLOSE_UNFILLED
        if reason in (Reason.CLOSED_SESSION, Reason.CLOSED_DAY):
            reason = Reason.CLOSE_UNFILLED
        part = Part(shares=missing(intent), reason=reason, text=sentence[reason])
        done.append(end_intent(ledger, intent, now, part))
        if intent.event_id is not None:
            settle_event(ledger, intent.event_id, now)
    return done


def close_orders_without_final(ledger: Ledger, but: set[str], close: datetime, now: datetime) -> None:
    """Close JoinQuant's orders that are still live after their day (缺终态), but not those of the strategies named."""
    for key, order in list(ledger.jq_orders.items()):
        if order.status.final or order.closed or order.strategy in but:
            continue
        strategy = order.strategy
        if order.updated_at is None or order.updated_at >= close:
            continue
        books = {
            account: ledger.book(strategy, account, order.symbol)
            for account in ledger.accounts_of_book(strategy, order.symbol)
        }
        done = close_without_final(
            order, holding=ledger.holding(strategy, order.symbol), books=books, rates=dict(ledger.jq_rates.get(key, {}))
        )
        store(ledger, done, "缺终态", order.jq_order_id, now)
        text = f"聚宽委托 {order.jq_order_id} 到收盘没有终态(缺终态),按最后一次回报处理"
        note_gap(ledger, strategy, order.symbol, text, f"{order.day}", now)


def entitled_for_debt(ledger: Ledger, key: BookKey) -> Decimal:
    """T with sells still live at JoinQuant counted only by what JoinQuant has filled."""
    return exact(ledger.book(*key).entitled + still_to_sell(ledger, key))


def debt_of(ledger: Ledger, key: BookKey) -> int:
    """Shares that the book owns beyond T and that are a legal sale, while nothing is in flight."""
    book = ledger.book(*key)
    if ledger.in_flight(key) or book.own <= 0:
        return 0
    return legal_sell(book.symbol, book.own - entitled_for_debt(ledger, key), book.own)


def raise_debt(
    ledger: Ledger, key: BookKey, *, origin: Origin, approved: bool, day: date, now: datetime
) -> Intent | None:
    """Make the intent that works a book's debt; None when there is none."""
    shares = debt_of(ledger, key)
    if shares == 0:
        return None
    strategy, account, symbol = key
    intent = Intent(
        intent_id=intent_id_for(now, strategy, account, symbol, origin, now.isoformat()),
        origin=origin,
        event_id=None,
        strategy=strategy,
        account=account,
        symbol=symbol,
        side=Side.SELL,
        decided=shares,
        approved=approved,
        day=day,
        created_at=now,
        received_at=now,
        updated_at=now,
    )
    ledger.put_intent(intent)
    return intent


def empty_entitlement(ledger: Ledger, key: BookKey, now: datetime) -> None:
    """Make T 0 for a liquidation: what the book owns is all to be sold, and no later buy brings it back."""
    strategy, account, symbol = key
    for jq_key, order in ledger.live_jq_orders(strategy, symbol):
        rate = ledger.jq_rates.get(jq_key, {}).get(account)
        if rate is not None:
            # What JoinQuant takes back of it later has left T now, or would bring back what is sold.
            ledger.put_jq_rate(replace(rate, given_up=scaled(order.counted - order.filled, rate)))
    ledger.put_book(replace(ledger.book(*key), entitled=Decimal(0)), "急停清仓", now.isoformat(), now)


def night_judged(ledger: Ledger, account: str, day: date) -> bool:
    """True once the account's shares have been compared with the books on that day: its night's 除权 is in them."""
    said = json.loads(ledger.flags.get(f"foreign:{account}", "{}"))
    return bool(said) and said["day"] >= day.isoformat()


def apply_factor(ledger: Ledger, account: str, symbol: str, factor: Decimal, day: date, now: datetime) -> None:
    """Scale S, C, T and own by a corporate action's factor (除权), each account once a day, S and C once a day."""
    for book in ledger.books_on(account, symbol):
        after = replace(book, own=int(book.own * factor), entitled=exact(book.entitled * factor))
        ledger.put_book(after, "除权", day.isoformat(), now)
        flag = f"ex:{book.strategy}:{symbol}"
        if ledger.flags.get(flag) == day.isoformat():
            continue
        ledger.put_flag(flag, day.isoformat())
        holding = ledger.holding(book.strategy, symbol)
        scaled_holding = replace(
            holding,
            strategy_shares=int(holding.strategy_shares * factor),
            counted_shares=int(holding.counted_shares * factor),
        )
        ledger.put_holding(scaled_holding, "除权", day.isoformat(), now)
