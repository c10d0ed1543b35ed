"""Opens the console: its users, what its pages are made from, its port; and gives out set-up links."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from desk.access import FILE_NAME, AccessBook, AccessUnusable, Guard, Hasher
from desk.cli import VERSION, asking, console_changes, facts
from desk.cli.exits import JOURNAL, Leave
from desk.cli.home import TRADER, Home
from desk.cli.market_line import Market
from desk.clock import Clock, SystemClock
from desk.console import app, door
from desk.console.programs import programs
from desk.console.sources import Sources
from desk.core.config import Config
from desk.journal import Journal
from desk.positions import routes
from desk.positions.service import PositionService
from desk.serving import HttpServer
from desk.texts import access as texts

_ANSWER_WITHIN_S = 3.0  # a worker of the console waits so long for the trader
_STATUS_HOLDS_S = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    server: HttpServer
    notices: list[str]


def open_console(
    home: Home,
    journal: Journal,
    config: Callable[[], Config],
    positions: PositionService,
    *,
    clock: Clock,
    on_close: Callable[..., object],
    market: Market,
    asked: Callable[[], None],
) -> Opened:
    """Open the users' file and bind the port. Raises AccessUnusable, CannotListen.

    `on_close`: takes what has to be called at the end. `asked`: called after every wish that the trader was told, which
    may have changed the configuration.
    """
    book = AccessBook(home.data / FILE_NAME)
    try:
        guard = Guard(book, clock=clock)
        status = _Held(lambda: facts.status(journal, config(), home), clock)

        def ask(verb: str, args: Mapping[str, str], who: str) -> asking.Answer:
            answer = asking.wait_for(journal, journal.ask(verb, dict(args), who), _ANSWER_WITHIN_S)
            status.forget()
            asked()
            return answer

        def change(verb: str, args: Mapping[str, str], who: str) -> asking.Answer:
            answer = console_changes.change(home, journal, verb, args, who)
            asked()
            return answer

        sources = Sources(
            journal=journal,
            config=config,
            clock=clock,
            guard=guard,
            status=status,
            ask=ask,
            change=change,
            quote=market.quote,
            instrument=market.instrument,
        )
        place = home.journal_place(config())
        beside = programs(
            sources,
            version=VERSION,
            trading=lambda: home.runs(TRADER),
            journal_file=place if isinstance(place, Path) else None,
        )
        made = app.make_app(routes.local(positions, knows=door.is_known), *beside, sources=sources)
        server = app.open_console(made, config().console_host, config().console_port, clock=clock)
    except BaseException:
        book.close()
        raise
    on_close(book.close)
    notices = [] if guard.has_users() else [texts.set_up(*_link(guard, config()))]
    return Opened(server=server, notices=notices)


def setup_link(home: Path) -> tuple[str, int]:
    """(address, minutes) of a new set-up link; the one before is void. Raises Leave, ConfigProblems."""
    place = Home(home)
    config = place.config()
    with place.opening():
        try:
            book = AccessBook(place.data / FILE_NAME)
        except AccessUnusable as error:
            raise Leave(JOURNAL, str(error)) from error
    try:
        return _link(Guard(book, clock=SystemClock(), hasher=Hasher(rounds=1, memory_kib=8)), config)
    finally:
        book.close()


def _link(guard: Guard, config: Config) -> tuple[str, int]:
    minutes = int(guard.limits.link.total_seconds() // 60)
    return f"{address_of(config)}/setup/{guard.new_link()}", minutes


def address_of(config: Config) -> str:
    """Where a browser on this PC finds the console."""
    return f"http://{_reached(config.console_host)}:{config.console_port}"


def _reached(host: str) -> str:
    """How a browser on this PC reaches what listens there."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1"
    return f"[{host}]" if address.version == 6 else host


class _Held:
    """A view that is read at most once a second, however many pages show it."""

    def __init__(self, read: Callable[[], dict[str, Any]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[float, dict[str, Any]] | None = None

    def __call__(self) -> dict[str, Any]:
        with self._lock:
            now = self._clock.monotonic()
            if self._held is None or now - self._held[0] >= _STATUS_HOLDS_S:
                self._held = (now, self._read())
            return self._held[1]

    def forget(self) -> None:
        """Something has just changed."""
        with self._lock:
            self._held = None
