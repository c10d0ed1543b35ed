"""Many strategies on one account: the real Trader and the real journal beside a counter that costs nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from base_func import BEIJING
from benchmarks.counter import PRICE, Counter
from desk.calendar import EveryDay
from desk.clock import fresh_bytes
from desk.core.config import AccountConfig, Config
from desk.core.values import EventKind, JqStatus, OrderSignal, Side, WireEvent
from desk.core.wire import events_to_json
from desk.dealing.account import AccountDesk
from desk.journal import Journal, NewBody, NewEvent
from desk.journal.database import FILE_NAME
from tests.world import NO_LIMITS, TurnedClock, strategy
from Trader import Trader

ACCOUNT = "主账户"
STRATEGIES = 50
_SOON_S = 0.02  # the loop waits no longer while something is not settled
OPENING = datetime(2026, 11, 20, 9, 35, tzinfo=BEIJING)
_PREFIXES = ("600", "601", "603", "605", "688")


def security(number: int) -> str:
    """The n-th stock as JoinQuant spells it; there are 5,000."""
    return f"{_PREFIXES[number // 1000]}{number % 1000:03d}.XSHG"


class Crowd:
    """Time stands still, but for `clock.turn`. Used by one thread."""

    def __init__(self, folder: Path, *, strategies: int = STRATEGIES, start: datetime = OPENING) -> None:
        self.clock = TurnedClock(start)
        self.names = [f"策略{number:02d}" for number in range(strategies)]
        self.config = Config(
            home=folder,
            strategies=tuple(strategy(name, f"k{number}", account=ACCOUNT) for number, name in enumerate(self.names)),
            accounts=(AccountConfig(name=ACCOUNT, always_open=True, limits=NO_LIMITS),),
        )
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / FILE_NAME
        self.journal = Journal.open(folder, clock=self.clock, check=False)
        self.counter = Counter(ACCOUNT, self.clock)
        self._bell = threading.Event()
        self.desk = AccountDesk(self.config.accounts[0], self.counter, EveryDay(), self._bell)
        self.trader = Trader(
            journal=self.journal, desks={ACCOUNT: self.desk}, config=self.config, clock=self.clock, bell=self._bell
        )
        self._orders = 0
        self._seqs = [0] * strategies

    def close(self) -> None:
        self.journal.close()

    def resume(self) -> None:
        """Go on where the journal ends: the counter holds what the books own."""
        for book in self.journal.load().books:
            self.counter.shares[book.symbol] = self.counter.shares.get(book.symbol, 0) + book.own
        self.settle()
        self._seqs = [self.trader.ledger.seqs.get(name, 0) for name in self.names]

    def number_from(self, seq: int) -> None:
        """Let every strategy's events be numbered after `seq`."""
        self._seqs = [seq] * len(self.names)

    def heard(self, number: int, stock: int, *, filled: bool = True) -> NewBody:
        """The n-th strategy has bought 200 shares of a stock; not `filled`: JoinQuant has cancelled the order."""
        self._orders += 1
        self._seqs[number] += 1
        now = self.clock.now()
        wire = WireEvent(
            kind=EventKind.ORDER,
            seq=self._seqs[number],
            backtest=False,
            strategy_time=now,
            content=OrderSignal(
                jq_order_id=f"17{self._orders:08d}",
                security=security(stock),
                side=Side.BUY,
                amount=200,
                filled=200 if filled else 0,
                avg_price=PRICE if filled else Decimal(0),
                status=JqStatus.HELD if filled else JqStatus.CANCELED,
            ),
        )
        made_at = int(now.timestamp() * 1000) + self._orders  # time stands still here; who sends has a clock that goes
        body_id, name = (made_at.to_bytes(6, "big") + fresh_bytes(10)).hex(), self.names[number]
        event = NewEvent(event_id=body_id, strategy=name, kind=wire.kind, seq=wire.seq, payload=events_to_json(wire))
        return NewBody(
            kid=f"k{number}",
            strategy=name,
            body_id=body_id,
            digest=fresh_bytes(32),
            wire=2,
            sent_at=now,
            received_at=now,
            clock_ahead=False,
            events=(event,),
        )

    def accept(self, bodies: Iterable[NewBody]) -> None:
        for body in bodies:
            self.journal.accept(body)

    def settle(self) -> int:
        """Turn the loop until it has nothing to do at this moment; how many turns that took."""
        turns, waits = 0, 0.0
        while waits <= _SOON_S or self._bell.is_set():
            self._bell.clear()
            waits = self.trader.step()
            turns += 1
        return turns
