"""Words that the stories of one desk have in common: two stocks, three sessions, how shares come to be held."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from base_func import BEIJING
from desk.broker.paper import PaperBroker
from desk.core.market import Snapshot
from desk.core.values import Order, OrderState
from tests.world import World, strategy

PINGAN, SZ = "000001.XSHE", "000001.SZ"
PUFA, SH = "600000.XSHG", "600000.SH"
MONDAY = datetime(2026, 11, 23, 9, 29, 50, tzinfo=BEIJING)
TUESDAY = MONDAY + timedelta(days=1)
TWO = [strategy("甲", "jia"), strategy("乙", "yi")]

Make = Callable[..., World]


def hold(world: World, shares: int, kid: str = "xsz") -> None:
    """Let the strategy buy `shares` of 平安 today and own them."""
    world.order(f"hold {kid}", PINGAN, "buy", shares, kid=kid)
    world.pass_time(10)


def hold_overnight(world: World, kid: str = "xsz") -> None:
    """Own 1000 of 平安 since the last session, Monday's begun."""
    hold(world, 1000, kid)
    world.go_to(MONDAY, step=3600)
    world.pass_time(60)


def next_session(world: World, moment: datetime = MONDAY) -> None:
    world.go_to(moment, step=3600)
    world.pass_time(20)


def sleep_until(world: World, moment: datetime, step: float = 600) -> None:
    """The desk is dead until then; the exchange goes on."""
    for desk in world.desks.values():
        desk.broker.close()
    while world.clock.now() < moment:
        world.clock.turn(min(step, (moment - world.clock.now()).total_seconds()))
        for exchange in world.exchanges.values():
            exchange.advance(world.clock.now())
    world.kill()
    world.settle()


def titles(world: World) -> list[str]:
    return [told.message.title for told in world.journal.outbox_list(200)]


def alarms(world: World) -> list[str]:
    """Flags that stop something: halted, 已熔断, strangers."""
    return [name for name in world.trader.ledger.flags if name.startswith(("halted", "stopped:", "stranger:"))]


def states(world: World) -> list[OrderState]:
    return [order.state for order in world.trader.ledger.orders.values()]


def sent(world: World) -> list[tuple[str, int, str]]:
    return [(o.side.value, o.shares, o.status.value) for o in world.broker_orders()]


def only(orders: list[Order]) -> Order:
    (order,) = orders
    return order


def use_broker(world: World, kind: type[PaperBroker]) -> None:
    """Let the desk's channel behave like `kind` from now on."""
    world.desks["主账户"].broker.__class__ = kind  # type: ignore[assignment]


def trail(world: World, seconds: float, *what: str) -> None:
    """Let the terminal's pictures be that old: in the fields named (asset, positions), or in everything."""
    seen: deque[Snapshot] = deque(maxlen=400)

    class Trailing(PaperBroker):
        def snapshot(self) -> Snapshot | None:
            taken = super().snapshot()
            if taken is None:
                return None
            seen.append(taken)
            old = [s for s in seen if (taken.taken_at - s.taken_at).total_seconds() >= seconds]
            if not old:
                return taken
            if not what:
                return replace(old[-1], taken_at=taken.taken_at, generation=taken.generation)
            return replace(taken, **{field: getattr(old[-1], field) for field in what})

    use_broker(world, Trailing)
