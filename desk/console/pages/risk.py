"""风控限额: how much of each limit is used, where it comes from, and its change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Scope
from desk.console.door import asks_trading_password, needs
from desk.console.exposure import of_strategies, used
from desk.console.sources import Sources
from desk.console.wishes import wish
from desk.console.words import help_of
from desk.core.config import Limits
from desk.settings.problems import ConfigProblems
from desk.settings.table import Section, rows_of
from desk.settings.writer import OFF, written_limits

_SETTINGS = rows_of(Section.LIMITS)
_LONGEST = 24


def make(sources: Sources) -> Blueprint:
    risk = Blueprint("risk", __name__, url_prefix="/risk")

    @risk.get("")
    @needs(Scope.READ)
    def page() -> str:
        config = sources.config()
        written = _written(sources)
        spent = used(sources.journal, sources.status(), sources.clock.now().date())
        cards = [
            {
                "name": account.name,
                "rows": [
                    {
                        "name": setting.attribute,
                        "limit": getattr(account.limits, setting.attribute),
                        "used": spent[account.name].get(setting.attribute),
                        "from": _whence(setting.key, written, account.name),
                    }
                    for setting in _SETTINGS
                ],
            }
            for account in config.accounts
        ]
        scopes = [
            {
                "name": name,
                "rows": [
                    {
                        "name": s.attribute,
                        "typed": _typed(limits, s.key),
                        "help": help_of(s),
                        "without": _without(s, written, name),
                    }
                    for s in _SETTINGS
                ],
            }
            for name, limits in written.items()
        ]
        strategies = of_strategies(sources.journal, config)
        return render_template("risk.html", accounts=cards, scopes=scopes, strategies=strategies)

    @risk.post("/limits")
    @needs(Scope.ADMIN)
    @asks_trading_password("risk.page")
    def limits() -> ResponseReturnValue:
        """Set what was typed for one account, or with '' for all; the fields that are not sent stay."""
        account = request.form.get("account", "")
        typed = {
            setting.key: request.form[setting.attribute].strip()[:_LONGEST]
            for setting in _SETTINGS
            if setting.attribute in request.form
        }
        before = _written(sources).get(account, {})
        old = {key: _typed(before, key) for key in typed}
        changed = {key: text for key, text in typed.items() if text != old[key]}
        wish(
            sources.change,
            "limits",
            {"account": account, **typed},
            action="limits",
            target=account,
            old={key: old[key] for key in changed},
            new=changed,
        )
        return redirect(url_for("risk.page"))

    return risk


def _written(sources: Sources) -> dict[str, dict[str, object]]:
    """As the files have them; nothing where they cannot be read just now."""
    try:
        return written_limits(sources.config().home)
    except ConfigProblems:
        return {}


def _typed(limits: Mapping[str, object], key: str) -> str:
    if key not in limits:
        return ""
    return OFF if limits[key] is None else str(limits[key])


def _whence(key: str, written: Mapping[str, Mapping[str, object]], account: str) -> str:
    return "own" if key in written.get(account, {}) else "all" if key in written.get("", {}) else "default"


def _without(setting: Any, written: Mapping[str, Mapping[str, object]], name: str) -> str:
    """What would hold if nothing were typed."""
    common = _typed(written.get("", {}), setting.key) if name else ""
    value = getattr(Limits(), setting.attribute)
    return common or (OFF if value is None else f"{value}")
