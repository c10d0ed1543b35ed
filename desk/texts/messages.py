"""What the user is told, in Chinese: the makers of messages.

A maker's key says once which fact is told, so that a restart tells it no second time. Names (`name`, `label`) are the
stock's name where it is known; the symbol is always shown.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from desk.core.telling import Answer, Answered
from desk.core.values import Gap, Intent, Message, Order, Origin, Reason, Side
from desk.texts.labels import label, money, price_text, reason_text, shares_text
from desk.texts.summaries import (
    AccountLine,
    Difference,
    NotDone,
    SelfCheckFacts,
    StrategyLine,
    SummaryFacts,
    daily_summary,
    self_check,
    stock,
)

__all__ = [
    "AccountLine",
    "Difference",
    "NotDone",
    "SelfCheckFacts",
    "StrategyLine",
    "SummaryFacts",
    "alarm",
    "daily_summary",
    "filled",
    "gap",
    "in_doubt",
    "not_done",
    "order_sent",
    "retries_used",
    "self_check",
    "stock",
]

# What a message is about (`Message.kind`) as people call it, in the order of how much a person should care.
KINDS = {
    "alarm": "警报",
    "unknown": "存疑委托",
    "retries": "重试用尽",
    "refused": "没跟的信号",
    "order": "已下单",
    "fill": "成交",
    "summary": "当日摘要",
    "selfcheck": "程序自检",
    "info": "其他",
}
# A person has to act, or has asked for it himself: the tests.
ALWAYS_PUSHED = ("alarm", "unknown", "info")

# A person should look at these at once: following stands still or something is unknown.
_URGENT_REASONS = frozenset(
    {Reason.BAD_SIGNATURE, Reason.CLOCK, Reason.BROKER_DOWN, Reason.UNKNOWN_RESULT, Reason.CIRCUIT_BROKEN}
)


# --- what has happened ------------------------------------------------------------------------------------------------


def order_sent(order: Order, label: str) -> Message:
    """Say that the broker has an order of ours; `label` is the stock's name or ''."""
    attempt = f"，第{order.attempt}次" if order.attempt > 1 else ""
    return Message(
        at=order.updated_at,
        kind="order",
        title=f"委托 {_side(order.side)} {stock(order.symbol, label)}",
        text=f"{shares_text(order.shares)} × {price_text(order.price)}{attempt}\n"
        f"{_who(order.strategy, order.account, order.origin)}\n编号 {order.client_order_id}",
        key=f"order:{order.client_order_id}",
    )


def filled(intent: Intent, avg_price: Decimal, at: datetime, name: str = "") -> Message:
    """Say what an intent has traded so far: one message for all its fills."""
    whole = intent.filled >= intent.decided
    state = "全部成交" if whole else f"部分成交（{intent.filled:,}/{intent.decided:,}）"
    return Message(
        at=at,
        kind="fill",
        title=f"成交 {_side(intent.side)} {stock(intent.symbol, name)}",
        text=f"{shares_text(intent.filled)}，均价 {price_text(avg_price)}，"
        f"金额 {money(avg_price * intent.filled)}，{state}\n"
        f"{_who(intent.strategy, intent.account, intent.origin)}\n编号 {intent.intent_id}",
        key=f"fill:{intent.intent_id}:{intent.filled}",
    )


def not_done(
    event_id: str,
    strategy: str,
    symbol: str | None,
    side: Side | None,
    shares: int,
    reason: Reason,
    detail: str,
    at: datetime,
    name: str = "",
    account: str = "",
) -> Message:
    """Say what of a signal was not done and why; `shares` 0: how many is not known or says nothing."""
    what = " ".join(part for part in (_side(side) if side else "", stock(symbol, name) if symbol else "") if part)
    lines = [
        f"{shares_text(shares)} 没有执行" if shares else "",
        reason_text(reason),
        f"说明：{detail}" if detail else "",
        f"策略 {strategy}" + (f"，账户 {account}" if account else ""),
        f"信号 {event_id}" if event_id else "",
    ]
    return Message(
        at=at,
        kind="refused",
        title=f"未执行 {what or '信号'}（{label(reason)}）",
        text="\n".join(line for line in lines if line),
        urgent=reason in _URGENT_REASONS,
        key=f"refused:{event_id}:{account}:{reason.name}:{shares}" if event_id else "",
    )


def in_doubt(order: Order, at: datetime, name: str = "") -> Message:
    """Say that nobody knows whether an order exists (I7: evidence or a person decides)."""
    return Message(
        at=at,
        kind="unknown",
        title=f"委托结果未知 {_side(order.side)} {stock(order.symbol, name)}",
        text=f"{shares_text(order.shares)} × {price_text(order.price)}，{reason_text(Reason.UNKNOWN_RESULT)}\n"
        f"系统会继续查询，查到前这只股票不再{_side(order.side)}，也不会重发。\n"
        f"{_who(order.strategy, order.account, order.origin)}\n编号 {order.client_order_id}",
        urgent=True,
        key=f"in_doubt:{order.client_order_id}",
    )


def retries_used(intent: Intent, at: datetime, name: str = "") -> Message:
    """Say that an intent's attempts are used up."""
    missing = intent.decided - intent.filled
    return Message(
        at=at,
        kind="retries",
        title=f"重试用尽 {_side(intent.side)} {stock(intent.symbol, name)}",
        text=f"应{_side(intent.side)} {shares_text(intent.decided)}，已成 {shares_text(intent.filled)}，"
        f"还差 {shares_text(missing)}\n{reason_text(Reason.RETRIES_USED)}\n"
        f"{_who(intent.strategy, intent.account, intent.origin)}\n编号 {intent.intent_id}",
        key=f"retries:{intent.intent_id}",
    )


def alarm(title: str, text: str, at: datetime, key: str) -> Message:
    """Say that a person should look now."""
    return Message(at=at, kind="alarm", title=title, text=text, urgent=True, key=key)


def gap(gap: Gap) -> Message:
    """Say that a strategy and what we followed are known to differ."""
    about = f" {gap.symbol}" if gap.symbol else ""
    return Message(
        at=gap.at,
        kind="alarm",
        title=f"发现差异：{gap.cause}{about}",
        text=f"策略 {gap.strategy}：{gap.text}\n可用 books 查看差异，用 reconcile 对账处理。",
        urgent=True,
        key=f"gap:{gap.key}",
    )


# --- what the messenger itself says -----------------------------------------------------------------------------------


def robot_disabled(robot: str, answer: Answer, at: datetime) -> Message:
    return alarm(
        "企业微信机器人不可用",
        f"机器人 {robot} 被企业微信拒绝（{answer.text}），已停用；发给它的消息会保留一段时间。\n"
        "请检查微信token，改好配置后会自动重新启用。",
        at,
        f"messenger:disabled:{robot}:{at:%Y%m%d%H%M}",
    )


def messages_lost(robot: str, count: int, hours: int, at: datetime) -> Message:
    return alarm(
        "有通知没能送达",
        f"机器人 {robot} 有 {count} 条通知超过 {hours} 小时未能送达或被反复拒收，不再发送；内容可用 notify list 查看。",
        at,
        f"messenger:dead:{robot}:{at:%Y%m%d%H}",
    )


def trial(at: datetime) -> Message:
    return Message(at=at, kind="info", title="跟单通知测试", text="看到这条消息，说明企业微信通知可以送达。")


def trial_result(robot: str, answer: Answer) -> str:
    """Say in one sentence what became of a test message."""
    match answer.kind:
        case Answered.DELIVERED:
            said = "测试消息已送达。"
        case Answered.BAD_ROBOT:
            said = f"企业微信不认这个机器人（{answer.text}），请检查微信token，或看机器人是否已被移出群。"
        case Answered.TOO_FAST:
            said = f"发送太频繁（{answer.text}），每分钟最多 20 条，请一分钟后再试。"
        case Answered.TOO_LONG | Answered.REFUSED:
            said = f"企业微信拒收了测试消息（{answer.text}），请按错误码查看企业微信的说明。"
        case Answered.FAILED:
            said = f"没有送达（{answer.text}），请检查网络和微信地址。"
    return f"机器人 {robot}：{said}"


NO_ROBOT = "没有配置微信token，通知只写进日志；请在分析配置.json 里填写微信token。"


def _side(side: Side) -> str:
    return label(side)


def _who(strategy: str, account: str, origin: Origin) -> str:
    why = "" if origin is Origin.SIGNAL else f"，{label(origin)}"
    return f"策略 {strategy}，账户 {account}{why}"
