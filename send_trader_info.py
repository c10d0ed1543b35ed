"""Tells the user what happened: takes messages from the outbox and delivers them to WeCom group robots.

One thread steps; every robot has a line of its own with its own minute, back-off and post in flight, so a dead or
hanging robot delays no other. A message is marked as sent after its robot has said so: at least once, with a number by
which a reader knows a repetition. Nothing here can delay trading: the journal is the only contact.
"""

from __future__ import annotations

import logging
import random
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from desk.album import Album, Draw, Queue
from desk.clock import Clock
from desk.core.batch import Batch
from desk.core.telling import (
    TEXT_BYTES,
    TOO_FAST_WAIT_S,
    URGENT_SLOTS,
    Answer,
    Answered,
    Window,
    read_answer,
    wait_after,
)
from desk.core.values import Message
from desk.settings.model import MessengerConfig
from desk.texts import letters, messages
from desk.texts.journal import SILENCED
from desk.texts.letters import OutboxRow, Parcel, Started
from desk.wecom import (
    Post,
    Spawn,
    address,
    hide,
    in_thread,
    picture_message,
    post_json,
    robot_of,
    text_message,
    token_of,
)

log = logging.getLogger(__name__)

LOG_ROBOT = "log"  # who is told when no robot is configured: the log file
TIMEOUT_S = 5.0
IDLE_S = 2.0  # messages of another process ring no bell here
GIVE_UP_AFTER = timedelta(hours=24)
REFUSALS = 3  # a letter refused so often, while others get through, is given up
SMALLEST_TEXT = 512
ABANDONED = 3  # posts of one robot that may hang beyond every timeout at once
COMPLAIN_EVERY_S = 60.0
FETCHED = 200  # rows looked at in one go
WITH_PICTURE = "summary"  # the kind of message that a picture goes with
_NO_ANSWER = Answer(kind=Answered.FAILED, text="no answer")


class Outbox(Protocol):
    """The messenger's side of the journal; every method may raise when the journal cannot be used."""

    def outbox_robots(self, robots: Sequence[str]) -> None: ...
    def outbox_due(self, robot: str, now: datetime, limit: int) -> Sequence[OutboxRow]: ...
    def outbox_sent(self, ids: Iterable[int], at: datetime) -> None: ...
    def outbox_retry(self, ids: Iterable[int], next_at: datetime, error: str) -> None: ...
    def outbox_dead(self, ids: Iterable[int], error: str) -> None: ...
    def commit(self, batch: Batch) -> None: ...


@dataclass(slots=True)
class _Flight:
    parcel: Parcel | None  # None: a picture
    started: float
    done: threading.Event = field(default_factory=threading.Event)
    answer: Answer = _NO_ANSWER


@dataclass(frozen=True, slots=True)
class _Shout:
    """An alarm that does not go through the outbox, shaped like its rows; the id is negative and rises."""

    id: int
    message: Message
    message_id: int = 0
    attempts: int = 0


@dataclass(slots=True)
class _Line:
    """Everything about one robot; touched by the stepping thread only, but for `shouts`, which any thread appends."""

    robot: str
    token: str
    rng: random.Random
    pictures: Queue
    window: Window = field(default_factory=Window)
    flight: _Flight | None = None
    abandoned: list[_Flight] = field(default_factory=list)
    not_before: float = 0.0  # monotonic
    failures: int = 0
    disabled: str = ""  # why, until the configuration changes
    limit: int = TEXT_BYTES
    started: dict[int, Started] = field(default_factory=dict)  # long messages under way
    refusals: dict[int, int] = field(default_factory=dict)  # how often a message was refused
    others_heard: bool = False  # something got through since the first refusal
    maybe_told: set[int] = field(default_factory=set)  # posted without an answer
    owed: deque[Callable[[], None]] = field(default_factory=deque)  # marks that the outbox has not taken yet
    shouts: deque[_Shout] = field(default_factory=deque)
    shouts_told: set[int] = field(default_factory=set)


class Messenger:
    def __init__(
        self,
        journal_outbox: Outbox,
        config: Callable[[], MessengerConfig],
        clock: Clock,
        post: Post = post_json,
        spawn: Spawn = in_thread,
        draw: Draw | None = None,
    ) -> None:
        """`draw` gives the picture that follows a summary; it may come twice, or be lost in a crash."""
        self._outbox = journal_outbox
        self._config = config
        self._clock = clock
        self._post = post
        self._spawn = spawn
        self._album = Album(draw, spawn)
        self._lines: dict[str, _Line] = {}
        self._known: MessengerConfig | None = None
        self._named = False  # the outbox knows our robots
        self._latest: datetime | None = None
        self._bell = threading.Event()
        self._next_shout = -(10**12)
        self._shouted: set[str] = set()
        self._complained: dict[str, float] = {}

    # --- the thread ---------------------------------------------------------------------------------------------------

    def run(self, stop: threading.Event, bell: threading.Event) -> None:
        """Step until told to stop; `bell` says that there may be something to tell, `stop` is best followed by it."""
        self._bell = bell
        while not stop.is_set():
            bell.clear()
            wait = self.step(self._clock.now())
            if not stop.is_set():
                self._clock.wait(bell, wait)
        self._finish()

    def step(self, now: datetime) -> float:
        """Deliver what may go now; return seconds until the next step is worth while. Never raises."""
        try:
            self._follow_config(self._config())
        except Exception:  # noqa: BLE001 (telling must go on with the configuration that we have)
            self._complain("the messenger could not take over its configuration")
        self._latest = now if self._latest is None else max(self._latest, now)
        wait = IDLE_S
        for line in list(self._lines.values()):
            try:
                wait = min(wait, self._advance(line, now))
            except Exception:  # noqa: BLE001 (one robot's trouble is not the others')
                self._complain(f"the line of robot {line.robot} stumbled")
        return max(wait, 0.0)

    def shout(self, message: Message) -> None:
        """Tell something without the outbox, for when the journal cannot be written (I17); a key once per process."""
        if message.key and message.key in self._shouted:
            return
        self._shouted.add(message.key)
        self._next_shout += 1
        log.error("shouted past the journal: %s", self._hide(message.title))
        for line in list(self._lines.values()):
            line.shouts.append(_Shout(self._next_shout, message))
        self._bell.set()

    def disabled(self) -> dict[str, str]:
        """The robots that WeCom does not accept, with the reason, until the configuration changes."""
        return {line.robot: line.disabled for line in list(self._lines.values()) if line.disabled}

    def test_message(self) -> list[str]:
        """Post a test to every configured robot now and say, one sentence each, what became of it."""
        config = self._config()
        tokens = {robot_of(token): token for token in config.tokens if token.strip()}
        now = self._clock.now()
        text = letters.body(messages.trial(now), now)
        if not tokens:
            return [messages.NO_ROBOT]
        return [
            messages.trial_result(robot, self._try_post(address(config.base_url, token), text_message(text)))
            for robot, token in tokens.items()
        ]

    # --- lines --------------------------------------------------------------------------------------------------------

    def _follow_config(self, config: MessengerConfig) -> None:
        if config != self._known:
            tokens = {robot_of(token): token for token in config.tokens if token.strip()} or {LOG_ROBOT: ""}
            kept = {robot: line for robot, line in self._lines.items() if robot in tokens}
            for line in kept.values():
                line.disabled, line.not_before, line.failures, line.limit = "", 0.0, 0, TEXT_BYTES
            for robot, token in tokens.items():
                # The seed spreads the robots' retries; it needs no unpredictability.
                kept.setdefault(robot, _Line(robot, token, random.Random(robot), Queue(self._album, robot)))
            self._lines, self._known, self._named = kept, config, False
        if not self._named:
            self._outbox.outbox_robots(tuple(self._lines))
            self._named = True

    def _advance(self, line: _Line, now: datetime) -> float:
        """Do all that a line can do now; return the seconds until it can do more."""
        while True:
            mono = self._clock.monotonic()
            wait = self._await_flight(line, now, mono)
            if wait is not None:
                return wait
            wait = max(line.not_before - mono, line.window.wait(mono, 0))
            if wait > 0:
                self._settle(line)
                return wait
            rows = self._rows(line, now)
            if line.robot == LOG_ROBOT:
                return self._tell_log(line, rows, now)
            if line.disabled:
                return IDLE_S
            if not rows:
                if not self._launch_picture(line, mono):
                    return IDLE_S
                continue
            parcel = letters.compose(
                rows,
                now=now,
                room=line.window.room(mono),
                limit=line.limit,
                started=line.started,
                refused=line.refusals,
                maybe_told=line.maybe_told,
            )
            if parcel is None:
                return line.window.wait(mono, URGENT_SLOTS)
            self._launch(line, _Flight(parcel, mono), text_message(parcel.text))

    def _await_flight(self, line: _Line, now: datetime, mono: float) -> float | None:
        """Absorb a post that has come back; seconds to wait while one is out, None when the line is free."""
        line.abandoned = [flight for flight in line.abandoned if not flight.done.is_set()]
        flight = line.flight
        if flight is not None:
            if not flight.done.is_set():
                if mono - flight.started < 3 * TIMEOUT_S:
                    return IDLE_S
                line.abandoned.append(flight)  # a peer that drips bytes outlives every socket timeout
            line.flight = None
            line.window.note(mono)
            self._land(line, flight, flight.answer if flight.done.is_set() else _NO_ANSWER, now, mono)
        return IDLE_S if len(line.abandoned) >= ABANDONED else None

    def _rows(self, line: _Line, now: datetime) -> list[OutboxRow]:
        """What waits for a robot: shouts, and the outbox unless it still has to take marks of ours."""
        while line.shouts and line.shouts[0].id in line.shouts_told:
            line.shouts_told.discard(line.shouts.popleft().id)
        rows: list[OutboxRow] = [shout for shout in line.shouts.copy() if shout.id not in line.shouts_told]
        if not self._settle(line):
            return rows
        try:  # with the latest time ever seen: a wall clock that jumps back must not hide what is due
            due = self._outbox.outbox_due(line.robot, self._latest or now, FETCHED)
        except Exception:  # noqa: BLE001 (without the journal shouts still go out)
            self._complain(f"the outbox did not answer for robot {line.robot}")
            return rows
        due = self._pushed(line, due)
        old = [row for row in due if now - row.message.at > GIVE_UP_AFTER and (row.attempts or line.disabled)]
        if old:
            self._give_up(line, old, line.disabled or f"older than {GIVE_UP_AFTER}", now)
        dead = {row.id for row in old}
        return [*rows, *(row for row in due if row.id not in dead)]

    def _pushed(self, line: _Line, due: Sequence[OutboxRow]) -> Sequence[OutboxRow]:
        """What of this goes out; what the user wants no push of is marked so, in sight in the outbox and for good.

        What is urgent goes out whatever its kind, and what has begun is finished.
        """
        kinds = self._known.silenced if self._known else ()
        unwanted = [
            row.id for row in due if row.message.kind in kinds and not row.message.urgent and row.id not in line.started
        ]
        if not unwanted:
            return due
        self._owe(line, unwanted, lambda stored: self._outbox.outbox_dead(stored, SILENCED))
        self._forget(line, unwanted)
        return [row for row in due if row.id not in unwanted]

    def _tell_log(self, line: _Line, rows: Sequence[OutboxRow], now: datetime) -> float:
        for row in rows:
            log.info("no robot is configured, told to the log: %s", letters.line(row.message, now))
        self._mark_sent(line, rows, now)
        return 0.0 if len(rows) >= FETCHED and not line.owed else IDLE_S

    # --- posts --------------------------------------------------------------------------------------------------------

    def _launch_picture(self, line: _Line, mono: float) -> bool:
        """Post a picture if one is drawn; what is kept of the minute for alarms stays free."""
        content = line.pictures.next(mono) if line.window.room(mono) > URGENT_SLOTS else None
        if content is None:
            return False
        self._launch(line, _Flight(None, mono), picture_message(content))
        return True

    def _launch(self, line: _Line, flight: _Flight, document: Mapping[str, object]) -> None:
        line.flight = flight
        url = address(self._known.base_url if self._known else "", line.token)

        def fly() -> None:
            flight.answer = self._try_post(url, document)
            flight.done.set()
            self._bell.set()

        self._spawn(fly)

    def _try_post(self, url: str, document: Mapping[str, object]) -> Answer:
        """Post a message; whatever goes wrong is told by its kind only, since errors quote the address."""
        try:
            return read_answer(*self._post(url, document, TIMEOUT_S))
        except Exception as error:  # noqa: BLE001 (any failure of the network is the same: perhaps delivered)
            return Answer(kind=Answered.FAILED, text=type(error).__name__)

    def _land(self, line: _Line, flight: _Flight, answer: Answer, now: datetime, mono: float) -> None:
        if flight.parcel is not None:
            self._absorb(line, flight.parcel, answer, now, mono)
            return
        line.pictures.answered(answer, mono, line.rng)
        if answer.kind is Answered.TOO_FAST:
            line.not_before = mono + TOO_FAST_WAIT_S

    def _absorb(self, line: _Line, parcel: Parcel, answer: Answer, now: datetime, mono: float) -> None:
        ids = [row.id for row in parcel.rows]
        if answer.kind is Answered.DELIVERED:
            line.failures = 0
            line.others_heard = True
            if parcel.rest:
                line.started[ids[0]] = Started(rest=parcel.rest, parts_sent=parcel.part)
                return
            line.limit = TEXT_BYTES
            self._mark_sent(line, parcel.rows, now)
            for row in parcel.rows:
                if row.message.kind == WITH_PICTURE:
                    line.pictures.add(row.message.at, self._bell.set)
            return
        log.warning("robot %s did not take message %s: %s", line.robot, parcel.rows[0].message_id, answer.text)
        if answer.kind is Answered.TOO_LONG and line.limit > SMALLEST_TEXT:
            line.limit //= 2
            return
        # Due again at once for the outbox: when it goes is decided here, by a clock that does not jump.
        self._owe(line, ids, lambda stored: self._outbox.outbox_retry(stored, now, answer.text))
        match answer.kind:
            case Answered.BAD_ROBOT:
                line.disabled = answer.text
                self._say(messages.robot_disabled(line.robot, answer, now))
            case Answered.TOO_FAST:
                line.not_before = mono + TOO_FAST_WAIT_S + 5 * line.rng.random()
            case Answered.REFUSED | Answered.TOO_LONG:
                self._refused(line, parcel.rows, answer, now, mono)
            case _:
                line.maybe_told.update(ids)
                self._back_off(line, mono)

    def _refused(self, line: _Line, rows: Sequence[OutboxRow], answer: Answer, now: datetime, mono: float) -> None:
        """Set refused letters apart; give one up when it alone is refused while others get through."""
        line.limit = TEXT_BYTES
        if not line.refusals:
            line.others_heard = False
        for row in rows:
            line.refusals[row.id] = line.refusals.get(row.id, 0) + 1
        if line.others_heard:
            self._give_up(line, [row for row in rows if line.refusals[row.id] >= REFUSALS], answer.text, now)
        self._back_off(line, mono)

    def _back_off(self, line: _Line, mono: float) -> None:
        line.failures += 1
        line.not_before = mono + wait_after(line.failures, line.rng.random())

    # --- marks --------------------------------------------------------------------------------------------------------

    def _mark_sent(self, line: _Line, rows: Sequence[OutboxRow], now: datetime) -> None:
        ids = [row.id for row in rows]
        self._owe(line, ids, lambda stored: self._outbox.outbox_sent(stored, now))
        self._forget(line, ids)

    def _give_up(self, line: _Line, rows: Sequence[OutboxRow], why: str, now: datetime) -> None:
        """Mark letters as lost, in sight: in the outbox, in the log, and by a message to those who can be reached."""
        if not rows:
            return
        ids = [row.id for row in rows]
        log.error("gave up %d messages for robot %s: %s", len(ids), line.robot, why)
        self._owe(line, ids, lambda stored: self._outbox.outbox_dead(stored, why))
        self._forget(line, ids)
        if not all(row.message.key.startswith("messenger:") for row in rows):  # the loss of such news is no news
            hours = int(GIVE_UP_AFTER.total_seconds() // 3600)
            self._say(messages.messages_lost(line.robot, len(ids), hours, now))

    def _owe(self, line: _Line, ids: Iterable[int], mark: Callable[[tuple[int, ...]], None]) -> None:
        if stored := tuple(number for number in ids if number > 0):
            line.owed.append(partial(mark, stored))
            self._settle(line)

    def _settle(self, line: _Line) -> bool:
        """Give the outbox the marks that it is owed, in order; False while it does not take them."""
        try:
            while line.owed:
                line.owed[0]()
                line.owed.popleft()
            return True
        except Exception:  # noqa: BLE001 (kept in `owed`, and nothing new is fetched before it is taken)
            self._complain(f"the outbox did not take the marks of robot {line.robot}")
            return False

    def _forget(self, line: _Line, ids: Iterable[int]) -> None:
        for number in ids:
            line.started.pop(number, None)
            line.refusals.pop(number, None)
            line.maybe_told.discard(number)
            if number < 0:
                line.shouts_told.add(number)

    def _say(self, message: Message) -> None:
        log.error("%s: %s", message.key, message.title)
        try:
            self._outbox.commit(Batch(messages=[message]))
        except Exception:  # noqa: BLE001 (an alarm about telling: it stands in the log already)
            self._complain("the outbox did not take an alarm of the messenger")

    def _complain(self, what: str) -> None:
        """Log the exception being handled, the same trouble once a minute."""
        mono = self._clock.monotonic()
        if mono - self._complained.get(what, mono - COMPLAIN_EVERY_S) < COMPLAIN_EVERY_S:
            return
        self._complained[what] = mono
        log.error("%s: %s", what, self._hide(traceback.format_exc(limit=-3)))

    def _hide(self, text: str) -> str:
        for line in list(self._lines.values()):
            if line.token:
                text = text.replace(token_of(line.token), "***")
        return hide(text)

    def _finish(self) -> None:
        """Wait a moment for posts that are out, so that what was told is marked as told."""
        for line in list(self._lines.values()):
            if line.flight is not None and line.flight.done.wait(TIMEOUT_S):
                flight, line.flight = line.flight, None
                self._land(line, flight, flight.answer, self._clock.now(), self._clock.monotonic())
            self._settle(line)
