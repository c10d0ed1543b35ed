"""What was told, what became of it, and sending it once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desk.core.batch import Batch
from desk.core.values import Message
from desk.settings.document import ANALYSIS_FILE
from desk.texts.journal import SILENCED
from tests.console.room import NOW, TRADING, Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """One with a journal of its own: what was told is told."""
    made = Room(tmp_path)
    made.people()
    yield made
    made.close()


def tell(room: Room, title: str, text: str = "…", kind: str = "fill", urgent: bool = False) -> None:
    room.journal.commit(Batch(messages=[Message(at=NOW, kind=kind, title=title, text=text, urgent=urgent)]))


def lose(room: Room, robot: str) -> None:
    room.journal.outbox_dead([row.id for row in room.journal.outbox_due(robot, NOW, 10)], "93000 invalid webhook")


def test_without_messages_the_page_says_what_will_appear(room: Room) -> None:
    page = room.browser("看客").get("/messages").text
    assert "还没有消息" in page and "还没有给过机器人消息" in page


def test_a_lost_message_is_seen_and_sent_once_more(room: Room) -> None:
    room.journal.outbox_robots(["r1"])
    tell(room, "成交 000001.SZ")
    lose(room, "r1")
    browser = room.browser("操盘")
    page = browser.get("/messages").text
    assert "没送到 1" in page and "93000 invalid webhook" in page
    assert browser.post("/messages/1/again").status_code == 302
    assert [row.message.title for row in room.journal.outbox_due("r1", NOW, 10)] == ["成交 000001.SZ"]
    assert ("操盘", "message.again", "1", None, None) in room.noted()


def test_what_waits_already_is_not_queued_twice_and_not_noted(room: Room) -> None:
    room.journal.outbox_robots(["r1"])
    tell(room, "成交")
    browser = room.browser("操盘")
    browser.post("/messages/1/again")
    assert "没有可发的机器人" in browser.get("/messages").text
    assert "message.again" not in [row[1] for row in room.noted()]


def test_a_test_message_goes_through_the_outbox(room: Room) -> None:
    room.journal.outbox_robots(["r1"])
    room.browser("操盘").post("/messages/test")
    [row] = room.journal.outbox_due("r1", NOW, 10)
    assert row.message.title == "跟单通知测试"


def test_a_viewer_sees_no_button_that_sends(room: Room) -> None:
    room.journal.outbox_robots(["r1"])
    tell(room, "成交")
    assert "/again" not in room.browser("看客").get("/messages").text


def silence(room: Room, *kinds: str) -> None:
    room.config = replace(room.config, messenger=replace(room.config.messenger, silenced=kinds))


def test_what_was_not_wanted_is_not_called_lost_and_is_not_offered_again(room: Room) -> None:
    room.journal.outbox_robots(["r1"])
    silence(room, "fill")
    tell(room, "成交 000001.SZ")
    [row] = room.journal.outbox_due("r1", NOW, 10)
    room.journal.outbox_dead([row.id], SILENCED)
    page = room.browser("操盘").get("/messages").text
    assert "不推送 1" in page and 'badge ">不推送</span>' in page
    assert "没送到" not in page and "/1/again" not in page
    silence(room)
    assert "/1/again" in room.browser("操盘").get("/messages").text


def test_ticked_kinds_are_asked_for_as_a_setting_and_noted(room: Room) -> None:
    silence(room, "fill")
    browser = room.browser("店主")
    page = browser.get("/messages").text
    assert 'value="fill" checked' in page and 'value="order">' in page
    assert 'value="alarm"' not in page and 'value="unknown"' not in page and 'value="info"' not in page
    form = {"kind": ["order", "summary"], "trading_password": TRADING}
    assert browser.post("/messages/silenced", form).status_code == 302
    browser.post("/messages/silenced", {"trading_password": TRADING})
    asked = {"file": ANALYSIS_FILE, "不推送的消息": "已下单, 当日摘要"}
    assert room.changed.wishes == [
        ("settings", asked, "console:店主"),
        ("settings", {**asked, "不推送的消息": ""}, "console:店主"),
    ]
    assert ("店主", "settings.changed", ANALYSIS_FILE) in [row[:3] for row in room.noted()]


@pytest.mark.parametrize(
    ("name", "form", "code"),
    [
        ("操盘", {"kind": "fill", "trading_password": TRADING}, 403),
        ("看客", {"kind": "fill", "trading_password": TRADING}, 403),
        ("店主", {"kind": "fill", "trading_password": "wrong one"}, 302),
        ("店主", {"kind": "fill"}, 302),
    ],
)
def test_nobody_else_and_nobody_without_his_password_silences_anything(
    room: Room, name: str, form: dict[str, str], code: int
) -> None:
    browser = room.browser(name)
    assert ("/messages/silenced" in browser.get("/messages").text) == (name == "店主")
    assert browser.post("/messages/silenced", form).status_code == code
    assert room.changed.wishes == []


def test_what_is_told_is_shown_as_text_only(room: Room) -> None:
    tell(room, "<script>alert(1)</script>", "<img src=x>\n第二行", kind="<b>x", urgent=True)
    page = room.browser("看客").get("/messages").text
    assert "<script>alert" not in page and "<img src=x" not in page and "<b>x" not in page
    assert "&lt;img src=x&gt;\n第二行" in page


def test_long_lists_are_paged_and_a_made_up_mark_is_refused(room: Room) -> None:
    for number in range(31):
        tell(room, f"第{number}条")
    browser = room.browser("看客")
    first = browser.get("/messages").text
    assert "第30条" in first and "第0条" not in first and "mark=2" in first
    assert "第0条" in browser.get("/messages?mark=2").text
    assert browser.get("/messages?mark=nonsense").status_code == 400


def test_the_days_picture_is_drawn_only_when_it_is_looked_at(room: Room) -> None:
    page = room.browser("看客").get("/messages").text
    assert 'src="/api/v2/day.png" loading="lazy"' in page
