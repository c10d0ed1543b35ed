"""Wait for many connections at the cost of those that something happens to."""

from __future__ import annotations

import selectors
from collections import deque
from typing import Any

from waitress import wasyncore  # type: ignore[import-untyped]


class Sockets(dict[int, Any]):
    """waitress' map of what it waits for, by file number, and which of them are ready.

    waitress asks every connection in every turn what it waits for, so that idle ones slow down all others, and at a few
    dozen that costs more than verifying. Here only those are asked to which something has happened since.
    """

    def __init__(self) -> None:
        super().__init__()
        self._selector = selectors.DefaultSelector()
        self._waits: dict[int, int] = {}
        self._touched: deque[int | None] = deque()
        self._parked: set[int] = set()  # something came that may not be read yet: not waited for until it may
        self._asleep = False

    def __setitem__(self, number: int, what: Any) -> None:
        super().__setitem__(number, what)
        self._touched.append(number)

    def __delitem__(self, number: int) -> None:
        super().__delitem__(number)
        self._parked.discard(number)
        if self._waits.pop(number, 0):
            self._selector.unregister(number)

    def touch(self, number: int | None) -> None:
        """Have a connection asked before the next wait."""
        self._touched.append(number)

    def touch_from_outside(self, number: int | None, *, urgent: bool) -> bool:
        """The same from another thread; True if that thread must wake the loop.

        Not `urgent`: it matters only that the connection can be read again, which needs no waking if it still is read.
        """
        self._touched.append(number)
        if not self._asleep or not (urgent or number in self._parked):
            return False
        self._asleep = False
        return True

    def turn(self, seconds: float, always: int | None) -> None:
        """Wait for what has been touched or becomes ready, and let it act; `always` is asked in every turn."""
        # Set before the touched are asked: who touches later sees it and wakes us.
        self._asleep = True
        self._touched.append(always)
        while self._touched:
            self._ask(self._touched.popleft())
        ready = self._selector.select(seconds)
        self._asleep = False
        for key, events in ready:
            what = self.get(key.fd)
            if what is None:
                continue  # closed by another one's event
            if events & selectors.EVENT_READ:
                if what.accepting or what.readable():
                    wasyncore.read(what)
                else:
                    self._parked.add(key.fd)
            if events & selectors.EVENT_WRITE and self.get(key.fd) is what:
                wasyncore.write(what)
            self._touched.append(key.fd)

    def _ask(self, number: int | None) -> None:
        what = None if number is None else self.get(number)
        if number is None or what is None:
            return
        known = self._waits.get(number, 0)
        if what.readable():
            wanted = selectors.EVENT_READ
            self._parked.discard(number)
        else:
            # A request in work: most are answered before the peer sends more, so it is not worth to look away.
            wanted = known & selectors.EVENT_READ if number not in self._parked else 0
        if not what.accepting and what.writable():
            wanted |= selectors.EVENT_WRITE
        if wanted == known:
            return
        self._waits[number] = wanted
        if not known:
            self._selector.register(number, wanted)
        elif wanted:
            self._selector.modify(number, wanted)
        else:
            self._selector.unregister(number)

    def close(self) -> None:
        wasyncore.close_all(self, ignore_all=True)
        self._selector.close()
