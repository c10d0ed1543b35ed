"""Builds the trading side of a daemon: an exchange or a line to one, a broker and a desk for every account."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from desk.broker import Broker
from desk.broker.paper import FeedFileError, PaperBroker, PaperExchange, StoreFailed, feed_of
from desk.broker.paper.client import RemotePaperBroker
from desk.calendar import BadCalendar, EveryDay, TradingCalendar
from desk.cli.exits import BROKER, CONFIG, Leave
from desk.clock import Clock
from desk.core.config import AccountConfig, Config
from desk.core.values import Mode
from desk.core.view import shadow_of
from desk.dealing.account import AccountDesk
from desk.texts import cli as texts

REMOTE_EXCHANGES = "GENDAN_PAPER_SERVER"  # JSON: account -> port file of an exchange in a process of its own


@dataclass(slots=True)
class Trading:
    """What trades: desks by trading account, and the exchanges whose time this process drives."""

    desks: dict[str, AccountDesk] = field(default_factory=dict)
    exchanges: dict[str, PaperExchange] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def close(self) -> None:
        for exchange in self.exchanges.values():
            exchange.close()


def refuse_unbuilt(config: Config) -> None:
    """Real channels come later: refuse strategies that would need one. Raises Leave."""
    real = {account.name: account.channel for account in config.accounts if account.channel != "paper"}
    wanted = [
        texts.channel_unbuilt(strategy.name, strategy.mode.value, share.account, real[share.account])
        for strategy in config.strategies
        for share in strategy.accounts
        if share.account in real and strategy.mode is not Mode.PAPER
    ]
    if wanted:
        raise Leave(BROKER, "\n".join(wanted))


def paper_accounts(config: Config) -> list[AccountConfig]:
    """The accounts that orders go to: the paper ones, and for each real one its shadow."""
    return [
        account
        if account.channel == "paper"
        else replace(account, name=shadow_of(account.name), channel="paper", feed="合成", feed_file="")
        for account in config.accounts
    ]


def build(config: Config, home: Path, *, clock: Clock, bell: threading.Event, env: Mapping[str, str]) -> Trading:
    """Build every account's part. Raises Leave."""
    refuse_unbuilt(config)
    try:
        calendar = TradingCalendar.load(home, config.holidays_file)
    except BadCalendar as error:
        raise Leave(CONFIG, str(error)) from error
    remote = _remote(env)
    trading = Trading()
    open_hours = [account for account in config.accounts if not account.always_open]
    if open_hours:
        trading.notices += calendar.warnings(clock.now().date())
    for account in config.accounts:
        if account.channel != "paper":
            trading.notices.append(texts.shadow_only(account.name, shadow_of(account.name)))
    try:
        for account in paper_accounts(config):
            days = EveryDay() if account.always_open else calendar
            broker: Broker
            if account.name in remote:
                broker = RemotePaperBroker(account.name, remote[account.name], clock.now)
            else:
                exchange = _exchange(account, home, clock, days)
                trading.exchanges[account.name] = exchange
                broker = PaperBroker(account.name, exchange, clock.now)
            trading.desks[account.name] = AccountDesk(account, broker, days, bell)
    except BaseException:
        trading.close()
        raise
    return trading


def _exchange(account: AccountConfig, home: Path, clock: Clock, days: EveryDay | TradingCalendar) -> PaperExchange:
    store = home / "data" / "paper" / f"{_file_name(account.name)}.db"
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        return PaperExchange(
            store=store,
            clock_now=clock.now(),
            config=account,
            feed=feed_of(account),
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
