"""What the trading loop tells: read off the batch of a turn before it is committed, so that nothing is told that was
not written, and nothing written goes untold. Telling never harms trading: it only appends messages to the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from base_func import UnsupportedSymbol, symbol_of
from desk.core.ledger import Ledger
from desk.core.values import (
    CancelSignal,
    Event,
    EventOutcome,
    Intent,
    OrderSignal,
    OrderState,
    Origin,
    Reason,
    Side,
    Verdict,
)
from desk.texts import messages as texts
from desk.texts.labels import reason_text

_AT_THE_BROKER = (OrderState.WORKING, OrderState.CANCELLING, OrderState.FILLED, OrderState.CANCELLED)


@dataclass(slots=True)
class Teller:
    def tell(self, ledger: Ledger, now: datetime) -> None:
        """Append the messages that this turn's batch gives rise to."""
        batch = ledger.batch
        for order in list(batch.orders.values()):
            if order.state in _AT_THE_BROKER:
                ledger.say(texts.order_sent(order, ""))  # told once, by its key
            elif order.state is OrderState.IN_DOUBT:
                ledger.say(texts.in_doubt(order, now))
        for intent in list(batch.intents.values()):
            if intent.ended:
                self._ended(ledger, intent, now)
        for outcome in list(batch.outcomes.values()):
            if outcome.verdict in (Verdict.REFUSED, Verdict.PARTIAL):
                self._not_done(ledger, outcome, now)
        ledger.heard.clear()

    def _ended(self, ledger: Ledger, intent: Intent, now: datetime) -> None:
        if intent.filled > 0:
            orders = ledger.orders_of(intent.intent_id)
            counted = sum(order.fills_sum for order in orders)
            turnover = sum((order.turnover for order in orders), Decimal(0))
            if counted:
                ledger.say(texts.filled(intent, turnover / counted, now))
        if intent.origin is Origin.MANUAL:
            self._manual_not_done(ledger, intent, now)
        elif any(part.reason is Reason.RETRIES_USED for part in intent.parts):
            ledger.say(texts.retries_used(intent, now))

    def _manual_not_done(self, ledger: Ledger, intent: Intent, now: datetime) -> None:
        """No event ends for it, so its own end is told."""
        for part in intent.parts:
            detail = part.text if part.text not in reason_text(part.reason) else ""
            what = (intent.intent_id, intent.strategy, intent.symbol, intent.side)
            ledger.say(texts.not_done(*what, part.shares, part.reason, detail, now, account=intent.account))

    def _not_done(self, ledger: Ledger, outcome: EventOutcome, now: datetime) -> None:
        event = ledger.heard.get(outcome.event_id)
        if event is None or outcome.reason is None:
            return
        security, side = _what(event)
        for part in outcome.parts[:3]:
            ledger.say(
                texts.not_done(
                    outcome.event_id,
                    event.strategy,
                    security,
                    side,
                    part.shares,
                    part.reason,
                    part.text if part.text not in reason_text(part.reason) else "",
                    now,
                )
            )
        if not outcome.parts:
            ledger.say(
                texts.not_done(
                    outcome.event_id, event.strategy, security, side, 0, outcome.reason, outcome.reason_text, now
                )
            )


def _what(event: Event) -> tuple[str | None, Side | None]:
    content = event.body.content
    if isinstance(content, OrderSignal):
        return _symbol(content.security), content.side
    if isinstance(content, CancelSignal):
        return _symbol(content.security), None
    return None, None


def _symbol(security: str) -> str:
    try:
        return symbol_of(security)
    except UnsupportedSymbol:
        return security
