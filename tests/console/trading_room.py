"""The console's pages over a whole desk: real journal, real trading loop and exchange, a clock to turn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from desk.access import FILE_NAME, AccessBook, Guard
from desk.cli import facts
from desk.cli.home import Home
from desk.console.app import make_app
from desk.console.sources import Sources
from tests.console.room import CHEAP, PASSWORD, PEOPLE, TRADING, Asked, Browser, Said
from tests.world import World


class TradingRoom:
    """Has the browsers of `Room`, each logged in with a trading password; `world` is turned by the test."""

    def __init__(self, folder: Path, **world: Any) -> None:
        self.folder = folder
        self.world = World(folder, **world)
        self.book = AccessBook(folder / FILE_NAME)
        self.guard = Guard(self.book, clock=self.world.clock, hasher=CHEAP)
        self.changed = Asked()
        world_ = self.world
        self.app = make_app(
            sources=Sources(
                journal=world_.journal,
                config=lambda: world_.config,
                clock=world_.clock,
                guard=self.guard,
                status=self.status,
                ask=self.ask,
                change=self.changed,
                quote=lambda account, symbol: world_.desks[account].broker.quote(symbol),
                instrument=lambda account, symbol: world_.desks[account].broker.instrument(symbol),
            )
        )
        for name, role in PEOPLE.items():
            user = self.guard.add_user(name, role, PASSWORD)
            self.guard.set_trading_password(user, TRADING, login_password=PASSWORD)

    def status(self) -> dict[str, Any]:
        """As a running daemon would say it: here runs the test's own loop."""
        said = facts.status(self.world.journal, self.world.config, Home(self.folder))
        accounts = [{**row, "connected": self.world.desks[row["name"]].ready} for row in said["accounts"]]
        return {**said, "running": True, "accounts": accounts}

    def ask(self, verb: str, args: Mapping[str, str], who: str) -> Said:
        row = self.world.journal.ask(verb, dict(args), who)
        self.world.settle()
        result = self.world.journal.command_result(row)
        return Said(ok=None, text="") if result is None else Said(ok=result.ok, text=result.text)

    def browser(self, name: str = "操盘") -> Browser:
        made = Browser(self.app.test_client())
        assert made.log_in(name).status_code == 302
        return made

    def send(self, browser: Browser, path: str, form: Mapping[str, str] | None = None) -> str:
        """Send a form with the trading password; the page that follows."""
        answer = browser.post(path, {"trading_password": TRADING, **(form or {})}, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text

    def noted(self) -> list[tuple[str, str, str]]:
        rows = self.guard.trail.rows(limit=500)
        return [(row.who, row.action, row.target) for row in reversed(rows) if not row.action.startswith("login")]

    def close(self) -> None:
        self.book.close()
        self.world.close()
