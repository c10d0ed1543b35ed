"""Hand an uploaded target to the trading loop: as a snapshot without a number, in the transaction that stores it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from base_func import security_of
from desk.core.targets import TargetPosition
from desk.core.values import EventKind, SnapshotPosition, SnapshotSignal, WireEvent
from desk.core.wire import events_to_json
from desk.journal import inbox
from desk.journal.database import Session
from desk.journal.values import micros

# A target that is told every half minute is worth an event when it has changed, and now and then besides.
_AGAIN = timedelta(minutes=5)


def hand_over(
    session: Session,
    *,
    kid: str,
    strategy: str,
    positions: Iterable[TargetPosition],
    upload: int,
    at: datetime,
    changed: bool,
) -> None:
    if not changed and _told_since(session, strategy, at - _AGAIN):
        return
    event = WireEvent(
        kind=EventKind.SNAPSHOT,
        seq=0,
        backtest=False,
        strategy_time=at.replace(microsecond=0),
        content=SnapshotSignal(
            positions=tuple(
                SnapshotPosition(
                    security=security_of(position.symbol),
                    shares=position.shares,
                    sellable=position.shares,
                    avg_cost=position.cost,
                    price=Decimal(0),  # an upload tells what was paid, not what it costs today
                )
                for position in positions
                if position.shares
            ),
            cash=None,
            equity=None,
            orders=(),
        ),
    )
    payload = events_to_json(event)
    body_id = hashlib.sha256(b"position upload %d" % upload).hexdigest()[:32]
    inbox.accept(
        session,
        inbox.NewBody(
            kid=kid,
            strategy=strategy,
            body_id=body_id,
            digest=hashlib.sha256(payload.encode()).digest(),
            wire=2,
            sent_at=at,
            received_at=at,
            clock_ahead=False,
            events=(
                inbox.NewEvent(event_id=body_id, strategy=strategy, kind=EventKind.SNAPSHOT, seq=0, payload=payload),
            ),
        ),
    )


def _told_since(session: Session, strategy: str, since: datetime) -> bool:
    return (
        session.one(
            "SELECT id FROM events WHERE strategy = ? AND received_at > ? AND kind = 'snapshot' LIMIT 1",
            (strategy, micros(since)),
        )
        is not None
    )
