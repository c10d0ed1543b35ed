"""What breaks in one place, the program's own code or a channel, stops nothing else."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

import Trader as trading
from desk.broker.paper import PaperBroker
from desk.broker.paper.faults import PlaceTrouble
from desk.core.config import AccountConfig
from desk.core.values import OrderState
from desk.dealing.persons import Persons
from desk.texts import dealing as texts
from tests.stories import PINGAN, SZ, TWO, Make, only, titles
from tests.world import NO_LIMITS, World, strategy


def keep_going(world: World, turns: int) -> int:
    """Turn the guarded loop; returns how many turns failed."""
    failed = 0
    for _ in range(turns):
        failed += world.trader.safe_step() >= 1
        world.clock.turn(0.5)
        world.exchange.advance(world.clock.now())
    return failed


@pytest.fixture
def quiet_log() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("quiet_log")
def test_a_command_that_breaks_the_program_is_answered_and_stops_nothing_else(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make()
    world.settle()

    def break_down(self: Persons, *, apply: bool) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(Persons, "reconcile", break_down)
    row = world.journal.ask("reconcile", {}, "test")
    event = world.order("1", PINGAN, "buy", 1000, settle=False)
    assert keep_going(world, 10) == 1
    answer = world.journal.command_result(row)
    assert answer is not None and (answer.ok, answer.text) == (False, texts.BROKEN)
    assert world.verdict(event) == ("done", None)


@pytest.mark.usefixtures("quiet_log")
def test_an_event_that_breaks_the_program_is_refused_and_stops_nothing_else(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make()
    world.settle()
    real = trading.decide_event

    def decide(ledger: object, event: object, view: object) -> None:
        real(ledger, event, view)  # type: ignore[arg-type]
        if event.body.content.jq_order_id == "2":  # type: ignore[attr-defined]
            raise ZeroDivisionError

    monkeypatch.setattr(trading, "decide_event", decide)
    events = [world.order_event(n, PINGAN, "buy", 100) for n in ("1", "2", "3")]
    first, broken, third = world.send(*events)
    assert keep_going(world, 20) == 1
    assert world.verdict(broken)[0] == "refused"
    assert world.signal(broken)["reason_text"] == texts.BROKEN
    assert world.verdict(first) == world.verdict(third) == ("done", None)
    assert (world.own(SZ), world.held(SZ), world.entitled(SZ)) == (200, 200, 200), "nothing of the broken one stays"
    assert "一个信号没有处理" in titles(world)


@pytest.mark.usefixtures("quiet_log")
def test_a_filled_count_that_is_no_number_is_refused(make: Make) -> None:
    world = make(settle_s=60.0)
    world.pass_time(2)
    world.exchange.faults.once(PlaceTrouble.LOST)
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(3)
    doubtful = only(world.trader.ledger.live_orders())
    assert not world.command("resolve", id=doubtful.client_order_id, how="filled", filled="²")[0]
    assert world.trader.ledger.orders[doubtful.client_order_id].state is OrderState.IN_DOUBT


class Broken(PaperBroker):
    def snapshot(self) -> None:
        raise RuntimeError("vendor")


class Stubborn(PaperBroker):
    def cancel(self, client_order_id: str, broker_order_id: str) -> None:
        raise RuntimeError("vendor")


def test_one_accounts_failing_channel_stops_no_other_account(make: Make) -> None:
    accounts = [AccountConfig(name=name, limits=NO_LIMITS) for name in ("主账户", "二")]
    world = make(accounts=accounts, strategies=[TWO[0], strategy("乙", "yi", account="二")])
    world.desks["主账户"].broker.__class__ = Broken
    world.order("1", PINGAN, "buy", 1000, kid="yi")
    world.pass_time(10)
    assert world.held(SZ, "二") == 1000
    assert any(told.message.title == "券商通道出错" for told in world.journal.outbox_list(50))


def test_a_cancel_that_raises_loses_no_order_of_the_same_turn(make: Make) -> None:
    world = make(strategies=TWO)
    world.order("1", PINGAN, "buy", 1000, status="open", limit="9.50", kid="jia")
    world.pass_time(5)
    world.desks["主账户"].broker.__class__ = Stubborn
    world.order("2", PINGAN, "buy", 1000, kid="yi", settle=False)
    other = world.order("3", "600000.XSHG", "buy", 1000, kid="yi")
    world.pass_time(10)
    assert world.verdict(other) == ("done", None)
