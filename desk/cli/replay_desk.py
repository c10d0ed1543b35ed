"""A whole desk without threads or network for the replay: real Trader, real journal, paper exchanges, a turned clock.

The clock jumps from one order of the strategy to the next moment at which anything can happen: an order that is
chased, an edge of the day's sessions, a debt at the next opening. Used by one thread.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from base_func import BEIJING, Phase
from desk.broker.paper import DealtFeed, PaperBroker, PaperExchange
from desk.broker.paper.sessions import Sessions
from desk.cli.replay_book import Notebook
from desk.cli.transactions import Deal
from desk.core.config import Config, StrategyConfig
from desk.core.ledger import Ledger
from desk.core.values import EventKind, JqStatus, Mode, OrderSignal, WireEvent
from desk.core.wire import events_to_json
from desk.core.wire_events import MAX_EVENTS
from desk.dealing.account import AccountDesk, TradingDays
from desk.dealing.telling import Teller
from desk.journal import NewBody, NewEvent
from desk.journal.writer import DirectWriter
from Trader import Trader

_TICK_S = 0.25  # the exchange matches on this grid
_LONGEST_STEP_S = 300.0  # with a recording, while something rests
_COARSE_AFTER = timedelta(seconds=2)
_COARSE_TICKS = 20
_CLOSED, _ENDED = time(15, 0, 1), time(15, 0, 2)
_CALL, _OPENS = time(9, 15), time(9, 30)
_TRADES = (Phase.CONTINUOUS, Phase.CLOSING_CALL)
_DAYS_AFTER = 5  # trading days that what is owed at the end may still take


class TurnedClock:
    """A clock that stands still until it is turned."""

    def __init__(self, now: datetime) -> None:
        self._start = self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def wait(self, bell: threading.Event, seconds: float) -> bool:
        self.turn_to(self._now + timedelta(seconds=seconds))
        return bell.is_set()

    def turn_to(self, moment: datetime) -> None:
        self._now = moment


@dataclass(frozen=True, slots=True)
class DaysOfFile:
    """The calendar, and the days on which the strategy traded, whatever the calendar knows of them."""

    calendar: TradingDays
    traded: frozenset[date]
    first: date  # before it weekdays trade: the calendar does not reach so far back
    until: date  # beyond it weekdays trade
    # Asked for at every turn of the loop:
    _known: dict[date, bool] = field(default_factory=dict, init=False)
    _walked: dict[tuple[date, int], date] = field(default_factory=dict, init=False)

    def is_trading_day(self, day: date) -> bool:
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = self._ask(day)
        return known

    def _ask(self, day: date) -> bool:
        if day in self.traded:
            return True
        if self.first <= day <= self.until:
            return self.calendar.is_trading_day(day)
        return day.weekday() < 5

    def next_trading_day(self, day: date) -> date:
        return self._walk(day, 1)

    def previous_trading_day(self, day: date) -> date:
        return self._walk(day, -1)

    def _walk(self, day: date, step: int) -> date:
        known = self._walked.get((day, step))
        if known is not None:
            return known
        to = day + timedelta(days=step)
        while not self.is_trading_day(to):
            to += timedelta(days=step)
        self._walked[day, step] = to
        return to


@dataclass(frozen=True, slots=True)
class _News:
    """What the strategy tells at a moment: an order as it was made, or as it ended."""

    at: datetime
    deal: Deal
    ended: bool


class _Silent(Teller):
    """Tells nobody: there is no robot to hear thousands of messages of days long past."""

    def tell(self, ledger: Ledger, now: datetime) -> None:
        ledger.batch.messages.clear()
        ledger.heard.clear()


class ReplayDesk:
    """Plays one strategy's orders on the accounts that follow it."""

    def __init__(
        self,
        folder: Path,
        *,
        config: Config,
        strategy: StrategyConfig,
        deals: Sequence[Deal],
        feed: DealtFeed,
        days: DaysOfFile,
        moving: bool,
    ) -> None:
        """`folder` takes the journal; `moving`: prices change between the deals, so what rests is looked at often."""
        self.strategy = replace(strategy, mode=Mode.PAPER, enabled=True)
        names = [share.account for share in strategy.accounts]
        accounts = [
            replace(a, channel="paper", feed="合成", always_open=False) for a in config.accounts if a.name in names
        ]
        self.config = replace(config, strategies=(self.strategy,), accounts=tuple(accounts))
        self.deals, self.days, self._moving = deals, days, moving
        self._news = _news(deals)
        self._sessions = Sessions(days.is_trading_day, always_open=False)
        first = self._news[0].at
        self.clock = TurnedClock(min(first, datetime.combine(first.date(), time(9), BEIJING)))
        self.exchanges = {
            account.name: PaperExchange(
                store=None,
                clock_now=self.clock.now(),
                config=account,
                feed=feed,
                is_trading_day=days.is_trading_day,
                coarse_after=_COARSE_AFTER,
                coarse_ticks=_COARSE_TICKS,
            )
            for account in accounts
        }
        self._bell = threading.Event()
        self.journal = Notebook.open(folder, clock=self.clock, check=False, lasting=False, make_writer=DirectWriter)
        self._desks = {
            account.name: AccountDesk(
                account,
                PaperBroker(account.name, self.exchanges[account.name], self.clock.now),
                days,
                self._bell,
            )
            for account in accounts
        }
        self.trader = Trader(
            journal=self.journal, desks=self._desks, config=self.config, clock=self.clock, bell=self._bell
        )
        self.trader.teller = _Silent()
        self._seq = 0
        self._bodies = 0
        self.lines: dict[str, int] = {}  # event id -> the line of the export that it tells of
        self._settle()

    def close(self) -> None:
        self.journal.close()
        for exchange in self.exchanges.values():
            exchange.close()

    # --- playing ----------------------------------------------------------------------------------------------------

    def play(self, at_close: Callable[[date], None], heard: Callable[[int], object]) -> None:
        """Play everything; `at_close` is called after the close of each day that was looked at, `heard` with counts."""
        self._at_close = at_close
        for moment, group in groupby(self._news, key=lambda news: news.at):
            news = list(group)
            self._go_to(moment)
            for start in range(0, len(news), MAX_EVENTS):
                self._tell(news[start : start + MAX_EVENTS])
                self._settle()
            heard(sum(1 for one in news if one.ended))
        self._go_to(datetime.combine(self.clock.now().date(), _ENDED, BEIJING))
        for _ in range(_DAYS_AFTER):
            if not self._owes():
                return
            day = self.days.next_trading_day(self.clock.now().date())
            self._go_to(datetime.combine(day, _ENDED, BEIJING))

    def _go_to(self, moment: datetime) -> None:
        """Let everything happen that happens before a moment; what falls on it is left to the caller."""
        step = _TICK_S
        while (now := self.clock.now()) < moment:
            busy = self._busy()
            if busy and self._sessions.phase(now) in _TRADES:
                rests = self._rests()
                to = now + timedelta(seconds=step)
                if rests and not self._moving and step > 60:
                    to = moment
                to = min(to, self._next_edge(now))
            else:
                to, step = self._next_edge(now), _TICK_S
            if not busy and to > moment:
                self._pass(moment)
                return
            before = self._mark()
            self._turn_to(min(to, moment))
            step = _TICK_S if self._mark() != before else min(step * 2, _LONGEST_STEP_S)

    def _pass(self, moment: datetime) -> None:
        """Let time go by in which nothing happens: the loop is turned with what is told at its end.

        Nothing has traded since the accounts were looked at; only a limit that looks at their value wants a new look.
        """
        self.clock.turn_to(moment)
        for desk in self._desks.values():
            known = desk.snapshot is not None and desk.snapshot.day == moment.date()
            if known and desk.config.limits.position_share is None:
                desk.snapshot_at = self.clock.monotonic()

    def _turn_to(self, moment: datetime) -> None:
        closes = datetime.combine(self.clock.now().date(), _CLOSED, BEIJING)
        self.clock.turn_to(moment)
        for exchange in self.exchanges.values():
            exchange.advance(moment)
        self._settle()
        if moment == closes and self.days.is_trading_day(moment.date()):
            self._at_close(moment.date())

    def _next_edge(self, now: datetime) -> datetime:
        """The next moment at which something may begin by itself: an edge of the sessions, the close, an opening."""
        closes = datetime.combine(now.date(), _CLOSED, BEIJING)
        if now >= closes or not self.days.is_trading_day(now.date()):
            day = self.days.next_trading_day(now.date())
            return datetime.combine(day, _CALL if self._busy() else _OPENS, BEIJING)
        if self._busy():
            return min(self._sessions.next_edge(now), closes)
        opens = datetime.combine(now.date(), _OPENS, BEIJING)
        return opens if now < opens else closes

    def _settle(self) -> None:
        """Turn the loop until it has nothing to do at this very moment."""
        for _ in range(60):
            self._bell.clear()
            wait = self.trader.step()
            if not self._bell.is_set() and (wait > 0 or not self._busy()):
                return

    # --- what is under way ------------------------------------------------------------------------------------------

    def _busy(self) -> bool:
        ledger = self.trader.ledger
        return bool(ledger.intents or ledger.unsettled)

    def _rests(self) -> bool:
        """Everything under way rests at JoinQuant's limit, or waits in a queue."""
        ledger = self.trader.ledger
        return not ledger.unsettled and len(ledger.live_orders()) == len(ledger.intents)

    def _owes(self) -> bool:
        return self._busy() or any(book.own > book.entitled for book in self.trader.ledger.books.values())

    def _mark(self) -> tuple[object, ...]:
        ledger = self.trader.ledger
        orders = tuple((o.client_order_id, o.state, o.filled) for o in ledger.live_orders())
        return (len(ledger.intents), len(ledger.unsettled), orders)

    # --- telling ----------------------------------------------------------------------------------------------------

    def _tell(self, news: Sequence[_News]) -> None:
        """Store what the strategy tells, at most a body's worth, as the receiver does."""
        events = [self._event(one) for one in news]
        self._bodies += 1
        body_id = hashlib.sha256(str(self._bodies).encode()).hexdigest()[:32]
        ids = [body_id] if len(events) == 1 else [f"{body_id}-{n}" for n in range(1, len(events) + 1)]
        self.lines.update((event_id, one.deal.line) for event_id, one in zip(ids, news, strict=True))
        now = self.clock.now()
        self.journal.hear(
            NewBody(
                kid=self.strategy.kid,
                strategy=self.strategy.name,
                body_id=body_id,
                digest=body_id.encode(),
                wire=2,
                sent_at=now,
                received_at=now,
                clock_ahead=False,
                events=tuple(
                    NewEvent(
                        event_id=event_id,
                        strategy=self.strategy.name,
                        kind=event.kind,
                        seq=event.seq,
                        payload=events_to_json(event),
                    )
                    for event_id, event in zip(ids, events, strict=True)
                ),
            )
        )

    def _event(self, news: _News) -> WireEvent:
        deal = news.deal
        self._seq += 1
        return WireEvent(
            kind=EventKind.ORDER,
            seq=self._seq,
            backtest=False,
            strategy_time=deal.at,
            content=OrderSignal(
                jq_order_id=str(deal.line),
                security=deal.security,
                side=deal.side,
                amount=deal.amount,
                filled=deal.filled if news.ended else 0,
                avg_price=deal.price if news.ended else Decimal(0),
                status=deal.status if news.ended else JqStatus.OPEN,
                style=deal.style,
                limit=deal.limit,
            ),
        )


def _news(deals: Sequence[Deal]) -> list[_News]:
    """What is told when: an order that ended later than it was made is told twice."""
    told = [_News(deal.ended_at, deal, ended=True) for deal in deals]
    told += [_News(deal.at, deal, ended=False) for deal in deals if deal.ended_at > deal.at]
    return sorted(told, key=lambda news: news.at)
