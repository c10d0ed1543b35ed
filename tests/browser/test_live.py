"""Pages that nobody reloads: signals arrive through the real receiver and are seen."""

from __future__ import annotations

import pytest

from tests.browser.desk import Desk
from tests.browser.window import Window

pytestmark = pytest.mark.long


def test_a_signal_appears_by_itself_and_its_timeline_grows_to_the_fill(desk: Desk, inside: Window) -> None:
    inside.open("/signals")
    inside.run("window.unreloaded = true")
    desk.signal("510300.XSHG", 10000, kid="etf", price=4)
    inside.sees("510300.SH", "#list")
    inside.sees("轮动", "#list")
    assert inside.run("return window.unreloaded") is True

    inside.tick("#list td.stamp a")
    inside.sees("等人确认", "#steps")
    assert "等待确认超时" not in inside.text("#steps")
    inside.run("window.unreloaded = true")
    assert desk.verb("approve", "all") == 0
    inside.sees("已完成", "#story")
    inside.until(lambda: inside.all("#steps li.fill"), "a fill in the timeline")
    assert len(inside.all("#story ol.hops li")) >= 4
    assert inside.run("return window.unreloaded") is True
    inside.shoot("signal")
