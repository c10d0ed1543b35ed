"""What the receiver says to a person (接收)."""

from __future__ import annotations

TEST_STRATEGY = "测试"

READY = "跟单程序正在接收信号，请用 POST 发送"

CLOCK_TITLE = "聚宽与本机时间不一致"
UNUSABLE_TITLE = "收到无法读懂的信号"
FAILURES_TITLE = "大量无法验证的请求"
UNAVAILABLE_TITLE = "日志写不进去，信号没有收下"
INCIDENT_TITLE = "接收信号时出现意外错误"
V1_TITLE = "旧协议的信号没有收下"

V1_STORED = "信号已收下"
V1_DUPLICATE = "这个信号已经收过"
V1_MALFORMED = "请求格式不对"
V1_UNUSABLE = "信号内容不完整或无法读懂"
V1_FORBIDDEN = "签名不对，或者不允许使用旧协议"
V1_WINDOW = "信号的时间戳与当前时间相差超过 120 秒"
V1_TOO_MANY = "无法验证的请求过多，请稍后再试"
V1_UNAVAILABLE = "暂时无法保存信号，请重试"


def clock_ahead(strategy: str, seconds: int) -> str:
    return f"策略 {strategy} 的信号时间比本机快 {seconds} 秒，信号已按收到的时间处理。请校准本机时间（打开自动对时）"


def clock_far_ahead(strategy: str, seconds: int) -> str:
    return f"策略 {strategy} 的信号时间比本机快 {seconds} 秒（超过 10 分钟），按过旧信号处理，不下单。请校准本机时间"


def unusable(strategy: str, event_id: str, detail: str) -> str:
    return (
        f"策略 {strategy} 的消息 {event_id} 签名正确，但内容无法读懂（{detail}），原文已保存，没有执行。"
        "请确认聚宽端代码与本程序版本一致"
    )


def failures(limit: int) -> str:
    return (
        f"一分钟内有超过 {limit} 个请求无法验证（格式不对、标识或密钥不对），其余的已直接回绝；正常的信号不受影响。"
        "如果刚换过密钥，请更新聚宽端的代码"
    )


def unavailable(why: str) -> str:
    return f"{why}。聚宽端会保留信号并重发；请尽快处理"


def incident(number: str) -> str:
    return f"事件编号 {number}，详细情况见日志文件。信号没有收下，聚宽端会重发"


def v1_not_allowed(strategy: str) -> str:
    return (
        f"策略 {strategy} 用旧协议发来信号，但设置里没有允许，或者已过允许日期。"
        "请改用新的聚宽代码，或设置“允许旧协议”的日期"
    )


def v1_ended(strategy: str) -> str:
    return f"策略 {strategy} 已经用新协议发过信号，旧协议随之停用。请停掉聚宽上仍在用旧代码的模拟交易"


def v1_window(strategy: str, seconds: int) -> str:
    return (
        f"策略 {strategy} 用旧协议发来的信号，时间戳与本机相差 {seconds} 秒（最多 120 秒），没有执行。"
        "请校准本机时间并核对持仓"
    )


def v1_unusable(strategy: str, detail: str) -> str:
    return f"策略 {strategy} 用旧协议发来的信号签名正确，但内容无法读懂（{detail}），没有执行"
