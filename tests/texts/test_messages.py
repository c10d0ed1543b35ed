"""The messages that the trader and the messenger make: every fact stands in them, and a key tells it once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base_func import BEIJING
from desk.core.telling import Answer, Answered
from desk.core.values import Gap, Intent, Message, Order, OrderState, Origin, Reason, Side
from desk.texts import letters, messages

AT = datetime(2026, 11, 20, 9, 31, 5, tzinfo=BEIJING)

ORDER = Order(
    client_order_id="k3f9-1",
    intent_id="k3f9",
    event_id="ab12",
    origin=Origin.SIGNAL,
    strategy="小市值",
    account="主账户",
    symbol="000001.SZ",
    side=Side.BUY,
    shares=1200,
    price=Decimal("11.38"),
    attempt=1,
    state=OrderState.WORKING,
    day=AT.date(),
    created_at=AT,
    updated_at=AT,
)
INTENT = Intent(
    intent_id="k3f9",
    origin=Origin.SIGNAL,
    event_id="ab12",
    strategy="小市值",
    account="主账户",
    symbol="000001.SZ",
    side=Side.SELL,
    decided=1200,
    filled=500,
    day=AT.date(),
    created_at=AT,
    received_at=AT,
    updated_at=AT,
)


def test_an_order_names_stock_price_shares_strategy_account_and_number() -> None:
    said = messages.order_sent(ORDER, "平安银行")
    assert said.title == "委托 买入 平安银行 000001.SZ"
    assert said.text == "1,200股 × 11.38\n策略 小市值，账户 主账户\n编号 k3f9-1"
    assert (said.kind, said.urgent) == ("order", False)


def test_a_later_attempt_and_another_origin_are_said() -> None:
    said = messages.order_sent(replace(ORDER, attempt=3, origin=Origin.DEBT), "")
    assert said.title == "委托 买入 000001.SZ"
    assert "第3次" in said.text
    assert "补卖" in said.text


def test_fills_of_one_intent_are_one_message_with_average_and_money() -> None:
    said = messages.filled(INTENT, Decimal("11.382"), AT, "平安银行")
    assert "500股，均价 11.382，金额 5,691.00，部分成交（500/1,200）" in said.text  # 500 x 11.382
    whole = messages.filled(replace(INTENT, filled=1200), Decimal("11.4"), AT)
    assert "金额 13,680.00，全部成交" in whole.text  # 1200 x 11.4
    assert whole.key != said.key


def test_what_was_not_done_says_why_and_what_to_do() -> None:
    said = messages.not_done(
        "ab12",
        "小市值",
        "000001.SZ",
        Side.BUY,
        300,
        Reason.NO_CASH,
        "可用 1,000.00",
        AT,
        name="平安银行",
        account="主账户",
    )
    assert said.title == "未执行 买入 平安银行 000001.SZ（资金不足）"
    assert said.text.split("\n") == [
        "300股 没有执行",
        "账户可用资金不足，买不到一手，没有下单；请补充资金或调低跟单比例。",
        "说明：可用 1,000.00",
        "策略 小市值，账户 主账户",
        "信号 ab12",
    ]


def test_a_refusal_without_symbol_or_shares_is_still_a_sentence() -> None:
    said = messages.not_done("", "小市值", None, None, 0, Reason.BAD_SIGNATURE, "", AT)
    assert said.title == "未执行 信号（签名错误）"
    assert said.urgent
    assert said.key == ""


@pytest.mark.parametrize("reason", list(Reason), ids=lambda reason: reason.name)
def test_every_reason_can_be_told_within_one_letter(reason: Reason) -> None:
    said = messages.not_done("ab12", "小市值", "000001.SZ", Side.SELL, 300, reason, "", AT)
    assert len(letters.body(said, AT).encode()) < 1800
    assert reason.value in said.title


def test_an_unknown_outcome_is_urgent_and_says_that_nothing_is_sent_again() -> None:
    said = messages.in_doubt(ORDER, AT, "平安银行")
    assert said.urgent
    assert said.kind == "unknown"
    assert "resolve" in said.text
    assert "不会重发" in said.text


def test_used_up_retries_say_what_is_missing() -> None:
    assert "还差 700股" in messages.retries_used(INTENT, AT).text  # 1200 - 500


def test_a_gap_and_an_alarm_are_urgent() -> None:
    said = messages.gap(
        Gap(at=AT, strategy="小市值", symbol="000001.SZ", cause="缺终态", text="到收盘没有最终状态", key="g1")
    )
    assert said.urgent
    assert said.title == "发现差异：缺终态 000001.SZ"
    assert messages.alarm("账本", "写不进去", AT, "k").urgent


def test_keys_tell_apart_what_differs() -> None:
    made = [
        messages.order_sent(ORDER, ""),
        messages.order_sent(replace(ORDER, client_order_id="k3f9-2"), ""),
        messages.in_doubt(ORDER, AT),
        messages.retries_used(INTENT, AT),
        messages.filled(INTENT, Decimal(1), AT),
        messages.not_done("ab12", "s", None, None, 100, Reason.NO_CASH, "", AT, account="甲"),
        messages.not_done("ab12", "s", None, None, 100, Reason.NO_CASH, "", AT, account="乙"),
    ]
    assert len({message.key for message in made}) == len(made)


@pytest.mark.parametrize("kind", list(Answered))
def test_a_trials_result_is_one_sentence(kind: Answered) -> None:
    said = messages.trial_result("ab", Answer(kind=kind, text="errcode 1"))
    assert said.startswith("机器人 ab：")
    assert said.count("。") == 1


# --- letters ----------------------------------------------------------------------------------------------------------


def test_a_message_of_another_day_shows_its_day() -> None:
    said = Message(at=AT, kind="info", title="题", text="文")
    assert letters.body(said, AT).endswith("\n09:31:05")
    assert letters.body(said, AT + timedelta(days=1)).endswith("\n11-20 09:31:05")


def test_a_merged_line_keeps_all_words_on_one_line() -> None:
    said = Message(at=AT, kind="info", title="题", text="一\n\n二\r\n三")
    assert letters.line(said, AT) == "09:31:05 题：一；二；三"


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((12, 12, 1, 1, False), "〔#12〕"),
        ((12, 12, 2, 3, True), "〔#12 2/3 重发〕"),
        ((12, 31, 1, 1, False), "〔#12–31〕"),
        ((0, 0, 1, 1, False), "〔直报〕"),
    ],
)
def test_a_letters_mark_says_number_part_and_repetition(numbers: tuple[int, int, int, int, bool], text: str) -> None:
    assert letters.mark(*numbers) == text


@given(st.text(alphabet=st.characters(), max_size=80), st.text(alphabet=st.characters(), max_size=80))
def test_whatever_stands_in_a_message_it_can_be_sent(title: str, text: str) -> None:
    said = Message(at=AT, kind="info", title=title, text=text + "\ud800")
    letters.body(said, AT).encode()
    assert "\n" not in letters.line(said, AT)
    letters.line(said, AT).encode()
