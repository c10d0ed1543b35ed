"""When a process that gets no commands reads the configuration again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from desk.cli.market_line import MarketLine


class FilesChanged:
    """True once after one of the files was written; False for what was written before."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "config"
        self._seen = self._stamp()

    def __call__(self) -> bool:
        before, self._seen = self._seen, self._stamp()
        return self._seen != before

    def _stamp(self) -> tuple[float, ...]:
        try:
            return tuple(sorted(path.stat().st_mtime for path in self._folder.glob("*.json")))
        except OSError:
            return ()


class TraderChanged:
    """True once after the process that trades has taken another configuration over than the one used here.

    Files that a person has edited and nobody has read yet change nothing: pages show what orders are decided by.
    """

    def __init__(self, line: MarketLine, used: Callable[[], str]) -> None:
        """`used`: the version in use here."""
        self._line, self._used = line, used
        self._tried = ""

    def __call__(self) -> bool:
        wanted = self._line.version() or self._used()
        if wanted == self._used():
            self._tried = ""
            return False
        fresh, self._tried = wanted != self._tried, wanted
        return fresh
