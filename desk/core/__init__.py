"""The rules of following: no I/O, no clock, no randomness, no vendor.

The law of this folder: a function is handed everything it needs (`now` included) and returns what should happen;
someone else does it. It imports `base_func`, the value modules of the standard library and its own siblings, nothing
else (tests/test_floors.py reads the imports and says so). Records are frozen; money and prices are `Decimal` in yuan,
shares are `int`, entitled shares and ratios are `Decimal`, times are aware and in Beijing time.
"""
