"""A broker's counter that costs nothing: it answers from a dict, so that what is measured is the desk beside it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from desk.broker import (
    BrokerAsset,
    BrokerOrder,
    BrokerPosition,
    BrokerTrade,
    CancelAnswer,
    Instrument,
    Outcome,
    PlaceAnswer,
    PlaceRequest,
    Quote,
    Report,
    ReportKind,
    Sink,
    Snapshot,
)
from desk.clock import Clock
from desk.core.values import BrokerStatus

PRICE = Decimal("10.00")


class Counter:
    """A Broker. Orders fill at once, as long as `fills` is set; otherwise they stand until `fill_all`."""

    channel = "benchmark"
    settle_s = 0.0
    answer_within_s = 5.0
    look_every_s = 0.0

    def __init__(self, account: str, clock: Clock) -> None:
        self.account = account
        self.fills = True
        self.shares: dict[str, int] = {}
        self.orders: dict[str, BrokerOrder] = {}
        self.trades: list[BrokerTrade] = []
        self._clock = clock
        self._sink: Sink | None = None
        self._run = clock.now().strftime("%H%M%S")  # numbers of two counters of one day must differ

    @property
    def connected(self) -> bool:
        return self._sink is not None

    @property
    def generation(self) -> int:
        return 1

    def open(self, sink: Sink) -> None:
        self._sink = sink

    def close(self) -> None:
        self._sink = None

    def place(self, request: PlaceRequest) -> PlaceAnswer:
        order = BrokerOrder(
            client_order_id=request.client_order_id,
            broker_order_id=f"{self._run}-{len(self.orders) + 1}",
            symbol=request.symbol,
            side=request.side,
            shares=request.shares,
            price=request.price,
            filled=0,
            avg_price=Decimal(0),
            status=BrokerStatus.WORKING,
            text="",
            at=self._clock.now(),
        )
        self.orders[order.broker_order_id] = order
        if self.fills:
            self._fill(order, tell=True)
        return PlaceAnswer(outcome=Outcome.ACCEPTED, broker_order_id=order.broker_order_id)

    def cancel(self, client_order_id: str, broker_order_id: str) -> CancelAnswer:
        return CancelAnswer(outcome=Outcome.REFUSED)

    def fill_all(self) -> None:
        """Fill whatever stands, without a word: only a snapshot shows it."""
        for order in [o for o in self.orders.values() if o.status is BrokerStatus.WORKING]:
            self._fill(order, tell=False)

    def snapshot(self) -> Snapshot:
        now = self._clock.now()
        value = PRICE * sum(self.shares.values())
        cash = Decimal(10**12)
        return Snapshot(
            generation=1,
            taken_at=now,
            day=now.date(),
            asset=BrokerAsset(cash=cash, frozen_cash=Decimal(0), market_value=value, total_asset=cash + value),
            positions=tuple(
                BrokerPosition(symbol=symbol, name="", shares=held, sellable=0, cost_price=PRICE, price=PRICE)
                for symbol, held in self.shares.items()
            ),
            orders=tuple(self.orders.values()),
            trades=tuple(self.trades),
        )

    def quote(self, symbol: str, anchor: Decimal | None = None) -> Quote:
        tick = Decimal("0.01")
        return Quote(
            symbol=symbol,
            at=self._clock.now(),
            last=PRICE,
            prev_close=PRICE,
            asks=((PRICE + tick, 10**6),),
            bids=((PRICE, 10**6),),
        )

    def instrument(self, symbol: str, anchor: Decimal | None = None) -> Instrument:
        return Instrument(
            symbol=symbol,
            name="",
            day=self._clock.now().date(),
            prev_close=PRICE,
            up_limit=Decimal("11.00"),
            down_limit=Decimal("9.00"),
            tick=Decimal("0.01"),
            suspended=False,
            t0=False,
        )

    def _fill(self, order: BrokerOrder, *, tell: bool) -> None:
        done = replace(order, filled=order.shares, avg_price=PRICE, status=BrokerStatus.FILLED)
        self.orders[order.broker_order_id] = done
        self.shares[order.symbol] = self.shares.get(order.symbol, 0) + order.shares
        trade = BrokerTrade(
            trade_id=f"t{order.broker_order_id}",
            broker_order_id=order.broker_order_id,
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            shares=order.shares,
            price=PRICE,
            fee=Decimal(5),
            at=self._clock.now(),
        )
        self.trades.append(trade)
        if tell:
            self._report(Report(kind=ReportKind.ORDER, generation=1, at=trade.at, order=done))
            self._report(Report(kind=ReportKind.TRADE, generation=1, at=trade.at, trade=trade))

    def _report(self, report: Report) -> None:
        assert self._sink is not None
        self._sink(report)
