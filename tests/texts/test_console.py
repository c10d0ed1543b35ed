"""The console's texts: both languages have every key, with the same values, and pages use none that is not there."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path
from string import Formatter

import desk.console
import desk.texts
from desk.texts import console

CONSOLE = Path(desk.console.__file__).parent
# Keys that are put together from a word.
FAMILIES = (
    *("mode.", "role.", "scope.", "nav.", "look.light.", "look.colours.", "refused.", "unfit."),
    *("halt.grade.", "halt.grade_text.", "action.", "login_password.", "trading_password."),
    *("signals.hop.", "overview.funnel.", "overview.todo.", "orders.how."),
    *("plan.kind.", "risk.limit.", "risk.from."),
    *("told.", "told_when.", "delivery.", "ago.", "hop.", "hop_says."),
    *("light.", "light_state.", "light_count.", "light_says.", "light_at."),
    "span.",
)


def values_of(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_every_text_with_the_same_values() -> None:
    for key, both in console.all_texts().items():
        assert len(both) == len(console.LANGUAGES), key
        assert all(text.strip() == text != "" for text in both), key
        assert values_of(both[0]) == values_of(both[1]), key
        assert not re.search("[\u4e00-\u9fff]", both[1].replace("中文", "")), key


def test_every_file_of_the_consoles_texts_is_used() -> None:
    files = {info.name for info in pkgutil.iter_modules(desk.texts.__path__) if info.name.startswith("console_")}
    assert files == {module.__name__.rpartition(".")[2] for module in console.MODULES}


def test_pages_say_only_what_is_there_and_all_of_it() -> None:
    said: set[str] = set()
    for path in (*CONSOLE.rglob("*.html"), *CONSOLE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        said |= set(re.findall(r"\b(?:t|say)\([\"']([a-z_.]+)[\"'][,)]", text))
    known = set(console.all_texts())
    assert said - known == set()
    built = {key for key in known if key.startswith(FAMILIES)}
    assert known - said - built == set()


def test_chinese_does_not_stand_in_pages_but_in_the_texts() -> None:
    found = []
    for path in (*CONSOLE.rglob("*.html"), *(CONSOLE / "static").iterdir()):
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.search("[\u4e00-\u9fff]", line.replace("跟单", "")):
                found.append(f"{path.name}: {line.strip()}")
    assert found == []
