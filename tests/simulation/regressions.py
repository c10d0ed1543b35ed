"""Seeds that failed once, and what was wrong: (mix, seed, why)."""

REGRESSIONS: list[tuple[str, int, str]] = [
    ("clock", 130, "a wall clock that came back from beyond a close: that day's later events were not ended by it"),
]
