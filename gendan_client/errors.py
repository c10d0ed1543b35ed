"""What can go wrong, and whether the same call may be made again."""

from __future__ import annotations

from typing import Any, Sequence


class GendanError(Exception):
    """Something was not done; the text is for a person.

    `retry_safe`: doing the same again can help and can do no harm. Where it is False, something must change first.
    """

    retry_safe = False


# --- on the way -------------------------------------------------------------------------------------------------------


class Unreachable(GendanError):
    """No connection: nothing has left this computer."""

    retry_safe = True


class NoAnswer(GendanError):
    """Sent, and nothing understandable came back: done or not done, nobody knows.

    The same bytes may go again: a body counts once, and a list of positions replaces itself.
    """

    retry_safe = True


class Unsigned(GendanError):
    """An answer that the receiver did not sign: anybody on the way may have made it, so it decides nothing."""

    retry_safe = True

    def __init__(self, text: str, status: int = 0, retry_after_s: float = 0.0) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after_s = retry_after_s


class Busy(GendanError):
    """The server cannot just now (429, 5xx); `retry_after_s` is its own wish, 0 when it named none."""

    retry_safe = True

    def __init__(self, text: str, retry_after_s: float = 0.0) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class BadAnswer(GendanError):
    """An answer that is not of the described form: nothing of it may be used, least of all as an empty list."""

    retry_safe = True


# --- refused ----------------------------------------------------------------------------------------------------------


class Refused(GendanError):
    """Understood and refused: the same again is refused again. `rows`: what the server said of single rows."""

    def __init__(self, text: str, rows: Sequence[Any] = ()) -> None:
        super().__init__(text)
        self.rows = tuple(rows)


class NotAllowed(Refused):
    """Key, signature, password or permission are not good for this (401, 403)."""


class NotFound(Refused):
    """No such strategy, or one that was never heard (404): not the same as one that holds nothing."""


class Overtaken(Refused):
    """A later list of the same client has arrived already (409)."""


class ClockRefused(Refused):
    """Stored by the receiver, but as too old: this computer's clock is more than ten minutes ahead."""


class Expired(Refused):
    """A target that could not be delivered within its 300 s: read the positions anew, an old target must not go out."""


class ForeignMessage(Refused):
    """A spooled message made with another key: its acknowledgement could never be verified."""


class DamagedMessage(Refused):
    """A file of the spool that cannot be read; it stays where it is, for a person."""


# --- before anything is sent ------------------------------------------------------------------------------------------


class BadCode(GendanError, ValueError):
    """A code that names no security of Shanghai, Shenzhen or Beijing beyond doubt."""


class BadRow:
    """One row that cannot be used; `number` counts from 1."""

    def __init__(self, number: int, code: str, why: str) -> None:
        self.number, self.code, self.why = number, code, why

    def __repr__(self) -> str:
        return f"BadRow({self.number}, {self.code!r}, {self.why!r})"

    def __str__(self) -> str:
        return f"第 {self.number} 行{f'（{self.code}）' if self.code else ''}：{self.why}"


class BadRows(GendanError, ValueError):
    """Rows that cannot be used: the list is not whole. `bad` names each; `good` are the positions that were read."""

    def __init__(self, bad: Sequence[BadRow], good: Sequence[Any]) -> None:
        self.bad: tuple[BadRow, ...] = tuple(bad)
        self.good: tuple[Any, ...] = tuple(good)
        said = "；".join(str(row) for row in self.bad[:10]) + ("……" if len(self.bad) > 10 else "")
        super().__init__(f"{len(self.bad)} 行不对（另有 {len(self.good)} 行正确）。{said}")


class FailedReading(GendanError):
    """The positions could not be read, or not wholly: that is never an empty list."""

    retry_safe = True


class EmptyReading(GendanError, ValueError):
    """A list without a single share, whose reader did not say that it is empty and complete."""


class LimitExceeded(GendanError, ValueError):
    """The list goes beyond the limits of the configuration; nothing is cut off, nothing is sent."""


class BadConfig(GendanError, ValueError):
    """A configuration that cannot be used; the text names the key."""


class SpoolInUse(GendanError):
    """Another sender has this folder open."""
