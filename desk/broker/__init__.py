"""What a broker channel is: the Protocol that paper, MiniQMT and full QMT share, and the records it speaks.

Three outcomes of a placement, never two: accepted, refused, no answer. A failed query is `None`, never an empty list.
`place` and `cancel` never block longer than the channel's own bound; an answer that comes later arrives as a report.
Reports are handed to the sink in any order, more than once, late, also before `place` has returned; the sink only
appends.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from desk.core.market import (
    BrokerAsset,
    BrokerOrder,
    BrokerPosition,
    BrokerTrade,
    CancelAnswer,
    Instrument,
    Outcome,
    PlaceAnswer,
    PlaceRequest,
    Quote,
    Report,
    ReportKind,
    Snapshot,
)

__all__ = [
    "Broker",
    "BrokerAsset",
    "BrokerOrder",
    "BrokerPosition",
    "BrokerTrade",
    "BrokerUnavailable",
    "CancelAnswer",
    "Instrument",
    "Outcome",
    "PlaceAnswer",
    "PlaceRequest",
    "Quote",
    "Report",
    "ReportKind",
    "Sink",
    "Snapshot",
]

Sink = Callable[[Report], None]


class Broker(Protocol):
    """One account at one channel. Called from the trading loop only; no method waits for the terminal.

    What a channel has to fetch first is None now and a report when it has come: a snapshot RING, a quote QUOTED.
    """

    account: str
    channel: str
    settle_s: float  # how long an order may be invisible at most; paper 0, MiniQMT >= 60
    answer_within_s: float  # no answer to `place` for this long counts as no_answer
    look_every_s: float  # how often `snapshot` is worth asking while something is unsettled

    @property
    def connected(self) -> bool: ...

    @property
    def generation(self) -> int: ...

    def open(self, sink: Sink) -> None:
        """Connect; reports go to `sink` from now on. Raises BrokerUnavailable."""
        ...

    def close(self) -> None: ...

    def place(self, request: PlaceRequest) -> PlaceAnswer | None:
        """Submit an order; None means that the answer comes as a PLACED report."""
        ...

    def cancel(self, client_order_id: str, broker_order_id: str) -> CancelAnswer | None: ...

    def snapshot(self) -> Snapshot | None:
        """The day's orders, trades, positions and money, or None when that cannot be told just now."""
        ...

    def quote(self, symbol: str, anchor: Decimal | None = None) -> Quote | None:
        """The latest quote, None if there is none. `anchor` is a price hint that only a synthetic feed uses."""
        ...

    def instrument(self, symbol: str, anchor: Decimal | None = None) -> Instrument | None: ...


class BrokerUnavailable(Exception):
    """The broker cannot be reached; retrying later is safe, nothing was sent."""
