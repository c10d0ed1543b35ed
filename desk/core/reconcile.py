"""From what the broker says to what we know: fills booked, states advanced, unknown outcomes resolved by evidence.

A fill is booked before the state table is asked. Absence proves nothing by itself: see `rule_absent`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from base_func import is_t0
from desk.core.ledger import Ledger
from desk.core.market import BrokerOrder, BrokerTrade, Outcome, PlaceAnswer, Snapshot
from desk.core.order_state import TABLE, ImpossibleFact, advance, fact_of, resurrects
from desk.core.values import (
    BrokerStatus,
    Fact,
    Fill,
    Intent,
    Message,
    Order,
    OrderFact,
    OrderState,
    Origin,
    Reason,
    Side,
)

_OWN_REMARK = re.compile(r"g[0-9a-z]{15}-\d{1,5}")

REFUSAL_WORDS: tuple[tuple[str, Reason], ...] = (
    ("可用资金", Reason.NO_CASH),
    ("资金不足", Reason.NO_CASH),
    ("可用数量", Reason.NOT_SELLABLE),
    ("证券可用", Reason.NOT_SELLABLE),
    ("停牌", Reason.SUSPENDED),
)
FACT_OF_OUTCOME = {
    Outcome.ACCEPTED: Fact.ACCEPTED,
    Outcome.REFUSED: Fact.REFUSED,
    Outcome.NO_ANSWER: Fact.NO_ANSWER,
}
RETRY_WORDS = ("价格", "笼子", "超出范围", "申报有效")  # a fresh price may mend it


def looks_own(remark: str) -> bool:
    """True for a remark of our form: an order that carries it was sent by some desk of ours."""
    return _OWN_REMARK.fullmatch(remark) is not None


def classify_refusal(text: str) -> Reason | None:
    """The reason behind a broker's refusal text; None when a fresh price may mend it."""
    for word, reason in REFUSAL_WORDS:
        if word in text:
            return reason
    if any(word in text for word in RETRY_WORDS):
        return None
    return Reason.BROKER_REFUSED


def _is_anothers(ledger: Ledger, order: Order, number: str, now: datetime, source: str) -> bool:
    """Whether another order bears the broker's number; a report or picture, which names its order, takes it away."""
    other = ledger.by_broker_id(order.account, order.day, number) if number else None
    if other is None or other.client_order_id == order.client_order_id:
        return False
    if source != "place":  # an answer to a call has been seen to carry the number of the order before
        ledger.take_number(other, now, source)
    return True


def learn(
    ledger: Ledger,
    order: Order,
    fact: Fact,
    now: datetime,
    source: str,
    *,
    filled: int = 0,
    broker_order_id: str = "",
    text: str = "",
) -> Order:
    """Book what is new, ask the table, store both; an impossible fact is recorded and stops the strategy."""
    order = ledger.orders[order.client_order_id]
    if broker_order_id != order.broker_order_id and _is_anothers(ledger, order, broker_order_id, now, source):
        broker_order_id = ""  # told again by the next report or picture, when nobody else bears it any more
    traded = max(order.filled, filled)
    after = replace(
        order,
        filled=traded,
        broker_order_id=broker_order_id or order.broker_order_id,
        broker_text=text or order.broker_text,
        updated_at=now,
    )
    book_traded(ledger, order, traded - order.filled, now)
    if traded >= order.shares and fact in (Fact.FILLED_SOME, Fact.SEEN_ALIVE, Fact.CANCELLED):
        fact = Fact.FILLED_ALL
    try:
        state = advance(order.state, fact)
    except ImpossibleFact as error:
        ledger.put_order(after, None, source)
        ledger.batch.order_facts.append(
            OrderFact(
                client_order_id=order.client_order_id,
                at=now,
                fact=fact.value,
                source=source,
                filled=traded,
                from_state=order.state,
                to_state=order.state,
                text=f"impossible: {error}",
            )
        )
        stop_strategy(
            ledger, order, now, f"委托 {order.client_order_id} 出现不可能的回报({order.state.value} / {fact.value})"
        )
        return after
    slot = (order.account, order.symbol, order.side)
    rival = ledger.live_order(slot)
    if resurrects(order.state, state) and state.live and rival is not None:
        # Two live orders of one slot cannot be kept; the fills are booked, both are stopped, a person must look.
        ledger.put_order(after, None, source, f"resurrected beside {rival.client_order_id}")
        ledger.strays[order.client_order_id] = after
        stop_strategy(ledger, order, now, f"委托 {order.client_order_id} 已判定不存在,却又出现")
        return after
    moved = state is not order.state
    wished = order.cancel_wished or fact is Fact.CANCEL_ASKED
    if fact is Fact.CANCEL_REFUSED:
        wished = False
    final_at = now if state.final and not order.state.final else (None if not state.final else order.final_at)
    settled = state is OrderState.WITHDRAWN or (order.settled and traded == order.filled and state.final)
    after = replace(after, state=state, cancel_wished=wished, final_at=final_at, settled=settled)
    news = moved or traded != order.filled or after.cancel_wished != order.cancel_wished
    if news or after.broker_order_id != order.broker_order_id or after.broker_text != order.broker_text:
        ledger.put_order(after, fact, source, text)
    if moved and state.final:
        _count_tries(ledger, after)
        _return_turnover(ledger, after)
    if resurrects(order.state, state):
        stop_strategy(ledger, order, now, f"委托 {order.client_order_id} 已判定不存在,却又出现")
    if order.settled and traded > order.filled:
        stop_strategy(
            ledger, order, now, f"委托 {order.client_order_id} 核对终态之后又多出 {traded - order.filled} 股成交"
        )
    if traded > order.shares:
        stop_strategy(ledger, order, now, f"委托 {order.client_order_id} 成交 {traded} 股,多于委托的 {order.shares} 股")
    return after


def _count_tries(ledger: Ledger, order: Order) -> None:
    """A wholly filled attempt starts the count anew: what is left is another piece of a split order.

    An order that rested was not counted when it was sent. Refused, ruled absent or cancelled by somebody else, it
    counts: it must not be sent again for ever.
    """
    intent = ledger.intents.get(order.intent_id)
    if intent is None:
        return
    if order.state is OrderState.FILLED:
        ledger.put_intent(replace(intent, tries=0, updated_at=order.updated_at))
    elif intent.resting and not order.cancel_wished:
        ledger.put_intent(replace(intent, tries=intent.tries + 1, updated_at=order.updated_at))


def _return_turnover(ledger: Ledger, order: Order) -> None:
    """What an ended buy did not trade is free again for 单日成交额."""
    if order.side is Side.BUY and order.filled < order.shares:
        ledger.counts_of(order.account, order.day).buy_turnover -= order.price * (order.shares - order.filled)


def book_traded(ledger: Ledger, order: Order, shares: int, now: datetime) -> None:
    """Put newly traded shares into the book and the intent, in the same breath."""
    if shares == 0:
        return
    book = ledger.book(order.strategy, order.account, order.symbol)
    if order.side is Side.BUY:
        book = replace(book, own=book.own + shares)
        if book.bought_day is None or order.day >= book.bought_day:  # a late fill of an earlier day is free already
            today = book.bought_today if book.bought_day == order.day else 0
            locked = 0 if is_t0(order.symbol) else shares
            book = replace(book, bought_today=today + locked, bought_day=order.day)
    else:
        book = replace(book, own=book.own - shares)
    if order.origin is Origin.MANUAL and order.intent_id not in ledger.intents:
        # A late fill: T of the manual book is what it owns, or this would be a debt, or a shortfall.
        change = shares if order.side is Side.BUY else -shares
        book = replace(book, entitled=max(Decimal(0), book.entitled + change))
    ledger.put_book(book, "成交", order.client_order_id, now)
    intent = ledger.intents.get(order.intent_id)
    if intent is None and order.event_id is not None:
        # The intent has ended already: what is learnt after the end changes books and filled shares, not the verdict.
        intent = next((i for i in ledger.intents_of_event(order.event_id) if i.intent_id == order.intent_id), None)
    if intent is None:
        intent = ledger.gave.get(order.intent_id)
    if intent is not None:
        if intent.ended and intent.given_up:
            intent = _take_back_what_was_given_up(ledger, intent, shares, order, now)
        ledger.put_intent(replace(intent, filled=intent.filled + shares, updated_at=now))
    else:
        ledger.batch.late_fills[order.intent_id] = ledger.batch.late_fills.get(order.intent_id, 0) + shares


def _take_back_what_was_given_up(ledger: Ledger, intent: Intent, shares: int, order: Order, now: datetime) -> Intent:
    """A buy that was given up turns out to have been had: it is entitled after all, as far as JoinQuant counts it."""
    if intent.jq_day is None or intent.jq_order_id is None:
        return intent
    rate = ledger.jq_rates.get((intent.strategy, intent.jq_day, intent.jq_order_id), {}).get(intent.account)
    if rate is None or rate.given_up <= 0:
        return intent
    back = min(Decimal(min(shares, intent.given_up)), rate.given_up)
    book = ledger.book(intent.strategy, intent.account, intent.symbol)
    ledger.put_book(replace(book, entitled=book.entitled + back), "迟到成交", order.client_order_id, now)
    ledger.put_jq_rate(replace(rate, given_up=rate.given_up - back))
    return replace(intent, given_up=intent.given_up - int(back))


def stop_strategy(ledger: Ledger, order: Order, now: datetime, text: str) -> None:
    """Halt a strategy because something happened that must not happen (I11); a person resumes it."""
    name = f"stopped:{order.strategy}"
    if name not in ledger.flags:
        ledger.put_flag(name, text)
    ledger.say(
        Message(
            at=now,
            kind="alarm",
            title=f"{order.strategy} 已熔断",
            text=text,
            urgent=True,
            key=f"stop:{order.client_order_id}:{text}",
        )
    )


# --- reports ---------------------------------------------------------------------------------------------------------


def find(ledger: Ledger, account: str, day: date, remark: str, broker_order_id: str) -> Order | None:
    """Our order behind a report: by remark first, by the broker's id of that day otherwise."""
    found = ledger.orders.get(remark) if remark else None
    if found is not None and found.account == account:
        return found
    return ledger.by_broker_id(account, day, broker_order_id) if broker_order_id else None


def absorb_order(ledger: Ledger, account: str, said: BrokerOrder, now: datetime, source: str) -> Order | None:
    """Learn from a broker's picture of one order; None when it is not ours (or not known to us)."""
    order = find(ledger, account, said.at.date(), said.client_order_id, said.broker_order_id)
    if order is None:
        return None
    fact = fact_of(said.status, said.filled, said.shares)
    if fact is None:
        ledger.say(
            Message(
                at=now,
                kind="alarm",
                title="券商回报了未知的委托状态",
                urgent=True,
                text=f"{order.client_order_id}:{said.text}",
                key=f"status:{order.client_order_id}",
            )
        )
        return order
    if fact is Fact.SEEN_ALIVE and said.filled > order.filled:
        fact = Fact.FILLED_SOME
    text = said.text if said.status in (BrokerStatus.REJECTED, BrokerStatus.CANCELLED) else ""
    if _known(order, fact, said, text):
        return order
    return learn(ledger, order, fact, now, source, filled=said.filled, broker_order_id=said.broker_order_id, text=text)


def _known(order: Order, fact: Fact, said: BrokerOrder, text: str) -> bool:
    """True for what `learn` would change nothing by: most of a snapshot is the day's orders, told again."""
    return (
        said.filled == order.filled <= order.shares
        and said.broker_order_id in ("", order.broker_order_id)
        and text in ("", order.broker_text)
        and TABLE[order.state].get(fact) is order.state
    )


def absorb_trade(ledger: Ledger, account: str, said: BrokerTrade, now: datetime, source: str) -> Order | None:
    """Book one trade, once; None when it is not ours."""
    order = find(ledger, account, said.at.date(), said.client_order_id, said.broker_order_id)
    if order is None:
        return None
    if ledger.knows_fill(account, order.day, said.trade_id):
        return order
    fill = Fill(
        fill_id=said.trade_id,
        client_order_id=order.client_order_id,
        strategy=order.strategy,
        account=account,
        symbol=order.symbol,
        side=order.side,
        shares=said.shares,
        price=said.price,
        fee=said.fee,
        day=order.day,
        at=said.at,
    )
    ledger.put_fill(fill)
    total = order.fills_sum + said.shares
    # Turnover is what the trades say, never an order report's average: it may run ahead of them.
    order = replace(order, fills_sum=total, turnover=order.turnover + said.price * said.shares)
    ledger.put_order(order, None, source)
    fact = Fact.FILLED_ALL if max(order.filled, total) >= order.shares else Fact.FILLED_SOME
    return learn(ledger, order, fact, now, source, filled=total, broker_order_id=said.broker_order_id)


def absorb_placed(ledger: Ledger, client_order_id: str, answer: PlaceAnswer, now: datetime) -> Order | None:
    order = ledger.orders.get(client_order_id)
    if order is None:
        return None
    fact = FACT_OF_OUTCOME[answer.outcome]
    return learn(ledger, order, fact, now, "place", broker_order_id=answer.broker_order_id, text=answer.text)


# --- snapshots -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Absence:
    """How long an order of unknown outcome has been missing from complete snapshots."""

    generation: int
    first_at: float  # monotonic
    seen: int = 0


def absorb_snapshot(
    ledger: Ledger, account: str, snapshot: Snapshot, now: datetime, *, on_stranger: Callable[[str], None]
) -> None:
    """Learn every order and trade that a snapshot tells of; what is missing in it says nothing here."""
    for said in snapshot.orders:
        if absorb_order(ledger, account, said, now, "snapshot") is None and looks_own(said.client_order_id):
            on_stranger(said.client_order_id)
    for trade in snapshot.trades:
        absorb_trade(ledger, account, trade, now, "snapshot")


def settle_finals(ledger: Ledger, account: str, snapshot: Snapshot) -> None:
    """Settle the final orders that a complete snapshot agrees with: from now on its shares and cash are theirs, too."""
    figures = {o.client_order_id: o.filled for o in snapshot.orders if o.client_order_id}
    by_number = {o.broker_order_id: o.filled for o in snapshot.orders if o.broker_order_id}
    for key in list(ledger.unsettled):
        order = ledger.orders[key]
        if order.account != account or order.final_at is None or snapshot.taken_at < order.final_at:
            continue
        said_filled = figures.get(key, by_number.get(order.broker_order_id))
        agrees = said_filled == order.filled == order.fills_sum
        absent_refused = order.state is OrderState.REJECTED and not order.filled and said_filled in (None, 0)
        if agrees or absent_refused or order.day < snapshot.day:
            ledger.put_order(replace(order, settled=True), None, "snapshot")


def _could_be(said: BrokerOrder, order: Order) -> bool:
    """True for an order without a remark of the same content and not older: its remark may have been lost."""
    same = (said.symbol, said.side, said.shares, said.price) == (order.symbol, order.side, order.shares, order.price)
    return same and said.at >= order.created_at.replace(microsecond=0)


def rule_absent(
    ledger: Ledger,
    order: Order,
    snapshot: Snapshot,
    remarks: set[str],
    nameless: Sequence[BrokerOrder],
    absences: dict[str, Absence],
    *,
    settle_s: float,
    monotonic: float,
    sent_at: float | None,
    now: datetime,
) -> bool:
    """Decide by evidence that an order of unknown outcome was never placed (RELIABILITY I7).

    The remark must be absent from two snapshots of one healthy connection, of the order's own day, taken after the
    channel's settle time. `remarks`: of all the snapshot's orders; `nameless`: those of them without one; `sent_at`
    (monotonic) is None for an order of an earlier run, whose wait starts now.
    """
    key = order.client_order_id
    if order.state is not OrderState.IN_DOUBT or order.day != snapshot.day:
        return False
    if key in remarks:
        absences.pop(key, None)
        return False
    if any(_could_be(said, order) for said in nameless):
        return False  # an order without a remark that looks like ours: a person decides
    known = absences.get(key)
    if known is None or known.generation != snapshot.generation:
        start = monotonic if sent_at is None else sent_at
        known = absences[key] = Absence(snapshot.generation, max(start, known.first_at if known else start))
    looked = monotonic - max(0.0, (now - snapshot.taken_at).total_seconds())  # it shows how things stood at its begin
    if looked - known.first_at < settle_s:
        return False
    known.seen += 1
    if known.seen < 2:
        return False
    del absences[key]
    learn(
        ledger, order, Fact.RULED_ABSENT, now, "evidence", text="absent from complete snapshots after the settle time"
    )
    return True
