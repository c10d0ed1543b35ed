"""A wish of a page: put before the trader or into the files, noted in the audit log, answered on the next page."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash

from desk.console.door import note, the_caller
from desk.console.sources import Ask, Told
from desk.console.words import say


def wish(
    ask: Ask, verb: str, args: Mapping[str, str], *, action: str, target: str, old: object = None, new: object = None
) -> Told:
    """Ask in the name of whoever is logged in. Raises JournalError."""
    told = ask(verb, args, f"console:{the_caller().user.name}")
    note(action, target, old=old, new={**(dict(args) if new is None else {"new": new}), "ok": told.ok})
    if told.ok is None:
        flash(f"{say('wish.kept')} {told.text}".strip(), "warn")
    else:
        flash(told.text, "good" if told.ok else "bad")
    return told
