"""One broker of any channel on a bench: a market that stands still, time that the test turns, all that was told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from desk.broker import BrokerUnavailable
from desk.broker.paper import PaperExchange, SyntheticFeed
from desk.core.config import AccountConfig
from desk.core.market import (
    BrokerOrder,
    BrokerPosition,
    BrokerTrade,
    CancelAnswer,
    Outcome,
    PlaceAnswer,
    PlaceRequest,
    Report,
    ReportKind,
    Snapshot,
)
from desk.core.values import BrokerStatus, Side
from tests.broker.contract.channels import MakeChannel, PaperChannel, XtChannel
from tests.broker.stage import at
from tests.world import Weekdays

ACCOUNT = "主账户"
BANK = "600000.SH"
STEP_S = 0.25


class Bench:
    def __init__(self, make: MakeChannel, start: datetime | None = None) -> None:
        start = start or at("10:00")
        self.exchange = PaperExchange(
            store=None,
            clock_now=start,
            config=AccountConfig(name=ACCOUNT, initial_cash=Decimal(1_000_000)),
            feed=SyntheticFeed(7),
            is_trading_day=Weekdays().is_trading_day,
        )
        self.channel = make({ACCOUNT: self.exchange}, start)
        self.clock = self.channel.clock
        self.reports: list[Report] = []
        self.answers: dict[str, list[PlaceAnswer]] = {}
        self.placed = 0
        self.broker = self.channel.broker(ACCOUNT)
        self.pin("10.00")

    def pin(self, price: str, **scene: object) -> None:
        """Let the market stand: best bid `price`, best ask a tick above."""
        self.exchange.scene(BANK, price=Decimal(price), **scene)  # type: ignore[arg-type]

    # --- time ---------------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let happen what is due at this moment."""
        self.channel.drive()

    def pass_time(self, seconds: float, step: float = STEP_S) -> None:
        self.settle()
        passed = 0.0
        while passed < seconds - 1e-9:
            part = min(step, seconds - passed)
            self.clock.turn(part)
            passed += part
            self.settle()

    def until(self, true: Callable[[], object], seconds: float = 180.0) -> None:
        """Let so much time pass as it takes, at most `seconds` of the bench's time."""
        for _ in range(int(seconds / STEP_S)):
            self.settle()
            if true():
                return
            self.clock.turn(STEP_S)
        raise AssertionError(f"it never came; the latest reports: {self.reports[-5:]}")

    def go_to(self, moment: datetime) -> None:
        while self.clock.now() < moment:
            step = min(3600.0, (moment - self.clock.now()).total_seconds())
            self.pass_time(step, step)

    def next_day(self, clock: str = "10:00") -> None:
        """Run through the night to that hour of the next trading day."""
        day = Weekdays().next_trading_day(self.clock.now().date())
        self.go_to(at(clock, day))

    # --- the connection -----------------------------------------------------------------------------------------------

    def open(self) -> None:
        self.until(self._try_open)

    def _try_open(self) -> bool:
        if not self.broker.connected:
            try:
                self.broker.open(self.reports.append)
            except BrokerUnavailable:
                return False
            self.settle()
        return self.broker.connected

    def restart(self, *, killed: bool = True) -> None:
        """Throw the broker object away and make a new one over the same exchange, connected."""
        self.channel.retire(self.broker, killed=killed)
        self.broker = self.channel.broker(ACCOUNT)
        self.open()

    def cut(self) -> None:
        """Break the line and wait until that is known."""
        self.channel.cut(ACCOUNT)
        self.until(lambda: not self.broker.connected)

    def mend(self) -> None:
        self.channel.mend(ACCOUNT)
        self.open()

    def close(self) -> None:
        self.channel.wake(ACCOUNT)
        self.channel.retire(self.broker)
        self.channel.close()

    # --- acts ---------------------------------------------------------------------------------------------------------

    def place(self, side: str, shares: int, price: str, remark: str = "", symbol: str = BANK) -> str:
        self.placed += 1
        remark = remark or f"gabcdefghijklmno-{self.placed}"
        request = PlaceRequest(
            client_order_id=remark,
            symbol=symbol,
            side=Side(side),
            shares=shares,
            price=Decimal(price),
            strategy="试",
        )
        answer = self.broker.place(request)
        if answer is not None:
            self.answers.setdefault(remark, []).append(answer)
        return remark

    def buy(self, shares: int = 100, price: str = "10.05", remark: str = "") -> str:
        return self.place("buy", shares, price, remark)

    def rest(self, shares: int = 100, price: str = "9.50") -> str:
        """Place a buy that nobody meets, and wait until it lives."""
        remark = self.buy(shares, price)
        self.until(lambda: self.order(remark).status is BrokerStatus.WORKING)
        return remark

    def sell(self, shares: int = 100, price: str = "9.95") -> str:
        return self.place("sell", shares, price)

    def cancel(self, remark: str) -> None:
        self.broker.cancel(remark, self.order(remark).broker_order_id)

    def hold(self, shares: int) -> None:
        """Put shares into the account that can be sold today."""
        self.exchange.deposit(BANK, shares, Decimal("10.00"))

    def by_hand(self, side: str, shares: int, price: str | None = None) -> None:
        self.exchange.trade_by_hand(BANK, Side(side), shares, None if price is None else Decimal(price))
        self.settle()

    # --- looking ------------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The next complete picture that was begun from now on."""
        self.broker.snapshot()  # what is kept from before is not wanted
        found: list[Snapshot] = []

        def look() -> bool:
            picture = self.broker.snapshot()
            if picture is not None:
                found.append(picture)
            return bool(found)

        self.until(look)
        return found[0]

    def order(self, remark: str, snapshot: Snapshot | None = None) -> BrokerOrder:
        found = self.orders(remark, snapshot)
        assert len(found) == 1, found
        return found[0]

    def orders(self, remark: str, snapshot: Snapshot | None = None) -> list[BrokerOrder]:
        return [o for o in (snapshot or self.snapshot()).orders if o.client_order_id == remark]

    def trades(self, remark: str, snapshot: Snapshot | None = None) -> list[BrokerTrade]:
        return [t for t in (snapshot or self.snapshot()).trades if t.client_order_id == remark]

    def position(self, symbol: str = BANK) -> BrokerPosition | None:
        return next((p for p in self.snapshot().positions if p.symbol == symbol and p.shares), None)

    def of(self, kind: ReportKind) -> list[Report]:
        return [report for report in list(self.reports) if report.kind is kind]

    def said_of(self, remark: str) -> list[PlaceAnswer]:
        """Every answer to an order's placing, those at once before those by report."""
        late = [r.placed for r in self.of(ReportKind.PLACED) if r.client_order_id == remark and r.placed is not None]
        return self.answers.get(remark, []) + late

    def outcomes(self, remark: str) -> list[Outcome]:
        return [answer.outcome for answer in self.said_of(remark)]

    def cancels_of(self, remark: str) -> list[CancelAnswer]:
        found = [r.cancelled for r in self.of(ReportKind.CANCEL) if r.client_order_id == remark]
        return [answer for answer in found if answer is not None]

    def statuses(self, remark: str) -> list[BrokerStatus]:
        found = [r.order for r in self.of(ReportKind.ORDER) if r.order is not None]
        return [order.status for order in found if order.client_order_id == remark]

    def reported_trades(self, remark: str) -> dict[str, int]:
        """Shares by trade id, of what was reported."""
        found = [r.trade for r in self.of(ReportKind.TRADE) if r.trade is not None]
        return {trade.trade_id: trade.shares for trade in found if trade.client_order_id == remark}

    def at_exchange(self, remark: str) -> list[BrokerOrder]:
        return [o for o in self.exchange.picture(self.clock.now()).orders if o.client_order_id == remark]


def paper_bench() -> Bench:
    return Bench(PaperChannel)


def xt_bench() -> Bench:
    return Bench(XtChannel)


BENCHES: dict[str, Callable[[], Bench]] = {"paper": paper_bench, "miniqmt": xt_bench}

__all__ = ["ACCOUNT", "BANK", "BENCHES", "Bench", "paper_bench", "xt_bench"]
