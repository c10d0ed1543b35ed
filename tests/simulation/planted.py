"""Bugs for the simulation to find: each replaces a piece of the real engine while it is entered.

They test the checks, not the product: a run in which one of them lives must end in a violation, or the run proves
nothing. `mix` is the weather in which a bug shows soonest.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any, NamedTuple
from unittest.mock import patch
from weakref import WeakKeyDictionary

from base_func import Phase, lot_rule
from desk.broker import Outcome, PlaceAnswer, PlaceRequest, Snapshot
from desk.broker.paper import PaperBroker
from desk.core import book, chase, healing, snapshot
from desk.core.batch import Batch
from desk.core.book import exact
from desk.core.chase import Scene
from desk.core.differences import Difference, said_by
from desk.core.ledger import Ledger
from desk.core.market import BrokerAsset
from desk.core.reconcile import learn
from desk.core.values import (
    Book,
    Event,
    Fact,
    Fill,
    Intent,
    Message,
    Order,
    OrderSignal,
    OrderState,
    Side,
    SnapshotSignal,
)
from desk.core.view import View, routes
from desk.dealing import plan
from desk.dealing.account import AccountDesk
from desk.dealing.listening import Listening
from desk.dealing.plan import Planner, Turn
from desk.journal import Accepted, Journal, NewBody, inbox, ledger
from desk.journal.database import Session
from Trader import Trader

Plant = Callable[[], AbstractContextManager[Any]]


class Planted(NamedTuple):
    what: str
    mix: str  # default, broker, network, clock or crash
    plant: Plant


PLANTED: dict[str, Planted] = {}


_kept = ExitStack()


def begin(planted: str) -> None:
    """Prepare a process that plays seeds, with a bug planted or ''; what is imported by now is no garbage."""
    gc.freeze()
    gc.set_threshold(50_000, 50, 1000)
    if planted:
        keep_planted(planted)


def keep_planted(name: str) -> None:
    """Plant a bug for the rest of this process's life."""
    _kept.enter_context(PLANTED[name].plant())


def planted(mix: str) -> Callable[[Plant], Plant]:
    """Register a bug under its function's name; its docstring says what it does."""

    def register(plant: Plant) -> Plant:
        name, what = plant.__name__.replace("_", "-"), (plant.__doc__ or "").strip()
        PLANTED[name] = Planted(what, mix, plant)
        return plant

    return register


def together(*patches: AbstractContextManager[Any]) -> AbstractContextManager[Any]:
    @contextmanager
    def all_of_them() -> Iterator[None]:
        with ExitStack() as stack:
            for one in patches:
                stack.enter_context(one)
            yield

    return all_of_them()


# --- answers of the broker -------------------------------------------------------------------------------------------


@planted("broker")
def re_send_on_time_out() -> AbstractContextManager[Any]:
    """An order without an answer was never placed: it is sent again at once."""
    real = Listening.placed

    def placed(ears: Listening, order: Order, answer: PlaceAnswer) -> None:
        real(ears, order, answer)
        known = ears.ledger.orders[order.client_order_id]
        if known.state is OrderState.IN_DOUBT:
            learn(ears.ledger, known, Fact.RULED_ABSENT, ears.now, "planted")

    return patch.object(Listening, "placed", placed)


@planted("broker")
def minus_one_is_rejected() -> AbstractContextManager[Any]:
    """-1 instead of an order's number is a refusal."""
    real = PaperBroker.place

    def place(broker: PaperBroker, request: PlaceRequest) -> PlaceAnswer | None:
        answer = real(broker, request)
        if answer is not None and answer.outcome is Outcome.NO_ANSWER:
            return PlaceAnswer(outcome=Outcome.REFUSED, text="-1")
        return answer

    return patch.object(PaperBroker, "place", place)


@planted("broker")
def cancel_accepted_is_cancelled() -> AbstractContextManager[Any]:
    """An accepted request to cancel is the end of the order."""
    real = Listening.cancel_answered

    def cancel_answered(ears: Listening, desk: AccountDesk, key: str, outcome: Outcome) -> None:
        real(ears, desk, key, outcome)
        order = ears.ledger.orders.get(key)
        if order is not None and outcome is Outcome.ACCEPTED and order.state is OrderState.CANCELLING:
            learn(ears.ledger, order, Fact.CANCELLED, ears.now, "planted")

    return patch.object(Listening, "cancel_answered", cancel_answered)


@planted("broker")
def settle_ten_seconds() -> AbstractContextManager[Any]:
    """Ten seconds of absence are enough on a channel where an order may land after fifty."""
    real = PaperBroker.__init__

    def init(broker: PaperBroker, *args: Any, settle_s: float = 0.0, **more: Any) -> None:
        real(broker, *args, settle_s=settle_s, **more)
        broker.settle_s = min(settle_s, 10.0)

    return patch.object(PaperBroker, "__init__", init)


@planted("broker")
def empty_is_trusted() -> AbstractContextManager[Any]:
    """[] means that there is nothing: no orders, no positions."""
    return patch.object(Listening, "_complete", lambda ears, desk, snapshot: True)


@planted("broker")
def none_is_empty() -> AbstractContextManager[Any]:
    """A query that failed is an empty account, and the account is believed."""
    real, complete = AccountDesk.look, Listening._complete

    def look(desk: AccountDesk, monotonic: float, *, at_least_every_s: float = 3.0) -> Snapshot | None:
        looked = desk.snapshot_at
        snapshot = real(desk, monotonic, at_least_every_s=at_least_every_s)
        if snapshot is not None or desk.snapshot_at == looked or not desk.broker.connected:
            return snapshot
        zero = Decimal(0)
        now: datetime = desk.broker._now()  # type: ignore[attr-defined]
        return Snapshot(
            generation=desk.broker.generation,
            taken_at=now,
            day=now.date(),
            asset=BrokerAsset(cash=zero, frozen_cash=zero, market_value=zero, total_asset=zero),
            positions=(),
            orders=(),
            trades=(),
        )

    def believed(ears: Listening, desk: AccountDesk, snapshot: Snapshot) -> bool:
        return (not snapshot.orders and not snapshot.positions) or complete(ears, desk, snapshot)

    return together(patch.object(AccountDesk, "look", look), patch.object(Listening, "_complete", believed))


@planted("broker")
def fill_counted_twice() -> AbstractContextManager[Any]:
    """A trade that is reported again is another trade."""
    knows, put = Ledger.knows_fill, Ledger.put_fill

    def put_fill(image: Ledger, fill: Fill) -> None:
        if not knows(image, fill.account, fill.day, fill.fill_id):
            put(image, fill)  # the journal itself would refuse a second one

    return together(patch.object(Ledger, "knows_fill", lambda *_: False), patch.object(Ledger, "put_fill", put_fill))


@planted("broker")
def gate_open_after_reconnect() -> AbstractContextManager[Any]:
    """Connected is ready: orders go out before the open ones have been matched."""
    return patch.object(AccountDesk, "ready", property(lambda desk: desk.broker.connected))


# --- what is sent ----------------------------------------------------------------------------------------------------


@planted("default")
def remark_used_again() -> AbstractContextManager[Any]:
    """Every attempt carries the first one's remark."""
    real = Planner._send

    def send(planner: Planner, intent: Intent, desk: AccountDesk, step: chase.Send) -> None:
        real(planner, replace(intent, attempts=0), desk, step)

    return patch.object(Planner, "_send", send)


@planted("default")
def rounded_up() -> AbstractContextManager[Any]:
    """A buy is rounded to the next lot above, not below."""

    def up(symbol: str, shares: Decimal | int) -> int:
        rule = lot_rule(symbol)
        if shares <= 0:
            return 0
        wanted = int(Decimal(shares).to_integral_value(rounding=ROUND_CEILING))
        return rule.first + max(0, -(-(wanted - rule.first) // rule.step)) * rule.step

    real = chase.still_allowed

    def allowed(scene: Scene) -> int:
        found = real(scene)
        return up(scene.intent.symbol, found) if scene.intent.side is Side.BUY else found

    return together(
        patch.object(book, "legal_buy", up),
        patch.object(chase, "legal_buy", up),
        patch.object(chase, "still_allowed", allowed),
    )


@planted("default")
def t_plus_one_unguarded() -> AbstractContextManager[Any]:
    """What was bought today is offered for sale today."""

    def shares_of(desk: AccountDesk, symbol: str) -> tuple[int, int]:
        held, _ = real(desk, symbol)
        return held, held

    def bound(book: Book, *_: object) -> int:
        return book.own

    real = AccountDesk.shares_of
    return together(patch.object(AccountDesk, "shares_of", shares_of), patch.object(plan, "sold_today_bound", bound))


@planted("clock")
def session_ignored() -> AbstractContextManager[Any]:
    """It is always 09:30 to 15:00."""
    return patch.object(AccountDesk, "phase", lambda desk, now: Phase.CONTINUOUS)


@planted("clock")
def clock_jump_ignored() -> AbstractContextManager[Any]:
    """A wall clock that jumps pauses nothing."""

    def watch(trader: Trader, now: datetime, monotonic: float) -> None:
        trader._last = (now, monotonic)

    return patch.object(Trader, "_watch_clock", watch)


@planted("broker")
def both_sides_at_once() -> AbstractContextManager[Any]:
    """Nothing waits for the other side, or for another strategy's order of the same symbol."""
    real = Planner._scene

    def scene(planner: Planner, intent: Intent, desk: AccountDesk) -> Scene:
        return replace(real(planner, intent, desk), blocked=False)

    return patch.object(Planner, "_scene", scene)


# --- crashes ---------------------------------------------------------------------------------------------------------


@planted("crash")
def journal_after_submit() -> AbstractContextManager[Any]:
    """The order goes out first and is written down afterwards."""
    plan_turn, act = Trader._plan, Trader._act

    def planned(trader: Trader, now: datetime, monotonic: float) -> Turn:
        turn = plan_turn(trader, now, monotonic)
        act(trader, turn, trader._ears(now, monotonic))
        return turn

    return together(patch.object(Trader, "_plan", planned), patch.object(Trader, "_act", lambda *_: None))


@planted("crash")
def commit_is_lazy() -> AbstractContextManager[Any]:
    """A commit returns before it is durable; the next one makes it so."""
    real = Journal.commit
    waiting: WeakKeyDictionary[Journal, Batch] = WeakKeyDictionary()

    def commit(journal: Journal, batch: Batch) -> None:
        before = waiting.pop(journal, None)
        if before is not None:
            real(journal, before)
        waiting[journal] = batch

    return patch.object(Journal, "commit", commit)


@planted("crash")
def restart_recomputes() -> AbstractContextManager[Any]:
    """A restart decides again what has been decided, by the ratio and the signal alone."""

    def again(trader: Trader) -> None:
        image = trader.ledger
        for intent in list(image.intents.values()):
            event = image.events.get(intent.event_id or "")
            strategy = trader.config.strategy(intent.strategy)
            if event is None or strategy is None or intent.side is Side.SELL:
                continue
            content, where = event.body.content, routes(trader.config, strategy)
            if isinstance(content, OrderSignal) and intent.account in where:
                shares = book.legal_buy(intent.symbol, content.amount * where[intent.account])
                image.put_intent(replace(intent, decided=shares))

    return after_loading(again)


@planted("default")
def ratio_read_at_restart() -> AbstractContextManager[Any]:
    """A restart values live JoinQuant orders at today's ratio, not at the one they were followed with."""

    def again(trader: Trader) -> None:
        for key, rates in trader.ledger.jq_rates.items():
            order = trader.ledger.jq_orders.get(key)
            strategy = trader.config.strategy(key[0])
            if order is None or strategy is None or order.side is Side.SELL:
                continue
            where = routes(trader.config, strategy)
            for account, rate in list(rates.items()):
                if account in where:
                    rates[account] = replace(rate, numerator=where[account], denominator=Decimal(1))

    return after_loading(again)


@planted("crash")
def restart_takes_what_was_under_way_for_unsent() -> AbstractContextManager[Any]:
    """A restart takes an order that was being sent for one that was never sent."""

    def forget(trader: Trader) -> None:
        for order in trader.ledger.live_orders():
            if order.state is OrderState.IN_DOUBT:
                learn(trader.ledger, order, Fact.RULED_ABSENT, trader.clock.now(), "planted")

    return after_loading(forget)


def after_loading(what: Callable[[Trader], None]) -> AbstractContextManager[Any]:
    """Do something each time when a trader has made its image from the journal."""
    real = Trader._load

    def load(trader: Trader, now: datetime) -> None:
        real(trader, now)
        what(trader)

    return patch.object(Trader, "_load", load)


# --- the receiver and the messages -----------------------------------------------------------------------------------


@planted("network")
def duplicate_is_accepted_again() -> AbstractContextManager[Any]:
    """A body that comes again is another body."""
    real = inbox.accept
    count = iter(range(1, 1_000_000))

    def accept(session: Session, body: NewBody) -> Accepted:
        done = real(session, body)
        if done.status != "duplicate":
            return done
        mark = f"{next(count):06d}"
        events = tuple(replace(event, event_id=mark + event.event_id[6:]) for event in body.events)
        return real(session, replace(body, body_id=mark + body.body_id[6:], events=events))

    return patch.object(inbox, "accept", accept)


@planted("crash")
def acknowledged_before_commit() -> AbstractContextManager[Any]:
    """A body is acknowledged at once and stored with the one after it."""
    real = Journal.accept
    waiting: WeakKeyDictionary[Journal, NewBody] = WeakKeyDictionary()

    def accept(journal: Journal, body: NewBody) -> Accepted:
        before = waiting.pop(journal, None)
        if before is not None:
            real(journal, before)
        waiting[journal] = body
        top = max((event.seq for event in body.events), default=0)
        return Accepted(status="accepted", top_seq=top, top_seq_before=top)

    return patch.object(Journal, "accept", accept)


@planted("default")
def message_lost() -> AbstractContextManager[Any]:
    """Of the messages that a turn wants told, every third never gets into the outbox."""
    real = ledger.put_message
    count = iter(range(1, 1_000_000_000))

    def put_message(session: Session, message: Message) -> None:
        if next(count) % 3:
            real(session, message)

    return patch.object(ledger, "put_message", put_message)


@planted("network")
def alarm_that_heals() -> AbstractContextManager[Any]:
    """A snapshot that should only be told is booked and traded."""
    return patch.object(snapshot, "_told", _healed_instead)


def _healed_instead(held: Ledger, event: Event, differences: list[Difference], view: View) -> str:
    strategy, content = view.config.by_kid(event.kid), event.body.content
    assert strategy is not None and isinstance(content, SnapshotSignal)
    said = said_by(content)
    return snapshot.heal(held, event, strategy, differences, said, view, approved=True, aside=[])


@planted("network")
def snapshot_booked_twice() -> AbstractContextManager[Any]:
    """What a snapshot says more than the books is entitled twice."""
    # After the books have been made exact: what is booked twice before that is taken back there, and does no harm.
    real = healing._make_exact

    def exact_and_more(ledger: Ledger, event: Event, one: Difference, view: View) -> None:
        real(ledger, event, one, view)
        if one.change <= 0:
            return
        for account in ledger.accounts_of_book(event.strategy, one.symbol):
            book = ledger.book(event.strategy, account, one.symbol)
            twice = exact(book.entitled * (one.said + one.change) / one.said)
            ledger.put_book(replace(book, entitled=twice), healing.CAUSE, event.event_id, view.now)

    return patch.object(healing, "_make_exact", exact_and_more)
