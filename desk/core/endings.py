"""How intents and events end, and how a known difference is recorded and told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from desk.core.book import exact, give_up, scaled
from desk.core.ledger import Ledger, ended
from desk.core.values import EventOutcome, Gap, Intent, Message, Origin, Part, Reason, Side
from desk.core.verdict import conclude, merged


def settle_event(ledger: Ledger, event_id: str, now: datetime) -> EventOutcome | None:
    """End an event whose intents have all ended; None while it is still at work (or has ended before)."""
    outcome = ledger.outcomes.get(event_id)
    if outcome is None:
        return None
    final = conclude(event_id, outcome, ledger.intents_of_event(event_id), now)
    if final is not None:
        ledger.end_event(final)
    return final


def end_intent(ledger: Ledger, intent: Intent, now: datetime, *parts: Part) -> Intent:
    """End an intent; a buy that ends short gives up what is left of T for it, and its order remembers that.

    A plan's buy gives nothing up: what it could not buy stays a shortfall, and is seen again. What a manual sell has
    not sold is entitled again: it is no debt.
    """
    done = ended(replace(intent, parts=merged((*intent.parts, *(p for p in parts if p.shares > 0)))), now)
    # What JoinQuant took back has left T already; only what is missing beside it is given up.
    taken_back = sum(part.shares for part in intent.parts if part.reason is Reason.JQ_NOT_FILLED)
    short = done.decided - done.filled - taken_back
    if done.side is Side.BUY and done.origin is not Origin.PLAN and short > 0:
        key = (done.strategy, done.account, done.symbol)
        book = ledger.book(*key)
        others = ledger.open_shares(key, Side.BUY, but=done.intent_id)
        given = give_up(done.symbol, entitled=book.entitled, own=book.own, other_open_buys=others, missing=short)
        if given:
            done = replace(done, given_up=given)
            after = replace(book, entitled=max(Decimal(0), book.entitled - given))
            ledger.put_book(after, "放弃", done.intent_id, now)
            _remember_given_up(ledger, done, given)
    if done.side is Side.SELL and done.origin is Origin.MANUAL and short > 0:
        book = ledger.book(done.strategy, done.account, done.symbol)
        ledger.put_book(replace(book, entitled=book.entitled + short), "放弃", done.intent_id, now)
    ledger.put_intent(done)
    return done


def keep_unsold(ledger: Ledger, intent: Intent, shares: int, now: datetime) -> None:
    """Put a sell's shares back into T because a person keeps them.

    What JoinQuant takes back of its own sale later brings only what is beyond them, or T would have them twice.
    """
    key = (intent.strategy, intent.account, intent.symbol)
    book = ledger.book(*key)
    ledger.put_book(replace(book, entitled=exact(book.entitled + shares)), "拒绝卖出", intent.intent_id, now)
    left = Decimal(shares)
    own = (intent.strategy, intent.jq_day, intent.jq_order_id)
    for jq_key, order in sorted(ledger.live_jq_orders(*key[::2]), key=lambda item: item[0] != own):
        rate = ledger.jq_rates.get(jq_key, {}).get(intent.account)
        if order.side is Side.BUY or rate is None:
            continue
        part = min(left, scaled(order.counted - order.filled, rate) - rate.given_up)
        if part > 0:
            ledger.put_jq_rate(replace(rate, given_up=exact(rate.given_up + part)))
            left -= part


def _remember_given_up(ledger: Ledger, intent: Intent, given: int) -> None:
    if intent.jq_day is None or intent.jq_order_id is None:
        return
    rate = ledger.jq_rates.get((intent.strategy, intent.jq_day, intent.jq_order_id), {}).get(intent.account)
    if rate is not None:
        ledger.put_jq_rate(replace(rate, given_up=rate.given_up + given))


def note_gap(ledger: Ledger, strategy: str, symbol: str | None, text: str, ref: str, at: datetime) -> None:
    """Record a gap and tell it, both once."""
    gap = Gap(
        at=at, strategy=strategy, symbol=symbol, cause=text[:40], text=text, key=f"{strategy}:{symbol}:{text}:{ref}"
    )
    if ledger.put_gap(gap):
        ledger.say(
            Message(
                at=at,
                kind="alarm",
                title=f"{strategy} 出现缺口",
                text=f"{symbol or ''} {text}".strip(),
                urgent=True,
                key=f"gap:{gap.key}",
            )
        )
