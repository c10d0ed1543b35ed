"""What happens to a desk between two acts of a strategy, by chance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from base_func import symbol_of
from desk.core.config import AccountShare, StrategyConfig
from desk.core.plans import plan_of
from desk.core.values import Mode, Side
from tests.simulation.mixes import Swarm
from tests.simulation.network import secret_of
from tests.simulation.world import SimulatedDesk
from tests.strategies import PRICES, JoinQuant

RATIOS = ("0.1", "0.3", "0.5", "1", "1.7")


@dataclass(slots=True)
class Incidents:
    world: SimulatedDesk
    swarm: Swarm
    chance: random.Random
    showing: random.Random  # for snapshots alone, so that a seed without them is the same run
    wall_erred: bool = False
    _outage_until: float = 0.0
    _pinned: set[tuple[str, str]] = field(default_factory=set)

    def happen(self) -> None:
        """Between two acts."""
        swarm, chance = self.swarm, self.chance
        self._lines()
        self._outages()
        if chance.random() < swarm.kills:
            self.world.kill()
            if chance.random() < 0.3:  # twice in a row, before it has done anything
                self.world.kill()
        if chance.random() < swarm.foreign:
            self._by_hand()
        if chance.random() < swarm.scenes:
            self._scene()
        if chance.random() < swarm.clock:
            self._clock()
        if chance.random() < swarm.config:
            self._configure()
        if chance.random() < swarm.persons:
            self._person()
        if swarm.network and chance.random() < 0.1:
            chance.choice([self.world.network.replay, self.world.network.forge])()

    def show(self, player: JoinQuant) -> None:
        """A strategy says what it holds, and a person looks at the plan that may have come of it."""
        world, chance = self.world, self.showing
        if not self.swarm.snapshots:
            return
        line = world.network.line(player.kid)
        if chance.random() < (0.5 if line.forgot else self.swarm.snapshots):
            line.forgot = False
            world.send(player.show(), kid=player.kid)
            world.turn()
        for config in world.config.strategies:
            plan = plan_of(world.trader.ledger, config.name)
            if plan is not None and chance.random() < 0.3:
                what = chance.choice(["approve", "reject"])
                if what == "approve":
                    world.witness.approved.add(config.name)
                world.ask(what, id=plan.plan_id)

    def show_all(self, players: Sequence[JoinQuant]) -> None:
        """Calm again, each strategy says once more what it holds."""
        if not self.swarm.snapshots:
            return
        for player in players:
            self.world.send(player.show(), kid=player.kid)
            self.world.run(90)

    def end(self) -> None:
        """The troubles stop; whatever persons have switched off is on again."""
        world = self.world
        world.story.tell("calm", "the troubles end")
        self.swarm = replace(
            self.swarm, kills=0, foreign=0, scenes=0, clock=0, config=0, persons=0, breaks=0, outages=0, network={}
        )
        world.rate = 0.0
        world.wecom = {}
        world.robots.down = False
        world.journal_down = False
        world.network.calm()
        for exchange in world.exchanges.values():
            exchange.faults.rates.clear()
            exchange.faults.invisible_s = exchange.faults.cancel_delay_s = 0.0
            exchange.reconnect()
        for account, symbol in sorted(self._pinned):
            world.exchanges[account].scene(symbol)
        world.clock.frozen = False
        if abs(world.clock.ahead_s) > 1e-6:
            world.jump(-world.clock.ahead_s)
        self.restore()

    def restore(self) -> None:
        """A person looks after the desk: everything that was stopped may go on."""
        world = self.world
        for config in world.config.strategies:
            stopped = f"stopped:{config.name}" in world.trader.ledger.flags
            mended = replace(config, enabled=True, sell_only=False, mode=Mode.LIVE)
            if stopped or mended != config or config.name in world.unheard:
                world.change(mended, resumed=True)
        if "halted" in world.trader.ledger.flags:
            world.ask("unhalt", reason="over")
        if any(not intent.approved for intent in world.trader.ledger.intents.values()):
            world.ask("approve", id="all")
        if world.witness.unseen:
            world.ask("reconcile", apply="1")

    # --- one by one ---

    def _lines(self) -> None:
        for exchange in self.world.exchanges.values():
            if exchange.faults.disconnected:
                if self.chance.random() < 0.5:
                    self.world.story.tell("line", "the broker's line is up")
                    exchange.reconnect()
            elif self.chance.random() < self.swarm.breaks:
                self.world.story.tell("line", "the broker's line breaks")
                exchange.disconnect()

    def _outages(self) -> None:
        world = self.world
        if self.chance.random() < 0.5:
            world.network.down = world.journal_down = world.robots.down = False
        if self.chance.random() < self.swarm.outages:
            what = self.chance.choice(["network", "journal"])
            world.story.tell("outage", what)
            world.network.down, world.journal_down = what == "network", what == "journal"
        if self.swarm.wecom and self.chance.random() < 0.1:
            world.robots.down = True

    def _by_hand(self) -> None:
        """A person trades the same stock at the same account, never more than the person has."""
        world, chance = self.world, self.chance
        account = chance.choice(sorted(world.exchanges))
        symbol = symbol_of(chance.choice(sorted(PRICES)))
        theirs = world.witness.foreign.get(account, {}).get(symbol, 0)
        side = Side.SELL if theirs >= 100 and chance.random() < 0.4 else Side.BUY
        shares = min(theirs // 100 * 100, 300) if side is Side.SELL else chance.choice([200, 300, 1000])
        world.story.tell("by hand", f"{side.value} {shares} {symbol} on {account}")
        world.exchanges[account].trade_by_hand(symbol, side, shares, now=world.clock.now())

    def _scene(self) -> None:
        world, chance = self.world, self.chance
        account = chance.choice(sorted(world.exchanges))
        symbol = symbol_of(chance.choice(sorted(PRICES)))
        scene = chance.choice(["limit_up", "limit_down", "suspended", "thin", "plain"])
        world.story.tell("market", f"{symbol} on {account}: {scene}")
        self._pinned.add((account, symbol))
        exchange = world.exchanges[account]
        if scene == "limit_up":
            exchange.scene(symbol, limit_up=True)
        elif scene == "limit_down":
            exchange.scene(symbol, limit_down=True)
        elif scene == "suspended":
            exchange.scene(symbol, suspended=True)
        else:
            exchange.scene(symbol, thin=200 if scene == "thin" else None)

    def _clock(self) -> None:
        world, chance = self.world, self.chance
        self.wall_erred = True
        what = chance.choice(["minutes", "minutes", "hours", "freeze", "thaw", "sleep", "right"])
        if what == "minutes":
            world.jump(chance.choice([-300.0, -30.0, 30.0, 300.0]))
        elif what == "hours":
            world.jump(chance.choice([-28800.0, 28800.0]))
        elif what in ("freeze", "thaw"):
            world.story.tell("clock", f"the wall clock: {what}")
            world.clock.frozen = what == "freeze"
            if what == "freeze":
                world.run(chance.choice([10.0, 60.0, 240.0]))
        elif what == "sleep":
            world.suspend(1800.0)
        elif world.clock.ahead_s:
            world.jump(-world.clock.ahead_s)
        world.clock.frozen = False

    def _configure(self) -> None:
        world, chance = self.world, self.chance
        config = chance.choice(world.config.strategies)
        what = chance.choice(["ratio", "ratio", "mode", "pause", "sell only", "on", "key"])
        changed = self._changed(config, what)
        if what == "key" and not world.network.line(config.kid).spool:
            world.network.line(config.kid).rotate()
            changed = replace(config, secret=secret_of(config.kid, world.network.line(config.kid).key))
        world.story.tell("config", f"{config.name}: {what}")
        world.change(changed, resumed=changed.enabled and not config.enabled)

    def _changed(self, config: StrategyConfig, what: str) -> StrategyConfig:
        if what == "ratio":
            ratio = Decimal(self.chance.choice(RATIOS))
            shares = tuple(AccountShare(account=share.account, ratio=ratio) for share in config.accounts)
            return replace(config, accounts=shares)
        if what == "mode":
            return replace(config, mode=Mode.LIVE if config.mode is Mode.CONFIRM else Mode.CONFIRM)
        if what == "pause":
            return replace(config, enabled=False)
        if what == "sell only":
            return replace(config, sell_only=True)
        return replace(config, enabled=True, sell_only=False) if what == "on" else config

    def _person(self) -> None:
        world, chance = self.world, self.chance
        orders = sorted(order.client_order_id for order in world.trader.ledger.live_orders())
        what = chance.choice(["approve", "reject", "halt", "unhalt", "unhalt", "cancel", "reload"])
        if what in ("approve", "reject"):
            world.ask(what, id="all")
        elif what == "cancel" and orders:
            world.ask("cancel", id=chance.choice(orders))
        elif what == "halt":
            world.ask("halt", reason="a person", cancel=chance.choice(["0", "1"]))
        elif what == "unhalt":
            world.ask("unhalt", reason="a person")
        elif what == "reload":
            world.ask("reload")
