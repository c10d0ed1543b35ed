"""策略: how each stands, and its switches; what is changed is written into the file as the `strategy` verbs do."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Scope
from desk.console.api.reading import Reading
from desk.console.door import asks_trading_password, needs, note
from desk.console.sources import Sources
from desk.console.wishes import wish
from desk.console.words import say
from desk.core.config import StrategyConfig
from desk.core.values import Mode
from desk.journal.view_stopped import stopped
from desk.settings.accounts import RESERVED_NAMES
from desk.snippet import local_address, render

_BACK = "strategies.page"


def make(sources: Sources) -> Blueprint:
    strategies = Blueprint("strategies", __name__, url_prefix="/strategies")
    reading = Reading(journal=sources.journal, config=sources.config, status_view=sources.status)

    def named(kid: str) -> StrategyConfig:
        found = sources.config().by_kid(kid)
        if found is None:
            abort(404)
        return found

    def change(kid: str, verb: str, old: str, new: str, **args: str) -> bool:
        strategy = named(kid)
        told = wish(
            sources.change,
            verb,
            {"name": strategy.name, **args},
            action=f"strategy.{verb}",
            target=strategy.name,
            old=old,
            new=new,
        )
        return told.ok is not False

    @strategies.get("")
    @needs(Scope.READ)
    def page() -> str:
        names = stopped(sources.journal)["strategies"]
        rows = [{**row, "broken": row["name"] in names} for row in reading.strategies()["items"]]
        by_hand = [name for name in names if name in RESERVED_NAMES]
        return render_template("strategies.html", strategies=rows, by_hand=by_hand, modes=tuple(Mode))

    @strategies.post("/<kid>/pause")
    @needs(Scope.TRADE)
    def pause(kid: str) -> ResponseReturnValue:
        """Without a password: to stop buying must be easy."""
        change(kid, "pause", _on(named(kid).enabled), "0")
        return redirect(url_for(_BACK))

    @strategies.post("/<kid>/resume")
    @needs(Scope.TRADE)
    @asks_trading_password(_BACK)
    def resume(kid: str) -> ResponseReturnValue:
        """What stands in no file is named by its name."""
        if kid in RESERVED_NAMES:
            wish(sources.change, "resume", {"name": kid}, action="strategy.resume", target=kid, old="0", new="1")
            return redirect(url_for(_BACK))
        change(kid, "resume", _on(named(kid).enabled), "1")
        return redirect(url_for(_BACK))

    @strategies.post("/<kid>/sell-only")
    @needs(Scope.TRADE)
    @asks_trading_password(_BACK)
    def sell_only(kid: str) -> ResponseReturnValue:
        wanted = request.form.get("on", "1")
        change(kid, "sell_only", _on(named(kid).sell_only), wanted, on=wanted)
        return redirect(url_for(_BACK))

    @strategies.post("/<kid>/ratio")
    @needs(Scope.TRADE)
    @asks_trading_password(_BACK)
    def ratio(kid: str) -> ResponseReturnValue:
        """For buys to come; on request also a plan for what is held."""
        strategy = named(kid)
        before = ", ".join(f"{share.account} ×{share.ratio}" for share in strategy.accounts)
        account, typed = request.form.get("account", ""), request.form.get("ratio", "").strip()[:20]
        if (
            change(kid, "ratio", before, f"{account} ×{typed}", ratio=typed, account=account)
            and request.form.get("plan") == "1"
        ):
            wish(sources.ask, "plan", {"strategy": strategy.name}, action="strategy.plan", target=strategy.name)
        return redirect(url_for(_BACK))

    @strategies.post("/<kid>/plan")
    @needs(Scope.TRADE)
    @asks_trading_password(_BACK)
    def plan(kid: str) -> ResponseReturnValue:
        """Make the plan that brings what is held to the ratio; it waits for its approval."""
        name = named(kid).name
        wish(sources.ask, "plan", {"strategy": name}, action="strategy.plan", target=name)
        return redirect(url_for(_BACK))

    @strategies.post("/<kid>/mode")
    @needs(Scope.TRADE)
    @asks_trading_password(_BACK)
    def mode(kid: str) -> ResponseReturnValue:
        wanted, sure = request.form.get("mode", ""), request.form.get("sure", "")
        if wanted not in tuple(Mode):
            abort(400)
        if wanted == Mode.LIVE and sure != "1":
            flash(say("strategies.not_sure"), "bad")
        else:
            change(kid, "mode", named(kid).mode.value, wanted, mode=wanted, sure=sure)
        return redirect(url_for(_BACK))

    @strategies.post("/<kid>/snippet")
    @needs(Scope.ADMIN)
    @asks_trading_password(_BACK)
    def snippet(kid: str) -> ResponseReturnValue:
        """The code to paste at JoinQuant; it holds the secret, so that it is shown on request alone."""
        strategy, config = named(kid), sources.config()
        address = config.public_url or local_address(config)
        try:
            text = render(address, strategy.kid, strategy.secret, strategy.name)
        except ValueError:
            flash(say("strategies.no_snippet"), "bad")
            return redirect(url_for(_BACK))
        note("strategy.snippet", strategy.name)
        return render_template("snippet.html", text=text, strategy=strategy.name, public=bool(config.public_url))

    return strategies


def _on(value: bool) -> str:
    return "1" if value else "0"
