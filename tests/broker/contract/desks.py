"""The whole desk of tests.world, over any channel."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from desk.broker.paper import PaperExchange
from desk.core.market import BrokerOrder
from desk.core.values import OrderState
from desk.dealing.account import AccountDesk
from desk.journal import Journal
from tests.broker.contract.channels import Channel
from tests.world import Weekdays, World
from Trader import Trader


class ChannelWorld(World):
    """Journal, Trader and core are the real ones; the brokers are a channel's, over the world's exchanges.

    With `chance` the loop's turns fall somewhere between the steps of the channel's threads.
    """

    def __init__(
        self,
        path: Path,
        make: Callable[[Mapping[str, PaperExchange], datetime], Channel],
        *,
        chance: random.Random | None = None,
        **more: Any,
    ) -> None:
        self._make = make
        self._chance = chance
        self.channel: Channel | None = None
        super().__init__(path, **more)

    # --- the parts ----------------------------------------------------------------------------------------------------

    def start_trader(self) -> None:
        if self.channel is None:
            self.channel = self._make(self.exchanges, self.clock.now())
            self.clock = self.channel.clock
        self.bell = threading.Event()
        self.journal = Journal.open(self.path / "journal.db", clock=self.clock)
        self.desks = {}
        for account in self.config.accounts:
            broker = self.channel.broker(account.name)
            self.desks[account.name] = AccountDesk(
                account, broker, Weekdays(), self.bell, hurry=self.channel.hurries(broker)
            )
        self.trader = Trader(
            journal=self.journal,
            desks=self.desks,
            config=self.config,
            clock=self.clock,
            bell=self.bell,
            reload=lambda: self.config,
        )

    def kill(self) -> None:
        """The process dies where it stands; what it had not handed to a terminal is gone."""
        assert self.channel is not None
        for desk in self.desks.values():
            self.channel.retire(desk.broker, killed=True)
        self.journal.close()
        self.start_trader()

    def close(self) -> None:
        assert self.channel is not None
        for desk in self.desks.values():
            self.channel.wake(desk.name)
            self.channel.retire(desk.broker)
        self.channel.close()
        super().close()

    # --- time ---------------------------------------------------------------------------------------------------------

    def settle(self, turns: int = 200) -> None:
        """Turn the loop and drive the channel until neither has anything to do at this very moment."""
        assert self.channel is not None
        for _ in range(turns):
            if self._chance is not None and self._chance.random() < 0.3:
                self.channel.drive(self._chance.randrange(4))
            else:
                self.channel.drive()
            self.bell.clear()
            wait = self.trader.step()
            self.channel.drive(0 if self._chance is not None and self._chance.random() < 0.5 else None)
            if wait > 0 and not self.bell.is_set():
                return

    def pass_time(self, seconds: float, step: float = 0.5) -> None:
        self.settle()
        passed = 0.0
        while passed < seconds - 1e-9:
            part = min(step, seconds - passed)
            self.clock.turn(part)
            passed += part
            self.settle()

    def until(self, true: Callable[[], object], seconds: float = 180.0, step: float = 0.25) -> None:
        """Let so much time pass as it takes, at most `seconds` of the world's time."""
        for _ in range(int(seconds / step)):
            self.settle()
            if true():
                return
            self.clock.turn(step)
        raise AssertionError(f"it never came; orders: {list(self.trader.ledger.orders.values())[-3:]}")

    def go_ready(self) -> None:
        """Run until every account is connected and matched."""
        self.until(lambda: all(desk.ready for desk in self.desks.values()))

    # --- looking ------------------------------------------------------------------------------------------------------

    def sent(self, account: str = "主账户") -> list[str]:
        """Remarks of the orders that were handed to the terminal, in their order."""
        assert self.channel is not None
        return self.channel.arrived(account)

    def live_at(self, account: str = "主账户") -> list[BrokerOrder]:
        orders = self.exchanges[account].picture(self.clock.now()).orders
        return [order for order in orders if not order.status.final]

    def in_doubt(self) -> list[str]:
        return [o.client_order_id for o in self.trader.ledger.orders.values() if o.state is OrderState.IN_DOUBT]

    def alarms(self) -> list[str]:
        """Titles of what a person was told."""
        return [told.message.title for told in self.journal.outbox_list(1000)]
