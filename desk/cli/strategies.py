"""Changes strategies in the configuration file, notes it in the journal and tells a running daemon."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from desk.cli.asking import ask, who
from desk.cli.exits import CONFIG, CONFIRM, Leave
from desk.cli.home import TRADER, Home
from desk.cli.terminals import refuse_unreachable
from desk.clock import SystemClock, fresh_bytes
from desk.core.config import Config, StrategyConfig
from desk.core.values import Mode
from desk.core.wire import make_secret
from desk.settings import writer
from desk.settings.environment import find_secret
from desk.settings.loader import Loaded
from desk.settings.table import closest
from desk.texts import cli as texts

_MODES = {mode.value: mode for mode in Mode} | {
    "paper": Mode.PAPER,
    "sim": Mode.PAPER,
    "confirm": Mode.CONFIRM,
    "live": Mode.LIVE,
}
_MASK = "******"


def find(config: Config, name: str) -> StrategyConfig:
    """A strategy by its name or its kid. Raises Leave."""
    found = config.strategy(name) or config.by_kid(name)
    if found is None:
        raise Leave(CONFIG, texts.unknown_strategy(name, closest(name, [s.name for s in config.strategies])))
    return found


def add(home: Path, name: str, *, kid: str | None, ratio: str, account: str | None) -> tuple[dict[str, str], str]:
    """Add a strategy with a new secret; what the user must know of it, and what a daemon said."""
    place = Home(home)
    secret = make_secret(fresh_bytes(32))
    before = place.read()
    kid = kid or writer.fresh_kid(before)
    if account is None and len(before.config.accounts) == 1:
        account = before.config.accounts[0].name  # written out: a second account must not change what it means
    loaded = writer.add_strategy(
        home, os.environ, name=name, kid=kid, secret=secret, ratio=number(ratio), account=account
    )
    added = find(loaded.config, name)
    facts = {
        "name": name,
        "kid": kid,
        "secret": secret,
        "mode": added.mode.value,
        "accounts": "，".join(f"{share.account} ×{share.ratio}" for share in added.accounts),
    }
    return facts, _told(place, loaded, {f"策略[{name}]": (None, "新增")})


def pause(home: Path, name: str) -> str:
    return _set(home, name, "启用", True, False)


def resume(home: Path, name: str) -> str:
    """Enable a strategy; its debts are worked at once, also when a daemon has stopped it by itself."""
    return _set(home, name, "启用", False, True, resumed=True)


def ratio(home: Path, name: str, value: str, account: str | None) -> str:
    place = Home(home)
    strategy = find(place.config(), name)
    before = "，".join(f"{share.account} ×{share.ratio}" for share in strategy.accounts)
    loaded = writer.set_strategy(home, os.environ, strategy.name, "跟单比例", number(value), account=account)
    return _told(place, loaded, {f"策略[{strategy.name}].跟单比例": (before, value)})


def full_name(home: Path, name: str) -> str:
    """The name of a strategy that was named by name or kid."""
    return find(Home(home).config(), name).name


def mode(home: Path, name: str, word: str, *, yes: bool) -> str:
    """Set the mode; 实盘 only by a person's explicit word."""
    wanted = _MODES.get(word.strip().lower())
    if wanted is None:
        raise Leave(CONFIG, texts.bad_mode(word))
    place = Home(home)
    config = place.config()
    strategy = find(config, name)
    if wanted is Mode.LIVE and not yes:
        raise Leave(CONFIRM, texts.LIVE_NEEDS_YES)
    refuse_unreachable(replace(config, strategies=(replace(strategy, mode=wanted),)))
    return _set(home, strategy.name, "模式", strategy.mode.value, wanted.value)


def rekey(home: Path, name: str) -> str:
    place = Home(home)
    strategy = find(place.config(), name)
    variable = find_secret(strategy.kid, os.environ)
    if variable is not None:
        raise Leave(CONFIG, texts.secret_in_environment(variable[0]))
    secret = make_secret(fresh_bytes(32))
    loaded = writer.set_strategy(home, os.environ, strategy.name, "密钥", secret)
    told = _told(place, loaded, {f"策略[{strategy.name}].密钥": (_MASK, _MASK)})
    return f"{texts.rekeyed(strategy.name)}\n{told}"


def number(text: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation as error:
        raise Leave(CONFIG, texts.bad_number(text)) from error
    if not value.is_finite():
        raise Leave(CONFIG, texts.bad_number(text))
    return value


def _set(home: Path, name: str, key: str, old: object, new: object, *, resumed: bool = False) -> str:
    place = Home(home)
    strategy = find(place.config(), name)
    loaded = writer.set_strategy(home, os.environ, strategy.name, key, new)
    changed = {f"策略[{strategy.name}].{key}": (_said(old), _said(new))}
    return _told(place, loaded, changed, resumed=strategy.name if resumed else "")


def _said(value: object) -> str:
    return ("是" if value else "否") if isinstance(value, bool) else str(value)


def _told(place: Home, loaded: Loaded, changes: Mapping[str, tuple[str | None, str]], *, resumed: str = "") -> str:
    """Note the change and have a daemon take it over; the daemon's or our own sentence. Raises Leave."""
    clock = SystemClock()
    config = loaded.config
    with place.write(config, clock) as journal:
        for key, (old, new) in changes.items():
            journal.note_settings_change(at=clock.now(), who=who(), key=key, old=old, new=new)
    if not place.runs(TRADER) and not resumed:
        return texts.TAKES_EFFECT_LATER
    args = {"resumed": resumed} if resumed else {}
    answer = ask(place.path, "reload", args, kept=texts.TAKES_EFFECT_LATER, config=config)
    if answer.ok is False:
        raise Leave(CONFIG, texts.reload_refused(answer.text))
    return answer.text if answer.ok is None else texts.RELOADED
