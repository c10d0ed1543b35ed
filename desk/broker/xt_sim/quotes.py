"""The native client of the quote line, as `xtquant.xtdatacenter` hands it to `xtquant.xtdata`."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from base_func import BEIJING, Phase, phase_at
from desk.broker.paper import PaperExchange
from desk.broker.paper.feed import fill_lot
from desk.broker.xt_sim import records
from desk.broker.xt_sim.faults import QuoteTrouble
from desk.broker.xt_sim.registry import terminal_on
from desk.core.market import Instrument, Quote
from desk.texts import xt_sim as words

if TYPE_CHECKING:
    from desk.broker.xt_sim.terminal import Terminal

Callback = Callable[[Any], object]

_LEVELS = 5
_STALE = timedelta(minutes=10)
_FIRST_YEAR = 2025  # trading dates are told from here
_PHASES = {  # openInt
    Phase.CLOSED: 15,
    Phase.BEFORE_OPEN: 11,
    Phase.OPENING_CALL: 12,
    Phase.OPENING_CALL_LOCKED: 12,
    Phase.IDLE: 14,
    Phase.CONTINUOUS: 13,
    Phase.LUNCH: 14,
    Phase.CLOSING_CALL: 18,
    Phase.AFTER_CLOSE: 15,
}
_SUSPENDED = 1


class QuoteLineBroken(RuntimeError):
    """The quote service does not answer."""


class IPythonApiClient:
    """One connection to a terminal's quote service; its calls answer in the caller's thread."""

    def __init__(self) -> None:
        self._terminal: Terminal | None = None
        self._epoch = -1
        self._address = ""
        self._open = False
        self._seqs = itertools.count(1)
        self._subscribed: dict[int, tuple[tuple[str, ...], bool, Callback | None]] = {}

    # --- the connection ----------------------------------------------------------------------------------------------

    def init(self) -> None:
        pass

    def load_config(self, file: str, section: str) -> int:
        return 0

    def set_config_addr(self, address: str) -> None:
        self._address = address

    def registerCommonControlCallback(self, name: str, callback: Callback) -> None:
        pass

    def connect(self) -> tuple[int, str]:
        port = self._address.rpartition(":")[2]
        terminal = terminal_on(int(port)) if port.isdigit() else None
        if terminal is None or not terminal.alive or not terminal.quotes_up:
            return -1, words.NO_QUOTE_SERVICE
        self._terminal, self._epoch, self._open = terminal, terminal.epoch, True
        terminal.ensure_thread()
        return 0, ""

    def is_connected(self) -> bool:
        terminal = self._terminal
        if terminal is None or not self._open:
            return False
        if not terminal.alive or not terminal.quotes_up or terminal.epoch != self._epoch:
            self.shutdown()
        if terminal is not terminal_on(terminal.quote_port):
            self.shutdown()
        return self._open

    def shutdown(self) -> None:
        self._open = False
        self._subscribed.clear()

    def get_data_dir(self) -> str:
        return ""

    def get_app_dir(self) -> str:
        return self._line().path

    def get_server_tag(self) -> bytes:
        return _bson({"tag": words.SERVER})

    def get_peer_addr(self) -> str:
        return self._address

    def commonControl(self, function: str, param: bytes) -> bytes:
        return _bson({})

    def _line(self) -> Terminal:
        if self._terminal is None or not self.is_connected():
            raise QuoteLineBroken(words.NO_QUOTE_SERVICE)
        if self._terminal.hung:
            self._terminal.stay_stuck()
            if not self.is_connected():
                raise QuoteLineBroken(words.NO_QUOTE_SERVICE)
        return self._terminal

    def _trouble(self) -> QuoteTrouble | None:
        terminal = self._line()
        trouble, _ = terminal.faults.draw(QuoteTrouble)
        if trouble is QuoteTrouble.STUCK:
            terminal.stay_stuck()
        if trouble is QuoteTrouble.RAISES:
            raise QuoteLineBroken(words.NO_QUOTE_SERVICE)
        return trouble

    # --- ticks and details -------------------------------------------------------------------------------------------

    def get_full_tick(self, codes: list[str]) -> str:
        trouble = self._trouble()
        if trouble is QuoteTrouble.MISSING:
            return "{}"
        ticks = {code: self._tick(self._line(), code, trouble) for code in codes}
        return json.dumps({code: tick for code, tick in ticks.items() if tick is not None})

    def _tick(self, terminal: Terminal, code: str, trouble: QuoteTrouble | None = None) -> dict[str, Any] | None:
        exchange = _exchange(terminal)
        quote = None if exchange is None else exchange.quote(code, None, terminal.now)
        if exchange is None or quote is None:
            return None
        instrument = exchange.instrument(code)
        tick = tick_of_quote(quote, terminal.now, suspended=instrument is not None and instrument.suspended)
        if trouble is QuoteTrouble.STALE:
            tick["time"] -= int(_STALE.total_seconds() * 1000)
        if trouble is QuoteTrouble.ZERO:
            empty: dict[str, Any] = {"lastPrice": 0.0, "askPrice": [0.0] * _LEVELS, "bidPrice": [0.0] * _LEVELS}
            tick |= empty | {"askVol": [0] * _LEVELS, "bidVol": [0] * _LEVELS}
        return tick

    def get_instrument_detail(self, code: str) -> bytes | None:
        trouble = self._trouble()
        terminal = self._line()
        exchange = _exchange(terminal)
        instrument = None if exchange is None else exchange.instrument(code, None, terminal.now)
        if instrument is None or trouble is QuoteTrouble.MISSING:
            return None
        day = instrument.day
        if trouble is QuoteTrouble.STALE:
            day = self._before(day)
        return _bson(detail_of(instrument, day))

    # --- subscriptions -----------------------------------------------------------------------------------------------

    def subscribe_quote(self, meta: bytes, region: bytes, param: bytes, callback: Callback | None) -> int:
        code = str(_unbson(meta)["stockCode"])
        return self._subscribe((code,), True, callback)

    def subscribe_whole_quote(self, codes: list[str], param: bytes, callback: Callback | None) -> int:
        return self._subscribe(tuple(code for code in codes if "." in code), False, callback)

    def _subscribe(self, codes: tuple[str, ...], listed: bool, callback: Callback | None) -> int:
        terminal = self._line()
        seq = next(self._seqs)
        self._subscribed[seq] = (codes, listed, callback)
        terminal.post(terminal.now, lambda: self._push(seq))
        return seq

    def unsubscribe_quote(self, seq: int) -> int:
        return 0 if self._subscribed.pop(seq, None) is not None else -1

    def _push(self, seq: int) -> None:
        """Tell a subscription its ticks, and come back when the next are due."""
        if not self.is_connected() or seq not in self._subscribed or self._terminal is None:
            return
        terminal = self._terminal
        codes, listed, callback = self._subscribed[seq]
        ticks = {code: tick for code in codes if (tick := self._tick(terminal, code)) is not None}
        if callback is not None and ticks:
            terminal.on_native_thread(
                lambda: callback({code: [tick] for code, tick in ticks.items()} if listed else ticks)
            )
        terminal.post(terminal.now + timedelta(seconds=terminal.faults.tick_every_s), lambda: self._push(seq))

    # --- the calendar ------------------------------------------------------------------------------------------------

    def get_trading_dates_by_market(self, market: str, start: str, end: str, count: int) -> list[int]:
        """Tell the trading days up to today in milliseconds; at most the last `count` of them."""
        terminal = self._line()
        today = terminal.now.date()
        first = max(_day(start), date(_FIRST_YEAR, 1, 1)) if start else date(_FIRST_YEAR, 1, 1)
        last = min(_day(end), today) if end else today
        days = [day for day in _days(first, last) if terminal.is_trading_day(day)]
        days = days[-count:] if count > 0 else days
        return [int(datetime.combine(day, time(0), BEIJING).timestamp() * 1000) for day in days]

    def get_holidays(self) -> list[int]:
        """Tell the weekdays of this year without trading; nothing is published beyond."""
        terminal = self._line()
        year = terminal.now.year
        closed = [
            day
            for day in _days(date(_FIRST_YEAR, 1, 1), date(year, 12, 31))
            if day.weekday() < 5 and not terminal.is_trading_day(day)
        ]
        return [int(f"{day:%Y%m%d}") for day in closed or [date(year, 1, 1)]]

    def get_market_last_trade_date(self, market: str) -> int:
        return self.get_trading_dates_by_market(market, "", "", 1)[-1]

    def _before(self, day: date) -> date:
        terminal = self._line()
        day -= timedelta(days=1)
        while not terminal.is_trading_day(day):
            day -= timedelta(days=1)
        return day


def _exchange(terminal: Terminal) -> PaperExchange | None:
    """Tell whose market is shown: the first account's."""
    return next((counter.exchange for counter in terminal.counters.values()), None)


# --- shapes -----------------------------------------------------------------------------------------------------------


def tick_of_quote(quote: Quote, now: datetime, *, suspended: bool) -> dict[str, Any]:
    """Tell a quote as a tick: time in ms, five levels filled up with zeros, sizes in lots, no limits."""
    lot = fill_lot(quote.symbol)
    last, before = records.noisy(quote.last), records.noisy(quote.prev_close)
    traded = int((quote.at - datetime.combine(quote.at.date(), time(0), BEIJING)).total_seconds()) // 3
    ask_price, ask_lots = _levels(quote.asks, lot)
    bid_price, bid_lots = _levels(quote.bids, lot)
    return {
        "time": int(quote.at.timestamp() * 1000),
        "timetag": f"{quote.at:%Y%m%d %H:%M:%S}",
        "lastPrice": last,
        "open": before,
        "high": max(last, before),
        "low": min(last, before),
        "lastClose": before,
        "amount": float(quote.last * traded * lot),
        "volume": traded,
        "pvolume": traded * lot,
        "stockStatus": 3,
        "openInt": _SUSPENDED if suspended else _PHASES[phase_at(now.time())],
        "transactionNum": 0,
        "lastSettlementPrice": before,
        "settlementPrice": 0.0,
        "pe": 0.0,
        "askPrice": ask_price,
        "bidPrice": bid_price,
        "askVol": ask_lots,
        "bidVol": bid_lots,
        "volRatio": 0.0,
        "speed1Min": 0.0,
        "speed5Min": 0.0,
    }


def _levels(side: tuple[tuple[Decimal, int], ...], lot: int) -> tuple[list[float], list[int]]:
    missing = _LEVELS - len(side)
    prices = [records.noisy(price) for price, _ in side] + [0.0] * missing
    return prices[:_LEVELS], ([shares // lot for _, shares in side] + [0] * missing)[:_LEVELS]


def detail_of(instrument: Instrument, day: date) -> dict[str, Any]:
    code, _, market = instrument.symbol.partition(".")
    return {
        "ExchangeID": market,
        "InstrumentID": code,
        "InstrumentName": instrument.name,
        "ProductID": "",
        "ProductName": "",
        "ProductType": 0,
        "ExchangeCode": code,
        "UniCode": code,
        "CreateDate": 0,
        "OpenDate": 20100104,
        "ExpireDate": 99999999,
        "TradingDay": int(f"{day:%Y%m%d}"),
        "PreClose": records.noisy(instrument.prev_close),
        "SettlementPrice": records.noisy(instrument.prev_close),
        "UpStopPrice": 0.0 if instrument.up_limit is None else records.noisy(instrument.up_limit),
        "DownStopPrice": 0.0 if instrument.down_limit is None else records.noisy(instrument.down_limit),
        "FloatVolume": 1e9,
        "TotalVolume": 1e9,
        "LongMarginRatio": 0.0,
        "ShortMarginRatio": 0.0,
        "PriceTick": float(instrument.tick),
        "VolumeMultiple": 1,
        "MainContract": 0,
        "LastVolume": 0,
        "InstrumentStatus": _SUSPENDED if instrument.suspended else 0,
        "IsTrading": not instrument.suspended,
        "IsRecent": False,
    }


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _day(text: str) -> date:
    return datetime.strptime(text[:8], "%Y%m%d").replace(tzinfo=BEIJING).date()


def _bson(values: dict[str, Any]) -> bytes:
    """Encode with the library's own codec, which its quote layer has loaded before it can ask anything."""
    return bytes(sys.modules["xtquant.xtbson"].BSON.encode(values))


def _unbson(values: bytes) -> dict[str, Any]:
    return dict(sys.modules["xtquant.xtbson"].BSON.decode(values))
