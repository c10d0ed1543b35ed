"""Where strategies meet: a security that several hold, or that one wants more of while another wants less."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Iterable, Mapping, Sequence

from gendan_client.positions import Position

SHARED, OPPOSITE = "shared", "opposite"
_WORDS = {SHARED: "同时持有", OPPOSITE: "方向相反"}


@dataclass(frozen=True)
class Share:
    """One strategy's part; `before` is None where nobody knows what it was."""

    strategy: str
    shares: int
    before: int | None = None

    @property
    def change(self) -> int | None:
        return None if self.before is None else self.shares - self.before


@dataclass(frozen=True)
class Conflict:
    """`kinds`: shared, opposite or both. `shares`: of every strategy that holds it or has changed it, by name."""

    code: str
    name: str
    kinds: tuple[str, ...]
    shares: tuple[Share, ...]

    @property
    def total(self) -> int:
        return sum(one.shares for one in self.shares)


Lists = Mapping[str, Sequence[Position]]


def find_conflicts(now: Lists, before: Lists | None = None) -> tuple[Conflict, ...]:
    """Compare the strategies' lists, by code; with the lists of before, opposite changes are seen as well.

    A strategy that stands in one of the two alone has no known change: absent is not the same as sold.
    """
    held = {name: _by_code(positions) for name, positions in now.items()}
    earlier = {name: _by_code(positions) for name, positions in (before or {}).items()}
    names = {p.code: p.name for lists in (before or {}, now) for rows in lists.values() for p in rows if p.name}
    codes = {code for rows in (*held.values(), *(earlier[n] for n in earlier if n in held)) for code in rows}
    found: list[Conflict] = []
    for code in sorted(codes):
        shares = [
            Share(name, rows.get(code, 0), earlier[name].get(code, 0) if name in earlier else None)
            for name, rows in sorted(held.items())
        ]
        touched = tuple(one for one in shares if one.shares or one.change)
        kinds = tuple(_kinds(touched))
        if kinds:
            found.append(Conflict(code, names.get(code, ""), kinds, touched))
    return tuple(found)


def _by_code(positions: Sequence[Position]) -> dict[str, int]:
    return {position.code: position.shares for position in positions}


def _kinds(shares: Sequence[Share]) -> Iterable[str]:
    if sum(1 for one in shares if one.shares) > 1:
        yield SHARED
    changes = [one.change or 0 for one in shares]
    if any(change > 0 for change in changes) and any(change < 0 for change in changes):
        yield OPPOSITE


def conflict_table(conflicts: Sequence[Conflict]) -> str:
    """The conflicts as a text table for people, in Chinese; its columns stand straight in a fixed-width font."""
    if not conflicts:
        return "没有冲突：没有两个策略持有同一只股票。"
    rows = [("代码", "名称", "冲突", "策略", "股数", "变化")]
    for conflict in conflicts:
        lead = (conflict.code, conflict.name, "、".join(_WORDS[kind] for kind in conflict.kinds))
        for one in conflict.shares:
            rows.append((*lead, one.strategy, str(one.shares), _signed(one.change)))
            lead = ("", "", "")
        rows.append(("", "", "", "合计", str(conflict.total), ""))
    widths = [max(_width(row[column]) for row in rows) for column in range(6)]
    return "\n".join("  ".join(_padded(row, widths)).rstrip() for row in rows)


def _signed(change: int | None) -> str:
    return "未知" if change is None else f"{change:+d}" if change else "0"


def _padded(row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    for column, (cell, width) in enumerate(zip(row, widths)):
        space = " " * (width - _width(cell))
        yield space + cell if column > 3 else cell + space


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
