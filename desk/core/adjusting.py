"""持仓调整: a person takes away from what one strategy is entitled to in one stock, or adds to it, by a plan."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from base_func import UnsupportedSymbol, symbol_of
from desk.core.config import StrategyConfig
from desk.core.differences import Said
from desk.core.healing import bring_own_to_entitled, buys
from desk.core.ledger import Ledger
from desk.core.plans import Adjustment, Plan, PlanKind, PlanRow, figures_of, put_plan, row_of
from desk.core.snapshot import price_finder
from desk.core.values import Book
from desk.core.view import View, shares_routed, short_hash

CAUSE = "持仓调整"


class CannotAdjust(Exception):
    """The adjustment makes no sense now; the text says why, in Chinese."""


def propose_adjustment(
    ledger: Ledger, strategy: StrategyConfig, view: View, *, security: str, shares: int, account: str
) -> Plan:
    """Make the plan that changes T by `shares` (signed) and trades it; T never falls below zero. Raises CannotAdjust.

    `security` in any spelling; `account` '' where the strategy has but one.
    """
    name = _account(strategy, account, view)
    try:
        symbol = symbol_of(security)
    except UnsupportedSymbol:
        raise CannotAdjust(f"不认识的股票代码 {security}。") from None
    if not ledger.holding(strategy.name, symbol).counted_shares:
        raise CannotAdjust(f"策略 {strategy.name} 没有持有 {symbol},不能调整;手工买卖不必经过策略。")
    change = Adjustment(account=name, symbol=symbol, shares=shares)
    row = row_for(ledger, strategy, change, view)
    if row is None:
        raise CannotAdjust("调整后不用买卖(不足一手、已冻结,或策略不许买入),没有做计划。")
    before = ledger.book(strategy.name, name, symbol).entitled
    figures = figures_of(ledger, strategy.name)
    plan = Plan(
        plan_id="p" + short_hash("plan", strategy.name, CAUSE, figures, str(change), str(row), str(view.now), length=8),
        kind=PlanKind.ADJUST,
        strategy=strategy.name,
        made_at=view.now,
        why=(),
        texts=(f"{symbol} 应持 {before.normalize():f} 股,调整 {shares:+d} 股",),
        rows=(row,),
        figures=figures,
        event=None,
        adjustment=change,
    )
    put_plan(ledger, plan)
    return plan


def _account(strategy: StrategyConfig, named: str, view: View) -> str:
    """The account on which the strategy trades now: a 模拟 strategy of a real account has its shadow."""
    where = shares_routed(view.config, strategy)
    found = [name for name, share in where.items() if named in ("", name, share.account)]
    if not found:
        raise CannotAdjust(f"策略 {strategy.name} 没有跟到账户 {named}。")
    if len(found) > 1:
        raise CannotAdjust(f"策略 {strategy.name} 跟到几个账户,请用 --account 指明:{'、'.join(where)}。")
    return found[0]


def row_for(ledger: Ledger, strategy: StrategyConfig, change: Adjustment, view: View) -> PlanRow | None:
    """The order that an adjustment would lead to now."""
    key = (strategy.name, change.account, change.symbol)
    book = ledger.book(*key)
    if book.frozen is not None:
        return None
    price = price_finder(_NOTHING_SAID, strategy, view)(change.symbol)
    return row_of(ledger, key, _adjusted(book, change), Decimal(0) if buys(strategy, change.symbol) else None, price)


def adjust(ledger: Ledger, plan: Plan, change: Adjustment, strategy: StrategyConfig, view: View) -> str:
    """Change T as the plan says and trade that book alone; returns the sentence for the person."""
    key = (strategy.name, change.account, change.symbol)
    book = ledger.book(*key)
    ledger.put_book(replace(book, entitled=_adjusted(book, change)), CAUSE, plan.plan_id, view.now)
    raised = bring_own_to_entitled(
        ledger,
        replace(strategy, no_trade_band=Decimal(0)),  # a person has named the shares
        ref=plan.plan_id,
        day=view.now.date(),
        prices={},
        view=view,
        approved=True,
        only=key,
    )
    return f"已调整 {change.symbol} {change.shares:+d} 股,{len(raised)} 笔委托。"


def _adjusted(book: Book, change: Adjustment) -> Decimal:
    return max(Decimal(0), book.entitled + change.shares)


_NOTHING_SAID = Said(shares={}, prices={}, orders={}, unsupported=())
