"""A plan that a person has approved is looked at once more, then booked and traded."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from desk.core.adjusting import adjust, row_for
from desk.core.book import exact
from desk.core.config import StrategyConfig
from desk.core.differences import Said, apart, compare, said_by
from desk.core.healing import bring_own_to_entitled, within_band
from desk.core.ledger import Ledger
from desk.core.plans import (
    Adjustment,
    Plan,
    PlanKind,
    PlanRow,
    drop_plan,
    figures_of,
    grew,
    make_plan,
    put_plan,
    rows_of,
)
from desk.core.scaling import ratios_of, scales_of
from desk.core.snapshot import blocked, heal, price_finder, without_ratio
from desk.core.values import Event, Side, SnapshotSignal
from desk.core.view import View, routes


class CannotApprove(Exception):
    """The plan is not carried out; the text says why, in Chinese."""


def approve_plan(ledger: Ledger, plan: Plan, view: View) -> str:
    """Carry a plan out; returns the sentence for the person. Raises CannotApprove.

    With other books than those it was made of it is dropped; if it would trade more than was shown, it is shown again.
    """
    strategy, event = view.config.strategy(plan.strategy), plan.event
    if strategy is None:
        drop_plan(ledger, plan.strategy)
        raise CannotApprove(f"计划 {plan.plan_id} 的策略已经不在配置里,计划作废。")
    reason = blocked(strategy, view)
    if reason:
        raise CannotApprove(f"现在不能执行计划 {plan.plan_id}:{reason}。")
    if figures_of(ledger, plan.strategy) != plan.figures:
        drop_plan(ledger, plan.strategy)
        raise CannotApprove(f"做计划 {plan.plan_id} 之后账本又变了,计划作废;下一份快照会重新做。")
    if plan.adjustment is not None:
        return _adjust(ledger, plan, plan.adjustment, strategy, view)
    said = said_in(event)
    price_of = price_finder(said, strategy, view)
    found = compare(ledger, plan.strategy, said, price_of) if plan.kind is PlanKind.HEAL else []
    differences, aside = apart(found, strategy.no_trade_band)
    unscaled = without_ratio(ledger, strategy, differences, view)
    if unscaled:
        raise CannotApprove(f"现在不能执行计划 {plan.plan_id}:{unscaled}。")
    rows = rows_of(ledger, strategy, kind=plan.kind, differences=differences, price_of=price_of, view=view, aside=aside)
    _check_size(ledger, plan, rows)
    drop_plan(ledger, plan.strategy)
    if plan.kind is PlanKind.HEAL and event is not None:
        return heal(ledger, event, strategy, differences, said, view, approved=True, aside=aside)
    return _build(ledger, plan, strategy, said, view)


def _check_size(ledger: Ledger, plan: Plan, rows: tuple[PlanRow, ...]) -> None:
    """What would trade more than a person has been shown is shown again."""
    if grew(plan.rows, rows):
        put_plan(ledger, replace(plan, rows=rows))
        raise CannotApprove(f"计划 {plan.plan_id} 比给您看的时候变大了,没有执行;请用 plan show 再看一遍,再批准。")


def _adjust(ledger: Ledger, plan: Plan, change: Adjustment, strategy: StrategyConfig, view: View) -> str:
    row = row_for(ledger, strategy, change, view)
    if row is None or change.account not in routes(view.config, strategy):
        drop_plan(ledger, plan.strategy)
        raise CannotApprove(f"计划 {plan.plan_id} 现在没有要买卖的,计划作废。")
    _check_size(ledger, plan, (row,))
    drop_plan(ledger, plan.strategy)
    return adjust(ledger, plan, change, strategy, view)


def said_in(event: Event | None) -> Said:
    """What the snapshot of a plan says; nothing for a plan without one."""
    content = event.body.content if event is not None else None
    if isinstance(content, SnapshotSignal):
        return said_by(content)
    return Said(shares={}, prices={}, orders={}, unsupported=())


def propose_build(ledger: Ledger, strategy: StrategyConfig, view: View) -> Plan | None:
    """Make the plan that brings T to the ratio's part of what the strategy holds; None if it would trade nothing."""
    plan = make_plan(
        ledger,
        strategy,
        kind=PlanKind.BUILD,
        event=None,
        differences=[],
        why=[],
        price_of=price_finder(said_in(None), strategy, view),
        view=view,
    )
    if not plan.rows:
        return None
    put_plan(ledger, plan)
    return plan


def _build(ledger: Ledger, plan: Plan, strategy: StrategyConfig, said: Said, view: View) -> str:
    """Make T the ratio's part of C on every account that follows, and trade what is shown."""
    price_of = price_finder(said, strategy, view)
    for (name, symbol), holding in list(ledger.holdings.items()):
        counted = holding.counted_shares
        if name != strategy.name or not counted:
            continue
        scales = scales_of(ledger, strategy, view, symbol=symbol, amount=counted, price=price_of(symbol))
        for account, ratio in ratios_of(scales).items():
            key = (name, account, symbol)
            book, entitled = ledger.book(*key), exact(counted * ratio)
            held = book.own + ledger.open_shares(key, Side.BUY)
            if entitled != book.entitled and within_band(entitled, held, strategy.no_trade_band):
                entitled = Decimal(held)  # neither a debt nor a shortfall is left of what is not traded
            ledger.put_book(replace(book, entitled=entitled), "建仓", plan.plan_id, view.now)
    event = plan.event
    raised = bring_own_to_entitled(
        ledger,
        strategy,
        ref=event.event_id if event is not None else plan.plan_id,
        day=event.body.strategy_time.date() if event is not None else view.now.date(),
        prices=said.prices,
        view=view,
        approved=True,
    )
    return f"已按计划建仓,{len(raised)} 笔委托。"
