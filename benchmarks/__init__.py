"""How fast the desk is, beside a floor measured in the same minutes: `python -m benchmarks`."""
