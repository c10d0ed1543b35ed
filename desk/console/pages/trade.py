"""手动下单: the market of a stock, a check before the order, the order, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from base_func import UnsupportedSymbol, symbol_of
from desk.access import Scope
from desk.clock import fresh_bytes
from desk.console.door import asks_trading_password, needs
from desk.console.precheck import PARTS, Finding, Standing, findings, known_symbol, part_of
from desk.console.sources import Sources
from desk.console.wishes import wish
from desk.console.words import say
from desk.core.manual import STRATEGY, CannotOrder, read_order
from desk.core.values import Side
from desk.core.view import shadow_of
from desk.journal.view_figures import manual_order, usage
from desk.journal.view_manual import manual_holdings
from desk.journal.view_pages import orders_page

FIELDS = ("account", "symbol", "side", "shares", "price")
_LATEST = 20
_NOT_USED = {"orders": 0, "cancels": 0, "buy_turnover": Decimal(0)}


@dataclass(slots=True)
class Form:
    """What a person has typed, with the symbol in our spelling where it has one."""

    account: str
    symbol: str
    side: Side
    shares: str
    price: str
    known: bool  # the symbol is one that we trade

    @property
    def args(self) -> dict[str, Any]:
        price = self.price.replace(",", "")
        shares = self.shares.replace(",", "")
        said = {"account": self.account, "symbol": self.symbol, "side": self.side.value, "shares": shares}
        return {**said, "price": price} if price else said


def make(sources: Sources) -> Blueprint:
    trade = Blueprint("trade", __name__, url_prefix="/trade")

    @trade.get("")
    @needs(Scope.TRADE)
    def page() -> str:
        status = sources.status()
        form = _read(request.args, status["accounts"])
        holdings = manual_holdings(sources.journal)
        now = _standing(sources, form, status, holdings) if form.known else None
        found = _check(form, now) if form.symbol else []
        key = request.args.get("key", "")
        return render_template(
            "trade.html",
            form=form,
            accounts=status["accounts"],
            holdings=holdings,
            met=now,
            levels=_levels(now),
            findings=found,
            may_order=bool(found) and not any(one.grade == "bad" for one in found),
            new_key=fresh_bytes(12).hex(),
            sent=manual_order(sources.journal, key) if key else None,
            asked=bool(key),
            latest=orders_page(sources.journal, mark=None, limit=_LATEST, strategy=STRATEGY).rows,
            parts=tuple(PARTS),
            buy=Side.BUY,
            sell=Side.SELL,
        )

    @trade.post("")
    @needs(Scope.TRADE)
    @asks_trading_password("trade.page", keeps=FIELDS)
    def order() -> ResponseReturnValue:
        form = _read(request.form, sources.status()["accounts"])
        key = request.form.get("key", "")
        told = wish(sources.ask, "order", {"key": key, **form.args}, action="order", target=form.symbol)
        if told.ok is False:
            return redirect(url_for("trade.page", **form.args))
        return redirect(url_for("trade.page", key=key))

    return trade


def _read(said: Mapping[str, str], accounts: list[dict[str, Any]]) -> Form:
    typed = said.get("symbol", "").strip()[:16].upper()
    symbol, known = known_symbol(typed) or typed, True
    try:
        symbol = symbol_of(symbol)
    except UnsupportedSymbol:
        known = False
    side = Side.SELL if said.get("side") == Side.SELL.value else Side.BUY
    account = said.get("account", "") or (accounts[0]["name"] if accounts else "")
    shares, price = (said.get(name, "").strip()[:24] for name in ("shares", "price"))
    return Form(account=account, symbol=symbol, side=side, shares=shares, price=price, known=known)


def _standing(sources: Sources, form: Form, status: Mapping[str, Any], holdings: list[dict[str, Any]]) -> Standing:
    today = sources.clock.now().date()
    config = sources.config()
    return Standing(
        account=next((row for row in status["accounts"] if row["name"] == form.account), {}),
        config=next((a for a in config.accounts if form.account in (a.name, shadow_of(a.name))), None),
        used=usage(sources.journal, today).get(form.account, _NOT_USED),
        holding=next((r for r in holdings if (r["account"], r["symbol"]) == (form.account, form.symbol)), None),
        quote=sources.quote(form.account, form.symbol),
        instrument=sources.instrument(form.account, form.symbol),
        halted=status["halted"],
        running=status["running"],
    )


def _check(form: Form, now: Standing | None) -> list[Finding]:
    """Fill the shares in from a pressed part, and say what stands against the order; nothing while none is named."""
    if now is None:
        return [Finding("bad", say("check.no_symbol", symbol=form.symbol))]
    pressed = PARTS.get(request.args.get("part", ""))
    try:
        if pressed is not None:
            limit = read_order({"key": "-", **form.args, "shares": "1"}).limit
            shares = part_of(pressed, form.symbol, form.side, limit, now)
            if not shares:
                return [Finding("bad", say("check.part_unknown") if shares is None else say("check.part_nothing"))]
            form.shares = str(shares)
        if not form.shares:
            return []
        return findings(read_order({"key": "-", **form.args}), now)
    except CannotOrder as error:
        return [Finding("bad", str(error))]


def _levels(now: Standing | None) -> list[tuple[str, Decimal, int]]:
    """The five asks, the last price, the five bids, from above: (which, price, shares)."""
    if now is None or now.quote is None:
        return []
    asks = [(f"{n}", *level) for n, level in enumerate(now.quote.asks[:5], 1)]
    bids = [(f"-{n}", *level) for n, level in enumerate(now.quote.bids[:5], 1)]
    return [*reversed(asks), ("0", now.quote.last, 0), *bids]
