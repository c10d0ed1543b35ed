"""信号: what strategies have said and what became of it; one of them step by step."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from desk.access import Scope
from desk.console import chosen
from desk.console.door import needs
from desk.console.sources import Sources
from desk.console.words import say
from desk.core.values import Fact, Verdict
from desk.journal import AmbiguousId
from desk.journal.view_pages import BadMark, signals_page
from desk.journal.view_why import why

View = dict[str, Any]

# What a step is about, by a field that no other kind of step has.
_KINDS = (
    ("kid", "arrived"),
    ("fill_id", "fill"),
    ("fact", "order"),
    ("intent_id", "decision"),
    ("counted_shares", "book"),
    ("title", "message"),
    ("verdict", "end"),
)
_ANSWERS = (Fact.ACCEPTED.value, Fact.REFUSED.value, Fact.NO_ANSWER.value)
_SECRET_NAME = re.compile(r"secret|token|password|passwd|密码|密钥|令牌", re.IGNORECASE)
_SECRET = re.compile(r"gd[2c]_[A-Za-z0-9_-]{8,}|(?<=key=)[A-Za-z0-9-]{8,}")
_LONG_NUMBER = re.compile(r"(?<!\d)(\d{2})\d{5,}(\d{2})(?!\d)")  # a broker's text may hold the account's
_MASK = "…"


def make(sources: Sources) -> Blueprint:
    signals = Blueprint("signals", __name__)

    @signals.get("/signals")
    @needs(Scope.READ)
    def page() -> ResponseReturnValue:
        wanted = chosen.text("id")
        if wanted is not None:
            return redirect(url_for("signals.one", signal=wanted))
        verdict, day = chosen.word(Verdict, "verdict"), chosen.day()
        if verdict is not None and day is None:
            day = sources.clock.now().date()
        strategy, everything = chosen.text("strategy"), chosen.text("all") == "1"
        try:
            found = signals_page(
                sources.journal,
                mark=chosen.mark(),
                limit=chosen.PAGE,
                strategy=strategy,
                day=day,
                verdict=verdict,
                asked_only=not everything,
            )
        except BadMark:
            abort(400)
        kept = {
            "strategy": strategy,
            "day": day.isoformat() if day else None,
            "verdict": verdict.value if verdict else None,
            "all": "1" if everything else None,
        }
        for row in found.rows:
            row["first_order_ms"] = _ms(row["received_at"], row["first_order_at"])
        strategies = [strategy.name for strategy in sources.config().strategies]
        return render_template(
            "signals.html",
            found=found,
            kept=kept,
            strategies=strategies,
            verdicts=list(Verdict),
            first=not chosen.mark(),
        )

    @signals.get("/signals/<signal>")
    @needs(Scope.READ)
    def one(signal: str) -> ResponseReturnValue:
        """The beginning of an id, or the id of one of our orders, leads there as well."""
        try:
            found = why(sources.journal, signal[:80])
        except AmbiguousId:
            flash(say("signals.ambiguous", id=signal[:80]), "warn")
            return redirect(url_for("signals.page"))
        if found is None:
            flash(say("signals.none_such", id=signal[:80]), "warn")
            return redirect(url_for("signals.page"))
        steps = [_step(step) for step in found["steps"]]
        return render_template("signal.html", signal=found, steps=steps, hops=_hops(steps))

    return signals


def _step(step: View) -> View:
    facts = step["facts"]
    kind = next(kind for field, kind in _KINDS if field in facts)
    raw = json.dumps(redacted(facts), ensure_ascii=False, indent=1)
    return {**step, "kind": kind, "raw": raw, "text": _safe_text(facts.get("text") or "")}


def _hops(steps: list[View]) -> list[View]:
    """When the signal passed each point of its way, and the milliseconds since the point before."""
    first: dict[str, str] = {}

    def passed(point: str, at: str) -> None:
        first.setdefault(point, at)

    for step in steps:
        facts, at = step["facts"], step["at"]
        if step["kind"] == "arrived":
            passed("sent", facts["sent_at"])
            passed("received", at)
        elif step["kind"] == "decision":
            passed("decided", at)
        elif step["kind"] == "order" and facts["fact"] == Fact.CLAIMED.value:
            passed("claimed", at)
        elif step["kind"] == "order" and facts["fact"] in _ANSWERS:
            passed("answered", at)
        elif step["kind"] == "fill":
            passed("filled", at)
        elif step["kind"] == "end":
            passed("ended", at)
    hops, before = [], None
    for point in ("sent", "received", "decided", "claimed", "answered", "filled", "ended"):
        if point in first:
            hops.append({"point": point, "at": first[point], "ms": _ms(before, first[point])})
            before = first[point]
    return hops


def _ms(before: str | None, after: str | None) -> int | None:
    if before is None or after is None:
        return None
    return round((datetime.fromisoformat(after) - datetime.fromisoformat(before)).total_seconds() * 1000)


def redacted(facts: Any) -> Any:
    """The same without what nobody needs to see: secrets, and the middle of long numbers in texts."""
    if isinstance(facts, dict):
        return {
            name: _MASK if _SECRET_NAME.search(name) and value else _hidden(name, value)
            for name, value in facts.items()
        }
    if isinstance(facts, list):
        return [redacted(one) for one in facts]
    return _SECRET.sub(_MASK, facts) if isinstance(facts, str) else facts


def _hidden(name: str, value: Any) -> Any:
    return _safe_text(value) if name in ("text", "broker_text") and isinstance(value, str) else redacted(value)


def _safe_text(text: str) -> str:
    return _LONG_NUMBER.sub(rf"\1{_MASK}\2", _SECRET.sub(_MASK, text))
