"""What the console's pages ask of the process that trades: quotes, instruments, the configuration that is in use.

Where the two are apart, the line between them is the console's own standard streams, a JSON object a line: it asks
{"ask": number, "what": …, "account": …, "symbol": …} and is told {"answer": number, "value": …}. No port is opened for
it, and it ends with either process.
"""

from __future__ import annotations

import itertools
import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError, Future
from typing import IO, Any, Protocol

from pydantic import TypeAdapter

from desk.broker import BrokerUnavailable
from desk.clock import Clock
from desk.core.market import Instrument, Quote
from desk.dealing.account import AccountDesk

log = logging.getLogger(__name__)

_QUOTE: TypeAdapter[Quote | None] = TypeAdapter(Quote | None)
_INSTRUMENT: TypeAdapter[Instrument | None] = TypeAdapter(Instrument | None)
_ANSWER_WITHIN_S = 1.0
_QUOTE_STANDS_S, _QUOTES = 0.5, 10_000


class Market(Protocol):
    """By trading account; from memory, never waits for an exchange. Usable from any thread."""

    def quote(self, account: str, symbol: str) -> Quote | None: ...
    def instrument(self, account: str, symbol: str) -> Instrument | None: ...


class OwnMarket:
    """The market as the accounts of this process see it."""

    def __init__(self, desks: Callable[[], Mapping[str, AccountDesk]]) -> None:
        self._desks = desks

    def quote(self, account: str, symbol: str) -> Quote | None:
        desk = self._desks().get(account)
        return desk.broker.quote(symbol) if desk is not None else None

    def instrument(self, account: str, symbol: str) -> Instrument | None:
        desk = self._desks().get(account)
        return desk.broker.instrument(symbol) if desk is not None else None


class Remembered:
    """A market whose quotes stand for half a second from when they were told, whichever page asked."""

    def __init__(self, market: Market, clock: Clock) -> None:
        self._market = market
        self._clock = clock
        self._quotes: dict[tuple[str, str], tuple[float, Quote | None]] = {}

    def quote(self, account: str, symbol: str) -> Quote | None:
        now = self._clock.monotonic()
        at, quote = self._quotes.get((account, symbol), (-_QUOTE_STANDS_S, None))
        if now - at >= _QUOTE_STANDS_S:
            quote = self._market.quote(account, symbol)
            if len(self._quotes) >= _QUOTES:  # people may ask for whatever they like
                self._quotes = {}
            self._quotes[account, symbol] = (self._clock.monotonic(), quote)
        return quote

    def instrument(self, account: str, symbol: str) -> Instrument | None:
        return self._market.instrument(account, symbol)


class MarketLine:
    """The console's end of the line."""

    def __init__(self, answers: Iterable[bytes], asked: IO[bytes]) -> None:
        self._answers, self._asked = answers, asked
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._over = False

    def quote(self, account: str, symbol: str) -> Quote | None:
        return _QUOTE.validate_python(self._ask("quote", account, symbol))

    def instrument(self, account: str, symbol: str) -> Instrument | None:
        return _INSTRUMENT.validate_python(self._ask("instrument", account, symbol))

    def version(self) -> str | None:
        """Of the configuration that the trading process uses; None where it does not answer."""
        value = self._ask("version")
        return value if isinstance(value, str) else None

    def run(self) -> None:
        """Read the answers until the other process is gone."""
        for line in self._answers:
            told = json.loads(line)
            with self._lock:
                waiting = self._waiting.pop(told["answer"], None)
            if waiting is not None:
                waiting.set_result(told["value"])
        with self._lock:
            self._over = True
            for waiting in self._waiting.values():
                waiting.cancel()

    def _ask(self, what: str, account: str = "", symbol: str = "") -> Any:
        """None where no answer comes in time: a page then shows that it knows none."""
        waiting: Future[Any] = Future()
        with self._lock:
            if self._over:
                return None
            number = next(self._numbers)
            self._waiting[number] = waiting
            try:
                self._asked.write(_line({"ask": number, "what": what, "account": account, "symbol": symbol}))
                self._asked.flush()
            except (OSError, ValueError):  # it is gone, and `run` will see it
                del self._waiting[number]
                return None
        try:
            return waiting.result(_ANSWER_WITHIN_S)
        except CancelledError:
            return None
        except TimeoutError:
            with self._lock:
                self._waiting.pop(number, None)
            log.warning("The trading process did not tell the %s of %s within %s s", what, symbol, _ANSWER_WITHIN_S)
            return None


def serve(asked: Iterable[bytes], answers: IO[bytes], market: Market, version: Callable[[], str]) -> None:
    """The trading process's end: answer until the console closes the line. Raises OSError where it cannot be told."""
    for line in asked:
        answers.write(_line(_answer(json.loads(line), market, version)))
        answers.flush()


def _answer(asked: Mapping[str, Any], market: Market, version: Callable[[], str]) -> dict[str, Any]:
    value: Any = None
    try:
        match asked["what"]:
            case "quote":
                value = _QUOTE.dump_python(market.quote(asked["account"], asked["symbol"]), mode="json")
            case "instrument":
                value = _INSTRUMENT.dump_python(market.instrument(asked["account"], asked["symbol"]), mode="json")
            case "version":
                value = version()
    except BrokerUnavailable as error:
        log.warning("The console asked for the %s of %s: %s", asked["what"], asked["symbol"], error)
    return {"answer": asked["ask"], "value": value}


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content).encode() + b"\n"
