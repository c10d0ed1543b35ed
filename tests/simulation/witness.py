"""Stands at the exchange and judges every moment: exposure, one order per slot, intent before act, remarks, sessions.

It learns from the exchange alone, never from what the desk believes, and asks the journal's file only for what was
committed when an order came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from base_func import Phase, phase_at
from desk.broker import PlaceRequest
from desk.core.batch import Batch
from desk.core.market import BrokerOrder, BrokerTrade
from desk.core.values import BrokerStatus, Intent, Reason, Side
from desk.texts import paper as words
from tests.simulation.story import Violation

if TYPE_CHECKING:
    from tests.simulation.world import SimulatedDesk

OPEN_PHASES = frozenset({Phase.CONTINUOUS, Phase.CLOSING_CALL})
_SHOWN_AFTER_S = 60.0
_JUMP_PAUSE_S = 5.0
ILLEGAL = frozenset(
    {words.BAD_LOT, words.OFF_TICK, words.TOO_MANY, words.REMARK_USED, words.REMARK_BAD, words.UNKNOWN_CODE}
)


@dataclass(slots=True, weakref_slot=True, eq=False)
class Ear:
    """Listens to one exchange (which holds its listeners weakly)."""

    account: str
    told: Callable[[str, datetime, BrokerOrder | BrokerTrade], None]

    def hear(self, at: datetime, news: BrokerOrder | BrokerTrade) -> None:
        self.told(self.account, at, news)

    def line(self, at: datetime, up: bool) -> None:
        pass


@dataclass(slots=True)
class Witness:
    world: SimulatedDesk
    orders: dict[tuple[str, str], BrokerOrder] = field(default_factory=dict)  # account and remark
    meant: dict[str, tuple[int, str]] = field(default_factory=dict)  # intent -> decided, side
    sent: dict[str, PlaceRequest] = field(default_factory=dict)
    foreign: dict[str, dict[str, int]] = field(default_factory=dict)  # account -> symbol -> shares traded by hand
    unseen: dict[tuple[str, str], date] = field(default_factory=dict)  # day of what was traded by hand in an outage
    complaints: list[str] = field(default_factory=list)
    news: int = 0  # how much was heard
    _exposed: dict[str, dict[str, int]] = field(default_factory=dict)  # intent -> remark -> shares
    _live: dict[tuple[str, str, Side], set[str]] = field(default_factory=dict)
    _traded_at: dict[tuple[str, str], float] = field(default_factory=dict)  # monotonic
    _ears: list[Ear] = field(default_factory=list)
    jumped_at: float = float("-inf")  # monotonic: when the wall clock last jumped before the desk's eyes
    events: set[str] = field(default_factory=set)  # ids of everything that strategies have said
    messages: set[str] = field(default_factory=set)  # keys of what commits wanted told
    rates: dict[tuple[str, ...], tuple[Decimal, Decimal]] = field(default_factory=dict)
    approved: set[str] = field(default_factory=set)  # strategies of which a person has approved a plan
    pictured: dict[str, int] = field(default_factory=dict)  # account -> the connection that its desk has a picture of

    def attend(self) -> None:
        for name, exchange in self.world.exchanges.items():
            ear = Ear(name, self.hear)
            self._ears.append(ear)
            exchange.listen(ear)

    def check(self) -> None:
        """Raise the first thing that went wrong."""
        if self.complaints:
            raise Violation(self.complaints[0])

    # --- at the desk's end of the line ---

    def sending(self, account: str, request: PlaceRequest) -> None:
        """An order leaves the desk."""
        key = request.client_order_id
        now = self.world.clock.now()
        self.world.story.tell(
            "sent", f"{key} {request.side.value} {request.shares} {request.symbol} @ {request.price} on {account}"
        )
        if key in self.sent:
            self._complain(f"I5: the remark {key} was used twice")
        self.sent[key] = request
        with self.world.journal.look() as look:
            row = look.one("SELECT state, shares, side FROM orders WHERE client_order_id = ?", (key,))
        if row is None:
            self._complain(f"I5: {key} was sent before its intent was written")
        elif tuple(row) != ("sending", request.shares, request.side.value):
            self._complain(f"I5: {key} was sent as {request.side.value} {request.shares}, written as {tuple(row)}")
        if not self._in_session(account, now):
            self._complain(f"I14: {key} was sent outside the session")
        if self.pictured.get(account) != self.world.desks[account].broker.generation:
            self._complain(f"I13: {key} was sent before the account was looked at in this connection")
        if request.side is Side.SELL:
            self._sellable(account, request)
        if self.world.clock.monotonic() < self.jumped_at + _JUMP_PAUSE_S:
            self._complain(f"I14: {key} was sent although the clock had just jumped")

    def _in_session(self, account: str, now: datetime) -> bool:
        """By the market's hours, not by what the desk makes of them."""
        if self.world.desks[account].config.always_open:
            return True
        return self.world.days.is_trading_day(now.date()) and phase_at(now.time()) in OPEN_PHASES

    def _sellable(self, account: str, request: PlaceRequest) -> None:
        """I12; a person who sells the same stock may be faster than any picture."""
        if request.symbol in self.foreign.get(account, {}):
            return
        positions = self.world.exchanges[account].picture(self.world.clock.now()).positions
        free = sum(position.sellable for position in positions if position.symbol == request.symbol)
        if request.shares > free:
            self._complain(f"I12: {request.client_order_id} sells {request.shares}, {free} may be sold")

    # --- what commits say ---

    def committed(self, batch: Batch) -> None:
        for intent in batch.intents.values():
            if intent.ended and any(part.reason is Reason.NO_POSITION for part in intent.parts):
                self._position(intent)
        self.messages |= {message.key for message in batch.messages}
        for flag in batch.flags:
            if flag.startswith(("stopped:", "stranger:")) and batch.flags[flag] is not None:
                self._complain(f"I11: {flag} by a broker that keeps its word: {batch.flags[flag]}")
        for book in batch.books.values():
            # What was traded by hand in an outage can be seen until the day is over; then a person is asked.
            unseen = self.unseen.get((book.account, book.symbol), date.max)
            if book.frozen is not None and unseen >= self.world.clock.true().date():
                self._complain(f"I10: {book.symbol} of {book.strategy} is frozen: {book.frozen}")
        for key, rate in batch.jq_rates.items():
            frozen = self.rates.setdefault(key, (rate.numerator, rate.denominator))
            if frozen != (rate.numerator, rate.denominator):
                self._complain(f"I3: the rate of {key} was {frozen}, now {rate.numerator} / {rate.denominator}")

    def _position(self, intent: Intent) -> None:
        """I7: 无持仓 is not said of an account that holds the stock; what has just been traded no picture may show."""
        traded_at = self._traded_at.get((intent.account, intent.symbol), float("-inf"))
        if self.world.clock.monotonic() - traded_at < _SHOWN_AFTER_S:
            return
        positions = self.world.exchanges[intent.account].picture(self.world.clock.now()).positions
        held = sum(position.shares for position in positions if position.symbol == intent.symbol)
        if held:
            self._complain(f"I7: {intent.intent_id} ended for want of a position, the account holds {held}")

    # --- at the exchange ---

    def hear(self, account: str, at: datetime, news: BrokerOrder | BrokerTrade) -> None:
        self.news += 1
        if isinstance(news, BrokerTrade):
            self._traded_at[account, news.symbol] = self.world.clock.monotonic()
            if not news.client_order_id:
                shares = news.shares if news.side is Side.BUY else -news.shares
                of_account = self.foreign.setdefault(account, {})
                of_account[news.symbol] = of_account.get(news.symbol, 0) + shares
                if self.world.exchanges[account].faults.disconnected or self.world.journal_down:
                    self.unseen[account, news.symbol] = at.date()
            return
        remark = news.client_order_id or f"by hand #{news.broker_order_id}"
        text = f"{remark} {news.status.value} {news.filled}/{news.shares}" + (f" ({news.text})" if news.text else "")
        self.world.story.tell("exchange", text)
        if news.client_order_id:
            self._ours(account, news)

    def _ours(self, account: str, order: BrokerOrder) -> None:
        key = order.client_order_id
        known = (account, key) in self.orders
        self.orders[account, key] = order
        if key not in self.sent:
            return self._complain(f"I5: {key} is at the exchange and was never sent")
        if not known and order.status is BrokerStatus.REJECTED and order.text in ILLEGAL:
            self._complain(f"an illegal order: {key} {order.shares} @ {order.price}: {order.text}")
        slot = (account, order.symbol, order.side)
        live = self._live.setdefault(slot, set())
        if order.status.final:
            live.discard(key)
        else:
            live.add(key)
            if len(live) > 1:
                self._complain(f"I6: two live orders in one slot: {sorted(live)}")
            if self._live.get((account, order.symbol, order.side.opposite)):
                self._complain(f"both sides of {order.symbol} are live: {key}")
        self._expose(key, order)
        return None

    def _expose(self, key: str, order: BrokerOrder) -> None:
        intent_id = key.rsplit("-", 1)[0]
        decided, side = self._meant(intent_id)
        if side != order.side.value:
            self._complain(f"I4: {key} is a {order.side.value}, its intent a {side}")
        exposed = self._exposed.setdefault(intent_id, {})
        exposed[key] = order.filled if order.status.final else order.shares
        total = sum(exposed.values())
        if total > decided:
            self._complain(f"I4: {intent_id}: {total} shares at the exchange, {decided} decided")

    def _meant(self, intent_id: str) -> tuple[int, str]:
        if intent_id not in self.meant:
            with self.world.journal.look() as look:
                row = look.one("SELECT decided, side FROM intents WHERE intent_id = ?", (intent_id,))
            self.meant[intent_id] = (0, "nothing") if row is None else (row[0], row[1])
        return self.meant[intent_id]

    def _complain(self, text: str) -> None:
        self.complaints.append(text)
        self.world.story.tell("VIOLATION", text)
