"""One simulated MiniQMT: a process that lives, dies and hangs, its sessions, its accounts, what it owes its clients."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from desk.broker.paper import PaperExchange, StoreFailed
from desk.broker.xt_sim import records
from desk.broker.xt_sim.client import XtQuantAsyncClient
from desk.broker.xt_sim.counter import FAILED, INITING, OK, QUERIES, Counter
from desk.broker.xt_sim.faults import (
    ConnectTrouble,
    PlaceTrouble,
    SubscribeTrouble,
    TerminalFaults,
)
from desk.broker.xt_sim.outgoing import Outgoing
from desk.broker.xt_sim.wire import Action, Wire
from desk.clock import Clock
from desk.core.values import Side
from desk.texts import xt_sim as words

log = logging.getLogger(__name__)

_BEAT_S = 0.005
_CONNECT_S = 3.0  # connect() waits so long for a terminal that hangs
_STUCK_S = 60.0  # what is stuck comes back after so long even if nobody unsticks it


def _weekdays(day: date) -> bool:
    return day.weekday() < 5


class Terminal:
    """A MiniQMT for one userdata path.

    Driven, nothing is served or delivered but by `pump`; else a thread of its own pumps every few milliseconds from
    the first connection to `close`. Requests come from any thread.
    """

    def __init__(
        self,
        path: str,
        accounts: Mapping[str, PaperExchange],
        clock: Clock,
        faults: TerminalFaults | None = None,
        *,
        driven: bool = False,
        is_trading_day: Callable[[date], bool] = _weekdays,
        quote_port: int = 58610,
    ) -> None:
        self.path = path
        self.clock = clock
        self.faults = faults if faults is not None else TerminalFaults()
        self.driven = driven
        self.is_trading_day = is_trading_day
        self.quote_port = quote_port
        self.wire = Wire()
        self.out = Outgoing(self)
        self.alive = True
        self.epoch = 0  # counts its lives
        self.hung = False
        self.quotes_up = True
        self.counters = {account: Counter(self, account, exchange) for account, exchange in accounts.items()}
        self._clients: list[XtQuantAsyncClient] = []
        self._sessions: dict[int, datetime | None] = {}  # until when an id is taken; None: its client lives
        self._started_at = clock.now() - timedelta(days=1)
        self._lock = threading.RLock()
        self._pumping = threading.RLock()
        self._bell = threading.Event()
        self._unstuck = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._moment: datetime | None = None

    # --- time --------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The moment that the pump has come to, else the clock's."""
        return self._moment or self.clock.now()

    def pump(self, now: datetime | None = None) -> None:
        """Run the exchanges up to `now` and do everything that is due: requests, messages, deaths that are noticed.

        When a driven terminal's pump returns, every callback that was delivered has been run by the library's worker.
        Raises CallbacksStuck when one of them does not end.
        """
        now = self.clock.now() if now is None else now
        with self._pumping:
            try:
                while self._run(now) and self.driven:
                    pass
            finally:
                self._moment = None

    def _run(self, now: datetime) -> bool:
        while True:
            due = self.wire.due(hung=self.hung)
            self._moment = moment = now if due is None or due > now else due
            for counter in self.counters.values():
                counter.advance(moment)
            action = self.wire.take(moment, hung=self.hung)
            if action is None and moment >= now:
                break
            if action is not None:
                self._do(action)
        return self.driven and self._drain()

    def _do(self, action: Action) -> None:
        try:
            action()
        except StoreFailed:
            # The counter has lost its book: who asked gets no answer, its account is gone.
            for counter in self.counters.values():
                if counter.exchange.failed:
                    counter.set_status(FAILED, self.now)

    def _drain(self) -> bool:
        drained = [client.drain() for client in self.clients()]
        return any(drained)

    def clients(self) -> list[XtQuantAsyncClient]:
        """Tell who is connected, or was when the terminal died and has not stopped since."""
        with self._lock:
            return list(self._clients)

    def ensure_thread(self) -> None:
        """Start pumping, if it is not driven and has not begun."""
        with self._lock:
            if self._thread is None and not self.driven and not self._closed.is_set():
                self._thread = threading.Thread(target=self._beat, name="xtquant-native", daemon=True)
                self._thread.start()

    def _beat(self) -> None:
        while not self._closed.is_set():
            try:
                self.pump()
            except Exception:  # a native thread outlives whatever it meets
                log.exception("The simulated MiniQMT at %s met what it does not know", self.path)
            self.clock.wait(self._bell, _BEAT_S)
            self._bell.clear()

    def post(self, due: datetime, action: Action, *, place: int | None = None) -> None:
        """Put something on the wire and wake the pump."""
        self.wire.post(due, action, place=place)
        self._bell.set()

    def close(self) -> None:
        """End its thread and let go of whoever is stuck in it; the exchanges stay."""
        self._closed.set()
        self._bell.set()
        self.unstick()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        for counter in self.counters.values():
            counter.exchange.unlisten(counter)

    # --- its life ----------------------------------------------------------------------------------------------------

    def die(self) -> None:
        """Kill the process: what it had in hands is lost; clients notice after `notice_s`. Live orders live on."""
        now = self.now
        with self._lock:
            if not self.alive:
                return
            self.alive = False
            self.hung = False
            self.wire.forget()
            self._sessions.clear()
            clients, self._clients = self._clients, [c for c in self._clients if not c.stopped]
        for client in clients:
            if client.epoch == self.epoch and not client.stopped:
                due = now + timedelta(seconds=self.faults.between(*self.faults.notice_s))
                self.wire.post(due, client.notice_death, client_side=True)
        self.unstick()

    def start(self) -> None:
        """Start the process again; accounts are usable after `login_s`, connections after `refuse_connect_s`."""
        now = self.now
        with self._lock:
            if self.alive:
                return
            self.alive = True
            self.epoch += 1
            self._started_at = now
            self._sessions.clear()
        for counter in self.counters.values():
            if self.faults.login_s:
                counter.status = INITING
                self.wire.post(now + timedelta(seconds=self.faults.login_s), self._login_of(counter))
            else:
                counter.status = OK

    def hang(self, hung: bool = True) -> None:
        """Freeze: connected, but nothing is served or told; when it ends, what was asked meanwhile is served late."""
        self.hung = hung and self.alive
        if not self.hung:
            self.unstick()
        self._bell.set()

    def logout(self, account: str, status: int = FAILED) -> None:
        """Lose an account's line to the broker: status push, empty queries, refused orders, no order pushes."""
        self.counters[account].set_status(status, self.now)

    def login(self, account: str) -> None:
        self.counters[account].set_status(OK, self.now)

    def _login_of(self, counter: Counter) -> Action:
        return lambda: counter.set_status(OK, self.now)

    def cut_quotes(self) -> None:
        """Break the quote line alone; its subscriptions are gone."""
        self.quotes_up = False

    def restore_quotes(self) -> None:
        self.quotes_up = True

    def unstick(self) -> None:
        """Let every call that is stuck return."""
        with self._lock:
            self._unstuck.set()
            self._unstuck = threading.Event()

    def stay_stuck(self) -> None:
        """Hold the calling thread until `unstick`."""
        self._unstuck.wait(_STUCK_S)

    # --- a person at the terminal ------------------------------------------------------------------------------------

    def order_by_hand(
        self, account: str, symbol: str, side: Side | str, shares: int, price: Decimal | None = None
    ) -> str:
        """Place an order as a person does: no remark, order_id 0; without a price it trades at once. Tell its sysid."""
        exchange = self.counters[account].exchange
        order = exchange.trade_by_hand(symbol, Side(side), shares, price, self.now)
        return records.sysid_of(order.broker_order_id)

    def replay_session(self, session: int | None = None) -> None:
        """Push old trades again to every client: those of a session, or of each client's own."""
        for client in self.clients():
            self.out.replay(client, client.session if session is None else session)

    # --- what clients ask --------------------------------------------------------------------------------------------

    def join(self, client: XtQuantAsyncClient) -> int:
        """Connect a client: 0 or -1."""
        trouble, _ = self.faults.draw(ConnectTrouble)
        if trouble is ConnectTrouble.STUCK:
            self.stay_stuck()
        if self.hung and not self.driven:
            self.clock.wait(self._closed, _CONNECT_S)
        now = self.now
        with self._lock:
            young = now < self._started_at + timedelta(seconds=self.faults.refuse_connect_s)
            dead = not self.alive or client.epoch not in (-1, self.epoch)
            if trouble is not None or dead or self.hung or young or not self._free(client, now):
                return -1
            self._sessions[client.session] = None
            client.epoch = self.epoch
            if client not in self._clients:
                self._clients.append(client)
        self.ensure_thread()
        return 0

    def _free(self, client: XtQuantAsyncClient, now: datetime) -> bool:
        if client in self._clients and client.epoch == self.epoch:
            return True
        until = self._sessions.get(client.session, now)
        return until is not None and until <= now

    def leave(self, client: XtQuantAsyncClient) -> None:
        """Let a stopped client go; its session id is released a while later."""
        with self._lock:
            if client in self._clients:
                self._clients.remove(client)
                if client.epoch == self.epoch and self.alive:
                    self._sessions[client.session] = self.now + timedelta(seconds=self.faults.release_s)

    def ask(self, client: XtQuantAsyncClient, what: str, seq: int, asked: dict[str, Any]) -> None:
        """Take a request; returns at once. To a terminal that has died unnoticed it is lost."""
        due = self.now + timedelta(seconds=self.faults.latency_s)
        if client.broken or client.epoch < 0:
            self._at_once(what, self._failure(client, what, seq), client_side=True)
            self._bell.set()
            return
        if not client.connected:
            return
        if what == "order":
            trouble, seconds = self.faults.draw(PlaceTrouble)
            self.wire.post(due, lambda: self._order(client, seq, asked, trouble, seconds))
            if trouble is PlaceTrouble.ANSWERED_EARLY:
                self.on_native_thread(self.pump)
        elif what == "subscribe":
            subscribing, _ = self.faults.draw(SubscribeTrouble)
            if subscribing is not SubscribeTrouble.UNANSWERED:
                self._at_once(what, lambda: self._subscribe(client, seq, asked, subscribing))
        else:
            self._at_once(what, lambda: self._serve(client, what, seq, asked), due=due)
        self._bell.set()

    def _at_once(self, what: str, action: Action, *, due: datetime | None = None, client_side: bool = False) -> None:
        """Post a request; those that the library waits for by itself are served at once, for nobody would pump."""
        if self.driven and what in ("subscribe", "unsubscribe") and not self.hung:
            self.on_native_thread(action)
        else:
            self.wire.post(due or self.now, action, client_side=client_side)

    def on_native_thread(self, action: Callable[[], object]) -> None:
        """Run something as the native library does, on a thread of its own, and wait for it."""
        thread = threading.Thread(target=action, name="xtquant-native", daemon=True)
        thread.start()
        thread.join(_STUCK_S)

    def _failure(self, client: XtQuantAsyncClient, what: str, seq: int) -> Action:
        """Make the answer of a client that has no connection: -1, [] or None, never the truth."""
        if what == "order":
            told = {"account_id": "", "order_id": -1, "strategy_name": "", "order_remark": ""}
            resp = self.out.tell("OrderStockResp", told | {"error_msg": words.NOT_CONNECTED})
            return lambda: client.deliver("OnOrderStockRespCallback", seq, resp)
        if what == "cancel":
            ids = {"account_id": "", "cancel_result": -1, "order_id": 0, "order_sysid": ""}
            resp = self.out.tell("CancelOrderStockResp", ids | {"error_msg": words.NOT_CONNECTED})
            return lambda: client.deliver("OnCancelOrderStockRespCallback", seq, resp)
        answer: Any = -1 if what in ("subscribe", "unsubscribe") else []
        return lambda: client.deliver(_ANSWERS[what], seq, answer)

    # --- serving, on the pump ----------------------------------------------------------------------------------------

    def _order(
        self, client: XtQuantAsyncClient, seq: int, asked: dict[str, Any], trouble: PlaceTrouble | None, seconds: float
    ) -> None:
        counter = self.counters.get(asked["m_strAccountID"])
        if counter is not None:
            counter.order(client, seq, asked, trouble, seconds)
        else:
            told = {"account_id": asked["m_strAccountID"], "order_id": -1, "strategy_name": "", "order_remark": ""}
            resp = self.out.tell("OrderStockResp", told | {"error_msg": words.NO_SUCH_ACCOUNT})
            self.out.respond(client, "OnOrderStockRespCallback", seq, resp)

    def _subscribe(
        self, client: XtQuantAsyncClient, seq: int, asked: dict[str, Any], trouble: SubscribeTrouble | None
    ) -> None:
        account = asked["m_strAccountID"]
        known = account in self.counters and asked["m_nAccountType"] == records.SECURITY_ACCOUNT
        good = known and trouble is None
        client.deliver("OnSubscribeRespCallback", seq, 0 if good else -1)
        if good and account not in client.subscribed:
            client.subscribed.add(account)
            if self.faults.replays_sessions:
                self.out.replay(client, client.session, account)

    def _serve(self, client: XtQuantAsyncClient, what: str, seq: int, asked: dict[str, Any]) -> None:
        account = asked["m_strAccountID"]
        counter = self.counters.get(account)
        if what == "unsubscribe":
            client.subscribed.discard(account)
            client.deliver("OnUnsubscribeRespCallback", seq, 0)
        elif what == "infos" or what == "status":
            self.out.respond(client, _ANSWERS[what], seq, [self._about(what, c) for c in self.counters.values()])
        elif counter is None:
            self._failure(client, what, seq)()
        elif what == "cancel":
            counter.cancel(client, seq, asked)
        else:
            counter.query(client, what, seq, asked)

    def _about(self, what: str, counter: Counter) -> Any:
        told: dict[str, Any] = {"account_type": records.SECURITY_ACCOUNT, "account_id": counter.account}
        if what == "status":
            return self.out.tell("XtAccountStatus", told | {"status": counter.status})
        return self.out.tell(
            "XtAccountInfo", told | {"broker_type": 2, "platform_id": 0, "login_status": counter.status}
        )


_ANSWERS = QUERIES | {
    "subscribe": "OnSubscribeRespCallback",
    "unsubscribe": "OnUnsubscribeRespCallback",
    "infos": "OnQueryAccountInfosCallback",
    "status": "OnQueryAccountStatusCallback",
}
