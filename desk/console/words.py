"""The language, the light and the colours that a browser has chosen; kept in a cookie that says nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from flask import has_request_context, request
from werkzeug.wrappers import Response

from desk.settings.table import Setting
from desk.texts import console as texts
from desk.texts import english_settings

COOKIE = "gendan_look"
_YEAR_S = 365 * 24 * 3600
CHOICES = {"language": ("zh", "en"), "light": ("auto", "light", "dark"), "colours": ("red-up", "green-up")}


@dataclass(frozen=True, slots=True)
class Look:
    language: str = "zh"
    light: str = "auto"
    colours: str = "red-up"  # 红涨绿跌


def look() -> Look:
    said = request.cookies.get(COOKIE, "").split(".") if has_request_context() else []
    if len(said) != len(CHOICES):
        return Look()
    return Look(*(word if word in known else known[0] for word, known in zip(said, CHOICES.values(), strict=True)))


def keep(response: Response, chosen: Look) -> None:
    words = f"{chosen.language}.{chosen.light}.{chosen.colours}"
    response.set_cookie(COOKIE, words, max_age=_YEAR_S, httponly=True, samesite="Lax", secure=request.is_secure)


def say(key: str, **values: object) -> str:
    """The text of this key in the browser's language."""
    return texts.say(key, look().language, **values)


def help_of(setting: Setting) -> str:
    """What a setting is for, in one line."""
    if look().language == "zh":
        return setting.help
    return english_settings.HELPS[f"{setting.section.name.lower()}.{setting.attribute}"]


def action_name(action: str) -> str:
    """A word for what the audit log noted; the noted word itself for one without."""
    key = f"action.{action}"
    return say(key) if key in texts.all_texts() else action
