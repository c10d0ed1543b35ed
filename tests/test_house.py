"""What the house says of itself is so: README, glossary, changelog, file names, and nothing of the maker's machine."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import click
import pytest

from base_func import BEIJING
from desk.cli import exits
from desk.core import values
from desk.core.values import Reason
from desk.texts.labels import LABELS
from tests.reading import ROOT, imports, modules, tracked
from tests.world import World, strategy

READMES = ("README.md", "README.zh-CN.md")
GUIDES = (
    *READMES,
    *(
        "CHANGELOG.md",
        "docs/glossary.md",
        "docs/decisions.md",
        "docs/windows.md",
        "docs/security.md",
        "docs/reliability.md",
        "docs/performance.md",
        "docs/console.md",
        "config/README.md",
        "data/README.md",
        "gendan_client/README.md",
    ),
)
CARDS = ("main", "Receiver", "Trader", "send_trader_info", "base_func")


def text_of(name: str | Path) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows_after(text: str, header: str) -> list[list[str]]:
    """The cells of the table that begins with this header cell; `\\|` is a bar in a cell."""
    lines = text.split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {header} |"))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


# --- README -----------------------------------------------------------------------------------------------------------

# Explained once above the table, for every verb that has them.
SHARED_OPTIONS = {"--home", "--json", "--yes", "--from", "--to", "--limit", "--help"}


def commands() -> dict[str, click.Command]:
    """Every verb of the program: `strategy add` and the like by both words."""
    from main import cli

    def leaves(group: click.Group, words: str) -> Iterator[tuple[str, click.Command]]:
        for name, command in group.commands.items():
            if isinstance(command, click.Group):
                yield from leaves(command, f"{words}{name} ")
            else:
                yield words + name, command

    return {name: command for name, command in leaves(cli, "") if not command.hidden}


def verbs_said(readme: str) -> dict[str, set[str]]:
    """The verbs of the README's table with the options named there; `install|remove|show` are three."""
    known = commands()
    said: dict[str, set[str]] = {}
    for cell, *_ in rows_after(text_of(readme), "verb" if readme == "README.md" else "命令"):
        for usage in re.findall(r"`([^`]+)`", cell):
            first, *others = usage.split()
            options = set(re.findall(r"--[a-z-]+", usage))
            second = others[0].split("|") if others and re.fullmatch(r"[a-z][a-z|-]*", others[0]) else []
            both = [f"{first} {word}" for word in second]
            for name in both if both and (set(both) & known.keys() or first not in known) else [first]:
                said[name] = options
    return said


@pytest.mark.parametrize("readme", READMES)
def test_the_verbs_are_those_of_the_program(readme: str) -> None:
    assert sorted(verbs_said(readme)) == sorted(commands())


@pytest.mark.parametrize("readme", READMES)
def test_the_verbs_options_are_those_of_the_program(readme: str) -> None:
    real = {
        name: {
            option
            for parameter in command.params
            if not getattr(parameter, "hidden", False)  # said by one of our processes to another, as hidden verbs are
            for option in parameter.opts
            if option.startswith("--")
        }
        for name, command in commands().items()
    }
    said = verbs_said(readme)
    assert {name: options - SHARED_OPTIONS for name, options in real.items()} == {
        name: options - SHARED_OPTIONS for name, options in said.items()
    }
    assert [name for name, options in said.items() if not options <= real[name]] == []


@pytest.mark.parametrize(("readme", "header"), [("README.md", "exit code"), ("README.zh-CN.md", "退出码")])
def test_the_exit_codes_are_those_of_the_program(readme: str, header: str) -> None:
    codes = sorted(code for code in vars(exits).values() if isinstance(code, int))
    assert [int(cell) for cell, _ in rows_after(text_of(readme), header)] == codes


def test_both_readmes_have_the_same_sections() -> None:
    english, chinese = (text_of(readme) for readme in READMES)
    for mark in (r"^## ", r"^```", r"^\|", r"^- ", r"^\d+\. "):
        counted = [len(re.findall(mark, text, re.MULTILINE)) for text in (english, chinese)]
        assert counted[0] == counted[1], f"{mark} stands {counted} times"


def test_the_readmes_example_is_what_happens(tmp_path: Path) -> None:
    """How following works, 4 to 7: ratio 0.3; three buys of 300, a sell of 300, a close-out."""
    world = World(tmp_path, strategies=[strategy("小市值", "xsz", "0.3")])
    try:
        world.scene("000001.SZ", price=Decimal(10))
        stood = []

        def follow(jq_order_id: str, side: str, shares: int) -> None:
            world.order(jq_order_id, "000001.XSHE", side, shares)
            world.pass_time(10)
            stood.append((world.entitled("000001.SZ"), world.own("000001.SZ")))

        for number in ("1", "2", "3"):
            follow(number, "buy", 300)
        world.go_to(datetime(2026, 11, 23, 9, 30, 5, tzinfo=BEIJING), step=3600)
        follow("1", "sell", 300)
        follow("2", "sell", 600)
        # 300 x 0.3 = 90; 180 -> 100; 270 -> 200; 270 - 300 x 270/900 = 180, 20 too many are no lot; 0 -> all sold
        assert stood == [(Decimal(t), own) for t, own in ((90, 0), (180, 100), (270, 200), (180, 200), (0, 0))]
    finally:
        world.close()


@pytest.mark.parametrize("guide", GUIDES)
def test_guides_point_only_to_what_exists(guide: str) -> None:
    folder = (ROOT / guide).parent
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text_of(guide))
    assert [link for link in links if not (folder / link).exists()] == []


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_names_only_files_that_exist(readme: str) -> None:
    named = re.findall(r"`((?:tests|desk|docs|joinquant|qmt|\.ci)/[\w./-]+|frp[cs]\.[\w.]+)`", text_of(readme))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_readme_shows_the_floors_that_are_tested() -> None:
    from tests.test_floors import MAY_IMPORT, ROOF, unit_of

    there = {unit_of(module.name) for module in modules() if module.inside} & (MAY_IMPORT.keys() | ROOF)
    for readme in READMES:
        shown = {word.removesuffix(".py").replace("/", ".") for word in re.findall(r"[\w./]+", text_of(readme))}
        assert there - shown <= {"desk", "desk.calendar_source"}, "a package's mark and a script are no floor's picture"


# --- words ------------------------------------------------------------------------------------------------------------

GLOSSARY = text_of("docs/glossary.md")


@pytest.mark.parametrize("kind", [kind for kind in LABELS if kind is not Reason])
def test_the_glossary_labels_an_enum_as_the_code_does(kind: type[StrEnum]) -> None:
    section = GLOSSARY.split(f"## `{kind.__name__}`\n")[1].split("\n## ")[0]
    said = [(english, chinese) for english, chinese, _ in rows_after(section, "English")]
    assert said == [(value.value, label) for value, label in LABELS[kind].items()]


def test_the_glossarys_fields_exist() -> None:
    named = re.findall(r"`([A-Z]\w+)\.(\w+)`", GLOSSARY)
    assert named
    assert [f"{record}.{field}" for record, field in named if not hasattr(getattr(values, record), field)] == []


def test_the_glossary_says_no_word_twice_in_a_section() -> None:
    for section in GLOSSARY.split("\n## "):
        said = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)
        assert len(said) == len(set(said))


def test_decisions_are_dated_and_in_order() -> None:
    dates = re.findall(r"^\*\*(\d{4}-\d{2}-\d{2}) · [^*]+\.\*\* ", text_of("docs/decisions.md"), re.MULTILINE)
    paragraphs = [part for part in text_of("docs/decisions.md").split("\n\n") if part.startswith("**")]
    assert len(dates) == len(paragraphs) > 0
    assert dates == sorted(dates)


def test_the_changelog_knows_this_version() -> None:
    version = re.search(r'^version = "([^"]+)"', text_of("pyproject.toml"), re.MULTILINE)
    assert version and f"## {version[1]}" in text_of("CHANGELOG.md")


# --- files ------------------------------------------------------------------------------------------------------------


def test_no_names_collide_where_case_does_not_count() -> None:
    seen: dict[str, str] = {}
    for path in tracked():
        for part in (path, *path.parents):
            name = part.as_posix()
            assert seen.setdefault(name.casefold(), name) == name


def test_nothing_at_the_top_hides_a_card() -> None:
    cards = {card.casefold() for card in CARDS}
    entries = {path.parts[0] for path in tracked()}
    beside = [
        name for name in entries if name.split(".")[0].casefold() in cards and name not in {f"{c}.py" for c in CARDS}
    ]
    assert beside == []
    assert {f"{card}.py" for card in CARDS} <= entries


def test_no_module_is_called_config_or_data() -> None:
    assert [module.path.as_posix() for module in modules() if module.name.split(".")[0] in ("config", "data")] == []


def test_file_names_can_be_written_on_windows() -> None:
    reserved = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}
    unfit = [
        path.as_posix()
        for path in tracked()
        for part in path.parts
        if re.search(r'[<>:"\\|?*\x00-\x1f]|[. ]$', part) or part.split(".")[0].lower() in reserved
    ]
    assert unfit == []


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        try:
            yield path, (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


# Spelt in pieces, or this file would be the first to be found.
MACHINE = re.compile(r"(?<![\w.~/-])/(?:ro" r"ot|wo" r"rk|ho" r"me|Us" r"ers|tmp)/[\w.]")
REGISTRY = re.compile(
    "|".join((r"py" r"pi\.org", r"python" r"hosted", r"index" r"-url", r"(?:py)?pi\.tuna", r"mirrors\."))
)


def test_no_file_knows_the_makers_machine() -> None:
    assert [f"{path}: {found[0]}" for path, text in texts() if (found := MACHINE.search(text))] == []


def test_no_file_names_a_package_registry() -> None:
    assert [f"{path}: {found[0]}" for path, text in texts() if (found := REGISTRY.search(text))] == []


def test_text_files_end_lines_as_git_keeps_them() -> None:
    assert [path.as_posix() for path in tracked() if b"\r\n" in (ROOT / path).read_bytes()] == []


# --- requirements -----------------------------------------------------------------------------------------------------

DISTRIBUTIONS = {
    "sqlalchemy": "SQLAlchemy",
    "flask": "Flask",
    "werkzeug": "Werkzeug",
    "markupsafe": "MarkupSafe",
    "prometheus_client": "prometheus-client",
    "flask_login": "Flask-Login",
    "flask_wtf": "Flask-WTF",
    "argon2": "argon2-cffi",
}


def pinned(name: str) -> set[str]:
    lines = [line.split("#")[0].strip() for line in text_of(name).splitlines()]
    pins = [line for line in lines if line and not line.startswith("-r ")]
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+(; \w+ == \"\w+\")?", pin)] == []
    return {pin.split("==")[0] for pin in pins}


def test_every_library_that_is_imported_is_pinned() -> None:
    runs, checks = pinned("requirements.txt"), pinned("requirements-dev.txt")
    known = frozenset(module.name for module in modules())
    ours = {name.split(".")[0] for name in known}
    for module in modules():
        allowed = runs if module.inside else runs | checks
        for line, target in imports(module, known):
            top = target.split(".")[0]
            neighbour = (ROOT / module.path).with_name(f"{top}.py").exists()  # a script of the tests finds it so
            if top and not neighbour and top not in sys.stdlib_module_names | ours:
                assert DISTRIBUTIONS.get(top, top) in allowed, f"{module.path}:{line} {top}"
