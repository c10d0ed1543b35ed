"""Bodies are accepted once, durably, and their events wait until they are decided."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from desk.core.values import EventKind, Verdict, WireEvent
from desk.journal import Accepted, Journal
from tests.journal.making import NOON, FixedClock, batch, body, outcome, signal


def test_a_new_body_is_accepted_and_its_events_wait_undecided(journal: Journal) -> None:
    first = body("a", signal(1), signal(2))
    assert journal.accept(first) == Accepted(status="accepted", top_seq=2, top_seq_before=0)
    events = journal.undecided_events()
    assert [event.event_id for event in events] == [event.event_id for event in first.events]
    assert [event.body for event in events] == [signal(1), signal(2)]
    assert events[0].row < events[1].row
    assert (events[0].kid, events[0].wire, events[0].received_at) == ("k1", 2, NOON)


def test_the_same_body_again_is_a_duplicate_and_changes_nothing(journal: Journal) -> None:
    journal.accept(body("a"))
    assert journal.accept(body("a")).status == "duplicate"
    assert len(journal.undecided_events()) == 1


def test_the_same_body_is_a_duplicate_after_a_restart(tmp_path: Path, clock: FixedClock) -> None:
    with Journal.open(tmp_path / "j.sqlite3", clock=clock) as one:
        one.accept(body("a", signal(7)))
    with Journal.open(tmp_path / "j.sqlite3", clock=clock) as two:
        assert two.accept(body("a", signal(7))) == Accepted(status="duplicate", top_seq=7, top_seq_before=7)


def test_the_same_id_with_another_body_is_a_conflict_that_is_told_once(journal: Journal) -> None:
    journal.accept(body("a"))
    other = replace(body("a"), digest=b"x" * 32)
    assert [journal.accept(other).status for _ in range(3)] == ["conflict"] * 3
    assert len(journal.undecided_events()) == 1
    told = journal.outbox_list(10)
    assert [row.message.kind for row in told] == ["alarm"]
    assert told[0].message.urgent


def test_a_body_id_may_not_be_used_by_another_sender(journal: Journal) -> None:
    journal.accept(body("a", kid="k1"))
    assert journal.accept(body("a", kid="k2")).status == "conflict"
    assert len(journal.undecided_events()) == 1


def test_sixteen_threads_with_one_body_store_it_once(journal: Journal) -> None:
    answers: list[str] = []
    start = threading.Barrier(16)

    def knock() -> None:
        start.wait()
        answers.append(journal.accept(body("a")).status)

    threads = [threading.Thread(target=knock) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["accepted"] + ["duplicate"] * 15
    assert len(journal.undecided_events()) == 1


def test_a_refused_body_is_kept_raw_and_its_replay_is_a_duplicate(journal: Journal) -> None:
    refused = body("bad", events=(), raw=b"\xff\x00")
    assert journal.accept(refused).status == "accepted"
    assert journal.accept(refused).status == "duplicate"
    assert journal.undecided_events() == []
    with journal.look() as look:
        assert look.rows("SELECT raw FROM bodies") == [(b"\xff\x00",)]


def test_the_top_sequence_never_falls_and_tests_do_not_move_it(journal: Journal) -> None:
    test = replace(signal(0), kind=EventKind.TEST)
    answers = [journal.accept(body(f"b{number}", signal(seq))) for number, seq in enumerate((5, 3, 9))]
    answers.append(journal.accept(body("t", test)))
    assert [(a.top_seq_before, a.top_seq) for a in answers] == [(0, 5), (5, 5), (5, 9), (9, 9)]


@pytest.mark.parametrize(("wire", "has_events", "expected"), [(2, True, True), (1, True, False), (2, False, False)])
def test_v2_is_seen_with_the_first_usable_v2_body(
    journal: Journal, wire: int, has_events: bool, expected: bool
) -> None:
    made = body("a", wire=wire)
    journal.accept(made if has_events else replace(made, events=()))
    assert journal.kid_has_v2("k1") is expected


def test_a_decided_event_is_not_offered_again(journal: Journal) -> None:
    first, second = body("a", signal(1)), body("b", signal(2))
    journal.accept(first)
    journal.accept(second)
    journal.commit(batch(outcome(first.body_id)))
    assert [event.event_id for event in journal.undecided_events()] == [second.body_id]
    journal.commit(batch(outcome(first.body_id, Verdict.DONE)))
    assert [event.event_id for event in journal.undecided_events()] == [second.body_id]


def test_the_bell_rings_after_the_commit_and_not_for_duplicates(journal: Journal) -> None:
    seen: list[int] = []
    journal.on_events(lambda: seen.append(len(journal.undecided_events())))
    journal.accept(body("a"))
    journal.accept(body("a"))
    assert seen == [1]


def test_all_bells_can_be_rung_for_what_another_process_wrote(journal: Journal) -> None:
    rung: list[str] = []
    journal.on_events(lambda: rung.append("events"))
    journal.on_commands(lambda: rung.append("commands"))
    journal.on_messages(lambda: rung.append("messages"))
    journal.ring()
    assert sorted(rung) == ["commands", "events", "messages"]


def test_a_bell_that_breaks_costs_no_answer(journal: Journal) -> None:
    def broken() -> None:
        raise RuntimeError("broken bell")

    journal.on_events(broken)
    assert journal.accept(body("a")).status == "accepted"
    assert journal.accept(body("b")).status == "accepted"


def test_events_are_offered_in_order_up_to_the_limit(journal: Journal) -> None:
    heartbeat = WireEvent(kind=EventKind.HEARTBEAT, seq=1, backtest=False, strategy_time=NOON, content=None)
    for number in range(5):
        journal.accept(body(f"b{number}", heartbeat))
    rows = [event.row for event in journal.undecided_events(limit=3)]
    assert rows == sorted(rows) and len(rows) == 3
