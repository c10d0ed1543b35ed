"""运行日志: what the program has written down, secrets masked once more."""

from __future__ import annotations

import re

from flask import Blueprint, render_template, request

from desk import logs
from desk.access import Scope
from desk.console import chosen
from desk.console.door import needs
from desk.console.log_tail import Tail, files, tail
from desk.console.sources import Sources
from desk.settings.redaction import secret_values

_LEVEL = re.compile(r"^\S+ \S+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) ", re.ASCII)
_LONGEST = 2000  # characters of a line
_TONES = {"WARNING": "warn", "ERROR": "bad", "CRITICAL": "bad"}


def make(sources: Sources) -> Blueprint:
    log = Blueprint("log", __name__, url_prefix="/log")

    @log.get("")
    @needs(Scope.ADMIN)
    def page() -> str:
        config = sources.config()
        folder = config.home / logs.FOLDER
        names = files(folder)
        asked = request.args.get("file", "")
        name = asked if asked in names else next(iter(names), "")
        before = chosen.number("before")
        try:
            read = tail(folder / name, before=before) if name else Tail(lines=(), before=None)
        except OSError:
            read = Tail(lines=(), before=None)
        secrets = sorted(secret_values(config), key=len, reverse=True)
        return render_template(
            "log.html",
            names=names,
            name=name,
            lines=[(_tone(line), logs.redact(line, secrets)[:_LONGEST]) for line in read.lines],
            older=read.before,
            before=before,
        )

    return log


def _tone(line: str) -> str:
    found = _LEVEL.match(line)
    return _TONES.get(found[1], "") if found else "more"
