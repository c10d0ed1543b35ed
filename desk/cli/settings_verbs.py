"""Changes settings that are not a strategy's from the console, and puts them back as they were."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from desk.cli.asking import Answer
from desk.cli.home import Home
from desk.cli.strategies import Person, told
from desk.journal import Journal
from desk.journal.view_pages import MOST, settings_page
from desk.settings import editing
from desk.settings.writer import CannotChange
from desk.texts import cli as texts


def change(home: Path, file: str, typed: Mapping[str, str], by: Person) -> Answer:
    """Set what was typed for editable keys of a file, '' for the default. Raises CannotChange and as `told`."""
    settings = {setting.key: setting for setting in editing.EDITABLE.get(file, ())}
    if not typed.keys() <= settings.keys():
        raise CannotChange(texts.not_editable(file))
    stands = editing.written(home, file)
    wanted = {
        key: editing.read_typed(settings[key], text)
        for key, text in typed.items()
        if text.strip() != editing.as_typed(stands[key])
    }
    return _write(home, file, wanted, by)


def roll_back(home: Path, journal: Journal, number: int, by: Person) -> Answer:
    """Undo the change of this number and all later ones of editable keys. Raises CannotChange and as `told`.

    Refused where a key is no longer as the last of them left it: somebody has edited the file since.
    """
    page = settings_page(journal, mark=None, limit=MOST)
    rows = [row for row in page.rows if row["id"] >= number]
    if not rows or rows[-1]["id"] != number or editing.place_of(rows[-1]["key"]) is None:
        raise CannotChange(texts.NO_SUCH_CHANGE)
    left: dict[tuple[str, str], str | None] = {}  # what the last change left; rows come newest first
    before: dict[tuple[str, str], str | None] = {}
    for row in rows:
        place = editing.place_of(row["key"])
        if place is not None:
            left.setdefault(place, row["new"])
            before[place] = row["old"]
    files = {file: editing.written(home, file) for file, _ in before}
    for (file, key), text in left.items():
        if files[file][key] != text:
            raise CannotChange(texts.changed_since(key))
    answer = None
    for file in files:
        answer = _write(home, file, {key: text for (of, key), text in before.items() if of == file}, by)
    assert answer is not None, "there is one row at least"
    return answer


def _write(home: Path, file: str, wanted: Mapping[str, str | None], by: Person) -> Answer:
    before = editing.written(home, file)
    changed = {key: text for key, text in wanted.items() if before[key] != text}
    if not changed:
        return Answer(ok=True, text=texts.NOTHING_CHANGED, running=True)
    loaded = editing.write(home, os.environ, file, changed)
    noted = {editing.noted_as(file, key): (before[key], text) for key, text in changed.items()}
    return told(Home(home), loaded, noted, by=by)
