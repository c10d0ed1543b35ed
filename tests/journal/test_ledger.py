"""A batch is written whole or not at all, and what may never be is refused by the database itself."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from desk.core.values import OrderState, Side
from desk.journal import Journal, JournalRefused
from desk.journal.errors import JournalError
from desk.journal.records import FILL
from tests.journal.making import FixedClock, batch, body, book, change, fact, fill, intent, message, order, outcome


def test_a_trader_that_restarts_finds_what_it_committed(tmp_path: Path, clock: FixedClock) -> None:
    written = (intent(), order(), fact("i1-1", OrderState.SENDING), book(own=300, entitled=Decimal("300.5")))
    with Journal.open(tmp_path / "j.sqlite3", clock=clock) as journal:
        journal.accept(body("a"))
        journal.commit(batch(*written, outcome(body("a").body_id), halted="因为"))
    with Journal.open(tmp_path / "j.sqlite3", clock=clock) as journal:
        loaded = journal.load()
    assert loaded.intents == (intent(),)
    assert loaded.orders == (order(),)
    assert loaded.books == (book(own=300, entitled=Decimal("300.5")),)
    assert loaded.flags == {"halted": "因为"}
    assert loaded.seq_state == {"阿尔法": 1}
    [(event, found)] = loaded.open_outcomes
    assert (event.event_id, found) == (body("a").body_id, outcome(body("a").body_id))
    assert loaded.last_event_row == event.row


def test_a_flag_of_none_is_deleted(journal: Journal) -> None:
    journal.commit(batch(halted="因为"))
    journal.commit(batch(halted=None))
    assert journal.flags() == {}


@pytest.mark.parametrize("state", [OrderState.SENDING, OrderState.IN_DOUBT, OrderState.WORKING, OrderState.CANCELLING])
def test_a_second_open_order_of_one_account_symbol_and_side_is_refused(journal: Journal, state: OrderState) -> None:
    journal.commit(batch(intent(), order(state=state)))
    with pytest.raises(JournalRefused):
        journal.commit(batch(intent("i2"), order("i2-1")))
    assert [row.intent_id for row in journal.load().intents] == ["i1"], "nothing of the batch is stored"


def test_other_sides_symbols_accounts_and_closed_orders_do_not_collide(journal: Journal) -> None:
    journal.commit(
        batch(
            intent(),
            order("i1-1", state=OrderState.WORKING),
            order("i1-2", side=Side.SELL),
            order("i1-3", symbol="600000.SH"),
            order("i1-4", account="另一个"),
            order("i1-5", state=OrderState.CANCELLED),
            order("i1-6", state=OrderState.PLANNED),
        )
    )
    assert len(journal.load().orders) == 6


def test_in_one_batch_the_next_attempt_may_follow_the_closed_one(journal: Journal) -> None:
    journal.commit(batch(intent(), order("i1-1", state=OrderState.CANCELLING), order("i1-2", state=OrderState.PLANNED)))
    made = batch(order("i1-2", state=OrderState.SENDING), order("i1-1", state=OrderState.CANCELLED))
    journal.commit(made)
    assert [row.state for row in journal.load().orders] == [OrderState.CANCELLED, OrderState.SENDING]


def test_a_broker_order_belongs_to_one_order_only(journal: Journal) -> None:
    journal.commit(batch(intent(), order("i1-1", state=OrderState.FILLED, broker_order_id="77")))
    with pytest.raises(JournalRefused):
        journal.commit(batch(order("i1-2", broker_order_id="77")))
    journal.commit(batch(order("i1-2", state=OrderState.FILLED, broker_order_id="")))
    journal.commit(batch(order("i1-3", state=OrderState.FILLED, broker_order_id="")))


def test_a_fill_is_booked_once_and_a_repeat_undoes_the_batch(journal: Journal) -> None:
    journal.commit(batch(intent(), order(), fill()))
    with pytest.raises(JournalRefused):
        journal.commit(batch(fill(), fill("t2"), message()))
    assert journal.load().fill_ids == {(fill().account, fill().day, fill().fill_id)}
    with journal.look() as look:
        assert [FILL.read(row) for row in look.rows(FILL.select)] == [fill()]
    assert journal.outbox_list(10) == []


def test_an_overfill_can_be_recorded(journal: Journal) -> None:
    journal.commit(batch(intent(), order(shares=500, filled=600, fills_sum=600)))
    assert journal.load().orders[0].filled == 600


def test_traded_shares_never_fall(journal: Journal) -> None:
    journal.commit(batch(intent(), order(filled=300)))
    with pytest.raises(JournalRefused):
        journal.commit(batch(order(filled=200)))


@pytest.mark.parametrize("other", [{"decided": 600}, {"side": Side.SELL}, {"symbol": "600000.SH"}])
def test_what_was_decided_is_decided_once(journal: Journal, other: dict[str, object]) -> None:
    journal.commit(batch(intent(decided=500)))
    journal.commit(batch(intent(decided=500, filled=300, ended=True)))
    with pytest.raises(JournalRefused):
        journal.commit(batch(intent(**other)))


def test_a_sale_beyond_what_the_book_owns_can_be_recorded(journal: Journal) -> None:
    journal.commit(batch(book(own=-100)))
    assert journal.load().books == (book(own=-100),)


@pytest.mark.parametrize("wrong", [{"shares": 0}, {"filled": -1}, {"attempt": 0}, {"intent_id": "nobody"}])
def test_an_order_that_cannot_be_is_refused(journal: Journal, wrong: dict[str, object]) -> None:
    with pytest.raises(JournalRefused):
        journal.commit(batch(intent(), order(**wrong)))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE order_facts SET text = 'x'",
        "DELETE FROM order_facts",
        "UPDATE book_changes SET own = 1",
        "DELETE FROM book_changes",
        "UPDATE fills SET shares = 1",
        "DELETE FROM fills",
        "UPDATE events SET seq = 9",
        "DELETE FROM bodies",
        "DELETE FROM orders",
    ],
)
def test_history_is_append_only(journal: Journal, statement: str) -> None:
    journal.accept(body("a"))
    journal.commit(batch(intent(), order(), fact("i1-1", OrderState.SENDING), fill(), change()))
    with pytest.raises(JournalError):
        journal._write(lambda session: session.run(statement))


def test_shares_filled_after_an_intents_end_are_added(journal: Journal) -> None:
    journal.commit(batch(intent(filled=100, ended=True)))
    late = batch()
    late.late_fills["i1"] = 200
    journal.commit(late)
    assert journal.load().intents == (intent(filled=300, ended=True),)


def test_what_is_settled_and_of_another_day_is_not_loaded(journal: Journal, clock: FixedClock) -> None:
    done = {"state": OrderState.FILLED, "settled": True}
    journal.commit(
        batch(
            intent("old", ended=True),
            order("old-1", **done),
            intent("late", ended=True),
            order("late-1", state=OrderState.CANCELLED),
            intent("going"),
            order("going-1", **done),
            fill("t1", "old-1"),
        )
    )
    clock.go(days=13)
    loaded = journal.load()
    assert {row.intent_id for row in loaded.intents} == {"going"}
    assert {row.client_order_id for row in loaded.orders} == {"late-1", "going-1"}
    assert loaded.fill_ids == frozenset()


def test_a_closed_gap_is_not_loaded(journal: Journal, clock: FixedClock) -> None:
    from desk.core.values import Gap

    gap = Gap(at=clock.now(), strategy="阿尔法", symbol=None, cause="序号缺口", text="缺 3", key="seq:3")
    made = batch()
    made.gaps[gap.key] = gap
    journal.commit(made)
    assert journal.load().open_gaps == (gap,)
    made.gaps[gap.key] = replace(gap, closed_at=clock.now())
    journal.commit(made)
    assert journal.load().open_gaps == ()
