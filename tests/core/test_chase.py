"""The next step of one intent, row by row: one scene, one answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from base_func import BEIJING, Phase
from desk.core.chase import Account, Cancel, Cut, End, Scene, Send, Step, Wait, next_step
from desk.core.config import ChaseConfig, Limits
from desk.core.values import Intent, Order, OrderState, Origin, Part, Reason, Side
from tests.core.test_pricing import DAY, market

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=BEIJING)
QUOTE, INSTRUMENT = market()
ACCOUNT = Account(
    ready=True,
    phase=Phase.CONTINUOUS,
    always_open=False,
    limits=Limits(),
    orders_today=0,
    cancels_today=0,
    buy_turnover_today=Decimal(0),
)
INTENT = Intent(
    intent_id="gabcdefghijklmno",
    origin=Origin.SIGNAL,
    event_id="e",
    strategy="s",
    account="a",
    symbol="000001.SZ",
    side=Side.BUY,
    decided=500,
    day=DAY,
    created_at=NOW,
    received_at=NOW,
    updated_at=NOW,
)
CHILD = Order(
    client_order_id="gabcdefghijklmno-1",
    intent_id="gabcdefghijklmno",
    event_id="e",
    origin=Origin.SIGNAL,
    strategy="s",
    account="a",
    symbol="000001.SZ",
    side=Side.BUY,
    shares=500,
    price=Decimal("10.03"),
    attempt=1,
    state=OrderState.WORKING,
    day=DAY,
    created_at=NOW,
    updated_at=NOW,
)
SCENE = Scene(
    now=NOW,
    chase=ChaseConfig(),
    account=ACCOUNT,
    intent=INTENT,
    child=None,
    entitled=Decimal(500),
    own=0,
    other_open=0,
    quote=QUOTE,
    instrument=INSTRUMENT,
)
SELL = replace(INTENT, side=Side.SELL)
SELL_SCENE = replace(
    SCENE, intent=SELL, entitled=Decimal(0), own=500, sellable=500, account_sellable=500, account_shares=500
)


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return NOW.replace(hour=hour, minute=minute, second=second)


def account(**changes: object) -> Account:
    return replace(ACCOUNT, **changes)  # type: ignore[arg-type]


def limited(**limits: object) -> Account:
    return replace(ACCOUNT, limits=replace(Limits(), **limits))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scene", "step"),
    [
        (SCENE, Send(shares=500, price=Decimal("10.03"), counts=True)),
        (SELL_SCENE, Send(shares=500, price=Decimal("9.98"), counts=True)),
        # k widens: 2, 4, 8 ticks
        (replace(SCENE, intent=replace(INTENT, tries=1)), Send(shares=500, price=Decimal("10.05"), counts=True)),
        (replace(SCENE, intent=replace(INTENT, tries=4)), Send(shares=500, price=Decimal("10.09"), counts=True)),
        (replace(SCENE, intent=replace(INTENT, tries=5)), End(reason=Reason.RETRIES_USED)),
        # a sell goes to the cage edge after its tries
        (replace(SELL_SCENE, intent=replace(SELL, tries=3)), Send(shares=500, price=Decimal("9.81"), counts=True)),
        # done, stopped, cut
        (replace(SCENE, intent=replace(INTENT, filled=500), own=500), End(reason=None)),
        (replace(SCENE, intent=replace(INTENT, stopped=Reason.HALTED)), End(reason=Reason.HALTED)),
        (replace(SCENE, entitled=Decimal(150)), Cut(shares=350, reason=Reason.JQ_NOT_FILLED)),
        (replace(SCENE, entitled=Decimal(50), intent=replace(INTENT, decided=50)), End(reason=Reason.BELOW_LOT)),
        (replace(SCENE, unsettled=True), Wait()),
        # gates
        (replace(SCENE, intent=replace(INTENT, approved=False)), Wait(reason=Reason.APPROVAL_TIMEOUT)),
        (
            replace(SCENE, intent=replace(INTENT, approved=False), approval_age_s=601),
            End(reason=Reason.APPROVAL_TIMEOUT),
        ),
        (replace(SCENE, age_s=601), End(reason=Reason.TOO_OLD)),
        (
            replace(SCENE, intent=replace(INTENT, waiting=Reason.BROKER_DOWN), age_s=601),
            End(reason=Reason.BROKER_DOWN),
        ),
        # the order that was in doubt has been found out about: nobody is to look for it
        (
            replace(SCENE, intent=replace(INTENT, waiting=Reason.UNKNOWN_RESULT), age_s=601),
            End(reason=Reason.TOO_OLD),
        ),
        (replace(SELL_SCENE, age_s=601), Send(shares=500, price=Decimal("9.98"), counts=True)),
        (replace(SCENE, account=account(phase=Phase.CLOSED)), Wait(reason=Reason.CLOSED_DAY)),
        (replace(SCENE, account=account(phase=Phase.LUNCH)), Wait(reason=Reason.CLOSED_SESSION)),
        (replace(SCENE, account=account(phase=Phase.IDLE)), Wait(reason=Reason.CLOSED_SESSION)),
        (replace(SCENE, account=account(ready=False)), Wait(reason=Reason.BROKER_DOWN)),
        (replace(SCENE, blocked=True), Wait()),
        (replace(SCENE, quote=None), Wait(reason=Reason.NO_QUOTE)),
        (replace(SCENE, instrument=replace(INSTRUMENT, suspended=True)), Wait(reason=Reason.SUSPENDED)),
        (replace(SCENE, broker_said=Reason.NO_CASH), End(reason=Reason.NO_CASH)),
        # limits
        (replace(SCENE, account=limited(order_value=Decimal(5000))), End(reason=Reason.OVER_ORDER_VALUE)),
        (replace(SCENE, account=limited(day_turnover=Decimal(5000))), End(reason=Reason.OVER_DAY_TURNOVER)),
        (replace(SCENE, account=replace(limited(day_orders=7), orders_today=7)), End(reason=Reason.OVER_DAY_ORDERS)),
        (
            replace(SELL_SCENE, account=limited(order_value=Decimal(1), day_turnover=Decimal(1))),
            Send(shares=500, price=Decimal("9.98"), counts=True),
        ),
        # T+1 and odd rests
        (replace(SELL_SCENE, sellable=0, account_sellable=0), End(reason=Reason.NOT_SELLABLE)),
        (replace(SELL_SCENE, sellable=300, account_sellable=300), Send(shares=300, price=Decimal("9.98"), counts=True)),
        (replace(SELL_SCENE, sellable=0, account_sellable=0, account_shares=0), End(reason=Reason.NO_POSITION)),
        # bought a moment ago: no picture shows it yet, and T+1 keeps it
        (
            replace(SELL_SCENE, sellable=0, account_sellable=0, account_shares=0, locked=500),
            End(reason=Reason.NOT_SELLABLE),
        ),
        (
            replace(SELL_SCENE, own=150, sellable=150, account_sellable=300, intent=replace(SELL, decided=150)),
            Send(shares=100, price=Decimal("9.98"), counts=True),
        ),
        # the closing minutes: one order, no chase
        (replace(SCENE, now=at(14, 56, 40)), Send(shares=500, price=Decimal("10.03"), counts=True)),
        (replace(SCENE, now=at(14, 56, 40), sent_late=True), Wait(reason=Reason.CLOSE_UNFILLED)),
    ],
)
def test_the_next_step_without_a_live_order(scene: Scene, step: Step) -> None:
    assert next_step(scene) == step


RESTING = replace(INTENT, resting=True, limit=Decimal("9.90"))
RESTING_CHILD = replace(CHILD, price=Decimal("9.90"))


@pytest.mark.parametrize(
    ("scene", "step"),
    [
        (replace(SCENE, child=CHILD, child_age_s=4.9), Wait()),
        (
            replace(SCENE, child=CHILD, child_age_s=5),
            Cancel(client_order_id=CHILD.client_order_id, why="超时未成交,撤单重下"),
        ),
        (replace(SCENE, child=replace(CHILD, state=OrderState.CANCELLING), child_age_s=99), Wait()),
        (
            replace(SCENE, child=replace(CHILD, state=OrderState.IN_DOUBT), child_age_s=99),
            Wait(reason=Reason.UNKNOWN_RESULT),
        ),
        (replace(SCENE, child=CHILD, child_age_s=99, account=account(phase=Phase.CLOSING_CALL)), Wait()),
        (replace(SCENE, child=CHILD, child_age_s=99, account=account(phase=Phase.OPENING_CALL_LOCKED)), Wait()),
        (replace(SCENE, child=CHILD, child_age_s=99, account=account(phase=Phase.LUNCH)), Wait()),
        (replace(SCENE, child=CHILD, child_age_s=99, now=at(14, 56, 31)), Wait()),
        (replace(SCENE, child=CHILD, child_age_s=99, account=account(cancels_today=2000)), Wait()),
        (
            replace(SCENE, child=CHILD, entitled=Decimal(150)),
            Cancel(client_order_id=CHILD.client_order_id, why="账本已减少"),
        ),
        (
            replace(SCENE, child=CHILD, opposite_waits=True),
            Cancel(client_order_id=CHILD.client_order_id, why="同一账本有反向信号"),
        ),
        (
            replace(SCENE, child=replace(CHILD, cancel_wished=True)),
            Cancel(client_order_id=CHILD.client_order_id, why="先前要求的撤单"),
        ),
        (replace(SCENE, child=replace(CHILD, cancel_wished=True), cancel_refused=True), Wait()),
        # what rests at its limit is not chased, but an order that could be better is
        (replace(SCENE, intent=RESTING, child=RESTING_CHILD, child_age_s=99), Wait()),
        (
            replace(
                SCENE,
                intent=replace(RESTING, limit=Decimal("10.50")),
                child=replace(CHILD, price=Decimal("9.90")),
                child_age_s=99,
            ),
            Cancel(client_order_id=CHILD.client_order_id, why="超时未成交,撤单重下"),
        ),
        # an odd partial fill leaves an odd rest that the live order may finish
        (replace(SCENE, child=replace(CHILD, filled=130), own=130, intent=replace(INTENT, filled=130)), Wait()),
    ],
)
def test_the_next_step_beside_a_live_order(scene: Scene, step: Step) -> None:
    assert next_step(scene) == step


def test_a_limit_that_is_not_met_rests_without_counting_and_a_chased_one_counts() -> None:
    resting = next_step(replace(SCENE, intent=RESTING))
    assert resting == Send(shares=500, price=Decimal("9.90"), counts=False)
    chased = next_step(replace(SCENE, intent=replace(RESTING, resting=False)))
    assert chased == Send(shares=500, price=Decimal("9.90"), counts=True)
    used_up = replace(SCENE, intent=replace(RESTING, resting=False, tries=5))
    assert next_step(used_up) == End(reason=Reason.BEYOND_LIMIT)


def test_limit_up_and_limit_down() -> None:
    up = dict(zip(("quote", "instrument"), market(last="11.00", bid="11.00", ask=None), strict=True))
    down = dict(zip(("quote", "instrument"), market(last="9.00", bid=None, ask="9.00"), strict=True))
    assert next_step(replace(SCENE, **up)) == End(reason=Reason.LIMIT_UP)
    queued = next_step(replace(SCENE, queue_limit_up=True, **up))
    assert isinstance(queued, Send) and queued.price == Decimal("11.00")
    sell = next_step(replace(SELL_SCENE, **down))
    assert isinstance(sell, Send) and sell.price == Decimal("9.00")
    child = replace(CHILD, side=Side.SELL, price=Decimal("9.00"))
    assert next_step(replace(SELL_SCENE, child=child, child_age_s=99, **down)) == Wait(), "queued once, not chased"
    assert next_step(replace(SELL_SCENE, queue_limit_down=False, **down)) == End(reason=Reason.LIMIT_DOWN)


def test_what_was_cut_is_not_wanted_any_more() -> None:
    cut = replace(INTENT, parts=(Part(shares=350, reason=Reason.JQ_NOT_FILLED, text=""),))
    step = next_step(replace(SCENE, intent=cut, entitled=Decimal(150)))
    assert isinstance(step, Send) and step.shares == 100


def test_an_order_is_split_at_the_exchanges_maximum() -> None:
    big = replace(INTENT, symbol="688981.SH", decided=250_000)
    step = next_step(replace(SCENE, intent=big, entitled=Decimal(250_000), account=limited(order_value=None)))
    assert isinstance(step, Send) and step.shares == 100_000
