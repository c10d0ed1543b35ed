"""A person has an account connected at once: the pause is cut short, a storm of wishes is no storm of logins."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desk.broker import Broker, BrokerUnavailable, Sink
from desk.core.config import AccountConfig
from desk.core.view import shadow_of
from desk.dealing.account import AccountDesk
from tests.world import NO_LIMITS, World, strategy

MAIN = "主账户"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.settle()
    yield made
    made.close()


def tries(world: World) -> list[float]:
    """When the account's channel is opened from now on."""
    broker, seen = world.desks[MAIN].broker, []
    genuine: Callable[[Sink], None] = broker.open

    def noted(sink: Sink) -> None:
        seen.append(world.clock.monotonic())
        genuine(sink)

    broker.open = noted  # type: ignore[method-assign]
    return seen


def down_for_long(world: World) -> None:
    """Cut the line and let the pause grow to a minute."""
    world.exchange.disconnect()
    world.pass_time(128, step=1)
    assert not world.desks[MAIN].broker.connected


def test_a_wish_is_tried_at_once_and_not_when_the_pause_is_over(world: World) -> None:
    down_for_long(world)
    tried = tries(world)
    world.exchange.reconnect()
    world.pass_time(20)
    assert tried == [], "the pause"
    assert world.command("connect", id=MAIN) == (True, "正在连接账户 主账户,连上并核对完委托和持仓以后才下单。")
    assert tried == [world.clock.monotonic()] and world.desks[MAIN].ready


def test_a_wish_that_fails_leaves_the_desk_to_its_pause(world: World) -> None:
    down_for_long(world)
    tried = tries(world)
    assert world.command("connect", id=MAIN)[0]
    world.pass_time(50)
    assert len(tried) == 1
    world.pass_time(15)
    assert len(tried) == 2, "and it goes on by itself"


def test_a_storm_of_wishes_is_one_try_a_second(world: World) -> None:
    down_for_long(world)
    tried = tries(world)
    for _ in range(25):
        for _ in range(2):
            assert world.command("connect", id=MAIN)[0]
        world.pass_time(0.1, step=0.1)
    assert 2 <= len(tried) <= 4
    assert min(later - earlier for earlier, later in itertools.pairwise(tried)) >= 1 - 1e-6


def test_a_connected_account_is_left_as_it_is(world: World) -> None:
    tried, generation = tries(world), world.desks[MAIN].broker.generation
    assert world.command("connect", id=MAIN) == (True, "账户 主账户 已经连接,不用再连。")
    world.pass_time(5)
    assert (tried, world.desks[MAIN].broker.generation) == ([], generation)


def test_a_connected_account_that_is_not_matched_says_so(world: World) -> None:
    world.desks[MAIN].matched_generation = None
    world.desks[MAIN].look = lambda *_, **__: None  # type: ignore[method-assign]
    assert world.command("connect", id=MAIN) == (True, "账户 主账户 已经连接,正在核对委托和持仓。")


@pytest.mark.parametrize("name", ["", "没有", "主账户 ", "<b>"])
def test_an_unknown_account_is_refused(world: World, name: str) -> None:
    assert world.command("connect", id=name) == (False, f"没有叫 {name} 的账户。")


@pytest.mark.parametrize(("channel", "why"), [("bigqmt", "还不支持通道 bigqmt"), ("miniqmt", "xtquant 不能用")])
def test_an_account_without_a_line_here_is_refused_with_the_reason(tmp_path: Path, channel: str, why: str) -> None:
    real = AccountConfig(name="真账户", channel=channel, limits=NO_LIMITS)
    world = World(tmp_path, strategies=[strategy("小市值", "xsz", account="真账户")], accounts=[real])
    world.settle()
    ok, answer = world.command("connect", id="真账户")
    assert not ok and "在这里连不上" in answer and why in answer
    assert "已经连接" in world.command("connect", id=shadow_of("真账户"))[1]
    world.close()


class Unreachable:
    """A broker that makes pauses of its own; its line never comes."""

    account, channel, connected = MAIN, "miniqmt", False

    def open(self, sink: Sink) -> None:
        raise BrokerUnavailable("no")


def test_a_broker_with_pauses_of_its_own_is_told_as_often_as_the_desk_tries(world: World) -> None:
    hurried: list[float] = []
    broker: Broker = Unreachable()  # type: ignore[assignment]
    clock = world.clock
    desk = AccountDesk(
        world.desks[MAIN].config, broker, world.desks[MAIN].days, world.bell, hurry=lambda: hurried.append(now())
    )
    now = clock.monotonic
    begun = now()
    desk.connect(now())
    assert hurried == [], "nobody has asked"
    for _ in range(30):
        desk.hurry()
        desk.connect(now())
        clock.turn(0.1)
    assert hurried == pytest.approx([begun + 1, begun + 2], abs=0.11)
    assert world.bell.is_set()
