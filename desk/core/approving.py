"""A plan that a person has approved is looked at once more, then booked and traded."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from desk.core.book import exact
from desk.core.config import StrategyConfig
from desk.core.differences import compare, said_by
from desk.core.healing import bring_own_to_entitled
from desk.core.ledger import Ledger
from desk.core.plans import Plan, PlanKind, drop_plan, figures_of, grew, put_plan, rows_of
from desk.core.snapshot import blocked, heal, price_finder
from desk.core.values import Event, SnapshotSignal
from desk.core.view import View, routes


class CannotApprove(Exception):
    """The plan is not carried out; the text says why, in Chinese."""


def approve_plan(ledger: Ledger, plan: Plan, view: View) -> str:
    """Carry a plan out; returns the sentence for the person. Raises CannotApprove.

    With other books than those it was made of it is dropped; if it would trade more than was shown, it is shown again.
    """
    strategy, event = view.config.strategy(plan.strategy), plan.event
    if strategy is None or event is None or not isinstance(event.body.content, SnapshotSignal):
        drop_plan(ledger, plan.strategy)
        raise CannotApprove(f"计划 {plan.plan_id} 的策略已经不在配置里,计划作废。")
    reason = blocked(strategy, view)
    if reason:
        raise CannotApprove(f"现在不能执行计划 {plan.plan_id}:{reason}。")
    if figures_of(ledger, plan.strategy) != plan.figures:
        drop_plan(ledger, plan.strategy)
        raise CannotApprove(f"做计划 {plan.plan_id} 之后账本又变了,计划作废;下一份快照会重新做。")
    said = said_by(event.body.content)
    price_of = price_finder(said, strategy, view)
    differences = compare(ledger, plan.strategy, said, price_of) if plan.kind is PlanKind.HEAL else []
    rows = rows_of(ledger, strategy, kind=plan.kind, differences=differences, price_of=price_of, view=view)
    if grew(plan.rows, rows):
        put_plan(ledger, replace(plan, rows=rows))
        raise CannotApprove(f"计划 {plan.plan_id} 比给您看的时候变大了,没有执行;请用 plan show 再看一遍,再批准。")
    drop_plan(ledger, plan.strategy)
    if plan.kind is PlanKind.HEAL:
        return heal(ledger, event, strategy, differences, said, view, approved=True)
    return _build(ledger, event, strategy, dict(said.prices), view)


def _build(
    ledger: Ledger,
    event: Event,
    strategy: StrategyConfig,
    prices: dict[str, Decimal],
    view: View,
) -> str:
    """Make T the ratio's part of C on every account that follows, and trade what is shown."""
    holdings = [h for (name, _), h in ledger.holdings.items() if name == strategy.name and h.counted_shares]
    for account, ratio in routes(view.config, strategy).items():
        for holding in holdings:
            book = ledger.book(strategy.name, account, holding.symbol)
            after = replace(book, entitled=exact(holding.counted_shares * ratio))
            ledger.put_book(after, "建仓", event.event_id, view.now)
    raised = bring_own_to_entitled(ledger, event, strategy, prices, view, approved=True)
    return f"已按计划建仓,{len(raised)} 笔委托。"
