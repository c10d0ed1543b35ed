"""The demo's day at MiniQMT: the genuine xtquant over a simulated terminal, whose exchange is the paper exchange."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

from base_func import symbol_of
from desk.broker.paper import PaperExchange, SyntheticFeed
from desk.broker.paper.replay import DEFAULT_SEED
from desk.broker.xt_sim import Terminal, install, uninstall
from desk.calendar import TradingCalendar
from desk.cli import installation
from desk.cli.daemon import Daemon
from desk.cli.demo import ShiftedClock
from desk.cli.demo_day import ACCOUNT, PRICES
from desk.cli.exits import CONFIG, Leave
from desk.clock import SystemClock
from desk.core.config import AccountConfig
from desk.texts import demo as texts

_NUMBER = "99008800"
_BEGIN = time(10, 0)
_CASH = 1000000
_USERDATA = "userdata_mini"


class TerminalVenue:
    """A terminal with one account, open on the mornings of the last two trading days."""

    mode = "实盘"
    bonus = False  # the terminal does not tell why shares became more; a person decides that

    def __init__(self) -> None:
        """Raise Leave where xtquant is not installed."""
        found = installation.find_library("")
        if found is None:
            raise Leave(CONFIG, texts.NO_LIBRARY)
        self._version = found.version
        self._days = TradingCalendar.load()
        self._exchange: PaperExchange | None = None

    def account(self, home: Path) -> dict[str, object]:
        userdata = (home / _USERDATA).as_posix()
        return {"名称": ACCOUNT, "通道": "miniqmt", "qmt路径": userdata, "qmt账户": _NUMBER}

    def opening(self, home: Path) -> str:
        return texts.opening_at_a_terminal(home, self._version)

    def clocks(self) -> tuple[ShiftedClock, ShiftedClock]:
        today = SystemClock().now().date()
        last = today if self._days.is_trading_day(today) else self._days.previous_trading_day(today)
        return self._clock(self._days.previous_trading_day(last)), self._clock(last)

    @staticmethod
    def _clock(day: date) -> ShiftedClock:
        now = SystemClock().now()
        return ShiftedClock(now - datetime.combine(day, _BEGIN, tzinfo=now.tzinfo))

    def open(self, home: Path, clock: ShiftedClock) -> None:
        """Open the exchange, which lives on from day to day, and start the terminal on it."""
        userdata = home / _USERDATA
        userdata.mkdir(exist_ok=True)
        self._exchange = PaperExchange(
            store=home / "counter.db",
            clock_now=clock.now(),
            config=AccountConfig(name=_NUMBER, initial_cash=Decimal(_CASH)),
            feed=SyntheticFeed(DEFAULT_SEED),
            is_trading_day=self._days.is_trading_day,
        )
        for security, price in PRICES.items():
            self._exchange.quote(symbol_of(security), Decimal(str(price)), clock.now())
        install([Terminal(str(userdata), {_NUMBER: self._exchange}, clock, is_trading_day=self._days.is_trading_day)])

    def exchange(self, daemon: Daemon) -> PaperExchange:
        assert self._exchange is not None
        return self._exchange

    def env(self, home: Path) -> dict[str, str]:
        return {"XDG_STATE_HOME": str(home / "state"), "LOCALAPPDATA": str(home / "state")}

    def close(self) -> None:
        """Stop the terminal and close the exchange; twice is as good as once."""
        uninstall()
        if self._exchange is not None:
            self._exchange.close()
            self._exchange = None
