"""Pictures that follow messages: drawn once, beside whoever asks, and kept until each robot has taken them.

They are no part of the outbox: what a picture shows has been told in words. One that does not get through is forgotten.
"""

from __future__ import annotations

import logging
import random
from collections import deque
from collections.abc import Callable
from datetime import datetime

from desk.core.telling import Answer, Answered, wait_after
from desk.wecom import PICTURE_BYTES, Spawn

log = logging.getLogger(__name__)

Draw = Callable[[datetime], bytes]  # the picture for what was said then, b'' for none; takes seconds, may raise
TRIES = 2
_KEPT = 3


class Album:
    """Pictures that go with messages: each drawn once, beside the caller, for however many robots.

    `begin` and `drawn` are for one thread; drawing happens in others.
    """

    def __init__(self, draw: Draw | None, spawn: Spawn) -> None:
        self._draw = draw
        self._spawn = spawn
        self._drawn: dict[datetime, bytes | None] = {}

    def begin(self, at: datetime, done: Callable[[], None]) -> bool:
        """Have the picture of this moment drawn, unless it has been; False where nobody draws."""
        draw = self._draw
        if draw is None:
            return False
        if at in self._drawn:
            return True
        self._drawn[at] = None
        for old in sorted(self._drawn)[:-_KEPT]:
            self._drawn.pop(old)

        def work() -> None:
            try:
                content = draw(at)
            except Exception:
                log.exception("The picture of %s could not be drawn", at.isoformat())
                content = b""
            if len(content) > PICTURE_BYTES:
                log.warning("The picture of %s is too large to be sent: %d bytes", at.isoformat(), len(content))
                content = b""
            self._drawn[at] = content
            done()

        self._spawn(work)
        return True

    def drawn(self, at: datetime) -> bytes | None:
        """The picture; None while it is being drawn, b'' where there is none."""
        return self._drawn.get(at, b"")


class Queue:
    """The pictures that one robot has still to get; for one thread."""

    def __init__(self, album: Album, robot: str) -> None:
        self._album = album
        self._robot = robot
        self._waiting: deque[datetime] = deque()
        self._tries = 0
        self._not_before = 0.0  # monotonic

    def add(self, at: datetime, done: Callable[[], None]) -> None:
        if self._album.begin(at, done):
            self._waiting.append(at)

    def next(self, mono: float) -> bytes | None:
        """What may be posted now."""
        while self._waiting and mono >= self._not_before:
            content = self._album.drawn(self._waiting[0])
            if content != b"":
                return content
            self._waiting.popleft()
        return None

    def answered(self, answer: Answer, mono: float, rng: random.Random) -> None:
        """Let go of what was taken or refused; try once more where nothing was said."""
        if answer.kind is Answered.TOO_FAST:
            return
        self._tries += 1
        if answer.kind is Answered.FAILED and self._tries < TRIES:
            self._not_before = mono + wait_after(self._tries, rng.random())
            return
        if answer.kind is not Answered.DELIVERED:
            log.warning("Robot %s did not take the picture of the day: %s", self._robot, answer.text)
        self._waiting.popleft()
        self._tries = 0
