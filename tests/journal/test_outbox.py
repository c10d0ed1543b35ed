"""Messages reach every robot at least once, urgent ones first, and a loss stays visible."""

from __future__ import annotations

from datetime import timedelta

from desk.journal import Journal
from desk.journal.view_told import told
from desk.texts.journal import SILENCED
from tests.journal.making import NOON, FixedClock, batch, message


def texts(journal: Journal, robot: str, now: timedelta = timedelta(0), limit: int = 10) -> list[str]:
    return [row.message.text for row in journal.outbox_due(robot, NOON + now, limit)]


def test_a_message_waits_for_every_robot_until_it_is_sent_there(journal: Journal) -> None:
    journal.outbox_robots(["r1", "r2"])
    journal.commit(batch(message("a")))
    [first] = journal.outbox_due("r1", NOON, 10)
    assert (first.message, first.attempts, first.robot) == (message("a"), 0, "r1")
    journal.outbox_sent([first.id], NOON)
    assert (texts(journal, "r1"), texts(journal, "r2")) == ([], ["a"])
    assert journal.outbox_pending() == 1
    journal.outbox_sent([journal.outbox_due("r2", NOON, 10)[0].id], NOON)
    assert journal.outbox_pending() == 0


def test_urgent_messages_go_first_then_the_older(journal: Journal) -> None:
    journal.outbox_robots(["r"])
    journal.commit(batch(message("1"), message("2"), message("!", urgent=True), message("3")))
    assert texts(journal, "r") == ["!", "1", "2", "3"]
    assert texts(journal, "r", limit=2) == ["!", "1"]


def test_a_key_is_told_once(journal: Journal) -> None:
    journal.outbox_robots(["r"])
    journal.commit(batch(message("a", key="k"), message("b", key="k"), message("c"), message("c")))
    journal.commit(batch(message("d", key="k")))
    assert texts(journal, "r") == ["a", "c", "c"]


def test_a_retry_waits_and_counts(journal: Journal) -> None:
    journal.outbox_robots(["r"])
    journal.commit(batch(message("a")))
    [row] = journal.outbox_due("r", NOON, 10)
    journal.outbox_retry([row.id], NOON + timedelta(seconds=30), "45009 太快")
    assert texts(journal, "r", timedelta(seconds=29)) == []
    [again] = journal.outbox_due("r", NOON + timedelta(seconds=30), 10)
    assert (again.attempts, again.error) == (1, "45009 太快")


def test_a_dead_message_is_not_tried_again_but_seen(journal: Journal) -> None:
    journal.outbox_robots(["r"])
    journal.commit(batch(message("a")))
    [row] = journal.outbox_due("r", NOON, 10)
    journal.outbox_dead([row.id], "93000 无效的 key")
    journal.outbox_retry([row.id], NOON, "late")
    assert texts(journal, "r", timedelta(days=1)) == []
    assert journal.outbox_pending() == 0
    [told] = journal.outbox_list(10)
    [delivery] = told.deliveries
    assert (delivery.state, delivery.error, delivery.attempts) == ("dead", "93000 无效的 key", 1)


def test_a_new_robot_hears_the_last_hour_only(journal: Journal) -> None:
    hour = timedelta(hours=1)
    journal.commit(batch(message("old", at=NOON - hour - timedelta(seconds=1)), message("new", at=NOON - hour)))
    assert texts(journal, "r") == ["new"]
    assert texts(journal, "r") == ["new"], "asking again queues nothing twice"


def test_messages_before_any_robot_are_kept(journal: Journal) -> None:
    journal.commit(batch(message("a")))
    assert journal.outbox_pending() == 0
    assert [told.message.text for told in journal.outbox_list(10)] == ["a"]


def test_what_waits_for_a_removed_robot_is_dead_and_new_messages_do_not_wait_for_it(journal: Journal) -> None:
    journal.outbox_robots(["gone", "stays"])
    journal.commit(batch(message("a")))
    journal.outbox_robots(["stays"])
    journal.commit(batch(message("b")))
    assert texts(journal, "stays") == ["a", "b"]
    states = {told.message.text: [(d.robot, d.state) for d in told.deliveries] for told in journal.outbox_list(10)}
    assert states == {"a": [("gone", "dead"), ("stays", "pending")], "b": [("stays", "pending")]}


def test_a_robot_that_comes_back_hears_what_it_had_not(journal: Journal, clock: FixedClock) -> None:
    journal.outbox_robots(["r"])
    journal.outbox_robots([])
    journal.commit(batch(message("meanwhile")))
    journal.outbox_robots(["r"])
    assert texts(journal, "r") == ["meanwhile"]


def test_a_message_rings_the_messengers_bell(journal: Journal) -> None:
    rung: list[str] = []
    journal.on_messages(lambda: rung.append("bell"))
    journal.commit(batch(message("a", key="k")))
    journal.commit(batch(message("a", key="k")))
    journal.commit(batch(halted="x"))
    assert rung == ["bell"]


def test_the_list_is_newest_first(journal: Journal) -> None:
    journal.commit(batch(*(message(str(n)) for n in range(5))))
    assert [told.message.text for told in journal.outbox_list(3)] == ["4", "3", "2"]


def test_a_message_is_sent_once_more_as_if_new(journal: Journal) -> None:
    journal.outbox_robots(["dead", "sent", "late"])
    journal.commit(batch(message("a")))
    journal.outbox_dead([journal.outbox_due("dead", NOON, 10)[0].id], "93000 无效的 key")
    journal.outbox_sent([journal.outbox_due("sent", NOON, 10)[0].id], NOON)
    [told] = journal.outbox_list(10)
    assert journal.outbox_again(told.id) == 2
    for robot in ("dead", "sent", "late"):
        [row] = journal.outbox_due(robot, NOON, 10)
        assert (row.message.text, row.attempts, row.error) == ("a", 0, "")
    assert journal.outbox_again(told.id) == 0, "it waits already"
    assert journal.outbox_again(999) == 0


def test_an_old_message_is_sent_once_more_to_a_robot_that_came_after_it_and_not_to_one_that_is_gone(
    journal: Journal, clock: FixedClock
) -> None:
    journal.outbox_robots(["old"])
    journal.commit(batch(message("a")))
    clock.go(hours=3)
    journal.outbox_robots(["new"])
    [told] = journal.outbox_list(10)
    assert journal.outbox_again(told.id) == 1
    assert texts(journal, "new", timedelta(hours=3)) == ["a"]
    [old, _] = journal.outbox_list(10)[0].deliveries
    assert (old.robot, old.state) == ("old", "dead")


def test_what_was_told_is_counted_by_kind_and_robot(journal: Journal, clock: FixedClock) -> None:
    journal.outbox_robots(["r1", "r2"])
    journal.commit(batch(message("old", kind="info")))
    clock.go(hours=2)
    later = clock.now()
    journal.commit(batch(message("a", at=later), message("b", at=later, kind="alarm", urgent=True)))
    for row in journal.outbox_due("r1", later, 10):
        journal.outbox_sent([row.id], later)
    counted = told(journal, later)
    assert counted["robots"] == ["r1", "r2"]
    assert counted["delivered_at"] == later.isoformat()
    assert counted["kinds"]["alarm"] == {
        "count": 1,
        "urgent": 1,
        "last_at": later.isoformat(),
        "robots": {
            "r1": {"sent": 1, "pending": 0, "dead": 0, "silenced": 0},
            "r2": {"sent": 0, "pending": 1, "dead": 0, "silenced": 0},
        },
    }
    assert "info" not in counted["kinds"]


def test_what_was_not_wanted_is_counted_apart_from_what_was_lost(journal: Journal) -> None:
    journal.outbox_robots(["r"])
    journal.commit(batch(message("a", kind="fill"), message("b", kind="fill"), message("c", kind="fill")))
    lost, unwanted, waiting = journal.outbox_due("r", NOON, 10)
    journal.outbox_dead([lost.id], "93000 无效的 key")
    journal.outbox_dead([unwanted.id], SILENCED)
    assert told(journal, NOON)["kinds"]["fill"]["robots"] == {"r": {"sent": 0, "pending": 1, "dead": 1, "silenced": 1}}
    assert journal.outbox_pending() == 1 and waiting.attempts == 0
