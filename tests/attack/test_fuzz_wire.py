"""The receiver's door under made-up bodies: one declared answer each, nothing acknowledged that is not stored."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.core import wire
from desk.texts import receiver as texts
from tests.attack.fuzz import BULKY, MARKS, changed, damaged, examples, object_text, scratch
from tests.stand_in.post import MORNING, OTHER_SECRET, TOKEN, Post
from tests.stand_in.senders import HELD_ORDER, Sender, v1_body, v1_plaintext

pytestmark = MARKS

CANCEL = {"y": "c", "q": 1, "r": "s", "d": 1795138500, "o": "1", "x": "000001.XSHE", "a": 100, "f": 0, "u": "c"}
SNAPSHOT = {
    "y": "s", "q": 1, "r": "s", "d": 1795138500, "P": [["000001.XSHE", 100, 0, 10.5, 10.51]], "C": 1.5, "E": 2,
    "O": [["1", "000001.XSHE", 1, 100, 0, "o", 10.5]],
}  # fmt: skip
FULL_ORDER = HELD_ORDER | {"u": "o", "k": "l", "l": 10.5, "z": "l", "e": 100000.5, "m": 5, "g": 10.1, "n": 9400}
EVENTS = (HELD_ORDER, FULL_ORDER, FULL_ORDER | {"y": "t", "w": 1}, CANCEL, SNAPSHOT, {k: SNAPSHOT[k] for k in "yqrd"})
DECLARED = {200, 400, 401, 403, 409, 413, 429}  # 503 is for a journal that fails, and this one does not


class Held:
    """A post whose journal's rows can be counted."""

    def __init__(self, folder: Path) -> None:
        self.post = Post(folder)
        self._read = sqlite3.connect(folder / "journal.sqlite3")

    def bodies(self) -> int:
        return int(self._read.execute("SELECT COUNT(*) FROM bodies").fetchone()[0])

    def body(self, body_id: str) -> tuple[bytes | None, int] | None:
        """Its raw plaintext, if that was kept, and how many events came of it; None: it is not stored."""
        row = self._read.execute("SELECT raw FROM bodies WHERE body_id = ?", (body_id,)).fetchone()
        if row is None:
            return None
        prefix = (body_id, f"{body_id}-%")
        (events,) = self._read.execute(
            "SELECT COUNT(*) FROM events WHERE event_id = ? OR event_id LIKE ?", prefix
        ).fetchone()
        return row[0], int(events)

    def answer(self, body: bytes) -> tuple[int, Any]:
        """Status and JSON of an answer that is one of the declared."""
        told = len(self.post.alarms)
        response = self.post.http.post("/api/order", data=body)
        assert response.status_code in DECLARED, response.data
        assert response.content_type == "application/json"
        assert texts.INCIDENT_TITLE not in self.post.titles[told:]
        return response.status_code, response.get_json()

    def close(self) -> None:
        self._read.close()
        self.post.journal.close()


@pytest.fixture(scope="module")
def held() -> Iterator[Held]:
    with scratch() as folder:
        made = Held(Path(folder))
        with closing(made):
            yield made
            made.post.journal.undecided_events(1_000_000)  # whatever was stored can be read by who decides


@given(data=st.data())
@examples(120)
def test_a_signed_plaintext_of_any_kind_is_stored_before_it_is_acknowledged(held: Held, data: st.DataObject) -> None:
    one = st.sampled_from(EVENTS).flatmap(object_text)
    many = st.lists(one, max_size=4).map(lambda texts: "[" + ",".join(texts) + "]")
    plaintext = data.draw(damaged(one | many | st.sampled_from(BULKY)) | st.binary(max_size=200))[:45_000]
    body_id = data.draw(st.binary(min_size=16, max_size=16))
    body = held.post.sender.body(plaintext, at=MORNING, body_id=body_id)
    before = held.bodies()
    status, answer = held.answer(body)
    if status == 409:
        assert held.bodies() == before
        return
    assert status == 200
    st_, _ = held.post.sender.read_ack(body, json.dumps(answer).encode())
    kept = held.body(body_id.hex())
    assert kept is not None
    if st_ == "refused":
        assert kept == (plaintext, 0)
    elif st_ == "accepted":
        assert kept[0] is None
        assert kept[1] == len(wire.parse_events(plaintext))
    else:
        assert st_ == "duplicate"


@given(data=st.data())
@examples(200)
def test_a_changed_envelope_is_stored_only_where_its_meaning_is_unchanged(held: Held, data: st.DataObject) -> None:
    good = held.post.sender.body(HELD_ORDER, at=MORNING)
    outer = object_text(json.loads(good)).map(lambda text: text.encode("utf-8", "surrogatepass"))
    body = data.draw(outer | changed(good) | st.binary(max_size=300))
    before = held.bodies()
    status, _ = held.answer(body)
    try:
        same = json.loads(body) == json.loads(good)
    except (ValueError, RecursionError):
        same = False
    assert status != 200 or same
    assert held.bodies() == before + (status == 200)


@given(data=st.data())
@examples(60)
def test_only_the_key_and_the_name_that_belong_together_open_the_door(held: Held, data: st.DataObject) -> None:
    secret, kid = data.draw(st.sampled_from(((OTHER_SECRET, "xsz"), (OTHER_SECRET, "nobody"), (OTHER_SECRET, "XSZ"))))
    forger = Sender(kid, secret)
    body = forger.body(
        data.draw(st.sampled_from(EVENTS)), at=MORNING, body_id=data.draw(st.binary(min_size=16, max_size=16))
    )
    before = held.bodies()
    status, answer = held.answer(body)
    assert (status, answer["error"]) in ((401, "unauthorized"), (429, "too_many_failures"))
    assert held.bodies() == before


@given(data=st.data())
@examples(120)
def test_an_old_body_of_any_kind_is_answered_and_stored_or_neither(held: Held, data: st.DataObject) -> None:
    honest = json.loads(v1_plaintext(MORNING, 订单ID=data.draw(st.text("0123456789", min_size=1, max_size=12))))
    words = st.sampled_from(('""', '"nan"', '"None"', '"-1"', '"1e999"', '"NaN"', '"1e9999999999"', '"9e12"', '"True"',
                             '"2026-11-20 09:35:00"', '"9999-12-31 23:59:59"', '"0001-01-01"', '"Infinity"', '"٣"',
                             '"2026-11-20T09:35:00+08:00"', "1", "null", "[]", '"' + "9" * 5000 + '"'))  # fmt: skip
    plaintext = data.draw(object_text(honest, words | st.text().map(json.dumps)))
    token = data.draw(st.sampled_from((TOKEN, TOKEN, TOKEN, "another")))
    body = v1_body(token, plaintext.encode("utf-8", "replace").decode())
    body = data.draw(st.just(body) | st.just(body) | changed(body))
    before = held.bodies()
    status, answer = held.answer(body)
    taken = status == 200 and answer.get("status") == "success" and "duplicate" not in answer
    assert held.bodies() == before + taken
    assert token == TOKEN or status != 200


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"x" * 3_000_000, id="3 MB of nothing"),
        pytest.param(b"[" * 3_000_000, id="3 MB of brackets"),
        pytest.param(b'{"v":2,"c":"' + b"A" * 3_000_000 + b'"}', id="3 MB of ciphertext"),
        pytest.param(b'{"encrypted_order":"' + b"A" * 3_000_000 + b'"}', id="3 MB of the old protocol"),
        pytest.param(b"9" * 64_000, id="one number"),
        pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, id="deep objects"),
    ],
)
def test_bulk_is_refused_and_leaves_nothing(held: Held, body: bytes) -> None:
    before = held.bodies()
    assert held.answer(body)[0] in (400, 413, 429)
    assert held.bodies() == before
