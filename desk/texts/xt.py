"""What the MiniQMT channel says to a person."""

from __future__ import annotations

from decimal import Decimal

NOT_CONNECTED = "未连接 MiniQMT"
CLOSED = "通道已关闭"
DISCONNECTED = "MiniQMT 断开了连接"
HUNG = "资金查询连续没有结果，终端可能卡住或已掉线"
NO_CONNECTION = (
    "connect 返回失败：请确认 MiniQMT 已用“极简模式”登录、qmt路径 指向 userdata_mini 且可写，"
    "并且本程序运行在用户登录的桌面会话里（Windows 服务无法连接）"
)
NOT_SUBSCRIBED = "订阅资金账号失败：请确认 qmt账户 与终端登录的账号一致"
NO_ASSET = "终端没有给出账户资金，可能尚未登录完成"
BAD_ACCOUNT = "qmt账户 必须是非空的文本"
NO_XTDATA = "xtquant 的行情模块无法使用"
UNREACHABLE = "MiniQMT 连接不上"
LINE_LOST = "MiniQMT 连接异常"
SENDER_STUCK = "下单调用卡住"
UNREADABLE = "券商回报无法识别"
ANOTHERS_NUMBER = "委托编号重复"
NO_QUOTES = "没有行情"
QUOTES_HANG = "行情接口多次卡住，已停止取行情，请重启 MiniQMT 和本程序"
NO_ANSWER = "未收到终端应答"
MINUS_ONE = "终端返回 -1，没有原因"
TOO_LATE = "排队超时，没有发送"
NO_NUMBER = "还不知道委托编号，无法撤单"


def library_missing(why: str) -> str:
    return f"xtquant 无法导入：{why}。请在 Windows 上安装 xtquant，或在设置里指定券商自带的 xtquant 文件夹"


def unreachable(account: str, why: str) -> str:
    return f"账户 {account} 连不上 MiniQMT，正在不断重试：{why}"


def line_lost(account: str, why: str) -> str:
    return f"账户 {account} 与券商的连接异常，已暂停下单并自动重连：{why}"


def logged_out(status: str) -> str:
    return f"资金账号状态为“{status}”"


def hangs(what: str, seconds: float) -> str:
    return f"终端的 {what} 调用超过 {seconds:g} 秒没有返回"


def sender_stuck(account: str) -> str:
    return f"账户 {account} 的一次下单或撤单调用一直没有返回，期间不再下单；如持续出现，请重启 MiniQMT 和本程序"


def unreadable(what: str) -> str:
    return f"一条属于本程序委托的回报无法识别，请到终端里核对：{what}"


def nameless(remark: str, number: str) -> str:
    return (
        f"终端里的委托 {number} 没有备注，可能就是结果未知的 {remark}；核实之前不采信该账户的查询结果，请到终端里核对"
    )


def anothers_number(number: str) -> str:
    return f"终端应答的委托编号 {number} 已属于另一笔委托，按未知结果处理"


def no_quotes(account: str, why: str) -> str:
    return f"账户 {account} 取不到行情，暂时不会下新单：{why}"


def no_seq(seq: object) -> str:
    return f"终端没有接受请求（返回 {seq!r}）"


def bad_remark(remark: str) -> str:
    return f"委托备注须为 1 至 23 个可见 ASCII 字符：{remark!r}"


def reused_remark(remark: str) -> str:
    return f"委托备注已经用过：{remark}"


def bad_shares(shares: object) -> str:
    return f"委托数量须为正整数：{shares!r}"


def bad_price(price: Decimal) -> str:
    return f"委托价格无法准确表示：{price}"


def versions(version: str, wheel: str, folder: str) -> str:
    return f"xtquant {version}" + (f"（安装包 {wheel}）" if wheel else "") + f"，位于 {folder}"
