"""Which simulated terminals this machine has: by the path of their userdata, by the port of their quote service."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desk.broker.xt_sim.terminal import Terminal

_terminals: dict[str, Terminal] = {}


def put(terminals: Iterable[Terminal]) -> None:
    """Replace the terminals that this machine has."""
    _terminals.clear()
    _terminals.update({_key(terminal.path): terminal for terminal in terminals})


def terminals() -> tuple[Terminal, ...]:
    return tuple(_terminals.values())


def terminal_at(path: str) -> Terminal | None:
    return _terminals.get(_key(path))


def terminal_on(port: int) -> Terminal | None:
    return next((terminal for terminal in _terminals.values() if terminal.quote_port == port), None)


def _key(path: str) -> str:
    return os.path.normcase(os.path.normpath(path))
