"""Builds the trading side of a daemon: an exchange or a line to one, a broker and a desk for every account."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from desk.broker import Broker
from desk.broker.paper import ChannelFeed, FeedFileError, PaperBroker, PaperExchange, StoreFailed, feed_of
from desk.broker.paper.client import RemotePaperBroker
from desk.calendar import BadCalendar, EveryDay, TradingCalendar
from desk.cli import terminals
from desk.cli.exits import BROKER, CONFIG, Leave
from desk.cli.home import PAPER
from desk.cli.terminals import Alarm, Terminal
from desk.clock import Clock
from desk.core.config import AccountConfig, Config
from desk.core.view import shadow_of
from desk.dealing.account import AccountDesk
from desk.texts import cli as texts
from desk.texts import terminals as terminal_texts

REMOTE_EXCHANGES = "GENDAN_PAPER_SERVER"  # JSON: account -> port file of an exchange in a process of its own


@dataclass(slots=True)
class Trading:
    """What trades: desks by trading account, the exchanges whose time this process drives, lines to terminals."""

    desks: dict[str, AccountDesk] = field(default_factory=dict)
    exchanges: dict[str, PaperExchange] = field(default_factory=dict)
    terminals: dict[str, Terminal] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)  # account -> why it has no line to its terminal
    notices: list[str] = field(default_factory=list)
    held: ExitStack = field(default_factory=ExitStack)  # the locks of the terminals' accounts

    def close(self) -> None:
        for broker in self.terminals.values():
            broker.close()
        for exchange in self.exchanges.values():
            exchange.close()
        self.held.close()


def paper_accounts(config: Config) -> list[AccountConfig]:
    """The paper accounts that orders may go to: the configured ones, and for each real one its shadow."""
    return [
        account
        if account.channel == "paper"
        else replace(account, name=shadow_of(account.name), channel="paper", feed_file="")
        for account in config.accounts
    ]


def build(
    config: Config, home: Path, *, clock: Clock, bell: threading.Event, env: Mapping[str, str], alarm: Alarm
) -> Trading:
    """Build every account's part; `alarm` is called from the channels' threads. Raises Leave."""
    terminals.refuse_unreachable(config)
    try:
        calendar = TradingCalendar.load(home, config.holidays_file)
    except BadCalendar as error:
        raise Leave(CONFIG, str(error)) from error
    remote = _remote(env)
    trading = Trading()
    if any(not account.always_open for account in config.accounts):
        trading.notices += calendar.warnings(clock.now().date())
    try:
        lines = _real(config, trading, clock, bell, calendar, env, alarm)
        for account in paper_accounts(config):
            days = EveryDay() if account.always_open else calendar
            broker: Broker
            if account.name in remote:
                broker = RemotePaperBroker(account.name, remote[account.name], clock.now)
            else:
                fed, channel = _fed(account, config, lines) if account.feed == "通道" else (account, None)
                exchange = _exchange(fed, home, clock, days, channel)
                trading.exchanges[account.name] = exchange
                broker = PaperBroker(account.name, exchange, clock.now)
            trading.desks[account.name] = AccountDesk(account, broker, days, bell)
    except BaseException:
        trading.close()
        raise
    return trading


def _real(
    config: Config,
    trading: Trading,
    clock: Clock,
    bell: threading.Event,
    calendar: TradingCalendar,
    env: Mapping[str, str],
    alarm: Alarm,
) -> dict[str, Terminal]:
    """Build the accounts at terminals, where their library is there; tell what the shadows will live on."""
    missing = terminals.missing_library(config)
    if not missing:
        trading.held = terminals.hold_accounts(config, env)
    for account in config.accounts:
        if account.channel == "paper":
            continue
        shadow = shadow_of(account.name)
        if account.channel != terminals.MINIQMT:
            trading.notices.append(texts.shadow_only(account.name, shadow))
        elif missing:
            trading.unreachable[account.name] = missing
            trading.notices.append(terminal_texts.shadow_synthetic(account.name, shadow, missing))
        else:
            broker = terminals.broker_of(account, terminals.library_folder(config), clock, alarm)
            trading.terminals[account.name] = broker
            trading.desks[account.name] = AccountDesk(account, broker, calendar, bell, hurry=broker.hurry)
            trading.notices.append(terminal_texts.shadow_real(account.name, shadow))
    return trading.terminals


def _fed(
    account: AccountConfig, config: Config, lines: Mapping[str, Terminal]
) -> tuple[AccountConfig, ChannelFeed | None]:
    """The account with a terminal's quotes: of its own real account, else of the first; synthetic without a line.

    The line's answers come from memory, as the exchange's lock wants it, and may be asked for from any thread.
    """
    shadows = {shadow_of(real.name): real.name for real in config.accounts if real.channel != "paper"}
    line = lines.get(shadows.get(account.name, next(iter(lines), "")))
    if line is None:
        return replace(account, feed="合成"), None
    return account, ChannelFeed(line.quote, line.instrument)


def _exchange(
    account: AccountConfig, home: Path, clock: Clock, days: EveryDay | TradingCalendar, channel: ChannelFeed | None
) -> PaperExchange:
    store = home / "data" / PAPER / f"{_file_name(account.name)}.db"
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        return PaperExchange(
            store=store,
            clock_now=clock.now(),
            config=account,
            feed=feed_of(account, channel=channel),
            is_trading_day=days.is_trading_day,
        )
    except FeedFileError as error:
        raise Leave(CONFIG, str(error)) from error
    except (StoreFailed, OSError) as error:
        raise Leave(BROKER, texts.store_unusable(account.name, str(error))) from error


def _file_name(account: str) -> str:
    """The account's name as a file may be called on every system."""
    return "".join("_" if char in '<>:"/\\|?*' or ord(char) < 32 else char for char in account).rstrip(". ")


def _remote(env: Mapping[str, str]) -> dict[str, Path]:
    text = env.get(REMOTE_EXCHANGES, "")
    if not text:
        return {}
    try:
        return {str(account): Path(str(file)) for account, file in json.loads(text).items()}
    except (ValueError, AttributeError) as error:
        raise Leave(CONFIG, texts.bad_variable(REMOTE_EXCHANGES)) from error
