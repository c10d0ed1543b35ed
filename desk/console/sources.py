"""What the console's pages are made from; the roof hands it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from desk.access import Guard
from desk.clock import Clock
from desk.core.config import Config
from desk.core.market import Instrument, Quote
from desk.journal import Journal


class Told(Protocol):
    """The trader's answer to a wish; `ok` None: none came in time, the wish is kept."""

    @property
    def ok(self) -> bool | None: ...
    @property
    def text(self) -> str: ...


Ask = Callable[[str, Mapping[str, str], str], Told]


def nothing(account: str, symbol: str) -> None:
    """The market of a process that has no line to one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Usable from every worker of the console."""

    journal: Journal
    config: Callable[[], Config]
    clock: Clock
    guard: Guard
    status: Callable[[], dict[str, Any]]  # the `status` view
    ask: Ask  # (verb, arguments, who): what `main.py VERB` asks of the trader; waits for a moment
    change: Ask  # the same for what stands in the files: pause, resume, sell_only, ratio, mode, limits
    quote: Callable[[str, str], Quote | None] = nothing  # (trading account, symbol): from memory, never waits
    instrument: Callable[[str, str], Instrument | None] = nothing
