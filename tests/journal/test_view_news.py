"""What has changed, what an order lost against its signal, and the filters of the long lists."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from desk.core.values import OrderState, Verdict
from desk.journal import views
from desk.journal.view_news import newest_of_each, slippage
from desk.journal.view_pages import fills_page, orders_page, signals_page
from tests.world import World, strategy

BANK, BANK_HERE = "000001.XSHE", "000001.SZ"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A buy that fills, one below a lot, and a snapshot."""
    made = World(tmp_path, strategies=[strategy("小市值", "xsz")])
    made.scene(BANK_HERE, price=Decimal(10))
    made.order("1", BANK, "buy", 100)
    made.order("2", BANK, "buy", 5)
    made.snapshot({BANK: 105}, equity=100000)
    made.pass_time(10)
    yield made
    made.close()


def test_what_has_changed_shows_in_its_own_number(world: World) -> None:
    before = newest_of_each(world.journal)
    assert newest_of_each(world.journal) == before
    world.order("3", BANK, "buy", 200)
    world.pass_time(10)
    after = newest_of_each(world.journal)
    assert {kind for kind in before if before[kind] != after[kind]} >= {"signals", "orders", "books"}
    world.journal.ask("halt", {"reason": "test"}, "test")
    world.settle()
    assert newest_of_each(world.journal)["persons"] != after["persons"]


def test_slippage_is_what_a_share_cost_beyond_its_signal(world: World) -> None:
    order = views.orders(world.journal)[0]
    told = slippage(world.journal, [order["client_order_id"]])[order["client_order_id"]]
    assert Decimal(told["worse"]) == Decimal(order["avg_price"]) - Decimal(told["expected"])
    assert slippage(world.journal, []) == {}


def test_lists_are_narrowed_by_what_a_person_chooses(world: World) -> None:
    journal = world.journal

    def verdicts(verdict: Verdict | None) -> list[str]:
        page = signals_page(journal, mark=None, limit=50, verdict=verdict, asked_only=True)
        return [row["verdict"] for row in page.rows]

    assert verdicts(None) == ["refused", "done"]  # without the snapshot, newest first
    assert verdicts(Verdict.DONE) == ["done"]
    assert verdicts(Verdict.WORKING) == []
    assert [row["state"] for row in orders_page(journal, mark=None, limit=9, state=OrderState.FILLED).rows] == [
        "filled"
    ]
    assert orders_page(journal, mark=None, limit=9, state=OrderState.REJECTED).rows == []
    assert len(orders_page(journal, mark=None, limit=9, symbol=BANK_HERE).rows) == 1
    assert fills_page(journal, mark=None, limit=9, symbol="600000.SH").rows == []
