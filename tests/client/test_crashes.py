"""The computer dies at any step, the line fails at any time: every order that was put arrives exactly once."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gendan_client import NoAnswer, Order, Sender, Unreachable
from gendan_client import spool as spool_module
from gendan_client.transport import Answer, Request
from tests.client.stage import Outside
from tests.joinquant.pasted import KID, SECRET, Receiver
from tests.stand_in.clock import StandInClock


class Died(BaseException):
    """The power is gone: no cleaning up."""


class World:
    """A spool that survives, a receiver in memory, senders that come and go."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "spool"
        self.clock = StandInClock()
        self._outside = Outside(self.clock)
        self.receiver = Receiver()
        self.fault: Callable[[Request], Answer] = self.honest
        self.put: list[str] = []  # what `put` has come back for
        self.start()

    def start(self) -> None:
        self.sender = Sender(
            "http://x", KID, SECRET, self._folder, transport=lambda request: self.fault(request), outside=self._outside
        )

    def stop(self) -> None:
        self.sender.close()

    def honest(self, request: Request) -> Answer:
        status, body = self.receiver.post(request.body)
        return Answer(status, body)

    def order(self, *order_ids: str) -> None:
        self.sender.put(
            *(
                Order(
                    order_id=one, code="000001.SZ", side="buy", amount=100, filled=100, status="held",
                    avg_price=Decimal(10), at=self.clock.now(),
                )
                for one in order_ids
            )
        )  # fmt: skip
        self.put += order_ids

    def settle(self) -> None:
        self.fault = self.honest
        self.clock.advance(3600)
        assert self.sender.deliver().complete and self.sender.waiting == ()

    @property
    def arrived(self) -> list[tuple[int, str]]:
        return [(event["q"], event["o"]) for event in self.receiver.events()]


# --- the computer -----------------------------------------------------------------------------------------------------


def dying_at(monkeypatch: pytest.MonkeyPatch, step: int, *, after: bool) -> list[str]:
    """Die before or after the step-th file operation of the spool; the list grows with every operation."""
    done: list[str] = []

    def deadly(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def work(*args: Any) -> Any:
            done.append(name)
            if len(done) == step and not after:
                raise Died
            result = real(*args)
            if len(done) == step:
                raise Died
            return result

        return work

    for name in ("_write", "_remove", "_sync"):
        monkeypatch.setattr(spool_module, name, deadly(name, getattr(spool_module, name)))
    monkeypatch.setattr(spool_module.os, "replace", deadly("replace", spool_module.os.replace))
    return done


def two_orders(world: World) -> None:
    world.order("1", "2")
    world.sender.deliver()
    world.order("3")
    world.sender.deliver()


def test_whenever_the_computer_dies_what_was_put_arrives_once(tmp_path: Path) -> None:
    step = 0
    while True:
        step += 1
        for after in (False, True):
            world = World(tmp_path / f"{step}-{after}")
            with pytest.MonkeyPatch.context() as patch:
                done = dying_at(patch, step, after=after)
                try:
                    two_orders(world)
                except Died:
                    pass
                else:
                    assert len(done) == step - 1 > 8, "every step was tried"
                    return
                finally:
                    world.stop()
            world.start()
            world.order("4")
            world.settle()
            world.stop()
            order_ids = [order_id for _, order_id in world.arrived]
            assert len(set(order_ids)) == len(order_ids) and set(world.put) <= set(order_ids)
            numbers = [number for number, _ in world.arrived]
            assert len(set(numbers)) == len(numbers)


# --- the line ---------------------------------------------------------------------------------------------------------


def a_bad_day(folder: Path, seed: int) -> None:
    rng = random.Random(seed)
    world = World(folder)

    def chance(request: Request) -> Answer:
        match rng.randrange(6):
            case 0:
                raise Unreachable("cut")
            case 1:
                raise NoAnswer("never arrived")
            case 2:
                world.honest(request)
                raise NoAnswer("answer lost")
            case 3:
                return Answer(rng.choice([200, 400, 401, 409, 413, 503]), b'{"st":"accepted"}')
        return world.honest(request)

    world.fault = chance
    made = 0
    for _ in range(30):
        match rng.randrange(5):
            case 0 | 1:
                count = rng.choice([1, 1, 2, 60])
                world.order(*(str(made + n) for n in range(count)))
                made += count
            case 2 | 3:
                world.sender.deliver()
            case 4:
                world.stop()
                world.start()
        world.clock.advance(rng.choice([0, 0.1, 1, 70]))
    world.settle()
    world.stop()
    assert sorted(world.arrived) == [(n + 1, str(n)) for n in range(made)]


@pytest.mark.parametrize("seed", range(4))
def test_on_a_bad_day_every_order_arrives_once_under_its_own_number(seed: int, tmp_path: Path) -> None:
    a_bad_day(tmp_path, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 400))
def test_on_many_bad_days_every_order_arrives_once_under_its_own_number(seed: int, tmp_path: Path) -> None:
    a_bad_day(tmp_path, seed)
