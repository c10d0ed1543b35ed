"""The paper channel: a Broker whose exchange lives in the same process, and the line to it, which can be crooked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from desk.broker import BrokerUnavailable, Sink
from desk.broker.paper.exchange import PaperExchange
from desk.broker.paper.faults import CancelTrouble, PlaceTrouble, ReportTrouble, SnapshotTrouble
from desk.broker.paper.store import StoreFailed
from desk.core.market import (
    BrokerOrder,
    BrokerTrade,
    CancelAnswer,
    Instrument,
    Outcome,
    PlaceAnswer,
    PlaceRequest,
    Quote,
    Report,
    ReportKind,
    Snapshot,
)
from desk.texts import paper as words


class PaperBroker:
    """A Broker over an exchange in this process; the exchange's time follows `now` at every call.

    `settle_s` is 0, because the exchange commits before it answers; a test that makes orders invisible or lets them
    land late raises it, as MiniQMT's is.
    """

    channel = "paper"

    def __init__(
        self,
        account: str,
        exchange: PaperExchange,
        now: Callable[[], datetime],
        *,
        settle_s: float = 0.0,
        answer_within_s: float = 5.0,
    ) -> None:
        self.account = account
        self.settle_s = settle_s
        self.look_every_s = 0.0 if settle_s == 0 else 1.0
        self.answer_within_s = answer_within_s
        self._exchange = exchange
        self._now = now
        self._sink: Sink | None = None
        self._generation = 0
        self._held: list[Report] = []  # overtaken by the next report

    # --- the connection ---

    @property
    def connected(self) -> bool:
        return self._sink is not None and not self._exchange.failed

    @property
    def generation(self) -> int:
        return self._generation

    def open(self, sink: Sink) -> None:
        if self._exchange.faults.disconnected or self._exchange.failed:
            raise BrokerUnavailable(words.NOT_CONNECTED)
        self._generation += 1
        self._sink = sink
        self._exchange.listen(self)
        self._tell(Report(kind=ReportKind.CONNECTED, generation=self._generation, at=self._now()))

    def close(self) -> None:
        self._exchange.unlisten(self)
        self._sink = None

    def _store_failed(self) -> None:
        """Tell that the exchange stands still: nothing of the turn that failed exists, but who asked cannot know."""
        self.line(self._exchange.now, up=False)

    def line(self, at: datetime, up: bool) -> None:
        if not up and self._sink is not None:
            self._tell(Report(kind=ReportKind.DISCONNECTED, generation=self._generation, at=at))
            self.close()

    # --- orders ---

    def place(self, request: PlaceRequest) -> PlaceAnswer | None:
        silent = PlaceAnswer(outcome=Outcome.NO_ANSWER, text=words.NO_ANSWER)
        if not self.connected:
            return PlaceAnswer(outcome=Outcome.NO_ANSWER, text=words.NOT_CONNECTED)
        trouble, seconds = self._exchange.faults.for_place()
        if trouble is PlaceTrouble.LOST:
            return silent
        try:
            if trouble is PlaceTrouble.LANDS_LATE:
                self._exchange.advance(self._now())
                self._exchange.later(seconds, lambda: self._land(request))
                return silent
            answer = self._exchange.place(request, self._now())
        except StoreFailed:
            self._store_failed()
            return silent
        if trouble is PlaceTrouble.BLANK_ID:
            return replace(answer, broker_order_id="")
        if trouble is PlaceTrouble.UNANSWERED:
            return silent
        if trouble is PlaceTrouble.ANSWERED_LATE:
            self._answer_later(seconds, ReportKind.PLACED, request.client_order_id, placed=answer)
            return None
        if trouble is PlaceTrouble.REJECTED_LATER and answer.outcome is Outcome.ACCEPTED:
            self._exchange.later(seconds, lambda: self._exchange.reject(request.client_order_id))
        return answer

    def _land(self, request: PlaceRequest) -> None:
        self._exchange.place(request)

    def cancel(self, client_order_id: str, broker_order_id: str) -> CancelAnswer | None:
        silent = CancelAnswer(outcome=Outcome.NO_ANSWER, text=words.NO_ANSWER)
        if not self.connected:
            return CancelAnswer(outcome=Outcome.NO_ANSWER, text=words.NOT_CONNECTED)
        trouble, seconds = self._exchange.faults.for_cancel()
        if trouble is CancelTrouble.LOST:
            return CancelAnswer(outcome=Outcome.ACCEPTED)
        if trouble is CancelTrouble.UNANSWERED:
            return silent
        try:
            answer = self._exchange.cancel(client_order_id, broker_order_id, self._now())
        except StoreFailed:
            self._store_failed()
            return silent
        if trouble is CancelTrouble.UNANSWERED_DONE:
            return silent
        if trouble is CancelTrouble.REFUSED_DONE:
            return CancelAnswer(outcome=Outcome.REFUSED, text=words.NO_SUCH_ORDER)
        if trouble is CancelTrouble.ANSWERED_LATE:
            self._answer_later(seconds, ReportKind.CANCEL, client_order_id, cancelled=answer)
            return None
        return answer

    def _answer_later(
        self,
        seconds: float,
        kind: ReportKind,
        client_order_id: str,
        *,
        placed: PlaceAnswer | None = None,
        cancelled: CancelAnswer | None = None,
    ) -> None:
        report = Report(
            kind=kind,
            generation=self._generation,
            at=self._exchange.now,
            client_order_id=client_order_id,
            placed=placed,
            cancelled=cancelled,
        )
        self._exchange.later(seconds, lambda: self._tell(report))

    # --- reports ---

    def hear(self, at: datetime, news: BrokerOrder | BrokerTrade) -> None:
        if isinstance(news, BrokerOrder):
            report = Report(kind=ReportKind.ORDER, generation=self._generation, at=at, order=news)
        else:
            report = Report(kind=ReportKind.TRADE, generation=self._generation, at=at, trade=news)
        trouble, seconds = self._exchange.faults.for_report()
        if trouble is ReportTrouble.OVERTAKEN:
            self._held.append(report)
            return
        if trouble in (ReportTrouble.LATE, ReportTrouble.TWICE):
            self._exchange.later(seconds, lambda: self._tell(report))
        if trouble not in (ReportTrouble.LATE, ReportTrouble.LOST):
            self._tell(report)
        held, self._held = self._held, []
        for overtaken in held:
            self._tell(overtaken)

    def _tell(self, report: Report) -> None:
        """Hand a report over; one that was under way when its connection broke is gone."""
        if self._sink is not None and report.generation == self._generation:
            self._sink(report)

    # --- questions ---

    def snapshot(self) -> Snapshot | None:
        if not self.connected:
            return None
        faults = self._exchange.faults
        trouble, _ = faults.for_snapshot()
        if trouble is SnapshotTrouble.NONE:
            return None
        try:
            picture = self._exchange.picture(self._now())
        except StoreFailed:
            self._store_failed()
            return None
        snapshot = Snapshot(
            generation=self._generation,
            taken_at=picture.at,
            day=picture.day,
            asset=picture.asset,
            positions=picture.positions,
            orders=picture.orders,
            trades=picture.trades,
        )
        if trouble is SnapshotTrouble.EMPTY:
            return replace(snapshot, positions=(), orders=(), trades=())
        if faults.invisible_s:
            shown_until = picture.at - timedelta(seconds=faults.invisible_s)
            seen = tuple(order for order in picture.orders if order.at <= shown_until)
            return replace(snapshot, orders=seen)
        return snapshot

    def quote(self, symbol: str, anchor: Decimal | None = None) -> Quote | None:
        try:
            return self._exchange.quote(symbol, anchor, self._now()) if self.connected else None
        except StoreFailed:
            self._store_failed()
            return None

    def instrument(self, symbol: str, anchor: Decimal | None = None) -> Instrument | None:
        try:
            return self._exchange.instrument(symbol, anchor, self._now()) if self.connected else None
        except StoreFailed:
            self._store_failed()
            return None
