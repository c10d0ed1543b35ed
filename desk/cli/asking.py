"""Asks the daemon for something through the journal, and waits a moment for its answer."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from desk.cli.exits import CONFIG, FINE, NOT_RUNNING, UNEXPECTED, Leave
from desk.cli.home import TRADER, Home
from desk.clock import SystemClock, pause
from desk.core.config import Config
from desk.journal import Journal
from desk.texts import cli as texts

ANSWER_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.03


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """`ok` None: no daemon has answered, the wish is kept."""

    ok: bool | None
    text: str
    running: bool

    @property
    def code(self) -> int:
        if self.ok is None:
            return UNEXPECTED if self.running else FINE
        return FINE if self.ok else CONFIG


def who() -> str:
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError, ImportError):
        return "cli"


def ask(home: Path, verb: str, args: Mapping[str, str], *, kept: str = "", config: Config | None = None) -> Answer:
    """Append a wish and wait for what the daemon says. Without a daemon: `kept` is the answer, or exit 5 without one.

    Raises Leave, ConfigProblems, JournalError.
    """
    place = Home(home)
    config = config or place.config()
    running = place.runs(TRADER)
    if not running and not kept:
        raise Leave(NOT_RUNNING, texts.NOT_RUNNING)
    clock = SystemClock()
    with place.write(config, clock) as journal:
        row = journal.ask(verb, dict(args), who())
        if not running:
            return Answer(ok=None, text=kept, running=False)
        return wait_for(journal, row)


def wait_for(journal: Journal, row: int, seconds: float = ANSWER_WITHIN_S) -> Answer:
    clock = SystemClock()
    until = clock.monotonic() + seconds
    while True:
        result = journal.command_result(row)
        if result is not None:
            return Answer(ok=result.ok, text=result.text, running=True)
        if clock.monotonic() > until:
            return Answer(ok=None, text=texts.no_answer(seconds), running=True)
        pause(_LOOK_EVERY_S)
