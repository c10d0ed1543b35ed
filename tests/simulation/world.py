"""The whole desk of the simulation: the real receiver, journal, trader and messenger, and what can fail them.

One thread. Time goes from one interesting moment to the next: in small steps while something happens, in large ones
through quiet hours, and always exactly onto the session's edges.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import send_trader_info as messenger
from base_func import BEIJING
from desk.broker.paper import PaperExchange
from desk.core.batch import Batch
from desk.core.config import AccountConfig, MessengerConfig, StrategyConfig
from desk.core.values import EventKind, Message, Order, OrderState, Verdict, WireEvent
from desk.journal import Journal, JournalError, JournalUnavailable
from desk.senders import Keyring
from Receiver import Receiver
from tests.crashing import Crash, CrashingWorld
from tests.simulation.network import Network, secret_of
from tests.simulation.parts import DatabaseInMemory, ErringClock, InlineWriter, StillMarket
from tests.simulation.story import Story, Violation
from tests.simulation.witness import Witness
from tests.stand_in.wecom import Cut, Robots
from tests.world import Weekdays

ROBOT = "T1"
_runs = itertools.count()
EDGES = (time(9, 15), time(9, 25), time(9, 30), time(11, 30), time(13), time(14, 56, 30), time(14, 57), time(15))
_TELL_EVERY_S = 60.0
_FINE_S, _BUSY_S, _WAITING_S, _IDLE_S, _NIGHT_S = 0.5, 20.0, 60.0, 900.0, 7200.0
_DOUBT_S = 4.0
_MOST_TURNS = 20_000  # a usual seed has some hundreds
_FROZEN_S = 1.5  # the loop turns too often to see a wall clock that stands still as one that jumps


class TradingDays(Weekdays):
    """Weekdays but for the holidays of a run."""

    def __init__(self, holidays: frozenset[date] = frozenset()) -> None:
        self.holidays = holidays

    def is_trading_day(self, day: date) -> bool:
        return super().is_trading_day(day) and day not in self.holidays


class SimulatedDesk(CrashingWorld):
    clock: ErringClock

    def __init__(self, path: Path, *, weather: random.Random, holidays: frozenset[date], **more: Any) -> None:
        self.weather = weather  # what the network, WeCom and persons do by chance
        self.days = TradingDays(holidays)
        self.clock = ErringClock(more["start"])
        self.story = Story(self.clock.now)
        self.witness = Witness(self)
        self.network = Network(self)
        self.robots = Robots(self.clock.monotonic, (ROBOT,))
        self.wecom: dict[str, float] = {}  # rates by what a request meets
        self.journal_down = False
        self.unheard: set[str] = set()  # strategies that a person has resumed in the file alone
        self.committed = 0
        self.crashes = 0
        self.session_s = 0.0  # simulated seconds of sessions
        self._stride = _FINE_S
        self._turns = 0
        self._tell_at = 0.0
        self._news_to_tell = self._backlog = False
        self.database = DatabaseInMemory.make(f"{path.name}-{next(_runs)}")
        super().__init__(path, **more)
        self.config = replace(self.config, messenger=MessengerConfig(tokens=(ROBOT,)))
        self.witness.attend()

    # --- the parts --------------------------------------------------------------------------------------------------

    def make_clock(self, start: datetime) -> ErringClock:
        return self.clock

    def make_days(self) -> TradingDays:
        return self.days

    def make_exchange(self, account: AccountConfig, is_trading_day: Callable[[date], bool]) -> PaperExchange:
        return PaperExchange(
            store=None,
            clock_now=self.clock.now(),
            config=account,
            feed=StillMarket(self.seed),
            is_trading_day=is_trading_day,
            coarse_after=timedelta(seconds=2),
            coarse_ticks=8,
        )

    def close(self) -> None:
        super().close()
        self.database.disk.close()

    def open_journal(self) -> Journal:
        return Journal(self.database, self.clock, lambda where, ring: InlineWriter(where, ring, self._strike))

    def start_trader(self) -> None:
        super().start_trader()
        self.journal.on_messages(self._ring)
        self.receiver = Receiver(
            journal=self.journal, keyring=Keyring(lambda: self.config), clock=self.clock, alarm=self._alarm
        )
        self.messenger = messenger.Messenger(
            self.journal, lambda: self.config.messenger, self.clock, post=self._post, spawn=lambda job: job()
        )

    def _strike(self, where: str) -> None:
        if self.journal_down and where == "before durability":
            raise JournalUnavailable("the journal is down")
        if self.rate and self._strikes(self.rate / 2, where):
            raise self._blow()

    def _arm_commit(self) -> None:
        real = self.journal.commit

        def commit(batch: Batch) -> None:
            real(batch)
            self.committed += 1
            self._note(batch)

        self.journal.commit = commit  # type: ignore[method-assign]

    def _arm_place(self, broker: Any) -> None:
        real, account = broker.place, broker.account

        def place(request: Any) -> Any:
            self.witness.sending(account, request)
            return real(request)

        def snapshot() -> Any:
            picture = look()
            if picture is not None:
                self.witness.pictured[account] = picture.generation
            return picture

        look = broker.snapshot
        self.witness.pictured.pop(account, None)
        broker.place, broker.snapshot = place, snapshot
        super()._arm_place(broker)

    def _note(self, batch: Batch) -> None:
        self.witness.committed(batch)
        for intent in batch.intents.values():
            if intent.intent_id not in self.witness.meant:
                self.story.tell("decided", f"{intent.intent_id} {intent.side.value} {intent.decided} {intent.symbol}")
                self.witness.meant[intent.intent_id] = (intent.decided, intent.side.value)
        for outcome in batch.outcomes.values():
            if outcome.verdict is not Verdict.WORKING:
                reason = f" {outcome.reason.value}" if outcome.reason else ""
                self.story.tell("ended", f"{outcome.event_id} {outcome.verdict.value}{reason}")
        for message in batch.messages:
            if message.urgent:
                self.story.tell("alarm", f"{message.title}: {message.text}")

    # --- what fails it ----------------------------------------------------------------------------------------------

    def kill(self) -> None:
        self.crashes += 1
        self.story.tell("crash", f"the desk dies and starts again ({self.crashes})")
        self.witness.jumped_at = float("-inf")  # a new desk has not seen the old clock
        super().kill()

    def jump(self, seconds: float) -> None:
        self.story.tell("clock", f"the wall clock jumps by {seconds:+.0f} s")
        self.clock.jump(seconds)
        self._seen_to_jump()
        self.advance()

    def suspend(self, seconds: float) -> None:
        self.story.tell("clock", f"the machine sleeps for {seconds:.0f} s")
        self.clock.sleep(seconds)
        self._seen_to_jump()
        self.advance()

    def _seen_to_jump(self) -> None:
        if self.trader._last is not None:  # a desk that has just started knows no other time
            self.witness.jumped_at = self.clock.monotonic()

    # --- the doors --------------------------------------------------------------------------------------------------

    def receive(self, body: bytes) -> tuple[int, bytes] | None:
        """What the receiver answers; None when the desk dies over it."""
        try:
            answer = self.receiver.receive(body)
        except Crash:
            self.kill()
            return None
        return answer.status, answer.body

    def send(self, *events: WireEvent, kid: str = "xsz", **_: object) -> list[str]:
        return self.network.line(kid).say(events)

    def _alarm(self, title: str, text: str, key: str) -> None:
        message = Message(at=self.clock.now(), kind="alarm", title=title, text=text, urgent=True, key=key)
        try:
            self.journal.commit(Batch(messages=[message]))
        except JournalError:
            self.messenger.shout(message)

    def ask(self, verb: str, **args: str) -> bool:
        """What a person asks of the desk; it may die over it. False when the person is told that it was not heard."""
        self.story.tell("person", f"{verb} {args}" if args else verb)
        try:
            self.journal.ask(verb, args, "person")
        except Crash:
            self.kill()
        except JournalError:
            return False
        finally:
            self.settle()
        return True

    def change(self, strategy: StrategyConfig, *, resumed: bool = False) -> None:
        """A person edits a strategy's configuration; the desk hears of it by a command, or at its next start."""
        others = [strategy if s.kid == strategy.kid else s for s in self.config.strategies]
        self.config = replace(self.config, strategies=tuple(others))
        if not self.ask("reload", **({"resumed": strategy.name} if resumed else {})) and resumed:
            self.unheard.add(strategy.name)

    def _post(self, url: str, document: Mapping[str, Any], timeout: float) -> tuple[int, bytes]:
        """WeCom, or what stands in its place just now."""
        for what, rate in self.wecom.items():
            if self.weather.random() < rate:
                self.story.count(f"wecom {what}")
                if what == "unanswered" or self.robots.down:
                    raise Cut  # what were scripted now would be met after the outage, one by one, for days
                if what == "lost answer":
                    self.robots.script(ROBOT, "lost")
                elif what == "5xx":
                    self.robots.script(ROBOT, "http 502")
                else:
                    self.robots.script(ROBOT, int(what))
                break
        parts = urlsplit(url)
        body = json.dumps(document, ensure_ascii=False).encode()
        return self.robots.answer(f"{parts.path}?{parts.query}", body)

    # --- time -------------------------------------------------------------------------------------------------------

    def jq_now(self) -> datetime:
        return self.clock.true()

    def advance(self) -> None:
        for exchange in self.exchanges.values():
            exchange.advance(self.clock.now())

    def turn(self) -> None:
        """Everything that can happen at this moment happens."""
        self._turns += 1
        if self._turns > _MOST_TURNS:
            raise Violation(f"liveness: after {_MOST_TURNS} turns it has not come to rest")
        self.network.run()
        self.settle()
        if (self._news_to_tell or self._backlog) and self.clock.monotonic() >= self._tell_at:
            self.tell()
        self.witness.check()

    def tell(self) -> None:
        self._tell_at = self.clock.monotonic() + _TELL_EVERY_S
        self._news_to_tell = False
        try:
            self.messenger.step(self.clock.now())
        except Crash:
            self.kill()
        self._backlog = bool(self.journal.outbox_pending())

    def _ring(self) -> None:
        self._news_to_tell = True

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self._stride = _FINE_S
        self.turn()
        until = self.clock.monotonic() + seconds
        while (left := until - self.clock.monotonic()) > 1e-6:
            before = (self.committed, self.witness.news)
            due = max(self.network.next_due() - self.clock.monotonic(), 0.05)
            part = min(left, self._stride, self._to_edge(), due, _FROZEN_S if self.clock.frozen else _NIGHT_S)
            if self.in_session():
                self.session_s += part
            self.clock.turn(part)
            self.advance()
            self.turn()
            changed = before != (self.committed, self.witness.news)
            self._stride = _FINE_S if changed else self._longer(self._stride)

    def run_to(self, moment: datetime) -> None:
        """Let time pass until a moment of the true time."""
        while (left := (moment - self.clock.true()).total_seconds()) > 1e-6:
            self.run(left)

    def in_session(self) -> bool:
        true = self.clock.true()
        if all(desk.config.always_open for desk in self.desks.values()):
            return True
        at = true.time()
        return self.days.is_trading_day(true.date()) and (time(9, 30) <= at < time(11, 30) or time(13) <= at < time(15))

    def _to_edge(self) -> float:
        """Seconds to the wall clock's next edge of a session or a day."""
        now = self.clock.now()
        if self.days.is_trading_day(now.date()):
            for edge in EDGES:
                moment = datetime.combine(now.date(), edge, BEIJING)
                if moment > now:
                    return (moment - now).total_seconds()
        midnight = datetime.combine(now.date() + timedelta(days=1), time(0), BEIJING)
        return (midnight - now).total_seconds()

    def _longer(self, stride: float) -> float:
        """The next step after one in which nothing happened: the less is under way, the longer."""
        ledger, session = self.trader.ledger, self.in_session()
        if any(order.state is OrderState.IN_DOUBT for order in ledger.live_orders()) and session:
            return min(stride * 2, _DOUBT_S)
        if ledger.unsettled or any(self._moves(order) for order in ledger.live_orders()):
            return min(stride * 2, _BUSY_S if session else _IDLE_S)
        if not session:
            return _NIGHT_S
        if ledger.intents or not all(desk.ready for desk in self.desks.values()):
            return min(stride * 4, _WAITING_S)
        return _IDLE_S

    def _moves(self, order: Order) -> bool:
        """Whether an order is under way: one that rests is not."""
        intent = self.trader.ledger.intents.get(order.intent_id)
        return order.state is not OrderState.WORKING or intent is None or not intent.resting


def with_secret(config: StrategyConfig, turn: int = 0) -> StrategyConfig:
    return replace(config, secret=secret_of(config.kid, turn))


__all__ = ["EventKind", "SimulatedDesk", "with_secret"]
