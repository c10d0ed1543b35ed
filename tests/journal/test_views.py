"""The views carry the contract's fields, exactly."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from desk.core.values import (
    CancelSignal,
    EventKind,
    JqStatus,
    OrderState,
    Origin,
    Part,
    Reason,
    Side,
    Verdict,
    WireEvent,
)
from desk.journal import AccountView, AmbiguousId, Journal, PositionView
from desk.journal.history import check_history
from desk.journal.view_counts import funnel, status_counts
from desk.journal.view_rows import EXPORTED, rows
from desk.journal.view_why import why
from desk.journal.views import fills, open_orders, orders, positions, signals
from tests.journal.making import (
    NOON,
    TODAY,
    FixedClock,
    batch,
    body,
    book,
    change,
    fact,
    fill,
    intent,
    message,
    order,
    outcome,
    signal,
)

EVENT = body("a").body_id
LATER = NOON + timedelta(seconds=3)


@pytest.fixture
def followed(journal: Journal) -> Journal:
    """A buy of 1000 at half: 500 decided, 300 filled, the rest given up."""
    journal.accept(body("a"))
    wanted = intent(event_id=EVENT, inputs='{"ratio": "0.5"}')
    sent = order(event_id=EVENT)
    journal.commit(batch(wanted, sent, fact("i1-1", OrderState.SENDING), outcome(EVENT, decided_at=NOON)))
    done = replace(
        sent,
        state=OrderState.CANCELLED,
        filled=300,
        fills_sum=300,
        turnover=Decimal("3153.00"),
        broker_order_id="77",
        updated_at=LATER,
    )
    ended = outcome(
        EVENT,
        Verdict.PARTIAL,
        reason=Reason.RETRIES_USED,
        reason_text="重试用尽",
        parts=(Part(shares=200, reason=Reason.RETRIES_USED, text="没有成交"),),
        decided_at=NOON,
        done_at=LATER,
    )
    journal.commit(
        batch(
            replace(wanted, filled=300, ended=True),
            done,
            fact("i1-1", OrderState.CANCELLED, at=LATER, fact="cancelled", from_state=OrderState.SENDING),
            fill(),
            change("信号", ref=EVENT, entitled=Decimal("300.50"), own=0),
            change("成交", ref="i1-1", own=300, at=LATER),
            book(entitled=Decimal("300.50"), own=300),
            message(key="done:i1"),
            ended,
        )
    )
    return journal


def test_a_signal_shows_what_was_said_and_what_became_of_it(followed: Journal) -> None:
    assert signals(followed) == [
        {
            "id": EVENT,
            "strategy": "阿尔法",
            "kind": "order",
            "symbol": "000001.SZ",
            "side": "buy",
            "amount": 1000,
            "filled": 1000,
            "jq_status": "held",
            "jq_order_id": "jq1",
            "seq": 1,
            "verdict": "partial",
            "reason": "重试用尽",
            "reason_text": "重试用尽",
            "received_at": "2024-05-20T10:00:00+08:00",
            "first_order_at": "2024-05-20T10:00:00+08:00",
            "done_at": "2024-05-20T10:00:03+08:00",
            "ordered_shares": 500,
            "filled_shares": 300,
            "orders": ["i1-1"],
            "trades_on": ["主账户"],
        }
    ]


def test_an_event_without_an_outcome_is_working(journal: Journal) -> None:
    journal.accept(body("a"))
    [shown] = signals(journal)
    assert (shown["verdict"], shown["reason"], shown["done_at"], shown["orders"]) == ("working", None, None, [])


def test_a_heartbeat_and_a_cancel_leave_unknown_fields_null(journal: Journal) -> None:
    cancel = CancelSignal(jq_order_id="9", security="600000.XSHG", amount=100, filled=0, status=JqStatus.CANCELED)
    empty = {"seq": 1, "backtest": False, "strategy_time": NOON}
    journal.accept(body("h", WireEvent(kind=EventKind.HEARTBEAT, content=None, **empty)))
    journal.accept(body("c", WireEvent(kind=EventKind.CANCEL, content=cancel, **empty)))
    shown = [(row["symbol"], row["side"], row["amount"], row["filled"], row["jq_status"]) for row in signals(journal)]
    assert shown == [(None, None, None, None, None), ("600000.SH", None, 100, 0, "canceled")]


def test_shares_of_a_signal_are_sums_over_its_accounts(journal: Journal) -> None:
    journal.accept(body("a"))
    first, second = intent("i1", event_id=EVENT), intent("i2", event_id=EVENT, account="乙", decided=200)
    sent = order("i1-1", event_id=EVENT, state=OrderState.FILLED, filled=500)
    planned = order("i2-1", event_id=EVENT, account="乙", state=OrderState.PLANNED)
    journal.commit(batch(first, second, sent, planned))
    [shown] = signals(journal)
    assert (shown["ordered_shares"], shown["filled_shares"]) == (700, 500)
    assert shown["trades_on"] == ["主账户", "乙"]


def test_an_order_shows_its_average_price_and_whose_it_is(followed: Journal) -> None:
    assert orders(followed) == [
        {
            "client_order_id": "i1-1",
            "signal_id": EVENT,
            "origin": "signal",
            "account": "主账户",
            "strategy": "阿尔法",
            "symbol": "000001.SZ",
            "side": "buy",
            "shares": 500,
            "price": "10.52",
            "filled_shares": 300,
            "avg_price": "10.51",
            "state": "cancelled",
            "attempt": 1,
            "broker_order_id": "77",
            "broker_text": "",
            "created_at": "2024-05-20T10:00:00+08:00",
            "updated_at": "2024-05-20T10:00:03+08:00",
        }
    ]
    assert open_orders(followed) == []


def test_a_debts_order_has_no_signal(journal: Journal) -> None:
    debt = {"origin": Origin.DEBT, "side": Side.SELL}
    journal.commit(batch(intent(**debt), order(event_id=EVENT, **debt)))
    [shown] = orders(journal)
    assert (shown["signal_id"], shown["origin"], shown["avg_price"]) == (None, "debt", "0")
    assert open_orders(journal) == [shown]


def test_a_fill_shows_exact_money(followed: Journal) -> None:
    assert fills(followed) == [
        {
            "fill_id": "t1",
            "client_order_id": "i1-1",
            "account": "主账户",
            "symbol": "000001.SZ",
            "side": "buy",
            "shares": 300,
            "price": "10.51",
            "fee": "5.03",
            "at": "2024-05-20T10:00:03+08:00",
        }
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["c", "d"]),  # today
        ({"limit": 3}, ["b", "c", "d"]),  # the latest of any day
        ({"day_from": TODAY - timedelta(days=1)}, ["b", "c", "d"]),
        ({"day_to": TODAY - timedelta(days=1)}, ["a", "b"]),
        ({"day_from": TODAY - timedelta(days=2), "day_to": TODAY - timedelta(days=1)}, ["a", "b"]),
        ({"day_from": TODAY, "limit": 1}, ["d"]),
        ({"limit": 0}, []),
    ],
)
def test_lists_hold_today_unless_told_otherwise(
    journal: Journal, asked: dict[str, object], expected: list[str]
) -> None:
    days = {"a": 2, "b": 1, "c": 0, "d": 0}  # days ago; c at midnight, the first moment of today
    for name, ago in days.items():
        at = NOON - timedelta(days=ago)
        journal.accept(body(name, received_at=at.replace(hour=0) if name == "c" else at))
    names = {body(name).body_id: name for name in days}
    assert [names[row["id"]] for row in signals(journal, **asked)] == expected  # type: ignore[arg-type]


def test_positions_show_value_profit_and_days_held(journal: Journal, clock: FixedClock) -> None:
    account = AccountView(
        name="主账户",
        channel="paper",
        connected=True,
        cash=Decimal("1000.50"),
        market_value=Decimal("1260"),
        total_asset=Decimal("2260.50"),
        at=NOON,
    )
    held = PositionView(
        account="主账户",
        symbol="000001.SZ",
        name="平安银行",
        shares=120,
        sellable=100,
        cost_price=Decimal("10.00"),
        price=Decimal("10.50"),
        at=NOON,
    )
    journal.save_account(account, [held, replace(held, symbol="600000.SH", shares=0)])
    journal.ask("reconcile", {}, "test")  # a durable write behind it: the account is stored as well
    clock.go(days=3)
    journal.save_account(account, [replace(held, price=Decimal("11"))])
    journal.ask("reconcile", {}, "test")
    expected = {
        "account": "主账户",
        "symbol": "000001.SZ",
        "name": "平安银行",
        "shares": 120,
        "sellable": 100,
        "cost_price": "10",
        "price": "11",
        "value": "1320",
        "profit": "120",  # (11 - 10) x 120
        "profit_ratio": "0.1",
        "held_days": 3,
        "at": "2024-05-20T10:00:00+08:00",
    }
    assert positions(journal) == [expected]
    assert positions(journal, account="乙") == []
    assert status_counts(journal)["accounts"] == [
        {
            "name": "主账户",
            "channel": "paper",
            "connected": True,
            "total_asset": "2260.5",
            "cash": "1000.5",
            "market_value": "1260",
            "at": "2024-05-20T10:00:00+08:00",
        }
    ]


def test_why_tells_every_step_in_order(followed: Journal) -> None:
    told = why(followed, EVENT[:6])
    assert told is not None
    assert told["id"] == EVENT and told["verdict"] == "partial"
    assert told["parts"] == [{"shares": 200, "reason": "重试用尽", "text": "没有成交"}]
    assert [(step["at"][17:19], step["what"]) for step in told["steps"]] == [
        ("00", "收到信号"),
        ("00", "已决定：主账户 买入 000001.SZ 500 股"),
        ("00", "委托 i1-1：开始发送 → 发送中"),
        ("00", "记账：信号"),
        ("00", "通知：成交"),
        ("03", "委托 i1-1：撤单完成 → 已撤"),
        ("03", "委托 i1-1：成交 300 股 @ 10.51"),
        ("03", "记账：成交"),
        ("03", "结束：部分完成"),
    ]
    assert told["steps"][1]["facts"]["inputs"] == {"ratio": "0.5"}
    json.dumps(told)


def test_why_finds_an_event_by_one_of_its_orders(followed: Journal) -> None:
    told = why(followed, "i1-1")
    assert told is not None and told["id"] == EVENT


def test_why_of_nothing_is_none_and_of_too_much_says_so(journal: Journal) -> None:
    assert why(journal, "ffff") is None
    assert why(journal, "") is None
    journal.accept(body("a", signal(1), signal(2)))
    with pytest.raises(AmbiguousId) as raised:
        why(journal, EVENT)
    assert raised.value.candidates == [f"{EVENT}-1", f"{EVENT}-2"]


def test_status_counts_what_is_not_done(journal: Journal) -> None:
    for name, seq in (("a", 1), ("b", 2), ("c", 3)):
        journal.accept(body(name, signal(seq)))
    journal.commit(
        batch(
            outcome(body("a").body_id, Verdict.DONE),
            outcome(body("b").body_id),
            intent(approved=False),
            order("i1-1", state=OrderState.IN_DOUBT),
            order("i1-2", side=Side.SELL),
            halted="因为",
        )
    )
    counts = status_counts(journal)
    expected = {
        "pending_signals": 2,
        "open_orders": 2,
        "in_doubt_orders": 1,
        "waiting_approval": 1,
        "outbox_pending": 0,
        "flags": {"halted": "因为"},
    }
    assert {key: counts[key] for key in expected} == expected
    assert counts["strategies"] == {
        "阿尔法": {"last_signal_at": "2024-05-20T10:00:00+08:00", "last_seq": 3, "gaps": []}
    }


def test_the_funnel_counts_a_day(followed: Journal) -> None:
    followed.accept(body("b", signal(2)))
    followed.commit(batch(outcome(body("b").body_id, Verdict.IGNORED, reason=Reason.JQ_NOT_FILLED)))
    followed.accept(body("old", signal(3), received_at=NOON - timedelta(days=1)))
    counted = funnel(followed, TODAY)
    assert counted == {
        "day": "2024-05-20",
        "received": 2,
        "followed": 1,
        "ordered": 1,
        "filled": 1,
        "working": 0,
        "done": 0,
        "partial": 1,
        "refused": 0,
        "ignored": 1,
        "by_reason": {"重试用尽": 1, "聚宽未成交": 1},
        "orders": 1,
        "orders_by_state": {"cancelled": 1},
        "fills": 1,
        "bought": "3153",
        "sold": "0",
        "fees": "5.03",
    }


@pytest.mark.parametrize("table", EXPORTED)
def test_every_exported_table_gives_flat_rows(followed: Journal, table: str) -> None:
    found = list(rows(followed, table))
    assert found and all(isinstance(row, dict) for row in found)
    assert list(rows(followed, table, date(2024, 5, 1), TODAY)) == found
    assert list(rows(followed, table, None, TODAY)) == found


def test_an_unknown_table_is_not_exported(journal: Journal) -> None:
    with pytest.raises(KeyError):
        list(rows(journal, "secrets"))


def test_the_history_adds_up(followed: Journal) -> None:
    assert check_history(followed) == []


def test_a_book_that_does_not_follow_from_its_history_is_told(followed: Journal) -> None:
    followed.commit(batch(book(entitled=Decimal("300.50"), own=400)))
    [problem] = check_history(followed)
    assert "阿尔法 主账户 000001.SZ" in problem and "400" in problem and "300" in problem


def test_an_order_that_does_not_follow_from_its_fills_or_facts_is_told(followed: Journal) -> None:
    followed.commit(batch(fill("t2", shares=1), fact("i1-1", OrderState.FILLED)))
    assert len(check_history(followed)) == 2
