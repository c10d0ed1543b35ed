"""A world whose desk is struck down inside a commit, before or after it is durable, and inside the broker's call."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

from desk.broker import PlaceAnswer, PlaceRequest
from desk.core.batch import Batch
from desk.journal import JournalUnavailable
from tests.world import World


class Crash(BaseException):
    """The process is gone; no code of the desk may catch it."""


class CrashingWorld(World):
    """`rate`: the probability of a blow a commit; half as much a place. A world without a rate is unharmed."""

    def __init__(self, path: Path, *, knife: random.Random, rate: float, **more: Any) -> None:
        self.knife = knife
        self.rate = rate
        self.blows: Counter[str] = Counter()
        super().__init__(path, **more)

    def start_trader(self) -> None:
        super().start_trader()
        self.trader._shout = lambda title, text: None
        self._arm_commit()
        for desk in self.desks.values():
            self._arm_place(desk.broker)

    def settle(self, turns: int = 60) -> None:
        for _ in range(turns):
            try:
                if self.trader.safe_step() > 0 and not self.bell.is_set():
                    return
            except Crash:
                self.kill()
            self.bell.clear()

    def _strikes(self, rate: float, where: str) -> bool:
        struck = self.knife.random() < rate
        self.blows[where] += struck
        return struck

    def _blow(self) -> BaseException:
        """A crash, or a journal that cannot be written just now."""
        return Crash() if self.knife.random() < 0.6 else JournalUnavailable("struck")

    def _arm_commit(self) -> None:
        real = self.journal.commit

        def commit(batch: Batch) -> None:
            if self._strikes(self.rate / 2, "before durability"):
                raise self._blow()
            real(batch)
            if self._strikes(self.rate / 2, "after durability"):
                raise self._blow()

        self.journal.commit = commit  # type: ignore[method-assign]

    def _arm_place(self, broker: Any) -> None:
        real = broker.place

        def place(request: PlaceRequest) -> PlaceAnswer | None:
            if self._strikes(self.rate / 4, "before placing"):
                raise Crash if self.knife.random() < 0.6 else RuntimeError("struck")
            answer: PlaceAnswer | None = real(request)
            if self._strikes(self.rate / 4, "after placing"):
                raise Crash if self.knife.random() < 0.6 else RuntimeError("struck")
            return answer

        broker.place = place
