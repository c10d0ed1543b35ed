"""What was measured: one figure a row, ours beside the floor, as a table and as JSON."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One row. `ours` and `floor` hold one value for each run; what is shown is their median."""

    name: str
    unit: str
    ours: tuple[float, ...]
    floor: tuple[float, ...] = ()
    at_least: float | None = None
    at_most: float | None = None
    ratio_at_least: float | None = None  # ours / floor, of the medians

    @property
    def value(self) -> float:
        return median(self.ours)

    @property
    def ratio(self) -> float | None:
        return self.value / median(self.floor) if self.floor else None

    @property
    def target(self) -> str:
        words = []
        if self.at_least is not None:
            words.append(f"≥ {self.at_least:,g}")
        if self.at_most is not None:
            words.append(f"< {self.at_most:,g}")
        if self.ratio_at_least is not None:
            words.append(f"≥ {self.ratio_at_least:g} × floor")
        return ", ".join(words)

    @property
    def met(self) -> bool | None:
        """None where there is no target."""
        if not self.target:
            return None
        return (
            (self.at_least is None or self.value >= self.at_least)
            and (self.at_most is None or self.value < self.at_most)
            and (self.ratio_at_least is None or (self.ratio or 0.0) >= self.ratio_at_least)
        )


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def table(figures: Sequence[Figure], compared: Sequence[str]) -> str:
    """The figures as a Markdown table; `compared`: a cell for each about the baseline."""
    rows = [("measure", "unit", "ours", "floor", "ours / floor", "vs baseline", "target", "met")]
    for figure, change in zip(figures, compared, strict=True):
        rows.append(
            (
                figure.name,
                figure.unit,
                _number(figure.value),
                _number(median(figure.floor)) if figure.floor else "",
                f"{figure.ratio:.2f}" if figure.ratio is not None else "",
                change,
                figure.target,
                {None: "", True: "yes", False: "NO"}[figure.met],
            )
        )
    widths = [max(_wide(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell + " " * (width - _wide(cell)) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def save(figures: Sequence[Figure], facts: dict[str, Any], file: Path) -> None:
    """Write every run's value as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        asdict(figure) | {"value": figure.value, "ratio": figure.ratio, "target": figure.target, "met": figure.met}
        for figure in figures
    ]
    file.write_text(json.dumps({**facts, "figures": rows}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def _wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
