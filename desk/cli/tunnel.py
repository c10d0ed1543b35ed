"""Asks the public address, end to end, whether JoinQuant's signals would come through."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path

from desk.cli.days import trades_on
from desk.cli.probing import Heard, probe
from desk.clock import Clock
from desk.core.batch import Batch
from desk.core.config import Config
from desk.core.probe import probe_key
from desk.core.values import Message
from desk.journal import Journal, JournalError
from desk.texts import cli as texts

log = logging.getLogger(__name__)

FLAG = "tunnel"
AT = "tunnel_at"  # when the state was last seen to be so; no flag: never in this run
ON, OFF, UNKNOWN = "on", "off", "unknown"
# JoinQuant speaks from its heartbeat before the open to what it runs after the close.
FROM, UNTIL = time(8, 50), time(15, 40)
_EVERY_S = 60.0
_MISSES = 2  # one lost packet is no broken tunnel

Probe = Callable[[str, bytes, Clock], Heard]


class TunnelWatch:
    """Keeps what `status` says of the tunnel; tells once that it broke, and that it is back.

    One thread of its own, which alone waits for answers.
    """

    def __init__(
        self, *, journal: Journal, home: Path, config: Callable[[], Config], clock: Clock, probe: Probe = probe
    ) -> None:
        self._journal = journal
        self._home = home
        self._config = config
        self._clock = clock
        self._probe = probe
        self._url: str | None = None
        self._misses = 0
        self._state: str | None = None  # nothing is known of a state that an earlier run has left
        self._owes_back: bool | None = None  # whether a person still believes it broken; None: not looked up yet

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            begun = self._clock.monotonic()
            self.step()
            self._clock.wait(stop, max(1.0, begun + _EVERY_S - self._clock.monotonic()))

    def step(self) -> None:
        """Ask, where it is time to, and keep what was heard."""
        now, config = self._clock.now(), self._config()
        if config.public_url != self._url:
            self._url, self._misses, self._state = config.public_url, 0, None
        key = probe_key(strategy.secret for strategy in config.strategies)
        try:
            if self._owes_back is None:
                self._owes_back = self._journal.flags().get(FLAG) == OFF
            if not config.public_url or key is None:
                self._keep(UNKNOWN, None)
            elif not self._in_session(now, config):
                self._misses = 0
                self._keep(self._state or UNKNOWN, None)
            else:
                self._listen(self._probe(config.public_url, key, self._clock), now)
        except JournalError as error:
            log.warning("The tunnel's state could not be kept: %s", error)  # the next step tries again

    def _in_session(self, now: datetime, config: Config) -> bool:
        if any(account.always_open for account in config.accounts):
            return True
        return FROM <= now.time() < UNTIL and trades_on(now.date(), config, self._home)

    def _listen(self, heard: Heard, now: datetime) -> None:
        self._misses = 0 if heard is Heard.OURS else self._misses + 1
        if heard is Heard.OURS:
            message = _message(now, texts.TUNNEL_BACK_TITLE, texts.TUNNEL_BACK) if self._owes_back else None
            self._keep(ON, now, message)
            self._owes_back = False
        elif self._misses >= _MISSES:
            text = texts.TUNNEL_OFF if heard is Heard.NOBODY else texts.TUNNEL_STRANGER
            self._keep(OFF, now, _message(now, texts.TUNNEL_OFF_TITLE, text) if self._state != OFF else None)
            self._owes_back = True
        elif self._state is None:
            self._keep(UNKNOWN, None)

    def _keep(self, state: str, at: datetime | None, message: Message | None = None) -> None:
        """Write the state, and when it was seen. Raises JournalError: nothing is remembered."""
        if at is None and state == self._state:
            return
        stamp = None if at is None else at.isoformat()
        self._journal.commit(Batch(flags={FLAG: state, AT: stamp}, messages=[message] if message is not None else []))
        self._state = state


def _message(now: datetime, title: str, text: str) -> Message:
    return Message(at=now, kind="alarm", title=title, text=text, urgent=True, key=f"tunnel:{now.isoformat()}")
