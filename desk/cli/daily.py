"""The day's fixed messages: 发送摘要时间 and 程序自检通知. `schedule` wakes us; what is due is decided from `now`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, time, timedelta

import schedule

from desk.cli import facts
from desk.cli.days import trades_on
from desk.cli.home import Home
from desk.cli.line_watch import States
from desk.clock import Clock
from desk.core.batch import Batch
from desk.core.config import Config
from desk.core.values import Message
from desk.journal import Journal, JournalError
from desk.texts import summaries

log = logging.getLogger(__name__)

_WAKE_S = 1.0
_CATCH_UP = timedelta(minutes=30)  # a daemon that was down at the time still tells within this


def due(times: tuple[time, ...], now: datetime, told: set[datetime]) -> list[datetime]:
    """The moments of today that have come, are not older than _CATCH_UP and have not been told."""
    moments = [datetime.combine(now.date(), at, tzinfo=now.tzinfo) for at in times]
    return [moment for moment in moments if moment <= now < moment + _CATCH_UP and moment not in told]


class DailyJobs:
    def __init__(
        self,
        *,
        journal: Journal,
        home: Home,
        config: Callable[[], Config],
        clock: Clock,
        lines: States = dict,
    ) -> None:
        """`lines` tells how the accounts at terminals stand; it may take some seconds."""
        self._journal = journal
        self._home = home
        self._config = config
        self._clock = clock
        self._lines = lines
        self._told: dict[str, set[datetime]] = {"summary": set(), "selfcheck": set()}

    def run(self, stop: threading.Event) -> None:
        waker = schedule.Scheduler()
        waker.every(1).seconds.do(self.step)
        while not self._clock.wait(stop, _WAKE_S):
            waker.run_pending()

    def step(self) -> None:
        """Write the messages that are due; a key is told once, also over restarts."""
        now, config = self._clock.now(), self._config()
        for moment in due(config.messenger.selfcheck_at, now, self._told["selfcheck"]):
            self._write("selfcheck", moment, lambda at: self._self_check(at, config))
        for moment in due(config.messenger.summary_at, now, self._told["summary"]):
            self._write("summary", moment, lambda at: self._summary(at, config))

    def _write(self, kind: str, moment: datetime, make: Callable[[datetime], Message | None]) -> None:
        try:
            message = make(moment)
            if message is not None:
                self._journal.commit(Batch(messages=[message]))
        except JournalError as error:
            log.warning("The %s of %s could not be written: %s", kind, moment.isoformat(), error)
            return  # the next step tries again
        self._told[kind].add(moment)

    def _summary(self, at: datetime, config: Config) -> Message | None:
        if not trades_on(at.date(), config, self._home.path):
            return None
        return summaries.daily_summary(facts.summary(self._journal, config, at=at, day=at.date()))

    def _self_check(self, at: datetime, config: Config) -> Message:
        return summaries.self_check(facts.self_check(self._journal, config, self._home, at=at, lines=self._lines()))
