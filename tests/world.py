"""A whole desk without threads or network: real journal, real Trader, real paper exchange, a clock that tests turn.

Events enter as the receiver would store them. `settle` runs turns until nothing more happens at this moment;
`pass_time` moves the clock in small steps, the exchange and the trader with it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from base_func import BEIJING
from desk.broker.paper import PaperBroker, PaperExchange, SyntheticFeed
from desk.broker.paper.scenes import Scene
from desk.calendar import EveryDay
from desk.core.config import AccountConfig, AccountShare, ChaseConfig, Config, Limits, StrategyConfig
from desk.core.values import (
    CancelSignal,
    EventKind,
    JqStatus,
    Mode,
    OrderSignal,
    Side,
    SnapshotOrder,
    SnapshotPosition,
    SnapshotSignal,
    Style,
    WireEvent,
)
from desk.core.view import shadow_of
from desk.core.wire import events_to_json
from desk.dealing.account import AccountDesk
from desk.journal import Journal, NewBody, NewEvent, views
from Trader import Trader

OPENING = datetime(2026, 11, 20, 9, 35, tzinfo=BEIJING)  # a Friday


class Weekdays:
    """Monday to Friday are trading days, without holidays."""

    def is_trading_day(self, day: date) -> bool:
        return day.weekday() < 5

    def next_trading_day(self, day: date) -> date:
        return self._walk(day, 1)

    def previous_trading_day(self, day: date) -> date:
        return self._walk(day, -1)

    def _walk(self, day: date, step: int) -> date:
        day += timedelta(days=step)
        while not self.is_trading_day(day):
            day += timedelta(days=step)
        return day


class TurnedClock:
    """A clock that stands still until a test turns it; wall and monotonic time go together unless `jump` is used."""

    def __init__(self, now: datetime = OPENING) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def wait(self, bell: threading.Event, seconds: float) -> bool:
        self.turn(seconds)
        return bell.is_set()

    def turn(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """The wall clock jumps, time does not."""
        self._now += timedelta(seconds=seconds)


NO_LIMITS = Limits(order_value=None, orders_per_second=None, day_orders=None, day_cancels=None)


class World:
    def __init__(
        self,
        path: Path,
        *,
        start: datetime = OPENING,
        strategies: Iterable[StrategyConfig] | None = None,
        accounts: Iterable[AccountConfig] | None = None,
        chase: ChaseConfig | None = None,
        settle_s: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.path = path
        self.clock = self.make_clock(start)
        self.seed = seed
        self.settle_s = settle_s
        self.config = Config(
            home=path,
            strategies=tuple(strategies or (strategy("小市值", "xsz"),)),
            accounts=tuple(accounts or (AccountConfig(name="主账户", limits=NO_LIMITS),)),
            chase=chase or ChaseConfig(),
        )
        self.exchanges: dict[str, PaperExchange] = {}
        for account in self.config.accounts:
            days = EveryDay() if account.always_open else self.make_days()
            name = account.name if account.channel == "paper" else shadow_of(account.name)
            self.exchanges[name] = self.make_exchange(account, days.is_trading_day)
        self._bodies = 0
        self.broken_by_test = False  # the test made the exchange break its word: exposure is not judged at the end
        self._seq: dict[str, int] = {}
        self.start_trader()

    # --- the parts --------------------------------------------------------------------------------------------------

    def make_clock(self, start: datetime) -> TurnedClock:
        return TurnedClock(start)

    def make_days(self) -> Weekdays:
        return Weekdays()

    def make_exchange(self, account: AccountConfig, is_trading_day: Callable[[date], bool]) -> PaperExchange:
        return PaperExchange(
            store=None,
            clock_now=self.clock.now(),
            config=account,
            feed=SyntheticFeed(self.seed),
            is_trading_day=is_trading_day,
        )

    def open_journal(self) -> Journal:
        return Journal.open(self.path / "journal.db", clock=self.clock)

    def start_trader(self) -> None:
        self.bell = threading.Event()
        self.journal = self.open_journal()
        self.desks = {}
        for account in self.config.accounts:
            name = account.name if account.channel == "paper" else shadow_of(account.name)
            broker = PaperBroker(name, self.exchanges[name], self.clock.now, settle_s=self.settle_s)
            days = EveryDay() if account.always_open else self.make_days()
            self.desks[name] = AccountDesk(account, broker, days, self.bell)
        self.trader = Trader(
            journal=self.journal,
            desks=self.desks,
            config=self.config,
            clock=self.clock,
            bell=self.bell,
            reload=lambda: self.config,
        )

    def kill(self) -> None:
        """Throw trader and broker objects away as a crash does, journal and exchange stay; start anew."""
        for desk in self.desks.values():
            desk.broker.close()
        self.journal.close()
        self.start_trader()

    def close(self) -> None:
        self.journal.close()
        for exchange in self.exchanges.values():
            exchange.close()

    @property
    def exchange(self) -> PaperExchange:
        return next(iter(self.exchanges.values()))

    def scene(self, symbol: str, **pins: object) -> None:
        self.exchange.scene(symbol, **pins)

    # --- time -------------------------------------------------------------------------------------------------------

    def settle(self, turns: int = 60) -> None:
        """Turn the loop until it has nothing to do at this very moment."""
        for _ in range(turns):
            if self.trader.step() > 0 and not self.bell.is_set():
                return
            self.bell.clear()

    def pass_time(self, seconds: float, step: float = 0.5) -> None:
        self.settle()
        passed = 0.0
        while passed < seconds - 1e-9:
            part = min(step, seconds - passed)
            self.clock.turn(part)
            passed += part
            for exchange in self.exchanges.values():
                exchange.advance(self.clock.now())
            self.settle()

    def go_to(self, moment: datetime, step: float = 600.0) -> None:
        """Run to a moment in coarse steps."""
        while self.clock.now() < moment:
            left = (moment - self.clock.now()).total_seconds()
            self.pass_time(min(step, left), min(step, left))

    # --- JoinQuant --------------------------------------------------------------------------------------------------

    def jq_now(self) -> datetime:
        """JoinQuant's own clock."""
        return self.clock.now()

    def send(
        self,
        *events: WireEvent,
        kid: str = "xsz",
        sent_at: datetime | None = None,
        wire: int = 2,
        body_id: str | None = None,
    ) -> list[str]:
        """Store a body as the receiver does; returns its event ids."""
        self._bodies += 1
        body_id = body_id or hashlib.sha256(f"{self.seed}:{self._bodies}".encode()).hexdigest()[:32]
        config = self.config.by_kid(kid)
        assert config is not None
        now = self.clock.now()
        ids = [body_id] if len(events) == 1 else [f"{body_id}-{n}" for n in range(1, len(events) + 1)]
        rows = tuple(
            NewEvent(
                event_id=i,
                strategy="测试" if e.kind is EventKind.TEST else config.name,
                kind=e.kind,
                seq=e.seq,
                payload=events_to_json(e),
            )
            for i, e in zip(ids, events, strict=True)
        )
        self.journal.accept(
            NewBody(
                kid=kid,
                strategy=config.name,
                body_id=body_id,
                digest=body_id.encode()[:32],
                wire=wire,
                sent_at=sent_at or now,
                received_at=now,
                clock_ahead=False,
                events=rows,
            )
        )
        return ids

    def order_event(
        self,
        jq_order_id: str,
        security: str,
        side: str,
        amount: int,
        filled: int | None = None,
        status: str = "held",
        price: object = "10",
        *,
        kid: str = "xsz",
        when: datetime | None = None,
        style: Style | None = None,
        limit: object = None,
        n: int | None = None,
        backtest: bool = False,
        kind: EventKind = EventKind.ORDER,
        equity: object = None,
    ) -> WireEvent:
        """What JoinQuant says of an order, for a body of several; by default held (all filled), market style."""
        filled = (amount if status == "held" else 0) if filled is None else filled
        signal = OrderSignal(
            jq_order_id=jq_order_id,
            security=security,
            side=Side(side),
            amount=amount,
            filled=filled,
            avg_price=Decimal(str(price)) if filled else Decimal(0),
            status=JqStatus(status),
            style=style or (Style.LIMIT if limit is not None else Style.MARKET),
            limit=None if limit is None else Decimal(str(limit)),
            holding_after=n,
            equity=None if equity is None else Decimal(str(equity)),
        )
        return WireEvent(
            kind=kind,
            seq=0 if kind is EventKind.TEST else self._next_seq(kid),
            backtest=backtest,
            strategy_time=(when or self.jq_now()).replace(microsecond=0),
            content=signal,
        )

    def cancel_event(
        self,
        jq_order_id: str,
        security: str,
        *,
        kid: str = "xsz",
        amount: int | None = None,
        filled: int | None = None,
        status: str | None = None,
    ) -> WireEvent:
        signal = CancelSignal(
            jq_order_id=jq_order_id,
            security=security,
            amount=amount,
            filled=filled,
            status=JqStatus(status) if status else None,
        )
        return WireEvent(
            kind=EventKind.CANCEL,
            seq=self._next_seq(kid),
            backtest=False,
            strategy_time=self.jq_now().replace(microsecond=0),
            content=signal,
        )

    def snapshot_event(
        self,
        held: dict[str, int],
        *,
        kid: str = "xsz",
        price: object = "10",
        live: Iterable[SnapshotOrder] = (),
        equity: object = None,
        backtest: bool = False,
        when: datetime | None = None,
    ) -> WireEvent:
        """What JoinQuant holds, by its own securities, all of them at one price or each at its own."""
        prices = price if isinstance(price, dict) else dict.fromkeys(held, price)
        positions = tuple(
            SnapshotPosition(
                security=security,
                shares=shares,
                sellable=shares,
                avg_cost=Decimal(str(prices[security])),
                price=Decimal(str(prices[security])),
            )
            for security, shares in held.items()
            if shares
        )
        return WireEvent(
            kind=EventKind.SNAPSHOT,
            seq=self._next_seq(kid),
            backtest=backtest,
            strategy_time=(when or self.jq_now()).replace(microsecond=0),
            content=SnapshotSignal(
                positions=positions,
                cash=None,
                equity=None if equity is None else Decimal(str(equity)),
                orders=tuple(live),
            ),
        )

    def snapshot(
        self, held: dict[str, int], *, kid: str = "xsz", sent_at: datetime | None = None, **more: object
    ) -> str:
        """Send a snapshot in a body of its own; returns its event id."""
        (event_id,) = self.send(self.snapshot_event(held, kid=kid, **more), kid=kid, sent_at=sent_at)  # type: ignore[arg-type]
        self.settle()
        return event_id

    def gaps(self) -> list[str]:
        """The texts of all open gaps."""
        return [gap.text for gap in self.trader.ledger.gaps.values()]

    def _next_seq(self, kid: str) -> int:
        self._seq[kid] = self._seq.get(kid, 0) + 1
        return self._seq[kid]

    def order(
        self,
        jq_order_id: str,
        security: str,
        side: str,
        amount: int,
        filled: int | None = None,
        status: str = "held",
        price: object = "10",
        *,
        kid: str = "xsz",
        sent_at: datetime | None = None,
        settle: bool = True,
        wire: int = 2,
        **more: object,
    ) -> str:
        """Send one order event in a body of its own; returns its event id."""
        event = self.order_event(jq_order_id, security, side, amount, filled, status, price, kid=kid, **more)  # type: ignore[arg-type]
        (event_id,) = self.send(event, kid=kid, sent_at=sent_at, wire=wire)
        if settle:
            self.settle()
        return event_id

    def cancel(self, jq_order_id: str, security: str, *, kid: str = "xsz", **more: object) -> str:
        (event_id,) = self.send(self.cancel_event(jq_order_id, security, kid=kid, **more), kid=kid)  # type: ignore[arg-type]
        self.settle()
        return event_id

    def command(self, verb: str, **args: str) -> tuple[bool, str]:
        row = self.journal.ask(verb, args, "test")
        self.settle()
        result = self.journal.command_result(row)
        assert result is not None
        return result.ok, result.text

    def reconfigure(self, **changes: object) -> None:
        """Change the first strategy's configuration and tell the trader."""
        first, *rest = self.config.strategies
        self.config = replace(self.config, strategies=(replace(first, **changes), *rest))  # type: ignore[arg-type]
        self.command("reload")

    # --- looking ----------------------------------------------------------------------------------------------------

    def book(self, symbol: str, strategy: str = "小市值", account: str = "主账户"):
        return self.trader.ledger.book(strategy, account, symbol)

    def own(self, symbol: str, strategy: str = "小市值", account: str = "主账户") -> int:
        return self.book(symbol, strategy, account).own

    def entitled(self, symbol: str, strategy: str = "小市值", account: str = "主账户") -> Decimal:
        return self.book(symbol, strategy, account).entitled

    def held(self, symbol: str, account: str | None = None) -> int:
        """What the exchange itself says that the account holds."""
        exchange = self.exchanges[account] if account else self.exchange
        picture = exchange.picture(self.clock.now())
        return sum(p.shares for p in picture.positions if p.symbol == symbol)

    def broker_orders(self):
        return self.exchange.picture(self.clock.now()).orders

    def signal(self, event_id: str) -> dict[str, object]:
        day = self.clock.now().date()
        return next(
            s for s in views.signals(self.journal, day_from=day - timedelta(days=9), day_to=day) if s["id"] == event_id
        )

    def verdict(self, event_id: str) -> tuple[str, object]:
        view = self.signal(event_id)
        return str(view["verdict"]), view["reason"]


def strategy(name: str, kid: str, ratio: object = 1, account: str = "主账户", **more: object) -> StrategyConfig:
    return StrategyConfig(
        name=name,
        kid=kid,
        secret="",
        accounts=(AccountShare(account=account, ratio=Decimal(str(ratio))),),
        **{"mode": Mode.LIVE, **more},  # type: ignore[arg-type]
    )


__all__ = ["NO_LIMITS", "OPENING", "Scene", "SnapshotSignal", "World", "strategy"]
