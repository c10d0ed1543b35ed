"""A picture has Chinese characters, or is not drawn, with a sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

from desk.pictures.canvas import sign_colour
from desk.pictures.fonts import NoChineseFont, chinese_family
from tests.reading import ROOT


@pytest.mark.parametrize(
    ("installed", "best"),
    [
        ({"Arial", "SimHei", "Microsoft YaHei"}, "Microsoft YaHei"),
        ({"Arial", "Hiragino Sans GB"}, "Hiragino Sans GB"),
        ({"DejaVu Sans", "Noto Sans CJK JP"}, "Noto Sans CJK JP"),
        ({"DejaVu Sans", "WenQuanYi Micro Hei"}, "WenQuanYi Micro Hei"),
    ],
)
def test_the_clearest_installed_font_is_taken(installed: set[str], best: str) -> None:
    assert chinese_family(frozenset(installed)) == best


def test_without_a_chinese_font_it_is_said_how_to_get_one() -> None:
    with pytest.raises(NoChineseFont, match="没有中文字体"):
        chinese_family(frozenset({"Arial", "DejaVu Sans"}))


def test_gains_are_red_and_losses_green() -> None:
    assert [sign_colour(value) for value in (1.5, -0.01, 0)] == ["#d7312a", "#1a9850", "#8b949e"]


def test_nothing_draws_before_a_picture_is_asked_for() -> None:
    """The daemon's and every verb's start would be a second longer."""
    asked = "import sys, main, desk.cli.daemon; print('matplotlib' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60)
    assert said.stdout.strip() == "False", said.stderr
