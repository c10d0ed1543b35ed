"""How an event ends: one verdict and, unless all was done, one main reason (FOLLOWING §3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from base_func import smallest_buy
from desk.core.values import EventOutcome, Intent, Part, Reason, Verdict


def conclude(event_id: str, outcome: EventOutcome, intents: Sequence[Intent], at: datetime) -> EventOutcome | None:
    """The event's final outcome, or None while one of its intents still lives.

    `done` wants something decided and all of it filled on each account; a rest below the smallest legal order was never
    decided and stays entitled.
    """
    if any(not intent.ended for intent in intents):
        return None
    parts = merged((*outcome.parts, *(part for intent in intents for part in intent.parts)))
    decided = sum(intent.decided for intent in intents)
    filled = sum(intent.filled for intent in intents)
    if decided and not outcome.parts and all(_all_done(intent) for intent in intents):
        return _made(outcome, Verdict.DONE, (), at)
    verdict = Verdict.PARTIAL if filled else Verdict.REFUSED
    return _made(outcome, verdict, parts, at)


def _all_done(intent: Intent) -> bool:
    """Wholly filled, or but for a rest that is too small for an order of its own."""
    short = intent.decided - intent.filled
    if short <= 0:
        return True
    too_small = all(part.reason is Reason.BELOW_LOT for part in intent.parts)
    return intent.filled > 0 and too_small and short < smallest_buy(intent.symbol)


def merged(parts: Sequence[Part]) -> tuple[Part, ...]:
    """One part a reason, the largest first: the first one is the main reason."""
    total: dict[Reason, Part] = {}
    for part in parts:
        known = total.get(part.reason)
        total[part.reason] = (
            part if known is None else Part(shares=known.shares + part.shares, reason=part.reason, text=known.text)
        )
    return tuple(sorted(total.values(), key=lambda part: -part.shares))


def _made(outcome: EventOutcome, verdict: Verdict, parts: tuple[Part, ...], at: datetime) -> EventOutcome:
    main = parts[0] if parts else None
    return EventOutcome(
        event_id=outcome.event_id,
        verdict=verdict,
        reason=main.reason if main else None,
        reason_text=main.text if main else "",
        parts=parts,
        decided_at=outcome.decided_at,
        done_at=at,
    )
