"""The pasted file before a hostile server: whatever answers, nothing is forgotten without the right signature."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.core import wire
from tests.attack.fuzz import MARKS, VALUES, changed, damaged, examples, object_text
from tests.attack.hostile import Hostile
from tests.joinquant.pasted import KID, OTHER_SECRET, SECRET, Strategy

pytestmark = MARKS

HEADS = (
    "HTTP/1.1 200 OK", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/", "HTTP/1.1 100 Continue",
    "HTTP/1.1 204 No", "HTTP/1.1 999 x", "HTTP/1.1 -1 x", "HTTP/9 200 OK", "HTTP/1.1", "garbage", "",
    "HTTP/1.1 200 OK\r\n" + "X: y\r\n" * 200,
    "HTTP/1.1 200 " + "x" * 70_000, "HTTP/1.1 200 OK\r\nX: " + "x" * 70_000, "HTTP/1.1 101 Switching Protocols",
)  # fmt: skip
FRAMES = (
    "", "Content-Length: 5", "Content-Length: -5", "Content-Length: x", "Content-Length: " + "9" * 4000,
    "Content-Length: " + "9" * 5000, "Transfer-Encoding: chunked", "Connection: close",
    "Transfer-Encoding: chunked\r\nContent-Length: 3", "Transfer-Encoding: x", "Content-Encoding: gzip", "é: é", ": x",
)  # fmt: skip
BODIES = (
    b"",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"-5\r\nhello",
    b"zz\r\n",
    b"f" * 70_000,
    b"ffffffffffffffffffff\r\nx",
    b"[" * 66_000,
)
KEYS = Strategy().gendan.keys


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    made = Hostile()
    yield made
    made.close()


@given(
    head=st.sampled_from(HEADS), frame=st.sampled_from(FRAMES), body=st.sampled_from(BODIES) | st.binary(max_size=99)
)
@examples(80, 1000)
def test_no_answer_of_a_hostile_server_breaks_the_strategy_or_empties_the_spool(
    hostile: Hostile, head: str, frame: str, body: bytes
) -> None:
    hostile.says = f"{head}\r\n{frame}\r\n\r\n".encode("latin-1") + body
    strategy = Strategy(address=f"http://127.0.0.1:{hostile.port}")
    line = strategy.gendan.line = strategy.real_line
    assert line is not None and strategy.call("order", "000001.XSHE", 100) is not None
    line.close()
    assert len(strategy.spool) == 1
    assert "内部错误" not in strategy.said("error")


@given(data=st.data())
@examples(300, 2000)
def test_no_acknowledgement_but_the_signed_one_is_believed(data: st.DataObject) -> None:
    body_id, mac = b"i" * 16, b"m" * 32
    envelope = wire.Envelope(kid=KID, body_id=body_id, t_ms=1, ciphertext=b"", mac=mac)
    honest = wire.make_ack(envelope, wire.derive_keys(KID, SECRET), "accepted", 2)
    other = wire.make_ack(envelope, wire.derive_keys(KID, OTHER_SECRET), "accepted", 2)
    answer = data.draw(damaged(object_text(json.loads(honest)) | VALUES) | changed(honest) | changed(other))
    said = KEYS.read_ack(body_id, mac, answer)
    assert said in (None, ("accepted", 2))
    if said is not None:
        believed = json.loads(answer)
        assert {key: believed[key] for key in ("v", "i", "st", "q", "m")} == json.loads(honest)
