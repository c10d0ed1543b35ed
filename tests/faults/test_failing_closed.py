"""Broken lines, lying answers, hand-made trades: nothing is sent on what is not known."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from base_func import BEIJING
from desk.core.values import Side
from desk.journal import JournalUnavailable
from tests.stories import PINGAN, SZ, Make, titles


def test_nothing_is_sent_while_disconnected_and_all_is_matched_after(make: Make) -> None:
    world = make()
    world.exchange.disconnect()
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(30)
    assert not world.broker_orders()
    assert world.verdict(event)[0] == "working"
    world.exchange.reconnect()
    world.pass_time(70, step=1)
    assert world.verdict(event) == ("done", None)
    assert "券商断开" in titles(world)


def test_a_wall_clock_jump_pauses_sending(make: Make) -> None:
    world = make()
    world.clock.jump(3.0)
    world.order("1", PINGAN, "buy", 1000)
    assert not world.broker_orders()
    assert "系统时间跳变" in titles(world)
    world.pass_time(6)
    assert len(world.broker_orders()) == 1


def test_a_journal_that_cannot_commit_sends_nothing(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make()
    told: list[str] = []
    world.trader._shout = lambda title, text: told.append(title)
    world.order("1", PINGAN, "buy", 1000, settle=False)

    def full(batch: object) -> None:
        raise JournalUnavailable("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(world.journal, "commit", full)
        for _ in range(5):
            assert world.trader.safe_step() > 0
    assert told and not world.broker_orders()
    world.pass_time(5)
    assert world.own(SZ) == 1000


def test_a_stranger_with_our_kind_of_remark_halts_everything(make: Make) -> None:
    from desk.broker import PlaceRequest

    world = make()
    world.exchange.place(
        PlaceRequest(
            client_order_id="gabcdefghijklmno-1",
            symbol=SZ,
            side=Side.BUY,
            shares=100,
            price=Decimal("10.02"),
            strategy="",
        ),
        world.clock.now(),
    )
    world.pass_time(5)
    assert "halted" in world.trader.ledger.flags
    event = world.order("1", PINGAN, "buy", 1000)
    assert world.verdict(event) == ("refused", "急停中")
    world.broken_by_test = True


def test_hand_made_holdings_are_out_of_reach(make: Make) -> None:
    world = make()
    world.exchange.deposit(SZ, 700, Decimal(9))
    world.pass_time(5)
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    world.go_to(datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING), step=3600)
    world.order("2", PINGAN, "sell", 1000, n=0)
    world.pass_time(10)
    assert (world.own(SZ), world.held(SZ)) == (0, 700)


def test_a_hand_made_sale_of_strategy_shares_freezes_the_symbol(make: Make) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 1000)
    world.pass_time(5)
    world.go_to(datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING), step=3600)
    world.exchange.trade_by_hand(SZ, Side.SELL, 400, now=world.clock.now())
    world.pass_time(45)
    assert world.book(SZ).frozen is not None
    assert "持仓对不上" in titles(world)
    sell = world.order("2", PINGAN, "sell", 1000)
    world.pass_time(10)
    assert world.held(SZ) == 600
    assert world.verdict(sell)[0] == "working"
    assert world.command("cancel", id="nothing")[0] is False
    ok, text = world.command("reconcile")
    assert ok and "少 400 股" in text
    assert not world.command("reconcile", apply="1")[0], "a sale is waiting: first it must end"
    world.command("halt", reason="对账", cancel="1")
    assert world.command("reconcile", apply="1")[0]
    assert (world.own(SZ), world.book(SZ).frozen) == (600, None)
    world.command("unhalt", reason="对好了")
    world.pass_time(10)
    assert world.held(SZ) == 0, "the debt of the halted sale"
