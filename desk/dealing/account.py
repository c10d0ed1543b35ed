"""One account at its broker, as the trading loop sees it: connection, inbox, latest snapshot, pace."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Protocol

from base_func import Phase, phase_at
from desk.broker import Broker, BrokerPosition, BrokerUnavailable, Report, Snapshot
from desk.core.chase import CANCEL_BANNED
from desk.core.config import AccountConfig
from desk.core.reconcile import Absence

log = logging.getLogger(__name__)

CLOSE = time(15, 0)
OPEN = time(9, 30)
_SNAPSHOT_EVERY_S = 3.0
_FIRST_BACKOFF_S = 1.0
_LONGEST_BACKOFF_S = 60.0


class TradingDays(Protocol):
    """What the loop asks of a calendar; `desk.calendar` has the real ones."""

    def is_trading_day(self, day: date) -> bool: ...
    def next_trading_day(self, day: date) -> date: ...
    def previous_trading_day(self, day: date) -> date: ...


class AccountDesk:
    """Used by the trading loop alone, but for `take`, which any thread may call."""

    def __init__(
        self,
        config: AccountConfig,
        broker: Broker,
        days: TradingDays,
        bell: threading.Event,
        *,
        hurry: Callable[[], None] = lambda: None,
    ) -> None:
        """`hurry` cuts short the pause that the broker's own reconnecting makes, where it has one."""
        self.config = config
        self.broker = broker
        self.days = days
        self.name = broker.account
        self._bell = bell
        self._inbox: deque[Report] = deque()
        self._opened = False
        self._hurry_broker = hurry
        self._hurried = False
        self._tried_at = float("-inf")  # monotonic
        self._retry_at = 0.0
        self._backoff_s = _FIRST_BACKOFF_S
        self.matched_generation: int | None = None  # the connection in which everything has been matched (the gate)
        self.snapshot: Snapshot | None = None
        self._positions: dict[str, BrokerPosition] = {}  # of the snapshot, by symbol
        self.snapshot_at = float("-inf")  # monotonic
        self.cash_spent = Decimal(0)  # yuan, on buys sent after the snapshot
        self.dirty = True  # something happened that the snapshot does not show yet
        self.sent_at: dict[str, float] = {}  # client order id -> monotonic
        self.asked_at: dict[str, float] = {}  # intent id -> when its live order was last judged
        self.cancelled_at: dict[str, float] = {}  # last time a cancel was asked
        self.cancel_refused_at: dict[str, float] = {}
        self.absences: dict[str, Absence] = {}
        self.compared_at: datetime | None = None  # taken_at of the snapshot last compared with the books
        self.odd_since: dict[str, datetime] = {}  # symbol -> since when its shares are not explained
        self.incomplete_since: float | None = None  # monotonic: since when no snapshot has passed as complete
        self.complained: set[str] = set()  # cancels without confirmation that were told already
        self._sends: deque[float] = deque()

    # --- connection and reports ---------------------------------------------------------------------------------------

    def take(self, report: Report) -> None:
        """The broker's sink: append and ring, nothing else."""
        self._inbox.append(report)
        self._bell.set()

    def drain(self) -> list[Report]:
        reports: list[Report] = []
        while self._inbox:
            reports.append(self._inbox.popleft())
        return reports

    def connect(self, monotonic: float) -> None:
        """Open the channel if it is not, with a growing pause between tries."""
        if self._opened and self.broker.connected:
            return
        if monotonic < self._retry_at:
            return
        self._tried_at = monotonic
        if self._hurried:
            self._hurried = False
            self._hurry_broker()
        try:
            self.broker.open(self.take)
        except BrokerUnavailable as error:
            self._retry_at = monotonic + self._backoff_s
            self._backoff_s = min(_LONGEST_BACKOFF_S, self._backoff_s * 2)
            log.warning("Account %s could not connect: %s", self.name, error)
            return
        self._opened = True
        self._backoff_s = _FIRST_BACKOFF_S

    def hurry(self) -> None:
        """Have `connect` try in the next turn, whatever pause it makes; never within a second of the last try."""
        self._hurried = True
        self._retry_at = min(self._retry_at, self._tried_at + _FIRST_BACKOFF_S)
        self._bell.set()

    def close(self) -> None:
        self.broker.close()

    @property
    def ready(self) -> bool:
        """Connected, and everything matched in this very connection: orders may be sent."""
        return self.broker.connected and self.matched_generation == self.broker.generation

    def look(self, monotonic: float, *, at_least_every_s: float = _SNAPSHOT_EVERY_S) -> Snapshot | None:
        """A new snapshot if the last look is too old for the asker; None if none was due or to be had."""
        if not self.broker.connected or monotonic - self.snapshot_at < at_least_every_s:
            return None
        generation = self.broker.generation
        snapshot = self.broker.snapshot()
        self.snapshot_at = monotonic
        if snapshot is None or snapshot.generation != generation or not self.broker.connected:
            return None  # a failed query is never an empty account
        return snapshot

    def believe(self, snapshot: Snapshot) -> None:
        """Make a snapshot that has passed as complete the account's picture."""
        self.snapshot = snapshot
        self._positions = {position.symbol: position for position in snapshot.positions}
        self.cash_spent = Decimal(0)
        self.dirty = False

    def shares_of(self, symbol: str) -> tuple[int, int]:
        """(held, sellable) of a symbol in the latest snapshot."""
        found = self._positions.get(symbol)
        return (found.shares, found.sellable) if found else (0, 0)

    @property
    def cash(self) -> Decimal:
        """Yuan that may be spent now."""
        return self.snapshot.asset.cash - self.cash_spent if self.snapshot else Decimal(0)

    # --- time -------------------------------------------------------------------------------------------------------

    def phase(self, now: datetime) -> Phase:
        if self.config.always_open:
            return Phase.CONTINUOUS
        return phase_at(now.time()) if self.days.is_trading_day(now.date()) else Phase.CLOSED

    def cancel_possible(self, now: datetime) -> bool:
        """False in the minutes of the calls in which the exchange takes no cancels."""
        return self.config.always_open or self.phase(now) not in CANCEL_BANNED

    def trading_day(self, moment: datetime) -> date:
        """The trading day that a moment belongs to: after the close it is the next one."""
        day = moment.date()
        if self.config.always_open:
            return day
        if moment.time() >= CLOSE or not self.days.is_trading_day(day):
            return self.days.next_trading_day(day)
        return day

    def last_close(self, now: datetime) -> datetime:
        """The latest close that lies behind `now`."""
        if self.config.always_open:
            return now.replace(hour=0, minute=0, second=0, microsecond=0)
        day = now.date()
        if now.time() < CLOSE or not self.days.is_trading_day(day):
            day = self.days.previous_trading_day(day)
        return datetime.combine(day, CLOSE, tzinfo=now.tzinfo)

    def closed_day(self, now: datetime) -> date:
        """The trading day that ended with `last_close`."""
        close = self.last_close(now)
        if self.config.always_open:
            return date.fromordinal(close.date().toordinal() - 1)
        return close.date()

    # --- pace -------------------------------------------------------------------------------------------------------

    def may_send(self, monotonic: float, per_second: int | None) -> bool:
        """True when the pace (每秒委托数) allows one more order; the caller then sends it."""
        if per_second is None:
            return True
        while self._sends and monotonic - self._sends[0] >= 1.0:
            self._sends.popleft()
        if len(self._sends) >= per_second:
            return False
        self._sends.append(monotonic)
        return True

    def forget_all_but(self, orders: set[str], intents: set[str]) -> None:
        """Let go of what was remembered of orders and intents that are over."""
        for table in (self.sent_at, self.cancelled_at, self.cancel_refused_at):
            for key in table.keys() - orders:
                del table[key]
        for key in self.asked_at.keys() - intents:
            del self.asked_at[key]
        self.complained &= orders
