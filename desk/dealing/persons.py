"""A person's commands, carried out by the trading loop: order, approve, reject, cancel, resolve, halt, connect."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from base_func import Phase
from desk.core.adjusting import CannotAdjust, propose_adjustment
from desk.core.approving import CannotApprove, approve_plan, propose_build
from desk.core.config import Config
from desk.core.day import empty_entitlement, raise_debt
from desk.core.endings import end_intent, keep_unsold, settle_event
from desk.core.ledger import Ledger, missing
from desk.core.manual import CannotOrder, order_by_hand, read_order
from desk.core.plans import drop_plan, plan_by_id
from desk.core.reconcile import learn
from desk.core.values import Book, Command, Fact, Intent, Message, Mode, OrderState, Origin, Part, Reason, Side
from desk.core.view import View
from desk.dealing.account import AccountDesk
from desk.texts import dealing as texts


class CannotDo(Exception):
    """The command makes no sense now; its text says why, in Chinese. Nothing was changed."""


@dataclass(slots=True)
class Persons:
    """Carries out one command at a time; the answer is a sentence for the person."""

    ledger: Ledger
    config: Config
    accounts: dict[str, AccountDesk]
    sentence: Callable[[Reason], str]
    now: datetime
    reload: Callable[[], str]
    view: Callable[[], View]

    def do(self, command: Command) -> str:
        """Do what was asked and return the answer. Raises CannotDo."""
        args = command.args
        match command.verb:
            case "approve":
                return self.approve(args.get("id", ""))
            case "reject":
                return self.reject(args.get("id", ""))
            case "cancel":
                return self.cancel(args.get("id", ""))
            case "order":
                return self.order(args)
            case "resolve":
                return self.resolve(args.get("id", ""), args.get("how", ""), args.get("filled", ""))
            case "halt":
                return self.halt(
                    args.get("reason", ""), cancel=args.get("cancel") == "1", liquidate=args.get("liquidate") == "1"
                )
            case "unhalt":
                return self.unhalt(args.get("reason", ""))
            case "connect":
                return self.connect(args.get("id", ""))
            case "reconcile":
                return self.reconcile(apply=args.get("apply") == "1")
            case "plan":
                return self.plan(args.get("strategy", ""))
            case "adjust":
                return self.adjust(
                    args.get("strategy", ""), args.get("security", ""), args.get("shares", ""), args.get("account", "")
                )
            case "reload":
                return self.reload_config(args.get("resumed", ""))
        raise CannotDo(texts.unknown_command(command.verb))

    # --- waiting for approval ---------------------------------------------------------------------------------------

    def _waiting(self, wanted: str) -> list[Intent]:
        waiting = [i for i in self.ledger.intents.values() if not i.approved]
        if wanted != "all":
            waiting = [i for i in waiting if wanted in (i.intent_id, i.event_id)]
        if not waiting:
            raise CannotDo(texts.nothing_waits(wanted))
        return waiting

    def approve(self, wanted: str) -> str:
        """Let what waits be sent; a plan is approved by its own id alone, `all` means the orders."""
        plan = plan_by_id(self.ledger, wanted)
        if plan is not None:
            try:
                return approve_plan(self.ledger, plan, self.view())
            except CannotApprove as error:
                raise CannotDo(str(error)) from error
        found = self._waiting(wanted)
        for intent in found:
            self.ledger.put_intent(replace(intent, approved=True, waiting=None, updated_at=self.now))
        return texts.approved(len(found))

    def reject(self, wanted: str) -> str:
        """Give the shares up: a buy lowers T by itself, a sell's part goes back into T; a plan is dropped whole."""
        plan = plan_by_id(self.ledger, wanted)
        if plan is not None:
            drop_plan(self.ledger, plan.strategy)
            return texts.plan_rejected(wanted)
        found = self._waiting(wanted)
        for intent in found:
            rest = missing(intent)
            part = Part(shares=rest, reason=Reason.APPROVAL_TIMEOUT, text=texts.REJECTED_BY_PERSON)
            if intent.side is Side.SELL:
                keep_unsold(self.ledger, intent, rest, self.now)
            done = end_intent(self.ledger, intent, self.now, part)
            if done.event_id is not None:
                settle_event(self.ledger, done.event_id, self.now)
        return texts.rejected(len(found))

    def plan(self, name: str) -> str:
        """Make the plan that brings what is held of a strategy to its ratio now."""
        strategy = self.config.strategy(name)
        if strategy is None:
            raise CannotDo(texts.no_such_strategy(name))
        made = propose_build(self.ledger, strategy, self.view())
        return texts.planned(made.plan_id, len(made.rows)) if made is not None else texts.NOTHING_TO_PLAN

    def adjust(self, name: str, security: str, shares: str, account: str) -> str:
        """Make the plan that changes what a strategy is entitled to in one stock; T never falls below zero."""
        strategy = self.config.strategy(name)
        if strategy is None:
            raise CannotDo(texts.no_such_strategy(name))
        digits = shares.removeprefix("-").removeprefix("+")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 9 or not int(digits):
            raise CannotDo(texts.BAD_ADJUSTMENT)
        try:
            made = propose_adjustment(
                self.ledger, strategy, self.view(), security=security, shares=int(shares), account=account
            )
        except CannotAdjust as error:
            raise CannotDo(str(error)) from error
        return texts.planned(made.plan_id, len(made.rows))

    # --- orders -----------------------------------------------------------------------------------------------------

    def order(self, args: Mapping[str, str]) -> str:
        """Take a manual order; the same idempotency key with the same content orders nothing more."""
        try:
            wish = read_order(args)
            desk = self.accounts.get(wish.account)
            if desk is None or not desk.ready:
                raise CannotDo(texts.not_connected(wish.account))
            if desk.phase(self.now) in (Phase.CLOSED, Phase.AFTER_CLOSE):
                raise CannotDo(self.sentence(Reason.CLOSED_SESSION))
            intent = order_by_hand(self.ledger, wish, self.view())
        except CannotOrder as error:
            raise CannotDo(str(error)) from error
        return texts.ORDERED_BEFORE if intent is None else texts.ordered(intent.intent_id)

    def cancel(self, key: str) -> str:
        """Cancel an order and end its chase: what is left is given up for today."""
        order = self.ledger.orders.get(key)
        if order is None:
            raise CannotDo(texts.no_such_order(key))
        if order.state.final:
            raise CannotDo(texts.order_is_final(key))
        intent = self.ledger.intents.get(order.intent_id)
        if intent is not None:
            self.ledger.put_intent(replace(intent, stopped=Reason.RETRIES_USED, updated_at=self.now))
        if order.state in (OrderState.SENDING, OrderState.IN_DOUBT):
            learn(self.ledger, order, Fact.CANCEL_ASKED, self.now, "person")
            return texts.CANCEL_KEPT
        self.ledger.put_order(replace(order, cancel_wished=True, updated_at=self.now), None, "person")
        return texts.CANCEL_COMES

    def resolve(self, key: str, how: str, filled: str) -> str:
        """Settle an order of unknown outcome by a person's word: absent, live, or filled N."""
        order = self.ledger.orders.get(key)
        if order is None:
            raise CannotDo(texts.no_such_order(key))
        if order.state is not OrderState.IN_DOUBT:
            raise CannotDo(texts.not_in_doubt(key))
        if how == "absent":
            learn(self.ledger, order, Fact.RULED_ABSENT, self.now, "person", text="resolved: absent")
        elif how == "live":
            learn(self.ledger, order, Fact.SEEN_ALIVE, self.now, "person", text="resolved: live")
        elif how == "filled":
            if not (filled.isascii() and filled.isdigit()) or not 0 < int(filled) <= order.shares:
                raise CannotDo(texts.bad_filled(order.shares))
            whole = int(filled) == order.shares
            learn(
                self.ledger,
                order,
                Fact.FILLED_ALL if whole else Fact.CANCELLED,
                self.now,
                "person",
                filled=int(filled),
                text=f"resolved: filled {filled}",
            )
            known = self.ledger.orders[key]
            # No snapshot will ever speak of it again; the person's word stands for it.
            self.ledger.put_order(replace(known, settled=True), None, "person")
        else:
            raise CannotDo(texts.BAD_RESOLVE)
        return texts.resolved(key)

    # --- books and account ------------------------------------------------------------------------------------------

    def reconcile(self, *, apply: bool) -> str:
        """Compare what books own with what accounts hold; on request shrink the books to it and end the freeze.

        The hand-made part was used up first; what still lacks is taken from the books in proportion, T stays: the
        shortfall is shown and bought by nobody.
        """
        lines: list[str] = []
        wanted: list[tuple[list[Book], int, int]] = []
        for (account, symbol), books in self._books_by_symbol().items():
            desk = self.accounts.get(account)
            if desk is None or not desk.ready:
                raise CannotDo(texts.not_connected(account))
            held, own = desk.shares_of(symbol)[0], sum(book.own for book in books)
            if own > held:
                lines.append(texts.lacking(account, symbol, own, held))
                if apply and any(self.ledger.in_flight((b.strategy, account, symbol)) for b in books):
                    raise CannotDo(texts.still_in_flight(symbol))
            wanted.append((books, min(own, held), own))
        if apply:
            for books, held, own in wanted:
                self._shrink(books, held, own)
        if not lines:
            return texts.BOOKS_AGREE
        return "\n".join([*lines, texts.APPLIED if apply else texts.NOT_APPLIED])

    def _books_by_symbol(self) -> dict[tuple[str, str], list[Book]]:
        found: dict[tuple[str, str], list[Book]] = {}
        for book in self.ledger.books.values():
            if book.own or book.frozen:
                found.setdefault((book.account, book.symbol), []).append(book)
        return found

    def _shrink(self, books: list[Book], held: int, own: int) -> None:
        left = held
        for index, book in enumerate(books):
            kept = left if index == len(books) - 1 else (book.own * held // own if own else 0)
            left -= kept
            after = replace(book, own=kept, bought_today=min(book.bought_today, kept), frozen=None)
            self.ledger.put_book(after, "人工对账", self.now.isoformat(), self.now)

    def connect(self, name: str) -> str:
        """Have an account that is not connected tried at once; nothing is sent by it."""
        desk = self.accounts.get(name)
        if desk is None:
            raise CannotDo(self._why_no_line(name))
        if desk.broker.connected:
            return texts.connected_already(name) if desk.ready else texts.connected_matching(name)
        desk.hurry()
        return texts.connecting(name)

    def _why_no_line(self, name: str) -> str:
        config = self.config.account(name)
        return texts.no_such_account(name) if config is None else texts.no_line(name, config.channel)

    # --- the kill switch --------------------------------------------------------------------------------------------

    def halt(self, reason: str, *, cancel: bool, liquidate: bool) -> str:
        """Stop new orders at once; on request cancel what is live and sell what strategies own, nothing else.

        What is not at the exchange ends 急停中 in the planner; what is live is chased no further, or cancelled.
        """
        self.ledger.put_flag("halted", reason or "-")
        if cancel or liquidate:
            for intent in list(self.ledger.intents.values()):
                waits = not intent.approved and intent.origin is Origin.DEBT  # it stays what a person must approve
                if intent.origin is not Origin.LIQUIDATE and intent.stopped is None and not waits:
                    self.ledger.put_intent(replace(intent, stopped=Reason.HALTED, updated_at=self.now))
        for_sale = 0
        if liquidate:
            for_sale = self._order_liquidation()
            self.finish_liquidation()
        text = texts.halted(reason, cancel or liquidate, for_sale)
        key = f"halt:{self.now.isoformat()}"
        self.ledger.say(Message(at=self.now, kind="alarm", title="急停", text=text, urgent=True, key=key))
        return text

    def _order_liquidation(self) -> int:
        keys = [key for key, book in self.ledger.books.items() if book.own > 0 and key[1] in self.accounts]
        for key in keys:
            empty_entitlement(self.ledger, key, self.now)
        self.ledger.put_flag("liquidating", json.dumps(keys))
        return len(keys)

    def finish_liquidation(self) -> None:
        """Raise the sales of books whose in-flight orders have ended; each book once a liquidation."""
        named = self.ledger.flags.get("liquidating")
        if named is None:
            return
        keys = [(s, a, y) for s, a, y in json.loads(named)]
        waiting = [key for key in keys if self.ledger.in_flight(key)]
        for key in keys:
            if key not in waiting and key[1] in self.accounts:
                self._raise(key, Origin.LIQUIDATE)
        if len(waiting) < len(keys):
            self.ledger.put_flag("liquidating", json.dumps(waiting) if waiting else None)

    def _raise(self, key: tuple[str, str, str], origin: Origin, approved: bool = True) -> bool:
        desk = self.accounts[key[1]]
        day = desk.trading_day(self.now)
        return raise_debt(self.ledger, key, origin=origin, approved=approved, day=day, now=self.now) is not None

    def unhalt(self, reason: str) -> str:
        if "halted" not in self.ledger.flags:
            raise CannotDo(texts.NOT_HALTED)
        self.ledger.put_flag("halted", None)
        self.ledger.put_flag("liquidating", None)
        self.ledger.say(
            Message(
                at=self.now,
                kind="alarm",
                title="解除急停",
                text=reason,
                urgent=True,
                key=f"unhalt:{self.now.isoformat()}",
            )
        )
        count = self.work_debts()
        return texts.unhalted(count)

    # --- debts ------------------------------------------------------------------------------------------------------

    def work_debts(self, *, account: str | None = None, strategy: str | None = None) -> int:
        """Raise the debts of the books named; 确认 mode wants a person first. Returns how many."""
        if "halted" in self.ledger.flags:
            return 0
        count = 0
        for key, book in list(self.ledger.books.items()):
            if key[1] not in self.accounts or book.frozen is not None:
                continue
            if (account is not None and key[1] != account) or (strategy is not None and key[0] != strategy):
                continue
            config = self.config.strategy(key[0])
            if config is not None and not config.enabled:
                continue
            approved = config is None or config.mode is not Mode.CONFIRM
            count += self._raise(key, Origin.DEBT, approved)
        return count

    def reload_config(self, resumed: str) -> str:
        """Take over the changed file; a strategy named in `resumed` is allowed to trade again, its debts are worked."""
        answer = self.reload()
        if resumed:
            self.ledger.put_flag(f"stopped:{resumed}", None)
        return answer
