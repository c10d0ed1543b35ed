"""What happened in a run, line by line: told to people when a seed fails, and hashed, so that a seed is a run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

TRACED = frozenset({"heard", "decided", "sent", "exchange", "crash", "ended"})  # what makes a run this run


class Violation(AssertionError):
    """Something that must never happen has happened."""


@dataclass(slots=True)
class Story:
    now: Callable[[], datetime]
    lines: list[tuple[str, str, str]] = field(default_factory=list)  # moment, kind, what
    counts: dict[str, int] = field(default_factory=dict)  # how often each thing happened

    def tell(self, kind: str, what: str) -> None:
        self.lines.append((f"{self.now():%m-%d %H:%M:%S.%f}"[:-3], kind, what))
        self.count(kind)

    def count(self, what: str, times: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + times

    def trace(self) -> str:
        """The hash of what came to the broker, what was heard and what was decided."""
        told = "\n".join(" ".join(line) for line in self.lines if line[1] in TRACED)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def text(self) -> str:
        return "\n".join(f"{moment}  {kind:<9} {what}" for moment, kind, what in self.lines)
