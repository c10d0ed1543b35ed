"""The picture of the day and the morning's self-check, in Chinese, from plain facts that their callers count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from desk.core.values import Message, Mode, Reason, Side, Verdict
from desk.texts.labels import label, money, reason_text, shares_text, when

LISTED = 15  # rows of one list; the rest is counted and stands in the views
LOW_DISK_BYTES = 1_000_000_000
_GIB = Decimal(1024**3)


@dataclass(frozen=True, kw_only=True, slots=True)
class NotDone:
    """Shares of signals that were not done for one reason; `shares` 0: not known or without meaning."""

    strategy: str
    symbol: str | None
    side: Side | None
    shares: int
    reason: Reason
    detail: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StrategyLine:
    """One strategy's day; money in yuan over all its accounts."""

    name: str
    mode: Mode
    enabled: bool
    signals: int
    orders: int = 0
    bought: Decimal = Decimal(0)
    sold: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    last_signal_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountLine:
    """One account; money in yuan, None where the broker did not say."""

    name: str
    connected: bool
    channel: str = ""
    total_asset: Decimal | None = None
    cash: Decimal | None = None
    market_value: Decimal | None = None
    note: str = ""  # what else is to be said of it


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A book that does not hold what it should: `target` is what it would settle at by legal orders."""

    strategy: str
    account: str
    symbol: str
    target: int
    own: int
    name: str = ""
    cause: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryFacts:
    at: datetime
    day: date
    signals: int  # order and cancel signals received
    verdicts: Mapping[Verdict, int]
    orders: int = 0
    fills: int = 0
    bought: Decimal = Decimal(0)
    sold: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    strategies: Sequence[StrategyLine] = ()
    accounts: Sequence[AccountLine] = ()
    not_done: Sequence[NotDone] = ()
    differences: Sequence[Difference] = ()
    gaps: Sequence[str] = ()  # one sentence each
    in_doubt_orders: int = 0
    lost_messages: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class SelfCheckFacts:
    """What the self-check found; None: not known."""

    at: datetime
    version: str
    trading_day: bool | None
    strategies_enabled: int
    strategies_live: int
    accounts: Sequence[AccountLine] = ()
    journal_writable: bool = True
    disk_free_bytes: int | None = None
    tunnel: str = "unknown"  # on | off | unknown
    halted: bool = False
    in_doubt_orders: int = 0
    waiting_approval: int = 0
    debts: int = 0  # books that owe a sale
    outbox_pending: int = 0
    calendar_until: date | None = None  # the last day whose sessions are known
    problems: Sequence[str] = field(default_factory=tuple)  # further findings, one sentence each


def daily_summary(facts: SummaryFacts) -> Message:
    """Say what JoinQuant signalled, what was done, what was not and why, what it cost and where the books differ."""
    counts = [(verdict, facts.verdicts.get(verdict, 0)) for verdict in Verdict]
    counted = "，".join(f"{label(verdict)} {count}" for verdict, count in counts if count)
    lines = [f"聚宽信号 {facts.signals} 个" + (f"：{counted}" if counted else "")]
    lines.append(f"委托 {facts.orders} 笔，成交 {facts.fills} 笔")
    lines.append(f"买入 {money(facts.bought)} 元，卖出 {money(facts.sold)} 元，费用 {money(facts.fees)} 元")
    lines += _section("策略", [_strategy(line) for line in facts.strategies])
    lines += _section("账户", [_account(line) for line in facts.accounts])
    lines += _section("未执行", [_not_done(row) for row in facts.not_done], "全部见 signals")
    reasons = {row.reason: None for row in facts.not_done}  # a dict keeps the order
    lines += _section("原因说明", [f"{label(reason)}：{reason_text(reason)}" for reason in reasons])
    lines += _section("账目差异", [_difference(row) for row in facts.differences], "全部见 books")
    lines += _section("待查", list(facts.gaps), "全部见 status")
    if facts.in_doubt_orders:
        lines.append(f"⚠ 有 {facts.in_doubt_orders} 笔委托结果未知，请在券商终端查看后用 resolve 认定。")
    if facts.lost_messages:
        lines.append(f"⚠ 今天有 {facts.lost_messages} 条通知没能送达，可用 notify list 查看。")
    if not (facts.not_done or facts.differences or facts.gaps or facts.in_doubt_orders):
        lines.append("账目与策略一致，没有待处理事项。")
    return Message(
        at=facts.at,
        kind="summary",
        title=f"每日摘要 {facts.day:%Y-%m-%d}",
        text="\n".join(lines),
        key=f"summary:{facts.at:%Y-%m-%dT%H:%M}",
    )


def self_check(facts: SelfCheckFacts) -> Message:
    """Say whether the day can begin; what needs a person stands first, and makes the message urgent."""
    wrong = _problems(facts)
    state = {True: "今天是交易日", False: "今天不是交易日", None: "不知道今天是不是交易日"}[facts.trading_day]
    lines = [f"{number}. {problem}" for number, problem in enumerate(wrong, 1)]
    lines.append(f"{state}；启用策略 {facts.strategies_enabled} 个，其中实盘 {facts.strategies_live} 个")
    lines += [_account(line) for line in facts.accounts]
    lines.append(f"隧道：{_TUNNEL.get(facts.tunnel, _TUNNEL['unknown'])}")
    if facts.disk_free_bytes is not None:
        lines.append(f"磁盘剩余 {_gib(facts.disk_free_bytes)} GB")
    for count, text in (
        (facts.waiting_approval, "笔等待人工确认（approve / reject）"),
        (facts.debts, "笔欠下的卖出待补做"),
        (facts.outbox_pending, "条通知待发送"),
    ):
        if count:
            lines.append(f"有 {count} {text}")
    lines.append(f"程序版本 {facts.version}")
    return Message(
        at=facts.at,
        kind="selfcheck",
        title=f"程序自检：{len(wrong)} 项需要处理" if wrong else "程序自检：正常",
        text="\n".join(lines),
        urgent=bool(wrong),
        key=f"selfcheck:{facts.at:%Y-%m-%dT%H:%M}",
    )


def stock(symbol: str, name: str = "") -> str:
    """Name a stock: its name and symbol, or the symbol alone."""
    if not name or name == symbol:
        return symbol
    return name if symbol in name else f"{name} {symbol}"


_TUNNEL = {"on": "通", "off": "不通", "unknown": "未检测"}


def _problems(facts: SelfCheckFacts) -> list[str]:
    found = []
    if facts.halted:
        found.append("系统处于急停状态，不会下单；查明原因后用 unhalt 解除。")
    if not facts.journal_writable:
        found.append("账本不能写入，收不了信号也下不了单；请检查磁盘和 data 文件夹的权限。")
    for account in facts.accounts:
        if not account.connected:
            found.append(f"账户 {account.name} 没有连接上；请检查交易终端是否已登录。")
    if facts.in_doubt_orders:
        found.append(f"有 {facts.in_doubt_orders} 笔委托结果未知；请在券商终端查看后用 resolve 认定。")
    if facts.tunnel == "off":
        found.append("公网地址不通，聚宽的信号进不来；请检查 frp 是否在运行。")
    if facts.disk_free_bytes is not None and facts.disk_free_bytes < LOW_DISK_BYTES:
        found.append(f"磁盘只剩 {_gib(facts.disk_free_bytes)} GB；请清理磁盘。")
    if facts.calendar_until is not None and (facts.calendar_until - facts.at.date()).days < 30:
        found.append(f"交易日历只到 {facts.calendar_until:%Y-%m-%d}；请更新程序或填写交易日文件。")
    if facts.strategies_enabled == 0:
        found.append("没有启用的策略；请用 strategy add 添加或 strategy resume 恢复。")
    return [*found, *facts.problems]


def _section(title: str, rows: Sequence[str], more: str = "") -> list[str]:
    """Write a titled list, or nothing; beyond LISTED rows the rest is counted where `more` says where it stands."""
    if not rows:
        return []
    shown = rows[:LISTED] if more else rows
    lines = [f"—— {title} ——", *shown]
    if len(shown) < len(rows):
        lines.append(f"……其余 {len(rows) - len(shown)} 条，{more}")
    return lines


def _strategy(line: StrategyLine) -> str:
    last = f"，最后信号 {when(line.last_signal_at)}" if line.last_signal_at else ""
    state = "" if line.enabled else "，已暂停"
    return (
        f"{line.name}（{label(line.mode)}{state}）：信号 {line.signals} 个，委托 {line.orders} 笔，"
        f"买 {money(line.bought)}，卖 {money(line.sold)}，费用 {money(line.fees)}{last}"
    )


def _account(line: AccountLine) -> str:
    channel = f"（{line.channel}）" if line.channel else ""
    parts = [f"账户 {line.name}{channel}：{'已连接' if line.connected else '未连接'}"]
    for word, value in (("总资产", line.total_asset), ("可用", line.cash), ("市值", line.market_value)):
        if value is not None:
            parts.append(f"{word} {money(value)}")
    if line.note:
        parts.append(line.note)
    return "，".join(parts)


def _not_done(row: NotDone) -> str:
    words = [
        row.strategy,
        label(row.side) if row.side else "",
        stock(row.symbol, row.name) if row.symbol else "",
        shares_text(row.shares) if row.shares else "",
    ]
    detail = f"（{row.detail}）" if row.detail else ""
    return f"{' '.join(word for word in words if word)}：{label(row.reason)}{detail}"


def _difference(row: Difference) -> str:
    cause = f"，{row.cause}" if row.cause else ""
    return (
        f"{row.strategy} {row.account} {stock(row.symbol, row.name)}："
        f"应有 {shares_text(row.target)}，实有 {shares_text(row.own)}{cause}"
    )


def _gib(size: int) -> str:
    return f"{Decimal(size) / _GIB:.1f}"
