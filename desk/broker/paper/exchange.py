"""The embedded exchange: counter, matching and account in one, driven by the times it is handed.

One lock; called from the trading loop and from whoever drives the time. Every turn (a call) first runs the time up to
`now`, then acts, commits once, and only then tells its listeners. Same seed, same calls: same results.
"""

from __future__ import annotations

import heapq
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from base_func import BEIJING, FeeRule, Phase
from desk.broker.paper import rules, views
from desk.broker.paper.account import Account
from desk.broker.paper.faults import Faults
from desk.broker.paper.feed import TICK_MS, Feed, at_milliseconds, milliseconds
from desk.broker.paper.orders import PaperOrder, value_of
from desk.broker.paper.pit import Pit
from desk.broker.paper.scenes import Scene
from desk.broker.paper.sessions import OPEN_AUCTION, RELEASES, Sessions
from desk.broker.paper.store import PaperStore, Rights, StoreFailed
from desk.broker.paper.tape import Tape
from desk.broker.paper.views import Picture
from desk.core.config import AccountConfig
from desk.core.market import (
    BrokerOrder,
    BrokerTrade,
    CancelAnswer,
    Instrument,
    Outcome,
    PlaceAnswer,
    PlaceRequest,
    Quote,
)
from desk.core.values import BrokerStatus, Side
from desk.texts import paper as words

_FINE_GAP = timedelta(seconds=60)
_COARSE_TICKS = 240


class Listener(Protocol):
    def hear(self, at: datetime, news: BrokerOrder | BrokerTrade) -> None:
        """Take a committed change of an order, or a trade. Called under the exchange's lock: must not block."""
        ...

    def line(self, at: datetime, up: bool) -> None:
        """Take the news that the connection has broken, or may be opened again."""
        ...


class PaperExchange:
    """One account at an exchange of its own; `store` None keeps everything in memory."""

    def __init__(
        self,
        *,
        store: Path | None,
        clock_now: datetime,
        config: AccountConfig,
        feed: Feed,
        is_trading_day: Callable[[date], bool],
        faults: Faults | None = None,
        coarse_after: timedelta = _FINE_GAP,
        coarse_ticks: int = _COARSE_TICKS,
    ) -> None:
        """`coarse_after`: a longer jump of time is run in `coarse_ticks` ticks instead of every one."""
        self.faults = faults if faults is not None else Faults()
        self._lock = threading.RLock()
        self._coarse_after, self._coarse_ticks = coarse_after, coarse_ticks
        self._failed = False
        self._listeners: list[weakref.ref[Listener]] = []
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._agenda_count = 0
        self._sessions = Sessions(is_trading_day, config.always_open)
        self._store = PaperStore(store)
        self._pit = self._resume(clock_now.astimezone(BEIJING), config, feed)

    def _resume(self, now: datetime, config: AccountConfig, feed: Feed) -> Pit:
        """Go on where the store stands: lapse what a close has passed over, roll the days that were slept through."""
        loaded, sessions = self._store.load(), self._sessions
        stored = loaded.meta.get("day")
        today = sessions.day_of(now) or (date.fromisoformat(stored) if stored else now.date())
        day = date.fromisoformat(stored) if stored else today
        cash = Decimal(loaded.meta.get("cash", config.initial_cash))
        # A clock that was set back must not reopen a day: time stands still until it has caught up with the store.
        now = max(now, datetime.combine(day, time(0), BEIJING))
        pit = self._pit = Pit(
            sessions=sessions,
            tape=Tape(feed, loaded),
            account=Account(cash, FeeRule(config.commission_rate, config.min_commission), loaded.positions),
            now=now,
            day=day,
            day_number=int(loaded.meta.get("day_number", "0")),
        )
        pit.load(self._store.orders_of(day), self._store.trades_of(day), *self._store.next_numbers())
        pit.changes.meta |= {"day": day.isoformat(), "day_number": str(pit.day_number), "cash": str(cash)}
        if now >= sessions.close_of(day):
            pit.lapse()
        while pit.day < today:
            following = pit.day + timedelta(days=1)
            while following < today and not sessions.trades_on(following):
                following += timedelta(days=1)
            pit.roll(following)
        for order in pit.open.values():
            if order.status is BrokerStatus.CANCEL_PENDING:
                self._cancel_later(order, 0.0)
        if pit.phase is Phase.CONTINUOUS:
            pit.release()
        self._finish()
        return pit

    def close(self) -> None:
        """Let the store go; every later call raises StoreFailed."""
        with self._lock:
            self._failed = True
            self._store.close()

    # --- a turn ---

    @contextmanager
    def _turn(self, now: datetime | None = None) -> Iterator[Pit]:
        with self._lock:
            if self._failed:
                raise StoreFailed(words.STORE_FAILED)
            try:
                if now is not None:
                    self._run_to(now.astimezone(BEIJING))
                yield self._pit
            finally:
                self._finish()

    def _finish(self) -> None:
        changes, news = self._pit.drain()
        if changes:
            try:
                self._store.commit(changes)
            except StoreFailed:
                # Memory now knows more than the store: answering from it could take back what was said.
                self._failed = True
                raise
        if news:
            listeners = self._hearing()
            for at, what in news:
                for listener in listeners:
                    listener.hear(at, what)

    def _hearing(self) -> list[Listener]:
        return [listener for ref in self._listeners if (listener := ref()) is not None]

    def listen(self, listener: Listener) -> None:
        """Tell this listener everything from now on; it is forgotten when nothing else holds it."""
        with self._lock:
            self.unlisten(listener)
            self._listeners.append(weakref.ref(listener))

    def unlisten(self, listener: Listener) -> None:
        with self._lock:
            self._listeners = [ref for ref in self._listeners if ref() is not None and ref() is not listener]

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something when the exchange's time has come so far; forgotten by a restart."""
        with self._lock:
            self._agenda_count += 1
            due = self._pit.now + timedelta(seconds=seconds)
            heapq.heappush(self._agenda, (due, self._agenda_count, action))

    # --- time ---

    @property
    def now(self) -> datetime:
        """The moment up to which the exchange has run."""
        return self._pit.now

    @property
    def failed(self) -> bool:
        return self._failed

    def advance(self, now: datetime) -> None:
        """Run ticks, matching, auctions and day rolls up to `now`; an earlier time than the last one does nothing."""
        with self._turn(now):
            pass

    def _run_to(self, now: datetime) -> None:
        pit = self._pit
        while pit.now < now:
            edge = self._sessions.next_edge(pit.now)
            self._run_ticks(min(edge, now), edge)
            pit.now = min(edge, now)
            if pit.now == edge:
                self._cross(edge)
                self._finish()

    def _run_ticks(self, until: datetime, edge: datetime) -> None:
        pit = self._pit
        matching = pit.phase is Phase.CONTINUOUS
        gap = until - pit.now
        ticks = int(gap / timedelta(milliseconds=TICK_MS))
        step = TICK_MS if gap <= self._coarse_after else TICK_MS * (1 + ticks // self._coarse_ticks)
        ticked = pit.now
        while pit.open or self._agenda:
            due = self._agenda[0][0] if self._agenda else None
            tick = next_tick(ticked, step) if matching and pit.open else None
            moment = min((m for m in (due, tick) if m is not None), default=None)
            if moment is None or moment > until or moment >= edge:
                return
            pit.now = max(pit.now, moment)
            if due is not None and due <= moment:
                heapq.heappop(self._agenda)[2]()
            else:
                ticked = moment
                pit.tick()
            self._finish()  # each moment by itself, so that reports and late answers keep their order

    def _cross(self, edge: datetime) -> None:
        pit = self._pit
        if not self._sessions.trades_on(edge.date()):
            return
        if edge.date() != pit.day:
            pit.lapse()
            pit.roll(edge.date())
        elif edge.time() == OPEN_AUCTION:
            pit.auction(opening=True)
        elif edge.time() in RELEASES:
            pit.release()
        elif edge == self._sessions.close_of(pit.day):
            pit.auction(opening=False)
            pit.lapse()

    # --- the counter ---

    def place(self, request: PlaceRequest, now: datetime | None = None) -> PlaceAnswer:
        """Accept or refuse an order; it is committed before this returns."""
        with self._turn(now) as pit:
            if rules.bad_remark(request.client_order_id):
                return PlaceAnswer(outcome=Outcome.REFUSED, text=words.REMARK_BAD)
            if self._store.remark_used(request.client_order_id):
                return PlaceAnswer(outcome=Outcome.REFUSED, text=words.REMARK_USED)
            return pit.enter(request)

    def cancel(self, client_order_id: str, broker_order_id: str, now: datetime | None = None) -> CancelAnswer:
        """Take a request to cancel; it takes effect at the next tick, or after the delay that the faults order."""
        with self._turn(now) as pit:
            order = pit.order(client_order_id, broker_order_id)
            if order is None:
                return CancelAnswer(outcome=Outcome.REFUSED, text=words.NO_SUCH_ORDER)
            if order.status.final:
                return CancelAnswer(outcome=Outcome.REFUSED, text=words.ORDER_FINAL)
            if pit.phase in rules.NO_CANCEL:
                return CancelAnswer(outcome=Outcome.REFUSED, text=words.NO_CANCEL_NOW)
            if order.status is not BrokerStatus.CANCEL_PENDING:
                pit.update(order, BrokerStatus.CANCEL_PENDING)
                self._cancel_later(order, self.faults.cancel_delay_s)
            return CancelAnswer(outcome=Outcome.ACCEPTED)

    def _cancel_later(self, order: PaperOrder, delay_s: float) -> None:
        def take_effect() -> None:
            if not order.status.final:
                self._pit.update(order, BrokerStatus.CANCELLED, words.CANCELLED)

        wait = (next_tick(self._pit.now, TICK_MS) - self._pit.now).total_seconds()
        self.later(max(wait, delay_s), take_effect)

    def reject(self, client_order_id: str) -> None:
        """Turn a live order without fills into a 废单, as an exchange may after its counter had accepted it."""
        with self._turn() as pit:
            order = pit.order(client_order_id, "")
            if order is not None and not order.status.final and not order.filled:
                pit.update(order, BrokerStatus.REJECTED, words.REJECTED_LATER)

    # --- what is asked ---

    def picture(self, now: datetime | None = None) -> Picture:
        """Tell the whole account."""
        with self._turn(now) as pit:
            return views.picture(pit)

    def quote(self, symbol: str, anchor: Decimal | None = None, now: datetime | None = None) -> Quote | None:
        """Tell the market of the last tick; a first `anchor` becomes the symbol's price for good."""
        with self._turn(now) as pit:
            pit.hint(symbol, anchor)
            return views.quote(pit, symbol)

    def instrument(self, symbol: str, anchor: Decimal | None = None, now: datetime | None = None) -> Instrument | None:
        with self._turn(now) as pit:
            pit.hint(symbol, anchor)
            return views.instrument(pit, symbol)

    # --- what a person, a demo or a test does to it ---

    def scene(
        self,
        symbol: str,
        *,
        limit_up: bool = False,
        limit_down: bool = False,
        suspended: bool = False,
        thin: int | None = None,
        price: Decimal | None = None,
    ) -> None:
        """Pin a symbol's market until the next scene; without arguments the pins are gone.

        A price for a symbol that has none yet becomes its anchor. Raise ValueError for what no market could show.
        """
        scene = Scene(limit_up=limit_up, limit_down=limit_down, suspended=suspended, thin=thin, price=price)
        with self._turn() as pit:
            pit.set_scene(symbol, scene)

    def trade_by_hand(
        self, symbol: str, side: Side, shares: int, price: Decimal | None = None, now: datetime | None = None
    ) -> BrokerOrder:
        """Place an order without a remark, as from another client; without a price ten ticks through the best."""
        with self._turn(now) as pit:
            request = PlaceRequest(
                client_order_id="",
                symbol=symbol,
                side=side,
                shares=shares,
                price=pit.urgent_price(symbol, side) if price is None else price,
                strategy="",
            )
            return pit.orders[int(pit.enter(request).broker_order_id)].told()

    def deposit(self, symbol: str, shares: int, cost: Decimal) -> None:
        """Put shares into the account, sellable at once, without an order; `cost` in yuan per share."""
        if shares <= 0 or not rules.tradable(symbol):
            raise ValueError(f"cannot deposit {shares} shares of {symbol}")
        with self._turn() as pit:
            pit.account.add_shares(symbol, shares, value_of(cost, shares), bought_today=False)
            pit.keep(symbol)

    def withdraw(self, symbol: str, shares: int) -> None:
        """Take shares out of the account without an order; raise ValueError when they are not free."""
        with self._turn() as pit:
            if shares > pit.account.sellable(symbol, pit.open.values()):
                raise ValueError(f"{shares} shares of {symbol} are not free")
            pit.account.take_shares(symbol, shares)
            pit.keep(symbol)

    def corporate_action(self, symbol: str, day: date, factor: Decimal, cash_per_share: Decimal = Decimal(0)) -> None:
        """Plan an ex-day (除权除息): when `day` begins, a share becomes `factor` shares and pays its dividend before.

        Raise ValueError for a day that has begun.
        """
        with self._turn() as pit:
            if day <= pit.day:
                raise ValueError(f"{day} has begun already")
            rights = Rights(symbol=symbol, day=day, factor=factor, cash_per_share=cash_per_share)
            pit.tape.plan_rights(rights, pit.changes)

    # --- the line ---

    def disconnect(self) -> None:
        """Break the line to every listener; it can be opened again after `reconnect`."""
        self._set_line(up=False)

    def reconnect(self) -> None:
        self._set_line(up=True)

    def _set_line(self, *, up: bool) -> None:
        with self._lock:
            self.faults.disconnected = not up
            for listener in self._hearing():
                listener.line(self._pit.now, up)


def next_tick(after: datetime, step_ms: int) -> datetime:
    """Tell the first moment after `after` on a grid of `step_ms` milliseconds."""
    ms = milliseconds(after)
    return at_milliseconds(ms - ms % step_ms + step_ms)
