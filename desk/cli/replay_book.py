"""The journal of a replay: one thread's, thrown away in the end, and read by nobody before it has played."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from desk.clock import Clock
from desk.core.batch import Batch
from desk.core.values import Command, Event
from desk.core.wire import event_from_json
from desk.journal import AccountView, Journal, NewBody, PositionView
from desk.journal.database import Database, Session
from desk.journal.inbox import accept
from desk.journal.ledger import write
from desk.journal.writer import Writer

_MOST_KEPT = 2000  # bodies


class Notebook(Journal):
    """Keeps what is to be written in memory, and writes it when somebody looks, or when it has become much.

    No person asks for anything, and nobody looks at the accounts meanwhile. Used by one thread.
    """

    def __init__(self, database: Database, clock: Clock, make_writer: Callable[..., Writer]) -> None:
        super().__init__(database, clock, make_writer)
        self._bodies: list[NewBody] = []
        self._batch = Batch()
        self._waiting: dict[str, Event] = {}
        self._heard = 0

    def hear(self, body: NewBody) -> None:
        """Take a body in which nothing is wrong and whose like has not been heard."""
        self._bodies.append(body)
        for event in body.events:
            self._heard += 1
            self._waiting[event.event_id] = Event(
                row=self._heard,
                event_id=event.event_id,
                strategy=event.strategy,
                kid=body.kid,
                wire=body.wire,
                sent_at=body.sent_at,
                received_at=body.received_at,
                clock_ahead=body.clock_ahead,
                body=event_from_json(event.payload),
            )
        self._ring({"events"})

    def undecided_events(self, limit: int = 500) -> list[Event]:
        return list(self._waiting.values())[:limit]

    def commit(self, batch: Batch) -> None:
        for event_id in batch.outcomes:
            self._waiting.pop(event_id, None)
        # How it came to be is nobody's question after a replay: only what has come of it is kept.
        batch.order_facts.clear()
        batch.book_changes.clear()
        self._batch.take_in(batch)
        if len(self._bodies) >= _MOST_KEPT:
            self._write_down()

    def look(self) -> AbstractContextManager[Session]:
        self._write_down()
        return super().look()

    def save_account(self, account: AccountView, positions: Sequence[PositionView]) -> None:
        """The exchanges themselves are asked in the end."""

    def pending_commands(self) -> list[Command]:
        return []

    def _write_down(self) -> None:
        bodies, batch = self._bodies, self._batch
        if not bodies and not batch:
            return
        self._bodies, self._batch = [], Batch()

        def work(session: Session) -> None:
            for body in bodies:
                accept(session, body)
            write(session, batch)

        self.change(work)
