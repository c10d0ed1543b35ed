"""设置: every value and where it comes from, secrets masked; what may be changed while all runs, and put back."""

from __future__ import annotations

import os
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import Scope
from desk.console.door import asks_trading_password, needs
from desk.console.sources import Sources
from desk.console.wishes import wish
from desk.console.words import help_of
from desk.journal.view_pages import BadMark, settings_page
from desk.settings import editing
from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE
from desk.settings.files import said
from desk.settings.problems import ConfigProblems
from desk.settings.redaction import redacted
from desk.settings.table import Section, Setting, rows_of

PAGE = 20
_LONGEST = 512
_FILES = {"follow": FOLLOW_FILE, "analysis": ANALYSIS_FILE}
_TOPS = {FOLLOW_FILE: Section.FOLLOW, ANALYSIS_FILE: Section.ANALYSIS}
_LISTED = {FOLLOW_FILE: ("策略", Section.STRATEGY), ANALYSIS_FILE: ("账户", Section.ACCOUNT)}
Row = dict[str, Any]


def make(sources: Sources) -> Blueprint:
    settings = Blueprint("settings", __name__, url_prefix="/settings")

    @settings.get("")
    @needs(Scope.ADMIN)
    def page() -> str:
        mark = request.args.get("mark")
        try:
            history = settings_page(sources.journal, mark=mark, limit=PAGE)
        except BadMark:
            abort(400)
        home, running, trouble = sources.config().home, sources.config(), ""
        origins: dict[tuple[str, ...], str] = {}
        forms: list[Row] = []
        changed = False
        try:
            origins = editing.origins(home, os.environ)
            forms = [_form(name, file, editing.written(home, file)) for name, file in _FILES.items()]
            changed = editing.version(home) != running.version
        except ConfigProblems as problems:
            trouble = str(problems)
        return render_template(
            "settings.html",
            trouble=trouble,
            changed=changed,
            version=running.version,
            cards=_cards(redacted(running), origins),
            forms=forms,
            history=[{**row, "undoable": editing.place_of(row["key"]) is not None} for row in history.rows],
            next=history.next,
            mark=mark,
        )

    @settings.post("/<name>")
    @needs(Scope.ADMIN)
    @asks_trading_password("settings.page")
    def change(name: str) -> ResponseReturnValue:
        """Set the keys of a file that were sent; the whole configuration must stand, or nothing is changed."""
        file = _FILES.get(name)
        if file is None:
            abort(404)
        keys = [setting.key for setting in editing.EDITABLE[file]]
        typed = {key: request.form[key][:_LONGEST] for key in keys if key in request.form}
        if not typed:
            abort(400)
        wish(sources.change, "settings", {"file": file, **typed}, action="settings.changed", target=file)
        return redirect(url_for("settings.page"))

    @settings.post("/back/<int(max=9007199254740991):number>")
    @needs(Scope.ADMIN)
    @asks_trading_password("settings.page")
    def back(number: int) -> ResponseReturnValue:
        """Undo this change and the later ones of what can be changed here."""
        wish(sources.change, "roll_back", {"number": str(number)}, action="settings.put_back", target=str(number))
        return redirect(url_for("settings.page"))

    return settings


def _form(name: str, file: str, written: dict[str, str | None]) -> Row:
    return {
        "name": name,
        "file": file,
        "fields": [
            {
                "key": s.key,
                "help": help_of(s),
                "typed": editing.as_typed(written[s.key]),
                "default": _shown(_default(s)),
            }
            for s in editing.EDITABLE[file]
        ],
    }


def _default(setting: Setting) -> object:
    return setting.kind.show(setting.default_value)


def _cards(shown: dict[str, Any], origins: dict[tuple[str, ...], str]) -> list[Row]:
    """A card for the top of each file, and one for each strategy and each account."""
    cards = []
    for file, values in shown.items():
        listed, section = _LISTED[file]
        cards.append({"title": file, "rows": _rows(_TOPS[file], values, (file,), origins, but=listed)})
        for item in values[listed]:
            where = (file, listed, str(item["名称"]))
            cards.append({"title": f"{listed}「{item['名称']}」", "rows": _rows(section, item, where, origins)})
    return cards


def _rows(
    section: Section, values: dict[str, Any], where: tuple[str, ...], origins: dict[tuple[str, ...], str], but: str = ""
) -> list[Row]:
    helps = {setting.key: help_of(setting) for setting in rows_of(section)}
    return [
        {
            "key": key,
            "value": _shown(value),
            "help": helps.get(key, ""),
            "origin": origins.get((*where, key), editing.DEFAULT),
        }
        for key, value in values.items()
        if key != but
    ]


def _shown(value: object) -> str:
    """A value as a person reads it: lists by commas, objects as they stand in the file."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return ", ".join(_shown(item) for item in value)
    return said(value)
