"""Shows what the journal holds: one JSON document, or tables that a person reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from desk.clock import SystemClock
from desk.core.values import EventKind, JqStatus, OrderState, Origin, Side, Verdict
from desk.journal import Journal, views
from desk.journal.view_books import books
from desk.texts import cli as texts
from desk.texts.labels import day_and_time, label, money, price_text, ratio_text, table, when

View = Mapping[str, Any]
Column = tuple[str, Callable[[View], object]]


def say(text: str) -> None:
    """Print for a person, on stdout."""
    print(text)


def hint(text: str) -> None:
    """Print beside the facts, on stderr."""
    print(text, file=sys.stderr)


def document(content: object) -> None:
    """Print the one JSON document."""
    print(json.dumps(content, ensure_ascii=False, indent=2))


# --- cells ------------------------------------------------------------------------------------------------------------


def _word(kind: type[StrEnum], key: str) -> Callable[[View], object]:
    return lambda row: label(kind(row[key])) if row[key] else None


def _time(key: str) -> Callable[[View], object]:
    def cell(row: View) -> object:
        if not row[key]:
            return None
        at = datetime.fromisoformat(row[key])
        return when(at) if at.date() == SystemClock().now().date() else day_and_time(at)

    return cell


def _price(key: str) -> Callable[[View], object]:
    return lambda row: price_text(Decimal(row[key])) if row[key] not in (None, "0") else None


def _money(key: str) -> Callable[[View], object]:
    return lambda row: None if row[key] is None else money(Decimal(row[key]))


def _plain(key: str) -> Callable[[View], object]:
    return lambda row: row[key]


def _shares(key: str) -> Callable[[View], object]:
    return lambda row: None if row[key] is None else f"{row[key]:,}"


def _change(key: str) -> Callable[[View], object]:
    """A difference with its sign; nothing where nothing has changed."""
    return lambda row: f"{Decimal(row[key]):+,f}" if Decimal(row[key]) else None


COLUMNS: dict[str, tuple[Column, ...]] = {
    "signals": (
        ("时间", _time("received_at")),
        ("编号", lambda row: row["short_id"]),
        ("策略", _plain("strategy")),
        ("类型", _word(EventKind, "kind")),
        ("代码", _plain("symbol")),
        ("方向", _word(Side, "side")),
        ("聚宽数量", _shares("amount")),
        ("聚宽成交", _shares("filled")),
        ("聚宽状态", _word(JqStatus, "jq_status")),
        ("应下", _shares("ordered_shares")),
        ("成交", _shares("filled_shares")),
        ("结论", _word(Verdict, "verdict")),
        ("原因", _plain("reason")),
    ),
    "orders": (
        ("时间", _time("created_at")),
        ("委托编号", _plain("client_order_id")),
        ("账户", _plain("account")),
        ("策略", _plain("strategy")),
        ("来由", _word(Origin, "origin")),
        ("代码", _plain("symbol")),
        ("方向", _word(Side, "side")),
        ("股数", _shares("shares")),
        ("价格", _price("price")),
        ("成交", _shares("filled_shares")),
        ("均价", _price("avg_price")),
        ("状态", _word(OrderState, "state")),
        ("第几次", _plain("attempt")),
        ("券商说", lambda row: row["broker_text"] or None),
    ),
    "fills": (
        ("时间", _time("at")),
        ("成交编号", _plain("fill_id")),
        ("委托编号", _plain("client_order_id")),
        ("账户", _plain("account")),
        ("代码", _plain("symbol")),
        ("方向", _word(Side, "side")),
        ("股数", _shares("shares")),
        ("价格", _price("price")),
        ("金额", lambda row: money(Decimal(row["price"]) * row["shares"])),
        ("费用", _money("fee")),
    ),
    "positions": (
        ("账户", _plain("account")),
        ("代码", _plain("symbol")),
        ("名称", lambda row: row["name"] or None),
        ("股数", _shares("shares")),
        ("可卖", _shares("sellable")),
        ("成本价", _price("cost_price")),
        ("现价", _price("price")),
        ("市值", _money("value")),
        ("盈亏", _money("profit")),
        ("盈亏率", lambda row: ratio_text(Decimal(row["profit_ratio"]))),
        ("持有天数", _plain("held_days")),
    ),
    "books": (
        ("策略", _plain("strategy")),
        ("账户", _plain("account")),
        ("代码", _plain("symbol")),
        ("聚宽持有", _shares("strategy_shares")),
        ("应持", lambda row: _short_decimal(row["entitled_shares"])),
        ("目标", _shares("target_shares")),
        ("实持", _shares("own_shares")),
        ("在途", _shares("in_flight_shares")),
        ("待下", _shares("pending_shares")),
        ("欠卖", _shares("debt_shares")),
        ("问题", _plain("gap")),
    ),
    "positions_at": (
        ("账户", _plain("account")),
        ("代码", _plain("symbol")),
        ("策略名下", _shares("own_shares")),
        ("各策略", lambda row: "，".join(f"{one['strategy']} {one['own_shares']:,}" for one in row["strategies"])),
    ),
    "books_at": (
        ("策略", _plain("strategy")),
        ("账户", _plain("account")),
        ("代码", _plain("symbol")),
        ("聚宽持有", _shares("strategy_shares")),
        ("计入", _shares("counted_shares")),
        ("应持", lambda row: _short_decimal(row["entitled_shares"])),
        ("实持", _shares("own_shares")),
        ("最后变动", lambda row: day_and_time(datetime.fromisoformat(row["changed_at"]))),
        ("因为", _plain("cause")),
        ("来自", _plain("ref")),
    ),
}


_CHANGES: tuple[Column, ...] = (
    ("时间", lambda row: day_and_time(datetime.fromisoformat(row["at"]))),
    ("因为", _plain("cause")),
    ("聚宽持有", _change("strategy_shares")),
    ("计入", _change("counted_shares")),
    ("应持", _change("entitled_shares")),
    ("实持", _change("own_shares")),
    ("来自", _plain("ref")),
)


def _short_decimal(text: str) -> str:
    """Entitled shares to four places, marked where there are more: 116.6666…"""
    whole, _, places = text.partition(".")
    return f"{whole}.{places[:4]}…" if len(places) > 4 else text


def as_table(name: str, rows: Sequence[View]) -> str:
    columns = COLUMNS[name]
    return table([[cell(row) for _, cell in columns] for row in rows], [title for title, _ in columns])


def with_short_ids(rows: Sequence[View]) -> list[dict[str, Any]]:
    """Add `short_id`: the shortest prefix from 8 characters on that names a row among these."""
    ids = sorted({row["id"] for row in rows})
    short: dict[str, str] = {}
    for index, one in enumerate(ids):
        beside = [ids[i] for i in (index - 1, index + 1) if 0 <= i < len(ids)]
        size = 8
        while size < len(one) and any(other.startswith(one[:size]) for other in beside):
            size += 1
        short[one] = one[:size]
    return [{**row, "short_id": short[row["id"]]} for row in rows]


# --- lists ------------------------------------------------------------------------------------------------------------


def rows_of(
    journal: Journal, name: str, day_from: date | None, day_to: date | None, limit: int | None
) -> Sequence[View]:
    if name == "positions":
        return views.positions(journal)[: limit if limit is None else max(0, limit)]
    if name == "books":
        return books(journal)[: limit if limit is None else max(0, limit)]
    listing = {"signals": views.signals, "orders": views.orders, "fills": views.fills}[name]
    return listing(journal, day_from=day_from, day_to=day_to, limit=limit)


def show_list(name: str, rows: Sequence[View], *, as_json: bool, bounded: bool) -> None:
    if as_json:
        document(list(rows))
    elif not rows:
        say(texts.RANGE_EMPTY if bounded else texts.NOTHING[name])
    else:
        say(as_table(name, with_short_ids(rows) if name == "signals" else rows))


# --- status and why ---------------------------------------------------------------------------------------------------


def show_status(view: View) -> None:
    running = f"运行中（进程 {view['pid']}）" if view["running"] else "没有运行"
    say(
        f"跟单程序：{running}　模式：{view['mode']}　急停：{'是，' + view['halted_reason'] if view['halted'] else '否'}"
    )
    say("")
    accounts = [
        [
            row["name"],
            row["channel"],
            "已连接" if row["connected"] else "未连接",
            *(
                None if row[key] is None else money(Decimal(row[key]))
                for key in ("total_asset", "cash", "market_value")
            ),
        ]
        for row in view["accounts"]
    ]
    say(table(accounts, ["账户", "通道", "连接", "总资产", "可用资金", "市值"]))
    for row in view["accounts"]:
        if row["trouble"]:
            retry = f"（下次自动重连 {when(datetime.fromisoformat(row['retry_at']))}）" if row["retry_at"] else ""
            say(f"  ! {row['name']}：{row['trouble']}{retry}")
    say("")
    if view["strategies"]:
        say(table([_strategy(row) for row in view["strategies"]], STRATEGY_HEADER))
    else:
        say(texts.NO_STRATEGIES)
    for row in view["strategies"]:
        for gap in row["gaps"]:
            say(f"  ! {row['name']} {gap['symbol'] or ''} {gap['text']}")
    say("")
    say(
        f"处理中的信号 {view['pending_signals']}　未完委托 {view['open_orders']}　存疑委托 {view['in_doubt_orders']}　"
        f"等待确认 {view['waiting_approval']}　待发通知 {view['outbox_pending']}　"
        f"{_tunnel(view)}"
    )
    versions = view["versions"]
    say(
        f"版本 {versions['gendan']}　配置 {versions['config']}　账本 {versions['journal']}　Python {versions['python']}"
    )


def _tunnel(view: View) -> str:
    at = view["tunnel_at"]
    age_s = (SystemClock().now() - datetime.fromisoformat(at)).total_seconds() if at else None
    return texts.tunnel_said(TUNNEL[view["tunnel"]], age_s)


TUNNEL = {"on": "通", "off": "不通", "unknown": "未检测"}
STRATEGY_HEADER = ["策略", "标识", "模式", "状态", "账户与比例", "最后信号", "序号", "缺口"]


def _strategy(row: View) -> list[object]:
    last = row["last_signal_at"]
    return [
        row["name"],
        row["kid"],
        row["mode"],
        "启用" if row["enabled"] else "已暂停",
        "，".join(f"{share['account']} ×{share['ratio']}" for share in row["accounts"]),
        day_and_time(datetime.fromisoformat(last)) if last else None,
        row["last_seq"],
        len(row["gaps"]),
    ]


def show_strategies(rows: Sequence[View]) -> None:
    say(table([_strategy(row) for row in rows], STRATEGY_HEADER) if rows else texts.NO_STRATEGIES)
    for row in rows:
        limits = texts.strategy_limits(row["no_trade_band"], row["value_limit"], row["symbol_weight"])
        if limits:
            say(f"  · {row['name']} {limits}")


def show_why(view: View) -> None:
    asked = f"{label(Side(view['side']))} {view['amount']:,}股" if view["side"] else label(EventKind(view["kind"]))
    say(f"信号 {view['id']}")
    say(f"{view['strategy']}　{asked}　{view['symbol'] or ''}　结论：{label(Verdict(view['verdict']))}")
    if view["reason"]:
        say(f"原因：{view['reason']}　{view['reason_text']}")
    say("")
    say(table([[step["at"][11:23], step["what"]] for step in view["steps"]], ["时间", "发生了什么"]))
    if view["parts"]:
        say("")
        parts = [[part["shares"], part["reason"], part["text"]] for part in view["parts"]]
        say(table(parts, ["股数", "原因", "说明"]))


def show_book(book: View, changes: Sequence[View], following: str | None) -> None:
    """A book as it is, and the changes of one page, newest first."""
    say(f"账本 {book['strategy']}/{book['account']}/{book['symbol']}")
    said = f"聚宽持有 {book['strategy_shares']:,}　应持 {_short_decimal(book['entitled_shares'])}"
    said += f"　实持 {book['own_shares']:,}　在途 {book['in_flight_shares']:,}　欠卖 {book['debt_shares']:,}"
    say(said + (f"　问题：{book['gap']}" if book["gap"] else ""))
    say("")
    say(table([[cell(row) for _, cell in _CHANGES] for row in changes], [title for title, _ in _CHANGES]))
    if following is not None:
        say(texts.earlier_changes(following))
