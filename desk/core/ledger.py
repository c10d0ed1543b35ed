"""The desk's tables in memory: what the trading loop decides on, and the batch of what it changed since a commit.

The journal is the truth; this is its image. Every `put_*` changes the image and the batch together; after a commit that
failed the image is thrown away and loaded again. Owned by the trading loop, never shared between threads.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from desk.core.batch import Batch
from desk.core.values import (
    Book,
    BookChange,
    Event,
    EventOutcome,
    Fact,
    Fill,
    Gap,
    Holding,
    Intent,
    JqOrder,
    JqRate,
    Message,
    Order,
    OrderFact,
    OrderState,
    Side,
)

BookKey = tuple[str, str, str]  # strategy, account, symbol
JqKey = tuple[str, date, str]  # strategy, day, JoinQuant order id
Slot = tuple[str, str, Side]  # account, symbol, side


@dataclass(slots=True)
class DayCounts:
    """What one account has done on one day, for its limits and for the counters that are shown."""

    day: date
    orders: int = 0
    cancels: int = 0
    buy_turnover: Decimal = Decimal(0)  # yuan, sent (at the order's price)


@dataclass(slots=True)
class Ledger:
    batch: Batch = field(default_factory=Batch)
    jq_orders: dict[JqKey, JqOrder] = field(default_factory=dict)
    jq_rates: dict[JqKey, dict[str, JqRate]] = field(default_factory=lambda: defaultdict(dict))
    holdings: dict[tuple[str, str], Holding] = field(default_factory=dict)
    books: dict[BookKey, Book] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)  # not ended
    orders: dict[str, Order] = field(default_factory=dict)  # not final, not settled, or of a living intent or today
    events: dict[str, Event] = field(default_factory=dict)  # of verdict working
    outcomes: dict[str, EventOutcome] = field(default_factory=dict)  # of verdict working
    fill_ids: set[tuple[str, date, str]] = field(default_factory=set)
    flags: dict[str, str] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)  # the open ones
    seqs: dict[str, int] = field(default_factory=dict)
    counts: dict[tuple[str, date], DayCounts] = field(default_factory=dict)
    _live_jq: dict[tuple[str, str], dict[JqKey, JqOrder]] = field(default_factory=lambda: defaultdict(dict))
    _of_event: dict[str, dict[str, Intent]] = field(default_factory=lambda: defaultdict(dict))
    _of_book: dict[BookKey, set[str]] = field(default_factory=lambda: defaultdict(set))
    _of_jq: dict[JqKey, dict[str, None]] = field(default_factory=dict)  # living intents, oldest first
    _of_slot: dict[Slot, str] = field(default_factory=dict)
    _of_intent: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _by_broker_id: dict[tuple[str, date, str], str] = field(default_factory=dict)
    heard: dict[str, Event] = field(default_factory=dict)  # decided or ended in this turn, for telling
    touched: set[BookKey] = field(default_factory=set)  # books whose figures or intents changed since the last plan
    _accounts_of: dict[tuple[str, str], dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    _strategies_on: dict[tuple[str, str], dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    strays: dict[str, Order] = field(default_factory=dict)  # at the exchange against our word: cancel them
    gave: dict[str, Intent] = field(default_factory=dict)  # ended buys that gave up: a late fill takes it back
    unsettled: set[str] = field(default_factory=set)  # final orders that no snapshot has agreed with yet

    # --- reading -----------------------------------------------------------------------------------------------------

    def holding(self, strategy: str, symbol: str) -> Holding:
        return self.holdings.get((strategy, symbol)) or Holding(strategy=strategy, symbol=symbol)

    def book(self, strategy: str, account: str, symbol: str) -> Book:
        found = self.books.get((strategy, account, symbol))
        return found or Book(strategy=strategy, account=account, symbol=symbol)

    def live_order(self, slot: Slot) -> Order | None:
        """The one order of (account, symbol, side) that is or may be at the exchange."""
        key = self._of_slot.get(slot)
        return self.orders[key] if key is not None else None

    def live_orders(self) -> list[Order]:
        return [self.orders[key] for key in self._of_slot.values()]

    def orders_of(self, intent_id: str) -> list[Order]:
        return sorted((self.orders[key] for key in self._of_intent.get(intent_id, ())), key=lambda o: o.attempt)

    def by_broker_id(self, account: str, day: date, broker_order_id: str) -> Order | None:
        key = self._by_broker_id.get((account, day, broker_order_id))
        return self.orders.get(key) if key is not None else None

    def intents_of_event(self, event_id: str) -> list[Intent]:
        """All intents of a working event, the ended ones too."""
        return list(self._of_event.get(event_id, {}).values())

    def intents_of_book(self, key: BookKey) -> list[Intent]:
        return [self.intents[i] for i in self._of_book.get(key, ())]

    def intents_of_jq(self, key: JqKey) -> list[Intent]:
        """The living intents that follow a JoinQuant order, oldest first."""
        return [self.intents[i] for i in self._of_jq.get(key, ())]

    def open_shares(self, key: BookKey, side: Side, but: str | None = None) -> int:
        """What the book's living intents of one side have decided and neither filled nor given up."""
        return sum(missing(i) for i in self.intents_of_book(key) if i.side is side and i.intent_id != but)

    def in_flight(self, key: BookKey) -> bool:
        return bool(self._of_book.get(key))

    def accounts_of_book(self, strategy: str, symbol: str) -> list[str]:
        return list(self._accounts_of.get((strategy, symbol), ()))

    def books_on(self, account: str, symbol: str) -> list[Book]:
        return [self.books[s, account, symbol] for s in self._strategies_on.get((account, symbol), ())]

    def live_jq_orders(self, strategy: str, symbol: str) -> list[tuple[JqKey, JqOrder]]:
        """The strategy's orders of a symbol that JoinQuant has not told a final status of."""
        return list(self._live_jq.get((strategy, symbol), {}).items())

    def counts_of(self, account: str, day: date) -> DayCounts:
        return self.counts.setdefault((account, day), DayCounts(day))

    # --- writing -----------------------------------------------------------------------------------------------------

    def put_jq_order(self, order: JqOrder) -> None:
        self.remember_jq_order(order)
        self.batch.jq_orders[order.strategy, order.day.isoformat(), order.jq_order_id] = order

    def put_jq_rate(self, rate: JqRate) -> None:
        self.jq_rates[rate.strategy, rate.day, rate.jq_order_id][rate.account] = rate
        self.batch.jq_rates[rate.strategy, rate.day.isoformat(), rate.jq_order_id, rate.account] = rate

    def put_holding(self, after: Holding, cause: str, ref: str, at: datetime) -> None:
        before = self.holding(after.strategy, after.symbol)
        if after == before:
            return
        self.holdings[after.strategy, after.symbol] = after
        self.batch.holdings[after.strategy, after.symbol] = after
        self.batch.book_changes.append(
            BookChange(
                at=at,
                strategy=after.strategy,
                account=None,
                symbol=after.symbol,
                cause=cause,
                ref=ref,
                strategy_shares=after.strategy_shares - before.strategy_shares,
                counted_shares=after.counted_shares - before.counted_shares,
            )
        )

    def put_book(self, after: Book, cause: str, ref: str, at: datetime) -> None:
        key = (after.strategy, after.account, after.symbol)
        before = self.book(*key)
        if after == before and key in self.books:
            return
        self.remember_book(after)
        self.touched.add(key)
        self.batch.books[key] = after
        if after.entitled != before.entitled or after.own != before.own:
            self.batch.book_changes.append(
                BookChange(
                    at=at,
                    strategy=after.strategy,
                    account=after.account,
                    symbol=after.symbol,
                    cause=cause,
                    ref=ref,
                    entitled=after.entitled - before.entitled,
                    own=after.own - before.own,
                )
            )

    def put_intent(self, intent: Intent) -> None:
        key = (intent.strategy, intent.account, intent.symbol)
        self.touched.add(key)
        self.batch.intents[intent.intent_id] = intent
        if intent.ended:
            self._bury(intent)
        else:
            self._keep(intent)
        if intent.event_id is not None:
            self._of_event[intent.event_id][intent.intent_id] = intent

    def _keep(self, intent: Intent) -> None:
        self.intents[intent.intent_id] = intent
        self._of_book[intent.strategy, intent.account, intent.symbol].add(intent.intent_id)
        if intent.jq_day is not None and intent.jq_order_id is not None:
            followers = self._of_jq.setdefault((intent.strategy, intent.jq_day, intent.jq_order_id), {})
            followers[intent.intent_id] = None

    def _bury(self, intent: Intent) -> None:
        self.intents.pop(intent.intent_id, None)
        self._of_book[intent.strategy, intent.account, intent.symbol].discard(intent.intent_id)
        if intent.jq_day is not None and intent.jq_order_id is not None:
            key = (intent.strategy, intent.jq_day, intent.jq_order_id)
            followers = self._of_jq.get(key, {})
            followers.pop(intent.intent_id, None)
            if not followers:
                self._of_jq.pop(key, None)
        if intent.given_up:
            self.gave[intent.intent_id] = intent

    def put_order(self, order: Order, fact: Fact | None, source: str, text: str = "") -> None:
        """Store an order's new state with the fact that led to it."""
        before = self.orders.get(order.client_order_id)
        self._index(order)
        self.batch.orders[order.client_order_id] = order
        if fact is not None:
            self.batch.order_facts.append(
                OrderFact(
                    client_order_id=order.client_order_id,
                    at=order.updated_at,
                    fact=fact.value,
                    source=source,
                    from_state=before.state if before else None,
                    to_state=order.state,
                    filled=order.filled,
                    text=text,
                )
            )

    def take_number(self, order: Order, now: datetime, source: str) -> None:
        """Take away the broker's number that an order does not bear after all."""
        self._by_broker_id.pop((order.account, order.day, order.broker_order_id), None)
        self.put_order(replace(order, broker_order_id="", updated_at=now), None, source)

    def _index(self, order: Order) -> None:
        key = order.client_order_id
        slot = (order.account, order.symbol, order.side)
        self.orders[key] = order
        self._of_intent[order.intent_id].add(key)
        if order.broker_order_id:
            self._by_broker_id[order.account, order.day, order.broker_order_id] = key
        if order.state.live:
            self._of_slot[slot] = key
        elif self._of_slot.get(slot) == key:
            del self._of_slot[slot]
        if order.state.final and not order.settled and order.state is not OrderState.WITHDRAWN:
            self.unsettled.add(key)
        else:
            self.unsettled.discard(key)

    def knows_fill(self, account: str, day: date, fill_id: str) -> bool:
        """True for a trade that is booked: its id counts once."""
        return (account, day, fill_id) in self.fill_ids

    def put_fill(self, fill: Fill) -> None:
        """Store a fill that is not known yet."""
        self.fill_ids.add((fill.account, fill.day, fill.fill_id))
        self.batch.fills.append(fill)

    def put_event(self, event: Event, outcome: EventOutcome) -> None:
        self.events[event.event_id] = event
        self.outcomes[event.event_id] = outcome
        self.batch.outcomes[event.event_id] = outcome

    def end_event(self, outcome: EventOutcome) -> None:
        self.batch.outcomes[outcome.event_id] = outcome
        event = self.events.pop(outcome.event_id, None)
        if event is not None:
            self.heard[outcome.event_id] = event
        self.outcomes.pop(outcome.event_id, None)
        self._of_event.pop(outcome.event_id, None)

    def put_gap(self, gap: Gap) -> bool:
        """Record a gap; False when the same gap is open already."""
        if gap.key in self.gaps and gap.closed_at is None:
            return False
        if gap.closed_at is None:
            self.gaps[gap.key] = gap
        else:
            self.gaps.pop(gap.key, None)
        self.batch.gaps[gap.key] = gap
        return True

    def gaps_of(self, strategy: str, symbol: str) -> list[Gap]:
        """The open gaps of one symbol of a strategy."""
        return [gap for gap in self.gaps.values() if (gap.strategy, gap.symbol) == (strategy, symbol)]

    def close_gap(self, gap: Gap, at: datetime) -> None:
        self.put_gap(replace(gap, closed_at=at))

    def put_flag(self, name: str, value: str | None) -> None:
        if value is None:
            self.flags.pop(name, None)
        else:
            self.flags[name] = value
        self.batch.flags[name] = value

    def say(self, message: Message) -> None:
        self.batch.messages.append(message)

    def take_batch(self) -> Batch:
        """Hand over what has changed; the next batch starts empty."""
        batch, self.batch = self.batch, Batch()
        return batch

    def drop_old(self, today: date) -> None:
        """Forget settled final orders of earlier days and their fills: the journal keeps them."""
        for key, order in list(self.orders.items()):
            known = order.intent_id in self.intents or (order.event_id in self.events if order.event_id else False)
            if order.day < today and order.state.final and key not in self.unsettled and not known:
                del self.orders[key]
                self._of_intent.pop(order.intent_id, None)
                self._by_broker_id.pop((order.account, order.day, order.broker_order_id), None)
        self.counts = {key: count for key, count in self.counts.items() if key[1] >= today}
        self.gave = {key: intent for key, intent in self.gave.items() if intent.day >= today}
        self.fill_ids = {key for key in self.fill_ids if key[1] >= today}
        self.jq_orders = {k: o for k, o in self.jq_orders.items() if (today - o.day).days <= 7 or not o.status.final}
        for gone in [k for k in self.jq_rates if k not in self.jq_orders]:
            del self.jq_rates[gone]

    # --- loading -----------------------------------------------------------------------------------------------------

    def remember_jq_order(self, order: JqOrder) -> None:
        """Take a JoinQuant order as the journal has it (no change, nothing for the batch)."""
        key = (order.strategy, order.day, order.jq_order_id)
        self.jq_orders[key] = order
        live = self._live_jq[order.strategy, order.symbol]
        if order.status.final:
            live.pop(key, None)
        else:
            live[key] = order

    def remember_intent(self, intent: Intent) -> None:
        """Take an intent as the journal has it (no change, nothing for the batch)."""
        if not intent.ended:
            self._keep(intent)
        elif intent.given_up:
            self.gave[intent.intent_id] = intent
        if intent.event_id is not None and intent.event_id in self.events:
            self._of_event[intent.event_id][intent.intent_id] = intent

    def remember_book(self, book: Book) -> None:
        self.books[book.strategy, book.account, book.symbol] = book
        self._accounts_of[book.strategy, book.symbol][book.account] = None
        self._strategies_on[book.account, book.symbol][book.strategy] = None

    def remember_order(self, order: Order) -> None:
        self._index(order)
        counts = self.counts_of(order.account, order.day)
        if order.state not in (OrderState.PLANNED, OrderState.WITHDRAWN):
            counts.orders += 1
            counts.cancels += 1 if order.cancel_wished else 0
            if order.side is Side.BUY:
                counts.buy_turnover += order.price * (order.filled if order.state.final else order.shares)


def missing(intent: Intent) -> int:
    """Shares that an intent has decided and neither filled nor given up (live children included)."""
    return max(0, intent.decided - intent.filled - sum(part.shares for part in intent.parts))


def ended(intent: Intent, at: datetime) -> Intent:
    return replace(intent, ended=True, waiting=None, updated_at=at)
