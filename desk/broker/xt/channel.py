"""The MiniQMT channel: a Broker over the terminal's own library, which never makes the trading loop wait.

Threads, all daemons named `xt-<account>-…`: session (connects and watches), sender (places and cancels), reader (puts
reports together), poller (pictures), quotes; beside them short ones for calls that may hang. The vendor's own callback
thread only leaves copies in the reader's inbox.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from base_func import FeeRule
from desk.broker import BrokerUnavailable, Sink
from desk.broker.xt import library as vendor
from desk.broker.xt.line import Line, Timing
from desk.broker.xt.queries import Poller
from desk.broker.xt.quotes import Quotes
from desk.broker.xt.reading import LostLine, Reader
from desk.broker.xt.rows import DisconnectedRow, Row
from desk.broker.xt.sending import Cancelling, Placing, Sender, Sent, Unsent
from desk.broker.xt.session import Session
from desk.broker.xt.sessions import SessionPool
from desk.broker.xt.tables import REMARK_BYTES
from desk.broker.xt.translate import Fees, Remarks, sysid_of
from desk.clock import Clock
from desk.core.market import (
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
from desk.texts import xt as texts

log = logging.getLogger(__name__)

_PREFETCH_EVERY_S = 60.0  # what is held may have to be sold at once: its limits are kept ready


class XtBroker:
    """One account at a MiniQMT terminal. Its methods are called from the trading loop; none waits for the terminal."""

    channel = "miniqmt"
    settle_s = 60.0  # longer than the longest late landing that has been seen
    look_every_s = 0.3

    def __init__(
        self,
        account: str,
        *,
        path: str,
        account_id: str,
        account_type: str = "STOCK",
        clock: Clock,
        library: Path | None = None,
        fresh_session: Callable[[], int] | None = None,
        fees: FeeRule | None = None,
        alarm: Callable[[str, str], None] | None = None,
        timing: Timing | None = None,
    ) -> None:
        """`path` is the terminal's userdata_mini, `library` a folder with the broker's own xtquant.

        `fresh_session` gives an id for every new connection, by default out of the account's own pool. `fees` estimates
        what the broker does not tell. `alarm(title, text)` is called from the channel's threads. Raises ValueError for
        an account id that is no text.
        """
        if not isinstance(account_id, str) or not account_id.strip():
            raise ValueError(texts.BAD_ACCOUNT)
        self.account = account
        self._clock = clock
        self._timing = timing or Timing()
        self.answer_within_s = self._timing.answer_s
        self._library = library
        self._loaded: vendor.Library | None = None
        self._alarm_to = alarm or (lambda title, text: log.critical("%s: %s", title, text))
        self._prefix = f"xt-{account}"
        self._sink: Sink | None = None
        self._threads: list[threading.Thread] = []
        self._closed = False
        self._remarks = Remarks()
        estimates = Fees(fees)
        self._prefetched_at = float("-inf")
        self._session = Session(
            name=account,
            prefix=self._prefix,
            path=path,
            account_id=account_id.strip(),
            account_type=account_type,
            load=self._load,
            fresh_session=fresh_session or SessionPool(path, account_id),
            clock=clock,
            timing=self._timing,
            take=self._take,
            tell=self._line_news,
            alarm=self._alarm,
        )
        self._sender = Sender(
            clock=clock, timing=self._timing, line=self._line, note=self._note, alarm=self._alarm, name=account
        )
        self._poller = Poller(
            prefix=self._prefix,
            clock=clock,
            timing=self._timing,
            line=self._line,
            stuck=self._sender.stuck,
            remarks=self._remarks,
            fees=estimates,
            ring=lambda: self._ring(ReportKind.RING),
            alarm=self._alarm,
        )
        self._reader = Reader(
            clock=clock,
            timing=self._timing,
            remarks=self._remarks,
            fees=estimates,
            tell=self._tell,
            heard_status=self._session.heard_status,
            look=self._poller.want,
            alarm=self._alarm,
        )
        self._quotes = Quotes(
            prefix=self._prefix,
            clock=clock,
            timing=self._timing,
            data=self._data,
            ring=lambda: self._ring(ReportKind.QUOTED),
            alarm=self._alarm,
            name=account,
        )

    # --- the connection -----------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self._session.line is not None

    @property
    def generation(self) -> int:
        return self._session.generation

    @property
    def trouble(self) -> str:
        """Why there is no connection, in Chinese; '' while there is one."""
        return self._session.trouble

    @property
    def retry_at(self) -> datetime | None:
        """When it tries to connect again by itself; None while it is trying, or connected."""
        return self._session.retry_at

    @property
    def left_behind(self) -> int:
        """Calls into the vendor that never came back."""
        return self._session.abandoned + self._poller.abandoned + self._quotes.left_behind

    def versions(self) -> str:
        """The library's versions and folder, '' before it has been imported."""
        found = self._loaded
        return "" if found is None else texts.versions(found.version, found.wheel, found.folder)

    def open(self, sink: Sink) -> None:
        """Begin to connect, or go on; CONNECTED is reported when it is done. Raises BrokerUnavailable while it fails.

        The reconnecting goes on by itself: calling again only tells how it stands.
        """
        if self._closed:
            raise BrokerUnavailable(texts.CLOSED)
        self._sink = sink
        if not self._threads:
            for what, run in (
                ("reader", self._reader.run),
                ("sender", self._sender.run),
                ("poller", self._poller.run),
                ("session", self._session.run),
            ):
                thread = threading.Thread(target=run, name=f"{self._prefix}-{what}", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._quotes.start()
        if not self.connected and self._session.trouble:
            raise BrokerUnavailable(self._session.trouble)

    def hurry(self) -> None:
        """Do not wait for the end of the pause between two attempts."""
        self._session.hurry()

    def close(self) -> None:
        """End every thread, waiting a few seconds at most; what hangs in the vendor is left behind."""
        self._closed = True
        for part in (self._session, self._sender, self._poller, self._reader):
            part.close()
        self._quotes.close()
        for thread in reversed(self._threads):  # the session first: it stops the vendor's object
            thread.join(self._timing.stop_s + self._timing.close_s)
            if thread.is_alive():
                log.error("%s did not end", thread.name)
        self._sink = None

    def _line(self) -> Line | None:
        return self._session.line

    def _line_news(self, kind: ReportKind, generation: int) -> None:
        """Tell that the line has come or gone, from the session's thread."""
        if kind is ReportKind.DISCONNECTED:
            self._reader.take(generation, LostLine())
        else:
            self._poller.want()
        self._tell(Report(kind=kind, generation=generation, at=self._clock.now()))

    # --- from the vendor's threads ------------------------------------------------------------------------------------

    def _take(self, generation: int, row: Row) -> None:
        """Append and ring; a broken line is known at once, so that nothing more is sent on it."""
        if isinstance(row, DisconnectedRow):
            self._session.lose(generation, texts.DISCONNECTED, alarming=False)
            return
        self._reader.take(generation, row)

    def _note(self, note: Sent | Unsent) -> None:
        self._reader.take(note.errand.generation, note)

    def _tell(self, report: Report) -> None:
        sink = self._sink
        if sink is not None:
            sink(report)

    def _ring(self, kind: ReportKind) -> None:
        self._tell(Report(kind=kind, generation=self.generation, at=self._clock.now()))

    def _alarm(self, title: str, text: str) -> None:
        try:
            self._alarm_to(title, text)
        except Exception:
            log.exception("An alarm could not be told: %s: %s", title, text)

    def _load(self) -> vendor.Library:
        if self._loaded is None:
            self._loaded = vendor.load(self._library)
            log.info("xtquant was imported: %s", self.versions())
        return self._loaded

    def _data(self) -> Any:
        data = self._load().data
        if data is None:
            raise BrokerUnavailable(texts.NO_XTDATA)
        return data

    # --- orders -------------------------------------------------------------------------------------------------------

    def place(self, request: PlaceRequest) -> PlaceAnswer | None:
        """Hand an order to the sender; the answer is a PLACED report. Never REFUSED: evidence decides."""
        line = self._line()
        if line is None:
            return PlaceAnswer(outcome=Outcome.NO_ANSWER, text=texts.NOT_CONNECTED)
        fault = self._fault(request)
        if fault:
            return PlaceAnswer(outcome=Outcome.NO_ANSWER, text=fault)
        self._remarks.send(request, self._clock.now().date())
        self._poller.placing()
        send_by = self._clock.monotonic() + self._timing.send_s
        self._sender.put(Placing(request=request, generation=line.generation, send_by=send_by))
        return None

    def _fault(self, request: PlaceRequest) -> str:
        """Why an order must not reach the terminal, '' if it may."""
        remark = request.client_order_id
        if not remark.isascii() or not remark.isprintable() or not 1 <= len(remark) <= REMARK_BYTES:
            return texts.bad_remark(remark)
        if remark in self._remarks.sent:
            return texts.reused_remark(remark)
        if type(request.shares) is not int or request.shares <= 0:
            return texts.bad_shares(request.shares)
        if request.price <= 0 or Decimal(repr(float(request.price))) != request.price:
            return texts.bad_price(request.price)
        return ""

    def cancel(self, client_order_id: str, broker_order_id: str) -> CancelAnswer | None:
        """Hand a cancel to the sender; the answer is a CANCEL report."""
        line = self._line()
        number = broker_order_id or self._remarks.broker_id(client_order_id)
        asked = self._remarks.sent.get(client_order_id)
        symbol = "" if asked is None else asked.symbol
        nameless = not number.isdigit() and (sysid_of(number) is None or not symbol)
        if line is None or nameless:
            text = texts.NOT_CONNECTED if line is None else texts.NO_NUMBER
            return CancelAnswer(outcome=Outcome.NO_ANSWER, text=text)
        self._remarks.learn(number, client_order_id, self._clock.now().date())
        self._sender.put(
            Cancelling(
                client_order_id=client_order_id,
                broker_order_id=number,
                symbol=symbol,
                generation=line.generation,
                send_by=self._clock.monotonic() + self._timing.send_s,
            )
        )
        return None

    # --- questions ----------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot | None:
        """The newest complete picture, each once; None begins another, and RING tells when it has come."""
        found = self._poller.take()
        now = self._clock.monotonic()
        if found is not None and now - self._prefetched_at > _PREFETCH_EVERY_S:
            self._prefetched_at = now
            self._quotes.prefetch(position.symbol for position in found.positions if position.shares)
        return found

    def quote(self, symbol: str, anchor: Decimal | None = None) -> Quote | None:
        """A quote of a moment ago; None begins to fetch it, and QUOTED tells when it has come. `anchor` is not used."""
        return self._quotes.quote(symbol)

    def instrument(self, symbol: str, anchor: Decimal | None = None) -> Instrument | None:
        return self._quotes.instrument(symbol)
