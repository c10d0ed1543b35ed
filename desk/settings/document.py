"""Reads one configuration file as strict JSON: no duplicate keys, no NaN, exact decimals."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path

from desk.settings.problems import Findings
from desk.texts import settings as texts
from desk.texts.system import because

FOLLOW_FILE = "聚宽跟单设置.json"
ANALYSIS_FILE = "分析配置.json"
_LARGEST = 4 * 1024 * 1024  # bytes
_CHINESE_PUNCTUATION = "“”‘’\uff0c\uff1a\uff5b\uff5d\u3010\u3011\uff1b\u3001\u3002"

Json = object  # None, bool, int, Decimal, str, list, dict


def read_bytes(path: Path, findings: Findings, missing: str = texts.NO_CONFIG) -> bytes | None:
    """The file's bytes; None with a problem if there is no file or it cannot be read."""
    name = path.name
    try:
        if path.is_dir():
            findings.problem(name, "", texts.NOT_A_FILE)
            return None
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except FileNotFoundError:
        findings.problem(name, "", missing)
        return None
    except OSError as error:
        findings.problem(name, "", texts.unreadable(because(error)))
        return None
    if len(raw) > _LARGEST:
        findings.problem(name, "", texts.TOO_LARGE)
        return None
    return raw


def parse(raw: bytes, name: str, findings: Findings) -> dict[str, Json] | None:
    """The file's object, or None with a problem. Numbers are int or Decimal, never float."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        findings.problem(name, "", texts.NOT_UTF8)
        return None
    duplicates: list[str] = []

    def pairs(items: list[tuple[str, Json]]) -> dict[str, Json]:
        result: dict[str, Json] = {}
        for key, value in items:
            if key in result:
                duplicates.append(key)
            result[key] = value
        return result

    def constant(word: str) -> Json:
        findings.problem(name, "", texts.not_a_number_literal(word))
        return None

    try:
        document = json.loads(text, object_pairs_hook=pairs, parse_float=Decimal, parse_constant=constant)
    except json.JSONDecodeError as error:
        findings.problem(name, "", texts.not_json(error.lineno, error.colno, _hint(text, error)))
        return None
    except RecursionError:
        findings.problem(name, "", texts.TOO_DEEP)
        return None
    except (ValueError, InvalidOperation):  # thousands of digits, an exponent beyond all bounds
        findings.problem(name, "", texts.BAD_NUMBER)
        return None
    for key in duplicates:
        findings.problem(name, "", texts.duplicate_key(clean(key)))
    if not isinstance(document, dict):
        findings.problem(name, "", texts.NOT_AN_OBJECT)
        return None
    return document


def clean(text: str, limit: int = 40) -> str:
    """A word from a file as it may be printed: no lone surrogates or control characters, not too long."""
    shown = "".join(c if c.isprintable() else "�" for c in text[: limit + 1])
    return shown if len(shown) <= limit else shown[:limit] + "…"


def _hint(text: str, error: json.JSONDecodeError) -> str:
    """Guess what was meant, for the mistakes that people make in practice."""
    if not text.strip():
        return texts.JSON_HINT_EMPTY
    message, rest, before = error.msg, text[error.pos :], text[: error.pos].rstrip()
    if "escape" in message:
        return texts.JSON_HINT_BACKSLASH
    if "control character" in message or "Unterminated" in message:
        return texts.JSON_HINT_NEWLINE
    if message.startswith("Extra data"):
        return texts.JSON_HINT_EXTRA
    if rest[:1] in _CHINESE_PUNCTUATION and rest:
        return texts.JSON_HINT_PUNCTUATION
    if rest.startswith(("//", "#", "/*")):
        return texts.JSON_HINT_COMMENT
    if before.endswith(",") and rest[:1] in ("}", "]"):
        return texts.JSON_HINT_COMMA
    if "Illegal trailing comma" in message:  # Python 3.13's wording; it points at the comma
        return texts.JSON_HINT_COMMA
    if "Expecting ',' delimiter" in message and re.match(r'["\[{0-9tfn-]', rest):
        return texts.JSON_HINT_MISSING_COMMA
    if "property name" in message:
        return texts.JSON_HINT_QUOTE
    return texts.JSON_HINT
