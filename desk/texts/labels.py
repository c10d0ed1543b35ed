"""What people read for the words of `desk.core.values`: one label for every enum value, one sentence for every reason.

Also the few ways in which money, shares, times and tables are written wherever Gendan speaks Chinese.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from base_func import BEIJING
from desk.core.values import (
    Adoption,
    BrokerStatus,
    EventKind,
    Fact,
    Follows,
    JqStatus,
    Mode,
    OrderState,
    Origin,
    Reason,
    Scaling,
    Side,
    SnapshotPolicy,
    Style,
    Verdict,
)

_CENT = Decimal("0.01")
_MILL = Decimal("0.001")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = {
    Side: {Side.BUY: "买入", Side.SELL: "卖出"},
    OrderState: {
        OrderState.PLANNED: "拟单",
        OrderState.SENDING: "发送中",
        OrderState.IN_DOUBT: "存疑",
        OrderState.WORKING: "已报",
        OrderState.CANCELLING: "待撤",
        OrderState.FILLED: "已成",
        OrderState.CANCELLED: "已撤",
        OrderState.REJECTED: "废单",
        OrderState.WITHDRAWN: "未发作废",
    },
    Fact: {
        Fact.CLAIMED: "开始发送",
        Fact.WITHDRAWN: "发送前收回",
        Fact.ACCEPTED: "券商已接受",
        Fact.REFUSED: "券商拒绝",
        Fact.NO_ANSWER: "没有得到答复",
        Fact.SEEN_ALIVE: "查到仍有效",
        Fact.FILLED_SOME: "部分成交",
        Fact.FILLED_ALL: "全部成交",
        Fact.CANCEL_ASKED: "请求撤单",
        Fact.CANCEL_REFUSED: "撤单被拒",
        Fact.CANCELLED: "撤单完成",
        Fact.RULED_ABSENT: "认定未到券商",
        Fact.DAY_CLOSED: "当日收盘失效",
    },
    Verdict: {
        Verdict.WORKING: "进行中",
        Verdict.DONE: "已完成",
        Verdict.PARTIAL: "部分完成",
        Verdict.REFUSED: "未执行",
        Verdict.IGNORED: "无需处理",
    },
    EventKind: {
        EventKind.ORDER: "下单",
        EventKind.CANCEL: "撤单",
        EventKind.SNAPSHOT: "持仓快照",
        EventKind.HEARTBEAT: "心跳",
        EventKind.TEST: "测试",
    },
    JqStatus: {
        JqStatus.NEW: "新建",
        JqStatus.OPEN: "未成交",
        JqStatus.FILLED: "部分成交",  # JoinQuant's `filled` is live still
        JqStatus.CANCELED: "已撤销",
        JqStatus.REJECTED: "被拒绝",
        JqStatus.HELD: "全部成交",
    },
    Style: {Style.MARKET: "市价", Style.LIMIT: "限价", Style.STOP: "止损市价", Style.STOP_LIMIT: "止损限价"},
    Mode: {Mode.PAPER: "模拟", Mode.CONFIRM: "确认", Mode.LIVE: "实盘"},
    Adoption: {adoption: adoption.value for adoption in Adoption},
    Follows: {what: what.value for what in Follows},
    Scaling: {scaling: scaling.value for scaling in Scaling},
    SnapshotPolicy: {policy: policy.value for policy in SnapshotPolicy},
    Reason: {reason: reason.value for reason in Reason},  # the code is Chinese already: docs, JSON and people share it
    Origin: {
        Origin.SIGNAL: "信号",
        Origin.DEBT: "补卖",
        Origin.PLAN: "调仓计划",
        Origin.LIQUIDATE: "清仓",
        Origin.MANUAL: "人工",
    },
    BrokerStatus: {
        BrokerStatus.PENDING: "待报",
        BrokerStatus.WORKING: "已报",
        BrokerStatus.CANCEL_PENDING: "待撤",
        BrokerStatus.CANCELLED: "已撤",
        BrokerStatus.FILLED: "已成",
        BrokerStatus.REJECTED: "废单",
        BrokerStatus.UNKNOWN: "未知状态",
    },
}

_REASON_TEXTS: Mapping[Reason, str] = {
    Reason.DUPLICATE: "这个信号以前收到过，没有重复下单；无需处理。",
    Reason.BAD_SIGNATURE: "信号的签名对不上，已拒收；请核对聚宽代码与本机的标识和密钥，或用 snippet 重新生成。",
    Reason.CLOCK: "发送方与本机的时间相差太大，没有照做；请校准本机时钟，并确认聚宽一侧的时间正常。",
    Reason.BACKTEST: "信号来自回测而不是模拟交易，没有下单；请在聚宽建立模拟交易后再跟单。",
    Reason.UNKNOWN_STRATEGY: "配置里没有这个策略，没有下单；请用 strategy add 添加，或核对策略的标识。",
    Reason.PAUSED: "策略已暂停跟单，没有下单；需要时用 strategy resume 恢复，欠下的卖出会在恢复后补做。",
    Reason.SELL_ONLY: "策略设为只卖不买，这笔买入没有执行；要买入请在配置里关掉“只卖不买”。",
    Reason.CLOSED_SESSION: "当时不在交易时段，没有下单；请看信号是否来得太晚，买入不再补做，欠下的卖出下个交易日补做。",
    Reason.CLOSED_DAY: "当天不是交易日，没有下单；如果日历有误，请在交易日文件里更正。",
    Reason.HALTED: "系统处于急停状态，没有下单；查明原因后用 unhalt 解除，欠下的卖出会在解除后补做。",
    Reason.JQ_NOT_FILLED: "聚宽那边没有成交（例如涨停买不进或已撤单），所以这里也不下单；无需处理。",
    Reason.IN_SNAPSHOT: "这笔变动已包含在之前采用的持仓快照里，没有重复下单；无需处理。",
    Reason.BELOW_LOT: "按跟单比例折算后不足最小下单数量，没有下单，零头已记在账上留待累计；要跟上小单可调高跟单比例。",
    Reason.OVER_ORDER_VALUE: "这笔委托超过单笔金额上限，没有下单；确认无误可调高“限额”里的单笔金额，或调低跟单比例。",
    Reason.OVER_DAY_TURNOVER: "当日成交额已到上限，没有下单；确认无误可调高“限额”里的单日成交额。",
    Reason.OVER_DAY_ORDERS: "当日委托或撤单笔数已到上限，没有下单；请先查清为何这么频繁，再考虑调高“限额”里的笔数。",
    Reason.OVER_POSITION: "买入后这只股票占资产的比例会超过上限，没有下单；确认无误可调高“限额”里的单票仓位。",
    Reason.OVER_STRATEGY_VALUE: "买入后这个策略在账户里的市值会超过上限，没有下单；确认无误可调高“单策略持仓市值”。",
    Reason.OVER_SYMBOL_WEIGHT: "买入后这只股票占策略资金的比例会超过上限，没有下单；确认无误可调高策略的“单票权重”。",
    Reason.BELOW_BAND: "与目标的差额低于策略的“不交易带宽”，没有买卖；差额变大或目标清零时再交易。",
    Reason.NOT_WHITELISTED: "这只股票不在策略的白名单里，没有下单；要跟这只股票请把它加进白名单。",
    Reason.BLACKLISTED: "这只股票在策略的黑名单里，没有下单；要跟这只股票请把它移出黑名单。",
    Reason.PRICE_DEVIATION: "行情价与信号里的价格相差过大，没有照做；请核对行情，确认无误可调高“限额”里的价格偏离。",
    Reason.PRICE_BASIS: "信号里的价格在当日涨跌停之外，多半是策略没有开真实价格；"
    "请在聚宽策略里设置 use_real_price=True。",
    Reason.BEYOND_LIMIT: "在策略给的限价之内买不到或卖不掉，剩下的没有成交；无需处理，或在聚宽放宽限价。",
    Reason.LIMIT_UNKNOWN: "策略用了限价单但信号里没有限价，没有下单；请更新聚宽代码（用 snippet 重新生成）。",
    Reason.EQUITY_UNKNOWN: "还不知道策略的总权益（按资金或单票权重要用），没有买；聚宽发来快照或带权益的信号后就能跟。",
    Reason.TOO_OLD: "信号送到时已超过有效时间，买入不再跟；请检查网络和聚宽是否延迟，隔日的卖出可用 approve 执行。",
    Reason.LIMIT_UP: "股票涨停，没有追买；想排队买入可打开策略的“涨停排队”。",
    Reason.LIMIT_DOWN: "股票跌停，没能卖出；打开跌停后会自动补卖，不必重发信号。",
    Reason.SUSPENDED: "股票停牌，没有下单；卖出会在复牌后补做，买入不再补做。",
    Reason.NO_QUOTE: "取不到这只股票的行情，没有下单；请检查行情连接，欠下的卖出会在行情恢复后补做。",
    Reason.NOT_SELLABLE: "今天买入的股票今天不能卖，可卖数量不足；不足的部分下个交易日自动补卖。",
    Reason.ODD_REMAINDER: "剩下的零股交易所不接受单独卖出，暂时留在账上；可与手工持仓合并后自行卖出。",
    Reason.NO_POSITION: "这个策略在账户里没有可卖的持仓，没有下单；如与聚宽不一致请看 books，并用 reconcile 对账。",
    Reason.NO_CASH: "账户可用资金不足，买不到一手，没有下单；请补充资金或调低跟单比例。",
    Reason.ALREADY_FOLLOWED: "这个状态之前已经跟过，没有新的变化；无需处理。",
    Reason.NO_FINAL: "到收盘也没等到聚宽的最终状态，已按已知成交结算；请在聚宽核对这笔委托，必要时用 reconcile 对账。",
    Reason.BROKER_DOWN: "券商没有连接上，没有下单；请检查交易终端是否已登录，欠下的卖出会在恢复后补做。",
    Reason.BROKER_REFUSED: "券商柜台拒绝了委托；请看柜台给出的原因（资金、权限、价格等）并在终端处理。",
    Reason.APPROVAL_TIMEOUT: "等待人工确认超时，没有下单；下次请及时用 approve 确认，或把模式改为实盘。",
    Reason.UNKNOWN_RESULT: "不知道券商是否收到委托，为防重复已冻结该方向；请在券商终端查看，再用 resolve 认定结果。",
    Reason.RETRIES_USED: "重下次数已用完，仍未全部成交；买入不再追，欠下的卖出下个交易日补做，可调高最大重新下单次数。",
    Reason.CLOSE_UNFILLED: "到收盘还没有成交；买入不再补做，欠下的卖出下个交易日自动补卖。",
    Reason.CIRCUIT_BROKEN: "出现异常后保护已触发，策略停止下单；请先查清原因，再用 unhalt 或 strategy resume 恢复。",
    Reason.UNSUPPORTED: "不支持这个品种或交易方式（如期货、两融、B 股），没有下单；请在券商终端手工处理。",
}


def label(value: StrEnum) -> str:
    """Say an enum value in Chinese; an enum without a table raises KeyError."""
    return LABELS[type(value)][value]


def reason_text(reason: Reason) -> str:
    """Say in one Chinese sentence what happened and what the user can do."""
    return _REASON_TEXTS[reason]


def money(value: Decimal) -> str:
    """Write yuan with thousands and two decimals, rounded half up: 1234.5 -> 1,234.50."""
    return f"{_unsigned_zero(value.quantize(_CENT, ROUND_HALF_UP)):,}"


def price_text(price: Decimal) -> str:
    """Write a price with two decimals, with three where the third is not 0: 10.5 -> 10.50, 1.2345 -> 1.235."""
    rounded = price.quantize(_MILL, ROUND_HALF_UP)
    return f"{_unsigned_zero(rounded.quantize(_CENT) if rounded == rounded.quantize(_CENT) else rounded):,}"


def shares_text(shares: int | Decimal) -> str:
    """Write shares with thousands: 1000 -> 1,000股; entitled shares keep their decimals: 33.30 -> 33.3股."""
    if isinstance(shares, int):
        return f"{shares:,}股"
    digits = f"{_unsigned_zero(shares):,f}"
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits}股"


def ratio_text(ratio: Decimal) -> str:
    """Write a ratio (1 = 100 %) as a percentage with two decimals: 0.0523 -> 5.23%."""
    return f"{_unsigned_zero((ratio * 100).quantize(_CENT, ROUND_HALF_UP)):,}%"


def when(at: datetime) -> str:
    """Write the Beijing time of day: 09:31:05. A naive time raises ValueError."""
    return f"{_beijing(at):%H:%M:%S}"


def day_and_time(at: datetime) -> str:
    """Write Beijing month, day and time: 11-20 09:31:05. A naive time raises ValueError."""
    return f"{_beijing(at):%m-%d %H:%M:%S}"


def width(text: str) -> int:
    """Count the columns that a terminal needs for `text`: full-width characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def one_line(text: str) -> str:
    """Put text from outside on one line: control characters (line breaks, terminal escapes) become spaces."""
    return _CONTROLS.sub(" ", text)


def table(rows: Sequence[Sequence[object]], header: Sequence[str]) -> str:
    """Align rows under a header by display width, numbers to the right; None is written as -.

    A row whose length is not the header's raises ValueError.
    """
    cells = [["-" if cell is None else one_line(str(cell)) for cell in row] for row in rows]
    if any(len(row) != len(header) for row in cells):
        raise ValueError("a row has another number of cells than the header")
    columns = range(len(header))
    widths = [max(width(row[i]) for row in [list(header), *cells]) for i in columns]
    right = [bool(cells) and all(_numeric(row[i]) for row in cells) for i in columns]

    def line(row: Sequence[str]) -> str:
        padded = []
        for i in columns:
            gap = " " * (widths[i] - width(row[i]))
            padded.append(gap + row[i] if right[i] else row[i] + gap)
        return "  ".join(padded).rstrip()

    return "\n".join([line(header), *(line(row) for row in cells)])


def _numeric(cell: str) -> bool:
    digits = cell.removesuffix("%").removesuffix("股").replace(",", "").lstrip("+-")
    return cell == "-" or digits.replace(".", "", 1).isdecimal()


def _unsigned_zero(value: Decimal) -> Decimal:
    return abs(value) if value == 0 else value


def _beijing(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a naive time has no place in Beijing")
    return at.astimezone(BEIJING)
