"""持仓调整: what a person adds to the sum of the strategies' targets or takes away, and the internal password."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Scope
from desk.console import chosen
from desk.console.door import asks_password, asks_trading_password, needs, note, the_caller
from desk.console.sources import Sources
from desk.console.words import say
from desk.core.targets import Adjustment, merged
from desk.journal import PositionBook
from desk.journal.values import plain
from desk.positions import forms, keys

PAGE = 20
SHOWN = 200  # rows of the sum
_FIELDS = ("code", "volume", "cost", "name", "remark")
_Change = Callable[[Sequence[Adjustment]], list[Adjustment]]


def make(sources: Sources) -> Blueprint:
    book = PositionBook(sources.journal)
    adjustments = Blueprint("adjustments", __name__, url_prefix="/adjustments")

    @adjustments.get("")
    @needs(Scope.READ)
    def page() -> str:
        before = chosen.number("before")
        history = book.adjustment_history(PAGE + 1, before)
        newest = next(iter(book.adjustment_history(1)), None)
        now, targets = newest.adjustments if newest is not None else (), book.targets()
        total = merged((target.positions for target in targets), now)
        return render_template(
            "adjustments.html",
            adjustments=now,
            number=newest.number if newest is not None else 0,
            targets=targets,
            total=total[:SHOWN],
            more=max(0, len(total) - SHOWN),
            history=history[:PAGE],
            older=history[PAGE - 1].number if len(history) > PAGE else None,
            before=before,
            password=book.password(),
            uploads=sources.config().position_upload,
        )

    @adjustments.post("")
    @needs(Scope.TRADE)
    @asks_trading_password("adjustments.page")
    def put() -> ResponseReturnValue:
        """Put one row into the list, in the place of that of its stock."""
        typed = _typed({name: request.form.get(name, "").strip() for name in _FIELDS})
        try:
            [row] = forms.read_adjustments({"adjustments": [typed]})
        except forms.BadForm as bad:
            flash(bad.rows[0]["error"] if bad.rows else str(bad), "bad")
            return redirect(url_for("adjustments.page"))
        return saved(lambda rows: [*(one for one in rows if one.symbol != row.symbol), row], row.symbol)

    @adjustments.post("/remove")
    @needs(Scope.TRADE)
    @asks_trading_password("adjustments.page")
    def remove() -> ResponseReturnValue:
        symbol = request.form.get("symbol", "")
        return saved(lambda rows: [one for one in rows if one.symbol != symbol], symbol)

    def saved(change: _Change, symbol: str) -> ResponseReturnValue:
        """Save the changed list, if it is still the one that was seen."""
        newest = next(iter(book.adjustment_history(1)), None)
        if request.form.get("number", type=int) != (newest.number if newest is not None else 0):
            flash(say("adjustments.overtaken"), "bad")
            return redirect(url_for("adjustments.page"))
        before = newest.adjustments if newest is not None else ()
        after = sorted(change(before), key=lambda one: one.symbol)
        if list(before) != after:
            book.save_adjustments(after, by=f"console:{the_caller().user.name}", at=sources.clock.now())
            note("adjustments.saved", symbol, old=_said(before, symbol), new=_said(after, symbol))
        flash(say("adjustments.saved"), "good")
        return redirect(url_for("adjustments.page"))

    @adjustments.post("/password")
    @needs(Scope.ADMIN, by_login=True)
    @asks_password("adjustments.page")
    def password() -> ResponseReturnValue:
        """Set the internal password that programs on this PC upload with."""
        fresh = request.form.get("fresh", "")
        if fresh != request.form.get("again", ""):
            flash(say("password.differ"), "bad")
        elif not keys.fit_password(fresh):
            flash(say("adjustments.unfit"), "bad")
        else:
            book.set_password(keys.hash_password(fresh), sources.clock.now())
            note("internal_password.set")
            flash(say("adjustments.password_set"), "good")
        return redirect(url_for("adjustments.page"))

    return adjustments


def _typed(row: dict[str, str]) -> dict[str, object]:
    """Numbers where they are some; what is none is refused by the form."""
    return {**row, "volume": _number(row["volume"]), "cost": _number(row["cost"] or "0")}


def _number(text: str) -> object:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


def _said(rows: Iterable[Adjustment], symbol: str) -> str | None:
    found = [one for one in rows if one.symbol == symbol]
    return f"{found[0].shares} × {plain(found[0].cost)} {found[0].remark}".strip() if found else None
