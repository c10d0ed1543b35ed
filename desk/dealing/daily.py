"""What the trading loop does once a day for each account: the opening (除权, debts) and the close."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from base_func import Phase
from desk.broker import Snapshot
from desk.core.config import Config
from desk.core.day import apply_factor, close_orders_without_final, end_intents, lapse, lapse_by_positions
from desk.core.ledger import Ledger
from desk.core.manual import forget_keys
from desk.core.plans import end_plans
from desk.core.reconcile import find, looks_own
from desk.core.values import Message, Order, Reason, Side
from desk.core.view import routes
from desk.dealing.account import AccountDesk
from desk.dealing.persons import Persons
from desk.texts import dealing as texts
from desk.texts.labels import reason_text

_CLOSE_GRACE = timedelta(minutes=10)
_LATE_RETURN = timedelta(hours=2)
_ODD_FOR_S = 30.0  # positions may trail their trades by a moment
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
        if done is None or done > day.isoformat():
            # Later than the last close: the wall clock stood beyond one that is still to come, and will be run again.
            self.ledger.put_flag(flag, day.isoformat())
            return
        if done == day.isoformat():
            return
        stale = desk.snapshot is None or desk.snapshot.taken_at <= close
        evening = self.now.date() == close.date()
        living = any(o.account == desk.name and o.day <= day for o in self.ledger.live_orders())
        if (
            evening
            and living
            and desk.broker.settle_s
            and self.now < close + (_CLOSE_GRACE if desk.broker.connected else _LATE_RETURN)
        ):
            return  # the closing call's fills come seconds later; a line that is down may come back
        if stale and desk.broker.connected and evening:
            desk.snapshot_at = float("-inf")  # look again before anything is said to have lapsed
            return
        self._lapse(desk)
        end_intents(self.ledger, desk.name, close, self.now, _SENTENCES)
        self.ledger.put_flag(flag, day.isoformat())
        close_orders_without_final(self.ledger, self._with_a_day_before(day), close, self.now)
        end_plans(self.ledger, self._strategies_on(desk.name), close)
        self.ledger.drop_old(day)
        forget_keys(self.ledger, self.now.date())
        desk.forget_all_but({o.client_order_id for o in self.ledger.live_orders()}, set(self.ledger.intents))

    def _strategies_on(self, account: str) -> list[str]:
        return [s.name for s in self.config.strategies if account in routes(self.config, s)]

    def _lapse(self, desk: AccountDesk) -> None:
        """Close orders of ended days: by their last reports if a picture after the close shows them, else by positions.

        While no picture is to be had they stay as they are, and their symbols blocked.
        """
        closed, snapshot = desk.closed_day(self.now), desk.snapshot
        old = [o for o in self.ledger.live_orders() if o.account == desk.name and o.day <= closed]
        if snapshot is None or not old or not desk.ready:
            return
        not_ours = self._not_ours(desk, snapshot)
        for order in old:
            grace = _CLOSE_GRACE if desk.broker.settle_s else timedelta(0)
            if order.day == snapshot.day and snapshot.taken_at > desk.last_close(self.now) + grace:
                lapse(self.ledger, order, self.now)
            elif order.day < snapshot.day:
                self._lapse_by_positions(desk, order, not_ours.get(order.symbol, 0))

    def _lapse_by_positions(self, desk: AccountDesk, order: Order, not_ours: int) -> None:
        own = sum(book.own for book in self.ledger.books_on(desk.name, order.symbol))
        change = desk.shares_of(order.symbol)[0] - own - not_ours
        instrument = desk.broker.instrument(order.symbol)
        if instrument is None or instrument.share_factor != 1:
            change = 0  # a corporate action may explain it: the comparison with the books does that
        fits = lapse_by_positions(self.ledger, order, change, self.now)
        if not fits or change:
            text = texts.lapsed_by_positions(order.symbol, order.client_order_id, change, fits)
            key = f"lapsed:{order.client_order_id}"
            self.ledger.say(Message(at=self.now, kind="alarm", title="昨日委托", text=text, urgent=True, key=key))

    def _not_ours(self, desk: AccountDesk, snapshot: Snapshot) -> Counter[str]:
        """By symbol the shares that no book owned when they were last compared, and what was traded by hand since."""
        said = json.loads(self.ledger.flags.get(f"foreign:{desk.name}", "{}"))
        shares = Counter[str](said.get("shares", {}))
        shares.update(self._hand_trades(desk, snapshot))
        return shares

    def _with_a_day_before(self, day: date) -> set[str]:
        """The strategies of whose books an account still has this day's close before it."""
        late = {a for a in self.desks if self.ledger.flags.get(f"closed:{a}", "") < day.isoformat()}
        return {strategy for (strategy, account, _) in self.ledger.books if account in late}

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
        """Compare the account with the books (I10): our fills and hand-made trades explain its shares, or it is told.

        What no book owns is the hand-made part. It changes by trades that are not ours; any other change freezes the
        symbol where a strategy owns it. `hand` is the part of it that was traded on `day`.
        """
        snapshot = desk.snapshot
        if snapshot is None or not desk.ready or desk.compared_at == snapshot.taken_at:
            return
        desk.compared_at = snapshot.taken_at
        name = f"foreign:{desk.name}"
        said = json.loads(self.ledger.flags.get(name, "{}"))
        fresh = said.get("day") != snapshot.day.isoformat()
        foreign: dict[str, int] = dict(said.get("shares", {}))
        hand_before: dict[str, int] = {} if fresh else dict(said.get("hand", {}))
        held = {p.symbol: p.shares for p in snapshot.positions}
        ours: dict[str, int] = {}
        for book in self.ledger.books.values():
            if book.account == desk.name and book.own:
                ours[book.symbol] = ours.get(book.symbol, 0) + book.own
        busy = {o.symbol for o in self.ledger.live_orders() if o.account == desk.name}
        busy |= {o.symbol for k in self.ledger.unsettled if (o := self.ledger.orders[k]).account == desk.name}
        hand = self._hand_trades(desk, snapshot)
        if fresh and busy:
            return  # the night's changes are judged on a picture in which nothing is under way
        for symbol in sorted({*held, *ours, *foreign, *hand} - busy):
            expected = foreign.get(symbol, 0) + hand.get(symbol, 0) - hand_before.get(symbol, 0)
            change = held.get(symbol, 0) - ours.get(symbol, 0) - expected
            lacks = held.get(symbol, 0) < ours.get(symbol, 0)  # also when a hand-made sale explains it
            if (change or lacks) and symbol in ours and "day" in said:
                settled = self._overnight(desk, symbol, change, expected, ours) if fresh and change else False
                if settled is None:
                    desk.compared_at = None  # the factor cannot be asked just now: judge this day again
                    return
                short = ours[symbol] - held.get(symbol, 0)
                if not settled and not self._explained(desk, symbol, change, short, fresh):
                    continue  # seen for the first time: positions may trail their trades
            else:
                desk.odd_since.pop(symbol, None)
            foreign[symbol] = max(0, held.get(symbol, 0) - ours.get(symbol, 0))
            hand_before[symbol] = hand.get(symbol, 0)
        text = json.dumps(
            {
                "day": snapshot.day.isoformat(),
                "shares": {symbol: shares for symbol, shares in foreign.items() if shares},
                "hand": {symbol: shares for symbol, shares in hand_before.items() if shares},
            },
            sort_keys=True,
        )
        if self.ledger.flags.get(name) != text:
            self.ledger.put_flag(name, text)

    def _hand_trades(self, desk: AccountDesk, snapshot: Snapshot) -> dict[str, int]:
        """Signed shares of the day's trades that are not ours, by symbol.

        A trade with our kind of remark is no hand's, also when its order is not in the journal: it explains nothing.
        """
        found: dict[str, int] = {}
        for trade in snapshot.trades:
            if looks_own(trade.client_order_id):
                continue
            if find(self.ledger, desk.name, snapshot.day, trade.client_order_id, trade.broker_order_id) is None:
                shares = trade.shares if trade.side is Side.BUY else -trade.shares
                found[trade.symbol] = found.get(trade.symbol, 0) + shares
        return found

    def _overnight(
        self, desk: AccountDesk, symbol: str, change: int, expected: int, ours: dict[str, int]
    ) -> bool | None:
        """Scale the books when the exchange's factor explains the change (除权); None when it cannot be asked."""
        instrument = desk.broker.instrument(symbol)
        if instrument is None or instrument.day != self.now.date():
            return None
        factor = instrument.share_factor
        held = ours[symbol] + expected + change
        if factor == 1 or abs(held - int((ours[symbol] + expected) * factor)) > 1:
            return False
        apply_factor(self.ledger, desk.name, symbol, factor, instrument.day, self.now)
        ours[symbol] = sum(book.own for book in self.ledger.books_on(desk.name, symbol))
        return True

    def _explained(self, desk: AccountDesk, symbol: str, change: int, short: int, fresh: bool) -> bool:
        """Tell and freeze what nothing explains, once it has stood long enough; False while it is too young."""
        since = desk.odd_since.setdefault(symbol, self.now)
        if not fresh and (self.now - since).total_seconds() < _ODD_FOR_S:
            return False
        if short > 0:
            self._freeze(desk.name, symbol, texts.missing_shares(symbol, desk.name, short))
        else:
            self._freeze(desk.name, symbol, texts.unexplained(symbol, desk.name, change))
        desk.odd_since.pop(symbol, None)
        return True

    def _freeze(self, account: str, symbol: str, text: str) -> None:
        for book in self.ledger.books_on(account, symbol):
            if book.own and book.frozen is None:
                self.ledger.put_book(replace(book, frozen=text), "冻结", symbol, self.now)
        key = f"freeze:{account}:{symbol}:{self.now.date()}"
        self.ledger.say(Message(at=self.now, kind="alarm", title="持仓对不上", text=text, urgent=True, key=key))
