"""What can go wrong with the journal, and what the catcher may do about it."""

from __future__ import annotations

import sqlite3

from desk.texts import journal as texts


class JournalError(Exception):
    """The journal did not do what it was asked; nothing of the request was stored."""


class JournalUnavailable(JournalError):
    """The journal cannot store just now (disk full, locked, read-only, connection lost).

    `retry_safe` is False only when a database server vanished during the commit: read back before asking again.
    """

    def __init__(self, message: str, *, retry_safe: bool = True) -> None:
        super().__init__(message)
        self.retry_safe = retry_safe


class JournalUnusable(JournalError):
    """The journal cannot be opened or trusted; a person must act. The message is for that person (exit code 4)."""


class JournalRefused(JournalError):
    """A constraint forbids the content: asking again is useless, something upstream is wrong."""


class AmbiguousId(JournalError):
    """A prefix fits several ids; `candidates` holds some of them."""

    def __init__(self, prefix: str, candidates: list[str]) -> None:
        super().__init__(f"{prefix}: {', '.join(candidates)}")
        self.candidates = candidates


_UNAVAILABLE = {
    sqlite3.SQLITE_PERM: texts.READ_ONLY,
    sqlite3.SQLITE_BUSY: texts.LOCKED,
    sqlite3.SQLITE_LOCKED: texts.LOCKED,
    sqlite3.SQLITE_NOMEM: texts.OUT_OF_MEMORY,
    sqlite3.SQLITE_READONLY: texts.READ_ONLY,
    sqlite3.SQLITE_IOERR: texts.IO_ERROR,
    sqlite3.SQLITE_FULL: texts.FULL,
    sqlite3.SQLITE_CANTOPEN: texts.CANNOT_OPEN,
    sqlite3.SQLITE_PROTOCOL: texts.LOCKED,
}
_DRIVERS = ("sqlite3", "psycopg")
_UNUSABLE = {sqlite3.SQLITE_CORRUPT: texts.CORRUPT, sqlite3.SQLITE_NOTADB: texts.NOT_A_JOURNAL}


def translate(error: Exception, *, committing: bool = False) -> JournalError:
    """Say in this project's words what a database driver raised; errors that are ours already pass through.

    `committing`: the error came from COMMIT itself, where a server's silence leaves the result unknown.
    """
    if isinstance(error, JournalError):
        return error
    if isinstance(error, sqlite3.Error):
        # Python's own errors of sqlite3 (a closed connection, a wrong parameter) carry no code.
        code = getattr(error, "sqlite_errorcode", None)
        primary = code & 0xFF if isinstance(code, int) else None
        if primary in _UNAVAILABLE:
            return JournalUnavailable(_UNAVAILABLE[primary])
        if primary in _UNUSABLE:
            return JournalUnusable(_UNUSABLE[primary])
        if isinstance(error, sqlite3.IntegrityError):
            return JournalRefused(str(error))
        return JournalError(str(error))
    family = {base.__name__ for base in type(error).__mro__}
    if "IntegrityError" in family:
        return JournalRefused(str(error))
    if family & {"OperationalError", "InterfaceError"}:
        return JournalUnavailable(f"{texts.DISCONNECTED}: {error}", retry_safe=not committing)
    return JournalError(str(error))


def is_locked(error: BaseException) -> bool:
    """Tell a lock that another connection would not let go of in time."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_database_error(error: BaseException) -> bool:
    """Tell a driver's error (PEP 249) from a mistake in our own code."""
    return any(base.__name__ == "Error" and base.__module__.split(".")[0] in _DRIVERS for base in type(error).__mro__)
