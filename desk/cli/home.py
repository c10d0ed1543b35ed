"""A home: the folder that holds `config/` and `data/`, whose journal it is, and whether a daemon works in it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from desk.cli.exits import ALREADY_RUNNING, JOURNAL, Leave
from desk.clock import Clock
from desk.core.config import Config
from desk.journal import FILE_NAME, Journal
from desk.settings.loader import Loaded, config_folder, read
from desk.texts import cli as texts
from desk.texts.system import because

RECEIVER, TRADER, CONSOLE = "receiver", "trader", "console"
PAPER = "paper"  # the folder of the paper accounts' stores, in data/ and beside a backup
_OPENING_S = 30.0
_LOCK_WAIT_S = 0.5  # a verb that looks whether we run holds the lock for a moment


@dataclass(frozen=True, slots=True)
class Home:
    path: Path

    @property
    def data(self) -> Path:
        return self.path / "data"

    def read(self) -> Loaded:
        """Read the configuration. Raises ConfigProblems."""
        return read(self.path, os.environ)

    def config(self) -> Config:
        return self.read().config

    def journal_place(self, config: Config) -> Path | str:
        return config.database or self.data / FILE_NAME  # a folder that is not there yet would be taken for a file

    def look(self, config: Config, clock: Clock) -> Journal:
        """The journal for reading; one that is not there yet reads as empty. Raises JournalUnusable."""
        return Journal.open(self.journal_place(config), clock=clock, read_only=True)

    def write(self, config: Config, clock: Clock) -> Journal:
        """The journal for asking something of the daemon. Raises JournalUnusable."""
        with self.opening():
            return Journal.open(self.journal_place(config), clock=clock, check=False)

    def opening(self) -> AbstractContextManager[object]:
        """Held while a journal is opened for writing: two processes that create one together lock each other out.

        Raises Leave when the data folder cannot be used.
        """
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            return self._lock("opening").acquire(timeout=_OPENING_S)
        except OSError as error:
            raise Leave(JOURNAL, texts.data_unusable(self.data, because(error))) from error

    # --- one daemon a home ------------------------------------------------------------------------------------------

    def _lock(self, role: str) -> FileLock:
        return FileLock(self.data / f".{role}.lock")

    def hold(self, roles: Iterable[str]) -> ExitStack:
        """Take the locks of these roles until the stack is closed; the system frees them when a process dies (I16)."""
        held = ExitStack()
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            self._shut()
            for role in roles:
                held.enter_context(self._lock(role).acquire(timeout=_LOCK_WAIT_S))
        except Timeout as error:
            held.close()
            raise Leave(ALREADY_RUNNING, texts.already_running(self.path)) from error
        except OSError as error:
            held.close()
            raise Leave(JOURNAL, texts.data_unusable(self.data, because(error))) from error
        return held

    def _shut(self) -> None:
        """Close the folders to the other users of this PC, also those that a person or an older version has made."""
        if os.name != "posix":
            return
        for folder in (config_folder(self.path), self.data):
            with suppress(OSError):  # another user's folder: not ours to close
                folder.chmod(0o700)

    def runs(self, role: str = TRADER) -> bool:
        """Whether a daemon plays this role here."""
        if not self.data.is_dir():
            return False
        try:
            with self._lock(role).acquire(timeout=0):
                return False
        except Timeout:
            return True
        except OSError:
            return False  # a home that we may only read: nobody writes there as this user
