"""A trading week on a clock that is turned: real journal, Trader, paper exchanges and messenger, strategies by chance.

A day has a burst at the open, 240 minutes in which some strategies act, finals at the close, and a night.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import psutil

from base_func import BEIJING
from desk.core.config import AccountConfig
from desk.settings.model import MessengerConfig
from send_trader_info import Messenger
from tests import checks
from tests.soak.gauges import Reading, read
from tests.strategies import JoinQuant, pin_prices
from tests.world import NO_LIMITS, World, strategy

MONDAY = datetime(2026, 11, 16, 9, 10, tzinfo=BEIJING)
ACCOUNTS = 4
_BURST = 10  # acts of each strategy at the open
_BUSY_STEP_S, _QUIET_STEP_S = 10.0, 60.0
_ACTING = 0.25  # of the minutes


class Week:
    """Turned day by day; what WeCom was told is counted only."""

    def __init__(self, folder: Path, *, strategies: int, seed: int = 1) -> None:
        self.chance = random.Random(seed)
        accounts = [f"账户{n}" for n in range(1, min(ACCOUNTS, strategies) + 1)]
        self.world = World(
            folder,
            start=MONDAY,
            strategies=[
                strategy(
                    f"策略{n}", f"k{n}", self.chance.choice(["0.3", "0.5", "1", "1.7"]), accounts[n % len(accounts)]
                )
                for n in range(strategies)
            ],
            accounts=[AccountConfig(name=name, limits=NO_LIMITS, initial_cash=Decimal(10**9)) for name in accounts],
            seed=seed,
        )
        pin_prices(self.world)
        self.players = [JoinQuant(self.world, self.chance, one.kid, calm=True) for one in self.world.config.strategies]
        self.told = 0
        config = MessengerConfig(tokens=("T1",))
        self.messenger = Messenger(
            self.world.journal, lambda: config, self.world.clock, self._post, spawn=lambda job: job()
        )

    def _post(self, url: str, document: Mapping[str, object], timeout: float) -> tuple[int, bytes]:
        self.told += 1
        return 200, json.dumps({"errcode": 0, "errmsg": "ok"}).encode()

    # --- time ---------------------------------------------------------------------------------------------------------

    def day(self, *, until: time = time(15, 30)) -> None:
        """Play from before the open to `until`; a whole day ends with JoinQuant's finals."""
        self._go_to(time(9, 30))
        for _ in range(_BURST):
            for player in self.players:
                player.act()
        for opens, closes in ((time(9, 30), time(11, 30)), (time(13, 0), time(14, 57))):
            self._go_to(min(opens, until))
            while self.world.clock.now().time() < min(closes, until):
                self._minute()
        if until > time(15, 0):
            self._go_to(time(15, 0, 30))
            for player in self.players:
                player.end_day()
            self._go_to(until)

    def night(self) -> None:
        """Go to the next trading day's morning."""
        morning = self.world.clock.now() + timedelta(days=1)
        while morning.weekday() > 4:
            morning += timedelta(days=1)
        self._go_to(MONDAY.time(), morning, step=3600)

    def _minute(self) -> None:
        if self.chance.random() < _ACTING:
            for player in self.chance.sample(self.players, k=min(5, len(self.players))):
                player.act()
        self.world.settle()
        step = _BUSY_STEP_S if self.world.trader.ledger.live_orders() else _QUIET_STEP_S
        for _ in range(round(60 / step)):
            self._pass(step)

    def _go_to(self, at: time, day: datetime | None = None, step: float = _QUIET_STEP_S) -> None:
        goal = datetime.combine((day or self.world.clock.now()).date(), at, BEIJING)
        while (left := (goal - self.world.clock.now()).total_seconds()) > 0:
            self._pass(min(step, left))

    def _pass(self, seconds: float) -> None:
        self.world.pass_time(seconds, step=seconds)
        self.messenger.step(self.world.clock.now())

    # --- looking ------------------------------------------------------------------------------------------------------

    def reading(self) -> Reading:
        when = f"{self.world.clock.now():%a %m-%d %H:%M}"
        return read(when, psutil.Process(), self.world.journal, self.world.path / "journal.db")

    def judge(self) -> None:
        """Nothing more than meant, and the books agree with the exchanges."""
        checks.assert_never_more_than_meant(self.world)
        checks.assert_books_agree(self.world)


@contextmanager
def week(folder: Path, *, strategies: int, seed: int = 1) -> Iterator[Week]:
    made = Week(folder, strategies=strategies, seed=seed)
    try:
        yield made
    finally:
        made.world.close()
