"""What the picture of the day says, and the same in markdown for where no picture can be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from desk.core.values import Verdict
from desk.texts.labels import label, money, ratio_text

WORTH, PROFIT, EXPOSURE, TURNOVER = "总资产", "当日盈亏", "仓位", "成交额"
CURVE = "累计收益率（%）"
OURS = "账户"
FUNNEL, FUNNEL_STEPS = "今天的信号", ("收到", "要跟", "已委托", "有成交")
REASONS, ALL_DONE = "没有做成的，为什么", "该做的都做了"
HOLDINGS, NO_HOLDINGS, OTHERS = "持仓市值（元）", "没有持仓", "其他"
DIFFERENCES, NO_DIFFERENCES = "与策略的差异", "账目与策略一致"
COLUMNS = ("策略", "账户", "代码", "应有", "实有", "差", "原因")
NO_CURVE = "资产从今天开始逐日记录，明天起有曲线"
UNKNOWN = "—"
MARKDOWN_BYTES = 4096  # what WeCom takes of one markdown message


@dataclass(frozen=True, kw_only=True, slots=True)
class DayDifference:
    strategy: str
    account: str
    symbol: str
    target: int
    own: int
    cause: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DayFacts:
    """What is shown of one day, all accounts together; money in yuan, None: not known."""

    day: date
    subtitle: str
    worth: Decimal | None
    profit: Decimal | None
    exposure: Decimal | None  # the holdings' part of the worth, 0-1
    bought: Decimal
    sold: Decimal
    fees: Decimal
    days: Sequence[date]
    ours: Sequence[float]  # percent since the first of `days`
    theirs: Mapping[str, Sequence[float | None]]  # by strategy; None where it told nothing that day
    funnel: Sequence[int]  # received, followed, ordered, filled
    verdicts: Mapping[Verdict, int]
    reasons: Sequence[tuple[str, int]]  # why signals were not done, the most frequent first
    holdings: Sequence[tuple[str, Decimal]] | None  # the largest first; None: not known of a day gone by
    differences: Sequence[DayDifference]  # the largest first
    more_differences: int = 0  # beyond those listed

    @property
    def profit_ratio(self) -> Decimal | None:
        if self.worth is None or self.profit is None or self.worth == self.profit:
            return None
        return self.profit / (self.worth - self.profit)


def title(day: date) -> str:
    return f"跟单日报　{day:%Y-%m-%d}　星期{'一二三四五六日'[day.weekday()]}"


def drawn(file: str) -> str:
    return f"日报图片已存到 {file}。"


def written_instead(why: str, file: str) -> str:
    return f"{why}\n同样的内容已写成文字：{file}"


def known_money(value: Decimal | None, *, signed: bool = False) -> str:
    if value is None:
        return UNKNOWN
    return f"+{money(value)}" if signed and value > 0 else money(value)


def known_ratio(value: Decimal | None, *, signed: bool = False) -> str:
    if value is None:
        return UNKNOWN
    return f"+{ratio_text(value)}" if signed and value > 0 else ratio_text(value)


def turnover(facts: DayFacts) -> str:
    return f"买 {money(facts.bought)}　卖 {money(facts.sold)}　费用 {money(facts.fees)}"


def verdicts(facts: DayFacts) -> str:
    counted = [f"{label(verdict)} {facts.verdicts[verdict]}" for verdict in Verdict if facts.verdicts.get(verdict)]
    return "　".join(counted)


def and_more(count: int) -> str:
    return f"另有 {count} 处，见 books"


def markdown(facts: DayFacts) -> str:
    """The whole in WeCom's markdown, cut at a line where it would be too long."""
    profit = known_money(facts.profit, signed=True)
    colour = "warning" if (facts.profit or 0) > 0 else "info" if (facts.profit or 0) < 0 else "comment"
    lines = [
        f"### {title(facts.day)}",
        f"> {facts.subtitle}",
        f"{WORTH} **{known_money(facts.worth)}** 元　{PROFIT} "
        f'<font color="{colour}">{profit}（{known_ratio(facts.profit_ratio, signed=True)}）</font>',
        f"{EXPOSURE} {known_ratio(facts.exposure)}　{turnover(facts)}",
        "",
        f"**{FUNNEL}** "
        + " → ".join(f"{name} {count}" for name, count in zip(FUNNEL_STEPS, facts.funnel, strict=True)),
        verdicts(facts),
        "",
        f"**{REASONS}**",
        *([f"- {reason} × {count}" for reason, count in facts.reasons] or [ALL_DONE]),
        "",
        f"**{DIFFERENCES}**",
        *[
            f"- {one.strategy} {one.account} {one.symbol} 应有 {one.target:,} 实有 {one.own:,} {_plain(one.cause)}"
            for one in facts.differences
        ],
    ]
    if not facts.differences:
        lines.append(NO_DIFFERENCES)
    elif facts.more_differences:
        lines.append(and_more(facts.more_differences))
    return _cut("\n".join(lines))


def _plain(text: str) -> str:
    """No mark-up comes in with what others have written."""
    return text.translate(dict.fromkeys(map(ord, "<>*`[]()#"), " ")).replace("\n", " ")


def _cut(text: str) -> str:
    size, kept = 0, []
    for line in text.split("\n"):
        size += len(line.encode()) + 1
        if size > MARKDOWN_BYTES:
            break
        kept.append(line)
    return "\n".join(kept)
