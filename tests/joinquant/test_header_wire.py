"""What the pasted file puts on the wire, and what it believes: bytes, retries, acknowledgements."""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from desk.core import wire
from tests.joinquant.jq_stub import JoinQuant, MarketOrderStyle, Order, OrderStatus, Position, strategy_time
from tests.joinquant.pasted import KID, OTHER_SECRET, SECRET, Receiver, Strategy

VECTORS = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "wire_v2.json").read_text(encoding="utf-8"))


def the_keys(kid: str, secret: str) -> Any:
    """The pasted file's own key class."""
    return type(Strategy().gendan.keys)(kid, secret)


@pytest.mark.parametrize("vector", VECTORS, ids=range(len(VECTORS)))
def test_a_body_is_the_vector_byte_for_byte_and_its_acknowledgement_is_believed(vector: dict[str, Any]) -> None:
    keys, body_id = the_keys(vector["kid"], vector["secret"]), bytes.fromhex(vector["id_hex"])
    body, mac = keys.pack(body_id, vector["t_ms"], vector["plaintext"].encode())
    assert body == vector["body"]
    ack = json.dumps(vector["ack"]).encode()
    assert keys.read_ack(body_id, mac, ack) == (vector["ack"]["st"], vector["ack"]["q"])


def posted_as(vector: dict[str, Any], jq: JoinQuant, act: str, *args: Any) -> bytes:
    """The body that the strategy posts for the act when id, clock and sequence are the vector's."""
    receiver = Receiver(vector["secret"])
    names = jq.names()
    strategy = Strategy(jq, receiver, names=names, secret=vector["secret"])
    strategy.gendan.keys = the_keys(vector["kid"], vector["secret"])
    receiver.keys = wire.derive_keys(vector["kid"], vector["secret"])
    strategy.gendan.new_id = lambda: bytes.fromhex(vector["id_hex"])
    strategy.gendan.now = lambda: (vector["t_ms"] + 0.5) / 1000
    strategy.gendan.state()["q"] = json.loads(vector["plaintext"])["q"]
    strategy.names[act](*args)
    assert strategy.spool == []
    return receiver.bodies[0]


def test_the_first_vector_is_what_a_filled_market_order_sends() -> None:
    assert posted_as(VECTORS[0], JoinQuant(), "order", "000001.XSHE", 9400).decode() == VECTORS[0]["body"]


def test_the_second_vector_is_what_a_live_protected_order_sends() -> None:
    jq = JoinQuant()
    order = Order(1732208242, "688981.XSHG", False, 201, jq.context.current_dt, status=OrderStatus.open)
    jq.create = lambda *args: order  # type: ignore[method-assign]
    body = posted_as(VECTORS[1], jq, "order", "688981.XSHG", -201, MarketOrderStyle(88.12))
    assert body.decode() == VECTORS[1]["body"]


def test_the_fourth_vector_is_what_a_snapshot_sends() -> None:
    jq = JoinQuant(strategy_time(9, 35, 3))
    jq.context.portfolio.positions["000001.XSHE"] = Position(4400, locked=5000)
    jq.context.portfolio.positions["000001.XSHE"].closeable_amount = 0
    assert posted_as(VECTORS[3], jq, "gendan_snapshot", jq.context).decode() == VECTORS[3]["body"]


def test_the_holding_after_is_total_and_locked_shares_together() -> None:
    strategy = Strategy()
    strategy.jq.context.portfolio.positions["600000.XSHG"] = Position(100, locked=200)
    strategy.call("order", "600000.XSHG", 0)
    strategy.call("gendan_snapshot", strategy.jq.context)
    assert strategy.receiver.events()[0]["P"][0][1] == 300


# --- lost, forged and signed answers --------------------------------------------------------------------------------


def lost(envelope: wire.Envelope) -> tuple[int, bytes]:
    raise OSError("the acknowledgement was lost")


def test_a_lost_acknowledgement_is_answered_with_the_same_bytes() -> None:
    strategy = Strategy()
    receiver = strategy.receiver

    def stored_then_lost(envelope: wire.Envelope) -> tuple[int, bytes]:
        receiver.honest(envelope)
        raise OSError("cut")

    receiver.answers = [stored_then_lost]
    strategy.call("order", "000001.XSHE", 100)
    assert len(receiver.bodies) == 2 and len(set(receiver.bodies)) == 1
    assert strategy.spool == []


def test_what_is_not_acknowledged_goes_first_next_time_in_order_and_unchanged() -> None:
    strategy = Strategy()
    strategy.line.down = True
    first, second = (strategy.call("order", "000001.XSHE", 100), strategy.call("order", "600000.XSHG", 200))
    assert first is not None and second is not None
    kept = [entry["b"] for entry in strategy.spool]
    assert len(kept) == 2 and "未送达" in strategy.said("error")
    strategy.line.down = False
    strategy.time.wall += 3600
    strategy.call("gendan_heartbeat", strategy.jq.context)
    assert [body.decode() for body in strategy.receiver.bodies] == kept
    assert strategy.spool == []


def forged(change: dict[str, Any]) -> Any:
    def answer(envelope: wire.Envelope) -> tuple[int, bytes]:
        honest = json.loads(wire.make_ack(envelope, wire.derive_keys(KID, SECRET), "accepted", 2))
        return 200, json.dumps({**honest, **change}).encode()

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: (200, b'{"v":2,"st":"accepted"}'),
        lambda _: (200, b""),
        lambda _: (200, b"\xff"),
        lambda _: (200, b"[" * 60000),
        lambda _: (200, b'{"status":"success"}'),
        lambda _: (401, b'{"error":"unauthorized"}'),
        lambda _: (409, b'{"error":"conflict"}'),
        lambda _: (413, b""),
        lambda _: (503, b'{"error":"busy"}'),
        lambda e: (200, wire.make_ack(e, wire.derive_keys(KID, OTHER_SECRET), "accepted", 2)),
        forged({"st": "duplicate"}),
        forged({"q": 3}),
        forged({"q": True}),
        forged({"q": -1}),
        forged({"q": 2**64}),
        forged({"i": base64.b64encode(bytes(16)).decode()}),
        forged({"m": base64.b64encode(bytes(32)).decode()}),
        forged({"m": None}),
        forged({"m": "é"}),
        forged({"v": 1}),
        forged({"st": None}),
        forged({"st": "é"}),
    ],
)
def test_an_answer_without_the_right_signature_removes_nothing_and_is_told(answer: Any) -> None:
    strategy = Strategy()
    strategy.receiver.answers = [answer] * 20
    assert strategy.call("order", "000001.XSHE", 100) is not None
    assert len(strategy.spool) == 1
    assert "未送达" in strategy.said("error") and len(strategy.jq.messages) == 1
    strategy.receiver.answers = []
    strategy.call("gendan_heartbeat", strategy.jq.context)
    assert strategy.spool == [] and len(set(strategy.receiver.bodies)) == 1


def test_a_signed_answer_to_another_body_is_not_believed() -> None:
    strategy = Strategy()
    strategy.call("order", "000001.XSHE", 100)
    first = wire.parse_envelope(strategy.receiver.bodies[0])
    replayed = wire.make_ack(first, strategy.receiver.keys, "accepted", 2)
    strategy.receiver.answers = [lambda _: (200, replayed)]
    strategy.call("order", "000001.XSHE", 200)
    assert len(strategy.spool) == 1


def test_a_body_that_is_refused_without_signature_does_not_hold_up_the_others() -> None:
    strategy = Strategy()
    strategy.receiver.answers = [lambda _: (401, b"{}")]
    strategy.call("order", "000001.XSHE", 100)
    strategy.receiver.answers = [lambda _: (401, b"{}")]
    strategy.call("order", "600000.XSHG", 200)
    assert [entry["w"] for entry in strategy.spool] == ["买入 000001.XSHE 100股"]
    assert strategy.receiver.events()[-1]["a"] == 200


@pytest.mark.parametrize(("st", "words"), [("refused", "内容无法使用"), ("clock", "时钟")])
def test_a_signed_refusal_removes_the_body_and_is_told(st: str, words: str) -> None:
    strategy = Strategy()
    strategy.receiver.answers = [lambda envelope: strategy.receiver.honest(envelope, st)]
    strategy.call("order", "000001.XSHE", 100)
    assert strategy.spool == []
    assert words in strategy.said("error") and words in strategy.jq.messages[0]


def test_the_signed_sequence_catches_up_an_older_g() -> None:
    strategy = Strategy()
    strategy.receiver.top = 41  # what the receiver has seen before JoinQuant restored an older g
    strategy.call("order", "000001.XSHE", 100)
    strategy.call("order", "000001.XSHE", 100)
    assert [event["q"] for event in strategy.receiver.events()] == [1, 42]


# --- bounds ---------------------------------------------------------------------------------------------------------


def test_an_order_call_is_held_no_longer_than_its_budget_and_a_loop_of_them_shorter() -> None:
    strategy = Strategy()
    strategy.line.down = True
    strategy.call("order", "000001.XSHE", 100)
    first = strategy.time.slept
    assert 0 < first <= 3.3  # the budget of 3 s; the last attempt may have begun just before its end
    for _ in range(5):
        strategy.call("order", "000001.XSHE", 100)
    assert strategy.time.slept - first <= 5 * 1.3


def test_the_second_channel_is_used_once_in_ten_minutes() -> None:
    strategy = Strategy()
    strategy.line.down = True
    for _ in range(4):
        strategy.call("order", "000001.XSHE", 100)
    assert len(strategy.jq.messages) == 1 and "未送达" in strategy.jq.messages[0]
    strategy.time.slept += 601
    strategy.jq.context.current_dt = strategy_time(9, 45)
    strategy.call("gendan_heartbeat", strategy.jq.context)
    assert len(strategy.jq.messages) == 2


def test_a_full_spool_drops_the_oldest_and_says_so() -> None:
    strategy = Strategy(settings={"spool": 3})
    strategy.line.down = True
    for shares in (100, 200, 300, 400):
        strategy.call("order", "000001.XSHE", shares)
    assert [entry["w"][-4:] for entry in strategy.spool] == ["200股", "300股", "400股"]
    assert "丢弃最早的一条:买入 000001.XSHE 100股" in strategy.said("error")


def test_heartbeats_do_not_pile_up() -> None:
    strategy = Strategy()
    strategy.line.down = True
    for _ in range(3):
        strategy.call("gendan_heartbeat", strategy.jq.context)
    assert len(strategy.spool) == 1


def test_ids_rise_with_the_time_and_are_never_the_same() -> None:
    strategy = Strategy(JoinQuant(), Receiver(VECTORS[0]["secret"]), secret=VECTORS[0]["secret"])
    gendan, chances = strategy.gendan, itertools.count(1)
    gendan.random = lambda size: (2 ** (8 * size) - next(chances)).to_bytes(size, "big")
    made = []
    for ms in (1_763_688_600_000, 1_763_688_600_001, 1_763_692_200_000):
        gendan.now = lambda ms=ms: (ms + 0.5) / 1000
        made.append((gendan.new_id(), gendan.new_id()))
    assert made == sorted(made, key=lambda pair: pair[0][:6])
    assert len({one for pair in made for one in pair}) == 6
    assert [int.from_bytes(first[:6], "big") for first, _ in made][0] == 1_763_688_600_000
    assert {len(one) for pair in made for one in pair} == {16}
