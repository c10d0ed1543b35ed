"""Defects that reviews proved and that were mended: one story a test, told as it must go."""
