"""Changes strategies in the configuration file, notes it in the journal and tells a running daemon."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from desk.cli.asking import Answer, ask, wait_for, who
from desk.cli.exits import CONFIG, CONFIRM, Leave
from desk.cli.home import TRADER, Home
from desk.cli.terminals import refuse_unreachable
from desk.clock import SystemClock, fresh_bytes
from desk.core.config import Config, StrategyConfig
from desk.core.values import Mode
from desk.core.wire import make_secret
from desk.journal import Journal
from desk.settings import writer
from desk.settings.accounts import RESERVED_NAMES
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
_WAIT_IN_A_DAEMON_S = 3.0  # a worker of the console waits so long for the trader


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Who changes something; `journal` is the one that his process has open already."""

    name: str
    journal: Journal | None = None


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
    return facts, told(place, loaded, {f"策略[{name}]": (None, "新增")}).text


def pause(home: Path, name: str, by: Person | None = None) -> Answer:
    return _set(home, name, "启用", True, False, by=by)


def resume(home: Path, name: str, by: Person | None = None) -> Answer:
    """Enable a strategy; its debts are worked at once, also when a daemon has stopped it by itself.

    手动 and 测试 stand in no file, but are stopped as the others are.
    """
    if name in RESERVED_NAMES:
        place = Home(home)
        return told(place, place.read(), {}, resumed=name, by=by)
    return _set(home, name, "启用", False, True, resumed=True, by=by)


def sell_only(home: Path, name: str, on: bool, by: Person | None = None) -> Answer:
    return _set(home, name, "只卖不买", not on, on, by=by)


def ratio(home: Path, name: str, value: str, account: str | None, by: Person | None = None) -> Answer:
    place = Home(home)
    strategy = find(place.config(), name)
    before = "，".join(f"{share.account} ×{share.ratio}" for share in strategy.accounts)
    loaded = writer.set_strategy(home, os.environ, strategy.name, "跟单比例", number(value), account=account)
    return told(place, loaded, {f"策略[{strategy.name}].跟单比例": (before, value)}, by=by)


def limits(home: Path, account: str, typed: Mapping[str, str], by: Person | None = None) -> Answer:
    """Set 限额 of an account, '' for those of all; `typed` as `writer.set_limits` wants it."""
    before = writer.written_limits(home).get(account, {})
    loaded = writer.set_limits(home, os.environ, account, typed)
    after = writer.written_limits(home).get(account, {})
    place = f"账户[{account}].限额" if account else "限额"
    changes = {
        f"{place}.{key}": (_limit_said(before, key), _limit_said(after, key) or "")
        for key in typed
        if (key in before, before.get(key)) != (key in after, after.get(key))
    }
    return told(Home(home), loaded, changes, by=by)


def full_name(home: Path, name: str) -> str:
    """The name of a strategy that was named by name or kid."""
    return find(Home(home).config(), name).name


def mode(home: Path, name: str, word: str, *, yes: bool, by: Person | None = None) -> Answer:
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
    return _set(home, strategy.name, "模式", strategy.mode.value, wanted.value, by=by)


def rekey(home: Path, name: str) -> str:
    place = Home(home)
    strategy = find(place.config(), name)
    variable = find_secret(strategy.kid, os.environ)
    if variable is not None:
        raise Leave(CONFIG, texts.secret_in_environment(variable[0]))
    secret = make_secret(fresh_bytes(32))
    loaded = writer.set_strategy(home, os.environ, strategy.name, "密钥", secret)
    answer = told(place, loaded, {f"策略[{strategy.name}].密钥": (_MASK, _MASK)})
    return f"{texts.rekeyed(strategy.name)}\n{answer.text}"


def number(text: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation as error:
        raise Leave(CONFIG, texts.bad_number(text)) from error
    if not value.is_finite():
        raise Leave(CONFIG, texts.bad_number(text))
    return value


def _set(
    home: Path, name: str, key: str, old: object, new: object, *, resumed: bool = False, by: Person | None = None
) -> Answer:
    place = Home(home)
    strategy = find(place.config(), name)
    loaded = writer.set_strategy(home, os.environ, strategy.name, key, new)
    changed = {f"策略[{strategy.name}].{key}": (_said(old), _said(new))}
    return told(place, loaded, changed, resumed=strategy.name if resumed else "", by=by)


def _said(value: object) -> str:
    return ("是" if value else "否") if isinstance(value, bool) else str(value)


def _limit_said(limits: Mapping[str, object], key: str) -> str | None:
    """What is written there; None where nothing is."""
    if key not in limits:
        return None
    value = limits[key]
    return writer.OFF if value is None else str(value)


def told(
    place: Home,
    loaded: Loaded,
    changes: Mapping[str, tuple[str | None, str | None]],
    *,
    resumed: str = "",
    by: Person | None = None,
) -> Answer:
    """Note the change and have a daemon take it over; the daemon's or our own sentence. Raises Leave."""
    clock = SystemClock()
    config = loaded.config
    by = by or Person(name=who())
    with nullcontext(by.journal) if by.journal is not None else place.write(config, clock) as journal:
        for key, (old, new) in changes.items():
            journal.note_settings_change(at=clock.now(), who=by.name, key=key, old=old, new=new)
    if not place.runs(TRADER) and not resumed:
        return Answer(ok=None, text=texts.TAKES_EFFECT_LATER, running=False)
    answer = _reload(place, config, {"resumed": resumed} if resumed else {}, by)
    if answer.ok is False:
        raise Leave(CONFIG, texts.reload_refused(answer.text))
    return replace(answer, text=texts.RELOADED) if answer.ok else answer


def _reload(place: Home, config: Config, args: Mapping[str, str], by: Person) -> Answer:
    if by.journal is None:
        return ask(place.path, "reload", args, kept=texts.TAKES_EFFECT_LATER, config=config)
    row = by.journal.ask("reload", dict(args), by.name)
    if not place.runs(TRADER):
        return Answer(ok=None, text=texts.TAKES_EFFECT_LATER, running=False)
    return wait_for(by.journal, row, _WAIT_IN_A_DAEMON_S)
