"""Changes 聚宽跟单设置.json in place: order and spelling kept, never into something that would not load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

from filelock import FileLock

from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE, parse, read_bytes
from desk.settings.files import as_number, dump, load_as_written, write_whole
from desk.settings.legacy import upgrade_follow
from desk.settings.loader import Loaded, config_folder, examine
from desk.settings.problems import ConfigProblems, Findings
from desk.settings.table import closest
from desk.texts import settings as texts

SETTABLE = ("启用", "跟单比例", "模式", "密钥", "只卖不买", "允许旧协议", "信号有效秒数")
_LOCK_WAIT_S = 10


class CannotChange(Exception):
    """The change was not made: its text says what the user got wrong."""


def fresh_kid(loaded: Loaded) -> str:
    """The first of s1, s2 … that no strategy has."""
    taken = {strategy.kid.casefold() for strategy in loaded.config.strategies}
    return next(f"s{n}" for n in range(1, len(taken) + 2) if f"s{n}" not in taken)


def add_strategy(
    home: Path,
    env: Mapping[str, str],
    *,
    name: str,
    kid: str,
    secret: str,
    ratio: Decimal = Decimal(1),
    account: str | None = None,
) -> Loaded:
    """Add a strategy in 模拟; return the new configuration. Raises CannotChange, ConfigProblems, CannotWrite."""

    def change(strategies: list[object]) -> None:
        if any(isinstance(item, dict) and item.get("名称") == name for item in strategies):
            raise CannotChange(texts.strategy_exists(name))
        new: dict[str, object] = {"名称": name, "标识": kid, "密钥": secret, "跟单比例": as_number(ratio)}
        if account is not None:
            new["账户"] = account
        strategies.append({**new, "模式": "模拟", "启用": True})

    return _change(home, env, change)


def set_strategy(
    home: Path, env: Mapping[str, str], name: str, key: str, value: object, *, account: str | None = None
) -> Loaded:
    """Set one key of a strategy; a ratio on all of its accounts, or on `account` alone. Raises as add_strategy."""
    if key not in SETTABLE:
        raise CannotChange(texts.not_settable(key, SETTABLE))

    def change(strategies: list[object]) -> None:
        strategy = _find(strategies, name)
        if key == "跟单比例":
            _set_ratio(strategy, name, as_number(value) if isinstance(value, Decimal) else value, account)
        else:
            strategy[key] = value

    return _change(home, env, change)


def _find(strategies: list[object], name: str) -> dict[str, object]:
    known = {str(item.get("名称", "")).strip(): item for item in strategies if isinstance(item, dict)}
    if name not in known:
        raise CannotChange(texts.no_such_strategy(name, closest(name, known)))
    return known[name]


def _set_ratio(strategy: dict[str, object], name: str, ratio: object, account: str | None) -> None:
    shares = strategy.get("账户")
    if not isinstance(shares, list):
        if account is not None and shares not in (None, "", account):
            raise CannotChange(texts.account_not_followed(name, account))
        strategy["跟单比例"] = ratio
        return
    if account is None:
        strategy["跟单比例"] = ratio
    reached = False
    for index, share in enumerate(shares):
        of = share.get("账户") if isinstance(share, dict) else share
        if account is not None and of == account:
            shares[index] = {"账户": of, **(share if isinstance(share, dict) else {}), "跟单比例": ratio}
            reached = True
        elif account is None and isinstance(share, dict):
            share.pop("跟单比例", None)
    if account is not None and not reached:
        raise CannotChange(texts.account_not_followed(name, account))


def _change(home: Path, env: Mapping[str, str], change: Callable[[list[object]], None]) -> Loaded:
    folder = config_folder(home)
    path = folder / FOLLOW_FILE
    findings = Findings()
    if not folder.is_dir():
        findings.problem(FOLLOW_FILE, "", texts.NO_CONFIG)
        raise ConfigProblems(findings.problems)
    lock = home / "data" / "配置.lock"  # of the CLI and the console together
    lock.parent.mkdir(exist_ok=True)
    with FileLock(lock, timeout=_LOCK_WAIT_S):
        old, analysis = read_bytes(path, findings), read_bytes(folder / ANALYSIS_FILE, findings)
        if old is None or analysis is None:
            raise ConfigProblems(findings.problems)
        parse(old, FOLLOW_FILE, findings)
        if findings.problems:
            raise ConfigProblems(findings.problems)
        document = upgrade_follow(load_as_written(old), findings)
        strategies = document.setdefault("策略", [])
        if not isinstance(strategies, list):
            findings.problem(FOLLOW_FILE, "策略", texts.SHOULD_BE_LIST)
        if findings.problems:
            raise ConfigProblems(findings.problems)
        assert isinstance(strategies, list)
        change(strategies)
        text = dump(document)
        loaded = examine(text.encode("utf-8"), analysis, home, env)
        write_whole(path, text, keep_old=True)
    return loaded
