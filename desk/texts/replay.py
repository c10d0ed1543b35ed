"""What the replay says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from desk.texts.labels import money

_SHOWN = 20

NO_ENCODING = "既不是 UTF-8 也不是 GBK 编码"
FILLED_WITHOUT_SHARES = "状态是全部成交，却没有成交数量"
FILLED_WITHOUT_PRICE = "有成交数量，却没有成交价"
LIMIT_WITHOUT_PRICE = "限价单没有委托价格"


def columns_missing(name: str, columns: Sequence[str]) -> str:
    return f"{name} 不是聚宽的交易详情（transaction.csv）：缺少列 {'、'.join(columns)}。"


def unreadable(name: str, why: str) -> str:
    return f"读不了 {name}：{why}。"


def no_rows(name: str) -> str:
    return f"{name} 里没有一笔交易。"


def cells_counted(found: int, wanted: int) -> str:
    return f"有 {found} 格，应为 {wanted} 格"


def bad_cell(column: str, said: str) -> str:
    return f"「{column}」读不懂：{said or '（空）'}"


def bad_rows(name: str, rows: Sequence[tuple[int, str]]) -> str:
    lines = [f"  第 {line} 行：{why}" for line, why in rows[:_SHOWN]]
    if len(rows) > _SHOWN:
        lines.append(f"  ……另有 {len(rows) - _SHOWN} 行")
    return "\n".join([f"{name} 有 {len(rows)} 行读不懂，没有回放；请改正后再来：", *lines])


# --- what came of it --------------------------------------------------------------------------------------------------

BAR = "{percentage:3.0f}% {bar:20} {n}/{total} 笔 {remaining}"
PRICES_FROM_EXPORT = (
    "价格：没有给分钟线，用的是导出里聚宽自己的成交价。买入按它的成交价作卖一、卖出按它作买一，"
    "两笔之间价格不动，涨跌停不知道；所以滑点偏小。要更真实请加 --bars 分钟线.csv。"
)
PRICES_FROM_BARS = "价格：文件里有的股票用分钟线；没有的从聚宽的成交价出发，跟着文件里第一个代码的涨跌走。"
VERDICTS = ("结论", "笔数")
REASONS = ("原因", "笔数", "聚宽成交额", "说明")
UNDONE = ("行", "时间", "代码", "方向", "聚宽成交", "聚宽价", "我们成交", "原因")
ACCOUNTS = (
    "账户", "比例", "委托", "成交额", "费用", "盈亏", "聚宽盈亏×比例", "跟踪差", "其中价格", "其中费用", "其中股数",
)  # fmt: skip
BOOKS = ("账户", "代码", "聚宽持有", "应持", "实持", "零头", "欠卖", "问题")
OVERSOLD = "聚宽卖出的比导出里买入的多，多出的卖出额算在聚宽盈亏里，我们没有对应的股票："
OVERSALES = ("代码", "日期", "导出里还有", "卖出", "多出", "卖出价", "上一笔日期", "上一笔价", "多出的从哪里来")
ORIGINS = {
    "ex_rights": "除权：送股、转增或拆分（价格跌过了跌停能到的地方）",
    "unsure": "送股、转增，或导出之前的持仓",
    "before": "导出之前的持仓",
}
ARITHMETIC = (
    "跟踪差 = 盈亏 − 聚宽盈亏×比例 = 价格 + 费用 + 股数。价格：同样的股数，我们的成交价比聚宽好（负：差）多少；"
    "费用：聚宽手续费×比例 − 我们的费用；股数：凑整、没跟和补卖带来的。期末持仓按最后的价格算。"
)


def heading(file: str, strategy: str, first: date, last: date, count: int) -> str:
    return f"回放 {file}：策略「{strategy}」，{first} 至 {last}，{count:,} 笔交易。"


def more(count: int) -> str:
    return f"……另有 {count:,} 行，--json 里有全部。"


def which_strategy(names: Sequence[str]) -> str:
    if not names:
        return "配置里还没有策略；请先用 strategy add 添加一个，再来回放。"
    return f"配置里有几个策略（{'、'.join(names)}），请用 --strategy 说明用哪一个的比例和限额。"


def no_such_strategy(name: str, names: Sequence[str]) -> str:
    return f"配置里没有策略「{name}」；有的是：{'、'.join(names) or '（无）'}。"


def bad_ratio(said: str) -> str:
    return f"跟单比例要大于 0、不超过 100，不能是 {said}。"


# --- the picture ------------------------------------------------------------------------------------------------------

DRAWN_PROFIT = "累计盈亏（元）"
DRAWN_OURS, DRAWN_THEIRS = "我们", "聚宽 × 比例"
DRAWN_GAP = "跟踪差（元）：红是比聚宽好，绿是比聚宽差"
DRAWN_SOURCES = "跟踪差从哪里来（元）"
DRAWN_PRICE, DRAWN_FEE, DRAWN_SHARES, DRAWN_WHOLE = "价格", "费用", "股数", "合计"
DRAWN_REASONS = "没有全跟的原因（笔）"
DRAWN_ALL_FOLLOWED = "每一笔都全跟了"
DRAWN_REST = "其他原因"
DRAWN_RESIDUE = "期末零头（股）：红是还欠着，绿是多了"
DRAWN_NO_RESIDUE = "没有零头"


def drawn_below(followed: int, accounts: Sequence[tuple[str, str]], bars: bool) -> str:
    named = "、".join(f"{name} ×{ratio}" for name, ratio in accounts)
    return f"跟了 {followed:,} 笔；{named}；价格用{'分钟线' if bars else '聚宽自己的成交价'}"


def drawn_costs(fees: Decimal, turnover: Decimal) -> str:
    share = f"，是成交额的万分之 {fees / turnover * 10_000:.2f}" if turnover else ""
    return f"费用共 {money(fees)} 元{share}"


def drawn(file: str) -> str:
    return f"图已存到 {file}。"
