"""The daily kill: JoinQuant runs the code anew, then puts yesterday's pickled globals and g over it."""

from __future__ import annotations

import pickle
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

from tests.joinquant.jq_stub import Bag, JoinQuant, LimitOrderStyle, strategy_time
from tests.joinquant.pasted import OTHER_SECRET, SECRET, Receiver, Strategy


@pytest.fixture
def platform() -> Iterator[types.ModuleType]:
    """A module with the platform's functions, as `from kuanke.user_space_api import *` finds it."""
    module = types.ModuleType("kuanke.user_space_api")
    sys.modules[module.__name__] = module
    yield module
    del sys.modules[module.__name__]


def saved(strategy: Strategy) -> dict[str, bytes]:
    """What JoinQuant keeps of the globals: whatever can be pickled."""
    sys.modules[strategy.module.__name__] = strategy.module
    kept = {}
    for name, value in list(strategy.names.items()):
        if name.startswith("__") or name in strategy.jq.names():
            continue
        try:
            kept[name] = pickle.dumps(value)
        except (pickle.PicklingError, TypeError, AttributeError):
            continue
    for name in ("order", "cancel_order", "gendan_heartbeat", "_gendan_settings"):
        kept[name] = pickle.dumps(strategy.names[name])  # pickled by name, as a strategy's own functions are
    kept["g"] = pickle.dumps(vars(strategy.jq.g))
    return kept


def next_day(yesterday: Strategy, kept: dict[str, bytes], **changes: Any) -> Strategy:
    jq = JoinQuant(strategy_time(9, 40), first_id=1)
    jq.messages = yesterday.jq.messages
    today = Strategy(jq, **changes)
    # The module of every day has the same name.
    for value in list(today.names.values()):
        if getattr(value, "__module__", None) == today.module.__name__:
            value.__module__ = yesterday.module.__name__
    sys.modules[yesterday.module.__name__] = today.module
    for name, value in kept.items():
        if name == "g":
            vars(jq.g).update(pickle.loads(value))
        else:
            today.names[name] = pickle.loads(value)
    return today


@pytest.fixture(autouse=True)
def no_modules_left() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("user_code_"):
            del sys.modules[name]


def test_sequence_and_spool_survive_the_kill() -> None:
    yesterday = Strategy()
    yesterday.call("order", "000001.XSHE", 100)
    yesterday.line.down = True
    yesterday.call("order", "000001.XSHE", 200)
    body = yesterday.spool[0]["b"]
    today = next_day(yesterday, saved(yesterday), receiver=yesterday.receiver)
    today.call("order", "000001.XSHE", 300)
    assert today.receiver.bodies[1].decode() == body
    assert [(event["q"], event["a"]) for event in today.receiver.events()] == [(1, 100), (2, 200), (3, 300)]
    assert today.spool == []


def test_a_new_address_and_secret_are_not_overwritten_by_yesterdays_globals() -> None:
    yesterday = Strategy()
    yesterday.call("order", "000001.XSHE", 100)
    receiver = Receiver(OTHER_SECRET)
    kept = saved(yesterday)
    today = next_day(yesterday, kept, receiver=receiver, secret=OTHER_SECRET, address="https://new.example/base")
    today.call("order", "000001.XSHE", 300)
    assert [(event["q"], event["a"]) for event in receiver.events()] == [(2, 300)]
    assert today.names["_gendan_settings"]()["address"] == "https://new.example/base"
    assert today.names["order"] is today.gendan.wrappers["order"]


def test_no_pickled_global_holds_the_secret_or_the_address() -> None:
    strategy = Strategy(address="http://198.51.100.7:8888")
    strategy.line.down = True
    strategy.call("order", "000001.XSHE", 100)
    everything = b"".join(saved(strategy).values())
    assert SECRET.encode() not in everything and b"198.51.100.7" not in everything
    assert strategy.gendan.keys.enc not in everything and strategy.gendan.keys.ack not in everything


def test_bodies_of_an_earlier_secret_are_given_up_loudly() -> None:
    yesterday = Strategy()
    yesterday.line.down = True
    yesterday.call("order", "000001.XSHE", 100)
    today = next_day(yesterday, saved(yesterday), receiver=Receiver(OTHER_SECRET), secret=OTHER_SECRET)
    today.call("order", "600000.XSHG", 200)
    assert [event["x"] for event in today.receiver.events()] == ["600000.XSHG"]
    assert "密钥已更换,1 条旧信号无法补发" in today.said("error") and "买入 000001.XSHE 100股" in today.said("error")


def test_an_older_g_sends_the_same_bytes_again_and_catches_up() -> None:
    yesterday = Strategy()
    yesterday.line.down = True
    yesterday.call("order", "000001.XSHE", 100)
    kept = saved(yesterday)  # saved before the rest of the day happened
    yesterday.line.down = False
    yesterday.call("order", "000001.XSHE", 200)
    yesterday.call("order", "000001.XSHE", 300)
    today = next_day(yesterday, kept, receiver=yesterday.receiver)
    today.call("gendan_heartbeat", today.jq.context)
    today.gendan.random = yesterday.gendan.random
    today.call("order", "000001.XSHE", 400)
    assert today.receiver.bodies[0] == today.receiver.bodies[3]
    assert [event["q"] for event in today.receiver.events()] == [1, 2, 3, 4]


def test_live_orders_of_yesterday_are_forgotten_because_ids_repeat() -> None:
    yesterday = Strategy()
    yesterday.call("order", "000001.XSHE", 100, LimitOrderStyle(10))
    kept = saved(yesterday)
    today = next_day(yesterday, kept, receiver=yesterday.receiver)
    today.jq.context.current_dt = strategy_time(9, 40).replace(day=23)
    today.time.wall += 3 * 86400 + 300
    today.jq.next_id = 1732208241
    today.gendan.random = yesterday.gendan.random
    today.call("order", "600000.XSHG", 200)
    assert [event["x"] for event in today.receiver.events()] == ["000001.XSHE", "600000.XSHG"]


def test_a_later_import_star_brings_the_wrapped_function(platform: types.ModuleType) -> None:
    jq = JoinQuant()
    vars(platform).update({name: value for name, value in jq.names().items() if callable(value)})
    names = jq.names()
    names.update({name: vars(platform)[name] for name in ("order", "cancel_order")})
    strategy = Strategy(jq, names=names)
    exec("from kuanke.user_space_api import *", strategy.names)
    strategy.call("order", "000001.XSHE", 100)
    assert len(strategy.receiver.bodies) == 1


def test_a_bare_function_that_was_put_back_is_wrapped_again_by_the_next_hook() -> None:
    strategy = Strategy()
    strategy.names["order"] = strategy.names["order"].gendan_original
    strategy.call("gendan_heartbeat", strategy.jq.context)
    strategy.call("order", "000001.XSHE", 100)
    assert [event["y"] for event in strategy.receiver.events()] == ["h", "o"]
    assert "order 被后面的 import 覆盖" in strategy.said("warn")


def test_the_header_run_twice_wraps_once() -> None:
    first = Strategy()
    second = Strategy(first.jq, first.receiver, names=first.names)
    second.gendan.random = first.gendan.random
    second.call("order", "000001.XSHE", 100)
    assert len(first.receiver.bodies) == 1


def test_what_stands_in_g_is_plain_data() -> None:
    strategy = Strategy()
    strategy.line.down = True
    strategy.call("order", "000001.XSHE", 100, LimitOrderStyle(10))

    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return all(plain(key) and plain(one) for key, one in value.items())
        if isinstance(value, list):
            return all(plain(one) for one in value)
        return value is None or type(value) in (str, int, float, bool)

    assert plain(strategy.jq.g.gendan)
    assert type(strategy.jq.g) is Bag
