"""The quote line: ticks and instrument details by xtdata, fetched in a thread of its own, kept, and judged for age.

It fails independently of the trade line; then there are no quotes, and nothing else happens. Ticks are asked for, not
subscribed: subscriptions are gone after a restart of the terminal. The vendor's calendar is not used: it raises beyond
the published holidays.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from base_func import BEIJING, UnsupportedSymbol, board_of, is_t0, tick_of, trading_seconds
from desk.broker.xt.line import Timing
from desk.broker.xt.tables import Unreadable, decimal_of, limit_of, moment_of, price_of, units_per_lot
from desk.clock import Clock
from desk.core.market import Instrument, Quote
from desk.texts import xt as texts

log = logging.getLogger(__name__)

_SUSPENDED_FROM = 1  # InstrumentStatus
_INDICES = ("000001.SH", "399001.SZ")  # 上证指数, 深证成指: they never stand still while the line is alive
_MOST_LEFT_BEHIND = 3
_RETRY_S = 1.0
# What reading a tick or detail may raise that is not what the vendor documents: one symbol's trouble, not the line's.
_ODD = (Unreadable, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_PIECE = 10  # symbols asked for in one call
_REST_S = 0.05
_BREATH_S = 0.01  # between two pieces: reading them keeps the interpreter from whoever decides and sends


class _LeftBehind(Exception):
    """The call came back too late: another worker has taken over."""


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    at: float  # monotonic, when it was asked
    said: tuple[Any, ...] = ()  # a tick's prices and depths, as they came


class Quotes:
    """`quote` and `instrument` are for the trading loop and never wait; `run` is the worker's thread."""

    def __init__(
        self,
        *,
        prefix: str,
        clock: Clock,
        timing: Timing,
        data: Callable[[], Any],
        ring: Callable[[], None],
        alarm: Callable[[str, str], None],
        name: str,
    ) -> None:
        """`data` imports xtdata; it may raise."""
        self._prefix = prefix
        self._clock = clock
        self._timing = timing
        self._data = data
        self._ring = ring
        self._alarm = alarm
        self._name = name
        self._bell = threading.Event()
        self._closing = threading.Event()
        self._worker = 0  # the one whose words count
        self._thread: threading.Thread | None = None
        self._in_call_since: float | None = None
        self._wanted: dict[str, float] = {}  # symbol -> last asked, monotonic
        self._missed: set[tuple[str, str]] = set()  # (kind, symbol) that was asked for and not there
        self._quotes: dict[str, _Kept] = {}
        self._details: dict[str, _Kept] = {}
        self._pulse: datetime | None = None  # the newest tick of all, indices included
        self._tried: dict[str, float] = {}  # symbol -> its detail was last asked for
        self._refreshed_at = self._hurried_at = float("-inf")
        self.left_behind = 0
        self.trouble = ""

    # --- asked --------------------------------------------------------------------------------------------------------

    def quote(self, symbol: str) -> Quote | None:
        kept = self._quotes.get(symbol)
        self._want(symbol)
        if kept is not None and self._clock.monotonic() - kept.at <= self._timing.quote_fresh_s:
            quote: Quote = kept.value
            if self._of_now(quote.at):
                return quote
        self._missed.add(("quote", symbol))
        self._bell.set()
        return None

    def instrument(self, symbol: str) -> Instrument | None:
        kept = self._details.get(symbol)
        self._want(symbol)
        if kept is not None and self._clock.monotonic() - kept.at <= self._timing.detail_fresh_s:
            instrument: Instrument = kept.value
            if instrument.day == self._clock.now().date():
                return instrument
        self._missed.add(("detail", symbol))
        self._bell.set()
        return None

    def prefetch(self, symbols: Iterable[str]) -> None:
        """Have these ready when they are asked for."""
        for symbol in symbols:
            self._want(symbol)
        self._bell.set()

    def _want(self, symbol: str) -> None:
        try:
            board_of(symbol)
        except UnsupportedSymbol:
            return
        self._wanted[symbol] = self._clock.monotonic()
        since = self._in_call_since
        if since is not None and self._clock.monotonic() - since > self._timing.quote_call_s:
            self._leave_behind()

    def _of_now(self, at: datetime) -> bool:
        """Whether a tick is of today and not older than a live feed's would be; pauses do not age it."""
        now = self._clock.now()
        if at.date() != now.date():
            return False
        age_s = trading_seconds(at, now, _every_day)
        if age_s <= self._timing.tick_age_s:
            return True
        pulse = self._pulse
        alive = pulse is not None and trading_seconds(pulse, now, _every_day) <= self._timing.pulse_age_s
        return alive and age_s <= self._timing.quiet_tick_age_s

    # --- the worker ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._worker += 1
        worker = self._worker
        name = f"{self._prefix}-quotes-{worker}"
        self._thread = threading.Thread(target=self._run, args=(worker,), name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._bell.set()
        if self._thread is not None:
            self._thread.join(self._timing.close_s)

    def _leave_behind(self) -> None:
        """Give up a worker whose call into the vendor does not return, and start another, a few times."""
        self._in_call_since = None
        self.left_behind += 1
        if self.left_behind <= _MOST_LEFT_BEHIND:
            log.error("Account %s: a quote call hangs; %d threads left behind", self._name, self.left_behind)
            self.start()
        else:
            self._worker += 1  # whatever it brings in the end is too old
            self._fail(texts.QUOTES_HANG)

    def _run(self, worker: int) -> None:
        while self._mine(worker):
            self._clock.wait(self._bell, self._pause_s())
            self._bell.clear()
            if not self._mine(worker):
                return
            try:
                self._fetch(worker)
            except Exception as error:  # noqa: BLE001 - the vendor raises anything; told once, tried again
                if self._mine(worker):
                    self._in_call_since = None
                    self._fail(str(error) or repr(error))
                    self._clock.wait(self._closing, _RETRY_S)

    def _pause_s(self) -> float:
        return max(0.0, self._refresh_at() - self._clock.monotonic()) if self._wanted else 60.0

    def _refresh_at(self) -> float:
        """When all that is wanted is fetched next: not just when somebody goes on with what was hurried."""
        every_s = self._timing.refresh_s
        return min(max(self._refreshed_at + every_s, self._hurried_at + _REST_S), self._refreshed_at + 2 * every_s)

    def _mine(self, worker: int) -> bool:
        return worker == self._worker and not self._closing.is_set()

    def _fetch(self, worker: int) -> None:
        """Fetch what somebody waits for; then, if it is due, all that is wanted, a piece at a time."""
        now = self._clock.monotonic()
        for symbol in [symbol for symbol, asked in list(self._wanted.items()) if now - asked > self._timing.wanted_s]:
            self._wanted.pop(symbol, None)
        if self._fetch_missed(worker):
            self._hurried_at = now
        if now < self._refresh_at():
            return
        self._refreshed_at = now
        pieces = _pieces(symbol for symbol in list(self._wanted) if not self._asked_since(now, symbol))
        for number, piece in enumerate(pieces):
            if number:
                self._clock.wait(self._bell, _BREATH_S)
                self._hurry(worker)
            self._came(self._fetch_ticks(worker, piece))
            for symbol in piece:
                self._came(self._fetch_detail(worker, symbol))
                self._hurry(worker)

    def _hurry(self, worker: int) -> None:
        """Who comes while all is fetched waits for no more than one piece."""
        if self._bell.is_set():
            self._bell.clear()
            self._fetch_missed(worker)

    def _asked_since(self, moment: float, symbol: str) -> bool:
        kept = self._quotes.get(symbol)
        return kept is not None and kept.at >= moment

    def _fetch_missed(self, worker: int) -> bool:
        """Fetch what somebody waits for; False if nobody does."""
        missed = list(self._missed)
        pieces = _pieces({symbol for _, symbol in missed if symbol in self._wanted})
        for piece in pieces:
            got = self._fetch_ticks(worker, piece)
            for symbol in piece:
                if ("detail", symbol) in missed:
                    got |= self._fetch_detail(worker, symbol)
            self._came(got)
        return bool(pieces)

    def _fetch_ticks(self, worker: int, symbols: list[str]) -> set[tuple[str, str]]:
        now = self._clock.monotonic()
        ticks = self._call(worker, lambda data: data.get_full_tick([*symbols, *_INDICES])) or {}
        self._pulse = max((_time_of(tick) for tick in ticks.values()), default=None)
        return {("quote", symbol) for symbol in symbols if self._keep_tick(symbol, ticks.get(symbol), now)}

    def _fetch_detail(self, worker: int, symbol: str) -> set[tuple[str, str]]:
        """Ask for a symbol's details unless they are young or were asked for a moment ago."""
        now = self._clock.monotonic()
        kept = self._details.get(symbol)
        fresh = kept is not None and now - kept.at < self._timing.detail_every_s
        if fresh or now - self._tried.get(symbol, float("-inf")) < _RETRY_S:
            return set()
        self._tried[symbol] = now
        said = self._call(worker, lambda data: data.get_instrument_detail(symbol))
        return {("detail", symbol)} if self._keep_detail(symbol, said, now) else set()

    def _came(self, got: set[tuple[str, str]]) -> None:
        if self.trouble:
            log.info("Account %s has quotes again", self._name)
            self.trouble = ""
        came = got & self._missed
        self._missed -= came
        if came:
            self._ring()

    def _call(self, worker: int, ask: Callable[[Any], Any]) -> Any:
        """Raises _LeftBehind if another worker has taken over meanwhile."""
        self._in_call_since = self._clock.monotonic()
        answer = ask(self._data())
        if not self._mine(worker):
            raise _LeftBehind
        self._in_call_since = None
        return answer

    def _fail(self, why: str) -> None:
        if why != self.trouble:
            log.warning("Account %s has no quotes: %s", self._name, why)
        if not self.trouble or why == texts.QUOTES_HANG != self.trouble:  # which no time mends, a person must
            self._alarm(texts.NO_QUOTES, texts.no_quotes(self._name, why))
        self.trouble = why

    def _keep_tick(self, symbol: str, tick: Any, asked: float) -> bool:
        said: tuple[Any, ...] = ()
        kept = self._quotes.get(symbol)
        try:
            said = _said(tick) if tick else ()
            if kept is not None and said and kept.said == said:  # between two trades only the time changes
                quote = replace(kept.value, at=_time_of(tick))
            else:
                quote = read_tick(symbol, tick) if tick else None
        except _ODD as error:
            log.warning("The tick of %s cannot be read: %s", symbol, error)
            quote = None
        if quote is None or not self._of_now(quote.at):
            return False
        self._quotes[symbol] = _Kept(quote, asked, said)
        return True

    def _keep_detail(self, symbol: str, detail: Any, asked: float) -> bool:
        try:
            instrument = read_detail(symbol, detail) if detail else None
        except _ODD as error:
            log.warning("The details of %s cannot be read: %s", symbol, error)
            instrument = None
        if instrument is None or instrument.day != self._clock.now().date():
            return False
        self._details[symbol] = _Kept(instrument, asked)
        return True


def _pieces(symbols: Iterable[str]) -> list[list[str]]:
    ordered = sorted(symbols)
    return [ordered[first : first + _PIECE] for first in range(0, len(ordered), _PIECE)]


def _every_day(_: date) -> bool:
    return True


def read_tick(symbol: str, tick: Any) -> Quote | None:
    """A tick of get_full_tick; None if it names no price at all. Raises what `_ODD` lists.

    Depth comes in lots. Before the first price of the day `last` is the previous close.
    """
    step = tick_of(symbol)
    previous = price_of(float(tick.get("lastClose") or 0), symbol, step)
    last = price_of(float(tick.get("lastPrice") or 0), symbol, step)
    if last <= 0:
        last = previous
    if last <= 0:
        return None
    return Quote(
        symbol=symbol,
        at=_time_of(tick),
        last=last,
        prev_close=previous,
        asks=_levels(symbol, tick.get("askPrice"), tick.get("askVol"), step),
        bids=_levels(symbol, tick.get("bidPrice"), tick.get("bidVol"), step),
    )


_LONG_AGO = datetime(1970, 1, 1, tzinfo=BEIJING)


def _time_of(tick: Any) -> datetime:
    """When a tick is of; long ago for an odd one, which must not cost the other symbols theirs."""
    try:
        return moment_of(int(tick.get("time") or 0), _LONG_AGO)
    except _ODD:
        return _LONG_AGO


def _said(tick: Any) -> tuple[Any, ...]:
    """All that `read_tick` reads but the time."""
    return tuple(tick.get(name) for name in ("lastClose", "lastPrice", "askPrice", "askVol", "bidPrice", "bidVol"))


def _levels(symbol: str, prices: Any, depths: Any, step: Decimal) -> tuple[tuple[Decimal, int], ...]:
    unit = units_per_lot(symbol)
    pairs = zip(prices or (), depths or (), strict=False)
    read = ((price_of(float(price or 0), symbol, step), int(lots or 0) * unit) for price, lots in pairs)
    return tuple((price, shares) for price, shares in read if price > 0 and shares > 0)


def read_detail(symbol: str, detail: Any) -> Instrument:
    """What get_instrument_detail says. Raises what `_ODD` lists where a figure is missing or none.

    TradingDay must be told: limits of another day would be another day's limits.
    """
    text = str(detail.get("TradingDay") or "")
    if len(text) != 8 or not text.isdigit():
        raise Unreadable(f"TradingDay {text!r}")
    day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    step = decimal_of(float(detail.get("PriceTick") or 0))
    if step <= 0:
        step = tick_of(symbol)
    previous = price_of(float(detail["PreClose"]), symbol, step)
    if previous <= 0:
        raise Unreadable(f"PreClose {previous}")
    return Instrument(
        symbol=symbol,
        name=str(detail.get("InstrumentName") or ""),
        day=day,
        prev_close=previous,
        up_limit=limit_of(detail.get("UpStopPrice"), symbol, step),
        down_limit=limit_of(detail.get("DownStopPrice"), symbol, step),
        tick=step,
        suspended=int(detail.get("InstrumentStatus") or 0) >= _SUSPENDED_FROM,
        t0=is_t0(symbol),
    )
