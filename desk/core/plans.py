"""Plans: trades that a snapshot asks for and that wait for a person; shown with their shares before anything is sent.

A strategy has one plan at most; the next snapshot replaces it, the day's close ends it. It is kept as a flag, whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from base_func import legal_sell
from desk.core.book import exact
from desk.core.config import StrategyConfig
from desk.core.differences import Difference
from desk.core.healing import buys, shortfall_of, within_band
from desk.core.ledger import BookKey, Ledger
from desk.core.scaling import ratios_of, scales_of
from desk.core.values import Book, Event, Reason, Side
from desk.core.view import View, routes, short_hash
from desk.core.wire_events import event_from_json, events_to_json

PREFIX = "plan:"


class PlanKind(StrEnum):
    """What approving a plan does to the books before it trades."""

    HEAL = "补齐"  # book what the snapshot says
    BUILD = "建仓"  # make T the ratio's part of what the strategy holds
    ADJUST = "调整"  # change T by what a person has said


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanRow:
    """One order that a plan would send; the value is yuan by the price that was known, None without one."""

    account: str
    symbol: str
    side: str
    shares: int
    value: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Adjustment:
    """What a person adds to a strategy's T on one account, or takes away from it."""

    account: str
    symbol: str
    shares: int  # signed


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    plan_id: str
    kind: PlanKind
    strategy: str
    made_at: datetime
    why: tuple[str, ...]  # why it waits for a person, beside the policy
    texts: tuple[str, ...]  # what differs, in words
    rows: tuple[PlanRow, ...]
    figures: str  # S and C that it was made of: with others it is worth nothing
    event: Event | None  # the snapshot
    adjustment: Adjustment | None = None


def figures_of(ledger: Ledger, strategy: str) -> str:
    """S and C of everything that the strategy holds, to see whether they have changed."""
    return json.dumps(
        sorted(
            [holding.symbol, holding.strategy_shares, holding.counted_shares]
            for (name, _), holding in ledger.holdings.items()
            if name == strategy and (holding.strategy_shares or holding.counted_shares)
        )
    )


# --- kept as a flag --------------------------------------------------------------------------------------------------


def put_plan(ledger: Ledger, plan: Plan) -> None:
    event = plan.event
    fields = {
        "id": plan.plan_id,
        "kind": plan.kind.value,
        "strategy": plan.strategy,
        "made_at": plan.made_at.isoformat(),
        "why": plan.why,
        "differences": plan.texts,
        "orders": [asdict(row) for row in plan.rows],
        "figures": plan.figures,
        "adjustment": asdict(plan.adjustment) if plan.adjustment is not None else None,
        "event": None
        if event is None
        else {
            "event_id": event.event_id,
            "kid": event.kid,
            "sent_at": event.sent_at.isoformat(),
            "received_at": event.received_at.isoformat(),
            "body": events_to_json(event.body),
        },
    }
    ledger.put_flag(PREFIX + plan.strategy, json.dumps(fields, ensure_ascii=False))


def plan_of(ledger: Ledger, strategy: str) -> Plan | None:
    said = ledger.flags.get(PREFIX + strategy)
    return _read(json.loads(said)) if said is not None else None


def plan_by_id(ledger: Ledger, plan_id: str) -> Plan | None:
    plans = [_read(json.loads(text)) for name, text in ledger.flags.items() if name.startswith(PREFIX)]
    return next((plan for plan in plans if plan.plan_id == plan_id), None)


def drop_plan(ledger: Ledger, strategy: str) -> None:
    if PREFIX + strategy in ledger.flags:
        ledger.put_flag(PREFIX + strategy, None)


def end_plans(ledger: Ledger, strategies: Iterable[str], close: datetime) -> None:
    """End the plans that were made before a day's close."""
    for strategy in strategies:
        plan = plan_of(ledger, strategy)
        if plan is not None and plan.made_at < close:
            drop_plan(ledger, strategy)


def _read(fields: dict[str, object]) -> Plan:
    said: dict[str, str] | None = fields["event"]  # type: ignore[assignment]
    strategy = str(fields["strategy"])
    event = None
    if said is not None:
        event = Event(
            row=0,
            event_id=said["event_id"],
            strategy=strategy,
            kid=said["kid"],
            wire=2,
            sent_at=datetime.fromisoformat(said["sent_at"]),
            received_at=datetime.fromisoformat(said["received_at"]),
            clock_ahead=False,
            body=event_from_json(said["body"]),
        )
    return Plan(
        plan_id=str(fields["id"]),
        kind=PlanKind(str(fields["kind"])),
        strategy=strategy,
        made_at=datetime.fromisoformat(str(fields["made_at"])),
        why=tuple(fields["why"]),  # type: ignore[arg-type]
        texts=tuple(fields["differences"]),  # type: ignore[arg-type]
        rows=tuple(PlanRow(**row) for row in fields["orders"]),  # type: ignore[attr-defined]
        figures=str(fields["figures"]),
        event=event,
        adjustment=Adjustment(**fields["adjustment"]) if fields.get("adjustment") else None,  # type: ignore[arg-type]
    )


# --- what it would trade ---------------------------------------------------------------------------------------------


def make_plan(
    ledger: Ledger,
    strategy: StrategyConfig,
    *,
    kind: PlanKind,
    event: Event | None,
    differences: list[Difference],
    why: list[str],
    price_of: Callable[[str], Decimal | None],
    view: View,
    aside: Collection[Difference] = (),
) -> Plan:
    """Compute a plan on the books as they are; nothing is changed. What is left `aside` is shown and not traded."""
    figures = figures_of(ledger, strategy.name)
    rows = rows_of(ledger, strategy, kind=kind, differences=differences, price_of=price_of, view=view, aside=aside)
    # The same plan made again bears the same id: a person may be reading it.
    words = (strategy.name, kind.value, figures, str(rows), str(view.now.date()))
    return Plan(
        plan_id="p" + short_hash("plan", *words, length=8),
        kind=kind,
        strategy=strategy.name,
        made_at=view.now,
        why=tuple(why),
        texts=(
            *(f"{one.symbol} {one.text}" for one in differences),
            *(f"{one.symbol} {one.text};{Reason.BELOW_BAND.value},不交易" for one in aside),
        ),
        rows=rows,
        figures=figures,
        event=event,
    )


def rows_of(
    ledger: Ledger,
    strategy: StrategyConfig,
    *,
    kind: PlanKind,
    differences: Iterable[Difference],
    price_of: Callable[[str], Decimal | None],
    view: View,
    aside: Collection[Difference] = (),
) -> tuple[PlanRow, ...]:
    """The orders that approving would lead to now, sells first."""
    following = routes(view.config, strategy)
    changes = {one.symbol: one.change for one in differences}
    unwanted = {one.symbol for one in aside if one.change < 0}
    symbols = {symbol for name, symbol in ledger.holdings if name == strategy.name} | set(changes)
    rows: list[PlanRow] = []
    for symbol in sorted(symbols):
        price = price_of(symbol)
        counted = ledger.holding(strategy.name, symbol).counted_shares
        amount = counted if kind is PlanKind.BUILD else abs(changes.get(symbol, 0))
        ratios = ratios_of(scales_of(ledger, strategy, view, symbol=symbol, amount=amount, price=price))
        accounts = dict.fromkeys([*following, *ledger.accounts_of_book(strategy.name, symbol)])
        for account in accounts:
            key = (strategy.name, account, symbol)
            book, ratio = ledger.book(*key), ratios.get(account)
            if kind is PlanKind.BUILD:
                entitled = exact(counted * ratio) if ratio is not None else book.entitled
            else:
                entitled = _entitled_after(book, changes.get(symbol, 0), counted, ratio)
            held = book.own + ledger.open_shares(key, Side.BUY)
            if kind is PlanKind.BUILD and within_band(entitled, held, strategy.no_trade_band):
                continue
            follows = account in following and symbol not in unwanted and buys(strategy, symbol)
            row = row_of(ledger, key, entitled, strategy.no_trade_band if follows else None, price)
            rows += [row] if row is not None else []
    return tuple(sorted(rows, key=lambda row: row.side == Side.BUY.value))


def _entitled_after(book: Book, change: int, counted: int, ratio: Decimal | None) -> Decimal:
    if change > 0:
        return book.entitled + change * ratio if ratio is not None else book.entitled
    if not change:
        return book.entitled
    return Decimal(0) if -change >= counted else exact(book.entitled * (counted + change) / counted)


def row_of(
    ledger: Ledger, key: BookKey, entitled: Decimal, band: Decimal | None, price: Decimal | None
) -> PlanRow | None:
    """What one book would trade; `band` is None where it may not buy."""
    book = ledger.book(*key)
    side, shares = Side.SELL, legal_sell(book.symbol, book.own - entitled, book.own)
    if not shares and band is not None:
        side, shares = Side.BUY, shortfall_of(ledger, key, entitled, band)
    if not shares:
        return None
    return PlanRow(
        account=key[1],
        symbol=key[2],
        side=side.value,
        shares=shares,
        value=f"{shares * price:.2f}" if price else None,
    )


def grew(before: Iterable[PlanRow], now: Iterable[PlanRow]) -> bool:
    """True where more would be traded now than a person has been shown."""
    shown = {(row.account, row.symbol, row.side): row.shares for row in before}
    return any(row.shares > shown.get((row.account, row.symbol, row.side), 0) for row in now)
