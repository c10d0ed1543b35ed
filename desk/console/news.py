"""Tells open pages that something has changed, over streams that carry no figures: a page reads those itself.

One thread looks at a few numbers of the journal, when its bell rings and every second, and only while a page listens.
What comes close together is told once. A stream ends after ten minutes, or when its login has; a browser comes again.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from desk.clock import Clock, fresh_bytes
from desk.journal import Journal, JournalError
from desk.journal.view_news import newest_of_each
from desk.serving.streams import Stream

log = logging.getLogger(__name__)

OF_A_LOGIN, OF_A_USER, OF_ALL = 3, 8, 48  # a browser opens six connections at most, and wants some for its pages
_LOOK_EVERY_S = 1.0
_APART_S = 0.5
_BEAT_S = 15.0
_LASTS_S = 600.0
_COME_AGAIN_MS = 3000
BEAT = b": \n\n"


@dataclass(slots=True)
class Listener:
    """Who listens: `login` and `user` are counted, `still` says whether he may."""

    login: str
    user: str
    stream: Stream
    still: Callable[[], bool]
    since: float = 0.0
    told: float = 0.0


class News:
    """Usable from any thread."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._lock = threading.Lock()
        self._run = fresh_bytes(4).hex()
        self._count = 0
        self._numbers: dict[str, int] = {}
        self._untold: set[str] = set()  # kinds that have changed since the listeners were told
        self._listeners: list[Listener] = []
        self._thread: threading.Thread | None = None
        self._bell = threading.Event()
        self._never = threading.Event()
        journal.on_events(self._bell.set)
        journal.on_commands(self._bell.set)
        journal.on_messages(self._bell.set)

    @property
    def listening(self) -> int:
        with self._lock:
            return len(self._listeners)

    def greeting(self, last_id: str) -> bytes:
        """The beginning of a stream; who comes again with the id of older news is told at once. Raises JournalError."""
        with self._lock:
            self._look()
            missed = ["all"] if last_id and last_id != self._id() else []
            return b"retry: %d\n%b" % (_COME_AGAIN_MS, self._message(missed))

    def join(self, listener: Listener) -> bool:
        """Tell this one from now on; False when there are too many already."""
        with self._lock:
            self._listeners = [one for one in self._listeners if one.stream.is_open]
            of_login = sum(one.login == listener.login for one in self._listeners)
            of_user = sum(one.user == listener.user for one in self._listeners)
            if of_login >= OF_A_LOGIN or of_user >= OF_A_USER or len(self._listeners) >= OF_ALL:
                return False
            if not self._listeners:
                self._untold.clear()  # its page shows it
            listener.since = listener.told = self._clock.monotonic()
            self._listeners.append(listener)
            if self._thread is None:
                self._thread = threading.Thread(target=self._tell_on, name="console-news", daemon=True)
                self._thread.start()
            return True

    def step(self) -> bool:
        """Tell what is new and end what is over; whether anybody is left."""
        with self._lock:
            self._listeners = [one for one in self._listeners if one.stream.is_open]
            try:
                if self._listeners:
                    self._look()
                changed, self._untold = sorted(self._untold), set()
                self._listeners = [one for one in self._listeners if self._serve(one, changed)]
            except Exception as error:
                if not isinstance(error, JournalError):
                    log.exception("The streams of the console broke")
                for one in self._listeners:
                    one.stream.end()
                self._listeners = []
            if not self._listeners:
                self._thread = None
            return bool(self._listeners)

    def _tell_on(self) -> None:
        while True:
            self._clock.wait(self._bell, _LOOK_EVERY_S)
            self._bell.clear()
            if not self.step():
                return
            self._clock.wait(self._never, _APART_S)

    def _serve(self, one: Listener, changed: list[str]) -> bool:
        now = self._clock.monotonic()
        beat = now - one.told >= _BEAT_S
        if now - one.since >= _LASTS_S or (beat and not one.still()):
            one.stream.end()
            return False
        if changed or beat:
            one.told = now
            one.stream.send(self._message(changed) if changed else BEAT)
        return True

    def _look(self) -> None:
        numbers = newest_of_each(self._journal)
        changed = {kind for kind, number in numbers.items() if self._numbers.get(kind, number) != number}
        self._numbers = numbers
        self._count += bool(changed)
        self._untold |= changed

    def _id(self) -> str:
        return f"{self._run}-{self._count}"

    def _message(self, changed: Iterable[str]) -> bytes:
        lines = [f"id: {self._id()}"]
        kinds = list(changed)
        if kinds:
            lines += ["event: changed", f"data: {json.dumps({'changed': kinds})}"]
        return ("\n".join(lines) + "\n\n").encode()
