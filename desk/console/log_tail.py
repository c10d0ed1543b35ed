"""The daemon's log files from their end, a page at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from desk import logs
from desk.core.config import Config
from desk.settings.redaction import secret_values

_NAME = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)(?P<part>-[a-z-]{1,40})?(\.(?P<piece>\d{1,4}))?\.log", re.ASCII)
_BLOCK = 256 * 1024  # bytes that are read for one page
LINES = 200
LONGEST = 2000  # characters of a line


@dataclass(frozen=True, kw_only=True, slots=True)
class Tail:
    """Lines oldest first; `before` is where the page of older ones ends, None at the file's beginning."""

    lines: tuple[str, ...]
    before: int | None


def files(folder: Path) -> list[str]:
    """The names of the log files, the newest first, of a day the trader's first; nothing that a link leads to."""
    try:
        found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
        return [path.name for path in sorted(found, key=_age, reverse=True) if path.is_file() and not path.is_symlink()]
    except OSError:
        return []


def _age(path: Path) -> tuple[str, bool, str, int]:
    name = _NAME.fullmatch(path.name)
    assert name is not None
    part = name["part"] or ""
    return name["day"], not part, part, int(name["piece"] or 0)


def tail(path: Path, *, before: int | None, most: int = LINES) -> Tail:
    """The last lines that end before this byte, at most `most`. Raises OSError."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        end = size if before is None else max(0, min(before, size))
        start = max(0, end - _BLOCK)
        file.seek(start)
        block = file.read(end - start)
    cut = block.find(b"\n") + 1 if start > 0 else 0  # the block's first line lacks its beginning
    if cut < len(block):  # else the block is within one long line, which is shown in pieces
        block, start = block[cut:], start + cut
    rows = block.splitlines(keepends=True)
    kept = rows[-most:]
    begins = start + sum(len(row) for row in rows[: len(rows) - len(kept)])
    lines = tuple(row.decode("utf-8", "replace").rstrip("\r\n") for row in kept)
    return Tail(lines=lines, before=begins if begins > 0 and lines else None)


def masked(config: Config, name: str, before: int | None) -> Tail:
    """The same of the log of this name, '' for none, with secrets masked once more; nothing where it cannot be read."""
    try:
        read = tail(config.home / logs.FOLDER / name, before=before) if name else Tail(lines=(), before=None)
    except OSError:
        return Tail(lines=(), before=None)
    secrets = sorted(secret_values(config), key=len, reverse=True)
    lines = tuple(logs.redact(line, secrets)[:LONGEST] for line in read.lines)
    return Tail(lines=lines, before=read.before)
