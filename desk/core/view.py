"""What deciding knows of the world: the view of one moment, where a strategy trades, and ids that never change."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from desk.core.config import AccountShare, Config, StrategyConfig
from desk.core.market import Instrument
from desk.core.values import Mode, Reason

_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_SINCE_2020 = 1577836800 // 60  # minutes; five digits reach to 2083


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What deciding needs to know of the world, asked once for the moment `now`."""

    config: Config
    now: datetime
    halted: bool
    trading_day: Callable[[str, datetime], date]  # (account, moment) -> the trading day that the moment belongs to
    instrument: Callable[[str, str, Decimal | None], Instrument | None]  # (account, symbol, anchor)
    stopped: Callable[[str], Reason | None]  # strategy -> why it takes no buys (paused, 已熔断), else None
    sentence: Callable[[Reason], str]  # the full sentence for a reason


def shadow_of(account: str) -> str:
    """The paper account on which a 模拟 strategy of a real account trades, with the real quotes."""
    return f"{account}·模拟"


def routes(
    config: Config, strategy: StrategyConfig, *, test: bool = False, live_test: bool = False
) -> dict[str, Decimal]:
    """The accounts that a strategy's events are traded on, with their ratios; 模拟 never names a real account."""
    shares = shares_routed(config, strategy, test=test, live_test=live_test)
    return {account: share.ratio for account, share in shares.items()}


def shares_routed(
    config: Config, strategy: StrategyConfig, *, test: bool = False, live_test: bool = False
) -> dict[str, AccountShare]:
    found: dict[str, AccountShare] = {}
    for share in strategy.accounts:
        account = config.account(share.account)
        real = account is not None and account.channel != "paper"
        to_paper = not live_test if test else strategy.mode is Mode.PAPER
        found[shadow_of(share.account) if real and to_paper else share.account] = share
    return found


def short_hash(*words: str, length: int) -> str:
    """So many of 0-9a-v, the same for the same words."""
    digest = hashlib.sha256("\x1f".join(words).encode()).digest()
    return base64.b32hexencode(digest)[:length].decode().lower()


def intent_id_for(at: datetime, *words: str) -> str:
    """An id of 16 ASCII characters, so that `<id>-<attempt>` fits QMT's remark; deterministic in `at` and its words.

    It begins with the minute: ids that rise with time keep the indexes of a long journal as cheap as those of a short
    one, where random ones would touch a page of their own each.
    """
    minutes = int(at.timestamp() // 60) - _SINCE_2020
    rising = "".join(_DIGITS[minutes >> shift & 31] for shift in (20, 15, 10, 5, 0))
    return f"g{rising}{short_hash(*words, length=10)}"
