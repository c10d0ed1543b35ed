"""Writes configuration files: whole or not at all, readable by their owner alone."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from desk.settings.kinds import number_text
from desk.texts import settings as texts
from desk.texts.system import because

_NUMBER_MARK = "\ue000"  # a private character: no text of a file starts with it
_MARKED = re.compile(rf'"{_NUMBER_MARK}([^"]*)"')


class CannotWrite(OSError):
    """The file could not be written; what was there before is unchanged."""


def load_as_written(raw: bytes) -> dict[str, object]:
    """A file's object whose numbers keep their spelling through `dump`."""
    document = json.loads(raw.decode("utf-8-sig"), parse_float=_mark, parse_int=_mark)
    if not isinstance(document, dict):
        raise ValueError("a configuration file holds one object")
    return document


def _mark(number: str) -> str:
    return _NUMBER_MARK + number


def as_number(value: Decimal) -> str:
    """An exact decimal that `dump` writes as a JSON number."""
    return _mark(number_text(value))


def said(value: object) -> str:
    """One value's JSON on one line, numbers in their spelling."""
    return _MARKED.sub(r"\1", json.dumps(value, ensure_ascii=False))


def dump(document: Mapping[str, object]) -> str:
    return _MARKED.sub(r"\1", json.dumps(document, ensure_ascii=False, indent=2)) + "\n"


def write_whole(path: Path, text: str, *, keep_old: bool) -> None:
    """Replace a file in one step, flushed to disk; `keep_old` leaves the old one as .bak. Raises CannotWrite."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if keep_old and path.exists():
            _replace(path.with_name(path.name + ".bak"), path.read_bytes())
        _replace(path, text.encode("utf-8"))
    except OSError as error:
        raise CannotWrite(texts.cannot_write(because(error))) from error


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)  # mode 0600 on POSIX
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
