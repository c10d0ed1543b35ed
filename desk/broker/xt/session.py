"""Keeps one account connected: a new object and a new session id every time, watched by questions and statuses.

The library's word for being connected is never believed. A line is up when the terminal has subscribed the account,
has not said that it is logged out, and has answered the asset query; it is lost when on_disconnected says so, when the
account's status says so, or when the asset query stays unanswered or empty.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from desk.broker import BrokerUnavailable
from desk.broker.xt.bounded import Bounded, Hung
from desk.broker.xt.callbacks import Callbacks, Take
from desk.broker.xt.library import Library, LibraryMissing
from desk.broker.xt.line import Line, NoAnswer, Timing
from desk.broker.xt.rows import AssetRow, StatusRow, asset_row, rows, status_row
from desk.broker.xt.tables import Login, login_of
from desk.clock import Clock
from desk.core.market import ReportKind
from desk.texts import xt as texts

log = logging.getLogger(__name__)

_TELL_AFTER = 3  # failed attempts in a row before a person is told


class Session:
    """Its thread connects, watches, reconnects; `lose`, `hurry` and `heard_status` may come from any thread."""

    def __init__(
        self,
        *,
        name: str,
        prefix: str,
        path: str,
        account_id: str,
        account_type: str,
        load: Callable[[], Library],
        fresh_session: Callable[[], int],
        clock: Clock,
        timing: Timing,
        take: Take,
        tell: Callable[[ReportKind, int], None],
        alarm: Callable[[str, str], None],
    ) -> None:
        self._name = name
        self._path = path
        self._account_id = account_id
        self._account_type = account_type
        self._load = load
        self._fresh_session = fresh_session
        self._clock = clock
        self._timing = timing
        self._take = take
        self._tell = tell
        self._alarm = alarm
        self._bounded = Bounded(prefix, clock)
        self._closing = threading.Event()
        self._hurried = threading.Event()  # ends the pause between two attempts
        self._line: Line | None = None
        self.generation = 0
        self.retry_at: datetime | None = None  # when the pause ends that is being made before the next attempt
        self.trouble = ""  # why the last attempt failed or the line was lost; '' while it is up

    # --- asked by the channel ----------------------------------------------------------------------------------------

    @property
    def line(self) -> Line | None:
        """The connection, if it is up."""
        line = self._line
        return line if line is not None and line.up else None

    @property
    def abandoned(self) -> int:
        """Vendor calls that never returned; each holds a thread of ours."""
        return self._bounded.abandoned

    def lose(self, generation: int, why: str, *, alarming: bool = True) -> None:
        line = self._line
        if line is not None and line.generation == generation:
            line.lose(why, alarming=alarming)

    def heard_status(self, generation: int, row: StatusRow) -> None:
        """Believe a pushed status that is not fine; one that is fine needs no belief, the asset query tells."""
        login, name = login_of(row.status)
        if row.account_id == self._account_id and login is not Login.IN:
            self.lose(generation, texts.logged_out(name))

    def hurry(self) -> None:
        """End the pause before the next attempt; one that is under way is not followed by another for it."""
        self._hurried.set()

    def close(self) -> None:
        """Let the thread end; it stops the vendor's object on its way out."""
        self._closing.set()
        self._hurried.set()
        line = self._line
        if line is not None:
            line.lose(texts.CLOSED, alarming=False)

    # --- the thread ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        backoff_s, failed, told = self._timing.first_backoff_s, 0, False
        while not self._closing.is_set():
            try:
                line = self._connect()
            except BrokerUnavailable as error:
                self._hurried.clear()
                failed += 1
                self.trouble = str(error)
                log.warning("Account %s: connection %d failed: %s", self._name, self.generation, error)
                if not told and (failed >= _TELL_AFTER or isinstance(error, LibraryMissing)):
                    told = True
                    self._alarm(texts.UNREACHABLE, texts.unreachable(self._name, str(error)))
                if not self._closing.is_set():  # its bell may have been silenced above
                    self.retry_at = self._clock.now() + timedelta(seconds=backoff_s)
                    self._clock.wait(self._hurried, backoff_s)
                    self.retry_at = None
                backoff_s = min(self._timing.longest_backoff_s, backoff_s * 2)
                continue
            backoff_s, failed, told = self._timing.first_backoff_s, 0, False
            self._watch(line)
            self._go_down(line)

    def _connect(self) -> Line:
        """Build, start, connect, subscribe, and see the account's money. Raises BrokerUnavailable."""
        self.generation += 1
        session_id = self._fresh_session()
        trader = self._bound("build", lambda: self._build(self.generation, session_id), self._timing.build_s, _dispose)
        line = Line(generation=self.generation, session_id=session_id, trader=trader, account=None)
        self._line = line  # a status or a loss may be reported from now on
        try:
            if self._bound("connect", trader.connect, self._timing.connect_s) != 0:
                raise BrokerUnavailable(texts.NO_CONNECTION)
            line.account = self._account()
            if self._bound("subscribe", lambda: trader.subscribe(line.account), self._timing.subscribe_s) != 0:
                raise BrokerUnavailable(texts.NOT_SUBSCRIBED)
            self._see_login(line)
            if self._asset(line) is None:
                raise BrokerUnavailable(texts.NO_ASSET)
            if self._closing.is_set() or not line.rise():
                raise BrokerUnavailable(line.why or texts.CLOSED)
        except BrokerUnavailable:
            line.lose(texts.NO_CONNECTION, alarming=False)
            self._stop(line)
            raise
        self.trouble = ""
        log.info("Account %s is connected: generation %d, session %d", self._name, line.generation, session_id)
        self._tell(ReportKind.CONNECTED, line.generation)
        return line

    def _build(self, generation: int, session_id: int) -> Any:
        """In a thread of ours: on the main thread the constructor would take its event loop."""
        trader = self._load().new_trader(self._path, session_id)
        trader.oldloop = None  # its __del__ reads it when the main thread collects it
        trader.register_callback(Callbacks(generation, self._take))
        trader.start()
        return trader

    def _account(self) -> Any:
        try:
            account = self._load().new_account(self._account_id, self._account_type)
        except Exception as error:
            raise BrokerUnavailable(str(error)) from error
        if isinstance(account, str):
            raise BrokerUnavailable(account)  # the vendor's way of saying that it was no str
        return account

    def _see_login(self, line: Line) -> None:
        """Ask the account's status. Raises BrokerUnavailable if it is told and not fine; old builds do not tell."""

        def ask() -> tuple[StatusRow, ...] | None:
            return line.ask(
                self._clock,
                lambda hear: line.trader.query_account_status_async(hear),
                lambda answer: rows(answer, status_row),
                self._timing.query_s,
            )

        try:
            said = self._bound("status", ask, self._timing.query_s + 1)
        except NoAnswer:
            return
        for row in said or ():
            login, name = login_of(row.status)
            if row.account_id == self._account_id and login is not Login.IN:
                raise BrokerUnavailable(texts.logged_out(name))

    def _asset(self, line: Line) -> AssetRow | None:
        """The account's money, None if it is not told in time; the call itself may hang, too."""

        def ask() -> AssetRow | None:
            return line.ask(
                self._clock,
                lambda hear: line.trader.query_stock_asset_async(line.account, hear),
                lambda said: None if said is None else asset_row(said),
                self._timing.query_s,
            )

        try:
            return self._bounded.run("ping", ask, self._timing.query_s + 1)
        except (NoAnswer, Hung):
            return None
        except Exception as error:  # noqa: BLE001 - a vendor's call may raise anything; it is no answer
            log.warning("Account %s: the asset query raised %r", self._name, error)
            return None

    def _watch(self, line: Line) -> None:
        """Return when the line is lost."""
        missed = 0
        while not self._clock.wait(line.lost, self._timing.ping_every_s):
            missed = 0 if self._asset(line) is not None else missed + 1
            if missed >= self._timing.pings_missed:
                line.lose(texts.HUNG)

    def _go_down(self, line: Line) -> None:
        self.trouble = line.why
        if not self._closing.is_set():
            self._tell(ReportKind.DISCONNECTED, line.generation)
        log.warning("Account %s lost generation %d: %s", self._name, line.generation, line.why)
        if line.told_of:
            self._alarm(texts.LINE_LOST, texts.line_lost(self._name, line.why))
        self._stop(line)

    def _stop(self, line: Line) -> None:
        try:
            self._bounded.run("stop", line.trader.stop, self._timing.stop_s)
        except Hung:
            log.error("Account %s: stop() hangs; %d calls left behind so far", self._name, self.abandoned)
        except Exception as error:  # noqa: BLE001 - a broken object cannot be stopped better
            log.warning("Account %s: stop() raised %r", self._name, error)
        _close_loop(line.trader)

    def _bound(
        self, what: str, call: Callable[[], Any], within_s: float, late: Callable[[Any], None] | None = None
    ) -> Any:
        """A vendor's call with a deadline; whatever goes wrong is BrokerUnavailable."""
        try:
            return self._bounded.run(what, call, within_s, late)
        except Hung as error:
            raise BrokerUnavailable(texts.hangs(what, within_s)) from error
        except (BrokerUnavailable, NoAnswer):
            raise
        except Exception as error:
            raise BrokerUnavailable(f"{what}: {error!r}") from error


def _dispose(trader: Any) -> None:
    """Stop an object that came too late to be used."""
    trader.stop()
    _close_loop(trader)


def _close_loop(trader: Any) -> None:
    """Give back the three file descriptors of the event loop that the library makes and never uses."""
    with contextlib.suppress(Exception):
        trader.loop.close()
