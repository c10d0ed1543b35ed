"""What a test can order from the exchange's line: lost and late answers, lying cancels, crooked reports, empty queries.

The exchange itself stays exact; the faults sit between it and whoever listens. Chance is a hash of the seed and of
the draw's number, so the same seed and the same calls give the same troubles.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from desk.broker.paper.feed import noise


class PlaceTrouble(StrEnum):
    LOST = "lost"  # the request never arrives; no answer
    UNANSWERED = "unanswered"  # the order is placed; no answer
    ANSWERED_LATE = "answered_late"  # placed; the answer comes as a report after `seconds`
    LANDS_LATE = "lands_late"  # no answer; the order is placed after `seconds`
    BLANK_ID = "blank_id"  # placed and answered, but without the exchange's number
    REJECTED_LATER = "rejected_later"  # accepted, turned into a 废单 after `seconds`


class CancelTrouble(StrEnum):
    LOST = "lost"  # answered as sent; nothing happens
    UNANSWERED = "unanswered"  # no answer; nothing happens
    UNANSWERED_DONE = "unanswered_done"  # no answer; the order is cancelled all the same
    REFUSED_DONE = "refused_done"  # answered as refused; cancelled all the same
    ANSWERED_LATE = "answered_late"  # cancelled; the answer comes as a report after `seconds`


class ReportTrouble(StrEnum):
    LOST = "lost"
    LATE = "late"  # after `seconds`
    TWICE = "twice"  # at once and again after `seconds`
    OVERTAKEN = "overtaken"  # after the next report


class SnapshotTrouble(StrEnum):
    NONE = "none"  # cannot be told just now
    EMPTY = "empty"  # a lie: no orders, no trades, no positions


T = TypeVar("T", PlaceTrouble, CancelTrouble, ReportTrouble, SnapshotTrouble)
Trouble = PlaceTrouble | CancelTrouble | ReportTrouble | SnapshotTrouble


@dataclass(slots=True)
class Faults:
    """Everything off until it is set; `once` orders single troubles, `rates` lets them happen by chance."""

    seed: int = 0
    rates: dict[Trouble, float] = field(default_factory=dict)  # probability per call or report, 0-1
    seconds: dict[Trouble, tuple[float, float]] = field(default_factory=dict)  # how late, drawn evenly; default 1-3 s
    cancel_delay_s: float = 0.0  # from the cancel's acceptance to its effect; fills go on meanwhile
    invisible_s: float = 0.0  # young orders are missing from snapshots for so long
    disconnected: bool = False  # set it by PaperExchange.disconnect, which tells the listeners as well
    _once: deque[tuple[Trouble, float]] = field(default_factory=deque)
    _draws: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def once(self, trouble: Trouble, seconds: float = 1.0) -> None:
        """Order one trouble for the next occasion of its kind; several are served in turn."""
        with self._lock:
            self._once.append((trouble, seconds))

    def for_place(self) -> tuple[PlaceTrouble | None, float]:
        return self._draw(PlaceTrouble)

    def for_cancel(self) -> tuple[CancelTrouble | None, float]:
        return self._draw(CancelTrouble)

    def for_report(self) -> tuple[ReportTrouble | None, float]:
        return self._draw(ReportTrouble)

    def for_snapshot(self) -> tuple[SnapshotTrouble | None, float]:
        return self._draw(SnapshotTrouble)

    def _draw(self, kind: type[T]) -> tuple[T | None, float]:
        with self._lock:
            for place, (trouble, seconds) in enumerate(self._once):
                if isinstance(trouble, kind):
                    del self._once[place]
                    return trouble, seconds
            for frequent, rate in list(self.rates.items()):
                if isinstance(frequent, kind) and rate and self._chance() < rate:
                    least, most = self.seconds.get(frequent, (1.0, 3.0))
                    return frequent, least + (most - least) * self._chance()
        return None, 0.0

    def _chance(self) -> float:
        """Tell the next number from 0 to 1."""
        self._draws += 1
        return int.from_bytes(noise(self.seed, self._draws)[:6], "big") / 2**48
