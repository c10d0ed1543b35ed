"""Every wrapped function: what is sent for it, and that the strategy notices nothing."""

from __future__ import annotations

import builtins
import dis
import sys
import types
from typing import Any

import pytest

from desk.core import wire
from desk.snippet import render
from tests.joinquant.jq_stub import (
    JoinQuant,
    LimitOrderStyle,
    MarketOrderStyle,
    OrderStatus,
    Position,
    StopLimitOrderStyle,
    StopMarketOrderStyle,
    strategy_time,
)
from tests.joinquant.pasted import KID, SECRET, Strategy


def sent(strategy: Strategy) -> list[Any]:
    assert strategy.said("error") == ""
    for at in range(len(strategy.receiver.bodies)):
        wire.parse_events(wire.open_envelope(wire.parse_envelope(strategy.receiver.bodies[at]), strategy.receiver.keys))
    return strategy.receiver.events()


@pytest.mark.parametrize(
    ("name", "args", "amount"),
    [
        ("order", ("000001.XSHE", 300), 300),
        ("order_value", ("000001.XSHE", 10600), 1000),  # 10600 / 10.51 = 1008.6
        ("order_target", ("000001.XSHE", 500), 500),
        ("order_target_value", ("000001.XSHE", 10600), 1000),
    ],
)
def test_each_order_function_sends_its_order(name: str, args: tuple[Any, ...], amount: int) -> None:
    strategy = Strategy()
    order = strategy.call(name, *args)
    assert order is strategy.jq.book[order.order_id]
    (event,) = sent(strategy)
    expected = {
        "y": "o", "q": 1, "r": "s", "d": 1795138500, "o": "1732208241", "x": "000001.XSHE", "b": 1, "a": amount,
        "f": amount, "p": 10.51, "u": "h", "e": 100874.56, "n": amount,
    }  # fmt: skip
    assert event == expected and list(event) == list(expected)


def test_a_sell_is_sent_with_what_is_left() -> None:
    strategy = Strategy()
    strategy.jq.context.portfolio.positions["000001.XSHE"] = Position(1000)
    strategy.call("order", "000001.XSHE", -1000)
    (event,) = sent(strategy)
    assert (event["b"], event["a"], event["n"]) == (0, 1000, 0)


@pytest.mark.parametrize(
    ("style", "k", "limit"),
    [
        (None, None, None),
        (MarketOrderStyle(), None, None),
        (MarketOrderStyle(10.7), None, 10.7),
        (LimitOrderStyle(10.123456), "l", 10.1235),
        (LimitOrderStyle(10), "l", 10),
        (StopMarketOrderStyle(9.9), "s", None),
        (StopLimitOrderStyle(9.8, 9.9), "S", 9.8),
        (type("MyLimit", (LimitOrderStyle,), {})(9.5), "l", 9.5),
        (type("IcebergStyle", (), {"limit_price": 9.5})(), "l", None),  # live and unknown: no market order to chase
    ],
)
@pytest.mark.parametrize("by_keyword", [True, False])
def test_the_limit_is_read_from_the_style_of_the_call(style: Any, k: Any, limit: Any, by_keyword: bool) -> None:
    strategy = Strategy()
    args, kwargs = (("000001.XSHE", 100), {"style": style}) if by_keyword else (("000001.XSHE", 100, style), {})
    strategy.call("order", *args, **kwargs)
    (event,) = sent(strategy)
    assert (event.get("k"), event.get("l")) == (k, limit)


def test_none_returned_is_returned_and_nothing_is_sent() -> None:
    strategy = Strategy()
    assert strategy.call("order", "000001.XSHE", 0) is None
    assert strategy.receiver.bodies == []


def test_an_order_target_sends_the_finals_of_what_it_cancelled_ahead_of_the_new_order() -> None:
    strategy = Strategy()
    strategy.call("order", "000001.XSHE", 300, LimitOrderStyle(10))
    strategy.call("order", "600000.XSHG", 100, LimitOrderStyle(9))
    strategy.jq.fill(strategy.jq.book[1732208241], 100, 10.0)
    strategy.call("order_target", "000001.XSHE", 500)
    assert strategy.receiver.plain() == [
        {"y": "o", "q": 3, "r": "s", "d": 1795138500, "o": "1732208241", "x": "000001.XSHE", "b": 1, "a": 300, "f": 100,
         "p": 10, "l": 10, "u": "c", "k": "l"},
        {"y": "o", "q": 4, "r": "s", "d": 1795138500, "o": "1732208243", "x": "000001.XSHE", "b": 1, "a": 400, "f": 400,
         "p": 10.51, "u": "h", "e": 100874.56, "n": 500},
    ]  # fmt: skip
    assert "1732208242" in strategy.jq.g.gendan["live"] and "1732208241" not in strategy.jq.g.gendan["live"]


def test_an_order_target_that_returns_none_still_sends_the_finals() -> None:
    strategy = Strategy()
    strategy.call("order", "000001.XSHE", 300, LimitOrderStyle(10))
    assert strategy.call("order_target", "000001.XSHE", 0) is None
    assert (strategy.receiver.plain()["o"], strategy.receiver.plain()["u"]) == ("1732208241", "c")


def test_the_finals_of_orders_that_were_made_before_the_header_was_pasted_are_sent_too() -> None:
    strategy = Strategy()
    strategy.jq.order("000001.XSHE", 300, LimitOrderStyle(10))
    strategy.call("order_target", "000001.XSHE", 0)
    (event,) = sent(strategy)
    assert (event["o"], event["u"]) == ("1732208241", "c")


def test_a_resting_order_that_filled_meanwhile_is_reported_by_the_next_call() -> None:
    strategy = Strategy()
    strategy.call("order", "000001.XSHE", 300, LimitOrderStyle(10))
    strategy.jq.fill(strategy.jq.book[1732208241], price=9.99)
    strategy.call("gendan_heartbeat", strategy.jq.context)
    strategy.call("gendan_heartbeat", strategy.jq.context)
    assert [(event["y"], event.get("u"), event.get("f")) for event in sent(strategy)] == [
        ("o", "o", 0),
        ("o", "h", 300),
        ("h", None, None),
        ("h", None, None),
    ]


@pytest.mark.parametrize("as_id", [True, False])
def test_a_cancel_is_sent_with_what_is_known_after_it(as_id: bool) -> None:
    strategy = Strategy()
    order = strategy.call("order", "000001.XSHE", 300, LimitOrderStyle(10))
    strategy.jq.fill(order, 100, 10.0)
    assert strategy.call("cancel_order", order.order_id if as_id else order) is order
    assert sent(strategy)[1] == {
        "y": "c", "q": 2, "r": "s", "d": 1795138500, "o": "1732208241", "x": "000001.XSHE", "a": 300, "f": 100,
        "u": "c",
    }  # fmt: skip


def test_a_cancel_that_came_too_late_tells_the_fill() -> None:
    strategy = Strategy()
    order = strategy.call("order", "000001.XSHE", 300, LimitOrderStyle(10))
    strategy.jq.fill(order)
    assert strategy.call("cancel_order", order) is None
    assert [sent(strategy)[1][key] for key in "yfu"] == ["c", 300, "h"]


def test_a_cancel_of_nothing_known_is_passed_through_and_logged() -> None:
    strategy = Strategy()
    assert strategy.call("cancel_order", 7) is None
    assert strategy.receiver.bodies == [] and "不认识的委托 7" in strategy.said("error")


def test_a_batch_of_cancels_is_one_body() -> None:
    strategy = Strategy()
    orders = [strategy.call("order", "000001.XSHE", 100, LimitOrderStyle(10 - step)) for step in range(3)]
    assert strategy.call("batch_cancel_orders", orders) == orders
    assert [event["o"] for event in strategy.receiver.plain()] == ["1732208241", "1732208242", "1732208243"]


def test_a_batch_is_one_body_with_each_orders_own_limit() -> None:
    strategy = Strategy()
    asked = [
        {"security": "000001.XSHE", "amount": 100},
        {"security": "600000.XSHG", "amount": 0},
        {"security": "600000.XSHG", "amount": 200, "style": LimitOrderStyle(9.5)},
        {"security": "000001.XSHE", "amount": 300},
    ]
    made = strategy.call("batch_submit_orders", asked)
    assert [order and order.amount for order in made] == [100, None, 200, 300]
    assert len(strategy.receiver.bodies) == 1
    facts = [[event.get(key) for key in ("q", "x", "a", "l", "e", "n")] for event in sent(strategy)]
    assert facts == [
        [1, "000001.XSHE", 100, None, 100874.56, None],  # the holding after it stands on the security's last order
        [2, "600000.XSHG", 200, 9.5, None, 0],
        [3, "000001.XSHE", 300, None, None, 400],
    ]


def test_more_than_fifty_orders_are_several_bodies() -> None:
    strategy = Strategy()
    strategy.call("batch_submit_orders", [{"security": f"{number:06}.XSHE", "amount": 100} for number in range(1, 121)])
    assert [len(strategy.receiver.plain(at)) for at in range(3)] == [50, 50, 20]
    assert [event["q"] for event in sent(strategy)] == list(range(1, 121))


def test_requests_that_cannot_be_seen_again_are_still_reported() -> None:
    strategy = Strategy()
    one = {"security": "000001.XSHE", "amount": 100, "style": LimitOrderStyle(9.5)}
    made = strategy.call("batch_submit_orders", iter([one, {**one, "style": None}]))
    strategy.call("batch_cancel_orders", iter(made[:1]))
    assert [[event.get(key) for key in "yukl"] for event in sent(strategy)] == [
        ["o", "o", "l", None],
        ["o", "h", None, None],
        ["o", "c", "l", None],
    ]


def test_what_is_too_long_for_one_body_goes_in_several() -> None:
    strategy = Strategy()
    strategy.call("order", "000001.XSHE", 100, LimitOrderStyle(9.5))
    strategy.jq.fill(strategy.jq.book[1732208241])
    for number in range(900):
        strategy.jq.context.portfolio.positions[f"{number:06}.XSHG"] = Position(100)
    strategy.call("gendan_after_close", strategy.jq.context)
    assert [event["y"] for event in sent(strategy)] == ["o", "o", "s"]
    assert all(len(body) < 65536 for body in strategy.receiver.bodies)
    for number in range(900, 3000):
        strategy.jq.context.portfolio.positions[f"{number:06}.XSHG"] = Position(100)
    strategy.call("gendan_after_close", strategy.jq.context)
    assert "内容太长" in strategy.said("error") and strategy.spool == []


def test_the_close_sends_the_finals_of_the_day_and_a_snapshot() -> None:
    strategy = Strategy()
    strategy.call("order", "000001.XSHE", 300)
    strategy.call("order", "600000.XSHG", 100, LimitOrderStyle(9))
    strategy.call("order", "600000.XSHG", 200, LimitOrderStyle(9.1))
    strategy.jq.book[1732208242].status = OrderStatus.canceled
    strategy.jq.context.current_dt = strategy_time(15, 30)
    strategy.time.wall += 7 * 3600  # the platform runs the hook half an hour late
    strategy.call("gendan_after_close", strategy.jq.context)
    final, snapshot = strategy.receiver.plain()
    assert (final["o"], final["u"], final["d"]) == ("1732208242", "c", 1795138500)
    assert snapshot == {
        "y": "s", "q": 5, "r": "s", "d": 1795159800, "P": [["000001.XSHE", 300, 300, 10.51, 10.6]], "C": 1234.56,
        "E": 100874.56, "O": [["1732208243", "600000.XSHG", 1, 200, 0, "o", 9.1]],
    }  # fmt: skip
    assert sent(strategy)


def test_margin_and_short_are_passed_through_and_said_loudly_once() -> None:
    strategy = Strategy()
    for _ in range(2):
        assert strategy.call("margincash_open", "000001.XSHE", 100).amount == 100
    assert strategy.receiver.bodies == []
    assert strategy.said("warn").count("融资融券") == 1 and len(strategy.jq.messages) == 1
    strategy.call("order", "IF2612.CCFX", 1, side="short")
    (event,) = sent(strategy)
    assert event["z"] == "s" and "n" not in event
    assert "做空" in strategy.said("warn") and len(strategy.jq.messages) == 2


def test_functions_that_are_missing_are_tolerated() -> None:
    jq = JoinQuant()
    names = {name: value for name, value in jq.names().items() if name in ("order", "g", "log")}
    strategy = Strategy(jq, names=names)
    strategy.call("order", "000001.XSHE", 100, LimitOrderStyle(10))
    strategy.call("gendan_heartbeat", jq.context)
    strategy.call("gendan_after_close", jq.context)
    assert [event["y"] for event in sent(strategy)] == ["o", "h", "s"]
    assert "cancel_order" not in strategy.names and "order_value" not in strategy.names


def test_a_function_that_calls_another_is_reported_once() -> None:
    jq = JoinQuant()
    names = jq.names()
    names["order_value"] = lambda security, value: names_of["order"](security, int(value))
    strategy = Strategy(jq, names=names)
    names_of = strategy.names
    strategy.call("order_value", "000001.XSHE", 100)
    assert len(sent(strategy)) == 1


# --- the strategy notices nothing -----------------------------------------------------------------------------------


def test_an_exception_of_the_original_passes_untouched_and_what_it_made_is_sent() -> None:
    strategy = Strategy()
    error = strategy.jq.fail = ValueError("the platform said no")
    with pytest.raises(ValueError) as raised:
        strategy.call("order", "000001.XSHE", 100)
    assert raised.value is error and error.__context__ is None
    (event,) = sent(strategy)
    assert (event["a"], event["u"], event.get("k")) == (100, "h", None)
    strategy.jq.fail = KeyError("again")
    with pytest.raises(KeyError):
        strategy.call("order", "000001.XSHE", 100, LimitOrderStyle(10))
    # Its limit is not known: live, of limit style, without a limit.
    assert [strategy.receiver.plain().get(key) for key in "ukl"] == ["o", "l", None]
    with pytest.raises(TypeError):
        strategy.call("order")
    assert strategy.call("order", "000001.XSHE", 100) is not None and len(sent(strategy)) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda strategy: setattr(strategy.gendan, "random", None),
        lambda strategy: setattr(strategy.gendan, "now", None),
        lambda strategy: setattr(strategy.gendan, "line", None),
        lambda strategy: setattr(strategy.gendan, "keys", None),
        lambda strategy: vars(strategy.jq.context.portfolio).pop("total_value"),
        lambda strategy: setattr(strategy.jq.g, "gendan", {"spool": 3}),
        lambda strategy: setattr(strategy.jq.g, "gendan", "mine"),
        lambda strategy: strategy.names.update(get_orders=None, get_open_orders=lambda: 1 // 0),
        lambda strategy: strategy.names.update(send_message=lambda text: 1 // 0),
        lambda strategy: strategy.names.pop("g"),
        lambda strategy: vars(strategy.jq.log).update(error=None, warn=None, info=None),
        lambda strategy: setattr(strategy.receiver, "post", lambda body: (200, None)),
    ],
)
def test_whatever_breaks_the_order_and_its_result_are_the_strategys(damage: Any) -> None:
    strategy = Strategy()
    damage(strategy)
    assert strategy.call("order", "000001.XSHE", 100).filled == 100
    assert strategy.call("order_target", "000001.XSHE", 0).filled == 100
    strategy.call("gendan_heartbeat", strategy.jq.context)
    strategy.call("gendan_after_close", strategy.jq.context)


def test_an_order_is_sent_even_if_what_surrounds_it_cannot_be_read() -> None:
    strategy = Strategy()
    del strategy.jq.context.portfolio.total_value
    strategy.names.update(get_orders=lambda: 1 // 0, get_open_orders=lambda: 1 // 0)
    for name in ("order", "order_target"):
        assert strategy.call(name, "000001.XSHE", 100 if name == "order" else 300).filled
    assert [event["a"] for event in strategy.receiver.events()] == [100, 200]
    assert "内部错误" in strategy.said("error")


@pytest.mark.parametrize("text", ["gd2_short", "123456", "gd2_" + "A" * 44])
def test_a_damaged_secret_is_said_at_once_and_at_every_order(text: str) -> None:
    strategy = Strategy(settings={"secret": text})
    assert "设置无效" in strategy.said("error") and len(strategy.jq.messages) == 1
    assert strategy.call("order", "000001.XSHE", 100) is not None
    assert strategy.said("error").count("设置无效") == 2


def test_a_platform_on_which_it_cannot_be_installed_runs_the_strategy_unfollowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "socket", None)
    jq = JoinQuant()
    names = jq.names()
    exec(render("1.2.3.4:8888", KID, SECRET, "a"), names)
    assert names["order"]("000001.XSHE", 100).filled == 100
    assert "安装失败" in jq.log.lines[0][1]


def test_names_that_the_strategy_shadows_are_not_used() -> None:
    strategy = Strategy()
    for name in dir(builtins):
        if name not in ("globals", "__import__", "__build_class__", "__debug__"):
            strategy.names[name] = None
    for name in ("time", "json", "os", "base64", "http", "socket", "log", "datetime", "hmac", "math"):
        strategy.names[name] = None
    strategy.call("order", "000001.XSHE", 300, LimitOrderStyle(10))
    strategy.call("batch_submit_orders", [{"security": "600000.XSHG", "amount": 100}])
    strategy.call("cancel_order", 1732208241)
    strategy.call("gendan_after_close", strategy.jq.context)
    assert [event["y"] for event in sent(strategy)] == ["o", "o", "c", "s"]


def test_the_code_looks_nothing_up_in_the_strategys_globals() -> None:
    def global_names(code: types.CodeType) -> set[str]:
        found = {str(one.argval) for one in dis.get_instructions(code) if one.opname == "LOAD_GLOBAL"}
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                found |= global_names(constant)
        return found

    assert global_names(Strategy().names["_gendan_install"].__code__) == set()


# --- when it sends at all -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("run_type", ["simple_backtest", "full_backtest"])
def test_a_backtest_sends_nothing_and_keeps_nothing(run_type: str) -> None:
    strategy = Strategy(JoinQuant(run_type=run_type))
    strategy.call("order", "000001.XSHE", 100)
    strategy.call("cancel_order", strategy.call("order", "000001.XSHE", 100, LimitOrderStyle(9)))
    strategy.call("gendan_after_close", strategy.jq.context)
    strategy.call("gendan_heartbeat", strategy.jq.context)
    assert strategy.receiver.bodies == [] and not hasattr(strategy.jq.g, "gendan") and strategy.jq.log.lines == []


def test_a_backtest_that_is_asked_for_says_that_it_is_one() -> None:
    strategy = Strategy(JoinQuant(run_type="full_backtest"), settings={"backtest": True})
    strategy.call("order", "000001.XSHE", 100)
    assert sent(strategy)[0]["r"] == "b"


def test_a_simulation_that_runs_at_night_says_so_all_day() -> None:
    strategy = Strategy()
    strategy.time.wall += 10 * 3600
    strategy.call("order", "000001.XSHE", 100)
    strategy.jq.context.current_dt = strategy_time(15, 30)
    strategy.call("gendan_after_close", strategy.jq.context)
    assert [event["r"] for event in sent(strategy)] == ["b", "b"]
    assert strategy.said("warn").count("不是实时运行") == 1


def test_one_slow_calculation_does_not_mark_the_rest_of_the_day() -> None:
    strategy = Strategy()
    strategy.time.wall += 700
    strategy.call("order", "000001.XSHE", 100)
    strategy.jq.context.current_dt = strategy_time(9, 50)
    strategy.call("order", "000001.XSHE", 100)
    strategy.jq.context.current_dt = strategy_time(15, 30)
    strategy.call("gendan_after_close", strategy.jq.context)
    assert [event["r"] for event in sent(strategy)] == ["b", "s", "s"]


def test_without_a_context_the_orders_own_time_decides() -> None:
    for hours, bodies in ((0, 1), (24, 0)):
        strategy = Strategy()
        strategy.time.wall += hours * 3600
        strategy.names["order"]("000001.XSHE", 100)
        assert len(strategy.receiver.bodies) == bodies
        assert "找不到 context" in strategy.said("warn")


def test_the_context_is_found_under_another_name() -> None:
    strategy = Strategy()
    exec("def handle(c, data):\n    order('000001.XSHE', 100)\n", strategy.names)
    strategy.names["handle"](strategy.jq.context, None)
    assert sent(strategy)[0]["e"] == 100874.56


def test_a_test_order_stands_outside_the_sequence() -> None:
    strategy = Strategy()
    assert strategy.names["gendan_test"]("000001.XSHE", 1000, price=10.5, live=True) == "accepted"
    strategy.call("order", "000001.XSHE", 100)
    test, order = sent(strategy)
    assert [test[key] for key in "yqrxbafpuw"] == ["t", 0, "s", "000001.XSHE", 1, 1000, 1000, 10.5, "h", 1]
    assert order["q"] == 1


def test_outside_joinquant_a_test_order_needs_nothing_but_the_file() -> None:
    strategy = Strategy(names={})
    assert strategy.names["gendan_test"]("000001.XSHE", 100, buy=False) == "accepted"
    assert sent(strategy)[0]["b"] == 0
    strategy.line.down = True
    assert strategy.names["gendan_test"]("000001.XSHE", 100) is None
