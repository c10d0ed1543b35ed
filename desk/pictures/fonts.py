"""Find a font with Chinese characters among those that are installed on this PC; none is shipped."""

from __future__ import annotations

from desk.texts import pictures as texts

# By platform: Windows, macOS, Linux; a clear sans serif first. Of a collection the library sees the first font only,
# which for Noto is the Japanese one: it has the same characters.
FAMILIES = (
    *("Microsoft YaHei", "DengXian", "SimHei", "SimSun", "KaiTi", "FangSong"),
    *("PingFang SC", "Hiragino Sans GB", "Heiti SC", "STHeiti", "Songti SC", "Arial Unicode MS"),
    *("Noto Sans CJK SC", "Noto Sans SC", "Noto Sans CJK JP", "Source Han Sans SC", "Source Han Sans CN"),
    *("WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "AR PL UMing CN", "AR PL UKai CN"),
    *("Noto Serif CJK SC", "Noto Serif CJK JP"),
)


class NoChineseFont(Exception):
    """No font on this PC has Chinese characters; the text says how to get one."""

    def __init__(self) -> None:
        super().__init__(texts.NO_FONT)


def chinese_family(installed: frozenset[str] | None = None) -> str:
    """The name of the best installed font with Chinese characters. Raises NoChineseFont.

    `installed`: the families to choose from; None asks the system, which may take a second the first time.
    """
    if installed is None:
        from matplotlib import font_manager

        installed = frozenset(font.name for font in font_manager.fontManager.ttflist)
    for family in FAMILIES:
        if family in installed:
            return family
    raise NoChineseFont
