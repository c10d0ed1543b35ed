"""Curves of worth on one sheet: each begins at nothing, and shows by what share it has grown since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

WIDTH, HEIGHT = 640, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 8, 10, 22
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_LINES = 6  # at most so many lines across
LONGEST = 400  # points of a curve that are drawn

Days = Sequence[tuple[date, Decimal]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    name: str
    points: str  # "x,y x,y …" as SVG has it
    grown: Decimal  # a fraction of what it was worth at first
    last: tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    y: float
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    lines: tuple[Line, ...]
    ticks: tuple[Tick, ...]
    first: date
    last: date
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def drawn(series: Mapping[str, Days]) -> Sheet | None:
    """The sheet of these curves, None where none has two days; what was worth nothing at first is left out."""
    usable = {name: days for name, days in series.items() if len(days) > 1 and days[0][1] > 0}
    if not usable:
        return None
    grown = {name: [(day, float(worth / days[0][1] - 1)) for day, worth in days] for name, days in usable.items()}
    shares = [share for days in grown.values() for _, share in days]
    first = min(days[0][0] for days in usable.values())
    last = max(days[-1][0] for days in usable.values())
    step, low, high = _scale(min(shares), max(shares))

    def place(day: date, share: float) -> tuple[float, float]:
        across = (day - first).days / max(1, (last - first).days)
        up = (share - low) / (high - low)
        x = _LEFT + across * (WIDTH - _LEFT - _RIGHT)
        return round(x, 1), round(HEIGHT - _BOTTOM - up * (HEIGHT - _TOP - _BOTTOM), 1)

    lines = []
    for name, days in grown.items():
        places = [place(day, share) for day, share in days[-LONGEST:]]
        points = " ".join(f"{x},{y}" for x, y in places)
        worth = usable[name]
        lines.append(Line(name=name, points=points, grown=worth[-1][1] / worth[0][1] - 1, last=places[-1]))
    count = round((high - low) / step)
    ticks = [low + number * step for number in range(count + 1)]
    return Sheet(
        lines=tuple(lines),
        ticks=tuple(Tick(y=place(first, share)[1], share=round(share, 6)) for share in ticks),
        first=first,
        last=last,
    )


def _scale(lowest: float, highest: float) -> tuple[float, float, float]:
    """(step, low, high): round bounds around the shares, nothing among them."""
    lowest, highest = min(lowest, 0.0), max(highest, 0.0)
    wide = max(highest - lowest, 0.004)
    step = next((step for step in _STEPS if wide / step <= _LINES - 1), wide / (_LINES - 1))
    low = step * (lowest // step)
    high = step * -(-highest // step)
    return step, low, high if high > low else low + step
