"""How one value of the configuration is read and shown: a small table of kinds.

A kind's `read` takes whatever JSON held and returns the exact value, or raises `Unfit` with the sentence that says what
was expected; `show` is its inverse, for example files and redacted views. Numbers may be written as strings.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

from base_func import UnsupportedSymbol, symbol_of
from desk.core.wire import derive_keys, valid_kid
from desk.texts import messages
from desk.texts import settings as texts

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{0,30})?([eE][+-]?\d{1,2})?", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9_.:\-]{1,253}", re.ASCII)
_DATABASE = re.compile(r"[a-z][a-z0-9+]*://.+", re.ASCII)
_WECOM_KEY = re.compile(r"[A-Za-z0-9_\-]{1,128}", re.ASCII)
_LONGEST_TEXT = 512


class Unfit(ValueError):
    """A value that cannot be used; its text is the sentence for the person who wrote it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    word: str  # what the key table calls it
    read: Callable[[object], object]
    show: Callable[[object], object]
    nested: bool = False  # a list or object with keys of its own


def _same(value: object) -> object:
    return value


def _text_of(raw: object, expected: str = texts.TEXT_EXPECTED) -> str:
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw) if abs(raw) < 10**30 else ""
    if not isinstance(raw, str):
        raise Unfit(expected)
    if any("\ud800" <= c <= "\udfff" for c in raw):
        raise Unfit(texts.BROKEN_CHARACTERS)
    text = raw.strip()
    if any(not c.isprintable() for c in text):
        raise Unfit(texts.CONTROL_CHARACTERS)
    if len(text) > _LONGEST_TEXT:
        raise Unfit(texts.too_long(_LONGEST_TEXT))
    return text


def text(*, longest: int = _LONGEST_TEXT, may_be_empty: bool = True) -> Kind:
    def read(raw: object) -> str:
        value = _text_of(raw)
        if not value and not may_be_empty:
            raise Unfit(texts.EMPTY_TEXT)
        if len(value) > longest:
            raise Unfit(texts.too_long(longest))
        return value

    return Kind(word="文字", read=read, show=_same)


def checked_text(word: str, expected: str, fits: Callable[[str], bool], *, may_be_empty: bool = False) -> Kind:
    """A text with a form of its own."""

    def read(raw: object) -> str:
        value = _text_of(raw, expected)
        if (not value and may_be_empty) or (value and fits(value)):
            return value
        raise Unfit(expected)

    return Kind(word=word, read=read, show=_same)


def _decimal_of(raw: object, expected: str) -> Decimal:
    if isinstance(raw, str) and _NUMBER.fullmatch(raw.strip()):
        return Decimal(raw.strip())
    if isinstance(raw, Decimal) and raw.is_finite() and abs(raw.adjusted()) <= 60 and len(raw.as_tuple().digits) <= 60:
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**30:
        return Decimal(raw)
    raise Unfit(expected)


def number_text(value: Decimal) -> str:
    """The shortest plain spelling: 0.50 -> 0.5, 1E+6 -> 1000000."""
    plain = f"{value:f}"
    return (plain.rstrip("0").rstrip(".") or "0") if "." in plain else plain


def _number_shown(value: object) -> object:
    if value is None:
        return None
    exact = Decimal(str(value))
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def number(low: str | None = None, high: str | None = None, *, above: bool = False, off: bool = False) -> Kind:
    """An exact decimal within [low, high], or (low, high] with `above`; `off`: null switches it off."""
    least, most = (Decimal(bound) if bound is not None else None for bound in (low, high))
    off_hint = texts.OFF_HINT if off else ""

    def read(raw: object) -> Decimal | None:
        if raw is None and off:
            return None
        value = _decimal_of(raw, texts.NUMBER_EXPECTED + off_hint)
        beneath = least is not None and (value <= least if above else value < least)
        if beneath or (most is not None and value > most):
            raise Unfit(texts.out_of_range(low, high, above) + off_hint)
        return value

    return Kind(word="数或 null" if off else "数", read=read, show=_number_shown)


def whole(low: int, high: int, *, off: bool = False) -> Kind:
    exact = number(str(low), str(high), off=off)

    def read(raw: object) -> int | None:
        value = exact.read(raw)
        if value is None:
            return None
        assert isinstance(value, Decimal)
        if value != value.to_integral_value():
            raise Unfit(texts.WHOLE_EXPECTED)
        return int(value)

    return Kind(word="整数或 null" if off else "整数", read=read, show=_same)


def _flag_of(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    words = {"是": True, "否": False, "true": True, "false": False}
    if isinstance(raw, str) and raw.strip().lower() in words:
        return words[raw.strip().lower()]
    raise Unfit(texts.FLAG_EXPECTED)


FLAG = Kind(word="true/false", read=_flag_of, show=_same)
YES_NO = Kind(word="是/否", read=_flag_of, show=lambda value: "是" if value else "否")


def choice(*words: str) -> Kind:
    def read(raw: object) -> str:
        if isinstance(raw, str) and raw.strip() in words:
            return raw.strip()
        raise Unfit(texts.not_among(words))

    return Kind(word=" / ".join(words), read=read, show=_same)


def member(words: type[StrEnum]) -> Kind:
    by_word = {item.value: item for item in words}

    def read(raw: object) -> StrEnum:
        if isinstance(raw, str) and raw.strip() in by_word:
            return by_word[raw.strip()]
        raise Unfit(texts.not_among(tuple(by_word)))

    return Kind(word=" / ".join(by_word), read=read, show=str)


def _time_of(raw: object, expected: str) -> time:
    match = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", raw.strip(), re.ASCII) if isinstance(raw, str) else None
    if match is None:
        raise Unfit(expected)
    try:
        return time(int(match[1]), int(match[2]), int(match[3] or 0))
    except ValueError:
        raise Unfit(expected) from None


CLOCK_TIME = Kind(word="时间", read=lambda raw: _time_of(raw, texts.TIME_EXPECTED), show=str)


def _times_of(raw: object) -> tuple[time, ...]:
    items = raw if isinstance(raw, list) else [] if raw == "" else [raw]
    return tuple(sorted({_time_of(item, texts.TIMES_EXPECTED) for item in items}))


def _times_shown(value: object) -> object:
    assert isinstance(value, tuple)
    return str(value[0]) if len(value) == 1 else [str(item) for item in value]


CLOCK_TIMES = Kind(word="时间或时间列表", read=_times_of, show=_times_shown)


def _last_day_of(raw: object) -> date | None:
    if raw is False or raw is None or (isinstance(raw, str) and raw.strip() in ("", "否", "false")):
        return None
    if isinstance(raw, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw.strip(), re.ASCII):
        try:
            return date.fromisoformat(raw.strip())
        except ValueError:
            pass  # 2026-02-30: said below
    raise Unfit(texts.LAST_DAY_EXPECTED)


LAST_DAY = Kind(word="false 或日期", read=_last_day_of, show=lambda value: str(value) if value is not None else False)


def _list_of(raw: object, expected: str) -> Sequence[object]:
    if isinstance(raw, list):
        return raw
    if isinstance(raw, str):
        return [part for part in re.split(r"[,;\s\uff0c\uff1b\u3001]+", raw) if part]
    raise Unfit(expected)


def _ticks_of(raw: object) -> tuple[int, ...]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= 20:
        raise Unfit(texts.TICKS_EXPECTED)
    one = whole(0, 100)
    try:
        ticks = tuple(one.read(item) for item in raw)
    except Unfit:
        raise Unfit(texts.TICKS_EXPECTED) from None
    steps = tuple(tick for tick in ticks if isinstance(tick, int))
    if list(steps) != sorted(steps):
        raise Unfit(texts.TICKS_EXPECTED)
    return steps


def _listed(value: object) -> object:
    assert isinstance(value, tuple)
    return list(value)


TICKS = Kind(word="整数列表", read=_ticks_of, show=_listed)


def _symbols_of(raw: object) -> tuple[str, ...]:
    found = []
    for item in _list_of(raw, texts.SYMBOLS_EXPECTED):
        code = _text_of(item, texts.SYMBOLS_EXPECTED).upper()
        try:
            found.append(symbol_of(code))
        except UnsupportedSymbol:
            raise Unfit(texts.bad_symbol(code[:20])) from None
    return tuple(dict.fromkeys(found))


SYMBOLS = Kind(word="代码列表", read=_symbols_of, show=_listed)


def _silenced_of(raw: object) -> tuple[str, ...]:
    words = {word: kind for kind, word in messages.KINDS.items()}
    may_be = [word for word, kind in words.items() if kind not in messages.ALWAYS_PUSHED]
    found = set()
    for item in _list_of(raw, texts.KINDS_EXPECTED):
        word = _text_of(item, texts.KINDS_EXPECTED)
        if word not in words:
            near = difflib.get_close_matches(word, may_be, n=1, cutoff=0.5)
            raise Unfit(texts.unknown_message_kind(word[:20], near[0] if near else None, may_be))
        if word not in may_be:
            raise Unfit(texts.always_pushed(word, may_be))
        found.add(words[word])
    return tuple(kind for kind in messages.KINDS if kind in found)


def _silenced_shown(value: object) -> object:
    assert isinstance(value, tuple)
    return [messages.KINDS[kind] for kind in value]


SILENCED = Kind(word="消息种类列表", read=_silenced_of, show=_silenced_shown)


def wecom_key(raw: object) -> str:
    """A robot's key; the whole webhook address is taken as well."""
    value = _text_of(raw, texts.WECOM_EXPECTED)
    if "key=" in value:
        value = (parse_qs(value.partition("?")[2] or value).get("key") or [""])[0]
    if not _WECOM_KEY.fullmatch(value):
        raise Unfit(texts.WECOM_EXPECTED)
    return value


def wecom_keys(raw: object) -> tuple[str, ...]:
    items = _list_of(raw, texts.MULTIPLE_TOKENS)
    return tuple(dict.fromkeys(wecom_key(item) for item in items if item != ""))


WECOM_KEYS = Kind(word="文字列表", read=wecom_keys, show=_listed)


def _web_address(value: str) -> bool:
    if any(c.isspace() for c in value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _url_of(raw: object, expected: str, *, may_be_empty: bool) -> str:
    value = _text_of(raw, expected)
    if not value and may_be_empty:
        return ""
    if value and "://" not in value:
        value = "http://" + value
    if not _web_address(value):
        raise Unfit(expected)
    return value.rstrip("/")


URL = Kind(word="地址", read=lambda raw: _url_of(raw, texts.URL_EXPECTED, may_be_empty=False), show=_same)
PUBLIC_URL = Kind(word="地址", read=lambda raw: _url_of(raw, texts.PUBLIC_URL_EXPECTED, may_be_empty=True), show=_same)
HOST = checked_text("IP 地址", texts.HOST_EXPECTED, lambda value: _HOST.fullmatch(value) is not None)
DATABASE = checked_text(
    "文字", texts.DATABASE_EXPECTED, lambda value: _DATABASE.fullmatch(value) is not None, may_be_empty=True
)
KID = checked_text("文字", texts.KID_EXPECTED, valid_kid)


def is_secret(value: str) -> bool:
    """Whether this is a secret that the program made, not a chosen password."""
    try:
        derive_keys("x", value)
    except ValueError:
        return False
    return len(set(value.removeprefix("gd2_"))) >= 4


SECRET = checked_text("文字", texts.SECRET_EXPECTED, is_secret, may_be_empty=True)
