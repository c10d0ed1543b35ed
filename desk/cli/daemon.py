"""The daemon: one per home. Opens what it needs, runs its threads, stops them in order.

Threads: receiver and console (each with its workers), trader, messenger, exchange timer, watch (rows that other
processes have written), daily jobs, tunnel, lines (to terminals, beside the channels' own threads). The journal is the
only contact between receiver and trader.
"""

from __future__ import annotations

import gc
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Container, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from pathlib import Path
from zlib import crc32

from desk import logs
from desk.access import AccessUnusable
from desk.broker import BrokerUnavailable
from desk.cli import console, day_picture, parts, processor, terminals
from desk.cli.config_watch import FilesChanged, TraderChanged
from desk.cli.daily import DailyJobs
from desk.cli.exits import CONFIG, JOURNAL, UNEXPECTED, Leave
from desk.cli.home import CONSOLE, RECEIVER, TRADER, Home
from desk.cli.line_watch import LineWatch
from desk.cli.market_line import MarketLine, OwnMarket, Remembered
from desk.cli.tunnel import TunnelWatch
from desk.clock import Clock, fresh_bytes
from desk.core.batch import Batch
from desk.core.config import Config
from desk.core.values import Message, Mode
from desk.journal import Journal, JournalError, Lease, PositionBook
from desk.positions import routes
from desk.positions.service import PositionService
from desk.senders import Keyring
from desk.serving import CannotListen, HttpServer, PortOccupied
from desk.settings.loader import read
from desk.settings.problems import ConfigProblems
from desk.settings.redaction import secret_values
from desk.texts import cli as texts
from Receiver import Receiver, make_app, open_door
from send_trader_info import Messenger
from Trader import Trader

log = logging.getLogger(__name__)

_TICK_S = 0.25
_WATCH_S = 0.2
_JOIN_S = 15.0


class SharedJournal(Journal):
    """The journal as a daemon uses it: other processes append to it as well, and their rows ring no bell here."""

    def ring(self) -> None:
        self._ring({"events", "commands"})


class Daemon:
    """Built, opened, started, waited for, closed: each once, from one thread."""

    def __init__(
        self,
        home: Home,
        *,
        clock: Clock,
        roles: frozenset[str],
        env: Mapping[str, str] | None = None,
        console_level: int | None = logging.WARNING,
        trader: MarketLine | None = None,
    ) -> None:
        """`console_level` None: nothing is logged to the console. `trader`: the line to the process that trades."""
        self.home = home
        self.clock = clock
        self.roles = roles
        self.env = os.environ if env is None else env
        self.console_level = console_level
        self._line = trader
        self.notices: list[str] = []
        self._changed: Callable[[], bool]
        self.failed: list[str] = []  # threads that ended by themselves
        self.over = threading.Event()  # somebody wants the daemon to end
        self._bell = threading.Event()
        self._messages = threading.Event()
        self._door_stop, self._stop = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._door_thread: threading.Thread | None = None
        self._console_runs = False
        self._open = ExitStack()

    # --- opening ----------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Take the home, read the configuration, open the journal and the port. Raises what must end the program."""
        try:
            self._open_all()
        except BaseException:
            self._open.close()
            raise

    def _open_all(self) -> None:
        files = FilesChanged(self.home.path)
        loaded = read(self.home.path, self.env)
        self.config, self._changed = loaded.config, files
        if self._line is None:
            self.notices = list(loaded.notices)
        else:  # the process that trades has said them
            self._changed = TraderChanged(self._line, lambda: self.config.version)
        self._open.enter_context(self.home.hold(sorted(self.roles & {RECEIVER, TRADER, CONSOLE})))
        self._logs = logs.setup(
            self.home.path,
            secret_values(self.config),
            to_console=self.console_level is not None,
            part="" if TRADER in self.roles else "-".join(sorted(self.roles)),
        )
        self._open.callback(self._logs.close)
        for handler in self._logs.handlers:
            if type(handler) is logging.StreamHandler and self.console_level is not None:
                handler.setLevel(self.console_level)
        place = self.home.journal_place(self.config)
        with self.home.opening():
            self.journal = SharedJournal.open(place, clock=self.clock)
        self._open.callback(self.journal.close)
        draw = partial(day_picture.following, self.home.path)
        self.messenger = Messenger(self.journal, lambda: self.config.messenger, self.clock, draw=draw)
        self.journal.on_messages(self._messages.set)
        self.trading = parts.Trading()
        self.door: HttpServer | None = None
        self.console: HttpServer | None = None
        positions = PositionService(book=PositionBook(self.journal), config=lambda: self.config, clock=self.clock)
        if RECEIVER in self.roles:
            self.door = self._open_door(positions)
            self._open.callback(self._close_door)
        if CONSOLE in self.roles:
            self.console = self._open_console(positions)
            self._open.callback(self._close_console)
        if TRADER in self.roles:
            self.trading = parts.build(
                self.config,
                self.home.path,
                clock=self.clock,
                bell=self._bell,
                env=self.env,
                alarm=self._channel_alarm,
            )
            self._open.callback(self.trading.close)
            self.notices += self.trading.notices
            self.trader = Trader(
                journal=self.journal,
                desks=self.trading.desks,
                config=self.config,
                clock=self.clock,
                bell=self._bell,
                reload=self.reload,
                shout=self.shout,
            )
            self.lines = LineWatch(
                journal=self.journal,
                desks=self.trading.desks,
                terminals=self.trading.terminals,
                clock=self.clock,
                unreachable=self.trading.unreachable,
            )
            self._take_lease()

    def _open_door(self, positions: PositionService) -> HttpServer:
        config = self.config
        receiver = Receiver(
            journal=self.journal, keyring=Keyring(lambda: self.config), clock=self.clock, alarm=self._alarm
        )
        try:
            app = make_app(receiver, routes.tunnelled(positions))
            return open_door(app, config.listen_host, config.listen_port, clock=self.clock)
        except PortOccupied as error:
            raise Leave(CONFIG, texts.port_occupied(error.host, error.port)) from error
        except CannotListen as error:
            raise Leave(CONFIG, texts.cannot_listen(error.host, error.port, error.why)) from error

    def _open_console(self, positions: PositionService) -> HttpServer | None:
        """Open the console's port; where more is run than the console, that goes on without it."""
        try:
            opened = console.open_console(
                self.home,
                self.journal,
                lambda: self.config,
                positions,
                clock=self.clock,
                on_close=self._open.callback,
                market=Remembered(self._line, self.clock) if self._line else OwnMarket(lambda: self.trading.desks),
                asked=self.catch_up,
            )
        except CannotListen as error:
            self._without_console(error, CONFIG, texts.console_closed(error.host, error.port, error.why))
            return None
        except AccessUnusable as error:
            self._without_console(error, JOURNAL, str(error))
            return None
        except Exception as error:
            log.exception("The console cannot be opened")
            self._without_console(error, UNEXPECTED, texts.console_broken(type(error).__name__))
            return None
        self.notices += opened.notices
        return opened.server

    def _without_console(self, error: Exception, code: int, said: str) -> None:
        if self.roles == {CONSOLE}:
            raise Leave(code, said) from error
        log.error("The console is not served: %s", error)
        self.notices.append(said)

    def _close_console(self) -> None:
        if self.console is not None and not self._console_runs:
            self.console.close()

    def _close_door(self) -> None:
        if self.door is not None and self._door_thread is None:
            self.door.close()

    def _take_lease(self) -> None:
        instance = fresh_bytes(8).hex()
        lease = Lease(instance=instance, pid=os.getpid(), host=socket.gethostname(), started_at=self.clock.now())
        self.journal.take_lease(lease)
        self._open.callback(self._drop_lease, instance)

    def _drop_lease(self, instance: str) -> None:
        try:
            self.journal.drop_lease(instance)
        except JournalError:
            log.exception("The lease could not be dropped; the next start takes it over")

    @property
    def address(self) -> str:
        """Where the receiver listens, '' without one."""
        return f"{self.door.host}:{self.door.port}" if self.door is not None else ""

    # --- the configuration while running ----------------------------------------------------------------------------

    def reload(self) -> Config:
        """Read the configuration again and use it from now on; ValueError says why it cannot be."""
        try:
            loaded = read(self.home.path, self.env)
            if TRADER in self.roles:
                terminals.refuse_unreachable(loaded.config)
        except (ConfigProblems, Leave) as error:
            raise ValueError(str(error)) from error
        if TRADER in self.roles and (
            _fixed(loaded.config) != _fixed(self.config) or not _has_desks(loaded.config, self.trading.desks)
        ):
            raise ValueError(texts.ACCOUNTS_NEED_RESTART)
        self._logs.know(secret_values(loaded.config))
        self.config = loaded.config
        log.info("The configuration was read again: version %s", self.config.version)
        return self.config

    def catch_up(self) -> None:
        """Take a changed configuration over; the trader does so when a command says it, and nobody before it."""
        if TRADER in self.roles or not self._changed():
            return
        try:
            self.reload()
        except ValueError as error:
            log.warning("The changed configuration is not used: %s", error)

    # --- telling ----------------------------------------------------------------------------------------------------

    def _alarm(self, title: str, text: str, key: str) -> None:
        message = Message(at=self.clock.now(), kind="alarm", title=title, text=text, urgent=True, key=key)
        try:
            self.journal.commit(Batch(messages=[message]))
        except JournalError:
            self.messenger.shout(message)

    def _channel_alarm(self, title: str, text: str) -> None:
        """Tell what a channel's own threads have seen; the same words once a minute."""
        now = self.clock.now()
        self._alarm(title, text, f"channel:{title}:{crc32(text.encode()):08x}:{now:%Y-%m-%dT%H:%M}")

    def shout(self, title: str, text: str) -> None:
        """Tell past the journal; once an hour for each title."""
        now = self.clock.now()
        key = f"shout:{title}:{now:%Y-%m-%dT%H}"
        self.messenger.shout(Message(at=now, kind="alarm", title=title, text=text, urgent=True, key=key))

    # --- threads ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the threads; from now on signals are taken and orders sent."""
        # The trading loop must not wait 5 ms for each busy worker of the receiver.
        sys.setswitchinterval(0.001)
        # What is loaded by now stays: the collector stopped everything for 0.15 s whenever it looked through it again.
        gc.freeze()
        if TRADER in self.roles:
            self._thread("trader", lambda: self.trader.run(self._stop))
            self._thread("messenger", lambda: self.messenger.run(self._stop, self._messages))
            self._thread("exchanges", self._drive_exchanges)
            tunnel = TunnelWatch(
                journal=self.journal, home=self.home.path, config=lambda: self.config, clock=self.clock
            )
            self._thread("tunnel", lambda: tunnel.run(self._stop))
            self._thread("lines", lambda: self.lines.run(self._stop))
            jobs = DailyJobs(
                journal=self.journal,
                home=self.home,
                config=lambda: self.config,
                clock=self.clock,
                lines=self.lines.states,
            )
            self._thread("daily", lambda: jobs.run(self._stop))
        self._thread("watch", self._watch)
        console = self.console
        if console is not None:
            self._console_runs = True
            self._thread("console", lambda: self._serve(console))
        door = self.door
        if door is not None:
            self._door_thread = self._thread("receiver", lambda: door.run(self._door_stop))
            self._threads.remove(self._door_thread)
        for why in processor.refused:
            log.info("The system gives us no turns of our own at the processor: %s", why)
        log.info("Started: roles %s, receiver at %s", ", ".join(sorted(self.roles)), self.address or "-")

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        def survive() -> None:
            try:
                work()
            except Exception:
                log.exception("The thread %s failed", name)
            if not (self._stop.is_set() or self._door_stop.is_set()):
                self.failed.append(name)
                self.over.set()

        thread = threading.Thread(target=survive, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _serve(self, console: HttpServer) -> None:
        """Serve the console; whatever breaks there, trading goes on without it."""
        try:
            console.run(self._stop)
        except Exception:
            if self.roles == {CONSOLE}:
                raise
            log.exception("The console has ended")
            self._stop.wait()

    def _drive_exchanges(self) -> None:
        """Move the time of the exchanges that live in this process."""
        alive = dict(self.trading.exchanges)
        while not self.clock.wait(self._stop, _TICK_S):
            for name, exchange in list(alive.items()):
                try:
                    exchange.advance(self.clock.now())
                except BrokerUnavailable as error:
                    del alive[name]
                    log.error("The exchange of %s stands still: %s", name, error)
                    self.shout(texts.EXCHANGE_STOPPED, f"{name}：{error}")

    def _watch(self) -> None:
        """Notice what other processes append: commands of the CLI, events of a receiver of its own."""
        while not self.clock.wait(self._stop, _WATCH_S):
            if TRADER not in self.roles:
                self.catch_up()
                continue
            try:
                if self.journal.pending_commands() or self.journal.undecided_events(1):
                    self.journal.ring()
            except JournalError as error:
                log.warning("The journal could not be watched: %s", error)

    # --- the end ----------------------------------------------------------------------------------------------------

    def wait(self) -> None:
        """Wait until somebody sets `over`, a signal handler or a thread that has failed."""
        while not self.over.wait(0.5):
            pass  # in steps: on Windows a wait without end cannot be interrupted

    def close(self) -> None:
        """Stop accepting, then trading, then telling; close everything. Raises Leave if a thread had failed."""
        self._door_stop.set()
        if self._door_thread is not None:
            self._door_thread.join(_JOIN_S)
        self._stop.set()
        self._bell.set()
        self._messages.set()
        for thread in self._threads:
            thread.join(_JOIN_S)
        log.info("Stopped")
        self._open.close()
        if self.failed:
            raise Leave(UNEXPECTED, texts.threads_failed(self.failed, self.home.path / logs.FOLDER))


def run(
    home: Home,
    *,
    clock: Clock,
    roles: frozenset[str],
    say: Callable[[str], None],
    until_asked: Callable[[threading.Event], None],
    beside: Callable[[Daemon], AbstractContextManager[object]] = nullcontext,
) -> None:
    """Run a daemon until somebody sets the event that `until_asked` is given before anything is opened.

    `beside`: what is entered once the daemon runs, and left before it ends.
    """
    daemon = Daemon(home, clock=clock, roles=roles)
    until_asked(daemon.over)
    daemon.open()
    try:
        for notice in daemon.notices:
            say(texts.notice(notice))
        with ExitStack() as others:
            if not daemon.over.is_set():
                daemon.start()
                others.enter_context(beside(daemon))
                say(texts.started(daemon.address, sorted(daemon.trading.desks), _folder(home)))
            daemon.wait()
            say(texts.STOPPING)
    finally:
        daemon.close()
    say(texts.STOPPED)


def _fixed(config: Config) -> list[tuple[str, ...]]:
    """What of the accounts holds from start to end."""
    return [(a.name, a.channel, a.qmt_path, a.qmt_account, a.qmt_account_type, a.xtquant_path) for a in config.accounts]


def _has_desks(config: Config, desks: Container[str]) -> bool:
    """Whether every account that a strategy wants real orders on has been built."""
    return all(s.mode is Mode.PAPER or share.account in desks for s in config.strategies for share in s.accounts)


def _folder(home: Home) -> Path:
    return home.path / logs.FOLDER
