"""The picture of a replay: own profit beside the strategy's, what the difference is made of, what was not followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from desk.pictures import canvas
from desk.texts import replay as texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TICKS = 8
_FEW = 40  # days that are marked each
_LONGEST = 16  # characters of a label

Bar = tuple[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplaySheet:
    """What is drawn; yuan, all accounts together, but for `reasons` (orders) and `residue` (shares)."""

    title: str
    subtitle: str
    days: Sequence[date]
    ours: Sequence[float]  # profit since the beginning, by day
    theirs: Sequence[float]  # the strategy's times the ratio
    sources: Sequence[Bar]  # of the tracking difference
    costs: str
    reasons: Sequence[Bar]
    residue: Sequence[Bar]


def draw(sheet: ReplaySheet) -> bytes:
    """Give the PNG. Raises NoChineseFont."""
    return canvas.png(lambda figure: _paint(figure, sheet), width=12, height=9)


def _paint(figure: Figure, sheet: ReplaySheet) -> None:
    canvas.head(figure, sheet.title, sheet.subtitle)
    axes = figure.subplot_mosaic("CCC;GGG;SRU", height_ratios=[4.4, 2, 3])
    _curves(axes["C"], sheet)
    axes["C"].tick_params(labelbottom=False)  # the days stand below the gaps
    _gap(axes["G"], sheet)
    _bars(axes["S"], texts.DRAWN_SOURCES, sheet.sources, "{:+,.2f}", signed=True)
    axes["S"].set_xlabel(sheet.costs, fontsize=9, loc="left")
    _bars(axes["R"], texts.DRAWN_REASONS, sheet.reasons, "{:,.0f}", empty=texts.DRAWN_ALL_FOLLOWED)
    _bars(axes["U"], texts.DRAWN_RESIDUE, sheet.residue, "{:+,.4g}", signed=True, empty=texts.DRAWN_NO_RESIDUE)


def _curves(axes: Axes, sheet: ReplaySheet) -> None:
    places, mark = range(len(sheet.days)), "o" if len(sheet.days) <= _FEW else ""
    axes.axhline(0, color=canvas.FAINT, linewidth=0.8)
    for values, colour, name in (
        (sheet.theirs, canvas.THEIRS, texts.DRAWN_THEIRS),
        (sheet.ours, canvas.OURS, texts.DRAWN_OURS),
    ):
        label = f"{name} {values[-1]:+,.2f}"
        axes.plot(places, values, color=colour, linewidth=1.6, marker=mark, markersize=3, label=label)
    axes.set_title(texts.DRAWN_PROFIT, loc="left", fontsize=11)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, borderaxespad=0.2)
    _dress(axes, sheet.days)


def _gap(axes: Axes, sheet: ReplaySheet) -> None:
    gaps = [own - other for own, other in zip(sheet.ours, sheet.theirs, strict=True)]
    width = 0.5 if len(gaps) <= _FEW else 1.0
    axes.bar(range(len(gaps)), gaps, width=width, color=[canvas.sign_colour(gap) for gap in gaps])
    axes.axhline(0, color=canvas.FAINT, linewidth=0.8)
    axes.set_title(texts.DRAWN_GAP, loc="left", fontsize=11)
    _dress(axes, sheet.days)


def _dress(axes: Axes, days: Sequence[date]) -> None:
    """Trading days side by side, money with thousands, lines behind."""
    step = max(1, -(-len(days) // _TICKS))
    places = range(0, len(days), step)
    axes.set_xticks(places, [f"{days[place]:%Y-%m-%d}" for place in places], fontsize=9)
    axes.set_xlim(-0.7, max(len(days) - 0.3, 0.7))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(axis="y", color=canvas.GRID)
    _plain(axes)


def _bars(axes: Axes, title: str, bars: Sequence[Bar], form: str, *, signed: bool = False, empty: str = "") -> None:
    """Bars that lie, the first on top, each with its figure beside it."""
    axes.set_title(title, loc="left", fontsize=11)
    _plain(axes)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    if not bars:
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.text(0, 0.9, empty, transform=axes.transAxes, color=canvas.FAINT)
        return
    values = [value for _, value in bars]
    colours = [canvas.sign_colour(value) for value in values] if signed else [canvas.FAINT] * len(values)
    drawn = axes.barh(range(len(bars)), values, height=0.62, color=colours)
    axes.bar_label(drawn, [form.format(value) for value in values], padding=3, fontsize=9)
    axes.set_yticks(range(len(bars)), [_short(name) for name, _ in bars], fontsize=9)
    axes.set_ylim(max(len(bars), 4) - 0.4, -0.6)
    axes.margins(x=0.45 if min(values) < 0 else 0.3)
    if signed:
        axes.use_sticky_edges = False
        axes.spines["left"].set_visible(False)
        axes.axvline(0, color=canvas.FAINT, linewidth=0.8)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


def _plain(axes: Axes) -> None:
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
