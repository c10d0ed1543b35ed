"""What the self-test finds: one thing each, with its state and how it is mended."""

from __future__ import annotations

from dataclasses import dataclass

GOOD, WARN, BAD = "ok", "warn", "bad"
MARKS = {GOOD: "✔", WARN: "!", BAD: "✘"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    name: str
    state: str  # GOOD | WARN | BAD
    text: str
    mend: str = ""

    def line(self) -> str:
        return f"{MARKS[self.state]} {self.name}：{self.text}" + (f"\n    → {self.mend}" if self.mend else "")
