"""What is to be done next for one intent: send, cancel, wait, or end (FOLLOWING §3). One pure question and answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from base_func import Phase, legal_buy, legal_sell, lot_rule
from desk.core.config import ChaseConfig, Limits
from desk.core.ledger import missing
from desk.core.market import BrokerAsset, Instrument, Quote
from desk.core.pricing import Price, at_limit_down, at_limit_up, out_of_band, price_order
from desk.core.values import Intent, Order, OrderState, Origin, Reason, Side


@dataclass(frozen=True, kw_only=True, slots=True)
class Send:
    shares: int
    price: Decimal
    counts: bool  # counts against 最大重新下单次数
    warn_deviation: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancel:
    client_order_id: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    reason: Reason | None = None  # None: the live child is what we wait for


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """Shares that are no longer wanted or possible, before anything else is done for the intent."""

    shares: int
    reason: Reason


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    reason: Reason | None  # None: nothing is missing


Step = Send | Cancel | Wait | Cut | End


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """How an account stands just now."""

    ready: bool  # connected, gated, every open order matched
    phase: Phase
    always_open: bool
    limits: Limits
    orders_today: int
    cancels_today: int
    buy_turnover_today: Decimal  # yuan


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """Everything that the next step of one intent depends on."""

    now: datetime
    chase: ChaseConfig
    account: Account
    intent: Intent
    child: Order | None  # its live order
    child_age_s: float = 0.0  # monotonic, since it was sent
    cancel_refused: bool = False  # a cancel was refused a moment ago: do not ask again at once
    unsettled: bool = False  # its last final order has not been confirmed by a snapshot yet
    blocked: bool = False  # (account, symbol, side) is taken, in doubt or frozen; or the other side is live
    yields: bool = False  # rests, and another intent wants the symbol at once
    opposite_waits: bool = False  # an event of the same book wants the other direction
    entitled: Decimal  # T (for debts: with sells still live at JoinQuant counted by their fills)
    own: int
    other_open: int  # same side, other intents of the book
    sellable: int = 0  # of this book now
    account_sellable: int = 0
    account_shares: int = 0
    locked: int = 0  # of this book: bought today, T+1
    too_much: Reason | None = None  # why a buy would pass the strategy's own limits; asked before its first order
    queue_limit_up: bool = False
    queue_limit_down: bool = True
    age_s: float = 0.0  # delivery age + trading seconds waited
    valid_s: int = 600
    quote: Quote | None = None
    instrument: Instrument | None = None
    asset: BrokerAsset | None = None
    sent_late: bool = False  # an attempt was made after 尾盘停止追单时间 today
    approval_age_s: float = 0.0
    broker_said: Reason | None = None  # why the last attempt was refused


_HAIR = Decimal("1E-6")  # a millionth of a share: the entitlement's last digits are rounded
_TRADES = {Phase.CONTINUOUS, Phase.CLOSING_CALL}
_CALLS = {Phase.OPENING_CALL, Phase.OPENING_CALL_LOCKED}
CANCEL_BANNED = {Phase.OPENING_CALL_LOCKED, Phase.CLOSING_CALL}


def next_step(scene: Scene) -> Step:
    """Say what is to be done next; the caller does it and asks again."""
    if scene.child is not None:
        return _with_child(scene, scene.child)
    if scene.unsettled:
        return Wait()  # the remainder is not known before a snapshot agrees with the final status
    want = missing(scene.intent)
    if want == 0:
        return End(reason=None)
    if scene.intent.stopped is not None:
        return End(reason=scene.intent.stopped)
    allowed = still_allowed(scene)
    if allowed < want:
        return Cut(shares=want - allowed, reason=Reason.JQ_NOT_FILLED)
    return _gate(scene) or _attempt(scene, want)


def still_allowed(scene: Scene) -> int:
    """How much the books still let this intent trade: a cut of T after its decision binds every further attempt.

    Not rounded to lots: an odd partial fill leaves an odd rest that the live order may well finish.
    """
    if scene.intent.side is Side.BUY:
        room = scene.entitled - scene.own - scene.other_open
    else:
        room = scene.own - scene.other_open - scene.entitled
    return max(0, int((room + _HAIR).to_integral_value(rounding=ROUND_FLOOR)))


# --- while an order lives --------------------------------------------------------------------------------------------


def _with_child(scene: Scene, child: Order) -> Step:
    if child.state in (OrderState.SENDING, OrderState.IN_DOUBT):
        return Wait(reason=Reason.UNKNOWN_RESULT if child.state is OrderState.IN_DOUBT else None)
    if child.state is OrderState.CANCELLING or scene.cancel_refused or not cancel_possible(scene.account):
        return Wait()
    if child.cancel_wished:
        return Cancel(client_order_id=child.client_order_id, why="先前要求的撤单")
    if scene.intent.stopped is not None:
        return Cancel(client_order_id=child.client_order_id, why=scene.intent.stopped)
    wanted = missing(scene.intent)
    if child.shares - child.filled > wanted or wanted > still_allowed(scene):
        return Cancel(client_order_id=child.client_order_id, why="账本已减少")
    if scene.opposite_waits:
        return Cancel(client_order_id=child.client_order_id, why="同一账本有反向信号")
    if scene.yields:
        return Cancel(client_order_id=child.client_order_id, why="让位给要立即成交的委托")
    if scene.child_age_s < float(scene.chase.wait_s) or not chasing_time(scene):
        return Wait()
    if scene.account.phase is not Phase.CONTINUOUS or _too_many_cancels(scene.account):
        return Wait()
    if _keeps_its_place(scene, child):
        return Wait()
    return Cancel(client_order_id=child.client_order_id, why="超时未成交,撤单重下")


def _keeps_its_place(scene: Scene, child: Order) -> bool:
    """An order that no better price may replace stays where it is: resting at its limit, or queued at the band."""
    intent, quote, instrument = scene.intent, scene.quote, scene.instrument
    if quote is None or instrument is None:
        return True
    if intent.side is Side.SELL and at_limit_down(quote, instrument) and child.price == instrument.down_limit:
        return True
    if intent.side is Side.BUY and at_limit_up(quote, instrument) and child.price == instrument.up_limit:
        return True
    if not intent.resting:
        return False
    better = _price(scene, quote, instrument).price
    return better <= child.price if intent.side is Side.BUY else better >= child.price


def cancel_possible(account: Account) -> bool:
    return account.always_open or account.phase not in CANCEL_BANNED


def chasing_time(scene: Scene) -> bool:
    """From 尾盘停止追单时间 on no new chase begins: what is live stays for the closing call."""
    return scene.account.always_open or scene.now.time() < scene.chase.last_chase


def _too_many_cancels(account: Account) -> bool:
    limit = account.limits.day_cancels
    return limit is not None and account.cancels_today >= limit


# --- before an order -------------------------------------------------------------------------------------------------


def _gate(scene: Scene) -> Step | None:
    """What must hold before anything is sent; None when the way is free."""
    intent, account = scene.intent, scene.account
    if not intent.approved:
        timed = intent.origin is Origin.SIGNAL and intent.side is Side.BUY
        if timed and scene.approval_age_s > scene.chase.approval_timeout_s:
            return End(reason=Reason.APPROVAL_TIMEOUT)
        return Wait(reason=intent.waiting or Reason.APPROVAL_TIMEOUT)
    # What has rested already, and gave way or filled a piece, goes on resting: it is JoinQuant's order that ages.
    if intent.side is Side.BUY and scene.age_s > scene.valid_s and not (intent.resting and intent.attempts):
        return End(reason=intent.waited_for or Reason.TOO_OLD)
    opening = account.phase in _CALLS and scene.chase.opening_call
    if not (account.always_open or account.phase in _TRADES or opening):
        return Wait(reason=Reason.CLOSED_DAY if account.phase is Phase.CLOSED else Reason.CLOSED_SESSION)
    if not account.ready:
        return Wait(reason=Reason.BROKER_DOWN)
    if scene.blocked:
        return Wait()
    if not chasing_time(scene) and scene.sent_late:
        return Wait(reason=Reason.CLOSE_UNFILLED)
    limit = account.limits.day_orders
    if limit is not None and account.orders_today >= limit:
        return End(reason=Reason.OVER_DAY_ORDERS)
    if scene.instrument is not None and scene.instrument.suspended:
        return Wait(reason=Reason.SUSPENDED)
    if scene.quote is None or scene.instrument is None:
        return Wait(reason=Reason.NO_QUOTE)
    return None


def _attempt(scene: Scene, want: int) -> Step:
    intent, quote, instrument = scene.intent, scene.quote, scene.instrument
    assert quote is not None and instrument is not None
    buy = intent.side is Side.BUY
    if buy and not intent.attempts and _other_basis(intent, instrument):
        return End(reason=Reason.PRICE_BASIS)
    queue = False
    if buy and at_limit_up(quote, instrument) and not _rests_below(intent, instrument):
        if not scene.queue_limit_up:
            return End(reason=Reason.LIMIT_UP)
        queue = True
    if not buy and at_limit_down(quote, instrument):
        if not scene.queue_limit_down:
            return End(reason=Reason.LIMIT_DOWN)
        queue = True
    if intent.tries >= scene.chase.max_attempts:
        return End(reason=_why_it_failed(scene))
    if scene.broker_said is not None:
        return End(reason=scene.broker_said)
    shares = _order_shares(scene, want)
    if shares == 0:
        return End(reason=_too_little(scene, want))
    priced = _price(scene, quote, instrument)
    price = priced.price
    if queue:
        band = instrument.up_limit if buy else instrument.down_limit
        if band is not None and not priced.bound_by_limit:  # the strategy's own limit binds here as well
            price = band
    if buy and intent.attempts == 0:
        if scene.too_much is Reason.NO_QUOTE:
            return Wait(reason=Reason.NO_QUOTE)
        refused = _over_limits(scene, want, price) or scene.too_much
        if refused is not None:
            return End(reason=refused)
    rests = intent.resting and (priced.bound_by_limit or not priced.marketable)
    return Send(shares=shares, price=price, counts=not rests, warn_deviation=_deviates(scene, price))


def _other_basis(intent: Intent, instrument: Instrument) -> bool:
    """A limit outside the band, or a price of the instrument's own day: no market prices (价格口径不符).

    Judged here as well as at the decision, because a channel may not have known the instrument then.
    """
    todays = intent.jq_day == instrument.day and out_of_band(intent.anchor, instrument)
    return out_of_band(intent.limit, instrument) or todays


def _rests_below(intent: Intent, instrument: Instrument) -> bool:
    """A buy that JoinQuant rests below the upper limit chases nothing at limit-up."""
    if not intent.resting or intent.limit is None or instrument.up_limit is None:
        return False
    return intent.limit < instrument.up_limit


def _order_shares(scene: Scene, want: int) -> int:
    """The legal size of the next order: at most one order's maximum, and for sells what may be sold now."""
    intent = scene.intent
    most = lot_rule(intent.symbol).max_shares
    if intent.side is Side.BUY:
        return legal_buy(intent.symbol, min(want, most))
    # The odd-lot rule looks at the account's sellable shares, hand-made ones included.
    return legal_sell(intent.symbol, min(want, scene.sellable, most), scene.account_sellable)


def _too_little(scene: Scene, want: int) -> Reason:
    if scene.intent.side is Side.BUY:
        return Reason.BELOW_LOT
    if scene.account_shares <= 0 and scene.locked < scene.own:  # what was bought a moment ago no picture may show
        return Reason.NO_POSITION
    return Reason.NOT_SELLABLE if scene.sellable < want else Reason.ODD_REMAINDER


def _price(scene: Scene, quote: Quote, instrument: Instrument) -> Price:
    intent = scene.intent
    table = scene.chase.price_ticks
    ticks = table[min(intent.tries, len(table) - 1)]
    sell_at_any = intent.side is Side.SELL and intent.tries >= scene.chase.force_sell_after and intent.limit is None
    limit = None if intent.side is Side.SELL and out_of_band(intent.limit, instrument) else intent.limit
    return price_order(
        intent.side,
        quote,
        instrument,
        ticks=ticks,
        limit=limit,
        to_edge=sell_at_any,
        caged=scene.account.phase is Phase.CONTINUOUS or scene.account.always_open,
    )


def _why_it_failed(scene: Scene) -> Reason:
    if scene.intent.limit is not None and scene.quote is not None and scene.instrument is not None:
        priced = _price(scene, scene.quote, scene.instrument)
        if priced.bound_by_limit and not priced.marketable:
            return Reason.BEYOND_LIMIT
    return Reason.RETRIES_USED


def _over_limits(scene: Scene, want: int, price: Decimal) -> Reason | None:
    """Limits that refuse a buy as a whole, judged once, before its first order."""
    limits, account = scene.account.limits, scene.account
    value = want * price
    if limits.order_value is not None and value > limits.order_value:
        return Reason.OVER_ORDER_VALUE
    if limits.day_turnover is not None and account.buy_turnover_today + value > limits.day_turnover:
        return Reason.OVER_DAY_TURNOVER
    if limits.position_share is not None and scene.asset is not None and scene.asset.total_asset > 0:
        after = scene.account_shares * price + value
        if after > limits.position_share * scene.asset.total_asset:
            return Reason.OVER_POSITION
    return None


def _deviates(scene: Scene, price: Decimal) -> bool:
    bound, anchor = scene.account.limits.price_deviation, scene.intent.anchor
    return bound is not None and anchor is not None and anchor > 0 and abs(price / anchor - 1) > bound
