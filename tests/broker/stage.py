"""A paper exchange with a clock that the test moves, and everything that was reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from base_func import BEIJING
from desk.broker.paper import Faults, Feed, PaperBroker, PaperExchange, SyntheticFeed
from desk.core.config import AccountConfig
from desk.core.market import BrokerOrder, BrokerTrade, Outcome, PlaceAnswer, PlaceRequest, Report, ReportKind, Snapshot
from desk.core.values import Side

FRIDAY = date(2026, 11, 20)


def at(clock: str, day: date = FRIDAY) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), BEIJING)


def weekday(day: date) -> bool:
    return day.weekday() < 5


@dataclass
class Stage:
    now: datetime
    always_open: bool = False
    store: Path | None = None
    feed: Feed = field(default_factory=lambda: SyntheticFeed(7))
    faults: Faults = field(default_factory=Faults)
    cash: Decimal = Decimal(1000000)
    rate: Decimal = Decimal("0.00025")
    is_trading_day: Callable[[date], bool] = weekday
    reports: list[Report] = field(default_factory=list)
    placed: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        config = AccountConfig(
            name="模拟", initial_cash=self.cash, commission_rate=self.rate, always_open=self.always_open
        )
        self.exchange = PaperExchange(
            store=self.store,
            clock_now=self.now,
            config=config,
            feed=self.feed,
            is_trading_day=self.is_trading_day,
            faults=self.faults,
        )
        self.broker = PaperBroker("模拟", self.exchange, lambda: self.now)
        self.broker.open(self.reports.append)

    def restart(self, after: timedelta = timedelta(0)) -> None:
        """Kill the exchange without a word and start it anew on its store."""
        self.exchange.close()
        self.now += after
        self.start()

    def to(self, clock: str, day: date | None = None) -> None:
        self.now = at(clock, day or self.now.date())
        self.exchange.advance(self.now)

    def ticks(self, count: int = 1) -> None:
        for _ in range(count):
            self.now += timedelta(milliseconds=250)
            self.exchange.advance(self.now)

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.exchange.advance(self.now)

    def place(self, side: str, symbol: str, shares: int, price: str, remark: str = "") -> PlaceAnswer | None:
        self.placed += 1
        request = PlaceRequest(
            client_order_id=remark or f"t-{self.placed}",
            symbol=symbol,
            side=Side(side),
            shares=shares,
            price=Decimal(price),
            strategy="试",
        )
        return self.broker.place(request)

    def buy(self, symbol: str, shares: int, price: str, remark: str = "") -> str:
        """Place a buy that must be accepted; tell its remark."""
        return self._accepted("buy", symbol, shares, price, remark)

    def sell(self, symbol: str, shares: int, price: str, remark: str = "") -> str:
        return self._accepted("sell", symbol, shares, price, remark)

    def _accepted(self, side: str, symbol: str, shares: int, price: str, remark: str) -> str:
        answer = self.place(side, symbol, shares, price, remark)
        assert answer is not None and answer.outcome is Outcome.ACCEPTED, answer
        return remark or f"t-{self.placed}"

    def refused(self, side: str, symbol: str, shares: int, price: str, remark: str = "") -> str:
        """Place an order that must be refused; tell the text."""
        answer = self.place(side, symbol, shares, price, remark)
        assert answer is not None and answer.outcome is Outcome.REFUSED, answer
        return answer.text

    def cancel(self, remark: str) -> Outcome:
        answer = self.broker.cancel(remark, "")
        assert answer is not None
        return answer.outcome

    @property
    def snapshot(self) -> Snapshot:
        snapshot = self.broker.snapshot()
        assert snapshot is not None
        return snapshot

    def order(self, remark: str) -> BrokerOrder:
        return next(order for order in self.snapshot.orders if order.client_order_id == remark)

    def trades(self, remark: str) -> list[BrokerTrade]:
        return [trade for trade in self.snapshot.trades if trade.client_order_id == remark]

    def fills(self, remark: str) -> list[tuple[int, str]]:
        return [(trade.shares, str(trade.price)) for trade in self.trades(remark)]

    def shares(self, symbol: str) -> tuple[int, int]:
        """Tell (shares, sellable)."""
        return next(((p.shares, p.sellable) for p in self.snapshot.positions if p.symbol == symbol), (0, 0))

    def told(self, remark: str) -> list[Report]:
        """Tell the reports about one order, in the order they came."""
        return [r for r in self.reports if remark in (r.client_order_id, _remark(r))]

    def kinds(self, remark: str) -> list[ReportKind]:
        return [report.kind for report in self.told(remark)]


def _remark(report: Report) -> str | None:
    subject = report.order or report.trade
    return None if subject is None else subject.client_order_id


def pinned(price: str = "10.00", symbol: str = "600000.SH", clock: str = "10:00", **more: object) -> Stage:
    """A stage in continuous trading whose symbol stands still: best bid `price`, best ask a tick above."""
    stage = Stage(now=at(clock), **more)  # type: ignore[arg-type]
    stage.exchange.scene(symbol, price=Decimal(price))
    return stage
