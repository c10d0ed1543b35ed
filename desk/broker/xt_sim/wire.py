"""What is on its way between clients and terminal: messages by their due moment, in the order they were sent."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from datetime import datetime

Action = Callable[[], None]


class Wire:
    """Due actions of the terminal, and, apart from them, those of the clients' side, which outlive the terminal.

    Called from any thread; nothing is called out from under its lock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._terminal: list[tuple[datetime, int, Action]] = []
        self._clients: list[tuple[datetime, int, Action]] = []

    def place(self) -> int:
        """Tell a place in the order of messages; a message sent with it goes before those that came to be later."""
        with self._lock:
            self._count += 1
            return self._count

    def post(self, due: datetime, action: Action, *, place: int | None = None, client_side: bool = False) -> None:
        place = self.place() if place is None else place
        with self._lock:
            heapq.heappush(self._clients if client_side else self._terminal, (due, place, action))

    def due(self, *, hung: bool) -> datetime | None:
        """Tell the next due moment; a hung terminal's own actions wait."""
        with self._lock:
            heads = [heap[0][0] for heap in self._heaps(hung) if heap]
            return min(heads, default=None)

    def take(self, until: datetime, *, hung: bool) -> Action | None:
        with self._lock:
            heaps = [heap for heap in self._heaps(hung) if heap and heap[0][0] <= until]
            return heapq.heappop(min(heaps, key=lambda heap: heap[0][:2]))[2] if heaps else None

    def _heaps(self, hung: bool) -> list[list[tuple[datetime, int, Action]]]:
        return [self._clients] if hung else [self._terminal, self._clients]

    def forget(self) -> None:
        """Lose everything that the terminal had in its hands."""
        with self._lock:
            self._terminal.clear()
