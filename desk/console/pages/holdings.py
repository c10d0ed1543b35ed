"""持仓与偏差: what accounts hold, what strategies should hold and do, why these differ, and the plans that mend it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Scope
from desk.console.door import asks_trading_password, needs
from desk.console.sources import Sources
from desk.console.wishes import wish
from desk.console.words import say
from desk.journal import views
from desk.journal.view_books import books
from desk.journal.view_pages import BadMark, changes_page
from desk.journal.view_plans import plans

_ROWS = 100  # of one page
_BOOK = ("strategy", "symbol", "account")
View = dict[str, Any]


def make(sources: Sources) -> Blueprint:
    holdings = Blueprint("holdings", __name__, url_prefix="/holdings")

    @holdings.get("")
    @needs(Scope.READ)
    def page() -> str:
        account, strategy = request.args.get("account") or None, request.args.get("strategy") or None
        everything = request.args.get("all") == "1"
        held = views.positions(sources.journal, account=account)
        found = books(sources.journal, strategy=strategy, account=account)
        differing = [row for row in found if everything or differs(row)]
        shown, pages = _sliced(held, "page"), _sliced(differing, "books")
        return render_template(
            "holdings.html",
            held=shown,
            totals=_totals(held),
            books=[{**row, "causes": causes(row)} for row in pages["rows"]],
            book_pages=pages,
            agreeing=len(found) - len(differing),
            everything=everything,
            plans=plans(sources.journal),
            account=account,
            strategy=strategy,
            accounts=[row["name"] for row in sources.status()["accounts"]],
            strategies=sorted({row["strategy"] for row in found}),
        )

    @holdings.get("/book")
    @needs(Scope.READ)
    def book() -> str:
        wanted = {name: request.args.get(name, "") for name in _BOOK}
        try:
            page = changes_page(
                sources.journal,
                strategy=wanted["strategy"],
                symbol=wanted["symbol"],
                account=wanted["account"] or None,
                mark=request.args.get("mark"),
                limit=_ROWS,
            )
        except BadMark:
            abort(400)
        return render_template("book.html", rows=page.rows, next=page.next, wanted=wanted)

    @holdings.post("/adjust")
    @needs(Scope.TRADE)
    @asks_trading_password("holdings.book", keeps=_BOOK)
    def adjust() -> ResponseReturnValue:
        """Make the plan that adds shares to what a strategy is entitled to, or takes some away."""
        wanted: View = {name: request.form.get(name, "")[:64] for name in _BOOK}
        args = {"strategy": wanted["strategy"], "security": wanted["symbol"], "account": wanted["account"]}
        shares = request.form.get("shares", "").strip()[:12]
        told = wish(
            sources.ask,
            "adjust",
            {**args, "shares": shares},
            action="strategy.adjust",
            target=wanted["strategy"],
        )
        return redirect(url_for("waiting.page") if told.ok else url_for("holdings.book", **wanted))

    return holdings


def differs(row: View) -> bool:
    moving = row["in_flight_shares"] or row["pending_shares"] or row["debt_shares"]
    return bool(row["target_shares"] != row["own_shares"] or row["gap"] or moving)


def causes(row: View) -> list[str]:
    """Why a book does not hold what it should, in words."""
    said = [part for part in (row["gap"] or "").split("; ") if part]
    if row["in_flight_shares"]:
        said.append(say("holdings.in_flight", shares=f"{row['in_flight_shares']:+,}"))
    if row["pending_shares"]:
        said.append(say("holdings.pending", shares=f"{row['pending_shares']:+,}"))
    if row["debt_shares"]:
        said.append(say("holdings.debt", shares=f"{row['debt_shares']:,}"))
    if not said and row["target_shares"] > row["own_shares"]:
        said.append(say("holdings.short"))
    if not said and row["target_shares"] < row["own_shares"]:
        said.append(say("holdings.long"))
    return said


def _sliced(rows: list[View], name: str) -> View:
    """The rows of the page that the query names."""
    asked = request.args.get(name, "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1
    last = max(1, -(-len(rows) // _ROWS))
    number = min(max(1, number), last)
    return {"rows": rows[(number - 1) * _ROWS : number * _ROWS], "number": number, "last": last, "count": len(rows)}


def _totals(held: list[View]) -> View:
    return {name: sum((Decimal(row[name]) for row in held), Decimal(0)) for name in ("value", "profit")}
