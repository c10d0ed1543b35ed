"""Whether a day trades, for what the daemon does by itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from desk.calendar import BadCalendar, TradingCalendar
from desk.core.config import Config


def trades_on(day: date, config: Config, home: Path) -> bool:
    """True where any account trades on this day; a calendar that cannot be read keeps nothing from being told."""
    if any(account.always_open for account in config.accounts):
        return True
    try:
        return TradingCalendar.load(home, config.holidays_file).is_trading_day(day)
    except BadCalendar:
        return True  # the self-check names the trouble
