"""What the self-test says of accounts at a broker's terminal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from desk.texts.labels import money, price_text

NO_ACCOUNT_TO_TEST = "没有通道是 miniqmt 的账户，试不了委托。"
MEND_CONNECT = (
    "请确认 MiniQMT 已用“极简模式”登录这个资金账号、qmt路径 写对、没有用别的 Windows 用户或管理员身份分开运行。"
)
MEND_ASSET = "请等 MiniQMT 登录完成（右下角不再转圈）后再做一次自检。"
MEND_QUOTES = "请看 MiniQMT 的行情连接；非交易日没有今天的涨跌停价，属正常。"
MEND_BUSY = "先停下它（包括自启动任务），再做一次自检。"
MEND_ORDER = "请到 MiniQMT 里看有没有这笔委托；还挂着就手工撤掉。"
MEND_REMARK = "备注是认出自己委托的凭据；被截断或丢失的终端不能用来实盘，请联系券商升级。"
MEND_SESSION = "请在连续竞价时间（9:30–11:30、13:00–14:57）再试。"


def in_words(account: str, what: str) -> str:
    return f"{account} {what}"


def connected(account: str, seconds: float) -> str:
    return f"{account} 已连接并订阅（{seconds:.1f} 秒）"


def connected_in_daemon(account: str) -> str:
    return f"{account} 由正在运行的跟单程序连着"


def not_connected(account: str, why: str) -> str:
    return f"{account} 连不上：{why or '超时'}"


def line_down(account: str, why: str) -> str:
    return f"{account} 的连接现在不能用：{why}"


def held_elsewhere(account: str) -> str:
    return f"{account} 正被这台电脑上另一个跟单程序使用，没有再连"


def asset(account: str, total: Decimal, cash: Decimal, positions: int) -> str:
    return f"{account} 总资产 {money(total)}，可用 {money(cash)}，持仓 {positions} 只"


def no_asset(account: str) -> str:
    return f"{account} 查不到资金和持仓"


def quotes(account: str, symbol: str, age_s: float | None) -> str:
    return (
        f"{account} 行情通，{symbol} 的报价是 {age_s:.0f} 秒前的" if age_s is not None else f"{account} 没有今天的报价"
    )


def no_quotes(account: str, symbol: str) -> str:
    return f"{account} 取不到 {symbol} 的行情"


def limits(symbol: str, down: Decimal | None, up: Decimal | None) -> str:
    if down is None or up is None:
        return f"{symbol} 今天没有涨跌停限制"
    return f"{symbol} 今天跌停 {price_text(down)}，涨停 {price_text(up)}"


def no_limits(symbol: str) -> str:
    return f"取不到 {symbol} 今天的涨跌停价，现在下不了单"


def order_needs_yes(accounts: Sequence[str], symbol: str) -> str:
    return (
        f"这会在 {'、'.join(accounts)} 里用真钱挂一笔买单：{symbol} 100 股，价格是今天的跌停价，看到以后马上撤掉。"
        "确定的话请加 --yes 再执行一次。"
    )


def order_not_now() -> str:
    return "现在不是连续竞价时间，没有试"


def order_not_possible() -> str:
    return "账户没有连接好，或取不到涨跌停价，没有试"


def order_seen(remark: str, number: str, seconds: float) -> str:
    return f"{remark} 已到券商，委托编号 {number}（{seconds:.1f} 秒）"


def remark_back(remark: str) -> str:
    return f"重新连接后，终端仍给出完整的备注 {remark}"


def remark_changed(remark: str, came: str) -> str:
    return f"送出的备注是 {remark}，重新连接后终端给出的是“{came}”"


def remark_unknown(number: str) -> str:
    return f"重新连接后，查不到委托 {number}"


def order_unseen(remark: str, seconds: float, said: str) -> str:
    return f"{seconds:.0f} 秒内没有看到备注是 {remark} 的委托" + (f"，终端说：{said}" if said else "")


def order_refused(said: str) -> str:
    return f"券商没有接受：{said or '没有说明原因'}"


def order_cancelled(seconds: float) -> str:
    return f"已撤（{seconds:.1f} 秒）"


def order_not_cancelled(status: str) -> str:
    return f"没有等到撤单完成，最后的状态是 {status}"


def order_filled(shares: int) -> str:
    return f"竟然成交了 {shares} 股，已是您账户里的持仓"
