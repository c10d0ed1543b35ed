"""The table of pages in docs/console.md names every page of the navigation, as it is called and where it stands."""

from __future__ import annotations

import re
from pathlib import Path

from desk.console.frame import NAVIGATION
from desk.texts.console import say
from tests.console.room import Room

_DOCS = Path(__file__).parents[2] / "docs" / "console.md"


def test_the_table_of_pages_names_every_page_and_its_path(tmp_path: Path) -> None:
    rows = dict(re.findall(r"^\| (\S+) \| `(/[^`]*)`", _DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    room = Room(tmp_path)
    try:
        urls = room.app.url_map.bind("127.0.0.1")
        pages = (*NAVIGATION, "account", "keys")
        assert {say(f"nav.{name}", "zh"): urls.build(f"{name}.page") for name in pages}.items() <= rows.items()
    finally:
        room.close()
