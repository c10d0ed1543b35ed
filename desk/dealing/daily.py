"""What the trading loop does once a day for each account: the opening (除权, debts) and the close."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from base_func import Phase
from desk.core.config import Config
from desk.core.day import apply_factor, close_orders_without_final, end_intents, lapse, lapse_by_positions
from desk.core.ledger import Ledger
from desk.core.values import Message, Order, Reason, Side
from desk.dealing.account import AccountDesk
from desk.dealing.persons import Persons
from desk.texts import dealing as texts
from desk.texts.labels import reason_text

_LOOKS_BEFORE_FREEZE = 3  # positions may trail their trades by a moment
_SENTENCES = {reason: reason_text(reason) for reason in Reason}


@dataclass(slots=True)
class Daily:
    ledger: Ledger
    config: Config
    desks: dict[str, AccountDesk]
    persons: Persons
    now: datetime

    def run(self) -> None:
        for desk in self.desks.values():
            self._lapse(desk)
            self._close(desk)
            self._positions(desk)
            self._open(desk)

    # --- the close --------------------------------------------------------------------------------------------------

    def _close(self, desk: AccountDesk) -> None:
        """Run the close of the last ended day, once, on a picture of the account taken after it if there is one."""
        day, close = desk.closed_day(self.now), desk.last_close(self.now)
        flag = f"closed:{desk.name}"
        done = self.ledger.flags.get(flag)
        if done is None:
            self.ledger.put_flag(flag, day.isoformat())
            return
        if done >= day.isoformat():
            return
        stale = desk.snapshot is None or desk.snapshot.taken_at <= close
        if stale and desk.broker.connected and self.now.date() == close.date():
            desk.snapshot_at = float("-inf")  # look again before anything is said to have lapsed
            return
        self._lapse(desk)
        end_intents(self.ledger, desk.name, close, self.now, _SENTENCES)
        self.ledger.put_flag(flag, day.isoformat())
        for strategy in self.config.strategies:
            if self._all_closed(strategy.name, day):
                close_orders_without_final(self.ledger, strategy.name, close, self.now)
        self.ledger.drop_old(self.now.date())
        desk.forget_all_but({o.client_order_id for o in self.ledger.live_orders()}, set(self.ledger.intents))

    def _lapse(self, desk: AccountDesk) -> None:
        """Close orders of ended days: by their last reports if a picture after the close shows them, else by positions.

        While no picture is to be had they stay as they are, and their symbols blocked.
        """
        closed, snapshot = desk.closed_day(self.now), desk.snapshot
        old = [o for o in self.ledger.live_orders() if o.account == desk.name and o.day <= closed]
        if snapshot is None or not old or not desk.ready:
            return
        for order in old:
            if order.day == snapshot.day and snapshot.taken_at > desk.last_close(self.now):
                lapse(self.ledger, order, self.now)
            elif order.day < snapshot.day:
                self._lapse_by_positions(desk, order)

    def _lapse_by_positions(self, desk: AccountDesk, order: Order) -> None:
        foreign = self._hand_made(desk.name).get(order.symbol, 0)
        own = sum(book.own for book in self.ledger.books_on(desk.name, order.symbol))
        change = desk.shares_of(order.symbol)[0] - own - foreign - self._traded_by_hand_today(desk, order.symbol)
        fits = lapse_by_positions(self.ledger, order, change, self.now)
        if not fits or change:
            text = texts.lapsed_by_positions(order.symbol, order.client_order_id, change, fits)
            key = f"lapsed:{order.client_order_id}"
            self.ledger.say(Message(at=self.now, kind="alarm", title="昨日委托", text=text, urgent=True, key=key))

    def _hand_made(self, account: str) -> dict[str, int]:
        """The account's shares that no book owned when they were last compared."""
        said = json.loads(self.ledger.flags.get(f"foreign:{account}", "{}"))
        return dict(said.get("shares", {}))

    def _traded_by_hand_today(self, desk: AccountDesk, symbol: str) -> int:
        """Signed shares of today's trades that are not ours."""
        assert desk.snapshot is not None
        return sum(
            trade.shares if trade.side is Side.BUY else -trade.shares
            for trade in desk.snapshot.trades
            if trade.symbol == symbol and trade.client_order_id not in self.ledger.orders
        )

    def _all_closed(self, strategy: str, day: date) -> bool:
        """True when no account that the strategy's books know still has its day before it."""
        accounts = {a for (s, a, _) in self.ledger.books if s == strategy and a in self.desks}
        return all(self.ledger.flags.get(f"closed:{a}", "") >= day.isoformat() for a in accounts)

    # --- the opening ------------------------------------------------------------------------------------------------

    def _open(self, desk: AccountDesk) -> None:
        """Work the debts once a day, when trading begins."""
        if desk.phase(self.now) is not Phase.CONTINUOUS or not desk.ready:
            return
        flag, today = f"debts:{desk.name}", self.now.date().isoformat()
        if self.ledger.flags.get(flag) == today or "halted" in self.ledger.flags:
            return
        self.ledger.put_flag(flag, today)
        self.persons.work_debts(account=desk.name)

    # --- positions --------------------------------------------------------------------------------------------------

    def _positions(self, desk: AccountDesk) -> None:
        """Compare the account with the books (I10): hand-made shares are left over, a lack freezes the symbol."""
        snapshot = desk.snapshot
        if snapshot is None or not desk.ready or desk.compared_at == snapshot.taken_at:
            return
        desk.compared_at = snapshot.taken_at
        held = {p.symbol: p.shares for p in snapshot.positions}
        name = f"foreign:{desk.name}"
        said = json.loads(self.ledger.flags.get(name, "{}"))
        day, known = said.get("day"), dict(said.get("shares", {}))
        fresh = day != snapshot.day.isoformat()
        busy = {o.symbol for o in self.ledger.live_orders() if o.account == desk.name}
        busy |= {o.symbol for k in self.ledger.unsettled if (o := self.ledger.orders[k]).account == desk.name}
        ours: dict[str, int] = {}
        for book in self.ledger.books.values():
            if book.account == desk.name and book.own:
                ours[book.symbol] = ours.get(book.symbol, 0) + book.own
        for symbol in sorted({*held, *ours, *known} - busy):
            if symbol in ours and fresh and day is not None:
                self._overnight(desk, symbol, snapshot.day, known.get(symbol, 0), held.get(symbol, 0), ours)
            foreign = held.get(symbol, 0) - ours.get(symbol, 0)
            looks = desk.short_looks.get(symbol, 0) + 1 if foreign < 0 else 0
            desk.short_looks[symbol] = looks
            if looks >= _LOOKS_BEFORE_FREEZE:
                self._freeze(desk.name, symbol, texts.missing_shares(symbol, desk.name, -foreign))
            known[symbol] = max(0, foreign)
        kept = {symbol: shares for symbol, shares in known.items() if shares}
        if fresh or kept != said.get("shares"):
            text = json.dumps({"day": snapshot.day.isoformat(), "shares": kept}, sort_keys=True)
            self.ledger.put_flag(name, text)

    def _overnight(
        self, desk: AccountDesk, symbol: str, day: date, foreign_before: int, held: int, ours: dict[str, int]
    ) -> None:
        """Explain a change since the last day's comparison by the exchange's factor (除权), or freeze the symbol."""
        change = held - foreign_before - ours[symbol] - self._traded_by_hand_today(desk, symbol)
        if change == 0:
            return
        instrument = desk.broker.instrument(symbol)
        factor = instrument.share_factor if instrument is not None and instrument.day == day else Decimal(1)
        if factor != 1 and abs(held - int((ours[symbol] + foreign_before) * factor)) <= 1:
            apply_factor(self.ledger, desk.name, symbol, factor, day, self.now)
            ours[symbol] = sum(book.own for book in self.ledger.books_on(desk.name, symbol))
        else:
            self._freeze(desk.name, symbol, texts.unexplained(symbol, desk.name, change))

    def _freeze(self, account: str, symbol: str, text: str) -> None:
        for book in self.ledger.books_on(account, symbol):
            if book.own and book.frozen is None:
                self.ledger.put_book(replace(book, frozen=text), "冻结", symbol, self.now)
        key = f"freeze:{account}:{symbol}:{self.now.date()}"
        self.ledger.say(Message(at=self.now, kind="alarm", title="持仓对不上", text=text, urgent=True, key=key))
