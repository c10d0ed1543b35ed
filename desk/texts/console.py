"""What the console's pages say: key -> (Chinese, English). Each page's own texts stand in console_<page>.py."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from desk.texts import (
    console_access,
    console_account,
    console_adjustments,
    console_audit,
    console_frame,
    console_halt,
    console_holdings,
    console_links,
    console_log,
    console_messages,
    console_orders,
    console_overview,
    console_returns,
    console_settings,
    console_signals,
    console_signed_clients,
    console_strategies,
    console_trade,
    console_users,
    console_waiting,
)

Texts = Mapping[str, tuple[str, str]]

LANGUAGES = ("zh", "en")
MODULES = (
    console_frame,
    console_access,
    console_account,
    console_signed_clients,
    console_users,
    console_audit,
    console_halt,
    console_overview,
    console_messages,
    console_log,
    console_adjustments,
    console_settings,
    console_returns,
    console_holdings,
    console_waiting,
    console_trade,
    console_signals,
    console_strategies,
    console_orders,
    console_links,
)


@cache
def all_texts() -> Texts:
    """The texts of every page; a key stands in one of them only."""
    together: dict[str, tuple[str, str]] = {}
    for module in MODULES:
        for key, both in module.TEXTS.items():
            if key in together:
                raise ValueError(f"{key} stands twice")
            together[key] = both
    return together


def say(key: str, language: str, **values: object) -> str:
    """Raises KeyError for a key that no page has."""
    return all_texts()[key][LANGUAGES.index(language)].format(**values)
