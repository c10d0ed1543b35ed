"""The real program, which strikes itself at the n-th pass of a named point: `dying.py POINT N SIGNAL verb...`.

The points lie around what the program does; it is wrapped from outside and knows nothing of them. A kill at a commit
falls on the statement itself: before COMMIT everything has been written and nothing is durable.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from desk.broker.paper.client import RemotePaperBroker
from desk.cli.daemon import Daemon
from desk.core.batch import Batch
from desk.core.values import OrderState
from desk.dealing.listening import Listening
from desk.journal import Journal, inbox, ledger, schema
from desk.journal.database import Session
from Trader import Trader

COMMITS = ("acceptance", "decision", "intent")
WORKING = (
    *(f"{side} commit of {what}" for what in COMMITS for side in ("before", "after")),
    "before acknowledgement",
    "before place",
    "after place",
    "before cancel",
    "after cancel",
)
STARTING = (
    "before opening the journal",
    "after opening the journal",
    "after taking the lease",
    "before loading",
    "after loading",
    "after matching",
    "before commit of recovery",
    "after commit of recovery",
)
POINTS = (*WORKING, *STARTING)


class Striker:
    """Counts how often each point is passed and strikes at the one it was given."""

    def __init__(self, point: str, nth: int, how: signal.Signals) -> None:
        assert point in POINTS, point
        self.point, self.nth, self.how = point, nth, how
        self._passed = 0
        self._lock = threading.Lock()

    def passes(self, point: str) -> None:
        if point != self.point:
            return
        with self._lock:
            self._passed += 1
            if self._passed == self.nth:
                os.kill(os.getpid(), self.how)

    def around(self, owner: Any, name: str, what: str, *, before: bool = True, after: bool = True) -> None:
        """Make a method pass 'before {what}' and 'after {what}'."""
        real = getattr(owner, name)

        def wrapped(*args: Any, **more: Any) -> Any:
            if before:
                self.passes(f"before {what}")
            answer = real(*args, **more)
            if after:
                self.passes(f"after {what}")
            return answer

        setattr(owner, name, wrapped)


def arm(striker: Striker) -> None:
    striker.around(schema, "prepare", "opening the journal")
    striker.around(Daemon, "_take_lease", "taking the lease")
    striker.around(Trader, "_load", "loading")
    striker.around(Listening, "_match", "matching")
    striker.around(RemotePaperBroker, "place", "place")
    striker.around(RemotePaperBroker, "cancel", "cancel")
    _arm_acknowledgement(striker)
    _arm_commits(striker)


def _arm_acknowledgement(striker: Striker) -> None:
    real = Journal.accept

    def accept(journal: Journal, body: inbox.NewBody) -> inbox.Accepted:
        stored = real(journal, body)
        striker.passes("before acknowledgement")
        return stored

    Journal.accept = accept  # type: ignore[method-assign]


def _arm_commits(striker: Striker) -> None:
    """What a transaction holds is noted while it is written; the writer thread alone does both."""
    held: Counter[str] = Counter()
    accept, write, run = inbox.accept, ledger.write, Session.run

    def noted_accept(session: Session, body: inbox.NewBody) -> inbox.Accepted:
        held["acceptance"] += 1
        return accept(session, body)

    def noted_write(session: Session, batch: Batch) -> None:
        held["recovery"] += 1
        held["decision"] += bool(batch.outcomes)
        held["intent"] += any(order.state is OrderState.SENDING for order in batch.orders.values())
        write(session, batch)

    def noted_run(session: Session, sql: str, params: Any = ()) -> Any:
        if sql != "COMMIT":
            return run(session, sql, params)
        what = [name for name, count in held.items() if count]
        held.clear()
        for name in what:
            striker.passes(f"before commit of {name}")
        answer = run(session, sql, params)
        for name in what:
            striker.passes(f"after commit of {name}")
        return answer

    inbox.accept = noted_accept
    ledger.write = noted_write
    Session.run = noted_run  # type: ignore[method-assign]


def main(argv: list[str]) -> int:
    point, nth, how, *verb = argv
    arm(Striker(point, int(nth), signal.Signals[how]))
    import main as program

    return program.main(verb)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
