"""The sender before the real receiver: nothing lost, nothing doubled, whatever happens on the way."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from desk.core import wire
from gendan_client import (
    BadAnswer,
    Cancel,
    ClockRefused,
    DamagedMessage,
    Expired,
    ForeignMessage,
    Heartbeat,
    Held,
    NoAnswer,
    Reading,
    Refused,
    Snapshot,
    SpoolInUse,
    Unreachable,
    Unsigned,
)
from gendan_client import spool as spool_module
from gendan_client.events import TestOrder as OrderOfTest
from gendan_client.transport import Answer, Request, Transport
from gendan_client.wire import Keys
from tests.client.stage import BANK, READING, WINE, Fault, Stage, answering, files, losing, raising
from tests.stand_in.post import OTHER_SECRET, SECRET

CUT, LOST = Unreachable("cut"), NoAnswer("lost")


# --- all is well ------------------------------------------------------------------------------------------------------


def test_an_order_is_received_as_it_was_meant_and_leaves_the_spool(stage: Stage) -> None:
    sender = stage.sender()
    done = sender.send(stage.order(limit=Decimal("10.6"), holding_after=1000))
    assert done.complete and [receipt.state for receipt in done.receipts] == ["accepted"]
    assert sender.waiting == () and files(stage.folder / "spool") == []
    (event,) = stage.events
    order = event.body.content
    assert (event.strategy, event.body.seq, event.sent_at) == ("小市值", 1, stage.clock.now())
    assert (order.security, order.amount, order.avg_price) == ("000001.XSHE", 1000, Decimal("10.51"))
    assert (order.limit, order.holding_after) == (Decimal("10.6"), 1000)


def test_events_of_one_put_arrive_in_their_order_with_numbers_of_their_own(stage: Stage) -> None:
    line = Held(code="000001.SZ", shares=1000, sellable=0, cost=Decimal("10.51"), price=Decimal("10.52"))
    at = stage.clock.now()
    stage.sender().send(
        stage.order("1"),
        Cancel(order_id="1", code="000001.SZ", at=at),
        OrderOfTest(code="600000.SH", side="buy", amount=100, price=Decimal(8), order_id="t", at=at),
        Snapshot(positions=(line,), at=at),
        Heartbeat(at=at),
    )
    assert len(stage.line.requests) == 1
    assert [(event.body.kind.value, event.body.seq) for event in stage.events] == [
        ("order", 1), ("cancel", 2), ("test", 0), ("snapshot", 3), ("heartbeat", 4),
    ]  # fmt: skip


def test_more_events_than_a_body_takes_are_split_and_none_is_lost(stage: Stage) -> None:
    sender = stage.sender()
    long_ids = [f"{number:03d}" + "x" * 61 for number in range(120)]
    held = [
        Held(code=f"{600000 + n}.SH", shares=100, sellable=100, cost=Decimal("12.3456"), price=Decimal("12.3456"))
        for n in range(800)
    ]
    snapshots = [Snapshot(positions=tuple(held), at=stage.clock.now()) for _ in range(3)]
    sender.put(*(stage.order(one) for one in long_ids))
    sender.put(*snapshots)
    assert sender.deliver().complete
    assert max(len(request.body) for request in stage.line.requests) <= 60_000
    assert len(stage.line.requests) == 3 + 3
    orders = [event for event in stage.events if event.body.kind.value == "order"]
    assert [event.body.content.jq_order_id for event in orders] == long_ids
    assert [event.body.seq for event in stage.events] == list(range(1, 124))


def test_what_is_too_large_for_any_body_is_refused_and_nothing_of_the_call_is_kept(stage: Stage) -> None:
    held = tuple(
        Held(code=f"{600000 + n}.SH", shares=100, sellable=100, cost=Decimal(12), price=Decimal(12))
        for n in range(3000)
    )
    sender = stage.sender()
    with pytest.raises(ValueError, match="太长"):
        sender.put(stage.order(), Snapshot(positions=held, at=stage.clock.now()))
    assert sender.waiting == ()
    sender.send(stage.order())
    assert [event.body.seq for event in stage.events] == [1]


# --- the way is not ---------------------------------------------------------------------------------------------------


def test_a_message_is_on_disk_before_it_is_sent(stage: Stage) -> None:
    kept: list[list[str]] = []

    def looking(request: Request, honest: Transport) -> Answer:
        kept.append(files(stage.folder / "spool"))
        return honest(request)

    stage.line.faults = [looking]
    stage.sender().send(stage.order())
    assert len(kept[0]) == 1


@pytest.mark.parametrize("fault", [raising(CUT), losing(LOST), raising(LOST), losing(BadAnswer("too large"))])
def test_what_got_no_answer_goes_again_with_the_same_bytes_and_counts_once(stage: Stage, fault: Fault) -> None:
    sender = stage.sender()
    stage.line.faults = [fault]
    (failure,) = sender.send(stage.order()).failures
    assert failure.error.retry_safe and failure.due_in_s == 1.0 and len(sender.waiting) == 1
    assert sender.deliver().failures[0].error is failure.error, "not before its time"
    assert len(stage.line.requests) == 1
    stage.clock.advance(1)
    assert sender.deliver().complete and sender.waiting == ()
    assert len({request.body for request in stage.line.requests}) == 1
    assert stage.order_ids == ["1"]


FORGED = json.dumps({"v": 2, "i": "AAAAAAAAAAAAAAAAAAAAAA==", "st": "accepted", "q": 9, "m": "AAAA"}).encode()


UNSIGNED = [
    (200, FORGED), (200, b""), (200, b'{"status":"success"}'), (400, b'{"error":"bad_json"}'), (401, b"{}"),
    (404, b""), (409, b'{"error":"conflict"}'), (413, b""), (302, b""), (503, b"busy"),
]  # fmt: skip


def test_an_unsigned_answer_decides_nothing(stage: Stage) -> None:
    sender = stage.sender()
    sender.put(stage.order())
    for status, body in UNSIGNED:
        stage.line.faults = [answering(status, body)]
        (failure,) = sender.deliver().failures
        assert isinstance(failure.error, Unsigned) and failure.error.status == status and failure.error.retry_safe
        stage.clock.advance(failure.due_in_s)
    assert stage.events == [] and sender.deliver().complete and stage.order_ids == ["1"]


def test_one_message_that_somebody_refuses_does_not_hold_up_the_others(stage: Stage) -> None:
    sender = stage.sender()
    for number in ("1", "2", "3"):
        sender.put(stage.order(number))
    stage.line.faults = [answering(400)]
    assert len(sender.deliver().receipts) == 2
    assert stage.order_ids == ["2", "3"]
    stage.clock.advance(1)
    assert sender.deliver().complete and stage.order_ids == ["2", "3", "1"]


def test_while_the_line_is_down_nothing_is_tried_until_it_is_time(stage: Stage) -> None:
    sender = stage.sender()
    for number in ("1", "2", "3"):
        sender.put(stage.order(number))
    stage.line.faults = [raising(CUT)] * 2
    assert len(sender.deliver().failures) == 3 and len(stage.line.requests) == 1
    stage.clock.advance(1)
    assert {failure.due_in_s for failure in sender.deliver().failures} == {2.0}
    stage.clock.advance(2)
    assert sender.deliver().complete and stage.order_ids == ["1", "2", "3"]


def test_a_message_that_never_gets_an_answer_lets_the_others_pass(stage: Stage) -> None:
    sender = stage.sender()
    sender.put(stage.order("1"))
    sender.put(stage.order("2"))
    stage.line.faults = [raising(LOST)]
    assert stage.order_ids == [] and len(sender.deliver().failures) == 2
    assert len(sender.deliver().receipts) == 1 and stage.order_ids == ["2"]


def test_waits_double_up_to_the_cap_and_chance_spreads_them(stage: Stage) -> None:
    sender = stage.sender()
    stage.line.faults = [raising(CUT)] * 9
    sender.put(stage.order())
    waited = []
    for _ in range(8):
        waited.append(sender.deliver().failures[0].due_in_s)
        stage.clock.advance(waited[-1])
    assert waited == [1, 2, 4, 8, 16, 32, 60, 60]
    stage.outside.luck = 0.0
    assert sender.deliver().failures[0].due_in_s == 30


def test_the_receivers_own_wish_is_heard_up_to_the_cap(stage: Stage) -> None:
    sender = stage.sender()
    stage.line.faults = [answering(503, b"", 7), answering(503, b"", 86_400)]
    assert sender.send(stage.order()).failures[0].due_in_s == 7
    stage.clock.advance(7)
    assert sender.deliver().failures[0].due_in_s == 60


# --- signed refusals --------------------------------------------------------------------------------------------------


def test_what_the_receiver_cannot_use_is_set_aside_for_a_person_and_not_sent_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gendan_client.sender.to_json", lambda value: '{"y":"?"}')
    sender = stage.sender()
    (failure,) = sender.send(stage.order()).refused
    assert isinstance(failure.error, Refused) and not failure.error.retry_safe
    assert sender.waiting == () and files(stage.folder / "spool") == []
    assert len(files(stage.folder / "spool" / "refused")) == 1
    assert sender.deliver().complete and len(stage.line.requests) == 1


def test_a_clock_far_ahead_is_told(stage: Stage) -> None:
    sender = stage.sender()
    sender.put(stage.order())
    stage.clock.jump(-601)
    (failure,) = sender.deliver().failures
    assert isinstance(failure.error, ClockRefused) and not failure.error.retry_safe and sender.waiting == ()


# --- restarts ---------------------------------------------------------------------------------------------------------


def test_after_a_restart_the_same_bytes_go_first_and_the_numbers_go_on(stage: Stage) -> None:
    sender = stage.sender()
    stage.line.faults = [losing(LOST)]
    sender.send(stage.order("1"))
    sender.close()
    again = stage.sender()
    done = again.send(stage.order("2"))
    assert [receipt.state for receipt in done.receipts] == ["duplicate", "accepted"]
    assert [(event.body.seq, event.body.content.jq_order_id) for event in stage.events] == [(1, "1"), (2, "2")]
    again.close()
    stage.sender().send(stage.order("3"))
    assert stage.events[-1].body.seq == 3


def test_a_lost_counter_is_found_again_in_the_spool_and_in_the_acknowledgement(stage: Stage) -> None:
    sender = stage.sender()
    sender.send(stage.order("1"), stage.order("2"))
    sender.put(stage.order("3"))
    sender.close()
    (stage.folder / "spool" / "sequence").unlink()
    again = stage.sender()
    again.put(stage.order("4"))
    assert again.deliver().complete
    again.close()
    (stage.folder / "spool" / "sequence").unlink()
    last = stage.sender()
    last.send(stage.order("5"))  # nobody can know: it begins at 1 again, the acknowledgement says where it stood
    last.send(stage.order("6"))
    assert [event.body.seq for event in stage.events] == [1, 2, 3, 4, 1, 5]


def test_two_senders_do_not_share_a_folder(stage: Stage) -> None:
    sender = stage.sender()
    with pytest.raises(SpoolInUse):
        stage.sender()
    sender.close()
    stage.sender()


def test_a_full_disk_is_told_and_spends_no_number(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = stage.sender()
    written = spool_module._write
    left = [1]

    def full(path: Path, text: str) -> None:
        if not left:
            raise OSError(28, "No space left on device")
        left.pop()
        written(path, text)

    monkeypatch.setattr(spool_module, "_write", full)
    with pytest.raises(OSError):
        sender.put(*(stage.order(str(number)) for number in range(60)))
    assert sender.waiting == () and list((stage.folder / "spool").glob("0*")) == []
    monkeypatch.undo()
    sender.send(stage.order("7"))
    assert [(event.body.seq, event.body.content.jq_order_id) for event in stage.events] == [(1, "7")]


def test_a_half_written_file_is_no_message(stage: Stage) -> None:
    (stage.folder / "spool").mkdir()
    half = stage.folder / "spool" / f"{1:012d}-{'0' * 32}.json.part"
    half.write_text("{", encoding="ascii")
    assert stage.sender().deliver().complete and not half.exists()


def test_a_damaged_file_is_told_every_time_and_stays_and_holds_nothing_up(stage: Stage) -> None:
    sender = stage.sender()
    sender.put(stage.order("1"))
    sender.close()
    (name,) = files(stage.folder / "spool")
    (stage.folder / "spool" / name).write_text('{"form":1}', encoding="ascii")
    again = stage.sender()
    done = again.send(stage.order("2"))
    assert [type(failure.error) for failure in done.failures] == [DamagedMessage]
    assert len(done.receipts) == 1 and files(stage.folder / "spool") == [name]
    assert not again.deliver().complete


def test_a_message_of_another_key_is_kept_and_told_not_sent(stage: Stage) -> None:
    sender = stage.sender()
    sender.put(stage.order("1"))
    sender.close()
    other = stage.sender(secret=OTHER_SECRET)
    (failure,) = other.deliver().failures
    assert isinstance(failure.error, ForeignMessage) and not failure.error.retry_safe
    assert stage.line.requests == [] and len(other.waiting) == 1


def test_the_spool_shows_neither_secret_nor_content_and_only_its_owner_reads_it(stage: Stage) -> None:
    stage.sender().put(stage.order("order-of-mine"))
    (name,) = files(stage.folder / "spool")
    path = stage.folder / "spool" / name
    assert SECRET.encode() not in path.read_bytes() and b"order-of-mine" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


# --- target positions -------------------------------------------------------------------------------------------------


def test_a_target_is_stored_exactly(stage: Stage) -> None:
    sender = stage.sender()
    sender.put_target("小市值", READING)
    assert sender.deliver().complete and sender.waiting == ()
    assert stage.target() == [("000001.SZ", 1000, Decimal("12.5")), ("600519.SH", 100, Decimal("1450.0125"))]


@pytest.mark.parametrize("restart", [False, True])
def test_a_target_whose_answer_was_lost_is_confirmed_at_the_next_try(stage: Stage, restart: bool) -> None:
    sender = stage.sender()
    stage.line.faults = [losing(LOST)]
    sender.put_target("小市值", READING)
    assert not sender.deliver().complete
    if restart:
        sender.close()
        sender = stage.sender()
    stage.clock.advance(1)
    assert sender.deliver().complete and len(stage.target()) == 2


def test_a_newer_target_takes_the_place_of_one_that_waits_and_orders_stay(stage: Stage) -> None:
    sender = stage.sender()
    sender.put(stage.order())
    sender.put_target("小市值", READING)
    stage.clock.advance(5)
    sender.put_target("小市值", Reading.whole([BANK]))
    assert len(sender.waiting) == 2
    assert sender.deliver().complete and stage.order_ids == ["1"]
    assert [row[0] for row in stage.target()] == ["000001.SZ"]


def test_an_old_target_never_goes_out_late(stage: Stage) -> None:
    sender = stage.sender()
    sender.put_target("小市值", READING)
    stage.clock.advance(295)
    (failure,) = sender.deliver().failures
    assert isinstance(failure.error, Expired) and not failure.error.retry_safe
    assert stage.line.requests == [] and sender.waiting == ()
    assert len(files(stage.folder / "spool" / "refused")) == 1


def test_a_target_that_another_has_overtaken_does_not_come_back(stage: Stage) -> None:
    old, new = stage.sender("one"), stage.sender("two")
    stage.line.faults = [raising(CUT)]
    old.put_target("小市值", READING)
    old.deliver()
    stage.clock.advance(2)
    new.put_target("小市值", Reading.whole([WINE]))
    assert new.deliver().complete
    (failure,) = old.deliver().failures
    assert isinstance(failure.error, Unsigned) and failure.error.status == 409
    assert [row[0] for row in stage.target()] == ["600519.SH"]


def test_an_empty_target_is_sent_when_its_reader_vouches_for_it(stage: Stage) -> None:
    sender = stage.sender()
    sender.put_target("小市值", READING)
    sender.deliver()
    stage.clock.advance(1)
    sender.put_target("小市值", Reading.nothing_held())
    assert sender.deliver().complete and stage.target() == []


# --- threads ----------------------------------------------------------------------------------------------------------


def test_run_delivers_until_it_is_stopped(stage: Stage) -> None:
    sender, stop = stage.sender(), threading.Event()
    stage.line.faults = [raising(CUT), answering(503), raising(LOST)]
    sender.put(stage.order())
    stage.outside.after_wait = lambda: None if sender.waiting else stop.set()
    sender.run(stop)
    assert stage.order_ids == ["1"] and stage.line.faults == []


def test_many_threads_put_and_every_order_arrives_once_with_its_own_number(stage: Stage) -> None:
    sender = stage.sender()

    def work(number: int) -> None:
        for n in range(5):
            sender.send(stage.order(f"{number}-{n}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sender.deliver().complete
    assert sorted(event.body.seq for event in stage.events) == list(range(1, 21))
    assert len(set(stage.order_ids)) == 20


def test_the_receiver_reads_what_the_client_packs_whatever_its_size() -> None:
    keys, theirs = Keys("xsz", SECRET), wire.derive_keys("xsz", SECRET)
    for size in (0, 1, 31, 32, 33, 64, 1000):
        body = keys.pack(bytes(16), 1, b"x" * size)
        assert wire.open_envelope(wire.parse_envelope(body.content), theirs) == b"x" * size


def test_time_that_jumps_does_not_shorten_a_wait(stage: Stage) -> None:
    sender = stage.sender()
    stage.line.faults = [raising(CUT)]
    sender.send(stage.order())
    stage.clock.jump(timedelta(days=1).total_seconds())
    assert sender.deliver().failures[0].due_in_s == 1.0
