"""Reads one object of a file by the rows of the settings table; every problem is noted, none stops the reading."""

from __future__ import annotations

from dataclasses import dataclass, field

from desk.settings.document import clean
from desk.settings.kinds import Unfit
from desk.settings.problems import Findings
from desk.settings.table import Default, Section, Setting, closest, elsewhere, rows_of
from desk.texts import settings as texts


@dataclass(slots=True)
class Part:
    """What one object of a file said: values by attribute; `bad` are the keys whose value could not be used."""

    values: dict[str, object] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)
    bad: set[str] = field(default_factory=set)

    def usable(self, key: str) -> bool:
        return key not in self.bad


def place(path: str, key: str) -> str:
    return f"{path} › {key}" if path else key


def item_path(key: str, index: int, raw: object) -> str:
    """策略「小市值」, or 策略第2个 where it has no usable name."""
    name = raw.get("名称") if isinstance(raw, dict) else None
    return f"{key}「{clean(name)}」" if isinstance(name, str) and name.strip() else f"{key}第{index + 1}个"


def read_section(raw: object, section: Section, file: str, path: str, findings: Findings) -> Part | None:
    """Read an object; None with a problem if it is none. Rows without a value are left out of `values`."""
    if not isinstance(raw, dict):
        findings.problem(file, path, texts.SHOULD_BE_OBJECT)
        return None
    rows = {setting.key: setting for setting in rows_of(section)}
    part = Part()
    for key in raw:
        if key not in rows:
            word = clean(str(key))
            same = elsewhere(str(key), section)
            near = None if same else closest(str(key), rows)
            findings.problem(file, place(path, word), texts.unknown_key(word, near, same))
    for key, setting in rows.items():
        if key in raw:
            _take(raw[key], setting, part, file, path, findings)
        elif setting.required:
            part.bad.add(key)
            findings.problem(file, place(path, key), texts.missing_key(key, setting.help))
        elif not isinstance(setting.default, Default) or setting.default is Default.MODEL:
            part.values[setting.attribute] = setting.default_value
    return part


def _take(raw: object, setting: Setting, part: Part, file: str, path: str, findings: Findings) -> None:
    part.given.add(setting.key)
    try:
        part.values[setting.attribute] = setting.kind.read(raw)
    except Unfit as unfit:
        part.bad.add(setting.key)
        findings.problem(file, place(path, setting.key), str(unfit))
        if not isinstance(setting.default, Default) or setting.default is Default.MODEL:
            part.values[setting.attribute] = setting.default_value
