"""The exchange's day: which phase a moment is in, and at which moments something happens by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from base_func import BEIJING, Phase, phase_at

OPEN_AUCTION = time(9, 25)
RELEASES = (time(9, 30), time(13, 0))  # queued orders enter
CLOSE = time(15, 0)
_FIRST_LOOK = time(9, 15)
_EDGES = (time(9, 15), OPEN_AUCTION, time(9, 30), time(11, 30), time(13, 0), time(14, 57), CLOSE)
_LAST_OPEN_SEARCH = 30  # days: no holiday of the exchanges is as long


class Sessions:
    """The calendar's sessions, or, `always_open`, one continuous session from midnight to midnight."""

    def __init__(self, is_trading_day: Callable[[date], bool], always_open: bool) -> None:
        self._is_trading_day = is_trading_day
        self.always_open = always_open

    def trades_on(self, day: date) -> bool:
        return self.always_open or self._is_trading_day(day)

    def day_of(self, at: datetime) -> date | None:
        """Tell the exchange's day: the date itself, or the last trading day before it; None if none is known."""
        day = at.date()
        for back in range(_LAST_OPEN_SEARCH):
            if self.trades_on(day - timedelta(days=back)):
                return day - timedelta(days=back)
        return None

    def phase(self, at: datetime) -> Phase:
        if self.always_open:
            return Phase.CONTINUOUS
        if not self._is_trading_day(at.date()):
            return Phase.CLOSED
        return phase_at(at.time())

    def next_edge(self, after: datetime) -> datetime:
        """Tell the first moment after `after` at which a phase, or a date, begins."""
        day = after.date()
        if not self.always_open and self._is_trading_day(day):
            for edge in _EDGES:
                moment = datetime.combine(day, edge, BEIJING)
                if moment > after:
                    return moment
        return datetime.combine(day + timedelta(days=1), time(0), BEIJING)

    def close_of(self, day: date) -> datetime:
        """Tell when the day's orders lapse."""
        if self.always_open:
            return datetime.combine(day + timedelta(days=1), time(0), BEIJING)
        return datetime.combine(day, CLOSE, BEIJING)

    def quoted_at(self, day: date, at: datetime) -> tuple[datetime, bool]:
        """Tell the moment whose market is shown at `at`, and whether the day has not shown any book yet."""
        if self.always_open:
            return at, False
        if at < datetime.combine(day, _FIRST_LOOK, BEIJING):
            return at, True
        shown = min(at, self.close_of(day))
        noon, one = datetime.combine(day, time(11, 30), BEIJING), datetime.combine(day, time(13, 0), BEIJING)
        return (noon if noon < shown < one else shown), False
