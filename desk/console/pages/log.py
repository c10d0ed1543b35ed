"""运行日志: what the program has written down, secrets masked once more."""

from __future__ import annotations

import re

from flask import Blueprint, render_template, request

from desk import logs
from desk.access import Scope
from desk.console import chosen
from desk.console.door import needs
from desk.console.log_tail import files, masked
from desk.console.sources import Sources

_LEVEL = re.compile(r"^\S+ \S+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) ", re.ASCII)
_TONES = {"WARNING": "warn", "ERROR": "bad", "CRITICAL": "bad"}


def make(sources: Sources) -> Blueprint:
    log = Blueprint("log", __name__, url_prefix="/log")

    @log.get("")
    @needs(Scope.ADMIN)
    def page() -> str:
        config = sources.config()
        names = files(config.home / logs.FOLDER)
        asked = request.args.get("file", "")
        name = asked if asked in names else next(iter(names), "")
        before = chosen.number("before")
        read = masked(config, name, before)
        return render_template(
            "log.html",
            names=names,
            name=name,
            lines=[(_tone(line), line) for line in read.lines],
            older=read.before,
            before=before,
        )

    return log


def _tone(line: str) -> str:
    found = _LEVEL.match(line)
    return _TONES.get(found[1], "") if found else "more"
