"""The real parts' edges in the simulation: a clock that errs, a journal written without a thread, a still market."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from base_func import band_ratio, price_band, symbol_of, tick_of
from desk.broker.paper.feed import Anchor, Reading, book_around
from desk.journal import Journal
from desk.journal.database import Database
from desk.journal.errors import JournalUnavailable
from desk.journal.writer import Writer
from tests.stand_in.clock import StandInClock
from tests.strategies import PRICES
from tests.world import TurnedClock

BASES = {symbol_of(security): price for security, price in PRICES.items()}
_STEPS = (0, 0, 1, -1, 2, 0, -2, 1, 3, -1, 0, -3)  # ticks around the base


class ErringClock(TurnedClock):
    """A desk's clock: its wall may be wrong by `ahead_s`, or stand still, while time goes on."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.ahead_s = 0.0
        self.frozen = False

    def true(self) -> datetime:
        return self._now - timedelta(seconds=self.ahead_s)

    def turn(self, seconds: float) -> None:
        super().turn(seconds)
        if self.frozen:
            self.jump(-seconds)

    def jump(self, seconds: float) -> None:
        super().jump(seconds)
        self.ahead_s += seconds

    def sleep(self, seconds: float) -> None:
        """The machine is suspended: the wall goes on, the monotonic clock does not."""
        self._now += timedelta(seconds=seconds)


class InlineWriter(Writer):
    """Writes in the caller's thread, and may be struck down: `strike` is called before and after each commit."""

    def __init__(self, database: Database, ring: Callable[[set[str]], None], strike: Callable[[str], None]) -> None:
        self._strike = strike
        self._waiting: list[Any] = []
        super().__init__(database, ring)

    def _start(self) -> None:
        pass

    def _put(self, ticket: Any) -> None:
        if self._closed:
            raise JournalUnavailable("closed")
        if ticket.key:
            self._waiting.append(ticket)
            return  # what nobody waits for goes with the next commit
        self._strike("before durability")
        group, self._waiting = [*self._waiting, ticket], []
        self._turn(group)
        self._strike("after durability")

    def close(self) -> None:
        self._closed = True
        self._drop_connection()


@cache
def empty_journal() -> bytes:
    """A new journal's file: making the tables anew for every seed would cost more than the seed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        Journal.open(file, clock=StandInClock()).close()
        # Byte 18 and 19 say WAL, which memory has not.
        content = bytearray(file.read_bytes())
        content[18:20] = b"\x01\x01"
        return bytes(content)


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseInMemory(Database):
    """The journal's SQLite without a disk under it: what is committed outlives the desk, as long as `disk` is open."""

    disk: sqlite3.Connection

    @classmethod
    def make(cls, name: str) -> DatabaseInMemory:
        disk = sqlite3.connect(_address(name), uri=True, check_same_thread=False)
        empty = sqlite3.connect(":memory:")
        empty.deserialize(empty_journal())
        empty.backup(disk)
        empty.close()
        return cls(file=Path(name), url="", read_only=False, busy_timeout_s=0.0, disk=disk)

    def connect(self, *, as_found: bool = False, hurried: bool = False) -> sqlite3.Connection:
        connection = sqlite3.connect(
            _address(str(self.file)), uri=True, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


def _address(name: str) -> str:
    return f"file:{name}?mode=memory&cache=shared"


class StillMarket:
    """A feed near fixed prices, a few ticks up and down every five minutes; deep enough for everybody."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._readings: dict[tuple[str, int], Reading] = {}

    def anchored(self, symbol: str) -> bool:
        return False

    def basis(self, day_number: int) -> Decimal:
        return Decimal(1)

    def reading(
        self, symbol: str, anchor: Anchor | None, *, day_number: int, day: date, at: datetime
    ) -> Reading | None:
        if symbol not in BASES:
            return None
        moment = at.hour * 12 + at.minute // 5 + int(symbol[:6])
        away = _STEPS[(moment * 7 + self._seed) % len(_STEPS)]
        known = self._readings.get((symbol, away))
        if known is None:
            known = self._readings[symbol, away] = self._read(symbol, away, day)
        return known

    def _read(self, symbol: str, away: int, day: date) -> Reading:
        base, tick = BASES[symbol], tick_of(symbol)
        ratio = band_ratio(symbol, on=day)
        band = None if ratio is None else price_band(base, ratio, tick)
        last = base + away * tick
        asks, bids = book_around(last, symbol=symbol, band=band, salt=away)
        return Reading(last=last, prev_close=base, asks=asks, bids=bids, band=band)
