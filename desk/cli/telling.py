"""The messages that were told, a test of the robots, and the day's summary on the terminal."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from desk.cli import facts, showing
from desk.cli.exits import CONFIG, FINE
from desk.cli.home import Home
from desk.clock import SystemClock
from desk.journal import ToldMessage
from desk.journal.view_counts import funnel
from desk.journal.view_told import outcome
from desk.texts import cli as texts
from desk.texts.labels import day_and_time, one_line, table
from desk.texts.summaries import daily_summary
from send_trader_info import Messenger

_STATES = {"pending": "待发", "sent": "已送达", "dead": "未送达", "silenced": "不推送"}


def test(home: Path) -> int:
    """Post a test to every robot and say what became of it; exit 2 where none is configured."""
    place = Home(home)
    config = place.config()
    with place.look(config, SystemClock()) as journal:
        for sentence in Messenger(journal, lambda: config.messenger, SystemClock()).test_message():
            showing.say(sentence)
    return FINE if config.messenger.tokens else CONFIG


def listing(home: Path, limit: int, *, as_json: bool) -> None:
    place = Home(home)
    with place.look(place.config(), SystemClock()) as journal:
        told = journal.outbox_list(limit)
    if as_json:
        showing.document([_view(one) for one in told])
    elif not told:
        showing.say(texts.NO_MESSAGES)
    else:
        rows = [[one.id, day_and_time(one.message.at), one_line(one.message.title), _states(one)] for one in told]
        showing.say(table(rows, ["编号", "时间", "标题", "送达"]))


def _view(one: ToldMessage) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": one.message.at.isoformat(),
        "kind": one.message.kind,
        "title": one.message.title,
        "text": one.message.text,
        "urgent": one.message.urgent,
        "deliveries": [
            {
                "robot": delivery.robot,
                "state": outcome(delivery),
                "attempts": delivery.attempts,
                "error": delivery.error,
                "done_at": None if delivery.done_at is None else delivery.done_at.isoformat(),
            }
            for delivery in one.deliveries
        ],
    }


def _states(one: ToldMessage) -> str:
    said = [f"{delivery.robot} {_STATES[outcome(delivery)]}" for delivery in one.deliveries]
    return "，".join(said) or "没有机器人"


def report(home: Path, day: date | None, *, as_json: bool) -> None:
    """Print a day's summary; as JSON the funnel and the same sentences."""
    place = Home(home)
    config = place.config()
    clock = SystemClock()
    with place.look(config, clock) as journal:
        at = clock.now()
        wanted = day or at.date()
        message = daily_summary(facts.summary(journal, config, at=at, day=wanted))
        counts = funnel(journal, wanted)
    if as_json:
        showing.document({**counts, "title": message.title, "text": message.text})
    else:
        showing.say(f"{message.title}\n\n{message.text}")
