"""What the demo prints at its end, and the checks that its exit code rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from base_func import legal_buy, legal_sell
from desk.cli import facts
from desk.cli.demo_day import ACCOUNT, Expected
from desk.cli.showing import as_table
from desk.core.values import Side, Verdict
from desk.journal import views
from desk.journal.history import check_history
from desk.journal.view_books import books
from desk.journal.view_counts import funnel
from desk.texts import demo as texts
from desk.texts.labels import label, table
from desk.texts.summaries import daily_summary

if TYPE_CHECKING:
    from desk.cli.demo import Robot, Stage

_MESSAGES = 5
_MESSAGES_WITHIN_S = 2.0

View = dict[str, Any]


def tell(stage: Stage, expected: Sequence[Expected], robot: Robot, out: Callable[[str], None]) -> list[str]:
    """Print everything; give the problems that were found."""
    journal, config, now = stage.journal, stage.daemon.config, stage.clock.now()
    signals = stage.signals()
    first_day = datetime.fromisoformat(signals[0]["received_at"]).date()
    fills = views.fills(journal, day_from=first_day, day_to=now.date())
    own = books(journal)
    held = {p.symbol: p.shares for p in stage.exchange.picture(now).positions}

    out(texts.heading(1, "信号漏斗：收到 → 折算 → 下单 → 成交"))
    out(_funnel([funnel(journal, day) for day in sorted({first_day, now.date()})]))
    out(texts.heading(2, "每个信号的结论"))
    out(_signals(signals, expected, config))
    out(texts.heading(3, "成交与费用"))
    out(as_table("fills", fills))
    out(texts.heading(4, "策略账本与交易所持仓"))
    out(_books(own, held))
    out(texts.heading(5, "重复与伪造"))
    out(table([[what, answer] for what, answer in stage.answers], ["发来的包", "接收端的回答"]))
    out(texts.heading(6, "企业微信群里看到的（节选）"))
    stage.have_patience(lambda: journal.outbox_pending() == 0, _MESSAGES_WITHIN_S)  # a robot takes 20 a minute
    for message in _sample(robot.heard):
        out(texts.quoted(message))
    out(texts.heading(7, "当日摘要"))
    out(daily_summary(facts.summary(journal, config, at=now, day=now.date())).text)
    out(texts.heading(8, "核对"))
    checks = _checks(stage, signals, expected, own, held)
    for said, problems in checks:
        out(f"  {'✘' if problems else '✔'} {said}")
        for problem in problems:
            out(f"      {problem}")
    found = [problem for _, problems in checks for problem in problems]
    out(texts.verdict(found))
    return found


def _funnel(days: Sequence[View]) -> str:
    columns = ("received", "followed", "ordered", "filled", "done", "partial", "refused", "ignored", "orders", "fills")
    header = ["日期", "收到", "折算出股数", "已下单", "有成交", "完成", "部分", "未执行", "无需处理", "委托", "成交笔"]
    return table([[day["day"], *(day[column] for column in columns)] for day in days], header)


def _signals(signals: Sequence[View], expected: Sequence[Expected], config: Any) -> str:
    rows = []
    for index, signal in enumerate(signals):
        hope = expected[index] if index < len(expected) else None
        strategy = config.strategy(signal["strategy"])
        rows.append(
            [
                signal["received_at"][5:19].replace("T", " "),
                signal["strategy"],
                f"{label(Side(signal['side']))} {signal['symbol']}",
                signal["amount"],
                f"×{strategy.accounts[0].ratio}" if strategy is not None else None,
                signal["ordered_shares"],
                signal["filled_shares"],
                len(signal["orders"]),
                label(Verdict(signal["verdict"])),
                signal["reason"],
                hope.what if hope is not None else None,
            ]
        )
    header = ["时间", "策略", "信号", "聚宽股数", "比例", "应下", "成交", "委托笔", "结论", "原因", "看点"]
    return table(rows, header)


def _books(own: Sequence[View], held: dict[str, int]) -> str:
    rows = [
        [
            book["strategy"], book["symbol"], book["strategy_shares"], book["entitled_shares"], book["own_shares"],
            held.get(book["symbol"], 0), book["debt_shares"], book["gap"],
        ]
        for book in own
    ]  # fmt: skip
    return table(rows, ["策略", "代码", "聚宽持有", "应持", "实持", "交易所持仓", "欠卖", "问题"])


def _sample(heard: Sequence[str]) -> list[str]:
    """The first message of each kind, told apart by the first word of its title."""
    kinds: dict[str, str] = {}
    for text in heard:
        head = text.splitlines()[0] if text else ""
        kinds.setdefault(head[:6], text)
    return list(kinds.values())[:_MESSAGES]


# --- the checks -------------------------------------------------------------------------------------------------------


def _checks(
    stage: Stage, signals: Sequence[View], expected: Sequence[Expected], own: Sequence[View], held: dict[str, int]
) -> list[tuple[str, list[str]]]:
    return [
        (f"{len(expected)} 个信号的结论都与预期一致", _verdicts(signals, expected)),
        ("交易所的持仓 = 各策略实持之和", _conserved(own, held)),
        ("每个账本的实持与应持相差不到一笔合法委托", _settled(own)),
        ("重复的包没有重复下单，伪造的包被拒收", _answers(stage.answers)),
        ("每笔费用和资金都对得上", _money(stage)),
        ("账本与它自己的历史一致", check_history(stage.journal)),
        ("没有缺口，没有存疑委托，急停已解除", _quiet(stage)),
    ]


def _verdicts(signals: Sequence[View], expected: Sequence[Expected]) -> list[str]:
    problems = []
    if len(signals) != len(expected):
        problems.append(f"收到 {len(signals)} 个委托信号，应为 {len(expected)} 个")
    for signal, hope in zip(signals, expected, strict=False):
        got = (signal["strategy"], signal["verdict"], signal["reason"], signal["filled_shares"])
        want = (hope.strategy, hope.verdict.value, hope.reason.value if hope.reason else None, hope.shares)
        if got != want:
            problems.append(f"{hope.what}：应为 {want}，实为 {got}")
        if hope.attempts is not None and len(signal["orders"]) < hope.attempts:
            problems.append(f"{hope.what}：只下了 {len(signal['orders'])} 笔委托")
    return problems


def _conserved(own: Sequence[View], held: dict[str, int]) -> list[str]:
    total: dict[str, int] = defaultdict(int)
    for book in own:
        total[book["symbol"]] += book["own_shares"]
    return [
        f"{symbol}：交易所 {held.get(symbol, 0)} 股，账本 {total[symbol]} 股"
        for symbol in sorted({*total, *held})
        if held.get(symbol, 0) != total[symbol]
    ]


def _settled(own: Sequence[View]) -> list[str]:
    problems = []
    for book in own:
        missing = Decimal(book["entitled_shares"]) - book["own_shares"]
        legal = legal_buy(book["symbol"], missing) if missing > 0 else 0
        if missing < 0:
            legal = legal_sell(book["symbol"], -missing, book["own_shares"])
        if legal:
            problems.append(
                f"{book['strategy']} {book['symbol']}：应持 {book['entitled_shares']}，实持 {book['own_shares']}"
            )
    return problems


def _answers(answers: Sequence[tuple[str, str]]) -> list[str]:
    wanted = {texts.REPEATED: "200 duplicate", texts.FORGED: "401 unauthorized"}
    got = dict(answers)
    return [f"{what}：{got.get(what)}" for what, answer in wanted.items() if got.get(what) != answer]


def _money(stage: Stage) -> list[str]:
    """Initial cash less purchases, plus sales, less fees is what the exchange says."""
    now = stage.clock.now()
    cash = stage.daemon.config.accounts[0].initial_cash
    for fill in views.fills(stage.journal, limit=100_000):
        turnover = fill["shares"] * Decimal(fill["price"])
        cash += (turnover if fill["side"] == "sell" else -turnover) - Decimal(fill["fee"])
    asset = stage.exchange.picture(now).asset
    told = asset.cash + asset.frozen_cash
    return [] if cash == told else [f"账户 {ACCOUNT}：按成交算 {cash} 元，交易所说 {told} 元"]


def _quiet(stage: Stage) -> list[str]:
    view = facts.status(stage.journal, stage.daemon.config, stage.daemon.home)
    problems = [f"缺口：{gap['text']}" for row in view["strategies"] for gap in row["gaps"]]
    problems += [f"{name} 不为 0：{view[name]}" for name in ("in_doubt_orders", "open_orders") if view[name]]
    return problems + (["仍在急停中"] if view["halted"] else [])
