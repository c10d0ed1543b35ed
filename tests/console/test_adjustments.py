"""What a person adds to the targets, seen by the routes of the position sync; the internal password."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path

import bcrypt
import pytest

from desk.core.targets import Adjustment, TargetPosition
from desk.journal import NewUpload, PositionBook
from desk.positions import keys
from tests.console.room import NOW, PASSWORD, TRADING, Room

ROW = {
    "number": "0",
    "code": "000001.XSHE",
    "volume": "-300",
    "cost": "10.5",
    "remark": "手工",
    "trading_password": TRADING,
}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """One with a journal of its own."""
    made = Room(tmp_path)
    made.people()
    yield made
    made.close()


def book(room: Room) -> PositionBook:
    return PositionBook(room.journal)


def test_a_row_is_put_replaced_and_removed_and_each_is_noted(room: Room) -> None:
    browser = room.browser("操盘")
    browser.post("/adjustments", ROW)
    assert book(room).adjustments() == (
        Adjustment(symbol="000001.SZ", shares=-300, cost=Decimal("10.5"), name="", remark="手工"),
    )
    browser.post("/adjustments", {**ROW, "number": "1", "volume": "200", "remark": ""})
    assert [one.shares for one in book(room).adjustments()] == [200]
    browser.post("/adjustments/remove", {"number": "2", "symbol": "000001.SZ", "trading_password": TRADING})
    assert book(room).adjustments() == ()
    assert [row[2:] for row in room.noted() if row[1] == "adjustments.saved"] == [
        ("000001.SZ", None, "-300 × 10.5 手工"),
        ("000001.SZ", "-300 × 10.5 手工", "200 × 10.5"),
        ("000001.SZ", "200 × 10.5", None),
    ]
    assert [saved.by for saved in book(room).adjustment_history(9)] == ["console:操盘"] * 3


@pytest.mark.parametrize(
    "changes",
    [
        {"volume": "0"}, {"volume": "1.5"}, {"volume": "viele"}, {"volume": ""}, {"volume": "NaN"},
        {"cost": "-1"}, {"cost": "Infinity"}, {"code": "000001"}, {"code": ""}, {"remark": "\x00"},
        {"number": "7"}, {"number": ""}, {"trading_password": "wrong one"},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_and_saves_nothing(room: Room, changes: dict[str, str]) -> None:
    browser = room.browser("操盘")
    assert browser.post("/adjustments", {**ROW, **changes}).status_code == 302
    assert 'class="notice bad"' in browser.get("/adjustments").text
    assert book(room).adjustment_history(9) == []


def test_the_total_is_the_targets_with_the_adjustments(room: Room) -> None:
    target = TargetPosition(symbol="000001.SZ", shares=1000, cost=Decimal("10"), name="平安银行")
    book(room).upload(NewUpload(at=NOW, strategy="小市值", client_id="c", auth_type="rsa", positions=(target,)))
    room.browser("操盘").post("/adjustments", ROW)
    page = room.browser("看客").get("/adjustments").text
    assert '<td class="number">700</td>' in page and '<td class="number">-300</td>' in page
    assert "平安银行" in page and '<form method="post" action="/adjustments' not in page


def test_an_administrator_sets_the_internal_password_with_his_own(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "hash_password", partial(keys.hash_password, rounds=4))
    form = {"fresh": "ein neues Wort", "again": "ein neues Wort", "password": PASSWORD}
    browser = room.browser("店主")
    for wrong in ({"again": "other"}, {"fresh": "kurz", "again": "kurz"}, {"password": "wrong one"}):
        browser.post("/adjustments/password", {**form, **wrong})
        assert book(room).password() is None
    browser.post("/adjustments/password", form)
    kept = book(room).password()
    assert kept is not None and bcrypt.checkpw(b"ein neues Wort", kept.hash.encode())
    assert "ein neues Wort" not in str(room.noted()) and kept.hash not in browser.get("/adjustments").text
