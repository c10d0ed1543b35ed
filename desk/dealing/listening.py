"""What the brokers say, put into the ledger: reports, snapshots, answers, and the deadlines of missing ones."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from desk.broker import Outcome, PlaceAnswer, Report, ReportKind, Snapshot
from desk.core.config import Config
from desk.core.ledger import Ledger
from desk.core.reconcile import (
    absorb_order,
    absorb_placed,
    absorb_snapshot,
    absorb_trade,
    learn,
    rule_absent,
    settle_finals,
)
from desk.core.values import Fact, Message, Order, OrderState
from desk.dealing.account import AccountDesk
from desk.journal import AccountView, PositionView
from desk.texts import dealing as texts

log = logging.getLogger(__name__)

_INCOMPLETE_FOR_S = 60.0

ShowAccount = Callable[[AccountView, list[PositionView]], None]
_HURRIED_LOOK_S = 5.0


@dataclass(slots=True)
class Listening:
    """Made for one turn; used by the trading loop alone."""

    ledger: Ledger
    config: Config
    desks: dict[str, AccountDesk]
    now: datetime
    monotonic: float
    show: ShowAccount
    hurried: bool = False  # signals or their orders wait: a look that only keeps the picture fresh comes after them

    def run(self) -> None:
        """Take in everything that has come, keep every account connected and its picture fresh."""
        for desk in self.desks.values():
            for report in desk.drain():
                self._absorb(desk, report)
        for desk in self.desks.values():
            try:
                self._tend(desk)
            except Exception as error:
                log.exception("The channel of account %s failed", desk.name)
                desk.matched_generation = None
                key = f"channel:{desk.name}:{self.now:%Y-%m-%d %H}"
                self._alarm("券商通道出错", texts.channel_failed(desk.name, str(error)), key)
        self._cancel_strays()

    def _cancel_strays(self) -> None:
        """Cancel what lives at the exchange against our word; it has no slot of its own to be tracked in."""
        for key, order in list(self.ledger.strays.items()):
            desk = self.desks.get(order.account)
            if desk is not None and desk.broker.connected:
                desk.broker.cancel(key, order.broker_order_id)
                del self.ledger.strays[key]

    def _absorb(self, desk: AccountDesk, report: Report) -> None:
        if report.kind is ReportKind.RING:
            desk.snapshot_at = float("-inf")
            return
        if report.kind is ReportKind.QUOTED:
            self.hurried = True
            return
        desk.dirty = True
        match report.kind:
            case ReportKind.ORDER if report.order is not None:
                absorb_order(self.ledger, desk.name, report.order, self.now, "report")
            case ReportKind.TRADE if report.trade is not None:
                absorb_trade(self.ledger, desk.name, report.trade, self.now, "report")
            case ReportKind.PLACED if report.placed is not None:
                absorb_placed(self.ledger, report.client_order_id, report.placed, self.now)
            case ReportKind.CANCEL if report.cancelled is not None:
                self.cancel_answered(desk, report.client_order_id, report.cancelled.outcome)
            case ReportKind.DISCONNECTED:
                self._alarm("券商断开", texts.disconnected(desk.name), f"down:{desk.name}:{report.at.isoformat()}")

    def cancel_answered(self, desk: AccountDesk, key: str, outcome: Outcome) -> None:
        order = self.ledger.orders.get(key)
        if order is None or outcome is not Outcome.REFUSED or order.state is not OrderState.CANCELLING:
            return  # accepted means only "request sent"; no answer leaves it asked for
        desk.cancel_refused_at[key] = self.monotonic
        learn(self.ledger, order, Fact.CANCEL_REFUSED, self.now, "cancel")

    # --- accounts ---------------------------------------------------------------------------------------------------

    def _tend(self, desk: AccountDesk) -> None:
        """Keep an account connected and its picture fresh; match everything before the gate opens."""
        desk.connect(self.monotonic)
        if not desk.broker.connected:
            return
        self._deadlines(desk)
        gated = desk.matched_generation == desk.broker.generation
        curious = not gated or any(self.ledger.orders[k].account == desk.name for k in self.ledger.unsettled)
        in_doubt = [o for o in self.ledger.live_orders() if o.account == desk.name and o.state is OrderState.IN_DOUBT]
        every = desk.broker.look_every_s if curious or in_doubt else (0.5 if desk.dirty else 3.0)
        if self.hurried and not (curious or in_doubt):
            every = _HURRIED_LOOK_S
        snapshot = desk.look(self.monotonic, at_least_every_s=every)
        if snapshot is not None:
            self._match(desk, snapshot)

    def _match(self, desk: AccountDesk, snapshot: Snapshot) -> None:
        absorb_snapshot(self.ledger, desk.name, snapshot, self.now, on_stranger=self._stranger)
        if not self._complete(desk, snapshot):
            if desk.incomplete_since is None:
                desk.incomplete_since = self.monotonic
                log.warning("A snapshot of account %s lacks what must be in it; it proves no absence", desk.name)
            elif self.monotonic - desk.incomplete_since > _INCOMPLETE_FOR_S:
                key = f"incomplete:{desk.name}:{self.now:%Y-%m-%d %H}"
                self._alarm("券商查询不完整", texts.incomplete(desk.name), key)
            return
        desk.incomplete_since = None
        desk.believe(snapshot)
        settle_finals(self.ledger, desk.name, snapshot)
        remarks = {said.client_order_id for said in snapshot.orders}
        nameless = [said for said in snapshot.orders if not said.client_order_id]
        for order in self.ledger.live_orders():
            if order.account == desk.name and order.state is OrderState.IN_DOUBT:
                rule_absent(
                    self.ledger,
                    order,
                    snapshot,
                    remarks,
                    nameless,
                    desk.absences,
                    settle_s=desk.broker.settle_s,
                    monotonic=self.monotonic,
                    sent_at=desk.sent_at.get(order.client_order_id),
                    now=self.now,
                )
        desk.matched_generation = snapshot.generation
        self._show_account(desk, snapshot)

    def _complete(self, desk: AccountDesk, snapshot: Snapshot) -> bool:
        """False for a picture that lacks orders the broker has numbered today, or shows value without positions.

        Such answers come from terminals that are logging in; as "no orders" or "no positions" they would be a lie.
        """
        shown = {order.client_order_id for order in snapshot.orders}
        numbers = {order.broker_order_id for order in snapshot.orders}
        for order in self.ledger.orders.values():
            if order.account != desk.name or order.day != snapshot.day or not order.broker_order_id:
                continue
            if order.client_order_id not in shown and order.broker_order_id not in numbers:
                return False
        return bool(snapshot.positions) or snapshot.asset.market_value == 0

    def _show_account(self, desk: AccountDesk, snapshot: Snapshot) -> None:
        """Let people see the account; nothing is decided on it."""
        asset = snapshot.asset
        view = AccountView(
            name=desk.name,
            channel=desk.broker.channel,
            connected=desk.broker.connected,
            cash=asset.cash,
            market_value=asset.market_value,
            total_asset=asset.total_asset,
            at=snapshot.taken_at,
        )
        positions = [
            PositionView(
                account=desk.name,
                symbol=p.symbol,
                name=p.name,
                shares=p.shares,
                sellable=p.sellable,
                cost_price=p.cost_price,
                price=p.price,
                at=snapshot.taken_at,
            )
            for p in snapshot.positions
            if p.shares
        ]
        self.show(view, positions)

    def _stranger(self, remark: str) -> None:
        """An order with our kind of remark that we do not know: two desks, or a journal from the past (I11)."""
        if f"stranger:{remark}" in self.ledger.flags:
            return
        self.ledger.put_flag(f"stranger:{remark}", self.now.isoformat())
        self.ledger.put_flag("halted", texts.stranger(remark))
        self._alarm("发现不认识的委托", texts.stranger(remark), f"stranger:{remark}")

    def _deadlines(self, desk: AccountDesk) -> None:
        """Orders without an answer become unknown; cancels without confirmation are asked again and told."""
        grace = float(self.config.chase.cancel_grace_s)
        for order in list(self.ledger.live_orders()):
            if order.account != desk.name:
                continue
            key = order.client_order_id
            if order.state is OrderState.SENDING:
                if self.monotonic - desk.sent_at.get(key, self.monotonic) > desk.broker.answer_within_s:
                    learn(self.ledger, order, Fact.NO_ANSWER, self.now, "deadline")
            elif order.state is OrderState.CANCELLING:
                if key not in desk.cancelled_at and desk.cancel_possible(self.now):
                    # Asked for by an earlier run, which may have died before the broker heard of it.
                    desk.cancelled_at[key] = self.monotonic
                    desk.broker.cancel(key, order.broker_order_id)
                asked = desk.cancelled_at.get(key, self.monotonic)
                if self.monotonic - asked > grace and desk.cancel_possible(self.now):
                    desk.cancelled_at[key] = self.monotonic
                    desk.broker.cancel(key, order.broker_order_id)
                    if key not in desk.complained:
                        desk.complained.add(key)
                        self._alarm("撤单没有确认", texts.cancel_unconfirmed(key, order.symbol), f"grace:{key}")

    # --- what we sent -----------------------------------------------------------------------------------------------

    def placed(self, order: Order, answer: PlaceAnswer) -> None:
        absorb_placed(self.ledger, order.client_order_id, answer, self.now)

    def _alarm(self, title: str, text: str, key: str) -> None:
        self.ledger.say(Message(at=self.now, kind="alarm", title=title, text=text, urgent=True, key=key))
