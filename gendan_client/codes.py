"""How platforms spell a security: 600000.SH, 600000.XSHG, 600000.SS, sh600000, SHSE.600000.

Inside this package there is one spelling, `600000.SH`. Six digits alone are refused: 000001 is a bank in Shenzhen and
an index in Shanghai.
"""

from __future__ import annotations

import re
from typing import Any

from gendan_client.errors import BadCode

# what is written -> exchange
_EXCHANGES = {
    spelling: exchange
    for exchange, spellings in {
        "SH": ("SH", "XSHG", "SS", "SSE", "SHSE"),
        "SZ": ("SZ", "XSHE", "SZSE"),
        "BJ": ("BJ", "XBSE", "BSE", "BJSE"),
    }.items()
    for spelling in spellings
}
_JOINQUANT = {"SH": "XSHG", "SZ": "XSHE", "BJ": "BJ"}  # JoinQuant documents no code for Beijing
_PTRADE = {"SH": "SS", "SZ": "SZ", "BJ": "BJ"}
_BEHIND = re.compile(r"(\d{6})\.([A-Z]{2,4})", re.ASCII)
_BEFORE = re.compile(r"([A-Z]{2,4})\.?(\d{6})", re.ASCII)


def read_code(text: Any) -> str:
    """Translate any known spelling, in any case, to `600000.SH`. Raises BadCode."""
    if not isinstance(text, str):
        raise BadCode("代码要是文字，例如 600000.SH")
    written = text.strip().upper()
    behind, before = _BEHIND.fullmatch(written), _BEFORE.fullmatch(written)
    digits, exchange = behind.groups() if behind else before.groups()[::-1] if before else ("", "")
    if exchange in _EXCHANGES:
        return f"{digits}.{_EXCHANGES[exchange]}"
    if re.fullmatch(r"\d{1,6}", written, re.ASCII):
        raise BadCode(f"代码 {written} 没有写交易所，请写成 600000.SH 或 sh600000 的样子")
    raise BadCode(f"不认识的代码 {text[:20]!r}，请写成 600000.SH 的样子")


def joinquant_code(text: str) -> str:
    """600000.XSHG, 000001.XSHE, 920001.BJ. Raises BadCode."""
    return _behind(text, _JOINQUANT)


def qmt_code(text: str) -> str:
    """600000.SH, 000001.SZ, 920001.BJ, as QMT, MiniQMT and EasyXT write. Raises BadCode."""
    return read_code(text)


def ptrade_code(text: str) -> str:
    """600000.SS, 000001.SZ. Raises BadCode."""
    return _behind(text, _PTRADE)


def prefixed_code(text: str) -> str:
    """sh600000, sz000001, bj920001. Raises BadCode."""
    digits, _, exchange = read_code(text).partition(".")
    return exchange.lower() + digits


def _behind(text: str, suffixes: dict[str, str]) -> str:
    digits, _, exchange = read_code(text).partition(".")
    return f"{digits}.{suffixes[exchange]}"
