"""The plan of one turn: which orders are sent, cancelled, waited for; sells before buys, cash shared out at the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from base_func import Phase, is_t0, legal_buy, trading_seconds
from desk.broker import Instrument, Quote
from desk.core.book import sold_today_bound
from desk.core.chase import Account, Cancel, Cut, End, Scene, Send, Step, Wait, next_step
from desk.core.config import Config
from desk.core.day import entitled_for_debt
from desk.core.endings import end_intent, settle_event
from desk.core.exposure import limited, why_too_much
from desk.core.ledger import BookKey, Ledger, missing
from desk.core.reconcile import classify_refusal, learn
from desk.core.values import (
    Fact,
    Intent,
    Message,
    Order,
    OrderState,
    Origin,
    Part,
    Reason,
    Side,
)
from desk.core.verdict import merged
from desk.core.view import shares_routed
from desk.dealing.account import AccountDesk

_FEE_ROOM = Decimal("1.0035")  # the highest commission (0.3 %) and the taxes, so that a buy never fails for its fees
_MIN_FEE = Decimal(5)
_CASH_TRAILS_S = 5.0  # a terminal's cash may be this far behind its orders
_ASK_EVERY_S = 0.25  # how often a live order is judged against a new quote
_ASK_LATEST_S = 1.0
_ASK_IN_A_TURN = 12  # so many of those that nothing has disturbed: a signal may come any moment


@dataclass(slots=True)
class Turn:
    """What one turn wants done at the brokers once its commit is durable."""

    places: list[Order] = field(default_factory=list)
    cancels: list[Order] = field(default_factory=list)
    ended: bool = False  # an intent ended: another one may have waited for it
    quote_missed: bool = False  # an intent has begun to wait for a quote
    asked: int = 0  # live orders that nothing had disturbed and that were judged all the same
    unasked: bool = False  # more of them are due: in the next turn


@dataclass(slots=True)
class Planner:
    """Builds each intent's scene and carries out, on the ledger, what the core answers."""

    ledger: Ledger
    config: Config
    accounts: dict[str, AccountDesk]
    sentence: Callable[[Reason], str]
    halted: bool
    stopped: Callable[[str], Reason | None]  # strategy -> why it may not trade (paused, 已熔断)
    sending_allowed: bool  # False while the wall clock has jumped or the journal is in trouble
    now: datetime
    monotonic: float
    turn: Turn = field(default_factory=Turn)
    _quotes: dict[tuple[str, str], Quote | None] = field(default_factory=dict)
    _instruments: dict[tuple[str, str], Instrument | None] = field(default_factory=dict)
    _buys: list[tuple[Intent, Send, AccountDesk]] = field(default_factory=list)
    _planned: Counter[str] = field(default_factory=Counter)  # account -> how many of _buys
    _bought: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))  # account -> yuan of _buys
    _touched: set[BookKey] = field(default_factory=set)
    _urgent: set[tuple[str, str]] = field(default_factory=set)  # (account, symbol) that something wants at once
    _sales_trail: dict[str, bool] = field(default_factory=dict)  # by account: see `_sale_trails`
    _taken: set[tuple[str, str]] = field(default_factory=set)  # (account, symbol) of buys that wait for their cash

    def run(self) -> Turn:
        self._touched, self.ledger.touched = self.ledger.touched, set()
        intents = list(self.ledger.intents.values())
        self._urgent = {(i.account, i.symbol) for i in intents if self._wants_at_once(i)}
        self._cancel_orphans()
        for intent in sorted(intents, key=lambda i: i.side is Side.BUY):
            self._work(intent.intent_id)
        self._share_cash()
        return self.turn

    def _cancel_orphans(self) -> None:
        """Cancel live orders whose intent has ended: an order that turned out to exist, a wish kept from a doubt."""
        for order in self.ledger.live_orders():
            desk = self.accounts.get(order.account)
            if order.state is not OrderState.WORKING or order.intent_id in self.ledger.intents or desk is None:
                continue
            if not desk.cancel_possible(self.now):
                continue
            asked = desk.cancelled_at.get(order.client_order_id, float("-inf"))
            if self.monotonic - asked >= float(self.config.chase.wait_s):
                self.cancel(order, "没有要它的意图了")

    def _wants_at_once(self, intent: Intent) -> bool:
        """True for an intent that could trade now if nothing rested in its way."""
        desk = self.accounts.get(intent.account)
        if intent.resting or not intent.approved or intent.stopped is not None or missing(intent) == 0 or desk is None:
            return False
        if self.ledger.book(intent.strategy, intent.account, intent.symbol).frozen is not None:
            return False
        if intent.side is Side.SELL and self._sellable(intent, desk, desk.shares_of(intent.symbol)[1]) == 0:
            return False
        return desk.phase(self.now) in (Phase.CONTINUOUS, Phase.CLOSING_CALL)

    def _work(self, intent_id: str) -> None:
        for _ in range(8):  # a cut is followed by another question, never by many
            intent = self.ledger.intents.get(intent_id)
            if intent is None:
                return
            desk = self.accounts.get(intent.account)
            if desk is None:
                # The account is no longer configured: what is not at its broker ends, the rest waits for its close.
                if self.ledger.live_order((intent.account, intent.symbol, intent.side)) is None:
                    self._end(intent, Reason.BROKER_DOWN)
                return
            left_alone = self._apply_stop(intent)
            if self._nothing_to_ask(intent, desk):
                return
            intent = self.ledger.intents[intent_id]
            scene = self._scene(intent, desk)
            if left_alone:
                # Too young to be chased: only what the strategy or a person wants cancelled is.
                scene = replace(scene, child_age_s=0.0)
            if not self._carry_out(intent, desk, next_step(scene)):
                return

    def _apply_stop(self, intent: Intent) -> bool:
        """Apply a halt or a pause to an intent; True when its live order is to be left where it is, but not chased."""
        if intent.origin is Origin.LIQUIDATE or intent.stopped is not None:
            return False
        if not intent.approved and intent.origin is Origin.DEBT:
            return False  # it waits for a person anyway; ended here it would be raised again as an approved debt
        reason = Reason.HALTED if self.halted else self.stopped(intent.strategy)
        if reason is None:
            return False
        child = self.ledger.live_order((intent.account, intent.symbol, intent.side))
        if self.halted and child is not None and child.intent_id == intent.intent_id:
            return True
        self.ledger.put_intent(replace(intent, stopped=reason, updated_at=self.now))
        return False

    def _nothing_to_ask(self, intent: Intent, desk: AccountDesk) -> bool:
        """A live order of an intent that nothing has disturbed and that was asked about a moment ago."""
        child = self.ledger.live_order((intent.account, intent.symbol, intent.side))
        if child is None or child.intent_id != intent.intent_id or child.state is not OrderState.WORKING:
            return False
        if child.cancel_wished or (intent.strategy, intent.account, intent.symbol) in self._touched:
            return False
        if intent.resting and (intent.account, intent.symbol) in self._urgent:
            return False
        age_s = self.monotonic - desk.asked_at.get(intent.intent_id, float("-inf"))
        if age_s < _ASK_EVERY_S:
            return True
        if self.turn.asked >= _ASK_IN_A_TURN and age_s < _ASK_LATEST_S:
            self.turn.unasked = True
            return True
        self.turn.asked += 1
        desk.asked_at[intent.intent_id] = self.monotonic
        return False

    def _carry_out(self, intent: Intent, desk: AccountDesk, step: Step) -> bool:
        """Do what the core says; True when the intent is to be asked about again at once."""
        match step:
            case Cut(shares=shares, reason=reason):
                part = Part(shares=shares, reason=reason, text=self.sentence(reason))
                self.ledger.put_intent(replace(intent, parts=merged((*intent.parts, part)), updated_at=self.now))
                return True
            case End(reason=reason):
                self._end(intent, reason)
            case Cancel(client_order_id=key, why=why):
                self.cancel(self.ledger.orders[key], why)
            case Wait(reason=reason):
                self._wait(intent, reason)
            case Send():
                if not self.sending_allowed:
                    return False
                if intent.side is Side.SELL:
                    self._send(intent, desk, step)
                else:
                    self._buys.append((intent, step, desk))
                    self._planned[intent.account] += 1
                    self._bought[intent.account] += step.price * step.shares
                    self._taken.add((intent.account, intent.symbol))
        return False

    def _wait(self, intent: Intent, reason: Reason | None) -> None:
        if intent.waiting is not reason:
            self.turn.quote_missed |= reason is Reason.NO_QUOTE
            self.ledger.put_intent(replace(intent, waiting=reason, updated_at=self.now))

    def _end(self, intent: Intent, reason: Reason | None) -> None:
        parts: tuple[Part, ...] = ()
        if reason is not None:
            said = self._broker_text(intent) if reason is Reason.BROKER_REFUSED else ""
            text = f"{self.sentence(reason)}{said}"
            parts = (Part(shares=missing(intent), reason=reason, text=text),)
        done = end_intent(self.ledger, intent, self.now, *parts)
        self.turn.ended = True
        if done.event_id is not None:
            settle_event(self.ledger, done.event_id, self.now)

    def _broker_text(self, intent: Intent) -> str:
        orders = self.ledger.orders_of(intent.intent_id)
        return f"(券商原话:{orders[-1].broker_text})" if orders and orders[-1].broker_text else ""

    def cancel(self, order: Order, why: str) -> None:
        """Ask for a cancel: written first, sent after the commit."""
        desk = self.accounts.get(order.account)
        after = learn(self.ledger, order, Fact.CANCEL_ASKED, self.now, "us", text="")
        if after.state is OrderState.CANCELLING and desk is not None:
            desk.cancelled_at[order.client_order_id] = self.monotonic
            self.ledger.counts_of(order.account, order.day).cancels += 1
            self.turn.cancels.append(after)
        self.ledger.batch.order_facts[-1:] = [replace(fact, text=why) for fact in self.ledger.batch.order_facts[-1:]]

    # --- sending ----------------------------------------------------------------------------------------------------

    def _send(self, intent: Intent, desk: AccountDesk, step: Send) -> None:
        limits = desk.config.limits
        if not desk.may_send(self.monotonic, limits.orders_per_second):
            return
        attempt = intent.attempts + 1
        order = Order(
            client_order_id=f"{intent.intent_id}-{attempt}",
            intent_id=intent.intent_id,
            event_id=intent.event_id,
            origin=intent.origin,
            strategy=intent.strategy,
            account=intent.account,
            symbol=intent.symbol,
            side=intent.side,
            shares=step.shares,
            price=step.price,
            attempt=attempt,
            state=OrderState.SENDING,
            day=self.now.date(),
            created_at=self.now,
            updated_at=self.now,
        )
        tries = intent.tries + (1 if step.counts else 0)
        self.ledger.put_intent(replace(intent, attempts=attempt, tries=tries, waiting=None, updated_at=self.now))
        self.ledger.put_order(order, Fact.CLAIMED, "us")
        counts = self.ledger.counts_of(order.account, order.day)
        counts.orders += 1
        if order.side is Side.BUY:
            counts.buy_turnover += order.price * order.shares
            desk.cash_spent += _cost(order.shares, order.price)
        desk.sent_at[order.client_order_id] = self.monotonic
        desk.dirty = True
        self.turn.places.append(order)
        if step.warn_deviation:
            self.ledger.say(_deviation(order, intent))

    def _share_cash(self) -> None:
        """Give each account's cash to its waiting buys: all, or in proportion by strategy, or wait for a live sell."""
        groups: dict[tuple[str, str], list[tuple[Intent, Send, AccountDesk]]] = {}
        for item in self._buys:
            groups.setdefault((item[0].account, item[0].strategy), []).append(item)
        for members in groups.values():
            desk = members[0][2]
            need = sum((_cost(step.shares, step.price) for _, step, _ in members), Decimal(0))
            if need <= desk.cash:
                for intent, step, _ in members:
                    self._send(intent, desk, step)
            elif self._sale_pending(desk.name, members):
                for intent, _, _ in members:
                    self._wait(intent, Reason.NO_CASH)
            else:
                self._scale(members, desk, need)

    def _sale_pending(self, account: str, members: list[tuple[Intent, Send, AccountDesk]]) -> bool:
        """A live sell of the account may still bring the cash, and the buys have not waited too long for it."""
        waited = min(self._waited(intent, desk) for intent, _, desk in members)
        if waited > float(self.config.chase.cash_wait_s):
            return False
        if any(o.account == account and o.side is Side.SELL for o in self.ledger.live_orders()):
            return True
        if account not in self._sales_trail:
            self._sales_trail[account] = self._sale_trails(account)
        return self._sales_trail[account]

    def _sale_trails(self, account: str) -> bool:
        """A sale that has just ended has brought its cash, but the picture of the account may not show it yet."""
        trails = timedelta(seconds=_CASH_TRAILS_S if self.accounts[account].broker.settle_s else 0)
        return any(
            o.account == account
            and o.side is Side.SELL
            and (key in self.ledger.unsettled or (o.filled and o.final_at and self.now - o.final_at < trails))
            for key, o in self.ledger.orders.items()
        )

    def _waited(self, intent: Intent, desk: AccountDesk) -> float:
        """Trading seconds since the intent was made: the minutes before the open are no waiting."""
        if desk.config.always_open:
            return (self.now - intent.created_at).total_seconds()
        return trading_seconds(intent.created_at, self.now, desk.days.is_trading_day)

    def _scale(self, members: list[tuple[Intent, Send, AccountDesk]], desk: AccountDesk, need: Decimal) -> None:
        share = max(Decimal(0), desk.cash) / need
        for intent, step, _ in members:
            shares = legal_buy(intent.symbol, min(step.shares * share, _affordable(desk.cash, step.price)))
            cut = step.shares - shares
            part = Part(shares=cut, reason=Reason.NO_CASH, text=self.sentence(Reason.NO_CASH))
            if shares == 0:
                self._end(intent, Reason.NO_CASH)
                continue
            if cut:
                intent = replace(intent, parts=merged((*intent.parts, part)), updated_at=self.now)
                self.ledger.put_intent(intent)
            self._send(intent, desk, replace(step, shares=shares))

    # --- scenes -----------------------------------------------------------------------------------------------------

    def _scene(self, intent: Intent, desk: AccountDesk) -> Scene:
        ledger, now = self.ledger, self.now
        key = (intent.strategy, intent.account, intent.symbol)
        book = ledger.book(*key)
        slot = (intent.account, intent.symbol, intent.side)
        child = ledger.live_order(slot)
        blocked = book.frozen is not None or (intent.account, intent.symbol) in self._taken
        if child is not None and child.intent_id != intent.intent_id:
            child, blocked = None, True
        if ledger.live_order((intent.account, intent.symbol, intent.side.opposite)) is not None:
            blocked = True
        newer = any(
            other.side is intent.side.opposite and other.created_at > intent.created_at and missing(other) > 0
            for other in ledger.intents_of_book(key)
        )
        yields = intent.resting and (intent.account, intent.symbol) in self._urgent
        orders = ledger.orders_of(intent.intent_id)
        last = orders[-1] if orders else None
        strategy = self.config.strategy(intent.strategy)
        held, sellable = desk.shares_of(intent.symbol)
        counts = ledger.counts_of(intent.account, now.date())
        entitled = entitled_for_debt(ledger, key) if intent.origin is Origin.DEBT else book.entitled
        late = desk.config.always_open or now.time() < self.config.chase.last_chase
        refused_at = desk.cancel_refused_at.get(child.client_order_id) if child else None
        said = classify_refusal(last.broker_text) if last and last.state is OrderState.REJECTED else None
        return Scene(
            now=now,
            chase=self.config.chase,
            account=Account(
                ready=desk.ready,
                phase=desk.phase(now),
                always_open=desk.config.always_open,
                limits=desk.config.limits,
                # What this turn has planned before and sends at its end counts: each alone may fit, all together not.
                orders_today=counts.orders + self._planned[intent.account],
                cancels_today=counts.cancels,
                buy_turnover_today=counts.buy_turnover + self._bought[intent.account],
            ),
            intent=intent,
            child=child,
            child_age_s=self._age_of(child, desk) if child is not None else 0.0,
            cancel_refused=refused_at is not None and self.monotonic - refused_at < float(self.config.chase.wait_s),
            unsettled=(last is not None and last.client_order_id in ledger.unsettled) or self._outdated(intent, desk),
            blocked=blocked or (child is None and (newer or yields)),
            opposite_waits=newer,
            yields=yields,
            entitled=entitled,
            own=book.own,
            other_open=ledger.open_shares(key, intent.side, but=intent.intent_id),
            sellable=self._sellable(intent, desk, sellable) if intent.side is Side.SELL else 0,
            account_sellable=sellable,
            account_shares=held,
            locked=book.own - sold_today_bound(book, now.date(), is_t0(intent.symbol)),
            too_much=self._too_much(intent, desk),
            queue_limit_up=strategy.chase_limit_up if strategy else False,
            queue_limit_down=strategy.queue_limit_down if strategy else True,
            age_s=self._age(intent, desk),
            valid_s=strategy.signal_valid_s if strategy else 600,
            quote=self._quote(intent, desk),
            instrument=self._instrument(intent.account, intent.symbol, intent.anchor, desk),
            asset=desk.snapshot.asset if desk.snapshot else None,
            sent_late=not late and last is not None and last.created_at.time() >= self.config.chase.last_chase,
            approval_age_s=self._waited(intent, desk),
            broker_said=said,
        )

    def _outdated(self, intent: Intent, desk: AccountDesk) -> bool:
        """A sale whose figures are older than the end of another order of the symbol: its shares still look frozen."""
        if intent.side is Side.BUY or desk.snapshot is None:
            return False
        taken_at = desk.snapshot.taken_at
        ended = [o for k in self.ledger.unsettled if (o := self.ledger.orders[k]).symbol == intent.symbol]
        return any(o.account == intent.account and o.final_at and taken_at < o.final_at <= self.now for o in ended)

    def _age_of(self, order: Order, desk: AccountDesk) -> float:
        """Seconds since an order was sent; by the wall clock for one that an earlier run has sent."""
        sent = desk.sent_at.get(order.client_order_id)
        return self.monotonic - sent if sent is not None else (self.now - order.created_at).total_seconds()

    def _sellable(self, intent: Intent, desk: AccountDesk, account_sellable: int) -> int:
        """min(own − bought today unless T+0, the account's sellable − what other books may sell)."""
        today, t0 = self.now.date(), is_t0(intent.symbol)
        own = 0
        others = 0
        for book in self.ledger.books_on(intent.account, intent.symbol):
            free = sold_today_bound(book, today, t0)
            if book.strategy == intent.strategy:
                own = free
            else:
                others += free
        return max(0, min(own, account_sellable - others))

    def _age(self, intent: Intent, desk: AccountDesk) -> float:
        """Delivery age plus the trading seconds waited since receipt."""
        event = self.ledger.events.get(intent.event_id) if intent.event_id else None
        delivery = 0.0
        if event is not None and event.received_at == intent.received_at:
            delivery = max(0.0, (event.received_at - event.sent_at).total_seconds())
        if desk.config.always_open:
            return delivery + (self.now - intent.received_at).total_seconds()
        return delivery + trading_seconds(intent.received_at, self.now, desk.days.is_trading_day)

    def _quote(self, intent: Intent, desk: AccountDesk) -> Quote | None:
        key = (intent.account, intent.symbol)
        if key not in self._quotes:
            self._quotes[key] = desk.broker.quote(intent.symbol, intent.anchor) if desk.broker.connected else None
        return self._quotes[key]

    def _too_much(self, intent: Intent, desk: AccountDesk) -> Reason | None:
        """Why a buy that has not been sent yet would pass its strategy's own limits."""
        strategy = self.config.strategy(intent.strategy)
        if intent.side is Side.SELL or intent.attempts or strategy is None or not limited(strategy):
            return None

        def price_of(symbol: str) -> Decimal | None:
            anchor = intent.anchor if symbol == intent.symbol else None
            found = self._instrument(intent.account, symbol, anchor, desk)
            return found.prev_close if found is not None else None

        share = shares_routed(self.config, strategy).get(intent.account)
        return why_too_much(self.ledger, strategy, share, intent, price_of)

    def _instrument(self, account: str, symbol: str, anchor: Decimal | None, desk: AccountDesk) -> Instrument | None:
        key = (account, symbol)
        if key not in self._instruments:
            found = desk.broker.instrument(symbol, anchor) if desk.broker.connected else None
            self._instruments[key] = found if found is not None and found.day == self.now.date() else None
        return self._instruments[key]


def _cost(shares: int, price: Decimal) -> Decimal:
    """Yuan that a buy may freeze at most: its value and room for the fees."""
    return shares * price * _FEE_ROOM + _MIN_FEE


def _affordable(cash: Decimal, price: Decimal) -> Decimal:
    return max(Decimal(0), (cash - _MIN_FEE) / (price * _FEE_ROOM))


def _deviation(order: Order, intent: Intent) -> Message:
    return Message(
        at=order.created_at,
        kind="alarm",
        title=f"{order.strategy} 价格偏离过大",
        text=f"{order.symbol} 聚宽价 {intent.anchor},我们的委托价 {order.price}",
        key=f"deviation:{intent.intent_id}",
    )
