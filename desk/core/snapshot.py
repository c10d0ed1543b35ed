"""What a strategy's snapshot leads to: it is compared with what we remember, then told, or booked within guards.

Once it is booked, older news is part of it already (快照已含).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from desk.core.config import StrategyConfig
from desk.core.day import night_judged
from desk.core.differences import UNKNOWN_CAUSE, Difference, Said, apart, compare, held_by, said_by, why_not_by_itself
from desk.core.healing import apply_differences, bring_own_to_entitled, learn_orders
from desk.core.ledger import Ledger
from desk.core.plans import PlanKind, drop_plan, make_plan, plan_of, put_plan
from desk.core.scaling import note_equity, scales_of
from desk.core.values import (
    Adoption,
    Event,
    Follows,
    Gap,
    Holding,
    Message,
    Mode,
    Reason,
    Scaling,
    Side,
    SnapshotPolicy,
    SnapshotSignal,
)
from desk.core.view import View, routes
from desk.core.wishes import too_old

_QUIET = timedelta(minutes=10)  # how often a target that is told again and again is brought about anew


@dataclass(frozen=True, kw_only=True, slots=True)
class Booked:
    """The last snapshot that was booked for a strategy."""

    seq: int  # 0: its number says nothing any more
    at: datetime  # JoinQuant's time
    brought: datetime  # when own was last brought to T for it


def booked_of(ledger: Ledger, strategy: str) -> Booked | None:
    said = ledger.flags.get(f"snapshot:{strategy}")
    if said is None:
        return None
    fields = json.loads(said)
    moments = (datetime.fromisoformat(fields[name]) for name in ("at", "brought"))
    return Booked(seq=fields["seq"], at=next(moments), brought=next(moments))


def _put_booked(ledger: Ledger, strategy: str, booked: Booked) -> None:
    fields = {"seq": booked.seq, "at": booked.at.isoformat(), "brought": booked.brought.isoformat()}
    ledger.put_flag(f"snapshot:{strategy}", json.dumps(fields))


def forget_number(ledger: Ledger, strategy: str) -> None:
    """JoinQuant's numbers have gone back: what is older than the booked snapshot is told by its time alone."""
    booked = booked_of(ledger, strategy)
    if booked is not None and booked.seq:
        _put_booked(ledger, strategy, replace(booked, seq=0))


def in_snapshot(ledger: Ledger, event: Event, jq_order_id: str) -> bool:
    """True for news that a booked snapshot held already.

    By its number; beside that, an order made before the snapshot and not alive in it can have changed no more.
    """
    booked = booked_of(ledger, event.strategy)
    if booked is None:
        return False
    if 0 < event.body.seq < booked.seq:
        return True
    made = event.body.strategy_time
    known = ledger.jq_orders.get((event.strategy, made.date(), jq_order_id))
    if known is not None:
        return known.status.final and made <= booked.at
    return made < booked.at


def hear_snapshot(ledger: Ledger, event: Event, snapshot: SnapshotSignal, view: View) -> tuple[Reason | None, str]:
    """Work a snapshot in; returns what the event ends with."""
    strategy = view.config.by_kid(event.kid)
    reason = _useless(ledger, event, strategy)
    if reason is not None or strategy is None:
        return reason, view.sentence(reason) if reason else ""
    if 0 < event.body.seq < ledger.seqs.get(event.strategy, 0):
        return None, "之后的信号先到了,这份快照不能再与账本比较,等下一份。"
    said = said_by(snapshot)
    note_equity(ledger, event, strategy)
    if _is_new(ledger, event.strategy):
        return None, _adopt(ledger, event, strategy, said, view)
    price_of = price_finder(said, strategy, view)
    differences = compare(ledger, event.strategy, said, price_of)
    _note(ledger, event.strategy, differences, said, view)
    by_target = strategy.follows is Follows.TARGET
    alarms = strategy.snapshot_policy is SnapshotPolicy.ALARM and not by_target
    aside: list[Difference] = []
    if not alarms:
        differences, aside = apart(differences, strategy.no_trade_band)
    plan = plan_of(ledger, event.strategy)
    if plan is not None and plan.kind is not PlanKind.HEAL and not differences:
        return None, f"与账本一致;计划 {plan.plan_id} 还在等您批准。"
    drop_plan(ledger, event.strategy)
    if alarms:
        return None, _told(ledger, event, differences, view)
    why = why_not_by_itself(
        differences,
        said,
        price_of,
        held_by(ledger, event.strategy),
        most=strategy.snapshot_max_cut,
        blocked=blocked(strategy, view) or without_ratio(ledger, strategy, differences, view),
    )
    why += unexplained(ledger, event, strategy, differences, view)
    if any(one.change > 0 for one in differences) and any(s.scaling is Scaling.PER_ORDER for s in strategy.accounts):
        # Ten shares from a dividend would be bought like an order of the strategy's.
        why.append("按固定金额跟单,每处差额都会买一笔每单金额")
    if why or (strategy.snapshot_policy is SnapshotPolicy.PROPOSE and not by_target):
        return _ended(aside, _propose(ledger, event, strategy, PlanKind.HEAL, differences, why, said, view, aside))
    booked = booked_of(ledger, event.strategy)
    if by_target and not differences and booked is not None and view.now - booked.brought < _QUIET:
        _put_booked(ledger, event.strategy, replace(booked, at=event.body.strategy_time))
        return _ended(aside, _nothing_to_do(aside))
    approved = strategy.mode is not Mode.CONFIRM
    return _ended(aside, heal(ledger, event, strategy, differences, said, view, approved=approved, aside=aside))


def heal(
    ledger: Ledger,
    event: Event,
    strategy: StrategyConfig,
    differences: list[Difference],
    said: Said,
    view: View,
    *,
    approved: bool,
    aside: list[Difference],
) -> str:
    """Book what differs and bring own to T, but for what is left `aside`; returns the sentence for people."""
    apply_differences(ledger, event, strategy, differences, said, view)
    _put_booked(ledger, event.strategy, Booked(seq=event.body.seq, at=event.body.strategy_time, brought=view.now))
    _close_gaps(ledger, event.strategy, {one.symbol for one in aside}, view.now)
    raised = bring_own_to_entitled(
        ledger,
        strategy,
        ref=event.event_id,
        day=event.body.strategy_time.date(),
        prices=said.prices,
        view=view,
        approved=approved,
        unwanted={one.symbol for one in aside if one.change < 0},
    )
    if not differences and not raised:
        return _nothing_to_do(aside)
    if strategy.follows is Follows.TARGET:
        return f"{len(differences)} 只股票的目标变了,下 {len(raised)} 笔委托。{_said_aside(aside)}"
    lines = [f"{one.symbol} {one.text}" for one in differences]
    text = f"已按快照更正 {len(differences)} 只股票的账本,补 {len(raised)} 笔委托。{_said_aside(aside)}"
    _say(ledger, event, "已按快照补齐", "\n".join([text, *lines[:10]]), view)
    return text


def _useless(ledger: Ledger, event: Event, strategy: StrategyConfig | None) -> Reason | None:
    if strategy is None:
        return Reason.UNKNOWN_STRATEGY
    if event.body.backtest:
        return Reason.BACKTEST
    booked = booked_of(ledger, event.strategy)
    if booked is not None and (0 < event.body.seq < booked.seq or event.body.strategy_time < booked.at):
        return Reason.IN_SNAPSHOT
    return Reason.TOO_OLD if too_old(event, strategy) else None


def blocked(strategy: StrategyConfig, view: View) -> str:
    """Why the strategy may not trade now, in words; '' if it may."""
    reason = Reason.HALTED if view.halted else view.stopped(strategy.name)
    if reason is None and not strategy.enabled:
        reason = Reason.PAUSED
    return reason.value if reason is not None else ""


def without_ratio(ledger: Ledger, strategy: StrategyConfig, differences: list[Difference], view: View) -> str:
    """Why what the strategy has more than we know cannot be scaled now, in words; '' if it can."""
    for one in differences:
        if one.change > 0:
            scales = scales_of(ledger, strategy, view, symbol=one.symbol, amount=one.change, price=one.price)
            reasons = [scale.reason.value for scale in scales.values() if scale.reason is not None]
            if reasons:
                return reasons[0]
    return ""


def unexplained(
    ledger: Ledger, event: Event, strategy: StrategyConfig, differences: list[Difference], view: View
) -> list[str]:
    """Which differences may be the exchange's or a person's doing, in words: bought, 除权 would be had twice."""
    why: list[str] = []
    noon = event.body.strategy_time.replace(hour=12)
    day = noon.date()
    for one in differences:
        books = [ledger.book(strategy.name, a, one.symbol) for a in ledger.accounts_of_book(strategy.name, one.symbol)]
        held_over_night = [b for b in books if b.own > (b.bought_today if b.bought_day == day else 0)]
        if not one.change or not held_over_night:
            continue
        if any(book.frozen is not None for book in books):
            why.append(f"{one.symbol} 已冻结,等您核对")
        elif any(view.trading_day(b.account, noon) == day and not night_judged(ledger, b.account, day) for b in books):
            why.append(f"{one.symbol} 的账户今天还没有核对过持仓,可能除权")
        elif strategy.follows is not Follows.TARGET and one.cause == UNKNOWN_CAUSE and not one.orders:
            why.append(f"{one.symbol} 的差额{UNKNOWN_CAUSE},也可能除权")
    return why


def price_finder(said: Said, strategy: StrategyConfig, view: View) -> Callable[[str], Decimal | None]:
    """Ask for prices: the snapshot's own, else the exchange's reference price of the day."""

    def price_of(symbol: str) -> Decimal | None:
        if symbol in said.prices:
            return said.prices[symbol]
        for account in routes(view.config, strategy):
            instrument = view.instrument(account, symbol, None)
            if instrument is not None:
                return instrument.prev_close
        return None

    return price_of


def _propose(
    ledger: Ledger,
    event: Event,
    strategy: StrategyConfig,
    kind: PlanKind,
    differences: list[Difference],
    why: list[str],
    said: Said,
    view: View,
    aside: list[Difference],
) -> str:
    """Keep what the snapshot asks for as a plan, and tell it; nothing where nothing differs."""
    price_of = price_finder(said, strategy, view)
    plan = make_plan(
        ledger,
        strategy,
        kind=kind,
        event=event,
        differences=differences,
        why=why,
        price_of=price_of,
        view=view,
        aside=aside,
    )
    if not differences and not plan.rows:
        return _nothing_to_do(aside)
    put_plan(ledger, plan)
    head = f"计划 {plan.plan_id}({kind.value}){len(plan.rows)} 笔委托,等您批准:plan show 看一遍,approve 或 reject。"
    if why:
        head = f"没有自动执行:{';'.join(why)}。{head}"
    orders = [f"{row.account} {label(row.side)} {row.symbol} {row.shares} 股" for row in plan.rows]
    _say(ledger, event, "有一份计划", "\n".join([head, *plan.texts[:8], *orders[:8]]), view, key=plan.plan_id)
    return head


def label(side: str) -> str:
    return "买入" if side == Side.BUY.value else "卖出"


# --- a strategy that is new to us -------------------------------------------------------------------------------------


def _is_new(ledger: Ledger, strategy: str) -> bool:
    """True for a strategy that we have followed in nothing yet, and of which we know nothing to be missing."""
    held = any(name == strategy for name, _ in ledger.holdings)
    return not held and booked_of(ledger, strategy) is None and f"missing:{strategy}" not in ledger.flags


def _adopt(ledger: Ledger, event: Event, strategy: StrategyConfig, said: Said, view: View) -> str:
    """Remember what the strategy held before we followed it; none of it is ours, and later sells of it sell nothing."""
    for symbol, shares in said.shares.items():
        holding = Holding(strategy=event.strategy, symbol=symbol, strategy_shares=shares, counted_shares=shares)
        ledger.put_holding(holding, "接手", event.event_id, view.now)
    for symbol in {symbol for _, symbol in said.orders.values()}:
        learn_orders(ledger, event, symbol, said, view)
    _put_booked(ledger, event.strategy, Booked(seq=event.body.seq, at=event.body.strategy_time, brought=view.now))
    if not said.shares:
        return "策略还没有持仓。"
    if strategy.adoption is Adoption.BUILD or strategy.follows is Follows.TARGET:
        return _propose(ledger, event, strategy, PlanKind.BUILD, [], [], said, view, [])
    text = f"策略在聚宽已经持有 {len(said.shares)} 只股票;这些不跟,只跟之后的新单。"
    _say(ledger, event, "接手", text, view)
    return text


# --- gaps ------------------------------------------------------------------------------------------------------------


def _note(ledger: Ledger, strategy: str, differences: list[Difference], said: Said, view: View) -> None:
    """Open a gap for each difference, and close those of symbols in which nothing differs any more."""
    keys = {one.symbol: _key(strategy, one) for one in differences}
    strange = {f"unsupported:{strategy}:{security}": security for security in said.unsupported}
    for gap in list(ledger.gaps.values()):
        if gap.strategy == strategy and gap.symbol is not None:
            stale = gap.key.startswith("snapshot:") and gap.key != keys.get(gap.symbol)
            if gap.symbol not in keys or stale:
                ledger.close_gap(gap, view.now)
        elif gap.key.startswith(f"unsupported:{strategy}:") and gap.key not in strange:
            ledger.close_gap(gap, view.now)
    for one in differences:
        gap = Gap(
            at=view.now, strategy=strategy, symbol=one.symbol, cause=one.cause, text=one.text, key=keys[one.symbol]
        )
        ledger.put_gap(gap)
    for key, security in strange.items():
        text = f"聚宽持有不支持的品种 {security},没有跟"
        ledger.put_gap(Gap(at=view.now, strategy=strategy, symbol=None, cause="不支持的品种", text=text, key=key))


def _key(strategy: str, one: Difference) -> str:
    return f"snapshot:{strategy}:{one.symbol}:{one.said}:{one.held}:{','.join(one.orders)}"


def _close_gaps(ledger: Ledger, strategy: str, but: Collection[str], now: datetime) -> None:
    """Everything that was missing is in the booked snapshot, `but` for the symbols that were left aside."""
    for gap in list(ledger.gaps.values()):
        named = gap.symbol is not None and gap.symbol not in but
        if gap.strategy == strategy and (named or gap.key.startswith("seq:")):
            ledger.close_gap(gap, now)


# --- telling ---------------------------------------------------------------------------------------------------------


def _ended(aside: list[Difference], text: str) -> tuple[Reason | None, str]:
    """低于不交易带宽 is the reason where it is all that there is to say."""
    return (Reason.BELOW_BAND if aside and text == _said_aside(aside) else None), text


def _nothing_to_do(aside: list[Difference]) -> str:
    return _said_aside(aside) or "与账本一致。"


def _said_aside(aside: list[Difference]) -> str:
    if not aside:
        return ""
    return f"{'、'.join(one.symbol for one in aside[:10])} 的差额低于不交易带宽,没有买卖。"


def _told(ledger: Ledger, event: Event, differences: list[Difference], view: View) -> str:
    if not differences:
        return "与账本一致。"
    lines = [f"{one.symbol} {one.text}" for one in differences]
    head = f"快照与账本有 {len(differences)} 处不同,账本没有改。"
    _say(ledger, event, "快照与账本不同", "\n".join([head, *lines[:10]]), view)
    return head


def _say(ledger: Ledger, event: Event, title: str, text: str, view: View, *, key: str = "") -> None:
    ledger.say(
        Message(
            at=view.now,
            kind="alarm",
            title=f"{event.strategy} {title}",
            text=text,
            urgent=True,
            key=f"snapshot:{key or event.event_id}",
        )
    )
