"""The books of following (FOLLOWING §2): what a JoinQuant order counts, what we are entitled to, what we own.

S is the strategy's holding by fills, C the same with live intents counted; T our entitlement on one account, `own` the
shares bought for the book there. T is kept to a trillionth of a share; rates are exact fractions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from base_func import legal_buy, legal_sell, smallest_buy
from desk.core.values import Book, Holding, JqOrder, JqRate, JqStatus, Side, Style

ZERO = Decimal(0)
_GRAIN = Decimal("1E-12")


def exact(value: Decimal) -> Decimal:
    """Round an entitlement to a trillionth of a share, and drop trailing zeros (never into an exponent)."""
    with localcontext() as context:
        context.prec = 50
        rounded = value.quantize(_GRAIN, rounding=ROUND_HALF_EVEN).normalize()
        return rounded.quantize(Decimal(1)) if rounded == rounded.to_integral_value() else rounded


def scaled(shares: int, rate: JqRate) -> Decimal:
    """Our shares for `shares` of the JoinQuant order: multiplied before divided, so that whole results stay whole."""
    if rate.denominator == 0:
        return ZERO
    with localcontext() as context:
        context.prec = 50
        return exact(rate.numerator * shares / rate.denominator)


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderNews:
    """What an event says about a JoinQuant order."""

    strategy: str
    day: date
    jq_order_id: str
    symbol: str
    side: Side
    amount: int
    filled: int
    status: JqStatus
    style: Style
    limit: Decimal | None
    holding_after: int | None
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Absorbed:
    """The books after an event; `delta` is the change of what the order counts, in JoinQuant's shares."""

    order: JqOrder
    holding: Holding
    books: dict[str, Book]
    rates: dict[str, JqRate]
    delta: int
    filled_delta: int
    changed: bool
    entitled_before: dict[str, Decimal] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()  # causes, in words for a person


def counts(news_live: bool, style: Style, amount: int, filled: int) -> int:
    """c: the amount while live, what is filled once final; stop styles only what is filled."""
    if news_live and not style.stop:
        return amount
    return filled


def merge(before: JqOrder | None, news: OrderNews) -> JqOrder:
    """Replace the order's state by the news: filled never falls, final never reopens; `counted` is left as it was."""
    if before is None:
        return JqOrder(
            strategy=news.strategy,
            day=news.day,
            jq_order_id=news.jq_order_id,
            symbol=news.symbol,
            side=news.side,
            amount=news.amount,
            filled=news.filled,
            status=news.status,
            style=news.style,
            limit=news.limit,
            counted=0,
            updated_at=news.at,
        )
    filled = max(before.filled, news.filled)
    status = before.status if before.status.final else news.status
    amount = before.amount if before.status.final else max(news.amount, filled)
    return replace(
        before,
        amount=amount,
        filled=filled,
        status=status,
        limit=news.limit if news.limit is not None else before.limit,
        closed=before.closed and not status.final,
        updated_at=news.at,
    )


def absorb(
    news: OrderNews,
    *,
    before: JqOrder | None,
    holding: Holding,
    books: Mapping[str, Book],
    rates: Mapping[str, JqRate],
    ratios: Mapping[str, Decimal],
    live_buys: Sequence[tuple[JqOrder, Mapping[str, JqRate]]] = (),
) -> Absorbed:
    """Work an order event into the books.

    `books` holds one book for every account concerned (also those that only still own something), `ratios` the ratio
    now of those that follow. Symbol and side of a known order are what they were; news that disagrees changes nothing.
    """
    if before is not None and (before.symbol != news.symbol or before.side is not news.side):
        return Absorbed(
            order=before,
            holding=holding,
            books=dict(books),
            rates=dict(rates),
            delta=0,
            filled_delta=0,
            changed=False,
            gaps=("同一聚宽订单号先后是两只股票或两个方向",),
        )
    order = merge(before, news)
    target = counts(not order.status.final, order.style, order.amount, order.filled)
    if order.closed:
        # Closed at its day's close without a final: only a final reopens the count.
        target = order.counted
    filled_delta = order.filled - (before.filled if before else 0)
    work = _buy if order.side is Side.BUY else _sell
    done = work(order, target, filled_delta, holding, dict(books), dict(rates), ratios)
    changed = before is None or done.delta != 0 or filled_delta != 0 or order.status is not before.status
    if changed and order.side is Side.SELL and order.status is JqStatus.HELD and news.holding_after == 0:
        done = _emptied(done, live_buys)
    return replace(done, changed=changed, filled_delta=filled_delta)


def _buy(
    order: JqOrder,
    target: int,
    filled_delta: int,
    holding: Holding,
    books: dict[str, Book],
    rates: dict[str, JqRate],
    ratios: Mapping[str, Decimal],
) -> Absorbed:
    delta = target - order.counted
    before = {account: book.entitled for account, book in books.items()}
    gaps: list[str] = []
    counted = holding.counted_shares + delta
    if counted < 0:
        gaps.append("撤回的买单多于聚宽还计着的数量")
        counted = 0
    holding = replace(holding, strategy_shares=holding.strategy_shares + filled_delta, counted_shares=counted)
    for account, book in books.items():
        rate = rates.get(account)
        if rate is None:
            ratio = ratios.get(account)
            if ratio is None or delta <= 0:
                continue
            rate = _rate(order, account, ratio, Decimal(1))
        if delta > 0:
            entitled = book.entitled + scaled(delta, rate)
        else:
            fall = scaled(-delta, rate) - rate.given_up
            if target > 0:
                rate = replace(rate, given_up=max(ZERO, exact(-fall)))
                fall = max(ZERO, fall)
            else:
                # An order without any fill leaves the book as it was: what residue was given up with it comes back.
                rate = replace(rate, given_up=ZERO)
            entitled = book.entitled - fall
        rates[account] = rate
        books[account] = replace(book, entitled=max(ZERO, exact(entitled)))
    if counted == 0:
        books = {account: replace(book, entitled=ZERO) for account, book in books.items()}
    return Absorbed(
        order=replace(order, counted=target),
        holding=holding,
        books=books,
        rates=rates,
        delta=delta,
        filled_delta=0,
        changed=True,
        entitled_before=before,
        gaps=tuple(gaps),
    )


def _sell(
    order: JqOrder,
    target: int,
    filled_delta: int,
    holding: Holding,
    books: dict[str, Book],
    rates: dict[str, JqRate],
    ratios: Mapping[str, Decimal],
) -> Absorbed:
    before = {account: book.entitled for account, book in books.items()}
    gaps: list[str] = []
    reach = order.counted + holding.counted_shares  # a sell counts at most C
    over = target > reach
    counted = min(target, reach)
    delta = counted - order.counted
    for account, book in books.items():
        rate = rates.get(account)
        if rate is None:
            if delta <= 0:
                continue
            rate = _rate(order, account, book.entitled, Decimal(holding.counted_shares))
        if delta >= 0:
            entitled = book.entitled - scaled(delta, rate)
        else:
            back = scaled(-delta, rate) - rate.given_up
            rate = replace(rate, given_up=max(ZERO, exact(-back)) if target > 0 else ZERO)
            entitled = book.entitled + max(ZERO, back)
        rates[account] = rate
        books[account] = replace(book, entitled=max(ZERO, exact(entitled)))
    held = max(0, holding.strategy_shares - filled_delta)
    if holding.strategy_shares < filled_delta:
        gaps.append("聚宽卖出的多于我们记得它持有的")
    holding = replace(holding, strategy_shares=held, counted_shares=holding.counted_shares - delta)
    if over:
        gaps.append("聚宽卖出的多于我们记得它持有的")
        holding = replace(holding, strategy_shares=0)
    if holding.counted_shares == 0:
        books = {account: replace(book, entitled=ZERO) for account, book in books.items()}
    return Absorbed(
        order=replace(order, counted=counted),
        holding=holding,
        books=books,
        rates=rates,
        delta=delta,
        filled_delta=0,
        changed=True,
        entitled_before=before,
        gaps=tuple(dict.fromkeys(gaps)),
    )


def _rate(order: JqOrder, account: str, numerator: Decimal, denominator: Decimal) -> JqRate:
    return JqRate(
        strategy=order.strategy,
        day=order.day,
        jq_order_id=order.jq_order_id,
        account=account,
        numerator=numerator,
        denominator=denominator,
    )


def _emptied(done: Absorbed, live_buys: Sequence[tuple[JqOrder, Mapping[str, JqRate]]]) -> Absorbed:
    """JoinQuant says that nothing is left (n = 0): C and T are what its live buys still want, whatever we counted."""
    wanted = sum(order.counted - order.filled for order, _ in live_buys)
    entitled: dict[str, Decimal] = {}
    for order, rates in live_buys:
        for account, rate in rates.items():
            part = max(ZERO, scaled(order.counted - order.filled, rate) - rate.given_up)
            entitled[account] = entitled.get(account, ZERO) + part
    gaps = done.gaps
    if done.holding.strategy_shares != 0:
        gaps = (*gaps, f"聚宽说已清仓,我们还记着 {done.holding.strategy_shares} 股")
    return replace(
        done,
        holding=replace(done.holding, strategy_shares=0, counted_shares=wanted),
        books={
            account: replace(book, entitled=exact(entitled.get(account, ZERO))) for account, book in done.books.items()
        },
        gaps=gaps,
    )


def close_without_final(
    order: JqOrder, *, holding: Holding, books: Mapping[str, Book], rates: Mapping[str, JqRate]
) -> Absorbed:
    """Close a JoinQuant order that never got its final (缺终态).

    A sell is closed at the fills last reported, the rest is given back; a buy stays counted at its amount.
    """
    target = min(order.filled, order.counted) if order.side is Side.SELL else order.counted
    work = _sell if order.side is Side.SELL else _buy
    done = work(order, target, 0, holding, dict(books), dict(rates), {})
    return replace(done, order=replace(done.order, closed=True))


def decide_buy(
    symbol: str, *, delta_scaled: Decimal, entitled_before: Decimal, own: int, open_buys: int
) -> tuple[int, Decimal]:
    """Return (decided shares, residue r that was counted).

    r = T before − own − open buys; a residue that is itself a legal buy is a shortfall for a plan and counts 0, a
    negative one (we own too much) counts in full. Worked: T 90, own 0, Δ×rate 30 -> r 90, decided 100.
    """
    residue = entitled_before - own - open_buys
    if residue >= smallest_buy(symbol):
        residue = ZERO
    return legal_buy(symbol, delta_scaled + residue), residue


def decide_sell(symbol: str, *, entitled: Decimal, own: int, open_sells: int) -> int:
    """What a sell event may sell: own − open sells − T, rounded down to a legal sale of what the book owns."""
    return legal_sell(symbol, own - open_sells - entitled, own - open_sells)


def give_up(symbol: str, *, entitled: Decimal, own: int, other_open_buys: int, missing: int) -> int:
    """g: the legal buy that is left of T once an event's buying has ended short; at most the missing part."""
    return min(missing, legal_buy(symbol, entitled - own - other_open_buys))


def sold_today_bound(book: Book, today: date, t0: bool) -> int:
    """The part of `own` that T+1 lets go today."""
    if t0 or book.bought_day != today:
        return book.own
    return max(0, book.own - book.bought_today)
