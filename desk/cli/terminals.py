"""Accounts at a broker's terminal: whether its library is there, one program for each, how their lines stand.

Nothing of the channel is imported before an account names it (invariant 10).
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from base_func import FeeRule, trading_seconds
from desk.broker import Broker
from desk.cli.exits import ALREADY_RUNNING, BROKER, Leave
from desk.clock import Clock, SystemClock
from desk.core.config import AccountConfig, Config
from desk.core.market import Quote
from desk.core.values import Mode
from desk.texts import cli as cli_texts
from desk.texts import terminals as texts

MINIQMT = "miniqmt"
PROBE = "600000.SH"  # asked for where no other symbol is at hand
_LOAD_S = 60.0
_LOCK_WAIT_S = 0.5

Alarm = Callable[[str, str], None]  # title, text


class Terminal(Broker, Protocol):
    """What a broker at a terminal tells beside the Protocol."""

    @property
    def trouble(self) -> str:
        """Why there is no connection, in Chinese; '' while there is one."""
        ...

    @property
    def retry_at(self) -> datetime | None:
        """When it tries to connect again by itself; None while it is trying, or connected."""
        ...

    def versions(self) -> str: ...

    def hurry(self) -> None:
        """Do not wait for the end of the pause between two attempts to connect."""
        ...


def accounts_at_terminals(config: Config) -> list[AccountConfig]:
    return [account for account in config.accounts if account.channel == MINIQMT]


def library_folder(config: Config) -> Path | None:
    """Where the broker's own library stands; None: the installed one. One for all accounts, the settings see to it."""
    paths = [account.xtquant_path for account in accounts_at_terminals(config) if account.xtquant_path]
    return Path(paths[0]) if paths else None


def missing_library(config: Config) -> str:
    """Why the terminals' library cannot be used here, '' if it can or no account needs it. Imports it; seconds."""
    if not accounts_at_terminals(config):
        return ""
    from desk.broker import BrokerUnavailable
    from desk.broker.xt.bounded import Bounded, Hung
    from desk.broker.xt.library import load

    folder = library_folder(config)
    try:
        Bounded("xt-load", SystemClock()).run("import", lambda: load(folder), _LOAD_S)
    except BrokerUnavailable as error:
        return str(error)
    except Hung:
        return texts.library_hangs(_LOAD_S)
    return ""


def refuse_unreachable(config: Config) -> None:
    """Refuse strategies whose account cannot be reached from here: no channel, no library. Raises Leave."""
    real = {account.name: account for account in config.accounts if account.channel != "paper"}
    wanted = [
        (strategy, real[share.account])
        for strategy in config.strategies
        for share in strategy.accounts
        if share.account in real and strategy.mode is not Mode.PAPER
    ]
    said = [
        cli_texts.channel_unbuilt(strategy.name, strategy.mode.value, account.name, account.channel)
        for strategy, account in wanted
        if account.channel != MINIQMT
    ]
    at_terminals = [(strategy, account) for strategy, account in wanted if account.channel == MINIQMT]
    if at_terminals:
        why = missing_library(config)
        said += [texts.library_needed(s.name, s.mode.value, a.name, why) for s, a in at_terminals if why]
    if said:
        raise Leave(BROKER, "\n".join(said))


def broker_of(account: AccountConfig, folder: Path | None, clock: Clock, alarm: Alarm) -> Terminal:
    """The account's broker, not opened yet."""
    from desk.broker.xt import XtBroker

    return XtBroker(
        account.name,
        path=account.qmt_path,
        account_id=account.qmt_account,
        account_type=account.qmt_account_type,
        clock=clock,
        library=folder,
        fees=FeeRule(commission_rate=account.commission_rate, min_commission=account.min_commission),
        alarm=alarm,
    )


# --- one program for an account ---------------------------------------------------------------------------------------


def hold_accounts(config: Config, env: Mapping[str, str]) -> ExitStack:
    """Take every terminal account for this process, whatever its home, until the stack is closed (I16). Raises Leave.

    The system frees a lock when its process dies.
    """
    held = ExitStack()
    try:
        for account in accounts_at_terminals(config):
            try:
                held.enter_context(account_lock(account, env).acquire(timeout=_LOCK_WAIT_S))
            except Timeout as error:
                raise Leave(ALREADY_RUNNING, texts.account_taken(account.name)) from error
    except BaseException:
        held.close()
        raise
    return held


def is_held(account: AccountConfig, env: Mapping[str, str]) -> bool:
    """Whether some program trades this account on this machine."""
    try:
        with account_lock(account, env).acquire(timeout=0):
            return False
    except Timeout:
        return True


def account_lock(account: AccountConfig, env: Mapping[str, str]) -> FileLock:
    """The lock of a broker's account: one file for the Windows user, named by a digest of the account's number."""
    digest = hashlib.sha256(account.qmt_account.strip().encode()).hexdigest()[:16]
    return FileLock(_state_folder(env) / f"account-{digest}.lock")


def _state_folder(env: Mapping[str, str]) -> Path:
    given = env.get("LOCALAPPDATA") if sys.platform == "win32" else env.get("XDG_STATE_HOME")
    folder = Path(given or tempfile.gettempdir()) / "gendan"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.gettempdir()) / "gendan"
        folder.mkdir(parents=True, exist_ok=True)
    return folder


# --- how a line stands ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class QuoteState:
    """Whether the quote line answers; `age_s` in trading seconds, None where the day has no tick yet."""

    answers: bool
    age_s: float | None = None


def quotes_of(broker: Broker, symbol: str, clock: Clock, within_s: float) -> QuoteState:
    """Ask for a quote and the day's limits until they come; waits at most so long, so not for the trading loop."""
    until, never = clock.monotonic() + within_s, threading.Event()
    while True:
        quote, instrument = broker.quote(symbol), broker.instrument(symbol)
        if quote is not None:
            return QuoteState(answers=True, age_s=_age(quote, clock))
        if clock.monotonic() >= until:
            return QuoteState(answers=instrument is not None)
        clock.wait(never, 0.1)


def _age(quote: Quote, clock: Clock) -> float:
    return trading_seconds(quote.at, clock.now(), _every_day)


def _every_day(_: date) -> bool:
    return True
