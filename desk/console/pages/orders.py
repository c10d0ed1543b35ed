"""委托/成交: what was sent to brokers and what it has traded; cancel, cancel all, settle what is in doubt."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Scope
from desk.console import chosen
from desk.console.door import asks_trading_password, needs, note, the_caller
from desk.console.sources import Sources
from desk.console.wishes import wish
from desk.console.words import say
from desk.core.values import OrderState
from desk.journal import views
from desk.journal.view_news import slippage
from desk.journal.view_pages import BadMark, Page, fills_page, orders_page

OPEN = "open"
HOWS = ("absent", "live", "filled")


def make(sources: Sources) -> Blueprint:
    orders = Blueprint("orders", __name__, url_prefix="/orders")

    def names() -> dict[str, Any]:
        config = sources.config()
        seen = {row["name"] for row in sources.status()["accounts"]}
        return {"strategies": [one.name for one in config.strategies], "accounts": sorted(seen)}

    @orders.get("")
    @needs(Scope.READ)
    def page() -> str:
        state, open_only, kept = chosen.word(OrderState, "state"), chosen.text("state") == OPEN, _kept()
        if (state is not None or kept["symbol"]) and kept["day"] is None:
            kept["day"] = sources.clock.now().date()
        try:
            found = orders_page(
                sources.journal, mark=chosen.mark(), limit=chosen.PAGE, open_only=open_only, state=state, **kept
            )
        except BadMark:
            abort(400)
        lost = slippage(sources.journal, [row["client_order_id"] for row in found.rows])
        unfinished = views.open_orders(sources.journal)
        return render_template(
            "orders.html",
            found=found,
            lost=lost,
            unfinished=len(unfinished),
            final=[state.value for state in OrderState if state.final],
            states=list(OrderState),
            hows=HOWS,
            **_shown(kept, OPEN if open_only else state.value if state else None),
            **names(),
        )

    @orders.get("/fills")
    @needs(Scope.READ)
    def fills() -> str:
        kept = _kept()
        if kept["symbol"] and kept["day"] is None:
            kept["day"] = sources.clock.now().date()
        try:
            found = fills_page(sources.journal, mark=chosen.mark(), limit=chosen.PAGE, **kept)
        except BadMark:
            abort(400)
        for row in found.rows:
            row["value"] = Decimal(row["price"]) * row["shares"]
        return render_template("fills.html", found=found, sums=_sums(found), **_shown(kept, None), **names())

    @orders.post("/<order>/cancel")
    @needs(Scope.TRADE)
    def cancel(order: str) -> ResponseReturnValue:
        wish(sources.ask, "cancel", {"id": order}, action="order.cancel", target=order)
        return redirect(url_for("orders.page"))

    @orders.post("/cancel-all")
    @needs(Scope.TRADE)
    def cancel_all() -> ResponseReturnValue:
        """Every order that has not ended, one by one; without a trader's answer no further one is asked."""
        unfinished = [row["client_order_id"] for row in views.open_orders(sources.journal)]
        if not unfinished:
            flash(say("orders.nothing_open"), "warn")
        elif not sources.status()["running"]:
            flash(say("orders.nobody"), "bad")
        else:
            asked, refused = _cancelled(sources, unfinished)
            note("order.cancel_all", new={"asked": asked, "refused": refused, "open": len(unfinished)})
            kind = "good" if asked == len(unfinished) else "warn"
            flash(say("orders.cancelled_all", asked=asked, open=len(unfinished)), kind)
        return redirect(url_for("orders.page"))

    @orders.post("/<order>/resolve")
    @needs(Scope.TRADE)
    @asks_trading_password("orders.page")
    def resolve(order: str) -> ResponseReturnValue:
        """Settle an order of unknown outcome by a person's word."""
        how, filled = request.form.get("how", ""), request.form.get("filled", "").strip()[:9]
        if how not in HOWS:
            abort(400)
        args = {"id": order, "how": how, "filled": filled if how == "filled" else ""}
        wish(sources.ask, "resolve", args, action="order.resolve", target=order)
        return redirect(url_for("orders.page"))

    return orders


def _cancelled(sources: Sources, wanted: list[str]) -> tuple[int, int]:
    """How many cancels the trader took and how many it refused."""
    asked = refused = 0
    for order in wanted:
        told = sources.ask("cancel", {"id": order}, f"console:{the_caller().user.name}")
        if told.ok is None:
            break
        asked += told.ok
        refused += not told.ok
    return asked, refused


def _kept() -> dict[str, Any]:
    return {
        "account": chosen.text("account"),
        "strategy": chosen.text("strategy"),
        "symbol": chosen.text("symbol"),
        "day": chosen.day(),
    }


def _shown(kept: dict[str, Any], state: str | None) -> dict[str, Any]:
    day = kept["day"]
    return {
        "kept": {**kept, "day": day.isoformat() if day else None, "state": state},
        "first": chosen.mark() is None,
    }


def _sums(found: Page) -> dict[str, Decimal]:
    """Of this page: what was bought, sold and paid, in yuan."""
    sums = {"buy": Decimal(0), "sell": Decimal(0), "fees": Decimal(0)}
    for row in found.rows:
        sums[row["side"]] += row["value"]
        sums["fees"] += Decimal(row["fee"])
    return sums
