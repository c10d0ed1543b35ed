"""The pages, a module each: `make(sources)` gives a blueprint that bears the page's name in the navigation."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint

from desk.console.pages import (
    access,
    account,
    adjustments,
    audit,
    events,
    files,
    halt,
    holdings,
    keys,
    links,
    log,
    messages,
    older,
    orders,
    overview,
    returns,
    risk,
    settings,
    signals,
    signed_clients,
    strategies,
    trade,
    users,
    waiting,
)
from desk.console.sources import Sources

ALL: tuple[Callable[[Sources], Blueprint], ...] = (
    files.make,
    access.make,
    account.make,
    keys.make,
    signed_clients.make,
    users.make,
    audit.make,
    halt.make,
    events.make,
    overview.make,
    messages.make,
    log.make,
    adjustments.make,
    settings.make,
    returns.make,
    holdings.make,
    waiting.make,
    trade.make,
    signals.make,
    strategies.make,
    risk.make,
    orders.make,
    links.make,
    older.make,
)
