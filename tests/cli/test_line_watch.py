"""What `status` says of a line that is down: why, and when it is tried again by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from desk.cli import facts, showing
from desk.cli.home import TRADER, Home
from desk.cli.line_watch import LineWatch
from desk.core.config import AccountConfig, Config
from desk.journal import AccountView, Journal
from desk.texts import terminals as texts
from tests.world import TurnedClock

REAL, PAPER = "真账户", "模拟账户"
ACCOUNTS = (AccountConfig(name=REAL, channel="miniqmt"), AccountConfig(name=PAPER))
AT = "2026-11-20T10:00:16+08:00"


@dataclass
class Line:
    """A terminal's line, as the watch sees it."""

    connected: bool = False
    trouble: str = "没有连上"
    retry_at: datetime | None = None


@dataclass
class PaperDesk:
    broker: Line

    @property
    def ready(self) -> bool:
        return self.broker.connected


class Desk:
    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.config = Config(home=folder, strategies=(), accounts=ACCOUNTS)
        self.journal = Journal.open(folder / "journal.db", clock=TurnedClock())
        self.line, self.paper = Line(), Line(connected=True)
        self.watch = LineWatch(
            journal=self.journal,
            desks={REAL: SimpleNamespace(ready=True), PAPER: PaperDesk(self.paper)},  # type: ignore[dict-item]
            terminals={REAL: self.line},  # type: ignore[dict-item]
            clock=TurnedClock(),
        )

    def row(self, account: str) -> dict[str, Any]:
        """What `status` says of it after a look at the lines."""
        self.watch.step()
        (row,) = [
            one for one in facts.status(self.journal, self.config, self.home)["accounts"] if one["name"] == account
        ]
        return row

    def told(self) -> tuple[str, str | None]:
        """The real account's trouble and when it is tried again."""
        row = self.row(REAL)
        return row["trouble"], row["retry_at"]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    with made.home.hold([TRADER]):
        yield made
    made.journal.close()


def test_a_line_that_is_down_tells_when_it_is_tried_again(desk: Desk) -> None:
    assert desk.told() == ("没有连上", None)
    desk.line.retry_at = datetime.fromisoformat(AT)
    assert desk.told() == ("没有连上", AT)
    desk.line.retry_at = None  # it is being tried
    assert desk.told() == ("没有连上", None)
    desk.line.connected, desk.line.trouble = True, ""
    assert desk.told() == ("", None)
    assert [told.message.title for told in desk.journal.outbox_list(10)] == ["券商恢复"]


def test_the_same_is_not_written_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.line.retry_at = datetime.fromisoformat(AT)
    desk.watch.step()
    monkeypatch.setattr(desk.journal, "commit", lambda batch: pytest.fail("written again"))
    desk.watch.step()


def test_status_prints_it_beside_the_reason(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.line.retry_at = datetime.fromisoformat(AT)
    desk.watch.step()
    showing.show_status(facts.status(desk.journal, desk.config, desk.home))
    assert "! 真账户：没有连上（下次自动重连 10:00:16）" in capsys.readouterr().out


def test_a_paper_account_whose_exchange_is_gone_is_not_shown_as_connected(desk: Desk) -> None:
    seen = AccountView(
        name=PAPER,
        channel="paper",
        connected=True,
        cash=Decimal(100),
        market_value=Decimal(0),
        total_asset=Decimal(100),
        at=datetime.fromisoformat(AT),
    )
    desk.journal.save_account(seen, [])
    assert desk.row(PAPER)["connected"]
    desk.paper.connected = False
    assert (desk.row(PAPER)["connected"], desk.row(PAPER)["trouble"]) == (False, "没有连上模拟交易所，正在重试")
    desk.paper.connected = True
    assert (desk.row(PAPER)["connected"], desk.row(PAPER)["trouble"]) == (True, "")
    assert [told.message.text for told in desk.journal.outbox_list(10)] == [texts.line_back(PAPER)]


def test_a_paper_account_that_connects_for_the_first_time_has_not_come_back(desk: Desk) -> None:
    desk.paper.connected = False
    assert desk.row(PAPER)["trouble"] == "正在连接"
    desk.paper.connected = True
    assert desk.row(PAPER)["trouble"] == ""
    assert desk.journal.outbox_list(10) == []
