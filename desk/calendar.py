"""Which days are trading days: the shipped list of closures, and the user's own list above it.

The list is made from `exchange_calendars` (XSHG) by `python -m desk.calendar_source`; the daemon never imports that
library nor the pandas behind it. What lies beyond the known days counts as closed; `warnings` says so 30 days before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

from desk.texts import calendar as texts

SHIPPED = Path(__file__).with_name("calendar_sessions.json")
RENEWED = Path("data") / "日历.json"  # in the home: a later list that calendar_source has written
WARN_BEFORE = timedelta(days=30)
_DAY = timedelta(days=1)
_LINE = re.compile(r"(\d{4}-\d{2}-\d{2})\s*[,\uff0c:\uff1a]?\s*(\S+)", re.ASCII)


class Word(StrEnum):
    """What the user's list says of a day."""

    OPEN = "开"
    CLOSED = "休"
    UNTIL = "止"  # the list is complete up to this day: weekdays it does not name are open


class BadCalendar(ValueError):
    """A calendar file cannot be used; its text names the file and the line. A person must edit it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sessions:
    """Weekdays within [first, until] are sessions, but for the closures."""

    first: date
    until: date
    closed: frozenset[date]
    source: str = ""


def read_sessions(path: Path) -> Sessions:
    """Read a list that calendar_source has written. Raises BadCalendar."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Sessions(
            first=date.fromisoformat(raw["first"]),
            until=date.fromisoformat(raw["until"]),
            closed=frozenset(date.fromisoformat(day) for days in raw["closed"].values() for day in days),
            source=str(raw["source"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadCalendar(texts.unusable(path.name, type(error).__name__)) from error


def read_override(path: Path) -> dict[date, Word]:
    """Read the user's list: lines `2027-01-04 开`, or a JSON object of the same. Raises BadCalendar."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadCalendar(texts.unusable(path.name, type(error).__name__)) from error
    result: dict[date, Word] = {}
    for number, day, word in _override_entries(text, path.name):
        try:
            result[date.fromisoformat(day)] = Word(word)
        except ValueError:
            raise BadCalendar(texts.bad_line(path.name, number)) from None
    return result


def _override_entries(text: str, name: str) -> Iterator[tuple[int, str, str]]:
    if text.lstrip().startswith("{"):
        try:
            entries = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadCalendar(texts.unusable(name, type(error).__name__)) from error
        for number, (day, word) in enumerate(entries.items(), start=1):
            yield number, str(day).strip(), str(word).strip()
        return
    for number, line in enumerate(text.splitlines(), start=1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        match = _LINE.fullmatch(entry)
        if match is None:
            raise BadCalendar(texts.bad_line(name, number))
        yield number, match[1], match[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class TradingCalendar:
    """The exchange's trading days as far as they are known."""

    sessions: Sessions
    override: Mapping[date, Word] = field(default_factory=dict)

    @classmethod
    def load(cls, home: Path | None = None, override: str | Path = "") -> TradingCalendar:
        """The shipped list, or the home's later one, under the user's own list. Raises BadCalendar."""
        sessions = read_sessions(SHIPPED)
        if home is not None and (home / RENEWED).is_file():
            renewed = read_sessions(home / RENEWED)
            sessions = renewed if renewed.until > sessions.until else sessions
        return cls(sessions=sessions, override=read_override(Path(override)) if override else {})

    @property
    def known_until(self) -> date:
        """The last day of which it is known whether it trades; listed days beyond count up to the last one."""
        return max([self.sessions.until, *self.override])

    def is_trading_day(self, day: date) -> bool:
        """Beyond what is known: False."""
        said = self.override.get(day)
        if said in (Word.OPEN, Word.CLOSED):
            return said is Word.OPEN
        complete = max([self.sessions.until, *(d for d, word in self.override.items() if word is Word.UNTIL)])
        return self.sessions.first <= day <= complete and day.weekday() < 5 and day not in self.sessions.closed

    def next_trading_day(self, day: date) -> date:
        """The first trading day after `day`; past what is known the next weekday, which is a guess and not open yet."""
        coming = day + _DAY
        while coming <= self.known_until:
            if self.is_trading_day(coming):
                return coming
            coming += _DAY
        return _weekday(max(coming, self.known_until + _DAY), _DAY)

    def previous_trading_day(self, day: date) -> date:
        """The last trading day before `day`; before what is known the weekday before, which is a guess."""
        past = min(day - _DAY, self.known_until)
        while past >= self.sessions.first:
            if self.is_trading_day(past):
                return past
            past -= _DAY
        return _weekday(min(day - _DAY, self.sessions.first - _DAY), -_DAY)

    def warnings(self, today: date) -> list[str]:
        """What a person should be told about the calendar today."""
        if today > self.known_until:
            return [texts.ended(self.known_until)]
        if today + WARN_BEFORE >= self.known_until:
            return [texts.ends_soon(self.known_until, (self.known_until - today).days)]
        return []


def _weekday(day: date, step: timedelta) -> date:
    while day.weekday() >= 5:
        day += step
    return day


@dataclass(frozen=True, slots=True)
class EveryDay:
    """全天交易: every day is a trading day."""

    @property
    def known_until(self) -> date:
        return date.max

    def is_trading_day(self, day: date) -> bool:
        return True

    def next_trading_day(self, day: date) -> date:
        return day + _DAY

    def previous_trading_day(self, day: date) -> date:
        return day - _DAY

    def warnings(self, today: date) -> list[str]:
        return []
