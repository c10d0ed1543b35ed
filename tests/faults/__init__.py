"""Unknown outcomes, lying answers, broken lines, hand-made trades: one story a test, judged at the exchange."""
