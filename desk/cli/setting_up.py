"""The first configuration, its check, and the self-test as a person or a script reads it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click
from tqdm import tqdm

from base_func import UnsupportedSymbol, symbol_of
from desk.cli import doctor as doctor_
from desk.cli import showing
from desk.cli.exits import CONFIG, CONFIRM, FINE, SELF_TEST, Leave
from desk.cli.findings import BAD, WARN
from desk.cli.home import Home
from desk.cli.terminals import accounts_at_terminals
from desk.clock import SystemClock, fresh_bytes
from desk.settings.init import QUESTIONS, plan_init, write_init
from desk.settings.loader import config_folder
from desk.settings.problems import ConfigProblems, Problem
from desk.settings.redaction import redacted
from desk.texts import cli as texts
from desk.texts import doctor as doctor_texts
from desk.texts import doctor_terminals as terminal_texts
from desk.texts import settings as settings_texts
from desk.texts.system import because


def init(home: Path, answers: Path | None) -> list[Path]:
    """Write both files from a file of answers, or from what a person answers. Raises ConfigProblems, CannotWrite."""
    _refuse_existing(home)
    given = _read(answers) if answers is not None else _questions()
    return write_init(home, plan_init(given, fresh_bytes))


def _refuse_existing(home: Path) -> None:
    """Before a person has answered nine questions in vain."""
    there = sorted(path.name for path in config_folder(home).glob("*.json") if not path.name.endswith(".example.json"))
    if there:
        raise ConfigProblems([Problem(file=name, path="", text=settings_texts.config_exists(name)) for name in there])


def _read(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Leave(CONFIG, texts.answers_unreadable(path, because(error))) from error
    except (ValueError, RecursionError) as error:
        raise Leave(CONFIG, texts.answers_unreadable(path, type(error).__name__)) from error
    if not isinstance(found, dict):
        raise Leave(CONFIG, texts.answers_unreadable(path, type(found).__name__))
    return found


def _questions() -> dict[str, object]:
    return {question.key: click.prompt(question.text, default=question.default, err=True) for question in QUESTIONS}


def check(home: Path, *, as_json: bool) -> int:
    """Say everything that is wrong, or what should be known; the exit code."""
    try:
        loaded = Home(home).read()
    except ConfigProblems as error:
        if as_json:
            rows = [{"file": p.file, "path": p.path, "text": p.text} for p in error.problems]
            showing.document({"ok": False, "problems": rows, "notices": []})
        else:
            showing.say(texts.problems(len(error.problems)))
            for number, problem in enumerate(error.problems, 1):
                showing.say(f"  {number}. {problem}")
        return CONFIG
    if as_json:
        content = {"ok": True, "problems": [], "notices": list(loaded.notices), "config": redacted(loaded.config)}
        showing.document(content)
        return FINE
    showing.say(texts.CONFIG_GOOD)
    for notice in loaded.notices:
        showing.say(texts.notice(notice))
    return FINE


def doctor(home: Path, *, as_json: bool, order_test: str = "", yes: bool = False) -> int:
    """Print the findings as they come; the exit code. `order_test`: see desk.cli.doctor.examine. Raises Leave."""
    findings = []
    if order_test:
        order_test = _may_order(home, order_test, yes=yes)
    steps = doctor_.examine(home, SystemClock(), os.environ, order_test)
    bar = tqdm(steps, file=sys.stderr, desc="自检", leave=False, bar_format="{desc} {n}", disable=None)
    for finding in bar:
        findings.append(finding)
        if not as_json:
            bar.clear()
            showing.say(finding.line())
    bad = sum(finding.state == BAD for finding in findings)
    warned = sum(finding.state == WARN for finding in findings)
    if as_json:
        rows = [{"name": f.name, "state": f.state, "text": f.text, "mend": f.mend} for f in findings]
        showing.document({"ok": not bad, "checks": rows})
    else:
        showing.say(doctor_texts.verdict(bad, warned))
    return SELF_TEST if bad else FINE


def _may_order(home: Path, security: str, *, yes: bool) -> str:
    """The symbol of an order test that a person has agreed to. Raises Leave, ConfigProblems."""
    try:
        symbol = symbol_of(security)
    except UnsupportedSymbol as error:
        raise Leave(CONFIG, texts.unknown_security(security)) from error
    accounts = accounts_at_terminals(Home(home).config())
    if not accounts:
        raise Leave(CONFIG, terminal_texts.NO_ACCOUNT_TO_TEST)
    if not yes:
        raise Leave(CONFIRM, terminal_texts.order_needs_yes([account.name for account in accounts], symbol))
    return symbol
