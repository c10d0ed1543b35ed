"""Log files by date in data/日志/, a console on stderr, and a filter that keeps secrets out of both.

Nothing depends on a log line; the journal is the record. So a log that cannot be written never stops anything.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from base_func import BEIJING
from desk.texts import logs as texts

FOLDER = Path("data") / "日志"
MASK = "******"
_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"
_SHORTEST_SECRET = 4  # characters; masking shorter words would only tell what they are
_PATTERNS = (
    (re.compile(r"gd2_[A-Za-z0-9_-]{8,}"), "gd2_" + MASK),
    (re.compile(r"(?i)(\b(?:key|access_token|token|password|secret)=)[^&\s\"'<>)\]}]+"), r"\1" + MASK),
    (re.compile(r"(://[^:/@\s]*:)[^@\s/]+@"), r"\1" + MASK + "@"),
)
_CHATTY = ("urllib3", "werkzeug", "waitress.queue", "alembic", "sqlalchemy.engine")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the given secrets and without what looks like one."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    for pattern, mask in _PATTERNS:
        text = pattern.sub(mask, text)
    return text


class RedactingFilter(logging.Filter):
    """Rewrites a record so that no handler after it sees a secret: message, args, exception and stack."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets: tuple[str, ...] = ()
        self.know(secrets)

    def know(self, secrets: Iterable[str]) -> None:
        """Mask these from now on, as well as those known before."""
        plain = {secret for secret in (*self._secrets, *secrets) if len(secret) >= _SHORTEST_SECRET}
        spelt = plain | {quote(secret, safe="") for secret in plain}
        self._secrets = tuple(sorted(spelt, key=lambda secret: (-len(secret), secret)))

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # a log line whose arguments do not fit its text
            message = f"{record.msg!s} {record.args!r}"
        record.msg, record.args = redact(message, self._secrets), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_info, record.exc_text = None, redact(record.exc_text, self._secrets)
        if record.stack_info:
            record.stack_info = redact(record.stack_info, self._secrets)
        return True


class BeijingFormatter(logging.Formatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        at = datetime.fromtimestamp(record.created, BEIJING)
        return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"


class DatedFile(logging.Handler):
    """Writes to <folder>/2026-11-20.log by the record's own day, further pieces as 2026-11-20.1.log …

    A process beside the trader's has a `part`, and writes to 2026-11-20-console.log: two that write one file would
    write over each other on Windows.

    Keeps `keep_days` days. A write that fails is said once on stderr and tried again with the next record.
    """

    def __init__(self, folder: Path, *, part: str = "", largest: int = 20 * 1024 * 1024, keep_days: int = 60) -> None:
        super().__init__()
        self._suffix = f"-{part}" if part else ""
        self._folder, self._largest, self._keep = folder, largest, timedelta(days=keep_days)
        self._day: date | None = None
        self._piece = 0
        self._file: TextIO | None = None
        self._failed = False
        self._ended = False

    def emit(self, record: logging.LogRecord) -> None:
        if self._ended:  # a thread was on its way here when it was closed: nobody would close the file again
            return
        try:
            line = self.format(record)
            file = self._file_for(datetime.fromtimestamp(record.created, BEIJING).date())
            file.write(line + "\n")
            file.flush()
            self._failed = False
        except (OSError, ValueError) as error:
            self._close_file()
            if not self._failed:
                self._failed = True
                _say(texts.file_failed(str(self._folder), getattr(error, "strerror", None) or type(error).__name__))

    def _file_for(self, day: date) -> TextIO:
        if self._file is not None and day == self._day and self._file.tell() < self._largest:
            return self._file
        if day != self._day:
            self._day, self._piece = day, 0
            self._forget(day)
        self._close_file()
        while True:
            piece = f".{self._piece}" if self._piece else ""
            path = self._folder / f"{day.isoformat()}{self._suffix}{piece}.log"
            if not path.exists() or path.stat().st_size < self._largest:
                break
            self._piece += 1
        self._file = path.open("a", encoding="utf-8", errors="backslashreplace", newline="\n")
        return self._file

    def _forget(self, today: date) -> None:
        for path in self._folder.glob("????-??-??*.log"):
            try:
                if date.fromisoformat(path.name[:10]) + self._keep < today:
                    path.unlink()
            except (ValueError, OSError):
                continue  # not ours, or open in an editor: it may stay

    def _close_file(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # a full disk: the write that failed has said so
                self._file.close()
            self._file = None

    def close(self) -> None:
        self.acquire()
        try:
            self._ended = True
            self._close_file()
        finally:
            self.release()
        super().close()


def _say(text: str) -> None:
    if sys.stderr is not None:  # pythonw has none
        print(text, file=sys.stderr)


@dataclass(slots=True)
class Logs:
    """What `setup` installed; `close` takes it down again."""

    handlers: list[logging.Handler]
    filter: RedactingFilter
    warnings: list[str] = field(default_factory=list)
    previous_level: int = logging.WARNING

    def know(self, secrets: Iterable[str]) -> None:
        """Mask further secrets: a key was made while running."""
        self.filter.know(secrets)

    def close(self) -> None:
        root = logging.getLogger()
        for handler in self.handlers:
            root.removeHandler(handler)
            handler.close()
        root.setLevel(self.previous_level)
        self.handlers.clear()


_setup_lock = threading.Lock()
_current: Logs | None = None


def setup(
    home: Path, config_secrets: Iterable[str], level: int = logging.INFO, to_console: bool = True, part: str = ""
) -> Logs:
    """Log to the home's data/日志/ and to stderr, without secrets. A second call replaces the first.

    `part`: what this process is beside the trader's, '' for that itself.

    Where the folder cannot be written there is a warning in the result and the console alone.
    """
    global _current
    with _setup_lock:
        if _current is not None:
            _current.close()
        keeper = RedactingFilter(config_secrets)
        logs = Logs(handlers=[], filter=keeper, previous_level=logging.getLogger().level)
        folder = home / FOLDER
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".写入试验{part}"
            probe.write_bytes(b"")
            probe.unlink()
            logs.handlers.append(DatedFile(folder, part=part))
        except OSError as error:
            logs.warnings.append(texts.folder_unusable(str(folder), error.strerror or type(error).__name__))
        if (to_console or not logs.handlers) and sys.stderr is not None:
            logs.handlers.append(logging.StreamHandler(sys.stderr))
        root = logging.getLogger()
        root.setLevel(level)
        for handler in logs.handlers:
            handler.setFormatter(BeijingFormatter(_FORMAT))
            handler.addFilter(keeper)
            root.addHandler(handler)
        for name in _CHATTY:
            logging.getLogger(name).setLevel(max(level, logging.WARNING))
        for warning in logs.warnings:
            root.warning(warning)
        _current = logs
        return logs
