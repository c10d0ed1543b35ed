"""Complete pictures of the account: asset, orders, trades, positions, asset again, all in one connection."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from desk.broker.xt.bounded import Bounded, Hung
from desk.broker.xt.line import Line, NoAnswer, Timing
from desk.broker.xt.rows import AssetRow, OrderRow, TradeRow, asset_row, order_row, position_row, rows, trade_row
from desk.broker.xt.tables import Unreadable
from desk.broker.xt.translate import (
    Fees,
    Remarks,
    asset_of,
    broker_id_of,
    of_the_day,
    order_of,
    position_of,
    trade_of,
)
from desk.clock import Clock
from desk.core.market import BrokerOrder, BrokerTrade, Snapshot
from desk.texts import xt as texts

log = logging.getLogger(__name__)

R = TypeVar("R", OrderRow, TradeRow)
S = TypeVar("S", BrokerOrder, BrokerTrade)
L = TypeVar("L")


class NoPicture(Exception):
    """The terminal did not tell everything; nothing of what it told counts."""


class Poller:
    """`take` and `want` are for any thread; `run` is its own."""

    def __init__(
        self,
        *,
        prefix: str,
        clock: Clock,
        timing: Timing,
        line: Callable[[], Line | None],
        stuck: Callable[[], bool],
        remarks: Remarks,
        fees: Fees,
        ring: Callable[[], None],
        alarm: Callable[[str, str], None],
    ) -> None:
        """`stuck`: an order is on its way in a call that does not return."""
        self._clock = clock
        self._timing = timing
        self._line = line
        self._stuck = stuck
        self._remarks = remarks
        self._fees = fees
        self._ring = ring
        self._alarm = alarm
        self._bounded = Bounded(prefix, clock)
        self._bell = threading.Event()
        self._closing = False
        self._lock = threading.Lock()
        self._picture: tuple[Snapshot, float, int] | None = None  # with its end (monotonic), placings before it
        self._placings = 0
        self._busy = False
        self._complained: set[str] = set()
        self.failed = 0  # polls in a row that gave no picture

    def placing(self) -> None:
        """An order is being sent: pictures that were begun before it do not show its money and are not handed out."""
        self._placings += 1

    def want(self) -> None:
        self._bell.set()

    def take(self) -> Snapshot | None:
        """The newest picture, once, if it is still good; else None, and a new one is begun."""
        with self._lock:
            picture, self._picture = self._picture, None
        line = self._line()
        if picture is not None and line is not None and not self._stuck():
            snapshot, done, placings = picture
            # A slow terminal's pictures are old when they are done; `taken_at` tells it, to be judged by.
            young = self._clock.monotonic() - done <= self._timing.poll_age_s
            if snapshot.generation == line.generation and placings == self._placings and young:
                return snapshot
        if line is not None and not self._busy:
            self._bell.set()
        return None

    @property
    def abandoned(self) -> int:
        return self._bounded.abandoned

    def close(self) -> None:
        self._closing = True
        self._bell.set()

    def run(self) -> None:
        while not self._closing:
            self._clock.wait(self._bell, 60.0)
            if not self._bell.is_set() or self._closing:
                continue
            self._bell.clear()
            line = self._line()
            if line is not None:
                self._busy = True
                try:
                    self._poll(line)
                finally:
                    self._busy = False

    def _poll(self, line: Line) -> None:
        placings = self._placings
        try:
            snapshot = self._bounded.run("poll", lambda: self._look(line), self._timing.poll_s)
        except (NoAnswer, NoPicture, Hung) as error:
            self.failed += 1
            log.warning("A picture of generation %d failed: %s", line.generation, error or type(error).__name__)
            return
        except Exception:
            self.failed += 1
            log.exception("A picture of generation %d failed", line.generation)
            return
        self.failed = 0
        if self._line() is not line or self._stuck():
            return
        if placings != self._placings:
            self._bell.set()
            return
        with self._lock:
            self._picture = (snapshot, self._clock.monotonic(), placings)
        self._ring()

    def _look(self, line: Line) -> Snapshot:
        """Ask everything. Raises NoAnswer, NoPicture."""
        trader, account, now = line.trader, line.account, self._clock.now()
        self._asset(line)
        orders = self._list(line, lambda hear: trader.query_stock_orders_async(account, hear), order_row)
        trades = self._list(line, lambda hear: trader.query_stock_trades_async(account, hear), trade_row)
        positions = self._list(line, lambda hear: trader.query_stock_positions_async(account, hear), position_row)
        asset = self._asset(line)
        if line.lost.is_set() or not line.up:
            raise NoPicture(line.why)
        told = tuple(self._read(orders, lambda row: order_of(row, self._remarks, now), now))
        for order in told:
            twin = self._remarks.nameless_twin(order)
            if twin:
                self._complain(twin, texts.nameless(twin, order.broker_order_id))
                raise NoPicture(f"order {order.broker_order_id} without a remark could be {twin}")
        return Snapshot(
            generation=line.generation,
            taken_at=now,
            day=now.date(),
            asset=asset_of(asset),
            positions=tuple(position_of(row) for row in positions if row.stock_code),
            orders=told,
            trades=tuple(self._read(trades, lambda row: trade_of(row, self._remarks, self._fees, now), now)),
        )

    def _asset(self, line: Line) -> AssetRow:
        asset = line.ask(
            self._clock,
            lambda hear: line.trader.query_stock_asset_async(line.account, hear),
            lambda said: None if said is None else asset_row(said),
            self._timing.query_s,
        )
        if asset is None:
            raise NoPicture("the asset query failed")
        if asset.total_asset == 0 and asset.cash == 0 and asset.market_value == 0:
            raise NoPicture("an account of nothing: the terminal is still logging in")
        return asset

    def _list(
        self, line: Line, start: Callable[[Callable[[Any], None]], object], read: Callable[[Any], L]
    ) -> tuple[L, ...]:
        found = line.ask(self._clock, start, lambda said: rows(said, read), self._timing.query_s)
        if found is None:
            raise NoPicture("a query failed")
        return found

    def _read(self, said: Iterable[R], translate: Callable[[R], S], now: datetime) -> Iterable[S]:
        """The rows of today; what cannot be read is left out if it is none of ours, else there is no picture."""
        for row in said:
            try:
                record = translate(row)
            except Unreadable as error:
                key = broker_id_of(row.order_id, row.order_sysid)
                if self._remarks.ours(row.remark, key):
                    self._complain(row.remark or key, texts.unreadable(f"{error}: {row}"))
                    raise NoPicture(str(error)) from error
                log.debug("Left out of the picture: %s (%s)", row, error)
                continue
            if of_the_day(record.at, now):
                yield record

    def _complain(self, key: str, text: str) -> None:
        if key not in self._complained:
            self._complained.add(key)
            self._alarm(texts.UNREADABLE, text)
