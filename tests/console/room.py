"""The console as the daemon makes it, with a clock to turn, cheap passwords and browsers that keep cookies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from base_func import BEIJING
from desk.access import FILE_NAME, AccessBook, Guard, Hasher, Role, Scope, User, tables
from desk.cli import facts
from desk.cli.home import Home
from desk.console import door
from desk.console.app import make_app
from desk.console.programs import programs
from desk.console.sources import Sources
from desk.core.config import Config, StrategyConfig
from desk.journal import Journal, PositionBook
from desk.positions import routes
from desk.positions.service import PositionService
from tests.stand_in.clock import StandInClock

NOW = datetime(2026, 11, 20, 9, 35, tzinfo=BEIJING)
COOKIE = "gendan_console"
PASSWORD = "ein langes Kennwort"
TRADING = "987654"
CHEAP = Hasher(rounds=1, memory_kib=8)
PEOPLE = {"看客": Role.VIEWER, "操盘": Role.TRADER, "店主": Role.ADMIN}


@dataclass(frozen=True)
class Said:
    """A trader's answer."""

    ok: bool | None = True
    text: str = "好"


@dataclass
class Asked:
    """Stands where the trader is asked; keeps what was asked."""

    answer: Said = Said()
    wishes: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    def __call__(self, verb: str, args: Mapping[str, str], who: str) -> Said:
        self.wishes.append((verb, dict(args), who))
        return self.answer


class Room:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = StandInClock(NOW)
        self.config = Config(
            home=folder, strategies=(StrategyConfig(name="小市值", kid="xsz", secret="", accounts=()),)
        )
        self.journal = Journal.open(folder / "journal.sqlite3", clock=self.clock)
        self.asked = Asked()
        self.changed = Asked()
        self._before = 0  # rows of the audit log
        self._entered: dict[str, tuple[str, str]] = {}
        self.open()

    def open(self) -> None:
        self.book = AccessBook(self.folder / FILE_NAME)
        self.guard = Guard(self.book, clock=self.clock, hasher=CHEAP)
        positions = PositionService(
            book=PositionBook(self.journal), config=lambda: self.config, clock=self.clock, rounds=4
        )
        sources = Sources(
            journal=self.journal,
            config=lambda: self.config,
            clock=self.clock,
            guard=self.guard,
            status=lambda: facts.status(self.journal, self.config, Home(self.folder)),
            ask=self.asked,
            change=self.changed,
        )
        beside = programs(sources, version="0.1.0", trading=lambda: True, journal_file=None)
        self.app = make_app(routes.local(positions, knows=door.is_known), *beside, sources=sources)

    def empty(self) -> None:
        """As it was before anybody was set up; what was noted stays, but is not told by `noted`."""
        with self.book.database.change() as change:
            for table in (tables.logins, tables.api_keys, tables.links, tables.failures, tables.users):
                change.execute(table.delete())
        self._before = self.guard.trail.count()
        self.asked.answer = Said()
        self.asked.wishes.clear()
        self.changed.wishes.clear()
        self._entered.clear()

    def restart(self) -> None:
        self.book.close()
        self.open()

    def close(self) -> None:
        self.book.close()
        self.journal.close()

    def people(self) -> None:
        """看客, 操盘 and 店主: one of each role, each with a trading password."""
        for name, role in PEOPLE.items():
            user = self.guard.add_user(name, role, PASSWORD)
            self.guard.set_trading_password(user, TRADING, login_password=PASSWORD)

    def browser(self, name: str = "") -> Browser:
        """A browser; with a name, one in which this user has logged in."""
        made = Browser(self.app.test_client())
        if name:
            answer = made.log_in(name)
            assert answer.status_code == 302, answer.text
        return made

    def entered(self, name: str = "") -> tuple[FlaskClient, str]:
        """A browser of this user, or of nobody, and its token; logged in once however often it is asked for."""
        client = self.app.test_client()
        cookie, token = self._entered.get(name, ("", ""))
        if not cookie or (name and name not in [login.user.name for login in self.book.logins()]):
            fresh = self.browser(name)
            token = fresh.token("/account")  # it is in the cookie from now on
            cookie = fresh.cookie()
            self._entered[name] = cookie, token
        client.set_cookie(COOKIE, cookie)
        return client, token

    def user(self, name: str) -> User:
        return next(user for user in self.book.users() if user.name == name)

    def key(self, name: str, scope: Scope) -> dict[str, str]:
        """The header of a new API key of this user."""
        return {"Authorization": f"Bearer {self.guard.new_key(self.user(name), 'test', scope)[1]}"}

    def noted(self) -> list[tuple[str, str, str, str | None, str | None]]:
        """The audit log, oldest first: who, what, on what, old, new."""
        rows = self.guard.trail.rows(limit=self.guard.trail.count() - self._before)
        return [(r.who, r.action, r.target, r.old, r.new) for r in reversed(rows)]


class Browser:
    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def token(self, path: str = "/login") -> str:
        """The CSRF token that a form of this page carries."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get(path, follow_redirects=True).text)
        assert found is not None, path
        return found[1]

    def post(self, path: str, form: Mapping[str, str] | None = None, **options: Any) -> TestResponse:
        """Send a form with the token of this browser's session."""
        return self.client.post(path, data={"csrf_token": self.token(), **(form or {})}, **options)

    def log_in(self, name: str, password: str = PASSWORD, code: str = "") -> TestResponse:
        return self.post("/login", {"name": name, "password": password, "code": code})

    def cookie(self) -> str:
        found = self.client.get_cookie(COOKIE)
        return "" if found is None else found.value

    @property
    def is_in(self) -> bool:
        return self.client.get("/").status_code == 200
