"""The life of one of our orders, as one table: (state, fact) -> state.

An empty cell raises `ImpossibleFact`: the caller journals it, stops new orders and shouts. A fill is booked before the
table is asked, whatever the cell.
"""

from __future__ import annotations

from desk.core.values import BrokerStatus, Fact, OrderState

_PLANNED, _SENDING, _IN_DOUBT = OrderState.PLANNED, OrderState.SENDING, OrderState.IN_DOUBT
_WORKING, _CANCELLING = OrderState.WORKING, OrderState.CANCELLING
_FILLED, _CANCELLED = OrderState.FILLED, OrderState.CANCELLED
_REJECTED, _WITHDRAWN = OrderState.REJECTED, OrderState.WITHDRAWN

TABLE: dict[OrderState, dict[Fact, OrderState]] = {
    _PLANNED: {
        Fact.CLAIMED: _SENDING,
        Fact.WITHDRAWN: _WITHDRAWN,
        Fact.CANCEL_ASKED: _WITHDRAWN,
        Fact.DAY_CLOSED: _WITHDRAWN,
    },
    _SENDING: {
        Fact.ACCEPTED: _WORKING,
        Fact.REFUSED: _REJECTED,
        Fact.NO_ANSWER: _IN_DOUBT,
        # A callback can beat the return value of the placing call.
        Fact.SEEN_ALIVE: _WORKING,
        Fact.FILLED_SOME: _WORKING,
        Fact.FILLED_ALL: _FILLED,
        # The wish to cancel is kept beside the state and acted on once the order is known.
        Fact.CANCEL_ASKED: _SENDING,
        Fact.CANCELLED: _CANCELLED,
        Fact.DAY_CLOSED: _IN_DOUBT,
    },
    _IN_DOUBT: {
        Fact.ACCEPTED: _WORKING,
        Fact.REFUSED: _REJECTED,
        Fact.NO_ANSWER: _IN_DOUBT,
        Fact.SEEN_ALIVE: _WORKING,
        Fact.FILLED_SOME: _WORKING,
        Fact.FILLED_ALL: _FILLED,
        Fact.CANCEL_ASKED: _IN_DOUBT,
        Fact.CANCELLED: _CANCELLED,
        # Only by the evidence of desk.core.reconcile, or by a person.
        Fact.RULED_ABSENT: _WITHDRAWN,
        Fact.DAY_CLOSED: _IN_DOUBT,
    },
    _WORKING: {
        Fact.ACCEPTED: _WORKING,
        Fact.REFUSED: _REJECTED,
        Fact.NO_ANSWER: _WORKING,
        Fact.SEEN_ALIVE: _WORKING,
        Fact.FILLED_SOME: _WORKING,
        Fact.FILLED_ALL: _FILLED,
        Fact.CANCEL_ASKED: _CANCELLING,
        Fact.CANCEL_REFUSED: _WORKING,
        Fact.CANCELLED: _CANCELLED,
        # QMT shows today only: a day order lapses with its last traded shares, checked against the positions.
        Fact.DAY_CLOSED: _CANCELLED,
    },
    _CANCELLING: {
        Fact.ACCEPTED: _CANCELLING,
        Fact.REFUSED: _REJECTED,
        Fact.NO_ANSWER: _CANCELLING,
        Fact.SEEN_ALIVE: _CANCELLING,
        Fact.FILLED_SOME: _CANCELLING,  # fills go on while cancelling
        Fact.FILLED_ALL: _FILLED,
        Fact.CANCEL_ASKED: _CANCELLING,
        Fact.CANCEL_REFUSED: _WORKING,
        Fact.CANCELLED: _CANCELLED,
        Fact.DAY_CLOSED: _CANCELLED,
    },
    _CANCELLED: {
        Fact.ACCEPTED: _CANCELLED,
        Fact.NO_ANSWER: _CANCELLED,
        Fact.SEEN_ALIVE: _CANCELLED,  # a stale report
        Fact.FILLED_SOME: _CANCELLED,  # a fill reported late
        Fact.FILLED_ALL: _FILLED,
        Fact.CANCEL_ASKED: _CANCELLED,
        Fact.CANCEL_REFUSED: _CANCELLED,
        Fact.CANCELLED: _CANCELLED,
        Fact.DAY_CLOSED: _CANCELLED,
    },
    _FILLED: {
        Fact.ACCEPTED: _FILLED,
        Fact.NO_ANSWER: _FILLED,
        Fact.SEEN_ALIVE: _FILLED,
        Fact.FILLED_SOME: _FILLED,
        Fact.FILLED_ALL: _FILLED,
        Fact.CANCEL_ASKED: _FILLED,
        Fact.CANCEL_REFUSED: _FILLED,
        Fact.DAY_CLOSED: _FILLED,
    },
    _REJECTED: {
        Fact.ACCEPTED: _REJECTED,
        Fact.REFUSED: _REJECTED,
        Fact.NO_ANSWER: _REJECTED,
        Fact.SEEN_ALIVE: _REJECTED,
        Fact.CANCEL_ASKED: _REJECTED,
        Fact.CANCEL_REFUSED: _REJECTED,
        Fact.DAY_CLOSED: _REJECTED,
    },
    _WITHDRAWN: {
        # Rows of WORKING and beyond should not happen: the strategy is halted and a person told.
        Fact.ACCEPTED: _WORKING,
        Fact.REFUSED: _WITHDRAWN,
        Fact.NO_ANSWER: _WITHDRAWN,
        Fact.SEEN_ALIVE: _WORKING,
        Fact.FILLED_SOME: _WORKING,
        Fact.FILLED_ALL: _FILLED,
        Fact.CANCEL_ASKED: _WITHDRAWN,
        Fact.CANCELLED: _CANCELLED,
        Fact.DAY_CLOSED: _WITHDRAWN,
    },
}

_FACT_OF_STATUS: dict[BrokerStatus, Fact] = {
    BrokerStatus.PENDING: Fact.SEEN_ALIVE,
    BrokerStatus.WORKING: Fact.SEEN_ALIVE,
    BrokerStatus.CANCEL_PENDING: Fact.SEEN_ALIVE,
    BrokerStatus.CANCELLED: Fact.CANCELLED,
    BrokerStatus.FILLED: Fact.FILLED_ALL,
    BrokerStatus.REJECTED: Fact.REFUSED,
}


class ImpossibleFact(Exception):
    """The table has no cell for this fact in this state; retrying is not safe, a person must look."""

    def __init__(self, state: OrderState, fact: Fact) -> None:
        super().__init__(f"an order that is {state} cannot meet {fact}")
        self.state = state
        self.fact = fact


def advance(state: OrderState, fact: Fact) -> OrderState:
    """Return the state that follows; raise `ImpossibleFact` on an empty cell."""
    try:
        return TABLE[state][fact]
    except KeyError:
        raise ImpossibleFact(state, fact) from None


def resurrects(before: OrderState, after: OrderState) -> bool:
    """True when an order that was ruled absent turns out to exist."""
    return before is OrderState.WITHDRAWN and after is not OrderState.WITHDRAWN


def fact_of(status: BrokerStatus, filled: int, shares: int) -> Fact | None:
    """The fact that a broker's order report states; None for a status that says nothing (255, unlisted)."""
    if status is BrokerStatus.UNKNOWN:
        return None
    if filled >= shares and status is not BrokerStatus.REJECTED:
        return Fact.FILLED_ALL
    if status is BrokerStatus.FILLED:
        # "All filled" with fewer shares than asked contradicts itself: believe the shares, wait for the rest.
        return Fact.FILLED_SOME
    return _FACT_OF_STATUS[status]
