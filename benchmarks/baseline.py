"""The stored baseline: what was measured once, to compare what is measured now with, as ratios."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import Figure

FILE = Path(__file__).with_name("baseline.json")
WORSE = 1.25
_BETTER_HIGH = "1/s"


def keyed(figures: Sequence[Figure]) -> Iterator[tuple[str, Figure]]:
    """Every figure under its full name: an indented one belongs to the last that is not."""
    head = ""
    for figure in figures:
        if not figure.name.startswith(" "):
            head = figure.name
            yield head, figure
        else:
            yield f"{head} / {figure.name.strip()}", figure


def keep(figures: Sequence[Figure], facts: dict[str, Any], file: Path = FILE) -> None:
    """Make these figures the baseline; figures of other benchmarks stay as they were kept."""
    rows = _read(file)
    for key, figure in keyed(figures):
        rows[key] = {"unit": figure.unit, "value": _short(figure.value), "at": facts["at"]}
        if figure.floor:
            rows[key] |= {"floor": _short(median(figure.floor)), "ratio": _short(figure.value / median(figure.floor))}
    document = {"facts": facts, "figures": rows}
    file.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def compare(figures: Sequence[Figure], file: Path = FILE) -> list[str]:
    """A cell for each figure: its ratio to the floor now against then, or its value where it has no floor.

    More than WORSE times slower is marked; nothing where the baseline does not know the figure.
    """
    rows = _read(file)
    cells = []
    for key, figure in keyed(figures):
        then = rows.get(key)
        if then is None or not then["value"] or bool(figure.floor) != ("ratio" in then):
            cells.append("")
            continue
        now, before = (figure.ratio, then["ratio"]) if figure.floor else (figure.value, then["value"])
        change = now / before
        worse = (1 / change if change else float("inf")) if figure.unit == _BETTER_HIGH else change
        cells.append(f"{change:.2f}" + (" worse" if worse > WORSE else ""))
    return cells


def _read(file: Path) -> dict[str, dict[str, Any]]:
    if not file.exists():
        return {}
    rows: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["figures"]
    return rows


def _short(value: float) -> float:
    return float(f"{value:.4g}")
