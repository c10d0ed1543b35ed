"""The sending side as a user meets it: the text to paste, and a test signal through the real thing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from desk.cli.exits import BROKER, CONFIG, CONFIRM, NOT_RUNNING, SELF_TEST, UNEXPECTED, Leave
from desk.cli.home import RECEIVER, TRADER, Home
from desk.cli.joinquant import Pasted, Platform
from desk.cli.strategies import find
from desk.cli.terminals import MINIQMT, missing_library
from desk.clock import SystemClock, pause
from desk.core.config import Config, StrategyConfig
from desk.core.values import Reason, Verdict
from desk.journal import Journal, views
from desk.snippet import local_address, render, render_positions
from desk.texts import cli as texts

_OUTCOME_WITHIN_S = 5.0


def snippet(home: Path, name: str, address: str | None) -> tuple[str, str]:
    """The text to paste, and a remark for the person ('' for none)."""
    return _pasted(Home(home).config(), name, address, render)


def positions(home: Path, name: str, address: str | None) -> tuple[str, str]:
    """The position uploader's text to paste, and a remark for the person ('' for none)."""
    config = Home(home).config()
    text, remark = _pasted(config, name, address, render_positions)
    return text, "\n".join(filter(None, ("" if config.position_upload else texts.POSITION_UPLOAD_OFF, remark)))


def _pasted(
    config: Config, name: str, address: str | None, render: Callable[[str, str, str, str], str]
) -> tuple[str, str]:
    strategy = _with_secret(config, name)
    remark = "" if address or config.public_url else texts.snippet_without_address(local_address(config))
    where = address or config.public_url or local_address(config)
    try:
        return render(where, strategy.kid, strategy.secret, strategy.name), remark
    except ValueError as error:
        raise Leave(CONFIG, texts.bad_address(where)) from error


def _with_secret(config: Config, name: str) -> StrategyConfig:
    strategy = find(config, name)
    if not strategy.secret:
        raise Leave(CONFIG, texts.no_secret(strategy.name))
    return strategy


def test_signal(
    home: Path,
    name: str,
    *,
    security: str,
    buy: bool,
    amount: int,
    price: float | None,
    via_tunnel: bool,
    live: bool,
    yes: bool,
) -> dict[str, Any]:
    """Send one test order by the pasted file's own code to the real door; what was answered and what came of it."""
    place = Home(home)
    config = place.config()
    strategy = _with_secret(config, name)
    _may_send(place, config, strategy, via_tunnel=via_tunnel, live=live, yes=yes)
    address = config.public_url if via_tunnel else local_address(config)
    clock = SystemClock()
    platform = Platform(clock)
    pasted = Pasted(platform, clock, address=address, kid=strategy.kid, secret=strategy.secret, name=strategy.name)
    try:
        answer = pasted.call("gendan_test", security, amount, buy, price, live)
    finally:
        pasted.close()
    if answer is None:
        raise Leave(UNEXPECTED, texts.test_not_delivered(address, platform.log.lines[-1:]))
    with place.look(config, clock) as journal:
        signal = _outcome(journal, pasted.last_id(), clock, wait=place.runs(TRADER))
    return {"answer": answer, "address": address, "id": pasted.last_id(), "signal": signal}


def judge(sent: dict[str, Any]) -> None:
    """Raise Leave where the chain has refused a test that was delivered: it has failed."""
    signal = sent["signal"]
    if sent["answer"] not in ("accepted", "duplicate"):
        raise Leave(SELF_TEST, texts.test_failed(texts.test_answered(sent["answer"])))
    if signal is not None and signal["verdict"] == Verdict.REFUSED:
        code = BROKER if signal["reason"] == Reason.BROKER_DOWN else SELF_TEST
        raise Leave(code, texts.test_failed(signal["reason"]))


def _may_send(
    place: Home, config: Config, strategy: StrategyConfig, *, via_tunnel: bool, live: bool, yes: bool
) -> None:
    if via_tunnel and not config.public_url:
        raise Leave(CONFIG, texts.NO_PUBLIC_URL)
    if not via_tunnel and not place.runs(RECEIVER):
        raise Leave(NOT_RUNNING, texts.NOT_RUNNING)
    real = [
        share.account
        for share in strategy.accounts
        if (account := config.account(share.account)) is not None and account.channel != "paper"
    ]
    if live and real:
        if not yes:
            raise Leave(CONFIRM, texts.TEST_LIVE_NEEDS_YES)
        later = [name for name in real if (a := config.account(name)) is not None and a.channel != MINIQMT]
        if later:
            raise Leave(BROKER, texts.real_account_later(later))
        why = missing_library(config)
        if why:
            raise Leave(BROKER, why)


def _outcome(journal: Journal, event_id: str, clock: SystemClock, *, wait: bool) -> dict[str, Any] | None:
    """The signal's view, once its outcome is known or patience is over."""
    until = clock.monotonic() + (_OUTCOME_WITHIN_S if wait else 0.0)
    while True:
        found = [row for row in views.signals(journal, limit=50) if row["id"] == event_id]
        if (found and found[0]["verdict"] != "working") or clock.monotonic() >= until:
            return found[0] if found else None
        pause(0.05)
