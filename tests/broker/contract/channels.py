"""What a test needs of a channel beside its Broker: to drive it, to break it, and to look at what arrived.

A new channel gets a class here and a line in CHANNELS; every test of this folder then runs over it.
"""

from __future__ import annotations

import importlib.util
import itertools
import random
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from desk.broker import Broker
from desk.broker.paper import PaperBroker, PaperExchange
from desk.broker.paper.faults import PlaceTrouble as PaperPlaceTrouble
from desk.broker.paper.faults import ReportTrouble, SnapshotTrouble
from desk.broker.xt import Timing, XtBroker
from desk.broker.xt_sim import PlaceTrouble, PushTrouble, QueryTrouble, Terminal, TerminalFaults, install, uninstall
from desk.core.market import PlaceRequest
from tests.broker.contract.driven import DrivenClock
from tests.world import TurnedClock, Weekdays

_TURNS = 10_000


class Channel:
    """One kind of channel over some exchanges, by account; every method is called from the test's thread."""

    name: str
    clock: TurnedClock
    settle_s: float  # that its brokers promise
    hangs = True  # whether a terminal of this kind can freeze

    def broker(self, account: str) -> Broker:
        """Make a new Broker over the account's exchange, as a fresh start of the desk does."""
        raise NotImplementedError

    def hurries(self, broker: Broker) -> Callable[[], None]:
        """What cuts short the pauses of the broker's own reconnecting."""
        return lambda: None

    def drive(self, most: int | None = None) -> None:
        """Let happen what is due at this moment; `most` stops somewhere in the middle of it."""
        raise NotImplementedError

    def retire(self, broker: Broker, *, killed: bool = False) -> None:
        """Close a broker; `killed`: its process is gone before it could say a word."""
        raise NotImplementedError

    def close(self) -> None:
        """Take everything down."""

    # --- the world's malice -------------------------------------------------------------------------------------------

    def cut(self, account: str) -> None: ...
    def mend(self, account: str) -> None: ...
    def hang(self, account: str) -> None: ...
    def wake(self, account: str) -> None: ...

    def slow(self, account: str, seconds: float) -> None:
        """What goes to the terminal takes half as long each way."""

    def lose_next_order(self, account: str) -> None:
        """The next order never arrives, without a word."""

    def land_next_order_late(self, account: str, seconds: float) -> None: ...

    def swallow_next_answer(self, account: str) -> None:
        """The next order is accepted, without a word."""

    def deafen(self, account: str, deaf: bool = True) -> None:
        """No reports of orders and trades come any more."""

    def fail_queries(self, account: str, failing: bool = True) -> None: ...

    # --- what arrived -------------------------------------------------------------------------------------------------

    def arrived(self, account: str) -> list[str]:
        """The remarks of the orders that were handed to the terminal, in their order, whatever became of them."""
        raise NotImplementedError

    def threads(self) -> list[threading.Thread]:
        """Threads of this channel that have not ended."""
        return []


class PaperChannel(Channel):
    name = "paper"
    settle_s = 0.0
    hangs = False

    def __init__(self, exchanges: Mapping[str, PaperExchange], now: datetime, _: random.Random | None = None) -> None:
        self.clock = TurnedClock(now)
        self._exchanges = exchanges
        self._arrived: dict[str, list[str]] = {account: [] for account in exchanges}

    def broker(self, account: str) -> Broker:
        broker = PaperBroker(account, self._exchanges[account], self.clock.now)
        _note_places(broker, self._arrived[account])
        return broker

    def drive(self, most: int | None = None) -> None:
        for exchange in self._exchanges.values():
            exchange.advance(self.clock.now())

    def retire(self, broker: Broker, *, killed: bool = False) -> None:
        broker.close()

    def cut(self, account: str) -> None:
        self._exchanges[account].disconnect()

    def mend(self, account: str) -> None:
        self._exchanges[account].reconnect()

    def lose_next_order(self, account: str) -> None:
        self._exchanges[account].faults.once(PaperPlaceTrouble.LOST)

    def land_next_order_late(self, account: str, seconds: float) -> None:
        self._exchanges[account].faults.once(PaperPlaceTrouble.LANDS_LATE, seconds)

    def swallow_next_answer(self, account: str) -> None:
        self._exchanges[account].faults.once(PaperPlaceTrouble.UNANSWERED)

    def deafen(self, account: str, deaf: bool = True) -> None:
        self._exchanges[account].faults.rates[ReportTrouble.LOST] = float(deaf)

    def fail_queries(self, account: str, failing: bool = True) -> None:
        self._exchanges[account].faults.rates[SnapshotTrouble.NONE] = float(failing)

    def arrived(self, account: str) -> list[str]:
        return self._arrived[account]


def _note_places(broker: PaperBroker, arrived: list[str]) -> None:
    place = broker.place

    def noted(request: PlaceRequest) -> Any:
        arrived.append(request.client_order_id)
        return place(request)

    broker.place = noted  # type: ignore[method-assign]


class DrivenTerminal(Terminal):
    """Notes what arrives; a call that is stuck in it stands at the clock, so that time can pass meanwhile."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, driven=True, **more)
        self.arrived: list[str] = []
        self._waited_for: dict[tuple[Any, int], threading.Event] = {}

    def ask(self, client: Any, what: str, seq: int, asked: dict[str, Any]) -> None:
        if what == "order":
            self.arrived.append(asked["m_strOrderRemark"])
        if what not in ("subscribe", "unsubscribe"):
            super().ask(client, what, seq, asked)
            return
        # The library waits for these answers by itself, without a deadline and not at the clock.
        answered = self._waited_for[client, seq] = threading.Event()
        super().ask(client, what, seq, asked)
        while not answered.is_set():
            self.clock.wait(answered, 60.0)

    def _subscribe(self, client: Any, seq: int, *asked: Any) -> None:
        super()._subscribe(client, seq, *asked)
        self._waited_for[client, seq].set()

    def _serve(self, client: Any, what: str, seq: int, asked: dict[str, Any]) -> None:
        super()._serve(client, what, seq, asked)
        if what == "unsubscribe":
            self._waited_for[client, seq].set()

    def _failure(self, client: Any, what: str, seq: int) -> Callable[[], None]:
        fail = super()._failure(client, what, seq)

        def failing() -> None:
            fail()
            if (client, seq) in self._waited_for:
                self._waited_for[client, seq].set()

        return failing

    def stay_stuck(self) -> None:
        self.clock.wait(self._unstuck, 60.0)


class XtChannel(Channel):
    """XtBroker over the genuine xtquant over one simulated terminal for each account."""

    name = "miniqmt"
    settle_s = XtBroker.settle_s

    def __init__(
        self,
        exchanges: Mapping[str, PaperExchange],
        now: datetime,
        chance: random.Random | None = None,
        *,
        seed: int = 0,
        timing: Timing | None = None,
    ) -> None:
        self.clock: DrivenClock = DrivenClock(now, chance=chance)
        self._timing = timing
        self._sessions = itertools.count(100)
        self.alarms: list[tuple[str, str]] = []
        self.ids = {account: f"8800{number:04}" for number, account in enumerate(exchanges)}
        self.terminals = {
            account: DrivenTerminal(
                f"C:/sim/{self.ids[account]}/userdata_mini",
                {self.ids[account]: exchange},
                self.clock,
                TerminalFaults(seed=seed),
                is_trading_day=Weekdays().is_trading_day,
                quote_port=58610 + number,
            )
            for number, (account, exchange) in enumerate(exchanges.items())
        }
        install(list(self.terminals.values()))

    def broker(self, account: str) -> Broker:
        return XtBroker(
            account,
            path=self.terminals[account].path,
            account_id=self.ids[account],
            clock=self.clock,
            fresh_session=lambda: next(self._sessions),
            alarm=lambda title, text: self.alarms.append((title, text)),
            timing=self._timing,
        )

    def drive(self, most: int | None = None) -> None:
        for _ in range(_TURNS):
            gone = self.clock.let_go(most)
            now = self.clock.now()
            busy = False
            for terminal in self.terminals.values():
                due = terminal.wire.due(hung=terminal.hung)
                busy = busy or (due is not None and due <= now)
                terminal.pump(now)
            if most is not None or not (gone or busy):
                return
        raise AssertionError("the channel never comes to rest")

    def retire(self, broker: Broker, *, killed: bool = False) -> None:
        if killed:
            for client in self.terminals[broker.account].clients():
                client.stop()
        closing = threading.Thread(target=broker.close, name="closing", daemon=True)
        closing.start()
        while closing.is_alive():
            self.clock.let_go()
            closing.join(0.0005)

    def close(self) -> None:
        for terminal in self.terminals.values():
            terminal.hang(False)
            terminal.unstick()
        self.drive()
        uninstall()

    def cut(self, account: str) -> None:
        self.terminals[account].die()

    def mend(self, account: str) -> None:
        self.terminals[account].start()

    def hurries(self, broker: Broker) -> Callable[[], None]:
        assert isinstance(broker, XtBroker)
        return broker.hurry

    def hang(self, account: str) -> None:
        self.terminals[account].hang()

    def wake(self, account: str) -> None:
        self.terminals[account].hang(False)

    def slow(self, account: str, seconds: float) -> None:
        self.terminals[account].faults.latency_s = seconds / 2

    def lose_next_order(self, account: str) -> None:
        self.terminals[account].faults.once(PlaceTrouble.LOST)

    def land_next_order_late(self, account: str, seconds: float) -> None:
        self.terminals[account].faults.once(PlaceTrouble.LANDS_LATE, seconds)

    def swallow_next_answer(self, account: str) -> None:
        self.terminals[account].faults.once(PlaceTrouble.UNANSWERED)

    def deafen(self, account: str, deaf: bool = True) -> None:
        self.terminals[account].faults.rates[PushTrouble.LOST] = float(deaf)

    def fail_queries(self, account: str, failing: bool = True) -> None:
        self.terminals[account].faults.rates[QueryTrouble.EMPTY] = float(failing)

    def arrived(self, account: str) -> list[str]:
        return self.terminals[account].arrived

    def threads(self) -> list[threading.Thread]:
        return self.clock.threads()


MakeChannel = Callable[[Mapping[str, PaperExchange], datetime], Channel]
CHANNELS: dict[str, MakeChannel] = {"paper": PaperChannel, "miniqmt": XtChannel}
MISSING: dict[str, str] = (
    {} if importlib.util.find_spec("xtquant") is not None else {"miniqmt": "xtquant is not installed here"}
)

__all__ = ["CHANNELS", "MISSING", "Channel", "PaperChannel", "XtChannel"]
