"""The console over a desk that trades: orders, fills, a plan and what waits; a wish is carried out at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from desk.access import FILE_NAME, AccessBook, Guard
from desk.cli import facts
from desk.cli.home import Home
from desk.console import door
from desk.console.app import make_app
from desk.console.programs import programs
from desk.console.sources import Sources
from desk.core.batch import CommandResult
from desk.journal import PositionBook
from desk.positions import routes
from desk.positions.service import PositionService
from tests.console.desk_room import DeskRoom
from tests.console.room import CHEAP, Room


class LivedIn(Room):
    """A `Room` with the journal, the clock and the trader of a `DeskRoom`; `running`: whether a daemon is there."""

    def __init__(self, folder: Path, desk: DeskRoom | None = None) -> None:
        self.desk = desk or DeskRoom(folder / "desk")
        self.world = self.desk.world
        self.folder = folder
        self.clock = self.world.clock  # type: ignore[assignment]
        self.config = self.world.config
        self.journal = self.world.journal
        self.running = True
        self.wished: list[tuple[str, dict[str, str], str]] = []
        self._before = 0
        self.open()
        self.people()

    def open(self) -> None:
        self.book = AccessBook(self.folder / FILE_NAME)
        self.guard = Guard(self.book, clock=self.clock, hasher=CHEAP)
        home = Home(self.folder)
        world = self.world
        positions = PositionService(
            book=PositionBook(self.journal), config=lambda: world.config, clock=self.clock, rounds=4
        )
        sources = Sources(
            journal=self.journal,
            config=lambda: world.config,
            clock=self.clock,
            guard=self.guard,
            status=lambda: {**facts.status(self.journal, world.config, home), "running": self.running},
            ask=self.ask,
            change=self.ask,
            quote=lambda account, symbol: world.desks[account].broker.quote(symbol) if account in world.desks else None,
            instrument=lambda account, symbol: (
                world.desks[account].broker.instrument(symbol) if account in world.desks else None
            ),
        )
        beside = programs(sources, version="0.1.0", trading=lambda: self.running, journal_file=None)
        self.app = make_app(routes.local(positions, knows=door.is_known), *beside, sources=sources)

    def ask(self, verb: str, args: Mapping[str, str], who: str) -> CommandResult:
        self.wished.append((verb, dict(args), who))
        return self.desk.ask(verb, args, who)

    def close(self) -> None:
        self.book.close()
        self.desk.close()
