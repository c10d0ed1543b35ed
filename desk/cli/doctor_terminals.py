"""The self-test of accounts at a broker's terminal: library, folder, process, line, money, quotes, a trial order."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal

from filelock import Timeout

from base_func import Phase, phase_at, round_to_tick
from desk.broker import BrokerUnavailable
from desk.calendar import BadCalendar, TradingCalendar
from desk.cli import installation, terminals
from desk.cli.autostart import run_command
from desk.cli.findings import BAD, GOOD, WARN, Finding
from desk.cli.home import TRADER, Home
from desk.cli.line_watch import FLAG
from desk.cli.terminals import PROBE, Terminal
from desk.clock import Clock, fresh_bytes
from desk.core.config import AccountConfig, Config
from desk.core.market import BrokerOrder, Instrument, Outcome, PlaceRequest, Report, ReportKind, Snapshot
from desk.core.values import BrokerStatus, Mode, Side
from desk.journal import JournalError
from desk.journal.view_counts import status_counts
from desk.texts import doctor_terminals as texts
from desk.texts import installation as installation_texts
from desk.texts import terminals as terminal_texts
from desk.texts.labels import label

LIBRARY, FOLDER, PROCESS = "程序库", "终端文件夹", "终端进程"
LINE, MONEY, QUOTES, LIMITS = "券商连接", "资金", "行情", "涨跌停"
ORDER, CANCEL, REMARK = "试下单", "试撤单", "委托备注"
_CONNECT_S = 75.0  # loading the native modules may take a minute
_LOOK_S = 10.0
_ORDER_S = 15.0
_FINAL = (BrokerStatus.CANCELLED, BrokerStatus.FILLED, BrokerStatus.REJECTED)
_TRIAL_SHARES = 100


def examine(place: Home, config: Config, clock: Clock, env: Mapping[str, str], order_test: str) -> Iterator[Finding]:
    """Look at everything between this PC and the brokers; nothing without an account at a terminal."""
    accounts = terminals.accounts_at_terminals(config)
    if not accounts:
        return
    usable = True
    for finding in _library(config, accounts[0]):
        usable = usable and finding.state == GOOD
        yield finding
    for account in accounts:
        yield _seen(FOLDER, installation.look_at_folder(account.qmt_path), account)
    yield _seen(PROCESS, installation.look_for_process(run_command, windows=sys.platform == "win32"))
    if not usable:
        return
    for account in accounts:
        yield from _account(place, config, account, clock, env, order_test)


def _needed(config: Config, account: AccountConfig) -> bool:
    """Whether a strategy wants real orders on it; else it only lends its quotes."""
    return any(
        share.account == account.name for s in config.strategies if s.mode is not Mode.PAPER for share in s.accounts
    )


def _library(config: Config, account: AccountConfig) -> Iterator[Finding]:
    bad = BAD if any(_needed(config, one) for one in terminals.accounts_at_terminals(config)) else WARN
    found = installation.find_library(account.xtquant_path)
    why = installation.missing(account)
    if why or found is None:
        here = found is not None and sys.platform == "win32"
        mend = installation_texts.MEND_VERSION if here else installation_texts.MEND_LIBRARY
        yield Finding(name=LIBRARY, state=bad, text=why, mend=mend)
        return
    why = terminals.missing_library(config)
    if why:
        yield Finding(name=LIBRARY, state=bad, text=why, mend=installation_texts.MEND_LIBRARY)
        return
    text = installation_texts.library_fit(found.version, found.folder, [f"Python {one}" for one in found.pythons])
    yield Finding(name=LIBRARY, state=GOOD, text=text)


def _seen(name: str, seen: installation.Seen, account: AccountConfig | None = None) -> Finding:
    state = {True: GOOD, None: WARN, False: BAD}[seen.good]
    text = texts.in_words(account.name, seen.text) if account is not None else seen.text
    return Finding(name=name, state=state, text=text, mend=seen.mend)


# --- one account ------------------------------------------------------------------------------------------------------


def _account(
    place: Home, config: Config, account: AccountConfig, clock: Clock, env: Mapping[str, str], order_test: str
) -> Iterator[Finding]:
    if place.runs(TRADER):
        yield from _by_the_daemon(place, config, account, clock, order_test)
        return
    with ExitStack() as held:
        try:
            held.enter_context(terminals.account_lock(account, env).acquire(timeout=0))
        except Timeout:
            state = BAD if order_test else WARN
            yield Finding(name=LINE, state=state, text=texts.held_elsewhere(account.name), mend=texts.MEND_BUSY)
            return
        visit = Visit(account=account, config=config, place=place, clock=clock)
        held.callback(visit.broker.close)
        yield from visit.look()
        if order_test:
            yield from visit.order(order_test)


def _by_the_daemon(
    place: Home, config: Config, account: AccountConfig, clock: Clock, order_test: str
) -> Iterator[Finding]:
    """What the running daemon has written: a second line would disturb nothing, but prove less."""
    try:
        with place.look(config, clock) as journal:
            counts = status_counts(journal)
    except JournalError:
        return  # said by the journal's own finding
    trouble = counts["flags"].get(FLAG + account.name, "")
    if trouble:
        passing = trouble in (terminal_texts.CONNECTING, terminal_texts.MATCHING)
        text = texts.line_down(account.name, trouble)
        yield Finding(name=LINE, state=WARN if passing else BAD, text=text, mend=texts.MEND_CONNECT)
    else:
        yield Finding(name=LINE, state=GOOD, text=texts.connected_in_daemon(account.name))
    if order_test:
        yield Finding(name=ORDER, state=BAD, text=texts.connected_in_daemon(account.name), mend=texts.MEND_BUSY)


@dataclass(kw_only=True, slots=True)
class Visit:
    """A connection of the self-test's own to one account."""

    account: AccountConfig
    config: Config
    place: Home
    clock: Clock
    broker: Terminal = field(init=False)
    _reports: list[Report] = field(default_factory=list)

    def __post_init__(self) -> None:
        folder = terminals.library_folder(self.config)
        self.broker = terminals.broker_of(self.account, folder, self.clock, lambda title, text: None)

    def look(self) -> Iterator[Finding]:
        name, begun = self.account.name, self.clock.monotonic()
        self._wait(self._up_or_in_trouble, _CONNECT_S)
        if not self.broker.connected:
            text = texts.not_connected(name, self.broker.trouble)
            yield Finding(name=LINE, state=BAD, text=text, mend=texts.MEND_CONNECT)
            return
        seconds = self.clock.monotonic() - begun
        yield Finding(name=LINE, state=GOOD, text=texts.connected(name, seconds))
        yield self._money()
        yield from self._quotes()

    def _up_or_in_trouble(self) -> bool:
        try:
            self.broker.open(self._reports.append)
        except BrokerUnavailable:
            return True
        return self.broker.connected

    def _money(self) -> Finding:
        pictures: list[Snapshot] = []

        def come() -> bool:
            picture = self.broker.snapshot()
            pictures.extend([picture] if picture is not None else [])
            return bool(pictures)

        if not self._wait(come, _LOOK_S):
            return Finding(name=MONEY, state=BAD, text=texts.no_asset(self.account.name), mend=texts.MEND_ASSET)
        asset, held = pictures[0].asset, sum(position.shares > 0 for position in pictures[0].positions)
        return Finding(name=MONEY, state=GOOD, text=texts.asset(self.account.name, asset.total_asset, asset.cash, held))

    def _quotes(self) -> Iterator[Finding]:
        quotes = terminals.quotes_of(self.broker, PROBE, self.clock, _LOOK_S)
        if not quotes.answers:
            bad = BAD if self._in_session() else WARN  # before the open the terminal may not know today yet
            yield Finding(
                name=QUOTES, state=bad, text=texts.no_quotes(self.account.name, PROBE), mend=texts.MEND_QUOTES
            )
            return
        fresh = quotes.age_s is not None or not self._in_session()
        yield Finding(
            name=QUOTES,
            state=GOOD if fresh else WARN,
            text=texts.quotes(self.account.name, PROBE, quotes.age_s),
            mend="" if fresh else texts.MEND_QUOTES,
        )
        instrument = self._instrument(PROBE)
        if instrument is None:
            yield Finding(name=LIMITS, state=BAD, text=texts.no_limits(PROBE), mend=texts.MEND_QUOTES)
        else:
            text = texts.limits(PROBE, instrument.down_limit, instrument.up_limit)
            yield Finding(name=LIMITS, state=GOOD, text=text)

    # --- the trial order ----------------------------------------------------------------------------------------------

    def order(self, symbol: str) -> Iterator[Finding]:
        """Send a buy at the day's lowest legal price, see its remark come back, cancel it."""
        if not self._in_session():
            yield Finding(name=ORDER, state=WARN, text=texts.order_not_now(), mend=texts.MEND_SESSION)
            return
        price = self._far_price(symbol) if self.broker.connected else None
        if price is None:
            yield Finding(name=ORDER, state=BAD, text=texts.order_not_possible(), mend=texts.MEND_CONNECT)
            return
        remark = f"doctor-{fresh_bytes(4).hex()}"  # not of the form that the daemon takes for its own
        begun = self.clock.monotonic()
        answer = self.broker.place(
            PlaceRequest(
                client_order_id=remark,
                symbol=symbol,
                side=Side.BUY,
                shares=_TRIAL_SHARES,
                price=price,
                strategy="doctor",
            )
        )
        refused = answer is not None and answer.outcome is Outcome.NO_ANSWER  # said at once: it was not sent
        if refused or not self._wait(lambda: self._seen(remark) is not None, _ORDER_S):
            said = answer.text if answer is not None else self._said(remark)
            text = texts.order_unseen(remark, self.clock.monotonic() - begun, said)
            yield Finding(name=ORDER, state=BAD, text=text, mend=texts.MEND_ORDER)
            return
        yield from self._seen_through(remark, begun)

    def _seen_through(self, remark: str, begun: float) -> Iterator[Finding]:
        order = self._seen(remark)
        assert order is not None
        if order.status is BrokerStatus.REJECTED:
            yield Finding(name=ORDER, state=BAD, text=texts.order_refused(order.text), mend=texts.MEND_ORDER)
            return
        text = texts.order_seen(remark, order.broker_order_id, self.clock.monotonic() - begun)
        yield Finding(name=ORDER, state=GOOD, text=text)
        begun = self.clock.monotonic()
        self.broker.cancel(remark, order.broker_order_id)
        self._wait(self._ended(remark), _ORDER_S)
        order = self._seen(remark) or order
        if order.filled:
            yield Finding(name=CANCEL, state=BAD, text=texts.order_filled(order.filled), mend=texts.MEND_ORDER)
        elif order.status is BrokerStatus.CANCELLED:
            text = texts.order_cancelled(self.clock.monotonic() - begun)
            yield Finding(name=CANCEL, state=GOOD, text=text)
        else:
            text = texts.order_not_cancelled(label(order.status))
            yield Finding(name=CANCEL, state=BAD, text=text, mend=texts.MEND_ORDER)
        yield self._remark(remark, order.broker_order_id)

    def _remark(self, remark: str, number: str) -> Finding:
        """Ask in another connection, which has never heard of the remark, by which one the order goes."""
        other = Visit(account=self.account, config=self.config, place=self.place, clock=self.clock)
        try:
            self._wait(other._up_or_in_trouble, _CONNECT_S)
            found: list[BrokerOrder] = []

            def come() -> bool:
                picture = other.broker.snapshot()
                orders = picture.orders if picture is not None else ()
                found.extend(order for order in orders if order.broker_order_id == number)
                return bool(found)

            self._wait(come, _LOOK_S)
        finally:
            other.broker.close()
        if not found:
            return Finding(name=REMARK, state=BAD, text=texts.remark_unknown(number), mend=texts.MEND_ORDER)
        if found[0].client_order_id != remark:
            text = texts.remark_changed(remark, found[0].client_order_id)
            return Finding(name=REMARK, state=BAD, text=text, mend=texts.MEND_REMARK)
        return Finding(name=REMARK, state=GOOD, text=texts.remark_back(remark))

    def _far_price(self, symbol: str) -> Decimal | None:
        """The day's lower limit; where there is none, a tenth below the reference price."""
        instrument = self._instrument(symbol)
        if instrument is None or instrument.suspended:
            return None
        if instrument.down_limit is not None:
            return instrument.down_limit
        return round_to_tick(instrument.prev_close * Decimal("0.9"), instrument.tick)

    def _seen(self, remark: str) -> BrokerOrder | None:
        """The newest word on the order, by a report or by a picture."""
        picture = self.broker.snapshot()
        if picture is not None:
            for order in picture.orders:
                at, generation = picture.taken_at, picture.generation
                self._reports.append(Report(kind=ReportKind.ORDER, generation=generation, at=at, order=order))
        found = [r.order for r in self._reports if r.order is not None and r.order.client_order_id == remark]
        final = [order for order in found if order.status in _FINAL]
        return final[-1] if final else found[-1] if found else None

    def _ended(self, remark: str) -> Callable[[], bool]:
        def ended() -> bool:
            order = self._seen(remark)
            return order is not None and order.status in _FINAL

        return ended

    def _said(self, remark: str) -> str:
        answers = [r.placed for r in self._reports if r.placed is not None and r.client_order_id == remark]
        return answers[-1].text if answers else ""

    # --- waiting ------------------------------------------------------------------------------------------------------

    def _instrument(self, symbol: str) -> Instrument | None:
        self._wait(lambda: self.broker.instrument(symbol) is not None, _LOOK_S)
        return self.broker.instrument(symbol)

    def _trading_day(self) -> bool:
        try:
            calendar = TradingCalendar.load(self.place.path, self.config.holidays_file)
        except BadCalendar:
            return True  # said by the calendar's own finding
        return calendar.is_trading_day(self.clock.now().date())

    def _in_session(self) -> bool:
        return self._trading_day() and phase_at(self.clock.now().time()) is Phase.CONTINUOUS

    def _wait(self, true: Callable[[], bool], seconds: float) -> bool:
        until, never = self.clock.monotonic() + seconds, threading.Event()
        while not true():
            if self.clock.monotonic() >= until:
                return False
            self.clock.wait(never, 0.1)
        return True
