"""The trading loop: claim -> decide -> write intent -> place -> absorb reports.

Only this loop changes orders. It runs in one thread; receiver, callbacks and persons leave things for it in the journal
or in an inbox and ring its bell. The order of a turn is the law: what is sent has been committed before (intent before
act), what the broker answers is booked before anything else is planned.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from desk.broker import Instrument, Outcome, PlaceAnswer, PlaceRequest
from desk.clock import Clock
from desk.core.batch import Batch, CommandResult
from desk.core.config import Config
from desk.core.decide import decide_event
from desk.core.ledger import Ledger
from desk.core.reconcile import learn
from desk.core.values import Command, Event, EventOutcome, Fact, Message, OrderState, Reason, Verdict
from desk.core.view import View, shadow_of
from desk.dealing.account import AccountDesk
from desk.dealing.daily import Daily
from desk.dealing.listening import Listening
from desk.dealing.persons import CannotDo, Persons
from desk.dealing.plan import Planner, Turn
from desk.dealing.sequence import note_sequence
from desk.dealing.telling import Teller
from desk.journal import AccountView, Loaded, PositionView
from desk.texts import dealing as texts
from desk.texts.labels import reason_text

log = logging.getLogger(__name__)

_BUSY_WAIT_S = 0.1
_IDLE_WAIT_S = 0.5
_JUMP_S = 2.0
_JUMP_PAUSE_S = 5.0
_TROUBLE_WAIT_S = 1.0
_HOLD_S = 0.02
_BREATH_S = 0.001  # a channel's sending thread gets the interpreter before the next turn does


class Book(Protocol):
    """What the loop needs of the journal."""

    def load(self) -> Loaded: ...
    def save_account(self, account: AccountView, positions: Sequence[PositionView]) -> None: ...
    def on_events(self, bell: Callable[[], None]) -> None: ...
    def on_commands(self, bell: Callable[[], None]) -> None: ...
    def undecided_events(self, limit: int = 500) -> list[Event]: ...
    def commit(self, batch: Batch) -> None: ...
    def pending_commands(self) -> list[Command]: ...


class Trader:
    """Built by main with everything it touches; `run` is its thread, `step` one turn (tests call it directly)."""

    def __init__(
        self,
        *,
        journal: Book,
        desks: Mapping[str, AccountDesk],
        config: Config,
        clock: Clock,
        bell: threading.Event,
        reload: Callable[[], Config] | None = None,
        shout: Callable[[str, str], None] | None = None,
    ) -> None:
        """`desks` by trading account name; `reload` re-reads the config files; `shout` tells without the journal."""
        self.journal = journal
        self.desks = dict(desks)
        self.config = config
        self.clock = clock
        self.bell = bell
        self._reload = reload
        self._shout = shout or (lambda title, text: log.critical("%s: %s", title, text))
        self.ledger = Ledger()
        self.teller = Teller()
        self._loaded = False
        self._news = threading.Event()  # events may be waiting in the journal
        self._asked = threading.Event()  # commands may be
        self._look_anew()
        self._last: tuple[datetime, float] | None = None
        self._pause_until = float("-inf")
        self._holding = False  # the last turn's batch was kept for this one
        self._looks: list[tuple[AccountView, Sequence[PositionView]]] = []  # shown once the turn's orders are out
        journal.on_events(lambda: self._ring(self._news))
        journal.on_commands(lambda: self._ring(self._asked))

    def _ring(self, what: threading.Event) -> None:
        what.set()
        self.bell.set()

    def _look_anew(self) -> None:
        self._news.set()
        self._asked.set()

    # --- the thread -------------------------------------------------------------------------------------------------

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.bell.clear()
            wait = self.safe_step()
            if wait > 0 and not stop.is_set():
                self.clock.wait(self.bell, wait)
        for desk in self.desks.values():
            desk.close()

    def safe_step(self) -> float:
        """One turn that never raises: after any trouble the image is thrown away and loaded again, nothing is sent."""
        try:
            return self.step()
        except Exception as error:
            log.exception("A turn of the trading loop failed; reloading from the journal")
            self._shout("交易循环出错", texts.journal_down(str(error)))
            self._loaded = False
            self._look_anew()
            return _TROUBLE_WAIT_S

    def step(self) -> float:
        """One turn; returns the seconds until the next one is due (0: at once)."""
        now, monotonic = self.clock.now(), self.clock.monotonic()
        if not self._loaded:
            self._load(now)
        self._watch_clock(now, monotonic)
        ears = self._ears(now, monotonic)
        ears.run()
        persons = self._persons(now)
        if self._asked.is_set():
            self._asked.clear()
            self._commands(persons, now)
        if self._news.is_set():
            self._news.clear()
            if self._intake(now):
                self._news.set()
        Daily(self.ledger, self.config, self.desks, persons, now).run()
        persons.finish_liquidation()
        turn = self._plan(now, monotonic)
        if self._may_hold(turn):
            self._holding = True
            return _HOLD_S
        self._holding = False
        self._commit(now)
        self._act(turn, ears)
        self._commit(now)
        self._show()
        return self._until_next(turn)

    # --- loading ----------------------------------------------------------------------------------------------------

    def _load(self, now: datetime) -> None:
        """Make the image anew; every order that was being sent has had no answer as far as we know."""
        loaded = self.journal.load()
        ledger = Ledger()
        for event, outcome in loaded.open_outcomes:
            ledger.events[event.event_id] = event
            ledger.outcomes[event.event_id] = outcome
        for jq_order in loaded.jq_orders:
            ledger.remember_jq_order(jq_order)
        for rate in loaded.jq_rates:
            ledger.jq_rates[rate.strategy, rate.day, rate.jq_order_id][rate.account] = rate
        for holding in loaded.holdings:
            ledger.holdings[holding.strategy, holding.symbol] = holding
        for book in loaded.books:
            ledger.remember_book(book)
        for intent in loaded.intents:
            ledger.remember_intent(intent)
        for order in loaded.orders:
            ledger.remember_order(order)
        ledger.fill_ids = set(loaded.fill_ids)
        ledger.flags = dict(loaded.flags)
        ledger.gaps = {gap.key: gap for gap in loaded.open_gaps}
        ledger.seqs = dict(loaded.seq_state)
        self.ledger = ledger
        for order in ledger.live_orders():
            if order.state is OrderState.SENDING:
                learn(ledger, order, Fact.NO_ANSWER, now, "restart")
        for desk in self.desks.values():
            desk.matched_generation = None
            desk.dirty = True
        self._loaded, self._holding = True, False

    def _commit(self, now: datetime) -> None:
        self.teller.tell(self.ledger, now)
        batch = self.ledger.take_batch()
        if batch:
            self.journal.commit(batch)

    def _watch_clock(self, now: datetime, monotonic: float) -> None:
        """A wall clock that jumps pauses sending: sessions and ages are judged by it (RELIABILITY I14)."""
        if self._last is not None:
            jump = (now - self._last[0]).total_seconds() - (monotonic - self._last[1])
            if abs(jump) > _JUMP_S:
                self._pause_until = monotonic + _JUMP_PAUSE_S
                log.warning("The wall clock jumped by %.1f s; sending pauses", jump)
                self._alarm(now, "系统时间跳变", texts.clock_jumped(jump), f"jump:{now.isoformat()}")
        self._last = (now, monotonic)

    def _alarm(self, now: datetime, title: str, text: str, key: str) -> None:
        self.ledger.say(Message(at=now, kind="alarm", title=title, text=text, urgent=True, key=key))

    # --- persons and events -----------------------------------------------------------------------------------------

    def _persons(self, now: datetime) -> Persons:
        return Persons(
            ledger=self.ledger,
            config=self.config,
            accounts=self.desks,
            sentence=reason_text,
            now=now,
            reload=self._reload_config,
            view=lambda: self._view(now),
        )

    def _commands(self, persons: Persons, now: datetime) -> None:
        for command in self.journal.pending_commands():
            try:
                ok, answer = True, persons.do(command)
            except CannotDo as error:
                ok, answer = False, str(error)
            except Exception:
                # Answered at once, or it would be tried again for ever; what it half did is dropped by the reload.
                self.journal.commit(
                    Batch(command_results=[CommandResult(row=command.row, at=now, ok=False, text=texts.BROKEN)])
                )
                raise
            log.info("Command %s by %s: %s", command.verb, command.by, answer)
            self.ledger.batch.command_results.append(CommandResult(row=command.row, at=now, ok=ok, text=answer))
            persons.config = self.config
            resumed = command.args.get("resumed")
            if ok and resumed:
                persons.work_debts(strategy=resumed)

    def _reload_config(self) -> str:
        if self._reload is None:
            raise CannotDo(texts.unknown_command("reload"))
        try:
            self.config = self._reload()
        except ValueError as error:
            raise CannotDo(str(error)) from error
        for name, desk in self.desks.items():
            fresh = self.config.account(name)
            if fresh is not None:
                desk.config = fresh
            for real in self.config.accounts:
                if shadow_of(real.name) == name:
                    desk.config = replace(desk.config, limits=real.limits)
        return "配置已重新读取。"

    def stopped(self, strategy: str) -> Reason | None:
        """Why a strategy may not trade just now, None if it may."""
        if f"stopped:{strategy}" in self.ledger.flags:
            return Reason.CIRCUIT_BROKEN
        config = self.config.strategy(strategy)
        return Reason.PAUSED if config is not None and not config.enabled else None

    def _intake(self, now: datetime) -> bool:
        """Decide the events that have come; True when more are waiting."""
        limit = 200
        events = self.journal.undecided_events(limit)
        more = len(events) == limit
        events = [event for event in events if event.event_id not in self.ledger.batch.outcomes]  # decided, held back
        if not events:
            return more
        view = self._view(now)
        for event in events:
            self.ledger.heard[event.event_id] = event
            note_sequence(self.ledger, event, now)
            self._decide(event, view)
        return more

    def _view(self, now: datetime) -> View:
        return View(
            config=self.config,
            now=now,
            halted="halted" in self.ledger.flags,
            trading_day=lambda account, moment: self._trading_day(account, moment),
            instrument=self._instrument,
            stopped=self.stopped,
            sentence=reason_text,
        )

    def _decide(self, event: Event, view: View) -> None:
        """Decide an event; one that breaks the program ends with a sentence, or it would stop all others."""
        try:
            decide_event(self.ledger, event, view)
        except Exception:
            outcome = EventOutcome(
                event_id=event.event_id,
                verdict=Verdict.REFUSED,
                reason=Reason.UNSUPPORTED,
                reason_text=texts.BROKEN,
                decided_at=view.now,
                done_at=view.now,
            )
            alarm = Message(
                at=view.now,
                kind="alarm",
                title="一个信号没有处理",
                text=f"{event.event_id}:{texts.BROKEN}",
                urgent=True,
                key=f"broken:{event.event_id}",
            )
            self.journal.commit(Batch(outcomes={event.event_id: outcome}, messages=[alarm]))
            raise

    def _trading_day(self, account: str, moment: datetime) -> date:
        desk = self.desks.get(account)
        return desk.trading_day(moment) if desk is not None else moment.date()

    def _instrument(self, account: str, symbol: str, anchor: Decimal | None) -> Instrument | None:
        desk = self.desks.get(account)
        if desk is None or not desk.broker.connected:
            return None
        return desk.broker.instrument(symbol, anchor)

    # --- sending ----------------------------------------------------------------------------------------------------

    def _plan(self, now: datetime, monotonic: float) -> Turn:
        planner = Planner(
            ledger=self.ledger,
            config=self.config,
            accounts=self.desks,
            sentence=reason_text,
            halted="halted" in self.ledger.flags,
            stopped=self.stopped,
            sending_allowed=monotonic >= self._pause_until,
            now=now,
            monotonic=monotonic,
        )
        return planner.run()

    def _act(self, turn: Turn, ears: Listening) -> None:
        """Do at the brokers what has just been committed; sells stand before buys in the turn."""
        for order in turn.cancels:
            desk = self.desks[order.account]
            try:
                answer = desk.broker.cancel(order.client_order_id, order.broker_order_id)
            except Exception:  # the cancel is asked again after its grace; the turn's orders must still go out
                log.exception("Cancelling %s raised", order.client_order_id)
                answer = None
            if answer is not None:
                ears.cancel_answered(desk, order.client_order_id, answer.outcome)
        for order in turn.places:
            request = PlaceRequest(
                client_order_id=order.client_order_id,
                symbol=order.symbol,
                side=order.side,
                shares=order.shares,
                price=order.price,
                strategy=order.strategy,
            )
            try:
                placed = self.desks[order.account].broker.place(request)
            except Exception:  # an exception is never evidence that nothing was sent
                log.exception("Placing %s raised", order.client_order_id)
                placed = PlaceAnswer(outcome=Outcome.NO_ANSWER)
            if placed is not None:
                ears.placed(order, placed)

    def _ears(self, now: datetime, monotonic: float) -> Listening:
        def show(account: AccountView, positions: Sequence[PositionView]) -> None:
            self._looks.append((account, positions))

        hurried = self._news.is_set()
        return Listening(self.ledger, self.config, self.desks, now, monotonic, show, hurried=hurried)

    def _show(self) -> None:
        """Let people see the accounts, after the orders: the journal's one writer must not be busy with this first."""
        looks, self._looks = self._looks, []
        for account, positions in looks:
            self.journal.save_account(account, positions)

    def _may_hold(self, turn: Turn) -> bool:
        """A decision whose quote comes in a moment is written together with its order, in one commit instead of two.

        For one turn at most, and nothing is sent meanwhile; a crash before it finds the event undecided, as it was.
        """
        acts = turn.places or turn.cancels or self.ledger.batch.command_results
        return turn.quote_missed and not acts and not self._holding

    def _until_next(self, turn: Turn) -> float:
        if turn.cancels or turn.places:
            return _BREATH_S
        if self._news.is_set() or self._asked.is_set() or turn.ended or turn.unasked:
            return 0.0
        if self.ledger.unsettled:
            return 0.02
        return _BUSY_WAIT_S if self.ledger.intents or self.ledger.live_orders() else _IDLE_WAIT_S
