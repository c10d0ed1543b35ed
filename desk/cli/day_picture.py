"""`report --png`: the picture of a day as a file; without a Chinese font the same in markdown beside it."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from datetime import date, datetime
from pathlib import Path

from desk.cli import processor
from desk.cli.exits import CONFIG, Leave
from desk.cli.home import Home
from desk.clock import SystemClock
from desk.console.day_facts import day_facts
from desk.pictures.day import draw as draw_day
from desk.pictures.fonts import NoChineseFont
from desk.texts import day_picture as texts
from desk.texts.cli import cannot_write_file
from desk.texts.system import because

log = logging.getLogger(__name__)

_MAIN = Path(__file__).resolve().parents[2] / "main.py"
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows alone has it: nothing flashes on the screen
_DRAWING_S = 120.0  # the first drawing on a PC looks through all its fonts


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


def following(home: Path, at: datetime) -> bytes:
    """The picture that follows a summary of this moment; b'' where none could be drawn.

    A process of its own draws it: the plotting library would stay in the daemon with some 55 MB, and hold its threads
    up while it draws. Raises OSError, subprocess.TimeoutExpired.
    """
    with tempfile.TemporaryDirectory(prefix="gendan-") as folder:
        file = Path(folder) / "day.png"
        wanted = ["report", "--date", at.date().isoformat(), "--png", str(file), "--later"]
        wanted += processor.left_to_pages()
        command = [sys.executable, str(_MAIN), "--home", str(home), *wanted]
        done = subprocess.run(command, capture_output=True, timeout=_DRAWING_S, check=False, creationflags=_NO_WINDOW)
        if file.exists():
            return file.read_bytes()
    said = done.stderr.decode("utf-8", "replace").strip()
    log.warning("The summary goes without its picture (the drawing ended with %d): %s", done.returncode, said[-500:])
    return b""


def _write(file: Path, content: bytes, said: str) -> str:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Leave(CONFIG, cannot_write_file(file, because(error))) from error
    return said
