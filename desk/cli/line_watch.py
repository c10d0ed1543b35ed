"""Keeps what `status` says of the lines to the brokers; tells when a lost one is trusted again.

That a line is lost is told by the channel and by the trading loop; that it is back means more than connected: every
order has been matched, and the gate is open.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from desk.cli.terminals import PROBE, QuoteState, Terminal, quotes_of
from desk.clock import Clock
from desk.core.batch import Batch
from desk.core.values import Message
from desk.dealing.account import AccountDesk
from desk.journal import Journal, JournalError
from desk.texts import terminals as texts

log = logging.getLogger(__name__)

FLAG = "line:"  # + account: why its line cannot be used; no flag: it can
RETRY = "line_retry:"  # + account: when it is tried again
_EVERY_S = 0.5
_QUOTES_S = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LineState:
    """What the self-check wants to know of one account's line."""

    trouble: str
    quotes: QuoteState


@dataclass(slots=True)
class LineWatch:
    journal: Journal
    desks: Mapping[str, AccountDesk]
    terminals: Mapping[str, Terminal]
    clock: Clock
    unreachable: Mapping[str, str] = field(default_factory=dict)  # account -> why it has no line at all
    _said: dict[str, tuple[str, str]] = field(default_factory=dict)  # account -> what the flags say
    _lost: set[str] = field(default_factory=set)
    _met: set[str] = field(default_factory=set)  # paper accounts that have been connected since the start

    def run(self, stop: threading.Event) -> None:
        while not self.clock.wait(stop, _EVERY_S):  # a paper account connects meanwhile
            self.step()

    def step(self) -> None:
        for account, (trouble, retry) in self._lines().items():
            if (trouble, retry) == self._said.get(account):
                continue
            now = self.clock.now()
            batch = Batch(flags={FLAG + account: trouble or None, RETRY + account: retry or None})
            if not trouble and account in self._lost:
                key = f"back:{account}:{now.isoformat()}"
                text = texts.line_back(account)
                batch.messages.append(
                    Message(at=now, kind="alarm", title=texts.LINE_BACK, text=text, urgent=True, key=key)
                )
            try:
                self.journal.commit(batch)
            except JournalError as error:
                log.warning("The state of account %s's line could not be kept: %s", account, error)
                continue  # the next step tries again
            self._said[account] = (trouble, retry)
            if not trouble:
                self._lost.discard(account)
            elif trouble not in (texts.CONNECTING, texts.MATCHING):
                self._lost.add(account)

    def _lines(self) -> dict[str, tuple[str, str]]:
        """Of every account: its trouble, and when it is tried again."""
        paper = {account: desk for account, desk in self.desks.items() if account not in self.terminals}
        self._met |= {account for account, desk in paper.items() if desk.broker.connected}
        down = {account: texts.NO_PAPER_EXCHANGE if account in self._met else texts.CONNECTING for account in paper}
        return {
            **{account: (_trouble(desk, down[account]), "") for account, desk in paper.items()},
            **{account: (self.trouble(account, broker), _retry(broker)) for account, broker in self.terminals.items()},
            **{account: (why, "") for account, why in self.unreachable.items()},
        }

    def trouble(self, account: str, broker: Terminal) -> str:
        """Why orders cannot be sent over the account's line just now, '' if they can."""
        if not broker.connected:
            return broker.trouble or texts.CONNECTING
        desk = self.desks.get(account)
        return texts.MATCHING if desk is None else _trouble(desk, texts.CONNECTING)

    def states(self) -> dict[str, LineState]:
        """How every line stands now; waits some seconds for quotes."""
        found = {}
        for account, broker in self.terminals.items():
            trouble = self.trouble(account, broker)
            quotes = QuoteState(answers=False) if trouble else self._quotes(account, broker)
            found[account] = LineState(trouble=trouble, quotes=quotes)
        return found

    def _quotes(self, account: str, broker: Terminal) -> QuoteState:
        snapshot = self.desks[account].snapshot
        held = [position.symbol for position in snapshot.positions if position.shares] if snapshot is not None else []
        return quotes_of(broker, held[0] if held else PROBE, self.clock, _QUOTES_S)


def _trouble(desk: AccountDesk, down: str) -> str:
    """`down`: what is said of one that is not connected."""
    if desk.ready:
        return ""
    return texts.MATCHING if desk.broker.connected else down


def _retry(broker: Terminal) -> str:
    at = broker.retry_at
    return "" if at is None else at.isoformat(timespec="seconds")


States = Callable[[], Mapping[str, LineState]]
