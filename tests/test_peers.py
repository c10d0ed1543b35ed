"""What the systems before this one were measured to do wrong, and what this one does instead: the ancestor's failures.

The ancestor is the plain 聚宽跟单 (header -> tunnel -> Flask -> MiniQMT). Failures that another file shows already:

| its failure                                   | shown by                                                             |
|-----------------------------------------------|----------------------------------------------------------------------|
| a replayed v1 body is accepted                | test_receiver_v1: a_v1_body_is_accepted_once_whatever_its_outer_...  |
| signals throttled because others failed       | test_receiver: only_failed_attempts_are_limited_and_the_authentic... |
| a burst of signals answered 429               | test_burst: two_hundred_signals_within_one_second_...                |
| 300 x 0.5 sent as 150                         | test_sequences: three_hundred_at_a_half_is_a_hundred_not_an_odd_lot  |
| a JoinQuant order cancelled unfilled ordered  | test_sequences: a_cancelled_buy_of_joinquants_is_not_ordered         |
| a backtest places real orders                 | test_sequences: a_backtest_places_nothing; test_header_calls         |
| limit-up protection without effect            | faults/test_refusals: limit_up_is_not_chased_and_...; and below      |
| an order after a time-out sent again          | faults/test_placing_and_cancelling: an_order_without_an_answer_...   |
| a hanging robot holds up the other robots     | test_send_trader_info: a_hanging_robot_does_not_delay_another        |
| weekends are the only holidays                | test_calendar: days_of_the_shipped_list; and below                   |
| nothing stored before the answer              | test_receiver: a_new_body_is_stored_before_it_is_acknowledged        |
| no log file                                   | test_daemon: what_happened_stands_in_a_log_file_without_any_secret   |
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import Receiver as door
import tests.world
from base_func import BEIJING
from desk.broker.paper.faults import PlaceTrouble, ReportTrouble, SnapshotTrouble
from desk.calendar import TradingCalendar
from desk.core.config import AccountConfig, AccountShare, ChaseConfig, Config, MessengerConfig
from desk.core.values import OrderState, Side
from desk.senders import Keyring
from send_trader_info import Messenger
from tests.stand_in.post import SECRET, SMALL_CAP, TOKEN, Post
from tests.stand_in.senders import HELD_ORDER, Sender, v1_body, v1_plaintext
from tests.stand_in.wecom import HANG, Robots, serve
from tests.world import NO_LIMITS, World, strategy

PINGAN, SZ = "000001.XSHE", "000001.SZ"
Make = Callable[..., World]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[World] = []

    def build(ratio: object = 1, **more: object) -> World:
        strategies = more.pop("strategies", None) or [strategy("小市值", "xsz", ratio)]
        world = World(tmp_path, strategies=strategies, **more)  # type: ignore[arg-type]
        made.append(world)
        world.scene(SZ, price=Decimal(10))
        return world

    yield build
    for world in made:
        world.close()


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    post = Post(tmp_path)
    yield post
    post.journal.close()


def door_of(world: World) -> FlaskClient:
    """A receiver of the world's journal, as after each start of the program."""
    config = replace(world.config, strategies=tuple(replace(s, secret=SECRET) for s in world.config.strategies))
    receiver = door.Receiver(
        journal=world.journal, keyring=Keyring(lambda: config), clock=world.clock, alarm=lambda *_: None
    )
    return door.make_app(receiver).test_client()


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=False))


# --- the wire ---------------------------------------------------------------------------------------------------------


def test_who_knows_one_message_and_its_plaintext_can_neither_read_nor_forge_another(post: Post) -> None:
    content = HELD_ORDER | {"q": 1}
    captured = json.loads(post.sender.body(content, at=post.clock.now()))
    known = json.dumps(content, separators=(",", ":")).encode()
    stream = xor(base64.b64decode(captured["c"]), known)
    another = json.loads(post.sender.body(HELD_ORDER | {"q": 2, "a": 500, "f": 500}, at=post.clock.now()))
    assert b"000001" not in xor(base64.b64decode(another["c"]), stream), "the stream of one message opens no other"
    wanted = known.replace(b'"a":9400,"f":9400', b'"a":9999,"f":9999')
    assert len(wanted) == len(known) and wanted != known
    cipher = base64.b64encode(xor(wanted, stream)).decode()
    fresh_id = base64.b64encode(b"another body id!").decode()
    cut = slice(0, 32)  # what the ancestor's key was: 32 bytes of ciphertext XOR plaintext
    guessed = hmac.new(stream[cut], wanted, hashlib.sha256).digest()
    for changes in (
        {"c": cipher},
        {"c": cipher, "i": fresh_id},
        {"i": fresh_id},
        {"t": captured["t"] + 1},
        {"c": cipher, "m": base64.b64encode(guessed).decode()},
    ):
        status, _ = post.send(json.dumps(captured | changes).encode())
        assert status in (401, 429), changes
    assert not post.journal.undecided_events()


def test_the_key_that_falls_out_of_an_old_message_opens_nothing_unless_the_old_protocol_is_allowed(post: Post) -> None:
    now = post.clock.now()
    known = v1_plaintext(now)
    inner = json.loads(base64.b64decode(json.loads(v1_body(TOKEN, known))["encrypted_order"]))
    key = xor(base64.b64decode(inner["data"]), known.encode())[:32]
    assert key == hashlib.sha256(TOKEN.encode()).digest(), "the ancestor's weakness, as it was measured"
    forged = v1_plaintext(now, 下单数量="99900", 已经成交="99900").encode()
    data = xor(forged, itertools.cycle(key))  # type: ignore[arg-type]
    signed = {"signature": hmac.new(key, forged, hashlib.sha256).hexdigest(), "data": base64.b64encode(data).decode()}
    outer = {"encrypted_order": base64.b64encode(json.dumps(signed).encode()).decode(), "timestamp": 0}
    post.config = Config(
        home=post.config.home, strategies=(SMALL_CAP, replace(post.config.strategies[1], v1_until=None))
    )
    post.restart()
    assert post.send(json.dumps(outer).encode())[0] == 403
    assert not post.journal.undecided_events()


def test_a_captured_message_replayed_later_orders_nothing(make: Make) -> None:
    world = make()
    sender = Sender("xsz", SECRET)
    body = sender.body(HELD_ORDER | {"a": 1000, "f": 1000, "p": 10}, at=world.clock.now())
    for number, wait_s in enumerate((0, 1, 3600, 24 * 3600)):
        world.pass_time(wait_s, step=max(1, wait_s / 4))
        answer = door_of(world).post("/api/order", data=body)
        expected = "duplicate" if number else "accepted"
        assert (answer.status_code, sender.read_ack(body, answer.data)[0]) == (200, expected)
        world.pass_time(5)
        world.kill()
        world.settle()
        assert (world.own(SZ), world.held(SZ)) == (1000, 1000)
    assert len(world.trader.ledger.orders) <= 1


def test_sixty_five_signals_of_one_minute_are_all_taken_beside_as_many_attempts_of_strangers(post: Post) -> None:
    stranger = Sender("xsz", "gd2_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
    for number in range(1, 66):
        post.clock.advance(0.9)
        assert post.send(stranger.body(HELD_ORDER, at=post.clock.now()))[0] in (401, 429)
        assert post.send(post.order(number)) == (200, ("accepted", number + 1))
    assert [event.body.seq for event in post.journal.undecided_events()] == list(range(1, 66))


# --- what is ordered --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["小市值轮动策略", "聚宽首席动量增强多因子小市值轮动策略第二版（实盘）" * 3])
def test_a_chinese_strategy_name_of_any_length_never_makes_an_order_unknown_to_us(make: Make, name: str) -> None:
    world = make(strategies=[strategy(name, "xsz")], settle_s=60.0)
    world.exchange.faults.once(PlaceTrouble.UNANSWERED)
    world.exchange.faults.rates[ReportTrouble.LOST] = 1.0
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(150, step=2)
    (order,) = world.broker_orders()
    assert order.client_order_id.isascii() and len(order.client_order_id.encode()) <= 23
    assert (order.shares, world.own(SZ, name)) == (1000, 1000), "found by its remark, not ordered a second time"
    assert world.verdict(event) == ("done", None)


def test_a_sell_below_a_lot_is_carried_into_the_next_one_and_not_dropped(make: Make) -> None:
    world = make(0.5)
    world.order("1", PINGAN, "buy", 400)
    world.go_to(datetime(2026, 11, 23, 9, 31, tzinfo=BEIJING), step=3600)
    assert world.own(SZ) == 200
    world.order("2", PINGAN, "sell", 100)
    world.pass_time(10)
    assert (world.own(SZ), world.entitled(SZ)) == (200, Decimal(150)), "50 are no legal sale, and are remembered"
    world.order("3", PINGAN, "sell", 100)
    world.pass_time(10)
    assert (world.own(SZ), world.entitled(SZ)) == (100, Decimal(100)), "2 x 50 are a lot"


def test_each_strategy_is_followed_by_its_own_ratio_on_each_of_its_accounts(make: Make) -> None:
    accounts = [AccountConfig(name=name, limits=NO_LIMITS) for name in ("主账户", "副账户")]
    both = (AccountShare(account="主账户", ratio=Decimal(2)), AccountShare(account="副账户", ratio=Decimal("0.1")))
    strategies = [
        strategy("甲", "jia", "0.5"),
        strategy("乙", "yi", "0.3"),
        replace(strategy("丙", "bing"), accounts=both),
    ]
    world = make(strategies=strategies, accounts=accounts)
    for number, kid in enumerate(("jia", "yi", "bing")):
        world.order(str(number), PINGAN, "buy", 1000, kid=kid)
    world.pass_time(20)
    own = {(s, a): b.own for (s, a, _), b in world.trader.ledger.books.items() if b.own}
    assert own == {("甲", "主账户"): 500, ("乙", "主账户"): 300, ("丙", "主账户"): 2000, ("丙", "副账户"): 100}


@pytest.mark.parametrize("status", ["canceled", "rejected"])
@pytest.mark.parametrize(("filled", "ordered"), [(0, []), (300, [300])])
def test_of_an_order_that_joinquant_cancelled_or_rejected_only_its_fills_are_followed(
    make: Make, status: str, filled: int, ordered: list[int]
) -> None:
    world = make()
    world.order("1", PINGAN, "buy", 1000, filled, status=status)
    world.pass_time(10)
    assert [order.shares for order in world.broker_orders()] == ordered


@pytest.mark.parametrize(
    ("security", "symbol", "shares"),
    [
        ("920002.BJ", "920002.BJ", 150),  # 0.5 x 300: from 100 in steps of 1
        ("430047.BJ", "430047.BJ", 150),
        ("688981.XSHG", "688981.SH", 0),  # 150 is less than 200
        ("300750.XSHE", "300750.SZ", 100),
    ],
)
def test_a_code_keeps_its_exchange_and_its_boards_lots(make: Make, security: str, symbol: str, shares: int) -> None:
    world = make(0.5)
    world.scene(symbol, price=Decimal(20))
    world.order("1", security, "buy", 300, price=20)
    world.pass_time(10)
    assert [(o.symbol, o.shares) for o in world.broker_orders()] == ([(symbol, shares)] if shares else [])
    assert world.held(symbol) == shares


# --- chasing ----------------------------------------------------------------------------------------------------------


def test_a_hundred_shares_that_did_not_fill_are_cancelled_and_ordered_again_until_they_do(make: Make) -> None:
    world = make()
    world.scene(SZ, price=Decimal(10), thin=100)
    world.exchange.trade_by_hand(SZ, Side.BUY, 5000, Decimal("10.02"), world.clock.now())  # stands before ours
    event = world.order("1", PINGAN, "buy", 100)
    world.pass_time(1)
    world.scene(SZ, price=Decimal("10.20"))
    world.pass_time(40)
    orders = sorted((o for o in world.broker_orders() if o.client_order_id), key=lambda order: order.client_order_id)
    assert [order.filled for order in orders] == [0, 100]
    assert [order.shares for order in orders] == [100, 100]
    assert world.verdict(event) == ("done", None)


def test_the_rest_of_a_partly_filled_order_is_chased(make: Make) -> None:
    world = make()
    world.scene(SZ, price=Decimal(10), thin=100)
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(1)
    world.scene(SZ, price=Decimal("10.20"))
    world.pass_time(40)
    first, second = sorted(world.broker_orders(), key=lambda order: order.client_order_id)
    assert 0 < first.filled < 1000 and first.shares == 1000
    assert second.shares == second.filled == 1000 - first.filled
    assert world.own(SZ) == 1000
    assert world.verdict(event) == ("done", None)


@pytest.mark.parametrize("resting", [1, 8])
def test_open_orders_hold_up_nothing_else(make: Make, resting: int) -> None:
    world = make()
    for number in range(resting):
        symbol = f"60000{number}.SH"
        world.scene(symbol, price=Decimal(10))
        world.order(f"r{number}", f"60000{number}.XSHG", "buy", 100, status="open", limit="9.50")
    world.pass_time(7)
    assert [order.status.final for order in world.broker_orders()] == [False] * resting
    before = world.clock.now()
    world.order("9", PINGAN, "buy", 1000)
    assert world.clock.now() == before
    (order,) = [order for order in world.broker_orders() if order.symbol == SZ]
    assert order.at == before, "sent in the moment in which the signal came"


@pytest.mark.parametrize("security", ["000002.XSHE", "300750.XSHE", "688981.XSHG", "920002.BJ", "510300.XSHG"])
def test_at_limit_up_nothing_is_bought_on_any_board_and_after_it_opens_the_next_signal_is(
    make: Make, security: str
) -> None:
    world = make()
    symbol = security.replace("XSHE", "SZ").replace("XSHG", "SH")
    world.scene(symbol, price=Decimal(20))
    world.scene(symbol, limit_up=True)
    event = world.order("1", security, "buy", 1000, price=20)
    world.pass_time(30)
    assert world.verdict(event) == ("refused", "涨停不追")
    assert not world.broker_orders()
    world.scene(symbol, price=Decimal(21))
    world.order("2", security, "buy", 1000, price=21)
    world.pass_time(30)
    assert world.held(symbol) == 1000


# --- what is told -----------------------------------------------------------------------------------------------------


def told(world: World) -> list[tuple[str, str]]:
    return [(one.message.kind, one.message.title) for one in world.journal.outbox_list(100)]


@pytest.mark.parametrize("trouble", [PlaceTrouble.LOST, PlaceTrouble.UNANSWERED])
def test_an_order_without_a_good_answer_is_told_as_unknown_and_never_as_done(make: Make, trouble: PlaceTrouble) -> None:
    world = make(settle_s=600.0)
    world.settle()
    world.exchange.faults.rates |= {SnapshotTrouble.NONE: 1.0, ReportTrouble.LOST: 1.0}
    world.exchange.faults.once(trouble)
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(30)
    assert world.verdict(event)[0] == "working"
    assert [order.state for order in world.trader.ledger.orders.values()] == [OrderState.IN_DOUBT]
    kinds = [kind for kind, _ in told(world)]
    assert "unknown" in kinds
    assert "fill" not in kinds
    assert world.own(SZ) == 0


def test_an_order_that_turns_out_refused_is_told_as_not_done(make: Make) -> None:
    world = make(chase=ChaseConfig(max_attempts=1))
    world.scene(SZ, price=Decimal(10), thin=100)
    world.exchange.faults.once(PlaceTrouble.REJECTED_LATER, 0.1)
    event = world.order("1", PINGAN, "buy", 1000)
    world.pass_time(60)
    assert [order.state for order in world.trader.ledger.orders.values()] == [OrderState.REJECTED]
    verdict, reason = world.verdict(event)
    assert verdict == "refused" and reason is not None
    kinds = [kind for kind, _ in told(world)]
    assert "refused" in kinds
    assert "fill" not in kinds


def test_a_robot_that_never_answers_delays_no_order(make: Make) -> None:
    world = make()
    robots = Robots(world.clock.monotonic, ("T1",))
    robots.script("T1", *[HANG] * 50)
    with serve(robots) as address:
        config = MessengerConfig(tokens=("T1",), base_url=address)
        messenger = Messenger(world.journal, lambda: config, world.clock)
        asked = threading.Event()
        plain = robots.answer

        def answer(target: str, body: bytes) -> tuple[int, bytes]:
            asked.set()
            return plain(target, body)

        robots.answer = answer  # type: ignore[method-assign]
        world.order("0", PINGAN, "buy", 100)
        messenger.step(world.clock.now())  # a first message is on its way, and hangs
        assert asked.wait(20)
        before = world.clock.now()
        for number in range(1, 21):
            world.order(str(number), PINGAN, "buy", 100)
            messenger.step(world.clock.now())
            world.pass_time(1)
        assert world.held(SZ) == 2100
        assert world.clock.now() - before == timedelta(seconds=20)
        assert robots.texts["T1"] == []
        waiting = [one for one in world.journal.outbox_list(100) if one.message.kind == "fill"]
        assert len(waiting) == 21, "nothing that was to be told is lost"


# --- time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "sent_from"),
    [
        (datetime(2026, 11, 20, 9, 10, tzinfo=BEIJING), datetime(2026, 11, 20, 9, 30, tzinfo=BEIJING)),
        (datetime(2026, 11, 20, 11, 45, tzinfo=BEIJING), datetime(2026, 11, 20, 13, 0, tzinfo=BEIJING)),
        (datetime(2026, 11, 20, 19, 0, tzinfo=BEIJING), datetime(2026, 11, 23, 9, 30, tzinfo=BEIJING)),
        (datetime(2026, 11, 21, 10, 0, tzinfo=BEIJING), datetime(2026, 11, 23, 9, 30, tzinfo=BEIJING)),
    ],
)
def test_a_signal_outside_the_session_waits_for_it(make: Make, received: datetime, sent_from: datetime) -> None:
    world = make(start=received)
    event = world.order("1", PINGAN, "buy", 1000)
    world.go_to(sent_from - timedelta(seconds=10), step=3600)
    assert not world.trader.ledger.orders
    assert world.verdict(event)[0] == "working", "it has not vanished"
    world.pass_time(60)
    assert min(order.created_at for order in world.trader.ledger.orders.values()) >= sent_from
    assert world.verdict(event) == ("done", None)
    assert world.held(SZ) == 1000


def test_on_a_holiday_that_is_a_weekday_nothing_is_sent(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = TradingCalendar.load(Path("no-home"), "")
    monkeypatch.setattr(tests.world, "Weekdays", lambda: calendar)
    holiday = datetime(2026, 10, 1, 10, 0, tzinfo=BEIJING)
    assert holiday.weekday() == 3
    world = make(start=holiday)
    event = world.order("1", PINGAN, "buy", 1000)
    reopening = datetime(2026, 10, 8, 9, 30, tzinfo=BEIJING)
    world.go_to(reopening - timedelta(seconds=10), step=6 * 3600)
    assert not world.trader.ledger.orders
    world.pass_time(60)
    (order,) = world.trader.ledger.orders.values()
    assert (order.side, order.day) == (Side.BUY, date(2026, 10, 8))
    assert world.verdict(event) == ("done", None)
