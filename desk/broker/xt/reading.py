"""What the terminal said, put together with what was sent: by remark, then by seq, then by the broker's number.

One thread owns all that is remembered here. Answers and pushes come in any order, twice, late, and before the call
that caused them has returned; an answer whose call is not known yet waits for it.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from desk.broker.xt.line import Timing
from desk.broker.xt.rows import (
    CancelErrorRow,
    CancelledRow,
    OrderErrorRow,
    OrderRow,
    PlacedRow,
    Row,
    StatusRow,
    TradeRow,
)
from desk.broker.xt.sending import Cancelling, Placing, Sent, Unsent
from desk.broker.xt.tables import Unreadable
from desk.broker.xt.translate import Fees, Remarks, broker_id_of, of_the_day, order_of, trade_of
from desk.clock import Clock
from desk.core.market import CancelAnswer, Outcome, PlaceAnswer, Report, ReportKind
from desk.core.values import BrokerStatus
from desk.texts import xt as texts

log = logging.getLogger(__name__)

_REMEMBERED = 20_000  # calls; an account sends 5,000 orders a day at most


class LostLine:
    """A note to the reader: nothing that was asked in this generation will be answered any more."""


Note = Sent | Unsent | LostLine


class Reader:
    """`take` and `note` are for any thread; `run` is its own."""

    def __init__(
        self,
        *,
        clock: Clock,
        timing: Timing,
        remarks: Remarks,
        fees: Fees,
        tell: Callable[[Report], None],
        heard_status: Callable[[int, StatusRow], None],
        look: Callable[[], None],
        alarm: Callable[[str, str], None],
    ) -> None:
        """`look` asks for a snapshot."""
        self._clock = clock
        self._timing = timing
        self._remarks = remarks
        self._fees = fees
        self._tell = tell
        self._heard_status = heard_status
        self._look = look
        self._alarm = alarm
        self._inbox: deque[tuple[int, Row | Note]] = deque()
        self._bell = threading.Event()
        self._closing = False
        self._by_seq: dict[tuple[int, int], Placing | Cancelling] = {}
        self._early: dict[tuple[int, int], PlacedRow | CancelledRow] = {}
        self._waiting: dict[tuple[int, int], float] = {}  # (generation, seq) -> answer by, monotonic
        self._answers: set[str] = set()  # remarks of orders whose placing was answered, whatever the answer
        self._accepted: set[str] = set()
        self._complained: set[str] = set()

    def take(self, generation: int, item: Row | Note) -> None:
        self._inbox.append((generation, item))
        self._bell.set()

    def close(self) -> None:
        self._closing = True
        self._bell.set()

    def run(self) -> None:
        while not self._closing:
            self._clock.wait(self._bell, 0.5 if self._waiting else 60.0)
            self._bell.clear()
            self.work()

    def work(self) -> None:
        """Absorb everything that has come and what is overdue."""
        while self._inbox:
            generation, item = self._inbox.popleft()
            try:
                self._absorb(generation, item)
            except Exception:
                log.exception("A report could not be absorbed: %r", item)
                self._alarm(texts.UNREADABLE, texts.unreadable(repr(item)))
                self._look()
        self._overdue()

    def _absorb(self, generation: int, item: Row | Note) -> None:
        match item:
            case OrderRow():
                self._order(generation, item)
            case TradeRow():
                self._trade(generation, item)
            case PlacedRow() | CancelledRow():
                self._answered(generation, item)
            case Sent():
                self._sent(generation, item)
            case Unsent():
                self._no_answer(generation, item.errand, item.text)
            case LostLine():
                self._give_up([key for key in self._waiting if key[0] == generation], texts.NOT_CONNECTED)
            case StatusRow():
                self._heard_status(generation, item)
            case OrderErrorRow():
                self._order_error(generation, item)
            case CancelErrorRow():
                remark = self._remarks.of(broker_id_of(item.order_id, item.order_sysid))
                if remark:
                    self._tell_cancel(generation, remark, CancelAnswer(outcome=Outcome.REFUSED, text=item.text))

    # --- pushes ------------------------------------------------------------------------------------------------------

    def _order(self, generation: int, row: OrderRow) -> None:
        now = self._clock.now()
        try:
            order = order_of(row, self._remarks, now)
        except Unreadable as error:
            self._unreadable(row.remark, broker_id_of(row.order_id, row.order_sysid), f"{error}: {row}")
            return
        if not of_the_day(order.at, now):
            log.warning("An order of %s was replayed: %s", order.at.date(), row)
            return
        if order.status is BrokerStatus.UNKNOWN:
            self._look()
        self._tell(Report(kind=ReportKind.ORDER, generation=generation, at=now, order=order))

    def _trade(self, generation: int, row: TradeRow) -> None:
        now = self._clock.now()
        try:
            trade = trade_of(row, self._remarks, self._fees, now)
        except Unreadable as error:
            self._unreadable(row.remark, broker_id_of(row.order_id, row.order_sysid), f"{error}: {row}")
            return
        if not of_the_day(trade.at, now):
            log.warning("A trade of %s was replayed: %s", trade.at.date(), row)
            return
        self._tell(Report(kind=ReportKind.TRADE, generation=generation, at=now, trade=trade))

    def _unreadable(self, remark: str, broker_order_id: str, what: str) -> None:
        """A person's other business is let pass; one of our own orders is asked for again, and told."""
        if not self._remarks.ours(remark, broker_order_id):
            log.info("A report that is none of ours was left out: %s", what)
            return
        log.error("A report of ours cannot be read: %s", what)
        key = remark or broker_order_id
        if key not in self._complained:
            self._complained.add(key)
            self._alarm(texts.UNREADABLE, texts.unreadable(what))
        self._look()

    # --- answers -----------------------------------------------------------------------------------------------------

    def _sent(self, generation: int, note: Sent) -> None:
        key = (generation, note.seq)
        self._by_seq[key] = note.errand
        early = self._early.pop(key, None)
        if early is not None:
            self._settle(generation, note.errand, early)
        elif isinstance(note.errand, Cancelling) or note.errand.client_order_id not in self._answers:
            self._waiting[key] = self._clock.monotonic() + self._timing.answer_s
        while len(self._by_seq) > _REMEMBERED:
            del self._by_seq[next(iter(self._by_seq))]

    def _answered(self, generation: int, row: PlacedRow | CancelledRow) -> None:
        key = (generation, row.seq)
        self._waiting.pop(key, None)
        if isinstance(row, PlacedRow) and row.remark in self._remarks.sent:
            self._settle_place(generation, row.remark, row)
            return
        errand = self._by_seq.get(key)
        if errand is not None:
            self._settle(generation, errand, row)
            return
        remark = self._remarks.of(broker_id_of(row.order_id, row.order_sysid)) if isinstance(row, CancelledRow) else ""
        if remark:
            self._settle_cancel(generation, remark, row)
            return
        self._early[key] = row
        while len(self._early) > _REMEMBERED:
            del self._early[next(iter(self._early))]

    def _settle(self, generation: int, errand: Placing | Cancelling, row: PlacedRow | CancelledRow) -> None:
        if isinstance(errand, Placing) and isinstance(row, PlacedRow):
            self._settle_place(generation, errand.client_order_id, row)
        elif isinstance(errand, Cancelling) and isinstance(row, CancelledRow):
            self._settle_cancel(generation, errand.client_order_id, row)

    def _settle_place(self, generation: int, client_order_id: str, row: PlacedRow) -> None:
        number = str(row.order_id)
        self._answers.add(client_order_id)
        if row.order_id <= 0:
            # Usually a refusal of the terminal's own, but live orders have been seen behind it: evidence decides.
            answer = PlaceAnswer(outcome=Outcome.NO_ANSWER, text=row.text or texts.MINUS_ONE)
        elif self._remarks.of(number) not in ("", client_order_id):
            answer = PlaceAnswer(outcome=Outcome.NO_ANSWER, text=texts.anothers_number(number))
            self._alarm(texts.ANOTHERS_NUMBER, texts.anothers_number(number))
        else:
            self._remarks.learn(number, client_order_id, self._clock.now().date())
            self._accepted.add(client_order_id)
            answer = PlaceAnswer(outcome=Outcome.ACCEPTED, broker_order_id=number, text=row.text)
        self._tell_placed(generation, client_order_id, answer)

    def _settle_cancel(self, generation: int, client_order_id: str, row: PlacedRow | CancelledRow) -> None:
        done = isinstance(row, CancelledRow) and row.result == 0
        outcome = Outcome.ACCEPTED if done else Outcome.REFUSED
        self._tell_cancel(generation, client_order_id, CancelAnswer(outcome=outcome, text=row.text))

    def _order_error(self, generation: int, row: OrderErrorRow) -> None:
        """A hint that may be another order's: it only gives words to an order that has no number yet."""
        log.info("The terminal told an order error: %s", row)
        if row.remark in self._remarks.sent and row.remark not in self._accepted:
            self._tell_placed(generation, row.remark, PlaceAnswer(outcome=Outcome.NO_ANSWER, text=row.text))

    def _overdue(self) -> None:
        now = self._clock.monotonic()
        self._give_up([key for key, by in self._waiting.items() if now >= by], texts.NO_ANSWER)

    def _give_up(self, calls: list[tuple[int, int]], text: str) -> None:
        for key in calls:
            del self._waiting[key]
            self._no_answer(key[0], self._by_seq[key], text)

    def _no_answer(self, generation: int, errand: Placing | Cancelling, text: str) -> None:
        if isinstance(errand, Cancelling):
            answer = CancelAnswer(outcome=Outcome.NO_ANSWER, text=text)
            self._tell_cancel(generation, errand.client_order_id, answer)
        elif errand.client_order_id not in self._accepted:
            self._tell_placed(generation, errand.client_order_id, PlaceAnswer(outcome=Outcome.NO_ANSWER, text=text))

    def _tell_placed(self, generation: int, client_order_id: str, answer: PlaceAnswer) -> None:
        self._tell(
            Report(
                kind=ReportKind.PLACED,
                generation=generation,
                at=self._clock.now(),
                client_order_id=client_order_id,
                placed=answer,
            )
        )

    def _tell_cancel(self, generation: int, client_order_id: str, answer: CancelAnswer) -> None:
        self._tell(
            Report(
                kind=ReportKind.CANCEL,
                generation=generation,
                at=self._clock.now(),
                client_order_id=client_order_id,
                cancelled=answer,
            )
        )
