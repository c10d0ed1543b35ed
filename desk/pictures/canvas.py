"""A sheet to draw on and the colours of this house: red rises, green falls (红涨绿跌)."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from desk.pictures.fonts import chinese_family

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RISES, FALLS = "#d7312a", "#1a9850"
INK, FAINT, GRID = "#24292f", "#8b949e", "#e6e8eb"
OURS, THEIRS = "#1f5fbf", "#e08e0b"  # this account, the strategy at JoinQuant
DOTS_PER_INCH = 120

_lock = threading.Lock()  # the library's fonts and settings are shared by the whole process


def png(paint: Callable[[Figure], None], *, width: float, height: float) -> bytes:
    """Let `paint` draw on an empty sheet of `width` x `height` inches; gives the PNG. Raises NoChineseFont.

    May be called from any thread; one picture is drawn at a time.
    """
    with _lock:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        # Latin letters and digits come from the Chinese font too, so that columns of figures stay aligned.
        matplotlib.rcParams.update(
            {
                "font.family": [chinese_family(), "DejaVu Sans"],
                "font.size": 10,
                "axes.unicode_minus": False,
                "axes.edgecolor": FAINT,
                "axes.labelcolor": INK,
                "text.color": INK,
                "xtick.color": INK,
                "ytick.color": INK,
            }
        )
        figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, facecolor="white")
        FigureCanvasAgg(figure)
        paint(figure)
        kept = io.BytesIO()
        figure.savefig(kept, format="png")
        return kept.getvalue()


def head(figure: Figure, title: str, subtitle: str) -> None:
    """Write the two lines on top, and keep the rest of the sheet below them."""
    inch = 1 / figure.get_figheight()
    figure.text(0.012, 1 - 0.3 * inch, title, fontsize=15, va="center")
    figure.text(0.012, 1 - 0.58 * inch, subtitle, fontsize=10, color=FAINT, va="center")
    figure.set_layout_engine("constrained", rect=(0, 0, 1, 1 - 0.75 * inch), h_pad=0.1)


def sign_colour(value: float) -> str:
    """Red for a gain, green for a loss, grey for neither."""
    return RISES if value > 0 else FALLS if value < 0 else FAINT
