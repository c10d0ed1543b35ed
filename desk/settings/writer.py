"""Changes the configuration files in place: order and spelling kept, never into something that would not load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

from filelock import FileLock

from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE, parse, read_bytes
from desk.settings.files import as_number, dump, load_as_written, write_whole
from desk.settings.kinds import Unfit
from desk.settings.legacy import upgrade_analysis, upgrade_follow
from desk.settings.loader import Loaded, config_folder, examine
from desk.settings.problems import ConfigProblems, Findings
from desk.settings.table import Section, closest, row
from desk.texts import settings as texts

SETTABLE = ("启用", "跟单比例", "模式", "密钥", "只卖不买", "允许旧协议", "信号有效秒数")
OFF = "不限"  # what a person types for null
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

    def change(document: dict[str, object]) -> None:
        strategies = _listed(document, "策略")
        if any(isinstance(item, dict) and item.get("名称") == name for item in strategies):
            raise CannotChange(texts.strategy_exists(name))
        new: dict[str, object] = {"名称": name, "标识": kid, "密钥": secret, "跟单比例": as_number(ratio)}
        if account is not None:
            new["账户"] = account
        strategies.append({**new, "模式": "模拟", "启用": True})

    return change_file(home, env, FOLLOW_FILE, change)


def set_strategy(
    home: Path, env: Mapping[str, str], name: str, key: str, value: object, *, account: str | None = None
) -> Loaded:
    """Set one key of a strategy; a ratio on all of its accounts, or on `account` alone. Raises as add_strategy."""
    if key not in SETTABLE:
        raise CannotChange(texts.not_settable(key, SETTABLE))

    def change(document: dict[str, object]) -> None:
        strategy = _find(_listed(document, "策略"), name)
        if key == "跟单比例":
            _set_ratio(strategy, name, as_number(value) if isinstance(value, Decimal) else value, account)
        else:
            strategy[key] = value

    return change_file(home, env, FOLLOW_FILE, change)


def set_limits(home: Path, env: Mapping[str, str], account: str, typed: Mapping[str, str]) -> Loaded:
    """Set 限额 of one account, or with '' those of all; keys that are not named stay. Raises as add_strategy.

    What is `typed` for a key: a number, OFF for no limit, or '' for what holds without the key.
    """
    values = {key: _typed_limit(key, text) for key, text in typed.items() if text.strip()}

    def change(document: dict[str, object]) -> None:
        holder = _find(_listed(document, "账户"), account, _no_such_account) if account else document
        limits = holder.setdefault("限额", {})
        if not isinstance(limits, dict):
            raise CannotChange(texts.SHOULD_BE_OBJECT)
        for key in typed:
            limits.pop(key, None)
        limits.update(values)
        if not limits:
            del holder["限额"]

    return change_file(home, env, ANALYSIS_FILE if account else FOLLOW_FILE, change)


def written_limits(home: Path) -> dict[str, dict[str, object]]:
    """限额 as the files have them, by account, '' for those of all; null is None. Raises ConfigProblems."""
    findings = Findings()
    found: dict[str, dict[str, object]] = {}
    for file, upgrade in _UPGRADES.items():
        raw = read_bytes(config_folder(home) / file, findings)
        document = parse(raw, file, findings) if raw is not None else None
        if document is None:
            raise ConfigProblems(findings.problems)
        document = upgrade(document, findings)
        holders = {"": document} if file == FOLLOW_FILE else _by_name(_listed(document, "账户"))
        for name, holder in holders.items():
            limits = holder.get("限额")
            found[name] = dict(limits) if isinstance(limits, dict) else {}
    return found


def _typed_limit(key: str, text: str) -> object:
    try:
        setting = row(Section.LIMITS, key)
        value = setting.kind.read(None if text.strip().lower() in (OFF, "null") else text)
    except StopIteration:
        raise CannotChange(texts.unknown_key(key, None, None)) from None
    except Unfit as unfit:
        raise CannotChange(f"{key}：{unfit}") from unfit
    return as_number(Decimal(str(value))) if value is not None else None


def _no_such_account(name: str, near: str | None) -> str:
    return texts.unknown_account(name, (), near)


def _by_name(items: list[object]) -> dict[str, dict[str, object]]:
    return {str(item.get("名称", "")).strip(): item for item in items if isinstance(item, dict)}


def _find(
    items: list[object], name: str, unknown: Callable[[str, str | None], str] = texts.no_such_strategy
) -> dict[str, object]:
    known = _by_name(items)
    if name not in known:
        raise CannotChange(unknown(name, closest(name, known)))
    return known[name]


def _listed(document: dict[str, object], key: str) -> list[object]:
    items = document.setdefault(key, [])
    if not isinstance(items, list):
        raise CannotChange(f"{key}：{texts.SHOULD_BE_LIST}")
    return items


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


_UPGRADES = {FOLLOW_FILE: upgrade_follow, ANALYSIS_FILE: upgrade_analysis}


def change_file(home: Path, env: Mapping[str, str], file: str, change: Callable[[dict[str, object]], None]) -> Loaded:
    """Change one of the files' objects; the old file stays as .bak. Raises as add_strategy.

    `change` gets numbers as text that `dump` writes as it was read.
    """
    folder = config_folder(home)
    findings = Findings()
    if not folder.is_dir():
        findings.problem(file, "", texts.NO_CONFIG)
        raise ConfigProblems(findings.problems)
    lock = home / "data" / "配置.lock"  # of the CLI and the console together
    lock.parent.mkdir(exist_ok=True)
    with FileLock(lock, timeout=_LOCK_WAIT_S):
        raw = {name: read_bytes(folder / name, findings) for name in _UPGRADES}
        old = raw[file]
        if old is not None and not findings.problems:
            parse(old, file, findings)
        if old is None or findings.problems:
            raise ConfigProblems(findings.problems)
        document = _UPGRADES[file](load_as_written(old), findings)
        if findings.problems:
            raise ConfigProblems(findings.problems)
        change(document)
        text = dump(document)
        raw[file] = text.encode("utf-8")
        loaded = examine(raw[FOLLOW_FILE], raw[ANALYSIS_FILE], home, env)
        write_whole(folder / file, text, keep_old=True)
    return loaded
