"""The console's pages for a benchmark: the app as the daemon makes it, a browser that is in, each page's address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from benchmarks.console_browsers import PASSWORD
from benchmarks.crowd import ACCOUNT, STRATEGIES
from desk.access import FILE_NAME, AccessBook, Guard, Hasher, Role, Scope
from desk.cli import facts
from desk.cli.asking import Answer
from desk.cli.console import _Held
from desk.cli.home import Home
from desk.clock import SystemClock
from desk.console.app import make_app
from desk.console.frame import NAVIGATION
from desk.console.programs import programs
from desk.console.sources import Sources
from desk.core.config import AccountConfig, Config
from desk.core.manual import STRATEGY as BY_HAND
from desk.core.values import Verdict
from desk.journal import FILE_NAME as JOURNAL
from desk.journal import Journal, views
from tests.world import strategy

_LEAP_S = 60.0
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_LINK = re.compile(r'href="([^"]*[?&]mark=[^"]+)"')
_PAGES = {*NAVIGATION, "account", "keys"}


class LeapingClock(SystemClock):
    """What is held for a while is always too old after `leap`."""

    def __init__(self) -> None:
        self._leapt = 0.0

    def leap(self) -> None:
        self._leapt += _LEAP_S

    def monotonic(self) -> float:
        return super().monotonic() + self._leapt


def config(folder: Path, strategies: int = STRATEGIES) -> Config:
    """Of the desk that a grown journal comes from, or of one that follows fewer."""
    return Config(
        home=folder,
        strategies=tuple(strategy(f"策略{number:02d}", f"k{number}", account=ACCOUNT) for number in range(strategies)),
        accounts=(AccountConfig(name=ACCOUNT),),
    )


class Desk:
    """The app over a journal, and a browser of an administrator who is in. Used by one thread."""

    def __init__(self, journal: Journal, folder: Path, clock: LeapingClock, *, strategies: int = STRATEGIES) -> None:
        """`clock`: the journal's own."""
        self.journal, self.clock, self.config = journal, clock, config(folder, strategies)
        self._access = AccessBook(folder / FILE_NAME)
        guard = Guard(self._access, clock=clock, hasher=Hasher(rounds=1, memory_kib=8))
        anna = guard.add_user("anna", Role.ADMIN, PASSWORD)
        self._key = {"X-API-Key": guard.new_key(anna, "benchmark", Scope.ADMIN)[1]}
        home = Home(folder)
        status = _Held(lambda: facts.status(journal, self.config, home), clock)
        self.sources = Sources(
            journal=journal,
            config=lambda: self.config,
            clock=clock,
            guard=guard,
            status=status,
            ask=lambda *_: Answer(ok=True, text="", running=True),
            change=lambda *_: Answer(ok=True, text="", running=True),
        )
        beside = programs(self.sources, version="0", trading=lambda: True, journal_file=folder / JOURNAL)
        self.app: Flask = make_app(*beside, sources=self.sources)
        self.browser: FlaskClient = self.app.test_client()
        self._program = self.app.test_client()
        token = _TOKEN.search(self.browser.get("/login").text)
        assert token is not None
        form = {"name": "anna", "password": PASSWORD, "csrf_token": token[1]}
        assert self.browser.post("/login", data=form).status_code == 302

    def close(self) -> None:
        self._access.close()

    def get(self, path: str) -> Any:
        """The answer to this browser, or to a program; nothing is held over from the request before."""
        self.clock.leap()
        answer = self._program.get(path, headers=self._key) if path.startswith("/api/") else self.browser.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        return answer

    def pages(self) -> list[str]:
        """Every page as it opens, and lists by what a person may choose above them, with a page deep in the past."""
        (order,) = views.orders(self.journal, limit=1)
        signal = next(row for row in views.signals(self.journal) if row["orders"])  # in every grown journal the same
        book = f"strategy={order['strategy']}&symbol={order['symbol']}"
        long_ago = self.clock.now().date() - timedelta(days=15)
        chosen = [
            *(f"/signals?verdict={verdict.value}" for verdict in Verdict),
            *(f"/signals?day={long_ago}&verdict={Verdict.REFUSED.value}", f"/signals?{book}", "/signals?all=1"),
            *(f"/orders?{book}", f"/orders?strategy={BY_HAND}", "/orders?account=x", "/orders?state=open"),
            *("/orders?state=in_doubt", f"/orders?day={long_ago}", f"/orders?strategy={order['strategy']}"),
            *(f"/orders/fills?{book}", f"/orders/fills?strategy={BY_HAND}", f"/orders/fills?day={long_ago}"),
            *("/holdings?all=1", "/holdings?all=1&books=2", f"/holdings/book?{book}", f"/holdings?{book}"),
            *("/returns?span=week", "/returns?span=month", f"/trade?symbol={order['symbol']}&shares=100"),
            f"/signals/{signal['id']}",
        ]
        deep = [self._deep(path) for path in ("/signals", "/orders", "/orders/fills", "/messages")]
        return [*sorted(_bare(self.app)), *chosen, *deep]

    def _deep(self, path: str) -> str:
        """The eleventh page of a long list."""
        for _ in range(10):
            older = _LINK.search(self.get(path).text)
            if older is None:
                break
            path = older[1].replace("&amp;", "&")
        return path


def _bare(app: Flask) -> Iterator[str]:
    """The pages that are opened without any choice."""
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.arguments or rule.endpoint == "holdings.book":
            continue
        if rule.endpoint.partition(".")[0] in _PAGES:
            yield rule.rule
