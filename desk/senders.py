"""What the receiver knows of those who send: their keys, their sequence numbers, and how often somebody failed."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from desk.clock import Clock
from desk.core import wire
from desk.core.config import Config, StrategyConfig
from desk.core.probe import probe_key

_FAILURES_WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class _Ring:
    config: Config
    by_kid: dict[str, tuple[StrategyConfig, wire.Keys]]
    tokens: list[tuple[StrategyConfig, bytes]]
    probe: bytes | None


class Keyring:
    """The keys of the strategies as they are configured now; derived once per (kid, secret)."""

    def __init__(self, config: Callable[[], Config]) -> None:
        self._config = config
        self._derived: dict[tuple[str, str], wire.Keys] = {}
        self._ring = self._make(config())

    def sender(self, kid: str) -> tuple[StrategyConfig, wire.Keys] | None:
        return self._now().by_kid.get(kid)

    def tokens(self) -> list[tuple[StrategyConfig, bytes]]:
        """The strategies with a v1 token, and its key."""
        return self._now().tokens

    def probe_key(self) -> bytes | None:
        """What proves to this home's own probe that we answered."""
        return self._now().probe

    def failed_per_minute(self) -> int:
        return self._now().config.failed_per_minute

    def _now(self) -> _Ring:
        config = self._config()
        if config is not self._ring.config:
            # Two threads may make the same ring; assignment is atomic, so no reader sees half of one.
            self._ring = self._make(config)
        return self._ring

    def _make(self, config: Config) -> _Ring:
        by_kid = {s.kid: (s, self._derive(s)) for s in config.strategies if s.secret}
        tokens = [(s, wire.v1_key(s.v1_token)) for s in config.strategies if s.v1_token]
        return _Ring(config, by_kid, tokens, probe_key(s.secret for s in config.strategies))

    def _derive(self, strategy: StrategyConfig) -> wire.Keys:
        known = self._derived.get((strategy.kid, strategy.secret))
        if known is None:
            known = self._derived[strategy.kid, strategy.secret] = wire.derive_keys(strategy.kid, strategy.secret)
        return known


class FailureBudget:
    """Counts failed attempts in a sliding minute, globally: behind the tunnel every peer has one address."""

    def __init__(self, clock: Clock, allowed: Callable[[], int]) -> None:
        self._clock = clock
        self._allowed = allowed
        self._times: deque[float] = deque()
        self._lock = threading.Lock()

    def spend(self) -> int | None:
        """Take one attempt; when none is left, say in how many seconds there will be one."""
        now = self._clock.monotonic()
        with self._lock:
            while self._times and self._times[0] <= now - _FAILURES_WINDOW_S:
                self._times.popleft()
            if len(self._times) < max(1, self._allowed()):
                self._times.append(now)
                return None
            return max(1, round(self._times[0] + _FAILURES_WINDOW_S - now))
