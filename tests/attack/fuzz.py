"""What the attacks share: how long they look, JSON and requests as an attacker spells them, bytes that were damaged."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

LONG = os.environ.get("GENDAN_LONG", "") not in ("", "0")
MARKS = [pytest.mark.long, pytest.mark.timeout(1800)] if LONG else []


def examples(few: int, many: int = 1000) -> settings:
    """A few examples, the same ones each time; with GENDAN_LONG `many` new ones."""
    return settings(
        max_examples=many if LONG else few,
        deadline=None,
        derandomize=not LONG,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
    )


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder in memory where there is one: thousands of commits say nothing about the disk."""
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)


# --- JSON as an attacker spells it ------------------------------------------------------------------------------------

NUMBERS = (
    *(
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "1e-999",
        "1e999999999999999999999",
        "1e-99999999999999999999",
    ),
    *("-0", "-0.0", "0", "00", "1", "-1", "+1", ".5", "1.", "0x10", "1_000", "1.5", "1e2", "0.00001", "9.99999"),
    *(str(2**31), str(2**53 + 1), str(2**63), str(2**64), "1" + "0" * 40, "9" * 400, "9" * 4301, "0." + "1" * 400),
    *("1e13", "10000000000000.00001", "253402185600", "253402185601"),
)
WORDS = (
    *(
        '""',
        '" "',
        '"\\ud800"',
        '"\\u0000"',
        '"\\u202e"',
        '"\x00"',
        '"é"',
        '"名字"',
        '"\U0001f4a5"',
        '"held"',
        '"n"',
        '"?"',
    ),
    *('"000001.XSHE"', '"600000.SH"', '"999999.XSHG"', '"IF2612.CCFX"', '"../../etc"', '"1"', '"1e5"', '"nan"', '"٣"'),
    *("null", "true", "false", "[]", "{}", "[null]", '{"a":1,"a":2}', "'x'", "undefined", '"unclosed'),
)
BULKY = ('"' + "x" * 9_000 + '"', "[" * 9_000, "[" * 900 + "]" * 900, '{"a":' * 2_000, "[" + "1," * 5_000 + "1]")

VALUES = (
    st.sampled_from((*NUMBERS, *WORDS)) | st.sampled_from(BULKY) | st.integers().map(str) | st.text().map(json.dumps)
)


@st.composite
def object_text(draw: st.DrawFn, honest: Mapping[str, Any], values: st.SearchStrategy[str] = VALUES) -> str:
    """An honest object with some keys left out, replaced, added or said twice; 0 changes leave it honest."""
    pairs = [(key, json.dumps(value, ensure_ascii=False)) for key, value in honest.items()]
    keys = st.sampled_from([*honest]) | st.text(max_size=3)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(pairs)))
        match draw(st.sampled_from(("replace", "leave out", "add", "say twice"))):
            case "replace" if place < len(pairs):
                pairs[place] = (pairs[place][0], draw(values))
            case "leave out" if place < len(pairs):
                del pairs[place]
            case "say twice" if place < len(pairs):
                pairs.append(pairs[place])
            case _:
                pairs.insert(place, (draw(keys), draw(values)))
    return "{" + ",".join(f"{json.dumps(key)}:{text}" for key, text in pairs) + "}"


def damaged(texts: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """The text as bytes, sometimes with bytes changed, cut off, in another encoding or with a mark before it."""

    def encode(text: str) -> bytes:
        return text.encode("utf-8", "surrogatepass")

    whole = texts.map(encode)
    return st.one_of(
        whole,
        whole,
        whole.flatmap(changed),
        texts.map(lambda text: b"\xef\xbb\xbf" + encode(text)),
        texts.map(lambda text: text.encode("utf-16", "surrogatepass")),
    )


@st.composite
def changed(draw: st.DrawFn, honest: bytes) -> bytes:
    """The bytes with up to three of them changed, perhaps cut off, doubled or with more behind them."""
    data = bytearray(honest)
    for _ in range(draw(st.integers(0, 3))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    match draw(st.sampled_from(("keep", "cut", "double", "add"))):
        case "cut":
            return bytes(data[: draw(st.integers(0, len(data)))])
        case "double":
            return bytes(data + data)
        case "add":
            return bytes(data) + draw(st.binary(max_size=20))
    return bytes(data)


# --- requests as an attacker spells them -----------------------------------------------------------------------------

METHODS = st.sampled_from((b"POST", b"GET", b"PUT", b"OPTIONS", b"CONNECT", b"post", b"", b"\x00", b"X" * 9000))
VERSIONS = st.sampled_from((b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2", b"HTTP/9.9", b"", b"x"))
HEADERS = st.sampled_from(
    (
        b"Host: x",
        b"Content-Length: 5",
        b"Content-Length: -1",
        b"Content-Length: 0x5",
        b"Content-Length: +5",
        b"no colon",
        b"Content-Length: 5, 5",
        b"Content-Length: " + b"9" * 5000,
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: xchunked",
        b"Expect: 100-continue",
        b"Connection: close",
        b"Upgrade: h2c",
        b"Content-Type: multipart/form-data",
        b": x",
        b" folded",
        b"X: \x00",
        b"X: \xff",
        b"X-Forwarded-For: 1.2.3.4",
        b"Content-Encoding: gzip",
        b"X: " + b"a" * 20_000,
        b"a\rb: c",
    )
)
BODIES = st.sampled_from(
    (b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"fffffffffffffffff\r\n", b"-1\r\n", b"x" * 70_000)
)
