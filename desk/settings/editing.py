"""The settings that a person may change while the program runs: typed, checked, written, and put back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from desk.settings import kinds
from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE, parse, read_bytes
from desk.settings.environment import WECOM_TOKENS, account_variables, find_secret
from desk.settings.files import as_number, load_as_written, said
from desk.settings.kinds import Unfit
from desk.settings.legacy import upgrade_analysis, upgrade_follow
from desk.settings.loader import Loaded, config_folder
from desk.settings.problems import ConfigProblems, Findings
from desk.settings.table import Section, Setting, row
from desk.settings.writer import CannotChange, change_file
from desk.texts import settings as texts

SILENCED_KEY = "不推送的消息"
# What takes effect without a restart, opens nothing and holds no secret.
EDITABLE: Mapping[str, tuple[Setting, ...]] = {
    FOLLOW_FILE: tuple(
        row(Section.FOLLOW, key)
        for key in (
            *("公网地址", "最大重新下单次数", "触发强制卖出次数", "委托等待秒数", "撤单确认秒数", "让价档数"),
            *("等待卖出资金秒数", "尾盘停止追单时间", "等待确认秒数", "每分钟最大请求数", "信号有效秒数"),
        )
    ),
    ANALYSIS_FILE: tuple(
        row(Section.ANALYSIS, key) for key in ("是否参加集合竞价", "发送摘要时间", "程序自检通知", SILENCED_KEY)
    ),
}
EMPTY = "[]"
FILE, DEFAULT = "file", "default"  # where a value comes from, if not from a variable
_UPGRADES = {FOLLOW_FILE: upgrade_follow, ANALYSIS_FILE: upgrade_analysis}
_BETWEEN = re.compile(r"[\s,\uff0c\u3001]+")
_Document = dict[str, object]


def as_typed(text: str | None) -> str:
    """How the JSON of a value stands in a form: '' for none, EMPTY for an empty list."""
    if text is None:
        return ""
    value = _value_of(text)
    if isinstance(value, list):
        return ", ".join(item if isinstance(item, str) else said(item) for item in map(_plain, value)) or EMPTY
    return str(_plain(value)) if isinstance(value, str) else said(value)


def _plain(value: object) -> object:
    """A number's digits, everything else as it is."""
    text = said(value)
    return value if text.startswith('"') else text


def _value_of(text: str) -> object:
    return load_as_written(f'{{"value": {text}}}'.encode())["value"]


def read_typed(setting: Setting, text: str) -> str | None:
    """The JSON of what was typed, None for the default. Raises CannotChange."""
    text = text.strip()
    if not text:
        return None
    listed = setting.kind in (kinds.TICKS, kinds.CLOCK_TIMES, kinds.SILENCED)
    parts: object = [part for part in _BETWEEN.split(text) if part and text != EMPTY]
    try:
        value = setting.kind.read(parts if listed else text)
    except Unfit as unfit:
        raise CannotChange(f"{setting.key}：{unfit}") from unfit
    if isinstance(value, Decimal) or type(value) is int:
        return said(as_number(Decimal(value)))
    return said(setting.kind.show(value))


def written(home: Path, file: str) -> dict[str, str | None]:
    """The JSON of each editable key as the file has it, None where it has none. Raises ConfigProblems."""
    document = _UPGRADES[file](load_as_written(_bytes(home, file)), Findings())
    return {s.key: said(document[s.key]) if s.key in document else None for s in EDITABLE[file]}


def write(home: Path, env: Mapping[str, str], file: str, wanted: Mapping[str, str | None]) -> Loaded:
    """Set editable keys to the JSON given, None takes a key out; the whole configuration must stand.

    Raises CannotChange, ConfigProblems, CannotWrite.
    """
    known = {setting.key for setting in EDITABLE.get(file, ())}
    for key in wanted:
        if key not in known:
            raise CannotChange(texts.not_settable(key, tuple(known)))

    def change(document: _Document) -> None:
        for key, text in wanted.items():
            if text is None:
                document.pop(key, None)
            else:
                document[key] = _value_of(text)

    return change_file(home, env, file, change)


def noted_as(file: str, key: str) -> str:
    """What the journal calls an editable key of a file."""
    return f"{file.removesuffix('.json')}.{key}"


def place_of(noted: str) -> tuple[str, str] | None:
    """(file, key) of what the journal calls so; None when it is no editable key."""
    places = {noted_as(file, setting.key): (file, setting.key) for file in EDITABLE for setting in EDITABLE[file]}
    return places.get(noted)


def version(home: Path) -> str:
    """What `Config.version` would be of the files as they are now. Raises ConfigProblems."""
    both = _bytes(home, FOLLOW_FILE) + b"\0" + _bytes(home, ANALYSIS_FILE)
    return hashlib.sha256(both).hexdigest()[:12]


def origins(home: Path, env: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Where values come from: (file, key) and (file, 策略 or 账户, name, key) -> FILE or a variable.

    What is not in there holds by default. Raises ConfigProblems.
    """
    found: dict[tuple[str, ...], str] = {}
    for file, upgrade in _UPGRADES.items():
        findings = Findings()
        document = parse(_bytes(home, file), file, findings)
        if document is None:
            raise ConfigProblems(findings.problems)
        document = upgrade(document, findings)
        found |= {(file, key): FILE for key in document}
        for listed in ("策略", "账户"):
            items = document.get(listed)
            for item in items if isinstance(items, list) else []:
                if isinstance(item, dict):
                    found |= {(file, listed, _name(item), str(key)): FILE for key in item}
                    variable = find_secret(str(item.get("标识", "")).strip(), env) if listed == "策略" else None
                    if variable is not None:
                        found[file, listed, _name(item), "密钥"] = variable[0]
        first = document.get("账户")
        if isinstance(first, list) and first and isinstance(first[0], dict):
            where = (file, "账户", _name(first[0]))
            found |= {(*where, key): variable for key, variable in account_variables(env).items()}
    if env.get(WECOM_TOKENS, "").strip():
        found[ANALYSIS_FILE, "微信token"] = WECOM_TOKENS
    return found


def _name(item: Mapping[str, object]) -> str:
    return str(item.get("名称", "")).strip()


def _bytes(home: Path, file: str) -> bytes:
    findings = Findings()
    raw = read_bytes(config_folder(home) / file, findings)
    if raw is not None:
        parse(raw, file, findings)
    if raw is None or findings.problems:
        raise ConfigProblems(findings.problems)
    return raw
