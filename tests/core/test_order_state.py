"""The order table is the one of the design, cell by cell; an empty cell raises."""

from __future__ import annotations

import itertools

import pytest

from desk.core.order_state import TABLE, ImpossibleFact, advance, fact_of, resurrects
from desk.core.values import BrokerStatus, Fact, OrderState

DESIGN = """
| from | claimed | withdrawn | accepted | refused | no_answer | seen_alive | filled_some | filled_all | cancel_asked | cancel_refused | cancelled | ruled_absent | day_closed |
| PLANNED | SENDING | WITHDRAWN | | | | | | | WITHDRAWN | | | | WITHDRAWN |
| SENDING | | | WORKING | REJECTED | IN_DOUBT | WORKING | WORKING | FILLED | same | | CANCELLED | | IN_DOUBT |
| IN_DOUBT | | | WORKING | REJECTED | same | WORKING | WORKING | FILLED | same | | CANCELLED | WITHDRAWN | same |
| WORKING | | | same | REJECTED | same | same | same | FILLED | CANCELLING | same | CANCELLED | | CANCELLED |
| CANCELLING | | | same | REJECTED | same | same | same | FILLED | same | WORKING | CANCELLED | | CANCELLED |
| CANCELLED | | | same | | same | same | same | FILLED | same | same | same | | same |
| FILLED | | | same | | same | same | same | same | same | same | | | same |
| REJECTED | | | same | same | same | same | | | same | same | | | same |
| WITHDRAWN | | | WORKING | same | same | WORKING | WORKING | FILLED | same | | CANCELLED | | same |
"""  # noqa: E501


def drawn() -> dict[tuple[OrderState, Fact], OrderState | None]:
    head, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in DESIGN.strip().splitlines()]
    cells: dict[tuple[OrderState, Fact], OrderState | None] = {}
    for name, *row in rows:
        state = OrderState[name]
        for fact, cell in zip(head[1:], row, strict=True):
            cells[state, Fact(fact)] = None if not cell else state if cell == "same" else OrderState[cell]
    return cells


def test_every_cell_of_the_table_is_as_drawn() -> None:
    cells = drawn()
    assert len(cells) == len(OrderState) * len(Fact)
    for (state, fact), after in cells.items():
        assert TABLE[state].get(fact) == after, (state, fact)


def test_an_empty_cell_raises_and_names_both() -> None:
    for state, fact in itertools.product(OrderState, Fact):
        if drawn()[state, fact] is None:
            with pytest.raises(ImpossibleFact, match=f"{state}.*{fact}"):
                advance(state, fact)


def test_a_final_state_is_never_left_but_by_a_fill_or_a_resurrection() -> None:
    for state in OrderState:
        if not state.final:
            continue
        for fact, after in TABLE[state].items():
            allowed = after is state or fact is Fact.FILLED_ALL or resurrects(state, after)
            assert allowed, (state, fact)


@pytest.mark.parametrize(
    ("status", "filled", "fact"),
    [
        (BrokerStatus.PENDING, 0, Fact.SEEN_ALIVE),
        (BrokerStatus.WORKING, 300, Fact.SEEN_ALIVE),
        (BrokerStatus.CANCEL_PENDING, 300, Fact.SEEN_ALIVE),  # 51 and 52 are alive and may fill
        (BrokerStatus.CANCELLED, 300, Fact.CANCELLED),
        (BrokerStatus.CANCELLED, 1000, Fact.FILLED_ALL),
        (BrokerStatus.FILLED, 1000, Fact.FILLED_ALL),
        (BrokerStatus.FILLED, 400, Fact.FILLED_SOME),  # it contradicts itself: believe the shares
        (BrokerStatus.REJECTED, 0, Fact.REFUSED),
        (BrokerStatus.UNKNOWN, 0, None),
    ],
)
def test_a_broker_status_states_one_fact(status: BrokerStatus, filled: int, fact: Fact | None) -> None:
    assert fact_of(status, filled, 1000) is fact
