"""Asks the public address, end to end, whether JoinQuant's signals would come through."""

from __future__ import annotations

import http.client
import json
import logging
import threading
import urllib.request
from collections.abc import Callable

from desk.clock import Clock
from desk.core.batch import Batch
from desk.core.config import Config
from desk.core.values import Message
from desk.journal import Journal, JournalError
from desk.texts import cli as texts

log = logging.getLogger(__name__)

FLAG = "tunnel"
ON, OFF, UNKNOWN = "on", "off", "unknown"
_ANSWER_S = 3.0
_EVERY_S = 60.0
_FAILURES = 2  # one lost packet is no broken tunnel


def healthy(url: str) -> bool:
    """Whether a receiver answers at this address. Blocks for some seconds at most."""
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=_ANSWER_S) as answer:
            return bool(json.loads(answer.read(4096))["ok"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return False


class TunnelWatch:
    """Keeps what `status` says of the tunnel; a tunnel that breaks is told once."""

    def __init__(
        self,
        *,
        journal: Journal,
        config: Callable[[], Config],
        clock: Clock,
        probe: Callable[[str], bool] = healthy,
    ) -> None:
        self._journal = journal
        self._config = config
        self._clock = clock
        self._probe = probe
        self._failures = 0
        self._state: str | None = None  # nothing is known of a state that an earlier run has left

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.step()
            self._clock.wait(stop, _EVERY_S)

    def step(self) -> None:
        state = self._look()
        if state == self._state:
            return
        now = self._clock.now()
        batch = Batch(flags={FLAG: state})
        if state == OFF:
            key = f"tunnel:{now.isoformat()}"
            text = texts.TUNNEL_OFF
            batch.messages.append(
                Message(at=now, kind="alarm", title=texts.TUNNEL_OFF_TITLE, text=text, urgent=True, key=key)
            )
        try:
            self._journal.commit(batch)
        except JournalError as error:
            log.warning("The tunnel's state %s could not be kept: %s", state, error)
            return  # the next step tries again
        self._state = state

    def _look(self) -> str:
        url = self._config().public_url
        if not url:
            return UNKNOWN
        if self._probe(f"{url}/healthz"):
            self._failures = 0
            return ON
        self._failures += 1
        return OFF if self._failures >= _FAILURES else self._state or UNKNOWN
