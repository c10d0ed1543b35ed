"""What the embedded exchange says to a person: its counter's refusals, its names, the faults of a quote file.

A refusal is spelt as a broker's counter spells it, `[COUNTER][number][words]`. The numbers of short cash and short
shares are real ones; the others are this exchange's own, and only the words are meant to be read by programs.
"""

from __future__ import annotations

from decimal import Decimal

NO_CASH = "[COUNTER][260200][可用资金不足]"
NOT_SELLABLE = "[COUNTER][251005][证券可用数量不足]"
CLOSED = "[COUNTER][251101][非交易时间]"
UNKNOWN_CODE = "[COUNTER][251102][证券代码不存在或不支持的品种]"
SUSPENDED = "[COUNTER][251103][证券停牌]"
OFF_TICK = "[COUNTER][251104][委托价格不符合最小变动单位]"
OUTSIDE_BAND = "[COUNTER][251105][委托价格超出涨跌停限制]"
OUTSIDE_CAGE = "[COUNTER][251106][委托价格超出有效申报价格范围(价格笼子)]"
BAD_LOT = "[COUNTER][251107][委托数量不符合交易单位]"
TOO_MANY = "[COUNTER][251108][委托数量超过单笔上限]"
REMARK_USED = "[COUNTER][251109][委托备注重复]"
REMARK_BAD = "[COUNTER][251110][委托备注须为 1 至 23 个可见 ASCII 字符]"
NO_QUOTE = "[COUNTER][251111][无行情]"
NO_SUCH_ORDER = "[COUNTER][251201][委托不存在]"
ORDER_FINAL = "[COUNTER][251202][委托已是最终状态，不能撤单]"
NO_CANCEL_NOW = "[COUNTER][251203][集合竞价阶段不接受撤单]"
REJECTED_LATER = "[COUNTER][251300][交易所废单]"
LAPSED = "收盘自动撤单"
CANCELLED = "已撤单"
NO_ANSWER = "未收到柜台应答"
NOT_CONNECTED = "未连接"
STORE_FAILED = "模拟交易所无法写入存储"


def store_unusable(file: str, why: str) -> str:
    return f"模拟交易所的存储 {file} 无法打开：{why}"


def instrument_name(symbol: str) -> str:
    return f"模拟{symbol[:6]}"


def bad_row(file: str, row: int, why: str) -> str:
    return f"行情文件 {file} 第 {row} 行有误：{why}"


def bad_file(file: str, why: str) -> str:
    return f"行情文件 {file} 无法使用：{why}"


UNKNOWN_COLUMNS = "表头既不是逐笔（symbol,time,price）也不是分钟线（symbol,dt,open,close,high,low,vol）"
NO_ROWS = "没有任何数据行"
NO_CHANNEL = "行情为“通道”的账户需要一个真实账户的行情"
SCENE_TWO_LIMITS = "涨停与跌停不能同时设定"


def missing_value(column: str) -> str:
    return f"缺少 {column}"


def bad_code(code: str) -> str:
    return f"symbol 不是带交易所后缀的代码：{code!r}"


def bad_number(column: str, value: str) -> str:
    return f"{column} 不是正数：{value!r}"


def bad_time(column: str, value: str) -> str:
    return f"{column} 不是时间：{value!r}"


def out_of_order(symbol: str) -> str:
    return f"{symbol} 的时间没有递增"


def bad_bar(high: Decimal, low: Decimal) -> str:
    return f"最高价 {high} 与最低价 {low} 不能包住开盘价和收盘价"


def bad_thin(symbol: str, lot: int) -> str:
    return f"{symbol} 的每笔行情成交上限至少为一手（{lot}）"


def bad_price(symbol: str) -> str:
    return f"{symbol} 的价格不在今日涨跌停范围内或不符合最小变动单位"
