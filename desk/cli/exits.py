"""How the program leaves: one code a cause (CONTRACT), and the exception that carries it to `main`."""

from __future__ import annotations

FINE = 0
UNEXPECTED = 1
CONFIG = 2  # configuration or usage, a port that is taken, an id that nothing bears
BROKER = 3  # the broker cannot be reached
JOURNAL = 4  # the journal cannot be used
NOT_RUNNING = 5
ALREADY_RUNNING = 6
SELF_TEST = 7  # also a test signal that the chain has refused
CONFIRM = 10  # needs a person's --yes


class Leave(Exception):
    """End the verb with this code; the text is for the person at the terminal, '' when all has been said."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
