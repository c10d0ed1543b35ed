"""Feeds that repeat what was: files of ticks or of minute bars, and another channel's quotes as they come."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from base_func import BEIJING
from desk.broker.paper.feed import Anchor, Feed, Reading, SyntheticFeed
from desk.core.config import AccountConfig
from desk.core.market import Instrument, Quote
from desk.core.matching import Level
from desk.texts import paper as words

DEFAULT_SEED = 20261101

_MINUTE_MS = 60_000
_TICK_COLUMNS = {"symbol", "time", "price"}
_BAR_COLUMNS = {"symbol", "dt", "open", "close", "high", "low"}
_LEVELS = range(1, 6)
_SUFFIXES = {"XSHG": "SH", "XSHE": "SZ"}


class FeedFileError(ValueError):
    """The quote file cannot be used; the text names the file and, where one is at fault, the row."""


@dataclass(frozen=True, slots=True)
class _Point:
    ms: int  # since midnight; the price holds until the next point
    price: Decimal
    asks: tuple[Level, ...] | None = None
    bids: tuple[Level, ...] | None = None


@dataclass(slots=True)
class _Path:
    """One symbol's day."""

    points: list[_Point] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    pressed: list[int] = field(default_factory=list)  # times with every pause cut to a minute, from 0

    def close_up(self) -> None:
        self.times = [point.ms for point in self.points]
        passed = 0
        for before, here in zip(self.times[:1] + self.times, self.times, strict=False):
            passed += min(here - before, _MINUTE_MS)
            self.pressed.append(passed)

    def at(self, ms: int) -> _Point:
        """Tell the point that holds at a time of day; before the first one the first."""
        return self.points[max(0, bisect_right(self.times, ms) - 1)]

    def round_and_round(self, ms: int) -> _Point:
        """Tell the point that holds when the day's trading is repeated from midnight on without its pauses."""
        span = self.pressed[-1] + _MINUTE_MS // 3
        return self.points[bisect_right(self.pressed, ms % span) - 1]


class FileFeed:
    """A recording, its days replayed in order and over again; the exchange's first day is the file's first.

    A symbol of the file has the file's prices; any other moves as the file's first symbol does, from its anchor on.
    With `always_open` a day's trading is repeated from midnight to midnight.
    """

    def __init__(self, file: Path, *, always_open: bool) -> None:
        self._always_open = always_open
        self._days, self._paths = _read(file)
        self._first = next(iter(self._paths))
        self._previous = {symbol: self._closes(paths) for symbol, paths in self._paths.items()}

    def _closes(self, paths: dict[date, _Path]) -> list[Decimal]:
        """Tell the previous close of each day of the file; the first day's is its own first price."""
        last = next(iter(paths.values())).points[0].price
        closes: list[Decimal] = []
        for day in self._days:
            closes.append(last)
            if day in paths:
                last = paths[day].points[-1].price
        return closes

    def anchored(self, symbol: str) -> bool:
        return symbol not in self._paths

    def basis(self, day_number: int) -> Decimal:
        return self._previous[self._first][day_number % len(self._days)]

    def reading(
        self, symbol: str, anchor: Anchor | None, *, day_number: int, day: date, at: datetime
    ) -> Reading | None:
        leader = symbol if symbol in self._paths else self._first
        place = day_number % len(self._days)
        previous = self._previous[leader][place]
        path = self._paths[leader].get(self._days[place])
        ms = (at.hour * 60 + at.minute) * _MINUTE_MS + at.second * 1000 + at.microsecond // 1000
        if at.date() > day:  # the midnight that ends an always open day
            ms += 24 * 60 * _MINUTE_MS
        point = None
        if path is not None:
            point = path.round_and_round(ms) if self._always_open else path.at(ms)
        last = previous if point is None else point.price
        if leader == symbol:
            if point is None:
                return Reading(last=last, prev_close=previous, suspended=True)
            return Reading(last=last, prev_close=previous, asks=point.asks, bids=point.bids)
        if anchor is None:
            return None
        return Reading(last=anchor.price * last / anchor.basis, prev_close=anchor.price * previous / anchor.basis)


class Recording:
    """The same files by date instead of by turns: what each symbol stood at, on the days that the file knows."""

    def __init__(self, file: Path) -> None:
        """Raises FeedFileError."""
        self._days, self._paths = _read(file)
        self.leader = next(iter(self._paths))  # the file's first symbol

    def latest(self, symbol: str, at: datetime) -> tuple[date, Decimal] | None:
        """Tell the last price that is known of a symbol at a moment, with its day; None before its first day."""
        paths = self._paths.get(symbol, {})
        day = self._last_day(paths, at.date())
        if day is None:
            return None
        if day < at.date():
            return day, paths[day].points[-1].price
        ms = (at.hour * 60 + at.minute) * _MINUTE_MS + at.second * 1000 + at.microsecond // 1000
        return day, paths[day].at(ms).price

    def close_before(self, symbol: str, day: date) -> Decimal | None:
        """Tell the last price of the symbol's last day before `day`."""
        paths = self._paths.get(symbol, {})
        before = self._last_day(paths, day - timedelta(days=1))
        return None if before is None else paths[before].points[-1].price

    def _last_day(self, paths: dict[date, _Path], until: date) -> date | None:
        for place in range(bisect_right(self._days, until) - 1, -1, -1):
            if self._days[place] in paths:
                return self._days[place]
        return None


class ChannelFeed:
    """Another channel's quotes, for a shadow account beside a real one.

    The two questions are asked under the exchange's lock, from whoever drives it: they must answer from memory.
    """

    def __init__(self, quote: Callable[[str], Quote | None], instrument: Callable[[str], Instrument | None]) -> None:
        self._quote = quote
        self._instrument = instrument

    def anchored(self, symbol: str) -> bool:
        return False

    def basis(self, day_number: int) -> Decimal:
        return Decimal(1)

    def reading(
        self, symbol: str, anchor: Anchor | None, *, day_number: int, day: date, at: datetime
    ) -> Reading | None:
        quote, instrument = self._quote(symbol), self._instrument(symbol)
        if quote is None or instrument is None:
            return None
        up, down = instrument.up_limit, instrument.down_limit
        return Reading(
            last=quote.last,
            prev_close=instrument.prev_close,
            asks=quote.asks,
            bids=quote.bids,
            suspended=instrument.suspended,
            band=(down, up) if up is not None and down is not None else None,
        )


def feed_of(config: AccountConfig, *, seed: int = DEFAULT_SEED, channel: ChannelFeed | None = None) -> Feed:
    """Make the feed that 行情 names; raise FeedFileError for a bad file, ValueError for 通道 without a channel."""
    if config.feed == "文件":
        return FileFeed(Path(config.feed_file), always_open=config.always_open)
    if config.feed == "通道":
        if channel is None:
            raise ValueError(words.NO_CHANNEL)
        return channel
    return SyntheticFeed(seed)


# --- reading --------------------------------------------------------------------------------------------------------


def _read(file: Path) -> tuple[list[date], dict[str, dict[date, _Path]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.DictReader(text)
            columns = set(rows.fieldnames or ())
            if columns >= _BAR_COLUMNS:
                expand = _bar_points
            elif columns >= _TICK_COLUMNS:
                expand = _tick_points
            else:
                raise FeedFileError(words.bad_file(file.name, words.UNKNOWN_COLUMNS))
            paths = _collect(file.name, rows, expand)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FeedFileError(words.bad_file(file.name, str(error))) from error
    if not paths:
        raise FeedFileError(words.bad_file(file.name, words.NO_ROWS))
    for days in paths.values():
        for path in days.values():
            path.close_up()
    return sorted({day for days in paths.values() for day in days}), paths


_Expand = Callable[[Mapping[str, str | None]], Iterator[tuple[date, _Point]]]


def _collect(name: str, rows: csv.DictReader[str], expand: _Expand) -> dict[str, dict[date, _Path]]:
    paths: dict[str, dict[date, _Path]] = {}
    newest: dict[str, tuple[date, int]] = {}
    for row in rows:
        try:
            symbol = _symbol(row)
            for day, point in expand(row):
                if newest.get(symbol, (day, point.ms)) > (day, point.ms):
                    raise _BadRow(words.out_of_order(symbol))
                newest[symbol] = (day, point.ms)
                paths.setdefault(symbol, {}).setdefault(day, _Path()).points.append(point)
        except _BadRow as bad:
            raise FeedFileError(words.bad_row(name, rows.line_num, str(bad))) from bad
    return paths


class _BadRow(Exception):
    """Why a row cannot be used, for a person."""


def _symbol(row: Mapping[str, str | None]) -> str:
    code = (row["symbol"] or "").strip().upper()
    digits, _, suffix = code.partition(".")
    if not digits or not suffix:
        raise _BadRow(words.missing_value("symbol") if not code else words.bad_code(code))
    return f"{digits}.{_SUFFIXES.get(suffix, suffix)}"


def _number(row: Mapping[str, str | None], column: str) -> Decimal:
    value = (row.get(column) or "").strip()
    if not value:
        raise _BadRow(words.missing_value(column))
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise _BadRow(words.bad_number(column, value)) from None
    if not number.is_finite() or number <= 0:
        raise _BadRow(words.bad_number(column, value))
    return number


def _moment(row: Mapping[str, str | None], column: str) -> tuple[date, int]:
    value = (row[column] or "").strip()
    try:
        if ":" in value[:3]:
            day, clock = date.min, time.fromisoformat(value)
        else:
            moment = datetime.fromisoformat(value)
            moment = moment.astimezone(BEIJING) if moment.tzinfo is not None else moment
            day, clock = moment.date(), moment.time()
    except (ValueError, OverflowError):  # 0001-01-01 in a zone ahead of Beijing
        raise _BadRow(words.bad_time(column, value)) from None
    return day, (clock.hour * 60 + clock.minute) * _MINUTE_MS + clock.second * 1000 + clock.microsecond // 1000


def _tick_points(row: Mapping[str, str | None]) -> Iterator[tuple[date, _Point]]:
    day, ms = _moment(row, "time")
    asks, bids = _side(row, "ask"), _side(row, "bid")
    built = not asks and not bids
    yield day, _Point(ms, _number(row, "price"), None if built else asks, None if built else bids)


def _side(row: Mapping[str, str | None], side: str) -> tuple[Level, ...]:
    levels = []
    for place in _LEVELS:
        if (row.get(f"{side}{place}") or "").strip():
            shares = _number(row, f"{side}{place}_shares")
            levels.append((_number(row, f"{side}{place}"), int(shares)))
    return tuple(levels)


def _bar_points(row: Mapping[str, str | None]) -> Iterator[tuple[date, _Point]]:
    """Walk a bar as open, one extreme, the other, close; a rising bar sees its low first. `dt` ends the minute."""
    day, end = _moment(row, "dt")
    opens, closes, high, low = (_number(row, column) for column in ("open", "close", "high", "low"))
    if not low <= min(opens, closes) <= max(opens, closes) <= high:
        raise _BadRow(words.bad_bar(high, low))
    turns = (low, high) if closes >= opens else (high, low)
    start = end - _MINUTE_MS
    for ms, price in zip((0, 20_000, 40_000, 59_750), (opens, *turns, closes), strict=True):
        yield day, _Point(start + ms, price)
