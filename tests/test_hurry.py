"""What lies between a signal and its order does no work that can wait, and loses nothing by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from desk.broker import Report, ReportKind
from desk.broker.paper import PaperBroker
from desk.core.batch import Batch
from desk.core.market import Quote, Snapshot
from tests import checks
from tests.world import World

PINGAN, SZ = "000001.XSHE", "000001.SZ"

Make = Callable[[], World]


class Fetching(PaperBroker):
    """Has no quote until it has `fetched` them, as a channel to a terminal."""

    fetched = False
    looks = 0

    def quote(self, symbol: str, anchor: Decimal | None = None) -> Quote | None:
        return super().quote(symbol, anchor) if self.fetched else None

    def snapshot(self) -> Snapshot | None:
        self.looks += 1
        return super().snapshot()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[World] = []

    def build() -> World:
        world = World(tmp_path)
        made.append(world)
        world.scene(SZ, price=Decimal(10))
        fetching(world)
        world.settle()
        return world

    yield build
    for world in made:
        checks.assert_never_more_than_meant(world)
        world.close()


def fetching(world: World) -> None:
    world.desks["主账户"].broker.__class__ = Fetching


def quotes_come(world: World) -> None:
    desk = world.desks["主账户"]
    desk.broker.fetched = True  # type: ignore[attr-defined]
    desk.take(Report(kind=ReportKind.QUOTED, generation=desk.broker.generation, at=world.clock.now()))


def commits(world: World) -> list[Batch]:
    """What the loop writes from now on."""
    seen: list[Batch] = []
    commit = world.journal.commit

    def noted(batch: Batch) -> None:
        seen.append(batch)
        commit(batch)

    world.journal.commit = noted  # type: ignore[method-assign]
    return seen


def test_a_decision_that_waited_a_moment_for_its_quote_is_written_together_with_its_order(make: Make) -> None:
    world = make()
    written = commits(world)
    event = world.order("1", PINGAN, "buy", 1000, settle=False)
    assert world.trader.step() > 0
    assert not written and not world.broker_orders()
    quotes_come(world)
    world.trader.step()
    assert event in written[0].outcomes and len(written[0].orders) == 1
    assert len(world.broker_orders()) == 1


def test_a_decision_whose_quote_does_not_come_is_written_by_the_next_turn(make: Make) -> None:
    world = make()
    written = commits(world)
    event = world.order("1", PINGAN, "buy", 1000, settle=False)
    world.trader.step()
    world.trader.step()
    assert event in written[0].outcomes and not written[0].orders
    assert world.verdict(event) == ("working", None)


def test_a_signal_whose_decision_was_not_written_yet_is_not_decided_again(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 1000, settle=False)
    world.trader.step()
    world.journal.ring()  # as for every body and every row of another process
    second = world.order("2", "600000.XSHG", "buy", 100, settle=False)
    quotes_come(world)
    world.settle()
    world.pass_time(10)
    assert (world.own(SZ), world.verdict(second)) == (1000, ("done", None))
    assert not [told for told in world.journal.outbox_list(50) if "序号" in told.message.title]


def test_a_crash_before_a_decision_was_written_finds_the_signal_undecided(make: Make) -> None:
    world = make()
    event = world.order("1", PINGAN, "buy", 1000, settle=False)
    world.trader.step()
    world.kill()
    world.settle()
    world.pass_time(10)
    assert (world.own(SZ), world.verdict(event)) == (1000, ("done", None))
    assert len(world.broker_orders()) == 1


def test_a_persons_command_is_written_in_its_own_turn(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 1000, settle=False)
    row = world.journal.ask("reload", {}, "人")
    world.trader.step()
    assert world.journal.command_result(row) is not None


def test_a_quote_that_has_come_makes_no_look_at_the_account(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 1000, settle=False)
    world.trader.step()
    broker = world.desks["主账户"].broker
    before = broker.looks  # type: ignore[attr-defined]
    quotes_come(world)
    world.trader.step()
    assert broker.looks == before and len(world.broker_orders()) == 1  # type: ignore[attr-defined]
