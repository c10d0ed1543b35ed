"""Why an event came to what it came to: every step from arrival to outcome, in the order of time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from desk.core.values import BookChange, Fact, Intent, OrderFact, OrderState, Reason
from desk.journal.database import Session, marks
from desk.journal.errors import AmbiguousId
from desk.journal.journal import Journal
from desk.journal.records import BOOK_CHANGE, FILL, INTENT, MESSAGE, ORDER_FACT, OUTCOME
from desk.journal.values import micros, moment, plain
from desk.journal.views import View, signal_of
from desk.texts import journal as texts
from desk.texts.labels import label

_CANDIDATES = 10
_FACTS = {fact.value: fact for fact in Fact}
_TOLD_LATER_US = 3_600_000_000  # messages are looked for until an hour after the last other step


@dataclass(frozen=True, kw_only=True, slots=True)
class _Step:
    at: int
    rank: int  # among steps of one moment: arrival, decision, order, fill, book, message, outcome
    what: str
    facts: View

    def view(self) -> View:
        return {"at": moment(self.at).isoformat(), "what": self.what, "facts": self.facts}


def why(journal: Journal, event_id_or_prefix: str) -> View | None:
    """An event's story; None when nothing bears that id. Raises AmbiguousId when a prefix fits several.

    The id of one of our orders or intents leads to the event it belongs to.
    """
    with journal.look() as look:
        event_id = _find(look, event_id_or_prefix.strip())
        signal = signal_of(look, event_id) if event_id else None
        if event_id is None or signal is None:
            return None
        steps = sorted(_steps(look, event_id), key=lambda step: (step.at, step.rank))
        outcome = look.one(f"{OUTCOME.select} WHERE event_id = ?", (event_id,))
    parts = OUTCOME.read(outcome).parts if outcome else ()
    return {
        **signal,
        "steps": [step.view() for step in steps],
        "parts": [{"shares": part.shares, "reason": part.reason.value, "text": part.text} for part in parts],
    }


def _find(look: Session, wanted: str) -> str | None:
    if not wanted:
        return None
    for sql in (
        "SELECT event_id FROM events WHERE event_id = ?",
        "SELECT event_id FROM orders WHERE client_order_id = ? AND event_id IS NOT NULL",
        "SELECT event_id FROM intents WHERE intent_id = ? AND event_id IS NOT NULL",
    ):
        exact = look.one(sql, (wanted,))
        if exact is not None:
            return str(exact[0])
    found = look.rows(
        "SELECT event_id FROM events WHERE substr(event_id, 1, ?) = ? ORDER BY id LIMIT ?",
        (len(wanted), wanted, _CANDIDATES),
    )
    if len(found) > 1:
        raise AmbiguousId(wanted, [row[0] for row in found])
    return str(found[0][0]) if found else None


def _steps(look: Session, event_id: str) -> list[_Step]:
    steps = [_arrival(look, event_id)]
    intents = [
        INTENT.read(row)
        for row in look.rows(f"{INTENT.select} WHERE event_id = ? ORDER BY created_at, intent_id", (event_id,))
    ]
    steps += [_decision(intent) for intent in intents]
    orders = [row[0] for row in look.rows("SELECT client_order_id FROM orders WHERE event_id = ?", (event_id,))]
    refs = [event_id, *(intent.intent_id for intent in intents), *orders]
    if orders:
        facts = look.rows(f"{ORDER_FACT.select} WHERE client_order_id IN ({marks(len(orders))}) ORDER BY id", orders)
        steps += [_fact(ORDER_FACT.read(row)) for row in facts]
        steps += list(_fills(look, orders))
    changes = look.rows(f"{BOOK_CHANGE.select} WHERE ref IN ({marks(len(refs))}) ORDER BY id", refs)
    steps += [_change(BOOK_CHANGE.read(row)) for row in changes]
    steps += list(_outcome(look, event_id))
    steps += list(_messages(look, refs, first=min(step.at for step in steps), last=max(step.at for step in steps)))
    return steps


def _arrival(look: Session, event_id: str) -> _Step:
    row = look.one(
        "SELECT e.received_at, e.payload, b.kid, b.wire, b.sent_at, b.clock_ahead FROM events e "
        "JOIN bodies b ON b.id = e.body WHERE e.event_id = ?",
        (event_id,),
    )
    assert row is not None  # the caller has found the event in this very snapshot
    received_at, payload, kid, wire, sent_at, clock_ahead = row
    facts = {
        "kid": kid,
        "wire": wire,
        "sent_at": moment(sent_at).isoformat(),
        "clock_ahead": bool(clock_ahead),
        "event": json.loads(payload),
    }
    return _Step(at=received_at, rank=0, what=texts.ARRIVED, facts=facts)


def _decision(intent: Intent) -> _Step:
    what = texts.decided(intent.account, label(intent.side), intent.symbol, intent.decided)
    facts = {
        "intent_id": intent.intent_id,
        "origin": intent.origin.value,
        "account": intent.account,
        "symbol": intent.symbol,
        "side": intent.side.value,
        "decided": intent.decided,
        "filled": intent.filled,
        "given_up": intent.given_up,
        "limit": plain(intent.limit) if intent.limit is not None else None,
        "approved": intent.approved,
        "waiting": _code(intent.waiting),
        "stopped": _code(intent.stopped),
        "ended": intent.ended,
        "inputs": json.loads(intent.inputs),
    }
    return _Step(at=micros(intent.created_at), rank=1, what=what, facts=facts)


def _code(reason: Reason | None) -> str | None:
    return None if reason is None else reason.value


def _fact(fact: OrderFact) -> _Step:
    what = texts.order_step(
        fact.client_order_id,
        label(_FACTS[fact.fact]) if fact.fact in _FACTS else fact.fact,
        label(OrderState(fact.to_state)),
    )
    facts = {
        "client_order_id": fact.client_order_id,
        "fact": fact.fact,
        "source": fact.source,
        "from_state": fact.from_state.value if fact.from_state else None,
        "to_state": fact.to_state.value,
        "filled": fact.filled,
        "text": fact.text,
    }
    return _Step(at=micros(fact.at), rank=2, what=what, facts=facts)


def _fills(look: Session, orders: list[str]) -> Iterator[_Step]:
    rows = look.rows(f"{FILL.select} WHERE client_order_id IN ({marks(len(orders))}) ORDER BY at, fill_id", orders)
    for row in rows:
        fill = FILL.read(row)
        facts = {
            "fill_id": fill.fill_id,
            "client_order_id": fill.client_order_id,
            "account": fill.account,
            "symbol": fill.symbol,
            "side": fill.side.value,
            "shares": fill.shares,
            "price": plain(fill.price),
            "fee": plain(fill.fee),
        }
        what = texts.filled(fill.client_order_id, fill.shares, plain(fill.price))
        yield _Step(at=micros(fill.at), rank=3, what=what, facts=facts)


def _change(change: BookChange) -> _Step:
    facts = {
        "account": change.account,
        "symbol": change.symbol,
        "ref": change.ref,
        "strategy_shares": change.strategy_shares,
        "counted_shares": change.counted_shares,
        "entitled": plain(change.entitled),
        "own": change.own,
    }
    return _Step(at=micros(change.at), rank=4, what=texts.book_changed(change.cause), facts=facts)


def _messages(look: Session, refs: list[str], *, first: int, last: int) -> Iterator[_Step]:
    """The messages whose key names the event, one of its intents or one of its orders."""
    columns = ", ".join(MESSAGE.columns)
    rows = look.rows(
        f"SELECT {columns} FROM messages WHERE at >= ? AND at <= ? AND key <> '' ORDER BY id",
        (first, last + _TOLD_LATER_US),
    )
    for row in rows:
        message = MESSAGE.read(row)
        if any(ref in message.key for ref in refs):
            facts: dict[str, Any] = {"kind": message.kind, "title": message.title, "text": message.text}
            yield _Step(at=micros(message.at), rank=5, what=texts.told(message.title), facts=facts)


def _outcome(look: Session, event_id: str) -> Iterator[_Step]:
    row = look.one(f"{OUTCOME.select} WHERE event_id = ?", (event_id,))
    if row is None:
        return
    outcome = OUTCOME.read(row)
    if outcome.done_at is not None:
        facts = {"verdict": outcome.verdict.value, "reason": _code(outcome.reason), "reason_text": outcome.reason_text}
        yield _Step(at=micros(outcome.done_at), rank=6, what=texts.ended(label(outcome.verdict)), facts=facts)
