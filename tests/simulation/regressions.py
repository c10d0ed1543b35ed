"""Seeds that failed once, and what was wrong: (mix, seed, why)."""

REGRESSIONS: list[tuple[str, int, str]] = []
