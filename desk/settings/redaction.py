"""The configuration as it may be shown: in the files' own words, secrets masked."""

from __future__ import annotations

import re

from desk.core.values import Scaling
from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE
from desk.settings.model import AccountConfig, AccountShare, Config, Limits, StrategyConfig
from desk.settings.table import Section, Setting, rows_of

MASK = "******"
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@\s]*@")


def secret_values(config: Config) -> tuple[str, ...]:
    """Every secret the configuration holds, for the filter of the logs."""
    found = [*config.messenger.tokens]
    for strategy in config.strategies:
        found += [strategy.secret, strategy.v1_token]
    password = re.search(r"://[^:/@\s]*:([^@\s]*)@", config.database)
    return tuple(value for value in dict.fromkeys([*found, password[1] if password else ""]) if value)


def redacted(config: Config) -> dict[str, object]:
    """Both files as one dict by file name: what holds now, defaults included, secrets masked."""
    follow = _shown(Section.FOLLOW, config)
    follow["策略"] = [_strategy(strategy) for strategy in config.strategies]
    analysis = _shown(Section.ANALYSIS, config)
    analysis["账户"] = [_account(account) for account in config.accounts]
    return {FOLLOW_FILE: follow, ANALYSIS_FILE: analysis}


def _attribute(record: object, path: str) -> object:
    for name in path.split("."):
        record = getattr(record, name)
    return record


def _shown(section: Section, record: Config | StrategyConfig | AccountConfig | Limits) -> dict[str, object]:
    """The rows of a section that the record carries."""
    result: dict[str, object] = {}
    for setting in rows_of(section):
        if setting.kind.nested or not hasattr(record, setting.attribute.partition(".")[0]):
            continue
        value = _attribute(record, setting.attribute)
        result[setting.key] = masked(setting, value) if setting.secret else setting.kind.show(value)
    return result


def masked(setting: Setting, value: object) -> object:
    """A secret's place: '' when there is none, the mask when there is one."""
    if isinstance(value, tuple):
        return [MASK] * len(value)
    if setting.attribute == "database":
        return _URL_PASSWORD.sub(rf"\1:{MASK}@", str(value))
    return MASK if value else ""


def _strategy(strategy: StrategyConfig) -> dict[str, object]:
    shown = _shown(Section.STRATEGY, strategy)
    shown["账户"] = [_share(share) for share in strategy.accounts]
    return shown


def _share(share: AccountShare) -> dict[str, object]:
    """The ratio alone, unless the account is scaled in another way."""
    rows = rows_of(Section.SHARE)
    if share.scaling is Scaling.RATIO:
        rows = tuple(row for row in rows if row.attribute in ("account", "ratio"))
    return {row.key: row.kind.show(getattr(share, row.attribute)) for row in rows}


def _account(account: AccountConfig) -> dict[str, object]:
    return {**_shown(Section.ACCOUNT, account), "限额": _shown(Section.LIMITS, account.limits)}
