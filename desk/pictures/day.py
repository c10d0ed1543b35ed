"""The picture of a day: worth, profit, exposure, the curves, what became of the signals, what differs; for a phone.

A column of sections from the top; each is as high as what it has to show, and so is the sheet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from desk.pictures import canvas
from desk.texts import day_picture as texts
from desk.texts.day_picture import DayFacts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _LEFT, _RIGHT = 9.0, 0.3, 0.3  # inches
_HEAD, _TITLE, _GAP, _ROW = 0.85, 0.36, 0.28, 0.29
_LABELS = 1.75  # room for the labels of bars
_TICKS = 6
_THEIRS = (canvas.THEIRS, "#7b4fb5", "#0f8a8a")
_VALUES = "#7f9cc9"
_PLACES = (0.0, 0.13, 0.26, 0.47, 0.57, 0.67, 0.71)  # of the columns of differences; figures end there
_FIGURES = (3, 4, 5)

_Section = tuple[float, Callable[["Figure", float], None]]  # inches high; paints below a line, inches from the bottom


def draw(facts: DayFacts) -> bytes:
    """Give the PNG, 1080 wide. Raises NoChineseFont."""
    sections = _sections(facts)
    height = _HEAD + sum(high + _GAP for high, _ in sections)
    return canvas.png(lambda figure: _paint(figure, facts, sections), width=_WIDTH, height=height)


def _sections(facts: DayFacts) -> list[_Section]:
    curve = 3.4 if len(facts.days) > 1 else _ROW
    lower = max(4, len(facts.reasons)) * 0.36 + 0.3
    holdings = [(name, int(value)) for name, value in facts.holdings or ()]
    unknown = texts.NO_HOLDINGS if facts.holdings is not None else texts.UNKNOWN
    rows = len(facts.differences) + (1 if facts.differences else 0) + bool(facts.more_differences)
    return [
        (1.15, lambda figure, top: _tiles(figure, top, facts)),
        (_TITLE + curve, lambda figure, top: _curves(figure, top, curve, facts)),
        (_TITLE + lower, lambda figure, top: _signals(figure, top, lower, facts)),
        (
            _TITLE + max(1, len(holdings)) * _ROW,
            lambda figure, top: _bars(figure, top, (_LEFT, 8.4), texts.HOLDINGS, holdings, unknown, _VALUES),
        ),
        (_TITLE + max(1, rows) * _ROW, lambda figure, top: _differences(figure, top, max(1, rows), facts)),
    ]


def _paint(figure: Figure, facts: DayFacts, sections: Sequence[_Section]) -> None:
    top = figure.get_figheight()
    _write(figure, _LEFT, top - 0.34, texts.title(facts.day), size=16)
    _write(figure, _LEFT, top - 0.65, _short(facts.subtitle, 56), size=10, colour=canvas.FAINT)
    top -= _HEAD
    for high, paint in sections:
        paint(figure, top)
        top -= high + _GAP


# --- the sections -----------------------------------------------------------------------------------------------------


def _tiles(figure: Figure, top: float, facts: DayFacts) -> None:
    colour = canvas.sign_colour(float(facts.profit or 0))
    profit, ratio = texts.known_money(facts.profit, signed=True), texts.known_ratio(facts.profit_ratio, signed=True)
    for left, name, figures, ink in (
        (_LEFT, texts.WORTH, texts.known_money(facts.worth), canvas.INK),
        (3.1, texts.PROFIT, f"{profit}  {ratio}" if facts.profit is not None else profit, colour),
        (7.3, texts.EXPOSURE, texts.known_ratio(facts.exposure), canvas.INK),
    ):
        _write(figure, left, top - 0.12, name, size=10, colour=canvas.FAINT)
        _write(figure, left, top - 0.48, figures, size=18, colour=ink)
    _write(figure, _LEFT, top - 0.95, texts.turnover(facts), size=10)


def _curves(figure: Figure, top: float, high: float, facts: DayFacts) -> None:
    _write(figure, _LEFT, top - 0.1, texts.CURVE, size=11.5)
    if len(facts.days) < 2:
        _write(figure, _LEFT, top - _TITLE - 0.1, texts.NO_CURVE, colour=canvas.FAINT)
        return
    axes = _axes(figure, _LEFT + 0.5, top - _TITLE, _WIDTH - _LEFT - _RIGHT - 0.5, high - 0.25)
    axes.axhline(0, color=canvas.FAINT, linewidth=0.8)
    for (name, values), colour in zip(facts.theirs.items(), _THEIRS, strict=False):
        known = [(place, value) for place, value in enumerate(values) if value is not None]
        label = f"{_short(name, 10)} {known[-1][1]:+.2f}".replace("$", r"\$")  # no formula
        axes.plot(*zip(*known, strict=True), color=colour, linewidth=1.3, label=label)
    label = f"{texts.OURS} {facts.ours[-1]:+.2f}"
    axes.plot(range(len(facts.days)), facts.ours, color=canvas.OURS, linewidth=2.2, label=label)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=4, frameon=False, borderaxespad=0.1, fontsize=9.5)
    _days(axes, facts.days)


def _days(axes: Axes, days: Sequence[date]) -> None:
    step = max(1, -(-len(days) // _TICKS))
    places = range(0, len(days), step)
    axes.set_xticks(places, [f"{days[place]:%m-%d}" for place in places], fontsize=9)
    axes.set_xlim(-0.5, len(days) - 0.5)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:+g}" if value else "0")
    axes.tick_params(axis="y", labelsize=9)
    axes.grid(axis="y", color=canvas.GRID)
    _plain(axes)


def _signals(figure: Figure, top: float, high: float, facts: DayFacts) -> None:
    """On the left the funnel, bars that shrink from what was received to what was filled; on the right why."""
    _write(figure, _LEFT, top - 0.1, texts.FUNNEL, size=11.5)
    axes = _axes(figure, _LEFT, top - _TITLE, 3.7, high)
    axes.set_axis_off()
    most = max(1, *facts.funnel)
    for row, (name, count) in enumerate(zip(texts.FUNNEL_STEPS, facts.funnel, strict=True)):
        width = 0.64 * count / most
        axes.barh(row, width, left=0.54 - width / 2, height=0.74, color=canvas.OURS, alpha=1 - 0.18 * row)
        axes.text(0, row, name, va="center", fontsize=10)
        axes.text(0.98, row, f"{count:,}", va="center", ha="right", fontsize=11)
    axes.text(0, len(facts.funnel) - 0.1, texts.verdicts(facts), va="center", fontsize=9, color=canvas.FAINT)
    axes.set_xlim(0, 1)
    axes.set_ylim(len(facts.funnel) + 0.3, -0.5)
    _bars(figure, top, (4.6, 4.1), texts.REASONS, facts.reasons, texts.ALL_DONE, canvas.THEIRS)


def _bars(
    figure: Figure,
    top: float,
    across: tuple[float, float],
    title: str,
    bars: Sequence[tuple[str, int]],
    empty: str,
    colour: str,
) -> None:
    """Bars that lie, the first on top, each with its figure beside it; `across`: from where and how wide, inches."""
    left, wide = across
    _write(figure, left, top - 0.1, title, size=11.5)
    if not bars:
        _write(figure, left, top - _TITLE - 0.1, empty, colour=canvas.FAINT)
        return
    axes = _axes(figure, left + _LABELS, top - _TITLE, wide - _LABELS, len(bars) * _ROW)
    axes.set_axis_off()
    values = [value for _, value in bars]
    drawn = axes.barh(range(len(bars)), values, height=0.66, color=colour)
    axes.bar_label(drawn, [f"{value:,}" for value in values], padding=4, fontsize=9.5)
    axes.set_xlim(0, max(1, *values) * 1.22)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    for row, (name, _) in enumerate(bars):
        _write(figure, left, top - _TITLE - (row + 0.5) * _ROW, _short(name, 16), size=9.5)


def _differences(figure: Figure, top: float, rows: int, facts: DayFacts) -> None:
    _write(figure, _LEFT, top - 0.1, texts.DIFFERENCES, size=11.5)
    if not facts.differences:
        _write(figure, _LEFT, top - _TITLE - 0.1, texts.NO_DIFFERENCES, colour=canvas.FAINT)
        return
    axes = _axes(figure, _LEFT, top - _TITLE, _WIDTH - _LEFT - _RIGHT, rows * _ROW)
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(rows - 0.5, -0.5)
    _row(axes, 0, texts.COLUMNS, [canvas.FAINT] * len(texts.COLUMNS))
    axes.axhline(0.5, color=canvas.GRID)
    for number, one in enumerate(facts.differences, 1):
        more = one.own - one.target
        figures = (f"{one.target:,}", f"{one.own:,}", f"{more:+,}")
        cells = (_short(one.strategy, 7), _short(one.account, 7), one.symbol, *figures, _short(one.cause, 17))
        inks = [canvas.INK] * len(cells)
        inks[5] = canvas.sign_colour(more)
        _row(axes, number, cells, inks)
    if facts.more_differences:
        left = texts.and_more(facts.more_differences)
        axes.text(0, len(facts.differences) + 1, left, va="center", fontsize=9.5, color=canvas.FAINT)


def _row(axes: Axes, row: int, cells: Sequence[str], inks: Sequence[str]) -> None:
    for column, (place, cell, ink) in enumerate(zip(_PLACES, cells, inks, strict=True)):
        side = "right" if column in _FIGURES else "left"
        axes.text(place, row, cell, ha=side, va="center", fontsize=9.5, color=ink, parse_math=False)


# --- drawing ----------------------------------------------------------------------------------------------------------


def _axes(figure: Figure, left: float, top: float, wide: float, high: float) -> Axes:
    """Axes of a place in inches from the left and the bottom."""
    whole = figure.get_figheight()
    return figure.add_axes((left / _WIDTH, (top - high) / whole, wide / _WIDTH, high / whole))


def _write(figure: Figure, left: float, at: float, text: str, *, size: float = 10, colour: str = canvas.INK) -> None:
    # What strangers have named may hold a dollar sign: it is no formula.
    place = (left / _WIDTH, at / figure.get_figheight())
    figure.text(*place, text, fontsize=size, color=colour, va="center", parse_math=False)


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _plain(axes: Axes) -> None:
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
