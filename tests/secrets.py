"""The secrets that tests use, and where they must not be found afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

# A strategy's secret in full, whichever test made it, a robot's key, and the old protocol's passwords of the tests.
# Spelt in pieces where they are constants, or this file's own text would be found in a report of it.
_KNOWN = (
    rb"gd2_[A-Za-z0-9_-]{43}",
    b"11112222-3333-4444-5555-" rb"666677778888",
    "令牌 test-".encode() + b"token",
    b"geheim-" rb"token-0815",
)
PATTERN = re.compile(b"|".join(_KNOWN))

# What a home or a test may hold a secret in: the configuration, and what is pasted at JoinQuant.
_MAY = re.compile(r"(^|/)config/|\.py$|(^|/)answers[^/]*\.json$")
# What the program writes for people and for itself, wherever it lies.
_WRITTEN = re.compile(r"\.(log|csv|sqlite3|db|txt|json|md|xml|html|part|sqlite3-wal|db-wal)$|replaced-[0-9-]+$")


def found_in(data: bytes) -> str | None:
    """The first letters of a secret in these bytes; never the whole of it."""
    found = PATTERN.search(data)
    return None if found is None else found[0][:8].decode("utf-8", "replace") + "…"


def leaks(folder: Path) -> Iterator[str]:
    """Files below a folder that hold a secret and may not."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not _WRITTEN.search(name) or _MAY.search(name) or not path.is_file():
            continue
        try:
            secret = found_in(path.read_bytes())
        except OSError:
            continue  # taken away again by its test
        if secret is not None:
            yield f"{name}: {secret}"
