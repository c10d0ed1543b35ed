"""`report --png`: the picture of a day as a file; without a Chinese font the same in markdown beside it."""

from __future__ import annotations

import logging
from datetime import date, datetime
from pathlib import Path

from desk.cli.exits import CONFIG, Leave
from desk.cli.home import Home
from desk.clock import SystemClock
from desk.console.day_facts import day_facts
from desk.core.config import Config
from desk.journal import Journal
from desk.pictures.day import draw as draw_day
from desk.pictures.fonts import NoChineseFont
from desk.texts import day_picture as texts
from desk.texts.cli import cannot_write_file
from desk.texts.system import because

log = logging.getLogger(__name__)


def draw(home: Path, day: date | None, file: Path) -> str:
    """Write the file and say so. Raises Leave, ConfigProblems, JournalError."""
    place, clock = Home(home), SystemClock()
    config = place.config()
    with place.look(config, clock) as journal:
        facts = day_facts(journal, config, day or clock.now().date())
    try:
        return _write(file, draw_day(facts), texts.drawn(str(file)))
    except NoChineseFont as error:
        instead = file.with_suffix(".md")
        said = texts.written_instead(str(error), str(instead))
        return _write(instead, texts.markdown(facts).encode(), said)


def following(journal: Journal, config: Config, at: datetime) -> bytes:
    """The picture that follows a summary of this moment; b'' without a Chinese font. Raises JournalError."""
    try:
        return draw_day(day_facts(journal, config, at.date()))
    except NoChineseFont as error:
        log.warning("The summary goes without its picture: %s", error)
        return b""


def _write(file: Path, content: bytes, said: str) -> str:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Leave(CONFIG, cannot_write_file(file, because(error))) from error
    return said
